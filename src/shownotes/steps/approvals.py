"""Approving an episode: what has to be so, and what is kept with it."""

from shownotes.core.review import Approval, Proof
from shownotes.errors import ReviewError, ShowNotesError
from shownotes.steps import known_voices, proofs
from shownotes.steps.render import materialize
from shownotes.steps.reviewing import Reviewing
from shownotes.steps.targets import Material


def check_approvable(reviewing: Reviewing, seen: int | None) -> None:
    """Refuse to approve what is not finished, or not what was looked at.

    Raises:
        ReviewError: a run is at work, conflicts are open, or somebody has changed it since.
    """
    name = reviewing.walk.folder.name
    _check_finished(reviewing)
    open_conflicts = reviewing.conflicts()
    if open_conflicts:
        raise ReviewError(
            f"{name}: {len(open_conflicts)} decisions no longer fit the draft. Look at each in the "
            "desk and keep yours or take the machine's."
        )
    if seen is not None and seen != reviewing.review.seq:
        raise ReviewError(
            "The episode was changed since you looked at it. Look again, then approve."
        )


def _check_finished(reviewing: Reviewing) -> None:
    """Refuse a draft that was made of something else than what lies there now."""
    folder = reviewing.walk.folder
    stamp = folder.stamp("draft.json")
    made_from = stamp.made_from if stamp else {}
    hashes = reviewing.draft.hashes
    stale = [box for box, sha in hashes.items() if made_from.get(box, sha) != sha]
    if stale:
        raise ReviewError(
            f"{folder.name}: the draft was made before {stale[0]} changed; a run is at work, "
            f"or was cut off. When it is through, or after `shownotes process {folder.name}`, "
            "look again and approve."
        )


def take_proof(reviewing: Reviewing) -> Proof:
    """What the episode looks like in print now."""
    return proofs.take_proof(reviewing.walk, lambda: _material(reviewing))


def is_current(reviewing: Reviewing, approval: Approval) -> bool:
    """Whether what was approved is what would be published now."""
    if approval.version not in reviewing.versions():
        return False
    try:
        changed = proofs.changed_since(reviewing.walk, approval, lambda: _material(reviewing))
    except ShowNotesError:
        return False
    return changed is None


def _material(reviewing: Reviewing) -> Material:
    notes, transcript = reviewing.notes(), reviewing.transcript()
    return materialize(reviewing.walk, reviewing.draft.episode, notes, transcript)


def remember_voices(reviewing: Reviewing, by: str) -> None:
    """Keep how the people of an approved episode sound."""
    try:
        with reviewing.lock:
            known_voices.remember(reviewing, by=by)
    except (ShowNotesError, OSError, ValueError) as error:
        # The approval is on the disk and stands: without prints nobody is suggested, no more.
        reviewing.walk.progress.say(f"The voices were not kept: {error}")
