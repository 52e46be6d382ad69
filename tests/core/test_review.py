from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.core.layer import Layer
from shownotes.core.review import (
    Change,
    ChangeKind,
    Review,
    apply,
    as_record,
    fold,
    from_record,
    make_edits,
)
from shownotes.core.undo import check_seen, take_back
from shownotes.errors import OutdatedChangeError

KEYS = st.sampled_from(["title", "hook", "person/Ann/role", "sure/3"])
VALUES = st.one_of(st.none(), st.text(max_size=4), st.booleans(), st.lists(st.text(max_size=2)))


def change(review: Review, by: str = "Ada", **values: Any) -> Change:
    edits = make_edits(review, {key: (value, "machine's") for key, value in values.items()})
    made = Change(
        seq=review.seq + 1, id=f"id-{review.seq + 1}", at="2026-01-01T00:00:00Z", by=by, edits=edits
    )
    apply(review, made)
    return made


def undo(review: Review, by: str = "Ada", *, is_redo: bool = False) -> Change:
    undone, edits = take_back(review, by, is_redo=is_redo)
    made = Change(
        seq=review.seq + 1,
        id=f"id-{review.seq + 1}",
        at="2026-01-01T00:00:00Z",
        by=by,
        kind=ChangeKind.REDO if is_redo else ChangeKind.UNDO,
        edits=edits,
        undoes=undone.seq,
    )
    apply(review, made)
    return made


def test_a_decision_holds_while_the_machine_has_the_same() -> None:
    review = Review()
    change(review, title="Better")
    layer = Layer(review.decisions)
    assert layer.get("title", "machine's") == "Better"
    assert layer.conflicts == {}
    assert layer.get("title", "machine's new") == "machine's new"
    conflict = layer.conflicts["title"]
    assert (conflict.mine, conflict.then, conflict.now) == ("Better", "machine's", "machine's new")


def test_what_the_machine_comes_to_by_itself_is_no_conflict() -> None:
    review = Review()
    change(review, title="Better")
    layer = Layer(review.decisions)
    assert layer.get("title", "Better") == "Better"
    assert layer.conflicts == {}


def test_the_machines_own_value_is_no_decision() -> None:
    review = Review()
    assert change(review, title="machine's").edits == ()
    change(review, title="Better")
    change(review, title="machine's")
    assert review.decisions == {}


def test_who_has_not_seen_the_last_change_is_refused() -> None:
    review = Review()
    change(review, title="One")
    change(review, by="Bo", title="Two")
    change(review, by="Bo", hook="Else")
    check_seen(review, ["title"], 2)
    with pytest.raises(OutdatedChangeError, match="Bo changed this") as caught:
        check_seen(review, ["title", "hook"], 1)
    assert set(caught.value.keys) == {"title", "hook"}


def test_undo_takes_back_ones_own_last_change_and_no_one_elses() -> None:
    review = Review()
    change(review, title="One")
    change(review, by="Bo", hook="Bo's")
    undo(review)
    assert review.value("title") is None
    assert review.value("hook") == "Bo's"
    with pytest.raises(OutdatedChangeError, match="nothing to undo"):
        take_back(review, "Ada", is_redo=False)
    undo(review, is_redo=True)
    assert review.value("title") == "One"


def test_what_somebody_has_changed_since_cannot_be_taken_back() -> None:
    review = Review()
    change(review, title="One")
    change(review, by="Bo", title="Two")
    with pytest.raises(OutdatedChangeError, match="Bo has changed the same since"):
        take_back(review, "Ada", is_redo=False)
    assert review.value("title") == "Two"


def test_words_come_back_beside_those_that_stood_there_before() -> None:
    # Ada's no longer fit the draft when Bo wrote his over some of the same; then she let hers go.
    hers, his = {"ids": [27, 28, 29], "text": "lake"}, {"ids": [29, 30], "text": "pond"}
    review = Review()
    change(review, **{"word/27": hers})
    change(review, by="Bo", **{"word/29": his})
    change(review, **{"word/27": None})
    undo(review)
    assert (review.value("word/27"), review.value("word/29")) == (hers, his)


def test_a_new_change_ends_what_could_be_done_again() -> None:
    review = Review()
    change(review, title="One")
    undo(review)
    change(review, hook="New")
    with pytest.raises(OutdatedChangeError, match="nothing to do again"):
        take_back(review, "Ada", is_redo=True)


def test_an_approval_is_kept_until_it_is_withdrawn() -> None:
    review = Review()
    made = Change(
        seq=1, id="one-more", at="t", by="Ada", kind=ChangeKind.APPROVE, version="v", publish_at="p"
    )
    apply(review, made)
    assert review.approval is not None
    assert (review.approval.by, review.approval.version, review.approval.publish_at) == (
        "Ada",
        "v",
        "p",
    )
    apply(review, Change(seq=2, id="x", at="t", by="Bo", kind=ChangeKind.WITHDRAW))
    assert review.approval is None


@given(st.lists(st.tuples(KEYS, VALUES, st.sampled_from(["Ada", "Bo"])), max_size=12), st.data())
def test_any_changes_undone_one_by_one_leave_nothing(
    steps: list[tuple[str, Any, str]], data: st.DataObject
) -> None:
    review = Review()
    for key, value, by in steps:
        change(review, by=by, **{key: value})
    before = {key: decision.value for key, decision in review.decisions.items()}
    order = [c.by for c in review.changes.values() if c.kind is ChangeKind.CHANGE]
    for by in reversed(order):
        undo(review, by)
    assert review.decisions == {}
    for by in order:
        undo(review, by, is_redo=True)
    assert {key: decision.value for key, decision in review.decisions.items()} == before
    # The log alone says the same.
    log = [from_record(as_record(c)) for c in review.changes.values()]
    assert fold(log) == review
