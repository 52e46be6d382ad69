"""Stopping the work on an episode: a request on the disk, which whoever has it sees within seconds.

Why a file and no signal: a run may be on another machine over a shared folder, and a run of many
episodes is to lose one of them and go on. The request stands until somebody asks for the episode
again, so that nothing that looks for work takes it up behind the back of whoever stopped it.
"""

from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from shownotes.adapters.store import EpisodeFolder, now
from shownotes.errors import FormatError, RunCancelledError
from shownotes.model import Episode
from shownotes.steps.step import Progress

BOX = "work/cancel.json"
# How often a run looks for a request, in seconds: a look costs a stat, on a network disk more.
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """`work/cancel.json`.

    Attributes:
        by: who asked.
        at: when, UTC, ISO 8601.
        source: hash of the audio or transcript that was to be processed. A new export is something
            new, to which the request does not apply.
    """

    by: str
    at: str
    source: str


def ask_to_stop(folder: EpisodeFolder, *, by: str) -> CancelRequest:
    """Have whoever works on an episode stop, and nobody begin again."""
    request = CancelRequest(by=by, at=now(), source=_source(folder))
    folder.write(BOX, request)
    return request


def standing_request(folder: EpisodeFolder) -> CancelRequest | None:
    """The request that holds now, if there is one."""
    if not folder.has(BOX):
        return None
    try:
        request = folder.read(BOX, CancelRequest)
    except (FormatError, FileNotFoundError):
        return None
    return request if request.source in ("", _source(folder)) else None


def withdraw(folder: EpisodeFolder) -> bool:
    """Take a request away: the episode is asked for again, or has come to its end.

    Returns:
        Whether there was one.
    """
    path = folder.path / BOX
    was_there = path.exists()
    path.unlink(missing_ok=True)
    return was_there


def check(folder: EpisodeFolder) -> None:
    """Let an episode go whose work was asked to stop.

    Raises:
        RunCancelledError: it was.
    """
    request = standing_request(folder)
    if request is not None:
        raise RunCancelledError(message(folder, request))


def message(folder: EpisodeFolder, request: CancelRequest) -> str:
    """Who stopped it, and how it goes on."""
    return (
        f"Cancelled by {request.by} at {request.at}. What was finished is kept; "
        f"`shownotes retry {folder.name}` goes on from there."
    )


class Stoppable:
    """A `Progress` that leaves in the midst of a step when the episode is cancelled."""

    def __init__(
        self, progress: Progress, folder: EpisodeFolder, *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        self._progress = progress
        self._folder = folder
        self._look_every_s = look_every_s
        self._looked = monotonic()

    def begin(self, step: str, total_s: float) -> None:
        """A step begins."""
        self._progress.begin(step, total_s)
        self._look()

    def advance(self, done_s: float) -> None:
        """`done_s` seconds of audio are done in all."""
        self._progress.advance(done_s)
        self._look()

    def say(self, message: str) -> None:
        """One line that a person should read."""
        self._progress.say(message)

    def _look(self) -> None:
        if monotonic() - self._looked >= self._look_every_s:
            self._looked = monotonic()
            check(self._folder)


def _source(folder: EpisodeFolder) -> str:
    """What an episode is made of now; empty when that cannot be told."""
    with suppress(FormatError, FileNotFoundError):
        episode = folder.read("episode.json", Episode)
        return episode.audio.packets_sha256 if episode.audio else episode.transcript_sha256 or ""
    return ""
