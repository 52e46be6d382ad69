"""What a run of process_audio leaves on Prefect's pages: log, progress, notes, what to check."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.exceptions import MissingContextError

from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import Outcome
from shownotes.core.timecodes import clock, spoken_length
from shownotes.settings import Settings
from shownotes.steps.checklist import list_checks
from shownotes.steps.step import Progress, Silent

# An update is a request to the server of about 10 ms.
PROGRESS_EVERY_S = 3.0


@dataclass(slots=True)
class Handover:
    """What a run in this process is given beside its parameters, and where its outcomes go.

    Attributes:
        is_cut_off: the server has gone, so that nothing more is recorded.
        is_finished: the flow came to its end, whatever became of the episodes.
    """

    settings: Settings
    progress: Progress = field(default_factory=Silent)
    outcomes: list[Outcome] = field(default_factory=list)
    is_cut_off: bool = False
    is_finished: bool = False


class Reporter:
    """A `Progress` that also writes the run's log and its progress artifact."""

    def __init__(self, handover: Handover, episode: str) -> None:
        self._handover = handover
        self._episode = episode
        self._artifact: UUID | None = None
        self._total_s = 0.0
        self._updated = 0.0

    def begin(self, step: str, total_s: float) -> None:
        """A step begins; one that counts audio gets an artifact."""
        self._handover.progress.begin(step, total_s)
        self._artifact, self._total_s, self._updated = None, total_s, time.monotonic()
        if total_s > 0:
            _log(f"{step}: {spoken_length(total_s)} of audio")
            create = partial(
                create_progress_artifact,
                0.0,
                key=_key("progress", step, self._episode),
                description=self._describe(0.0),
            )
            made = _record(self._handover, create)
            self._artifact = made if isinstance(made, UUID) else None

    def advance(self, done_s: float) -> None:
        """`done_s` seconds of audio are done in all."""
        self._handover.progress.advance(done_s)
        now = time.monotonic()
        is_last = done_s >= self._total_s
        if self._artifact is None or (now - self._updated < PROGRESS_EVERY_S and not is_last):
            return
        self._updated = now
        percent = min(100.0, 100.0 * done_s / self._total_s)
        update = partial(
            update_progress_artifact, self._artifact, percent, description=self._describe(done_s)
        )
        _record(self._handover, update)

    def say(self, message: str) -> None:
        """One line that a person should read."""
        self._handover.progress.say(message)
        _log(message)

    def _describe(self, done_s: float) -> str:
        return f"{clock(done_s)} of {clock(self._total_s)} of audio done"


def report(handover: Handover, outcome: Outcome) -> None:
    """Put an episode's notes, or what went wrong, on the run."""
    if outcome.error is not None:
        is_fault = not (outcome.is_busy or outcome.is_cancelled)
        level = logging.ERROR if is_fault else logging.WARNING
        _log(f"{outcome.path.name}: {outcome.error}", level)
        return
    if outcome.folder is None or outcome.status is None:
        return
    notes, title = outcome.folder.path / "notes.md", outcome.status.title
    _log(f"{title}: {notes}")

    def create_notes() -> object:
        text = notes.read_text(encoding="utf-8")
        key = _key("notes", outcome.path.stem)
        return create_markdown_artifact(text, key=key, description=f"{title} ({notes})")

    _record(handover, create_notes)
    _record(handover, partial(_create_checks, outcome.folder, outcome.path.stem, title))


def _create_checks(folder: EpisodeFolder, stem: str, title: str) -> object:
    checks = list_checks(folder)
    if not checks:
        return None
    key = _key("checks", stem)
    return create_markdown_artifact(checks, key=key, description=f"To check: {title}")


def _key(*words: str) -> str:
    """An artifact's key: lower-case letters, digits and dashes."""
    text = "".join(c if c.isascii() and c.isalnum() else "-" for c in "-".join(words).lower())
    return "-".join(part for part in text.split("-") if part)


def _log(message: str, level: int = logging.INFO) -> None:
    with suppress(MissingContextError):
        get_run_logger().log(level, message)


def _record(handover: Handover, make: Callable[[], object]) -> object:
    """Make an artifact. Book-keeping must not cost an episode, whatever goes wrong with it."""
    if handover.is_cut_off:
        return None
    try:
        return make()
    except httpx.TransportError as error:
        # Every further attempt would wait for the server in vain.
        handover.is_cut_off = True
        _log(f"The Prefect server is gone: {error}", logging.WARNING)
    except Exception as error:  # noqa: BLE001
        _log(f"Not recorded: {error}", logging.WARNING)
    return None
