from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.core.windows import (
    LISTENS_S,
    MAX_WINDOW_S,
    MIN_WINDOW_S,
    Packing,
    Piece,
    Window,
    cut_windows,
    pack,
    pieces_at_once,
    rest_of,
    takes_rest,
    with_rest,
)
from shownotes.model import Span


def spans(*bounds: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(Span(start=start, end=end) for start, end in bounds)


@st.composite
def speech_of_an_episode(draw: st.DrawFn) -> tuple[tuple[Span, ...], float]:
    lengths = draw(st.lists(st.floats(0.1, 90.0), min_size=0, max_size=120))
    gaps = draw(st.lists(st.floats(0.0, 40.0), min_size=len(lengths) + 1, max_size=121))
    found, at = [], gaps[0]
    for length, gap in zip(lengths, gaps[1:], strict=False):
        found.append(Span(start=at, end=at + length))
        at += length + gap
    return tuple(found), at + draw(st.floats(0.01, 30.0))


@given(speech_of_an_episode(), st.floats(MIN_WINDOW_S, MAX_WINDOW_S))
def test_windows_cover_the_audio_once_within_bounds(
    episode: tuple[tuple[Span, ...], float], target_s: float
) -> None:
    speech, duration = episode
    windows = cut_windows(speech, duration=duration, target_s=target_s)
    assert windows[0].start == 0.0
    assert windows[-1].end == duration
    assert all(one.end == other.start for one, other in pairwise(windows))
    assert [window.index for window in windows] == list(range(len(windows)))
    assert all(window.duration <= MAX_WINDOW_S + 1e-6 for window in windows)
    if duration >= MIN_WINDOW_S:
        assert all(window.duration >= MIN_WINDOW_S - 1e-6 for window in windows)
    heard = sum(span.duration for window in windows for span in window.speech)
    assert heard == pytest.approx(sum(span.duration for span in speech))


def test_the_cut_lies_in_the_longest_pause_near_the_mark() -> None:
    speech = spans((0, 280), (280.5, 290), (294, 310), (311, 900))
    first = cut_windows(speech, duration=900.0, target_s=300.0)[0]
    assert first.end == pytest.approx(292.0)
    assert first.speech[-1] == Span(start=280.5, end=290)


def test_nobody_pauses_so_the_cut_is_at_the_mark() -> None:
    windows = cut_windows(spans((0, 1000)), duration=1000.0, target_s=300.0)
    assert windows[0].end == 300.0
    assert windows[1].speech[0].start == 300.0


def test_of_two_equal_pauses_the_one_nearer_the_mark() -> None:
    speech = spans((0, 275), (276, 302), (303, 900))
    assert cut_windows(speech, duration=900.0, target_s=300.0)[0].end == 302.5


def test_short_and_silent_and_empty_episodes() -> None:
    assert cut_windows((), duration=0.0, target_s=300.0) == ()
    assert [w.speech for w in cut_windows((), duration=40.0, target_s=300.0)] == [()]
    silent = cut_windows((), duration=1200.0, target_s=300.0)
    assert len(silent) == 4
    assert not any(window.speech for window in silent)


def test_no_scrap_is_left_at_the_end() -> None:
    windows = cut_windows(spans((0, 400)), duration=400.0, target_s=300.0)
    assert [window.duration for window in windows] == [200.0, 200.0]


def test_a_window_out_of_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match="not 120"):
        cut_windows((), duration=10.0, target_s=60.0)


def test_long_silences_are_packed_out_and_short_ones_kept() -> None:
    window = Window(index=0, start=100, end=200, speech=spans((110, 120), (121, 125), (160, 170)))
    packing = pack(window, max_silence_s=2.0, pad_s=0.2)
    assert [(p.audio_start, p.audio_end) for p in packing.pieces] == [
        (109.8, 125.2),
        (159.8, 170.2),
    ]
    assert packing.duration == pytest.approx(15.4 + 10.4)


def test_pads_stay_inside_the_window() -> None:
    window = Window(index=0, start=100, end=110, speech=spans((100, 110)))
    assert pack(window).pieces == (Piece(audio_start=100, audio_end=110, packed_start=0.0),)


