"""Words that were cut and come back have their ids, and so their edits, again."""

import pytest

from shownotes.core.anchors import Base, GoneWord, lay_base, move_base, place
from shownotes.core.review_ops import accept, split
from tests.core.test_edited_words import Desk, text, transcript

BEFORE = "we spoke with the keeper of the river about floods"
CUT = "this talk is brought to you by Hollow Hill Honey of Port Bored"
AFTER = "and then she told us what the water board had never said"
OTHER = "if you like what you hear tell a friend about it and write to us today"


def base(*lines: str) -> Base:
    return lay_base(transcript("|".join(lines)), "one")


def moved(old: Base, *lines: str, offset: float = 0.0) -> Base:
    return move_base(old, transcript("|".join(lines), offset=offset), "next")


def test_a_cut_that_is_taken_back_has_its_words_again() -> None:
    whole = base(BEFORE, CUT, AFTER)
    short = moved(whole, BEFORE, AFTER)
    assert len(short.gone) == len(CUT.split())
    again = moved(short, BEFORE, CUT, AFTER, offset=7.0)
    assert (again.ids, again.gone) == (whole.ids, ())
    assert again.next_id == whole.next_id


def test_an_edit_in_it_is_a_conflict_while_it_is_cut_and_holds_when_it_is_back() -> None:
    desk = Desk(transcript("|".join([BEFORE, CUT, AFTER])))
    bored = len(BEFORE.split()) + len(CUT.split()) - 1
    text(desk, bored, bored, "Board")
    desk.do(accept, {"first": bored - 1, "last": bored - 1})
    desk.do(split, {"at": bored - 4}, is_split=True)
    desk.rerun(transcript("|".join([BEFORE, AFTER])))
    assert set(desk.layer.conflicts) == {f"word/{bored}", f"break/{bored - 4}"}
    desk.rerun(transcript("|".join([BEFORE, CUT, AFTER])))
    assert desk.layer.conflicts == {}
    assert "Hill Honey of Port Board" in desk.lines()
    assert desk.machine.gone == {}


def test_one_word_of_which_nothing_else_was_cut() -> None:
    whole = base("she said that it was not so and went home")
    again = moved(moved(whole, "she said that it was so and went home"),
                  "she said that it was not so and went home")  # fmt: skip
    assert again.ids == whole.ids


def test_at_the_beginning_and_at_the_end() -> None:
    whole = base(CUT, BEFORE, AFTER)
    assert moved(moved(whole, BEFORE, AFTER), CUT, BEFORE, AFTER).ids == whole.ids
    whole = base(BEFORE, AFTER, CUT)
    assert moved(moved(whole, BEFORE, AFTER), BEFORE, AFTER, CUT).ids == whole.ids


def test_what_is_heard_otherwise_when_it_returns_is_the_same_word() -> None:
    whole = base(BEFORE, CUT, AFTER)
    again = moved(moved(whole, BEFORE, AFTER), BEFORE, CUT.replace("Honey", "Money"), AFTER)
    assert again.ids == whole.ids


def test_what_is_put_there_instead_is_new_though_it_has_some_of_its_words() -> None:
    short = moved(base(BEFORE, CUT, AFTER), BEFORE, AFTER)
    other = moved(short, BEFORE, OTHER, AFTER)
    put_in = other.ids[len(BEFORE.split()) : -len(AFTER.split())]
    assert min(put_in) == short.next_id
    assert [word.text for word in other.gone] == CUT.split()


def test_part_of_it_that_returns_is_known_and_the_rest_is_remembered() -> None:
    whole = base(BEFORE, CUT, AFTER)
    part = " ".join(CUT.split()[6:])
    some = moved(moved(whole, BEFORE, AFTER), BEFORE, part, AFTER)
    kept = len(BEFORE.split())
    assert some.ids[kept : kept + 7] == whole.ids[kept + 6 : kept + 13]
    assert [word.text for word in some.gone] == CUT.split()[:6]
    # What is still cut is before what returned, and comes back there.
    assert {word.before for word in some.gone} == {whole.ids[kept + 6]}
    assert moved(some, BEFORE, CUT, AFTER).ids == whole.ids


def test_what_was_cut_twice_in_one_place_returns_in_its_order() -> None:
    whole = base(BEFORE, CUT, OTHER, AFTER)
    once = moved(whole, BEFORE, OTHER, AFTER)
    twice = moved(once, BEFORE, AFTER)
    assert [word.text for word in twice.gone] == [*CUT.split(), *OTHER.split()]
    assert moved(twice, BEFORE, CUT, OTHER, AFTER).ids == whole.ids
    other_way = moved(moved(whole, BEFORE, CUT, AFTER), BEFORE, AFTER)
    assert [word.text for word in other_way.gone] == [*CUT.split(), *OTHER.split()]


@pytest.mark.parametrize("before", [None, 3, 999])
def test_a_base_of_an_older_program_is_read(before: int | None) -> None:
    old = base(BEFORE, AFTER)
    gone = (GoneWord(id=500, text="honey", start=0.0, end=0.4, before=before),)
    older = Base(
        draft="one", ids=old.ids, texts=old.texts, starts=old.starts, ends=old.ends,
        next_id=501, gone=gone,
    )  # fmt: skip
    after = moved(older, BEFORE, AFTER)
    assert [word.id for word in after.gone] == [500]
    made = place(transcript("|".join([BEFORE, AFTER])), after)
    assert made.nearest(500) == (3 if before == 3 else len(after.ids))
    assert made.nearest(777) is None
