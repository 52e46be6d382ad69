from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.core.review import Change, ChangeKind, Decision, Edit, Value, fold
from shownotes.core.review_stats import (
    BREAK_S,
    ReviewStats,
    add_up,
    count_kept,
    count_names,
    count_words,
    parse_time,
    seconds_to_published,
    sentences_of,
    time_at_work,
)
from shownotes.model import Evidence, Fact, Quote, ShowNotes

BEGAN = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def change(second: float, by: str = "Ada", kind: ChangeKind = ChangeKind.CHANGE) -> Change:
    at = (BEGAN + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
    return Change(seq=1, id="x", at=at, by=by, kind=kind)


def decided(*changes: dict[str, Value]) -> dict[str, Decision]:
    """The decisions after changes that each set some registers."""
    numbers = count(1)
    review = fold(
        Change(
            seq=(seq := next(numbers)),
            id=str(seq),
            at=BEGAN.isoformat(),
            by="Ada",
            edits=tuple(Edit(key=key, after=value) for key, value in registers.items()),
        )
        for registers in changes
    )
    return review.decisions


def test_time_at_work_is_the_time_between_changes() -> None:
    assert time_at_work([change(0), change(30), change(90)]) == {"Ada": 90.0}


def test_a_break_counts_nothing() -> None:
    lunch = 60 + BREAK_S + 1
    assert time_at_work([change(0), change(60), change(lunch), change(lunch + 10)]) == {"Ada": 70.0}
    assert time_at_work([change(0), change(BREAK_S)]) == {"Ada": BREAK_S}


def test_a_single_change_is_seen_to_take_no_time() -> None:
    assert time_at_work([change(0)]) == {"Ada": 0.0}
    assert time_at_work([]) == {}


def test_each_editor_has_a_time_of_their_own() -> None:
    changes = [change(0), change(10, "Bo"), change(40), change(100, "Bo")]
    assert time_at_work(changes) == {"Ada": 40.0, "Bo": 90.0}


def test_undoing_and_approving_are_work() -> None:
    changes = [change(0), change(20, kind=ChangeKind.UNDO), change(50, kind=ChangeKind.APPROVE)]
    assert time_at_work(changes) == {"Ada": 50.0}


def test_a_clock_that_was_put_back_takes_no_time_away() -> None:
    assert time_at_work([change(60), change(0), change(90)]) == {"Ada": 90.0}


def test_a_time_that_is_none_is_left_out() -> None:
    broken = Change(seq=1, id="x", at="yesterday", by="Ada")
    assert time_at_work([change(0), broken, change(5)]) == {"Ada": 5.0}


@given(st.lists(st.integers(0, 100_000), max_size=60))
def test_time_at_work_is_never_longer_than_the_clock(seconds: list[int]) -> None:
    spent = time_at_work([change(second) for second in seconds]).get("Ada", 0.0)
    assert 0.0 <= spent <= (max(seconds) - min(seconds) if seconds else 0)


def notes(hook: str | None, summary: list[str], quotes: list[str]) -> ShowNotes:
    def fact(text: str) -> Fact:
        return Fact(value=text, evidence=Evidence(text=text, start=0.0, end=1.0))

    return ShowNotes(
        title="T", show=None, number=None, date=None, language="en", duration=1.0,
        hook=fact(hook) if hook else None, summary=tuple(map(fact, summary)), narrative=(),
        questions=(fact("Why?"),), key_points=(), long_summary=(fact("All of it."),),
        quotes=tuple(Quote(text=text, start=0.0, end=1.0) for text in quotes), hosts=(),
        guests=(), mentioned=(), agencies=(), organizations=(), events=(), chapters=(),
        earlier_episodes=(), links=(), sign_off=None,
    )  # fmt: skip


def test_sentences_are_those_that_the_machine_wrote() -> None:
    found = sentences_of(notes("Hook.", ["One.", "Two."], ["Said."]))
    assert sorted(found) == ["All of it.", "Hook.", "One.", "Said.", "Two.", "Why?"]
    assert len(sentences_of(notes(None, [], []))) == 2


def test_a_sentence_is_kept_when_it_stands_unchanged_anywhere() -> None:
    machine = sentences_of(notes("Hook.", ["One.", "Two."], ["Said."]))
    edited = sentences_of(notes("Two.", ["One!"], ["Said.", "New."]))
    # “Hook.” and “One.” are gone; “Two.” became the hook.
    assert count_kept(machine, edited) == 4
    assert count_kept(["Twice.", "Twice."], ["Twice."]) == 1


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef")))
def test_no_more_is_kept_than_there_was(machine: list[str], edited: list[str]) -> None:
    assert count_kept(machine, edited) <= min(len(machine), len(edited))
    assert count_kept(machine, machine) == len(machine)


def test_a_name_fixed_everywhere_is_one_with_its_surname() -> None:
    fixed = {"spelling/Kofi Asanti": "Kofi Asante", "spelling/Asanti": "Asante"}
    assert count_names(decided(fixed)) == 1
    again = {"person/Kofi Asanti/name": "Kofi Asante"}
    assert count_names(decided(fixed, again)) == 1
    assert count_names(decided(fixed, {"spelling/Mai": "Mei"})) == 2


def test_names_changed_in_the_notes_are_counted_and_added_ones_are_not() -> None:
    found = decided(
        {"person/Ann Lea/name": "Ann Lee", "person/Ann Lea/role": "host"},
        {"body/The Commission/name": "River Commission"},
        {"person/+a1b2c3/name": "Somebody New"},
        {"body/+a1b2c3/name": "A New Body"},
    )
    assert count_names(found) == 2


def test_what_was_taken_back_is_not_counted() -> None:
    found = decided({"spelling/Mai": "Mei", "word/3": {"text": "a", "ids": [3]}})
    assert (count_names(found), count_words(found)) == (1, 1)
    back = decided({"spelling/Mai": "Mei"}, {"spelling/Mai": None})
    assert (count_names(back), count_words(back)) == (0, 0)


def test_words_are_those_of_the_machine_that_read_otherwise() -> None:
    found = decided(
        {"word/3": {"text": "one word", "ids": [3, 4, 5]}, "word/9": {"text": "", "ids": [9]}},
        {"sure/20": True, "break/9": True},
    )
    assert count_words(found) == 4


@pytest.mark.parametrize(
    ("dropped", "published", "expected"),
    [
        (["2026-10-01T09:00:00Z"], "2026-10-01T10:30:00Z", 5400.0),
        (["2026-10-01T11:00:00+02:00"], "2026-10-01T10:00:00Z", 3600.0),
        # A later version: the first one's file tells.
        (["2026-11-01T09:00:00Z", "2026-10-01T09:00:00Z"], "2026-10-01T10:00:00Z", 3600.0),
        (["2026-11-01T09:00:00Z"], "2026-10-01T10:00:00Z", None),
        ([None], "2026-10-01T10:00:00Z", None),
        (["2026-10-01T09:00:00Z"], None, None),
        ([], "soon", None),
    ],
)
def test_from_drop_to_publication(
    dropped: list[str | None], published: str | None, expected: float | None
) -> None:
    assert seconds_to_published(dropped, published) == expected


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_time("2026-10-01T09:00:00") == BEGAN


def test_several_episodes_together() -> None:
    short = ReviewStats(
        audio_s=1800.0, editor_s={"Ada": 600.0}, sentences=10, sentences_kept=9,
        names_corrected=1, words=4000, words_corrected=8, to_published_s=(60.0,),
    )  # fmt: skip
    long = ReviewStats(
        audio_s=5400.0, editor_s={"Ada": 600.0, "Bo": 1200.0}, sentences=30, sentences_kept=21,
        names_corrected=4, words=16_000, words_corrected=12, to_published_s=(180.0,),
    )  # fmt: skip
    both = add_up([short, long])
    assert both.editor_s == {"Ada": 1200.0, "Bo": 1200.0}
    assert (both.minutes_an_hour, both.share_kept, both.corrected_in_1000) == (20.0, 0.75, 1.0)
    assert (both.names_corrected, both.median_to_published_s) == (5, 120.0)


def test_nothing_to_divide_by_is_no_figure() -> None:
    nothing = add_up([])
    assert nothing.minutes_an_hour is None
    assert nothing.share_kept is None
    assert nothing.corrected_in_1000 is None
    assert nothing.median_to_published_s is None
    assert nothing.editor_minutes == 0