def test_packed_time_goes_back_to_audio_time() -> None:
    window = Window(index=0, start=0, end=100, speech=spans((10, 20), (60, 70)))
    packing = pack(window, pad_s=0.0)
    assert packing.to_audio(3.0) == 13.0
    assert packing.to_audio(10.0) == 60.0
    assert packing.to_audio(12.5) == 62.5
    assert packing.to_audio(-1.0) == 10.0
    assert packing.to_audio(99.0) == 70.0


def test_a_word_over_a_seam_stays_where_it_begins() -> None:
    window = Window(index=0, start=0, end=100, speech=spans((10, 20), (60, 70)))
    packing = pack(window, pad_s=0.0)
    assert packing.span_to_audio(9.5, 10.8) == Span(start=19.5, end=20.0)
    assert packing.span_to_audio(10.0, 10.8) == Span(start=60.0, end=60.8)


@given(speech_of_an_episode(), st.floats(0.0, 5.0), st.floats(0.0, 1.0))
def test_packing_keeps_all_speech_and_its_order(
    episode: tuple[tuple[Span, ...], float], max_silence_s: float, pad_s: float
) -> None:
    speech, duration = episode
    window = Window(index=0, start=0.0, end=duration, speech=speech)
    packing = pack(window, max_silence_s=max_silence_s, pad_s=pad_s)
    for span in speech:
        assert any(p.audio_start <= span.start and span.end <= p.audio_end for p in packing.pieces)
    for one, other in pairwise(packing.pieces):
        assert one.audio_end <= other.audio_start + 1e-9
        assert one.packed_end == pytest.approx(other.packed_start)
    assert packing.duration <= duration + 1e-6


def test_nothing_packed_has_no_times() -> None:
    packing = pack(Window(index=0, start=0, end=60))
    assert packing == Packing(pieces=())
    assert packing.duration == 0.0
    with pytest.raises(ValueError, match="no speech"):
        packing.to_audio(1.0)


def test_a_window_begins_with_what_the_one_before_it_left() -> None:
    before = Window(index=0, start=0.0, end=100.0, speech=spans((1, 40), (50, 80), (90, 100)))
    window = Window(
        index=1,
        start=100.0,
        end=200.0,
        speech=spans(
            (100, 120),
        ),
    )
    longer = with_rest(window, rest_of(before, 60.0))
    assert longer.speech == spans((60, 80), (90, 100), (100, 120))
    assert (longer.index, longer.start, longer.end) == (1, 60.0, 200.0)
    # What was left twice goes on to the third.
    third = with_rest(Window(index=2, start=200.0, end=300.0), rest_of(longer, 95.0))
    assert third.speech == spans((95, 100), (100, 120))


def test_an_end_is_left_to_the_next_window_of_the_same_track_with_speech() -> None:
    said = spans((1, 2))
    one, two = (Window(index=n, start=n, end=n + 1, speech=said) for n in (0, 1))
    assert takes_rest((one, two), 1)
    assert not takes_rest((one, two), 0)
    assert not takes_rest((one, two), 2)
    assert not takes_rest((one, replace(two, speech=())), 1)
    assert not takes_rest((replace(one, speech=()), two), 1)
    assert not takes_rest((replace(one, track=0), replace(two, track=1)), 1)


@given(speech_of_an_episode())
def test_pieces_that_are_heard_side_by_side_are_cut_in_pauses(
    episode: tuple[tuple[Span, ...], float],
) -> None:
    speech, duration = episode
    for window in cut_windows(speech, duration=duration, target_s=300.0):
        packing = pack(window)
        pieces = pieces_at_once(packing, window.speech)
        edges = [0.0, *(piece.end for piece in pieces)]
        assert [piece.start for piece in pieces] == edges[:-1]
        assert edges[-1] == packing.duration
        for cut in edges[1:-1]:
            at = packing.to_audio(cut)
            assert not any(s.start + 1e-6 < at < s.end - 1e-6 for s in window.speech)
        for piece in pieces:
            if piece.duration > LISTENS_S + 1e-6:
                # Nobody pauses in it.
                begin, end = (packing.to_audio(t) for t in (piece.start, piece.end))
                inside = [s for s in window.speech if s.end > begin + 0.5 and s.start < end - 0.5]
                assert all(a.end == b.start for a, b in pairwise(inside))
