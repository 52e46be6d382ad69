"""`status.json`: what a list shows of an episode, as its walk writes it."""

from dataclasses import replace

from shownotes.adapters.run_log import Level
from shownotes.adapters.store import EpisodeFolder, now
from shownotes.errors import (
    EpisodeBusyError,
    FormatError,
    ModelMissingError,
    RunCancelledError,
    ShowNotesError,
)
from shownotes.model import Episode, Names, ShowNotes, State, Status, Topics, WaitsFor
from shownotes.steps import render
from shownotes.steps.standing import STATUS_BOX
from shownotes.steps.step import Walk


def read_status(folder: EpisodeFolder) -> Status | None:
    """The episode's last written status, put right from the files when a run died."""
    if not folder.has(STATUS_BOX):
        return None
    try:
        return folder.read(STATUS_BOX, Status)
    except FormatError:
        return None


def write_status(
    walk: Walk,
    *,
    state: State,
    step: str | None = None,
    error: ShowNotesError | None = None,
    took_s: float = 0.0,
) -> Status:
    """Write where an episode stands now; an error that is no failure makes it wait."""
    waits_for, model = _waits_for(error)
    status = replace(
        _describe(walk.folder),
        state=State.WAITING if waits_for else state,
        waits_for=waits_for,
        model=model,
        step=step,
        error=str(error)[:2000] if error else None,
        error_kind=type(error).__name__ if error else None,
        retryable=error.retryable if error else False,
        took_s=took_s,
        updated_at=now(),
    )
    walk.folder.write(STATUS_BOX, status)
    return status


def level_of(error: ShowNotesError) -> Level:
    """How bad an error is for whoever reads the log."""
    if isinstance(error, (EpisodeBusyError, RunCancelledError)):
        return "info"
    return "warning" if _waits_for(error)[0] else "error"


def _waits_for(error: ShowNotesError | None) -> tuple[WaitsFor | None, str | None]:
    """What has to happen after an error that is no failure, and the model that is missing."""
    if isinstance(error, RunCancelledError):
        return WaitsFor.RETRY, None
    if isinstance(error, ModelMissingError) and error.model:
        return WaitsFor.MODEL, error.model
    return None, None


def _describe(folder: EpisodeFolder) -> Status:
    """What a list shows of an episode, from its boxes as far as they exist."""
    status = Status(state=State.WAITING, title=folder.name)
    if folder.has("episode.json"):
        episode = folder.read("episode.json", Episode)
        status = replace(
            status,
            title=episode.metadata.title or folder.name,
            duration=episode.duration,
            audio_path=episode.audio.path if episode.audio else episode.transcript_path,
        )
    if folder.has("names.json"):
        names = folder.read("names.json", Names)
        status = replace(status, agencies=tuple(o.name for o in names.agencies)[:12])
    if folder.has("topics.json"):
        status = replace(status, chapters=len(folder.read("topics.json", Topics).chapters))
    if folder.has("draft.json"):
        notes = folder.read("draft.json", ShowNotes)
        status = replace(
            status,
            title=notes.title,
            duration=notes.duration or status.duration,
            guests=tuple(person.name for person in notes.guests)[:12],
            checks=len(notes.checks),
        )
    return replace(status, kept_edits=render.kept_edits(folder))
