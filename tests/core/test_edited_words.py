import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shownotes.core.anchors import lay_base, move_base, place
from shownotes.core.edited_segments import Editing
from shownotes.core.edited_words import DOUBTFUL, EDITED, NAME, SURE
from shownotes.core.layer import Layer
from shownotes.core.review import Change, Review, apply, make_edits
from shownotes.core.review_ops import Wanted, accept, fix_spelling, give_voice, split, write_text
from shownotes.core.segment_times import set_time
from shownotes.core.spellings import spell_text
from shownotes.core.word_marks import read_marks
from shownotes.errors import ReviewError
from shownotes.model import Segment, Transcript, Word

TEXT = "so the river is small|and Kofi Asanti, who knows it|says the River Bored is right"


def transcript(text: str = TEXT, *, offset: float = 0.0, speakers: str = "") -> Transcript:
    segments, time = [], offset
    for index, line in enumerate(text.split("|")):
        words = []
        for token in line.split():
            doubtful = token.startswith("~")
            words.append(
                Word(
                    text=token.lstrip("~"),
                    start=round(time, 3),
                    end=round(time + 0.4, 3),
                    probability=0.2 if doubtful else 0.95,
                )
            )
            time += 0.5
        segments.append(
            Segment(
                start=words[0].start,
                end=words[-1].end,
                text=line,
                words=tuple(words),
                speaker=speakers[index : index + 1] or None,
            )
        )
    return Transcript(language="en", segments=tuple(segments), duration=time, model="test")


class Desk:
    """Words and decisions, without a disk."""

    def __init__(self, made: Transcript, names: tuple[str, ...] = ()) -> None:
        self.transcript = made
        self.base = lay_base(made, "one")
        self.review = Review()
        self.names = names
        self.remake()

    def remake(self) -> None:
        self.machine = place(self.transcript, self.base)
        self.layer = Layer(self.review.decisions)
        marks = read_marks(self.machine, self.layer, self.names)
        self.editing = Editing(self.machine, self.transcript.segments, marks)
        self.segments = list(self.editing.make())

    def do(self, want: Any, op: dict[str, Any], **more: Any) -> None:
        wanted = Wanted()
        if want is write_text:
            want(self.editing, self.review, wanted, op)
        elif want is fix_spelling:
            want(wanted, op, decisions=self.review.decisions, **more)
        else:
            want(self.editing, wanted, op, **more)
        edits = make_edits(self.review, wanted.values)
        change = Change(
            seq=self.review.seq + 1, id=str(self.review.seq + 1), at="", by="Ada", edits=edits
        )
        apply(self.review, change)
        self.remake()

    def rerun(self, made: Transcript) -> None:
        self.transcript = made
        self.base = move_base(self.base, made, "two")
        self.remake()

    def lines(self) -> list[str]:
        return [segment.text for segment in self.segments]


def text(desk: Desk, first: int, last: int, typed: str) -> None:
    desk.do(write_text, {"first": first, "last": last, "text": typed})


def test_only_what_was_really_changed_is_decided() -> None:
    desk = Desk(transcript())
    text(desk, 11, 16, "says the River Board is right")
    assert list(desk.review.decisions) == ["word/14"]
    assert desk.lines()[2] == "says the River Board is right"
    board = desk.segments[2].words[3]
    assert (board.text, board.bits, board.start, board.end) == ("Board", EDITED, 7.0, 7.4)
    assert desk.segments[2].words[4].bits == 0


def test_words_put_in_and_taken_out_share_the_time_of_their_neighbours() -> None:
    desk = Desk(transcript())
    text(desk, 0, 4, "so the big river small")
    words = desk.segments[0].words
    assert [w.text for w in words] == ["so", "the", "big", "river", "small"]
    assert all(a.start <= b.start and a.end <= b.end for a, b in itertools.pairwise(words))
    assert words[-1].start == 2.0
    text(desk, 0, 4, "so the river is small")
    assert desk.review.decisions == {}


def test_a_segment_whose_words_are_all_gone_is_not_shown_and_comes_back() -> None:
    desk = Desk(transcript())
    text(desk, 0, 4, "")
    assert desk.lines()[0].startswith("and Kofi")
    text(desk, 0, 4, "so the river is small")
    assert desk.lines()[0] == "so the river is small"


def test_split_join_and_voices() -> None:
    desk = Desk(transcript(speakers="AAB"))
    desk.do(split, {"at": 2}, is_split=True)
    assert desk.lines()[:2] == ["so the", "river is small"]
    desk.do(give_voice, {"at": 0, "label": "C"})
    # The second half of what was split keeps its speaker.
    assert [s.label for s in desk.segments] == ["C", "A", "A", "B"]
    desk.do(split, {"at": 5}, is_split=False)
    assert desk.lines()[1] == "river is small and Kofi Asanti, who knows it"
    desk.do(give_voice, {"at": 2, "label": "B"})
    assert [s.label for s in desk.segments] == ["C", "B", "B"]
    desk.do(split, {"at": 5}, is_split=True)
    assert [s.label for s in desk.segments] == ["C", "B", "B", "B"]


def test_times_are_set_within_the_neighbours() -> None:
    desk = Desk(transcript())
    desk.do(set_time, {"at": 5, "edge": "start", "to": 2.3}, duration=9.0)
    assert desk.segments[1].start == 2.3
    desk.do(set_time, {"at": 5, "edge": "end", "to": 5.6}, duration=9.0)
    assert desk.segments[1].end == 5.6
    for edge, to in (("start", -1.0), ("start", 8.0), ("end", 1.0), ("end", float("nan"))):
        with pytest.raises(ReviewError, match="segment must"):
            desk.do(set_time, {"at": 5, "edge": edge, "to": to}, duration=9.0)


