"""Borders between segments: one moves with the other, and nothing overlaps in any output."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shownotes.core.captions import make_cues
from shownotes.core.edited_words import as_transcript
from shownotes.core.segment_times import ROOM_S, set_time
from shownotes.core.sentences import split as split_sentences
from shownotes.errors import ReviewError
from shownotes.model import Transcript
from tests.core.test_edited_words import Desk, text, transcript

# Segments of the text there: 0.0 to 2.4, 2.5 to 5.4, 5.5 to 8.4; half a second a word.
FIRST, SECOND, THIRD = 0, 5, 11


def set_edge(desk: Desk, at: int, edge: str, to: float | None) -> None:
    desk.do(set_time, {"at": at, "edge": edge, "to": to}, duration=desk.transcript.duration)


def borders(desk: Desk) -> list[tuple[float, float]]:
    return [(segment.start, segment.end) for segment in desk.segments]


def printed(desk: Desk) -> Transcript:
    return as_transcript(desk.transcript, desk.segments, {})


def check_order(desk: Desk) -> None:
    """Nothing goes back in time: words, sentences of the JSON transcript, captions."""
    made = printed(desk)
    words = [word for segment in made.segments for word in segment.words]
    sentences = split_sentences(made)
    cues = make_cues(sentences)
    for one, other in itertools.pairwise(words):
        assert one.start <= other.start
    for row in (made.segments, sentences, cues):
        assert all(item.start < item.end for item in row)
        assert all(a.end <= b.start + 0.001 for a, b in itertools.pairwise(row)), row


def test_an_end_after_the_next_beginning_moves_that_too() -> None:
    desk = Desk(transcript())
    set_edge(desk, FIRST, "end", 3.2)
    assert borders(desk)[:2] == [(0.0, 3.2), (3.2, 5.4)]
    assert desk.segments[1].words[0].start == 3.2
    # One change: it is taken back as one.
    assert set(desk.review.decisions) == {"end/4", "start/5"}
    check_order(desk)
    set_edge(desk, FIRST, "end", 2.45)
    assert borders(desk)[:2] == [(0.0, 2.45), (3.2, 5.4)]


def test_a_beginning_before_the_end_of_the_last_one_moves_that_too() -> None:
    desk = Desk(transcript())
    set_edge(desk, SECOND, "start", 1.6)
    assert borders(desk)[:2] == [(0.0, 1.6), (1.6, 5.4)]
    assert [w.text for w in desk.segments[0].words] == ["so", "the", "river", "is", "small"]
    check_order(desk)


def test_a_segment_is_not_swallowed_whole() -> None:
    desk = Desk(transcript())
    for at, edge, to in ((FIRST, "end", 5.4), (FIRST, "end", 7.0), (SECOND, "start", 0.05)):
        with pytest.raises(ReviewError, match="join them"):
            set_edge(desk, at, edge, to)
    with pytest.raises(ReviewError, match="within the audio"):
        set_edge(desk, THIRD, "end", desk.transcript.duration + 1)
    set_edge(desk, FIRST, "end", 5.4 - ROOM_S)
    check_order(desk)


def test_a_deleted_segment_holds_nobody_up() -> None:
    desk = Desk(transcript())
    text(desk, 5, 10, "")
    set_edge(desk, FIRST, "end", 5.0)
    assert borders(desk) == [(0.0, 5.0), (5.5, 8.4)]
    # It comes back between the two, and has what is left.
    text(desk, 5, 10, "and Kofi Asanti, who knows it")
    assert len(desk.segments) == 3
    check_order(desk)


def test_two_people_at_once_stay_so() -> None:
    made = transcript(speakers="ABC")
    first, second, third = made.segments
    early = replace(
        second,
        start=2.2,
        words=tuple(replace(w, start=w.start - 0.3, end=w.end - 0.3) for w in second.words),
    )
    desk = Desk(replace(made, segments=(first, early, third)))
    before = borders(desk)
    assert before[0][1] > before[1][0]
    set_edge(desk, FIRST, "end", 2.6)
    assert borders(desk) == [(0.0, 2.6), *before[1:]]


def test_times_that_a_new_draft_brings_together_do_not_cross() -> None:
    desk = Desk(transcript())
    set_edge(desk, FIRST, "end", 2.49)
    set_edge(desk, SECOND, "start", 2.49)
    # The next draft hears the last word of the one later, and the first of the other earlier.
    made = desk.transcript
    first, second, third = made.segments
    late = replace(first, words=(*first.words[:-1], replace(first.words[-1], end=2.48)))
    early = replace(second, words=(replace(second.words[0], start=2.48), *second.words[1:]))
    desk.rerun(replace(made, segments=(late, early, third)))
    assert desk.layer.conflicts == {}
    check_order(desk)


TIMES = st.tuples(
    st.sampled_from([FIRST, SECOND, THIRD]),
    st.sampled_from(["start", "end"]),
    st.one_of(st.none(), st.floats(-1, 10).map(lambda t: round(t, 2))),
)
TYPED = st.tuples(
    st.integers(0, 16), st.integers(0, 4), st.sampled_from(["", "one", "two new words"])
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(TIMES, TYPED), max_size=8))
def test_whatever_is_set_and_typed_nothing_goes_back_in_time(steps: list[Any]) -> None:
    desk = Desk(transcript("so the river is small.|and Kofi who knows it|says it is right."))
    for step in steps:
        try:
            if isinstance(step[1], str):
                set_edge(desk, *step)
            else:
                last = min(step[0] + step[1], 12)
                text(desk, min(step[0], last), last, step[2])
        except ReviewError:
            continue
    if desk.segments:
        check_order(desk)
