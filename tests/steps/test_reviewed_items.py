"""Quotes, chapters and facts when the draft is made anew: nothing returns or changes unseen."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shownotes.errors import ReviewError
from shownotes.model import Evidence, Fact, Quote, ShowNotes, Transcript, Word
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.step import Walk
from tests.reviews import again, do, put, with_words


def redraft(walk: Walk, change: Callable[[ShowNotes], ShowNotes]) -> None:
    """The machine's notes made anew of the same words."""
    notes = walk.folder.read("draft.json", ShowNotes)
    stamp = walk.folder.stamp("draft.json")
    walk.folder.write("draft.json", change(notes), made_from=dict(stamp.made_from) if stamp else {})


def words_of(reviewing: Reviewing, first: int, last: int) -> list[Word]:
    """The machine's words from one id to another."""
    low, high = reviewing.machine.position[first], reviewing.machine.position[last]
    return [placed.word for placed in reviewing.machine.words[low : high + 1]]


def quote_of(reviewing: Reviewing, first: int, last: int) -> Quote:
    words = words_of(reviewing, first, last)
    text = " ".join(w.text for w in words)
    return Quote(text=text, start=words[0].start, end=words[-1].end, speaker=None)


def ends(item: Any) -> tuple[int, int]:
    first, _, last = item.key.removeprefix("quote/").partition("-")
    return int(first), int(last)


def quotes(reviewing: Reviewing) -> list[str]:
    return [quote.text for quote in reviewing.notes().quotes]


def labels(reviewing: Reviewing) -> list[str]:
    return [conflict.label for conflict in reviewing.conflicts()]


# --------------------------------------------------------------------------- dropped quotes


@pytest.mark.parametrize(("fewer", "more"), [(0, 3), (3, 0), (2, -2), (-2, 1)])
def test_a_dropped_quote_stays_dropped_when_it_ends_elsewhere(
    walk: Walk, fewer: int, more: int
) -> None:
    reviewing = open_review(walk)
    item = reviewing.view().quotes[0]
    first, last = ends(item)
    do(reviewing, put(f"{item.key}/keep", False), put(f"{item.key}/speaker", "Ola Berg"))
    speaker = item.machine["speaker"]
    other = replace(quote_of(reviewing, first + fewer, last + more), speaker=speaker)
    redraft(walk, lambda notes: replace(notes, quotes=(other, *notes.quotes[1:])))
    after = open_review(walk)
    assert other.text not in quotes(after)
    assert after.conflicts() == []
    # It can be had again, under the key that it was dropped by.
    (dropped,) = [i for i in after.view().quotes if not i.is_kept]
    assert dropped.key == item.key
    do(after, put(f"{item.key}/keep", True))
    assert other.text in quotes(after)
    assert dropped.values["speaker"] == "Ola Berg"


def test_a_quote_that_is_much_more_than_the_dropped_one_is_asked_about(walk: Walk) -> None:
    reviewing = open_review(walk)
    item = reviewing.view().quotes[0]
    first, last = ends(item)
    do(reviewing, put(f"{item.key}/keep", False))
    longer = quote_of(reviewing, first - (last - first) - 4, last)
    redraft(walk, lambda notes: replace(notes, quotes=(longer, *notes.quotes[1:])))
    after = open_review(walk)
    assert labels(after) == ["A quote that was dropped; the new draft quotes more of that passage"]
    with pytest.raises(ReviewError, match="no longer fit"):
        after.approve(by="Ada")
    do(after, {"op": "resolve", "key": f"{item.key}/keep", "take": "mine"})
    assert (longer.text in quotes(after), after.conflicts()) == (False, [])
    after.take_back(by="Ada", is_redo=False)
    do(after, {"op": "resolve", "key": f"{item.key}/keep", "take": "machine"})
    assert (longer.text in quotes(after), after.conflicts()) == (True, [])
    assert open_review(walk).conflicts() == []


def test_another_quote_beside_a_dropped_one_is_another_quote(walk: Walk) -> None:
    reviewing = open_review(walk)
    item = reviewing.view().quotes[0]
    _, last = ends(item)
    do(reviewing, put(f"{item.key}/keep", False))
    other = quote_of(reviewing, last, last + 12)
    redraft(walk, lambda notes: replace(notes, quotes=(other, *notes.quotes[1:])))
    after = open_review(walk)
    assert other.text in quotes(after)
    assert after.conflicts() == []


