"""What a step is, and what it is handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shownotes.adapters.run_log import NO_LOG, RunLog
from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Span
from shownotes.settings import Settings


class Progress(Protocol):
    """Told how far a step has come. Called from the process that runs the walk."""

    def begin(self, step: str, total_s: float) -> None:
        """A step begins; `total_s` seconds of audio lie before it (0 when not counted)."""

    def advance(self, done_s: float) -> None:
        """`done_s` seconds of audio are done in all."""

    def say(self, message: str) -> None:
        """One line that a person should read."""


class Silent:
    """A `Progress` that says nothing."""

    def begin(self, step: str, total_s: float) -> None:
        """Do nothing."""

    def advance(self, done_s: float) -> None:
        """Do nothing."""

    def say(self, message: str) -> None:
        """Do nothing."""


class Closeable(Protocol):
    """Something that holds a process or a file."""

    def close(self) -> None:
        """Let go."""


@dataclass(slots=True)
class Walk:
    """One episode on its way: what every step is handed.

    Attributes:
        forced: names of steps to run whatever their inputs say.
        redo: a stretch to transcribe again.
        kept_warm: what outlives a step and an episode (the speech engine), by name; closed by
            whoever made the walk.
        log: where what happens is written down for machines.
    """

    folder: EpisodeFolder
    settings: Settings
    progress: Progress = field(default_factory=Silent)
    forced: frozenset[str] = frozenset()
    redo: Span | None = None
    kept_warm: dict[str, Closeable] = field(default_factory=dict)
    log: RunLog = NO_LOG


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a step that is worth a task of its own (a transcription window)."""

    name: str
    index: int


def _no_parts(_walk: Walk) -> Sequence[Part]:
    return ()


def _no_part(_walk: Walk, _part: Part) -> None:
    return None


def _no_inputs(_walk: Walk) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the walk.

    A step runs again when the content hashes of the boxes it `needs`, the values of its
    `settings_keys`, its `inputs` (hashes of what lies outside the episode's folder: a model, a
    language's data file, templates, the sidecar) or its `version` differ from those recorded in
    its `box`.

    Attributes:
        name: the verb, as in `process --from NAME`.
        box: the JSON file it writes in the episode's folder.
        run: does the work and writes the box (with `walk.folder.write`).
        parts: what is left to do piecemeal before `run`; asked only when the step is to run.
        run_part: does one part, and stores it, so that an interrupted run resumes there.
    """

    name: str
    box: str
    version: int
    run: Callable[[Walk], None]
    needs: tuple[str, ...] = ()
    settings_keys: tuple[str, ...] = ()
    inputs: Callable[[Walk], Mapping[str, str]] = _no_inputs
    parts: Callable[[Walk], Sequence[Part]] = _no_parts
    run_part: Callable[[Walk, Part], None] = _no_part

    def made_from(self, walk: Walk) -> dict[str, str]:
        """Hashes of all that this step would be made from now."""
        # A box that an older version did not write is no reason to fail, only to run again later.
        boxes = {
            name: walk.folder.content_sha256(name) if walk.folder.has(name) else ""
            for name in self.needs
        }
        return {**boxes, **self.inputs(walk)}

    def made_with(self, walk: Walk) -> dict[str, object]:
        """The declared settings and the step's version, as they are now."""
        settings = {key: walk.settings.value(key) for key in self.settings_keys}
        return {"step_version": self.version, "settings": settings}
