"""Audio files into show notes: the walk of `shownotes.pipeline`, each piece a Prefect task.

Tasks run here, one after the other: an episode is a straight line, and the speech engine has all
cores. They are handed names and a closure, never a transcript, and keep no results: what a step
made lies in the episode's folder, which also says what is still to do when a run is repeated.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx
from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import MissingContextError, PrefectException, TerminationSignal
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.server import reach_server
from shownotes import pipeline
from shownotes.batch import Outcome, Run, RunOptions, Warm, process_one, settle
from shownotes.core.timecodes import clock, spoken_length
from shownotes.errors import FlowError, ShowNotesError
from shownotes.model import Span
from shownotes.settings import Settings, load_settings
from shownotes.steps import prepare
from shownotes.steps.step import Part, Progress, Silent, Step, Walk

RETRIES = 2
# Long enough for an engine that died or a full disk to be seen to, short beside a window's work.
RETRY_DELAYS_S = [1.0, 10.0]
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


_handover: ContextVar[Handover | None] = ContextVar("_handover", default=None)


def run_process_audio(
    paths: Sequence[Path], settings: Settings, *, options: RunOptions, progress: Progress
) -> list[Outcome]:
    """Run the flow here and now, for the command line.

    Returns:
        One outcome a file, failed or not.

    Raises:
        FlowError: there is no Prefect server to run it with; nothing was begun.
        KeyboardInterrupt: stopped by a person or a signal.
    """
    handover = Handover(settings, progress)
    with reach_server(settings.prefect, progress=progress):
        token = _handover.set(handover)
        try:
            state = process_audio(
                paths=[str(path) for path in paths],
                root=str(settings.root),
                forced=sorted(options.forced),
                redo=[options.redo.start, options.redo.end] if options.redo else None,
                return_state=True,
            )
            if not handover.is_finished:
                state.result()  # raises what broke off the flow, which is no error of an episode
        except TerminationSignal:
            raise KeyboardInterrupt from None
        except (httpx.HTTPError, PrefectException) as error:
            _go_on_without(error, paths, handover, options)
        finally:
            _handover.reset(token)
    return handover.outcomes


def _go_on_without(
    error: Exception, paths: Sequence[Path], handover: Handover, options: RunOptions
) -> None:
    """Walk the rest plainly: Prefect keeps the books of a run, and no episode is lost for them."""
    if not handover.outcomes and not isinstance(error, httpx.HTTPError):
        raise FlowError(
            f"Prefect could not run the flow: {error} `shownotes doctor` looks for the cause; "
            "--no-prefect goes without."
        ) from error
    handover.progress.say("Prefect's server stopped answering; going on without it.")
    with Warm() as kept_warm:
        run = Run(
            settings=handover.settings,
            options=options,
            progress=handover.progress,
            kept_warm=kept_warm,
        )
        for path in paths[len(handover.outcomes) :]:
            handover.outcomes.append(process_one(path, run))
        handover.outcomes[:] = settle(handover.outcomes, run)


def _run_name() -> str:
    """`a carbon letter and 2 more`."""
    paths = flow_run.parameters.get("paths") or []
    if not paths:
        return "everything in the in-tray"
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return Path(paths[0]).stem + more


@flow(name="process_audio", flow_run_name=_run_name, persist_result=False)
def process_audio(
    paths: list[str] | None = None,
    root: str = ".",
    forced: list[str] | None = None,
    redo: list[float] | None = None,
) -> State[None]:
    """Make show notes of audio files.

    Args:
        paths: audio files, relative to `root`; everything in the in-tray by default.
        root: the working folder, with `shownotes.toml`.
        forced: names of steps to run whatever their inputs say.
        redo: start and end, in seconds, of one stretch to transcribe again.

    Returns:
        Completed; Failed when any episode failed, after all were tried.
    """
    handover = _handover.get() or Handover(load_settings(Path(root).resolve()))
    settings = handover.settings
    files = [settings.root / path for path in paths] if paths else prepare.find_audio(settings)
    options = RunOptions(
        forced=frozenset(forced or ()),
        redo=Span(start=redo[0], end=redo[1]) if redo else None,
    )
    with Warm() as kept_warm:
        run = Run(
            settings=settings,
            options=options,
            progress=Reporter(handover, "batch"),
            kept_warm=kept_warm,
            call=call_as_task,
            holder=f"Prefect run {flow_run.name!r}",
        )
        for path in files:
            outcome = process_one(path, replace(run, progress=Reporter(handover, path.stem)))
            handover.outcomes.append(outcome)
            _report(handover, outcome)
        for index, settled in enumerate(settle(handover.outcomes, run)):
            if settled is not handover.outcomes[index]:
                handover.outcomes[index] = settled
                _report(handover, settled)
    handover.is_finished = True
    return _verdict(handover.outcomes)


def _verdict(outcomes: Sequence[Outcome]) -> State[None]:
    failed = [o for o in outcomes if o.error is not None and not o.is_busy]
    if not failed:
        return Completed(message=f"{len(outcomes)} done.")
    reasons = "\n".join(f"{outcome.path.name}: {outcome.error}" for outcome in failed)
    return Failed(message=f"{len(failed)} of {len(outcomes)} failed.\n{reasons}")


def _is_retryable(_task: Task[..., None], _run: TaskRun, state: State[None]) -> bool:
    """Whether the same piece of work may succeed later without a change by a person."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, ShowNotesError) and error.retryable


@task(
    task_run_name="{piece} · {episode}",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS_S,
    retry_condition_fn=_is_retryable,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def work(piece: str, episode: str, do: Callable[[], None]) -> None:
    """Do one piece of an episode's walk. Prefect looks into its arguments, but not into `do`."""
    get_run_logger().info("%s: %s", episode, piece)
    do()


def call_as_task(step: Step, walk: Walk, part: Part | None) -> None:
    """Do one piece of work as a task named after it; our errors come through unchanged."""
    piece = step.name if part is None else f"{step.name} {part.name}"
    do = partial(pipeline.call_plainly, step, walk, part)
    work.with_options(name=step.name)(piece, walk.folder.name, do)


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


def _report(handover: Handover, outcome: Outcome) -> None:
    """Put an episode's notes, or what went wrong, on the run."""
    if outcome.error is not None:
        level = logging.WARNING if outcome.is_busy else logging.ERROR
        _log(f"{outcome.path.name}: {outcome.error}", level)
        return
    if outcome.folder is None or outcome.status is None:
        return
    notes = outcome.folder.path / "notes.md"
    _log(f"{outcome.status.title}: {notes}")

    def create() -> object:
        return create_markdown_artifact(
            notes.read_text(encoding="utf-8"),
            key=_key("notes", outcome.path.stem),
            description=f"{outcome.status.title if outcome.status else ''} ({notes})",
        )

    _record(handover, create)


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