def test_a_dropped_quote_stays_dropped_in_a_new_export(walk: Walk) -> None:
    reviewing = open_review(walk)
    item = reviewing.view().quotes[0]
    first, last = ends(item)
    do(reviewing, put(f"{item.key}/keep", False))
    gone = words_of(reviewing, first, first)[0]
    # Its first word is cut, and everything is later.
    again(
        walk,
        lambda t: with_words(
            t,
            lambda w: [] if w == gone else [replace(w, start=w.start + 9, end=w.end + 9)],
        ),
    )
    moved = open_review(walk)
    shorter = quote_of(moved, first + 1, last)
    redraft(walk, lambda notes: replace(notes, quotes=(shorter,)))
    after = open_review(walk)
    assert quotes(after) == []
    assert after.conflicts() == []


def test_a_quote_that_was_added_otherwise_is_not_printed_twice(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("quote/0-5/keep", True))
    other = quote_of(reviewing, 0, 4)
    redraft(walk, lambda notes: replace(notes, quotes=(other, *notes.quotes)))
    after = open_review(walk)
    assert "Can you spend a river twice?" in quotes(after)
    assert other.text not in quotes(after)
    # Who wants both has both.
    (machine,) = [i for i in after.view().quotes if i.values["text"] == other.text]
    do(after, put(f"{machine.key}/keep", True))
    assert other.text in quotes(after)


# --------------------------------------------------------------------------- added quotes


def put_in(walk: Walk, *texts: str, before: str) -> None:
    """The same export with words put in before a word."""

    def change(spoken: Word) -> list[Word]:
        if spoken.text != before:
            return [spoken]
        step = (spoken.end - spoken.start) / (len(texts) + 1)
        return [
            replace(
                spoken, text=text, start=spoken.start + i * step, end=spoken.start + (i + 1) * step
            )
            for i, text in enumerate([*texts, spoken.text])
        ]

    again(walk, lambda t: with_words(t, change))


def test_words_put_into_an_added_quote_are_a_conflict(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("quote/0-5/keep", True))
    put_in(walk, "wide", "old", before="river")
    after = open_review(walk)
    (conflict,) = after.conflicts()
    assert conflict.label == "A quote of yours whose words are others now"
    assert conflict.mine == "Can you spend a river twice?"
    assert "wide old river" in str(conflict.now)
    with pytest.raises(ReviewError, match="no longer fit"):
        after.approve(by="Ada")
    do(after, {"op": "resolve", "key": "quote/0-5/keep", "take": "mine"})
    assert after.conflicts() == []
    assert any("wide old river" in text for text in quotes(after))
    # And it is remembered so: the next draft of the same words asks nothing.
    again(walk, lambda t: t)
    assert open_review(walk).conflicts() == []


def test_an_added_quote_that_reads_otherwise_can_be_given_up(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("quote/0-5/keep", True))
    again(walk, lambda t: with_words(t, lambda w: [replace(w, text="brook")]
                                     if w.text == "river" else [w]))  # fmt: skip
    after = open_review(walk)
    assert len(after.conflicts()) == 1
    do(after, {"op": "resolve", "key": "quote/0-5/keep", "take": "machine"})
    assert after.conflicts() == []
    assert not any("spend a brook" in text for text in quotes(after))


def test_words_corrected_in_an_added_quote_are_no_conflict(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("quote/0-5/keep", True))
    do(reviewing, {"op": "text", "first": 4, "last": 4, "text": "brook"})
    assert "Can you spend a brook twice?" in quotes(reviewing)
    again(walk, lambda t: with_words(t, lambda w: [replace(w, start=w.start + 1, end=w.end + 1)]))
    after = open_review(walk)
    assert after.conflicts() == []
    assert "Can you spend a brook twice?" in quotes(after)


