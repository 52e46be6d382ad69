"""Many episodes, one after the other: a failed one is reported and the rest go on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from shownotes import pipeline
from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import EpisodeBusyError, ShowNotesError
from shownotes.model import Span, Status
from shownotes.settings import Settings
from shownotes.steps import prepare
from shownotes.steps.step import Closeable, Progress, Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a person asked of this run.

    Attributes:
        forced: names of steps to run whatever their inputs say.
        redo: a stretch to transcribe again.
        model: the speech model to do it with; the settings' by default.
    """

    forced: frozenset[str] = frozenset()
    redo: Span | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file: a status, or an error (and then perhaps a folder)."""

    path: Path
    folder: EpisodeFolder | None = None
    status: Status | None = None
    error: ShowNotesError | None = None

    @property
    def is_busy(self) -> bool:
        """Another run has the episode: nothing went wrong."""
        return isinstance(self.error, EpisodeBusyError)


@dataclass(slots=True)
class Warm:
    """What is kept running between episodes; use as a context manager."""

    kept: dict[str, Closeable] = field(default_factory=dict)

    def __enter__(self) -> dict[str, Closeable]:
        return self.kept

    def __exit__(self, *_: object) -> None:
        for thing in self.kept.values():
            with suppress(ShowNotesError):
                thing.close()
        self.kept.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What every episode of a run shares."""

    settings: Settings
    options: RunOptions
    progress: Progress
    kept_warm: dict[str, Closeable]
    call: pipeline.Call = pipeline.call_plainly
    holder: str = "shownotes process"


def process_one(path: Path, run: Run) -> Outcome:
    """Admit one file and walk its episode; our errors become the outcome."""
    folder: EpisodeFolder | None = None
    try:
        folder = prepare.admit(path, run.settings)
        walk = Walk(
            folder=folder,
            settings=run.settings,
            progress=run.progress,
            forced=run.options.forced,
            redo=run.options.redo,
            kept_warm=run.kept_warm,
        )
        status = pipeline.walk_episode(walk, call=run.call, holder=run.holder)
    except ShowNotesError as error:
        return Outcome(path=path, folder=folder, error=error)
    return Outcome(path=path, folder=folder, status=status)


def process_plainly(
    paths: Sequence[Path], settings: Settings, *, options: RunOptions, progress: Progress
) -> list[Outcome]:
    """Walk every file's episode here, without Prefect."""
    with Warm() as kept_warm:
        run = Run(settings=settings, options=options, progress=progress, kept_warm=kept_warm)
        outcomes = [process_one(path, run) for path in paths]
        return settle(outcomes, run)


def settle(outcomes: Sequence[Outcome], run: Run) -> list[Outcome]:
    """Walk once more the episodes that the rest of their batch concerns.

    An episode that speaks of another, or ends in the show's standing words, may have been walked
    before the other one was there.
    """
    settled = []
    for outcome in outcomes:
        if outcome.folder is not None and outcome.error is None:
            walk = Walk(folder=outcome.folder, settings=run.settings)
            if any(pipeline.decide(step, walk).is_due for step in pipeline.STEPS):
                again = process_one(outcome.path, replace(run, options=RunOptions()))
                settled.append(_with_time_of(outcome, again))
                continue
        settled.append(outcome)
    return settled


def _with_time_of(first: Outcome, again: Outcome) -> Outcome:
    """The later outcome, and the time that both took."""
    if first.status is None or again.status is None:
        return again
    took_s = first.status.took_s + again.status.took_s
    return replace(again, status=replace(again.status, took_s=took_s))


def is_anything_due(paths: Sequence[Path], settings: Settings, *, options: RunOptions) -> bool:
    """Whether any of the files has a step to run; cheap, and wrong only towards yes."""
    if options.forced or options.redo:
        return True
    for path in paths:
        folder = prepare.known(path, settings)
        if folder is None:
            return True
        walk = Walk(folder=folder, settings=settings)
        status = pipeline.read_status(folder)
        if status is None or status.error is not None:
            return True
        if any(pipeline.decide(step, walk).is_due for step in pipeline.STEPS):
            return True
    return False
