from itertools import pairwise

import pytest

from shownotes.core.placement import (
    SPEECH_PAD_S,
    Replacement,
    estimate_words,
    place,
    spread,
    substitute,
    whole_segments,
)
from shownotes.core.windows import Window, pack
from shownotes.model import Flag, Segment, Span, Word

SPEECH = (Span(start=10.0, end=20.0), Span(start=60.0, end=70.0))
WINDOW = Window(index=0, start=0.0, end=100.0, speech=SPEECH)


def _segment(*words: tuple[str, float, float]) -> Segment:
    return Segment(
        start=words[0][1],
        end=words[-1][2],
        text=" ".join(text for text, _, _ in words),
        words=tuple(Word(text=text, start=start, end=end) for text, start, end in words),
    )


def _place(*segments: Segment) -> tuple[Segment, ...]:
    return place(segments, pack(WINDOW), speech=SPEECH, end=WINDOW.end)


def test_words_land_where_they_were_said() -> None:
    # The packing begins at 9.8 and its second piece at 10.4 packed seconds.
    (placed,) = _place(_segment(("ice", 1.0, 1.5), ("heat", 12.0, 12.5)))
    assert [(w.start, w.end) for w in placed.words] == [(10.8, 11.3), (61.4, 61.9)]
    assert (placed.start, placed.end) == (10.8, 61.9)


def test_a_word_that_begins_before_the_seam_lands_after_the_silence() -> None:
    (placed,) = _place(_segment(("then", 10.3, 11.2)))
    assert placed.words[0].start == pytest.approx(60.0 - SPEECH_PAD_S)
    assert placed.words[0].end == pytest.approx(60.6)


def test_a_word_stretched_over_a_pause_is_cut_to_its_speech() -> None:
    speech = (Span(start=1.0, end=2.0), Span(start=3.5, end=5.0))
    window = Window(index=0, start=0.0, end=6.0, speech=speech)
    packing = pack(window)
    assert len(packing.pieces) == 1
    (placed,) = place([_segment(("so", 1.0, 4.0))], packing, speech=speech, end=window.end)
    # 3.0 s long as recognised, from 1.8 to 4.8; most of that is in the second stretch.
    assert placed.words[0].start == pytest.approx(3.5 - SPEECH_PAD_S)
    assert placed.words[0].end == pytest.approx(4.8)


def test_words_never_go_back_in_time_or_overlap() -> None:
    placed = _place(
        _segment(("a", 2.0, 3.0), ("b", 2.5, 2.6), ("c", 1.0, 4.0)), _segment(("d", 3.0, 5.0))
    )
    times = [time for s in placed for w in s.words for time in (w.start, w.end)]
    assert times == sorted(times)
    assert all(0.0 <= time <= WINDOW.end for time in times)


def test_text_without_words_keeps_its_text() -> None:
    (placed,) = _place(Segment(start=1.0, end=3.0, text="so it goes"))
    assert [word.text for word in placed.words] == ["so", "it", "goes"]
    assert all(word.is_estimated for word in placed.words)
    assert placed.flags == (Flag.ESTIMATED_TIMES,)


def test_estimates_leave_silences_out() -> None:
    segment = Segment(start=0.0, end=100.0, text="aaaa bbbb cccc dddd")
    words = estimate_words(segment, speech=SPEECH).words
    assert [(w.start, w.end) for w in words] == [(10, 15), (15, 20), (60, 65), (65, 70)]


def test_a_stretch_heard_again_replaces_what_overlaps_it() -> None:
    old = [_segment(("a", 0.0, 4.0)), _segment(("b", 5.0, 9.0)), _segment(("c", 10.0, 12.0))]
    span = whole_segments(old, Span(start=6.0, end=7.0))
    assert span == Span(start=5.0, end=9.0)
    fresh = _segment(("B", 5.5, 8.0))
    result = substitute(old, Replacement(span=span, segments=(fresh,)))
    assert result == (old[0], fresh, old[2])
    assert result[0] is old[0]


def test_what_one_person_said_stays_theirs() -> None:
    old = [Segment(start=0.0, end=4.0, text="a", speaker="Ann")]
    fresh = Replacement(span=Span(start=0, end=4), segments=(Segment(start=0, end=4, text="A"),))
    assert substitute(old, fresh)[0].speaker == "Ann"


def test_stretches_for_the_language_are_spread_over_the_speech() -> None:
    speech = [Span(start=60.0 * n, end=60.0 * n + 50.0) for n in range(60)]
    starts = [packing.pieces[0].audio_start for packing in spread(speech, count=6)]
    assert len(starts) == 6
    assert starts[0] > 200
    assert starts[-1] > 3000
    assert all(later - earlier > 500 for earlier, later in pairwise(starts))


def test_a_short_episode_is_heard_whole() -> None:
    (packing,) = spread(SPEECH, count=6)
    assert packing.duration == pytest.approx(20.0, abs=1.0)
    assert spread((), count=6) == ()


def test_a_word_in_a_pause_goes_to_the_nearest_speech() -> None:
    speech = (Span(start=1.0, end=2.0), Span(start=3.9, end=5.0))
    window = Window(index=0, start=0.0, end=6.0, speech=speech)
    said = _segment(("so", 0.4, 0.9), ("then", 1.6, 1.8))
    (placed,) = place([said], pack(window), speech=speech, end=window.end)
    assert placed.words[1].start == placed.words[1].end == pytest.approx(2.0 + SPEECH_PAD_S)


def test_text_that_touches_no_speech_stays_where_it_was_heard() -> None:
    speech = (Span(start=1.0, end=2.0), Span(start=3.9, end=5.0))
    window = Window(index=0, start=0.0, end=6.0, speech=speech)
    (placed,) = place([_segment(("you", 1.6, 1.8))], pack(window), speech=speech, end=6.0)
    assert (placed.start, placed.end) == pytest.approx((2.4, 2.6))
