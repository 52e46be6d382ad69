"""What a file in the in-tray tells that has rested: opened, and compared with its episode."""

import math
import os
from datetime import datetime
from pathlib import Path

from shownotes import errors
from shownotes.adapters import models
from shownotes.adapters.store import EpisodeFolder
from shownotes.adapters.wholeness import find_fault
from shownotes.core.dropped import Fault, Record, Result
from shownotes.core.outcomes import Failure
from shownotes.core.readiness import Findings
from shownotes.errors import (
    InputError,
    ModelMissingError,
    RunCancelledError,
    ShowNotesError,
    SidecarError,
    StoreError,
)
from shownotes.model import Episode, State, Status
from shownotes.settings import Settings
from shownotes.steps import cancelling, prepare
from shownotes.steps.admission import BOX
from shownotes.steps.deleted import owner_of
from shownotes.steps.intray import Dropped, is_transcript, relative
from shownotes.steps.standing import STATUS_BOX, UNFINISHED
from shownotes.steps.step import Walk

# What of an episode's first box tells that a file, its sidecar or its transcript has changed;
# changed settings make nobody's archive due by themselves.
_OF_FILES = ("audio", "sidecar", "transcript")


def why_unreadable(found: Dropped) -> str:
    """Why a file cannot be read; empty when it can."""
    for path in [*found.files, *found.files_beside]:
        if not os.access(path, os.R_OK):
            return f"{path.name} may not be read: change its permissions"
    return ""


def find_faults(found: Dropped) -> Fault | None:
    """Why a file does not look finished; of a folder what the first such track shows.

    Raises:
        OSError: it cannot be read.
    """
    if found.copying:
        return Fault(reason=f"{found.copying} beside it says that it is still being copied")
    if not found.is_folder and is_transcript(found.path):
        is_empty = not found.path.stat().st_size
        return Fault(reason="it is empty (0 bytes)") if is_empty else None
    for path in found.files:
        fault = find_fault(path)
        if fault is not None:
            return fault if path == found.path else _of_track(fault, path)
    return None


def _of_track(fault: Fault, path: Path) -> Fault:
    return Fault(reason=f"{path.name}: {fault.reason}", is_sure=fault.is_sure)


def findings_of(
    folder: EpisodeFolder | None, found: Dropped, record: Record, settings: Settings
) -> Findings:
    """What is known of a file by its episode."""
    if folder is None:
        return Findings(fingerprint=record.fingerprint, failure=_of_deleted(found.path, settings))
    status = _read_status(folder)
    is_finished = status is not None and status.state not in UNFINISHED
    missing = _missing_model(status, settings)
    return Findings(
        fingerprint=record.fingerprint,
        same_as=same_as(found.path, folder, settings),
        is_known_done=is_finished and _is_made_of_this(folder, settings),
        failure=_failure_of(folder, status, record, missing),
        missing_model=missing,
    )


def _of_deleted(path: Path, settings: Settings) -> Failure | None:
    """A file whose episode was deleted is left alone for as long as it lies there unchanged."""
    deleted = owner_of(path, settings)
    if deleted is None:
        return None
    why = (
        f"its episode was deleted by {deleted.by} at {deleted.at}; "
        f"`shownotes undelete {deleted.folder}` brings it back"
    )
    return Failure(why=why, kind=Result.SET_ASIDE)


def has_living_run(folder: EpisodeFolder) -> bool:
    """Whether a living run has an episode now."""
    status = _read_status(folder)
    return status is not None and status.state is State.PROCESSING and folder.is_claimed()


def same_as(path: Path, folder: EpisodeFolder, settings: Settings) -> str:
    """The name of the file of which an episode was made, where it is another one than this."""
    try:
        episode = folder.read(BOX, Episode)
    except (StoreError, OSError):
        return ""
    name = relative(path, settings)
    if not episode.audio or any(v.path == name for v in episode.versions):
        return ""
    return episode.audio.path


def _read_status(folder: EpisodeFolder) -> Status | None:
    try:
        return folder.read(STATUS_BOX, Status)
    except (StoreError, OSError):
        return None


def _is_made_of_this(folder: EpisodeFolder, settings: Settings) -> bool:
    """Whether the episode was made of its audio, sidecar and transcript as they are now."""
    stamp = folder.stamp(BOX)
    if stamp is None:
        return False
    if stamp.is_edited:
        return True
    try:
        now = prepare.STEP.made_from(Walk(folder=folder, settings=settings))
    except (ShowNotesError, OSError):
        return False
    return all(stamp.made_from.get(key) == now[key] for key in _OF_FILES)


def _failure_of(
    folder: EpisodeFolder, status: Status | None, record: Record, missing_model: str
) -> Failure | None:
    """How the episode's run failed, if it was a run of what was handed out.

    What failed earlier is tried once when it is new here, unless there is no use in it.
    """
    request = cancelling.standing_request(folder)
    if request is not None:
        return Failure(why=cancelling.message(folder, request), kind=Result.SET_ASIDE)
    if status is None or status.error is None:
        return None
    began = record.taken_at.wall if record.taken and record.taken_at else math.inf
    if _seconds(status.updated_at) < began - 1.0 and not missing_model:
        return None
    kind = getattr(errors, status.error_kind or "", ShowNotesError)
    return failure_for(kind, status.error, is_retryable=status.retryable)


def failure_for(kind: type[ShowNotesError], why: str, *, is_retryable: bool) -> Failure:
    """What a run's error means for its file."""
    if issubclass(kind, RunCancelledError):
        return Failure(why=why, kind=Result.SET_ASIDE)
    if issubclass(kind, ModelMissingError):
        return Failure(why=why, kind=Result.NEEDS_MODEL)
    if issubclass(kind, (InputError, SidecarError)) and not is_retryable:
        return Failure(why=why, kind=Result.REFUSED)
    return Failure(why=why, is_retryable=is_retryable)


def _seconds(told: str) -> float:
    try:
        return datetime.fromisoformat(told).timestamp()
    except ValueError:
        return 0.0


def _missing_model(status: Status | None, settings: Settings) -> str:
    """The model that an episode waits for and that is not here; empty when it is."""
    if status is None or not status.model:
        return ""
    try:
        is_here = models.locate(status.model, root=settings.root) is not None
    except ShowNotesError:
        is_here = False
    return "" if is_here else status.model
