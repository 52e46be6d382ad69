"""The nouns of the in-tray: how a file was seen, and what is known of it. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class FileState(StrEnum):
    """Where a file in the in-tray stands, for people."""

    ARRIVING = "arriving"
    WAITING = "waiting"
    QUEUED = "queued"
    PROCESSING = "processing"
    REFUSED = "refused"
    DONE = "done"


class Result(StrEnum):
    """What became of the last attempt."""

    NONE = "none"
    DONE = "done"
    # The file's own fault: only a change, or somebody who asks, helps.
    REFUSED = "refused"
    # Tried again by itself.
    FAILED = "failed"
    NEEDS_MODEL = "needs_model"
    # Somebody cancelled or deleted its episode.
    SET_ASIDE = "set_aside"


# Nothing is done until the file changes or somebody asks.
SETTLED = frozenset({Result.DONE, Result.REFUSED, Result.SET_ASIDE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time by two clocks.

    Attributes:
        wall: seconds since 1970, which people set and which jump.
        ticks: seconds since the machine started, which only go on.
    """

    wall: float
    ticks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file as it was seen at one moment, without opening it.

    Attributes:
        beside: hash of what else must rest: a folder's tracks, the sidecar, the transcript.
        blocks: on the disk; these grow while a file is filled that had its full size from the
            beginning.
        changed_ns: when anything about it changed; a copying tool that sets `modified_ns` back
            cannot set this. It also changes with permissions and names.
    """

    size: int
    modified_ns: int
    inode: int
    beside: str = ""
    blocks: int = 0
    changed_ns: int = 0

    @property
    def identity(self) -> tuple[int, int, int, str, int]:
        """What a finished file keeps."""
        return self.size, self.modified_ns, self.inode, self.beside, self.blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a file does not look finished.

    Attributes:
        is_sure: it breaks its own header's promise; else a finished file may look so too.
    """

    reason: str
    is_sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the book knows of a file.

    Attributes:
        path: relative to the working folder; what cannot be written is escaped.
        since: when it came into its state, for the same reason.
        until: when something happens by itself, as people are told.
        looked: when it was last seen; `look` is how.
        rested_s: seconds without any change, even of permissions.
        still_s: seconds without a change of what a finished file keeps.
        sample: hash of pieces of its content, once it has rested for half its time.
        fingerprint: of its content, its sidecar and its transcript, once it has rested.
        fault: why it does not look finished.
        checked_s: for how long it had been still when it was looked into.
        taken: fingerprint of what was handed out and has no outcome yet, at `taken_at`.
        has_begun: a run of it has; then `taken_at` is when.
        attempt: how often it was handed out.
        tried: fingerprint of what `result`, `why`, `failures` and `retry_at` are about.
        failures: in a row.
        episode: name of its episode's folder.
        is_problem: somebody should see to it.
        noted: the reason that stands in the file beside it.
        gone_since: when it was seen to be there no more; it may come back (a network's disk).
    """

    path: str
    state: FileState = FileState.ARRIVING
    reason: str = ""
    first_seen: float = 0.0
    since: float = 0.0
    until: float | None = None
    look: Look | None = None
    looked: Moment | None = None
    looks: int = 0
    rested_s: float = 0.0
    still_s: float = 0.0
    sample: str = ""
    fingerprint: str = ""
    fault: Fault | None = None
    checked_s: float = 0.0
    taken: str = ""
    taken_at: Moment | None = None
    has_begun: bool = False
    attempt: int = 0
    tried: str = ""
    result: Result = Result.NONE
    why: str = ""
    retry_at: float | None = None
    failures: int = 0
    episode: str | None = None
    is_problem: bool = False
    noted: str = ""
    gone_since: float | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be done until the file changes or somebody asks."""
        return bool(
            self.result in SETTLED
            and self.tried
            and self.tried == self.fingerprint
            and not self.taken
        )
