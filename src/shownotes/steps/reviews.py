"""What was decided about an episode, for those who only read it: cheap, and without the words."""

from dataclasses import dataclass

from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder, content_sha256
from shownotes.core.layer import decisions_sha256
from shownotes.core.review import Approval, Decision, Review, fold
from shownotes.errors import StoreError
from shownotes.model import State
from shownotes.steps.review_draft import draft_versions
from shownotes.steps.step import Walk

BOX = "review.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewBox:
    """`review.json`: for those who read and never decide.

    Attributes:
        decided: hash of the decisions.
        title: of the episode as it is now; `guests`, `checks` (those not seen to) likewise.
        conflicts: decisions that no longer fit the draft.
        log_bytes: how much of the log it knows of.
    """

    seq: int
    decided: str
    decisions: tuple[Decision, ...]
    approval: Approval | None = None
    title: str = ""
    guests: tuple[str, ...] = ()
    checks: int = 0
    conflicts: int = 0
    log_bytes: int = 0


def is_reviewed(folder: EpisodeFolder) -> bool:
    """Whether anybody has decided anything."""
    return ReviewLog(folder.path).exists()


def box_seq(folder: EpisodeFolder) -> int | None:
    """The last change that `review.json` knows; `None` when it cannot be read."""
    try:
        return folder.read(BOX, ReviewBox).seq
    except (StoreError, OSError):
        return None


def read_review(folder: EpisodeFolder) -> Review:
    """The log, folded.

    Raises:
        FormatError: it is damaged.
    """
    return fold(ReviewLog(folder.path).read()[0])


def read_approval(folder: EpisodeFolder) -> Approval | None:
    """Who approved what; `None` for nobody. It may be of an older version."""
    return read_review(folder).approval if is_reviewed(folder) else None


def current_version(walk: Walk) -> str:
    """Hash of what would be published now: the draft and the decisions."""
    return current_versions(walk.folder)[0]


def current_versions(folder: EpisodeFolder) -> tuple[str, ...]:
    """The same, and as older programs have made it: an approval of any of them is of this."""
    return _versions(folder, decisions_sha256(read_review(folder).decisions))


def _versions(folder: EpisodeFolder, decided: str) -> tuple[str, ...]:
    return tuple(content_sha256([version, decided]) for version in draft_versions(folder))


def review_state(folder: EpisodeFolder) -> State:
    """Where a finished draft stands with its editor; cheap while nobody has approved it."""
    if not is_reviewed(folder):
        return State.DRAFT
    try:
        box = folder.read(BOX, ReviewBox)
    except (StoreError, OSError):
        return State.IN_REVIEW
    if box.log_bytes != ReviewLog(folder.path).size():
        # Killed while a line was written, or between the log and its fold: the log says it.
        review = read_review(folder)
        approval, decided = review.approval, decisions_sha256(review.decisions)
    else:
        approval, decided = box.approval, box.decided
    if approval is None:
        return State.IN_REVIEW
    is_current = approval.version in _versions(folder, decided)
    return State.APPROVED if is_current else State.CHANGED_SINCE_APPROVAL