def test_an_added_quote_whose_end_was_cut_can_be_kept_as_far_as_it_is_said(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("quote/0-5/keep", True), put("quote/0-5/speaker", "Ola Berg"))
    first = [True]

    def cut(spoken: Word) -> list[Word]:
        if spoken.text == "twice?" and first:
            first.clear()
            return []
        return [spoken]

    again(walk, lambda t: with_words(t, cut))
    after = open_review(walk)
    keys = {conflict.key for conflict in after.conflicts()}
    assert "quote/0-5/keep" in keys
    do(after, {"op": "resolve", "key": "quote/0-5/keep", "take": "mine"})
    assert after.conflicts() == []
    (kept,) = [q for q in after.notes().quotes if q.text.startswith("Can you spend")]
    assert (kept.text, kept.speaker) == ("Can you spend a river", "Ola Berg")


def test_a_quote_added_before_its_words_were_remembered(walk: Walk) -> None:
    reviewing = open_review(walk)
    do(reviewing, put("quote/0-5/keep", True))
    log = walk.folder.path / "review.log.jsonl"
    lines = log.read_text(encoding="utf-8")
    start = lines.index(',"machine":{"text"')
    log.write_text(lines[:start] + lines[lines.index("}", start) + 1 :], encoding="utf-8")
    before = open_review(walk)
    assert before.review.decisions["quote/0-5/keep"].machine is None
    assert before.conflicts() == []
    put_in(walk, "wide", before="river")
    assert labels(open_review(walk)) == ["A quote of yours whose words are others now"]


def test_a_quote_of_no_words_is_refused_and_one_taken_out_leaves_nothing(walk: Walk) -> None:
    reviewing = open_review(walk)
    for key in ("quote/5-0/keep", "quote/0-99999/keep"):
        with pytest.raises(ReviewError, match="not in the transcript"):
            do(reviewing, put(key, True))
    do(reviewing, put("quote/0-5/keep", True))
    do(reviewing, put("quote/0-5/keep", False))
    assert reviewing.review.decisions == {}


# --------------------------------------------------------------------------- chapters


def retitled(walk: Walk, number: int, **changes: Any) -> None:
    def change(notes: ShowNotes) -> ShowNotes:
        chapters = list(notes.chapters)
        chapters[number] = replace(chapters[number], evidence=None, **changes)
        return replace(notes, chapters=tuple(chapters))

    redraft(walk, change)


def titles(reviewing: Reviewing) -> list[str]:
    return [chapter.title for chapter in reviewing.notes().chapters]


def test_another_chapter_that_begins_where_one_was_left_out_is_asked_about(walk: Walk) -> None:
    reviewing = open_review(walk)
    key = reviewing.view().chapters[1].key
    do(reviewing, put(f"{key}/keep", False))
    assert len(titles(reviewing)) == len(reviewing.view().chapters) - 1
    retitled(walk, 1, title="Quite another story")
    after = open_review(walk)
    assert "Quite another story" in titles(after)
    (conflict,) = after.conflicts()
    assert conflict.key == f"{key}/keep"
    assert conflict.now == "Quite another story"
    do(after, {"op": "resolve", "key": conflict.key, "take": "mine"})
    assert (after.conflicts(), "Quite another story" in titles(after)) == ([], False)
    after.take_back(by="Ada", is_redo=False)
    do(after, {"op": "resolve", "key": conflict.key, "take": "machine"})
    assert (after.conflicts(), "Quite another story" in titles(after)) == ([], True)


def test_the_same_chapter_in_other_words_stays_left_out(walk: Walk) -> None:
    reviewing = open_review(walk)
    item = reviewing.view().chapters[1]
    do(reviewing, put(f"{item.key}/keep", False))
    title = f"The {item.values['title']}, again"
    retitled(walk, 1, title=title)
    after = open_review(walk)
    assert title not in titles(after)
    assert after.conflicts() == []
    do(after, put(f"{item.key}/keep", True))
    assert title in titles(after)
    assert after.review.decisions == {}


