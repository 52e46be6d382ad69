"""Timecodes and chapters of whatever there is: properties, tried by Hypothesis."""

import re
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from shownotes.adapters.languages import load_wording
from shownotes.core.chapter_files import chapters_text, podlove, xml_document
from shownotes.core.chapters import divide
from shownotes.core.sentences import split
from shownotes.core.timecodes import MOST_TIME_S, clock, spoken_length, stamp
from shownotes.core.titles import Naming
from shownotes.model import Chapter, GivenChapter, Segment, Transcript, Word
from shownotes.settings import seconds

# What rounds to the first time that is none is none.
TIMES = st.floats(0, MOST_TIME_S - 0.001, allow_nan=False)
WORDS = st.sampled_from(
    ("water", "river", "Let's", "turn", "now", "to", "budget.", "why?", "the", "a", "…", "100",
     "Ada", "Obi", "水", "e.g.", "", " ", "<b>", "\x00", "?", "next:", "energy", "law")
)  # fmt: skip
TITLES = st.text(max_size=80)


@given(TIMES)
def test_a_clock_is_read_back_to_the_second(time: float) -> None:
    for told in (clock(time), clock(time, with_hours=True)):
        assert re.fullmatch(r"(\d+:)?\d{1,2}:\d\d", told)
        assert seconds(told) == int(time)


@given(TIMES)
def test_a_stamp_is_read_back_to_the_millisecond(time: float) -> None:
    told = stamp(time)
    assert re.fullmatch(r"\d{2,}:[0-5]\d:[0-5]\d\.\d{3}", told)
    assert abs(seconds(told) - time) <= 0.000_51
    assert stamp(time, decimal=",") == told.replace(".", ",")


@given(TIMES, TIMES)
def test_stamps_are_in_the_order_of_their_times(one: float, other: float) -> None:
    first, second = sorted((one, other))
    assert seconds(stamp(first)) <= seconds(stamp(second))


@given(TIMES)
def test_a_length_for_people_has_no_sixty_of_anything(time: float) -> None:
    numbers = [int(number) for number in re.findall(r"\d+", spoken_length(time))]
    assert all(number < 60 for number in numbers[1:])
    if not spoken_length(time).endswith("h"):
        assert numbers[-1] < 60


@given(st.one_of(st.text(max_size=20), st.floats(), st.text("0123456789:.", max_size=12)))
def test_what_is_written_for_a_time_is_one_or_is_refused(value: float | str) -> None:
    try:
        time = seconds(value)
    except ValueError:
        return
    assert 0 <= time < MOST_TIME_S


@given(
    st.lists(st.builds(GivenChapter, start=TIMES, title=TITLES), min_size=1, max_size=12),
    st.floats(0, 40_000, allow_nan=False),
)
def test_given_chapters_begin_at_nought_and_touch(
    chapters: list[GivenChapter], duration: float
) -> None:
    made = _divided(Transcript(language="en", segments=(), duration=duration, model="t"), chapters)
    assert made
    _are_in_order(made)
    assert {chapter.title for chapter in made} <= {" ".join(c.title.split()) for c in chapters}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.lists(WORDS, max_size=12), st.floats(0, 20)), max_size=40),
    st.floats(0.05, 4.0),
    st.floats(0, 100),
)
def test_chapters_of_any_transcript_touch_and_begin_with_sentences(
    said: list[tuple[list[str], float]], word_s: float, rest: float
) -> None:
    transcript = _transcript(said, word_s, rest)
    made = _divided(transcript)
    starts = [sentence.start for sentence in split(transcript)]
    assert bool(made) == bool(starts)
    if made:
        _are_in_order(made)
        assert {chapter.start for chapter in made[1:]} <= set(starts)
        assert all(chapter.title.strip() for chapter in made)


@given(st.lists(st.builds(Chapter, start=TIMES, end=TIMES, title=TITLES), max_size=8))
def test_files_of_chapters_keep_a_line_and_an_element_each(chapters: list[Chapter]) -> None:
    lines = chapters_text(chapters).split("\n")
    assert len([line for line in lines if line]) == len(chapters)
    read = ElementTree.fromstring(xml_document(podlove(chapters)))
    assert len(read) == len(chapters)


def _divided(
    transcript: Transcript, given_chapters: list[GivenChapter] | None = None
) -> tuple[Chapter, ...]:
    return divide(
        split(transcript),
        duration=transcript.duration,
        min_length_s=60,
        target_length_s=480,
        naming=Naming(wording=load_wording("en")),
        given=tuple(given_chapters or ()),
    )


def _are_in_order(chapters: tuple[Chapter, ...]) -> None:
    assert chapters[0].start == 0.0
    for chapter, following in pairwise(chapters):
        assert chapter.start < following.start
        assert chapter.end == following.start
    assert chapters[-1].end >= chapters[-1].start


def _transcript(said: list[tuple[list[str], float]], word_s: float, rest: float) -> Transcript:
    now, segments = 0.0, []
    for texts, pause in said:
        now += pause
        words = []
        for text in texts:
            words.append(Word(text=text, start=now, end=now + word_s, probability=0.5))
            now += word_s
        if words:
            text = " ".join(texts)
            segments.append(Segment(start=words[0].start, end=now, text=text, words=tuple(words)))
    return Transcript(language="en", segments=tuple(segments), duration=now + rest, model="t")
