"""What may be decided and taken back: nobody undoes what others did, or what they have not seen."""

from collections.abc import Iterable, Sequence

from shownotes.core.review import Change, Edit, Review, same
from shownotes.errors import OutdatedChangeError


def check_seen(review: Review, keys: Iterable[str], seen: int) -> None:
    """Refuse a change that was made without having seen the last one to the same registers.

    Raises:
        OutdatedChangeError: somebody else, or the same person in another tab, was there first.
    """
    newer = {key: review.touched[key] for key in keys if key in review.touched}
    newer = {key: touch for key, touch in newer.items() if touch.seq > seen}
    if newer:
        last = max(newer.values(), key=lambda touch: touch.seq)
        raise OutdatedChangeError(
            f"{last.by} changed this meanwhile ({last.at}). Nothing is lost: look at both and "
            "choose.",
            keys=tuple(newer),
        )


def take_back(review: Review, editor: str, *, is_redo: bool) -> tuple[Change, tuple[Edit, ...]]:
    """The editor's last change and the edits that undo it (or do it again).

    Raises:
        OutdatedChangeError: somebody else has changed the same since, or there is nothing.
    """
    change = review.redoable(editor) if is_redo else review.undoable(editor)
    if change is None:
        word = "do again" if is_redo else "undo"
        raise OutdatedChangeError(f"There is nothing to {word}.", keys=())
    edits = change.edits if is_redo else tuple(e.reversed() for e in reversed(change.edits))
    for edit in edits:
        if not same(review.value(edit.key), edit.before):
            touch = review.touched[edit.key]
            raise OutdatedChangeError(
                f"“{change.label}” cannot be taken back: {touch.by} has changed the same since "
                f"({touch.at}).",
                keys=(edit.key,),
            )
    _check_room(review, change, edits)
    return change, edits


def _check_room(review: Review, change: Change, edits: Sequence[Edit]) -> None:
    """Refuse to put words back where other words were put meanwhile.

    Those that stood already when the change was made are none: a decision that no longer fits the
    draft and one that was made in its place stand side by side until somebody settles it.
    """
    touched = {edit.key for edit in edits}
    ids = {
        number
        for edit in edits
        if edit.key.startswith("word/") and edit.after is not None
        for number in edit.after["ids"]
    }
    for key, decision in review.decisions.items():
        if not key.startswith("word/") or key in touched:
            continue
        is_newer = review.touched[key].seq > change.seq
        if is_newer and not ids.isdisjoint(decision.value["ids"]):
            raise OutdatedChangeError(
                f"“{change.label}” cannot be taken back: {decision.by} has put other words there "
                f"since ({decision.at}).",
                keys=(key,),
            )