def test_a_chapter_that_was_left_out_stays_so_when_it_begins_elsewhere(walk: Walk) -> None:
    reviewing = open_review(walk)
    item, other = reviewing.view().chapters[1:3]
    do(reviewing, put(f"{item.key}/keep", False), put(f"{other.key}/title", "My own"))
    position = reviewing.machine.position
    starts = [
        reviewing.machine.words[position[i.values["start"]] + 5].word.start for i in (item, other)
    ]
    retitled(walk, 1, start=starts[0])
    retitled(walk, 2, start=starts[1])
    after = open_review(walk)
    assert after.conflicts() == []
    assert item.values["title"] not in titles(after)
    assert "My own" in titles(after)
    assert next(i for i in after.view().chapters if i.key == item.key).is_kept is False


def test_a_chapter_left_out_by_an_older_program_stays_so(walk: Walk) -> None:
    reviewing = open_review(walk)
    item = reviewing.view().chapters[1]
    do(reviewing, put(f"{item.key}/keep", False))
    log = walk.folder.path / "review.log.jsonl"
    lines = log.read_text(encoding="utf-8")
    start = lines.index('"machine":{"text"')
    old = lines[:start] + '"machine":true' + lines[lines.index("}", start) + 1 :]
    log.write_text(old, encoding="utf-8")
    after = open_review(walk)
    assert item.values["title"] not in titles(after)
    do(after, put(f"{item.key}/keep", True))
    assert item.values["title"] in titles(after)


# --------------------------------------------------------------------------- facts and corrections


def with_title(walk: Walk, reviewing: Reviewing, value: str, first: int, last: int) -> None:
    """The first guest is said to be something, in the words from one to another."""
    words = words_of(reviewing, first, last)
    evidence = Evidence(
        text=" ".join(w.text for w in words), start=words[0].start, end=words[-1].end
    )

    def change(notes: ShowNotes) -> ShowNotes:
        guest = replace(notes.guests[0], title=Fact(value=value, evidence=evidence))
        return replace(notes, guests=(guest, *notes.guests[1:]))

    redraft(walk, change)


def said_twice(transcript: Transcript) -> Transcript:
    """“a chief of the chief bored” in place of the first six words."""
    texts = iter(["a", "chief", "of", "the", "chief", "bored"])
    return with_words(transcript, lambda w: [replace(w, text=next(texts, w.text))])


def test_a_fact_that_cannot_follow_a_correction_is_a_check(walk: Walk) -> None:
    again(walk, said_twice)
    with_title(walk, open_review(walk), "chief", 0, 5)
    reviewing = open_review(walk)
    guest = reviewing.draft.notes.guests[0]
    before = len(reviewing.view().checks)
    do(reviewing, {"op": "text", "first": 4, "last": 4, "text": "cheese"})
    assert next(p for p in reviewing.notes().guests if p.name == guest.name).title.value == "chief"  # type: ignore[union-attr]
    told = [check for _, check, _ in reviewing.view().checks if check.code == "uncorrected"]
    assert len(reviewing.view().checks) == before + len(told)
    (about,) = [check for check in told if check.message.startswith(guest.name)]
    assert about.message == (
        f"{guest.name}: title: “chief” may still have “chief”, which reads “cheese” in the "
        "transcript now."
    )
    assert about.start == words_of(reviewing, 4, 4)[0].start
    # It stands among what is to be checked, in the list as on the desk, until somebody says so.
    name = next(n for n, check, _ in reviewing.view().checks if check == about)
    do(reviewing, {"op": "seen", "check": name})
    assert about not in reviewing.notes().checks
    # What an editor writes themselves has nothing left to ask.
    do(reviewing, put(f"person/{guest.name}/title", "cheese monger"))
    assert about not in [check for _, check, _ in open_review(walk).view().checks]


def test_a_fact_whose_place_is_known_follows_and_asks_nothing(walk: Walk) -> None:
    again(walk, said_twice)
    with_title(walk, open_review(walk), "chief bored", 0, 5)
    reviewing = open_review(walk)
    guest = reviewing.draft.notes.guests[0].name
    do(reviewing, {"op": "text", "first": 5, "last": 5, "text": "board"})
    do(reviewing, {"op": "text", "first": 1, "last": 1, "text": "thief"})
    title = next(p for p in reviewing.notes().guests if p.name == guest).title
    assert title is not None
    assert title.value == "chief board"
    told = [c.message for _, c, _ in reviewing.view().checks if c.code == "uncorrected"]
    assert [message for message in told if message.startswith(guest)] == []