def test_accepted_words_are_no_longer_doubtful_and_edited_ones_are_certain() -> None:
    desk = Desk(transcript("a ~word and ~more"))
    assert [w.bits for w in desk.segments[0].words] == [0, DOUBTFUL, 0, DOUBTFUL]
    desk.do(accept, {"first": 1, "last": 1})
    text(desk, 3, 3, "mere")
    assert [w.bits for w in desk.segments[0].words] == [0, SURE, 0, EDITED]
    assert [w.probability for w in desk.segments[0].words] == [0.95, 1.0, 0.95, 1.0]


def test_a_name_is_fixed_once() -> None:
    desk = Desk(transcript("I met Kofi Asanti, (Kofi Asanti's) and Asanti said|Asanti. Mei Asani"))
    op = {"from": "Kofi Asanti", "to": "Kofi Asante"}
    desk.do(fix_spelling, op, variants={}, names=("Kofi Asanti", "Mei Asani"))
    assert desk.lines() == [
        "I met Kofi Asante, (Kofi Asante's) and Asante said",
        "Asante. Mei Asani",
    ]
    words = [w for s in desk.segments for w in s.words]
    assert [w.start for w in words] == [w.start for s in desk.transcript.segments for w in s.words]


def test_a_fixed_name_is_taken_back_with_all_that_was_fixed_with_it() -> None:
    desk = Desk(transcript("I met Kofi Asanti and Asanti said"))
    names = ("Kofi Asanti",)
    desk.do(fix_spelling, {"from": "Kofi Asanti", "to": "Kofi Asante"}, variants={}, names=names)
    desk.do(fix_spelling, {"from": "Kofi Asanti", "to": None}, variants={}, names=names)
    assert desk.review.decisions == {}
    assert desk.lines() == ["I met Kofi Asanti and Asanti said"]


def test_a_name_with_more_words_takes_the_time_of_those_it_stands_for() -> None:
    desk = Desk(transcript("the Accra says no"), names=("Acme Corporation",))
    desk.do(
        fix_spelling, {"from": "Accra", "to": "Acme Corporation"}, variants={}, names=("Accra",)
    )
    words = desk.segments[0].words
    assert [w.text for w in words] == ["the", "Acme", "Corporation", "says", "no"]
    assert [w.bits for w in words] == [0, EDITED | NAME, EDITED | NAME, 0, 0]
    assert (words[1].start, words[2].end, words[3].start) == (0.5, 0.9, 1.0)


def test_a_longer_name_is_not_put_before_its_own_rest() -> None:
    spellings = {"kofi": [(("kofi",), ("Kofi", "Asante"))]}
    assert spell_text("Kofi said, and Kofi Asante went", spellings) == (
        "Kofi Asante said, and Kofi Asante went"
    )


def test_edits_stay_where_the_words_are_after_a_new_export() -> None:
    desk = Desk(transcript())
    text(desk, 11, 16, "says the River Board is right")
    desk.do(split, {"at": 2}, is_split=True)
    # Twenty words put in at the start, the first segment cut, other segments, a word heard anew.
    put_in = " ".join(f"new{i}" for i in range(20))
    desk.rerun(transcript(f"{put_in} and Kofi Asante, who|knows it says the River Bored is right"))
    assert desk.lines()[-1] == "knows it says the River Board is right"
    conflicts = list(desk.layer.conflicts.values())
    assert [(c.key, c.now) for c in conflicts] == [("break/2", None)]
    assert conflicts[0].start == desk.segments[0].words[20].start


def test_an_edit_of_words_that_are_heard_differently_is_a_conflict_and_not_applied() -> None:
    desk = Desk(transcript())
    text(desk, 11, 16, "says the River Board is right")
    desk.rerun(transcript(TEXT.replace("Bored", "Boat")))
    assert desk.lines()[2] == "says the River Boat is right"
    conflict = desk.layer.conflicts["word/14"]
    assert (conflict.mine, conflict.then, conflict.now) == ("Board", "Bored", "Boat")
    desk.rerun(transcript(TEXT.replace("Bored", "Board")))
    assert desk.layer.conflicts == {}


WORDS = st.lists(
    st.sampled_from(["river", "water", "board", "the", "a", "is"]), min_size=1, max_size=12
)


@settings(deadline=None)
@given(
    st.lists(WORDS, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6), WORDS | st.just([])), max_size=5),
)
def test_what_is_typed_is_what_is_shown(
    lines: list[list[str]], typings: list[tuple[int, int, list[str]]]
) -> None:
    desk = Desk(transcript("|".join(" ".join(line) for line in lines)))
    for place_, length, typed in typings:
        shown = [w for segment in desk.segments for w in segment.words]
        if not shown:
            break
        first = shown[place_ % len(shown)]
        last = shown[min(len(shown) - 1, place_ % len(shown) + length)]
        before = [w.text for w in shown if w.last < first.first]
        after = [w.text for w in shown if w.first > last.last]
        text(desk, first.id, last.id, " ".join(typed))
        now = [w for segment in desk.segments for w in segment.words]
        assert [w.text for w in now] == [*before, *typed, *after]
        assert all(w.end > w.start for w in now)
        assert all(a.start <= b.start for a, b in itertools.pairwise(now))
