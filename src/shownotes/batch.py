"""Many episodes, one after the other: a failed one is reported and the rest go on."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from shownotes import pipeline
from shownotes.adapters.run_log import NO_LOG, RunLog, open_run_log
from shownotes.adapters.store import EpisodeFolder, as_ours
from shownotes.errors import (
    EpisodeBusyError,
    ModelMissingError,
    RunCancelledError,
    ShowNotesError,
    StoreError,
)
from shownotes.model import Span, Status
from shownotes.settings import Settings
from shownotes.steps import cancelling, drop_folder, prepare
from shownotes.steps.deleted import twin_of
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

    @property
    def is_cancelled(self) -> bool:
        """Somebody asked for it to be left alone."""
        return isinstance(self.error, RunCancelledError)

    @property
    def waits(self) -> bool:
        """It goes on by itself when its speech model is here."""
        return isinstance(self.error, ModelMissingError) and self.error.model is not None


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
    log: RunLog = NO_LOG


def process_one(path: Path, run: Run) -> Outcome:
    """Admit one file and walk its episode; our errors become the outcome."""
    folder: EpisodeFolder | None = None
    name = path.name
    try:
        folder = prepare.admit(path, run.settings)
        name = folder.name
        run.log.write("begun", episode=name)
        drop_folder.record_begun(run.settings, path, episode=name)
        _tell_of_twin(folder, run)
        walk = Walk(
            folder=folder,
            settings=run.settings,
            progress=run.progress,
            forced=run.options.forced,
            redo=run.options.redo,
            kept_warm=run.kept_warm,
            log=run.log,
        )
        status = pipeline.walk_episode(walk, call=run.call, holder=run.holder)
    except ShowNotesError as error:
        return _not_finished(path, folder, error, run)
    except OSError as error:
        return _not_finished(path, folder, as_ours(error, path), run)
    run.log.write(f"finished: {status.state}", episode=name, took_s=status.took_s)
    drop_folder.record_outcome(run.settings, path, episode=name, error=None)
    return Outcome(path=path, folder=folder, status=status)


def _tell_of_twin(folder: EpisodeFolder, run: Run) -> None:
    """Say of a new episode that one of the same audio lies in the trash, with its review."""
    twin = None if folder.has("status.json") else twin_of(folder, run.settings)
    if twin is not None:
        run.progress.say(
            f"{folder.name} has the audio of {twin.folder}, which was deleted at {twin.at}. To "
            f"have that one back instead: shownotes delete {folder.name}, then: "
            f"shownotes undelete {twin.trashed}"
        )


def _not_finished(
    path: Path, folder: EpisodeFolder | None, error: ShowNotesError, run: Run
) -> Outcome:
    told = f"not finished: {type(error).__name__}: {error}"
    name = folder.name if folder else path.name
    run.log.write(told, level=pipeline.level_of(error), episode=name)
    # The outcome stands even where it cannot be noted: the disk may be what went wrong.
    with suppress(StoreError):
        drop_folder.record_outcome(
            run.settings, path, episode=folder.name if folder else None, error=error
        )
    return Outcome(path=path, folder=folder, error=error)


def process_plainly(
    paths: Sequence[Path], settings: Settings, *, options: RunOptions, progress: Progress
) -> list[Outcome]:
    """Walk every file's episode here, without Prefect."""
    with Warm() as kept_warm:
        run = Run(
            settings=settings,
            options=options,
            progress=progress,
            kept_warm=kept_warm,
            log=open_run_log(settings, run=f"process {new_run_id()}"),
        )
        outcomes = [process_one(path, run) for path in paths]
        return settle(outcomes, run)


def new_run_id() -> str:
    """What tells a run's lines in the log from another's."""
    return uuid.uuid4().hex[:8]


def settle(outcomes: Sequence[Outcome], run: Run) -> list[Outcome]:
    """Walk once more the episodes that the rest of their batch concerns.

    An episode that speaks of another, or ends in the show's standing words, may have been walked
    before the other one was there.
    """
    settled = []
    for outcome in outcomes:
        if outcome.folder is not None and outcome.error is None:
            walk = Walk(folder=outcome.folder, settings=run.settings)
            if _is_due(walk):
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
        if cancelling.standing_request(folder) is not None:
            continue
        status = pipeline.read_status(folder)
        if status is None or status.error is not None:
            return True
        if _is_due(walk):
            return True
    return False


def _is_due(walk: Walk) -> bool:
    """Whether any step is; what cannot be told is found out by walking, where it is reported."""
    try:
        return any(pipeline.decide(step, walk).is_due for step in pipeline.STEPS)
    except (ShowNotesError, OSError):
        return True
