"""Audio files into show notes: the walk of `shownotes.pipeline`, each piece a Prefect task.

Tasks run here, one after the other: an episode is a straight line, and the speech engine has all
cores. They are handed names and a closure, never a transcript, and keep no results: what a step
made lies in the episode's folder, which also says what is still to do when a run is repeated.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
from prefect import Task, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.exceptions import PrefectException, TerminationSignal
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from flows.cancelling import keep_cancelled
from flows.marks import marked
from flows.notifying import notify_of_outcomes
from flows.reporting import Handover, Reporter, report
from flows.server import reach_server
from shownotes import pipeline
from shownotes.adapters.run_log import open_run_log
from shownotes.batch import Outcome, Run, RunOptions, Warm, new_run_id, process_one, settle
from shownotes.core.timecodes import clock
from shownotes.errors import FlowError, RunCancelledError, ShowNotesError
from shownotes.model import Span
from shownotes.settings import Settings, load_settings
from shownotes.steps.deleted import wanted_audio
from shownotes.steps.drop_folder import why_left_alone
from shownotes.steps.step import Part, Progress, Step, Walk

RETRIES = 2
# Long enough for an engine that died or a full disk to be seen to, short beside a window's work.
RETRY_DELAYS_S = [1.0, 10.0]


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
    with reach_server(settings, progress=progress):
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
    began = datetime.now(UTC)
    with Warm() as kept_warm:
        run = Run(
            settings=handover.settings,
            options=options,
            progress=handover.progress,
            kept_warm=kept_warm,
            log=open_run_log(handover.settings, run=f"process {new_run_id()}"),
        )
        for path in paths[len(handover.outcomes) :]:
            handover.outcomes.append(process_one(path, run))
        handover.outcomes[:] = settle(handover.outcomes, run)
    notify_of_outcomes(handover.outcomes, handover.settings, began=began)


def _run_name() -> str:
    """`a carbon letter and 2 more`."""
    paths = flow_run.parameters.get("paths") or []
    if not paths:
        return "everything in the in-tray"
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    redo = flow_run.parameters.get("redo")
    again = f", {clock(redo[0])}-{clock(redo[1])} again" if redo else ""
    return Path(paths[0]).stem + more + again


@flow(
    name="process_audio",
    flow_run_name=_run_name,
    persist_result=False,
    on_cancellation=[keep_cancelled],
)
def process_audio(
    paths: list[str] | None = None,
    root: str = ".",
    forced: list[str] | None = None,
    redo: list[float] | None = None,
    model: str | None = None,
) -> State[None]:
    """Make show notes of audio files.

    Args:
        paths: audio files, relative to `root`; everything in the in-tray by default.
        root: the working folder, with `shownotes.toml`.
        forced: names of steps to run whatever their inputs say.
        redo: start and end, in seconds, of one stretch to transcribe again.
        model: the speech model to do it with; the settings' by default.

    Returns:
        Completed; Failed when any episode failed, after all were tried.
    """
    asked = _handover.get()
    handover = asked or Handover(_settings(root, model))
    settings, began = handover.settings, datetime.now(UTC)
    files = [settings.root / path for path in paths] if paths else wanted_audio(settings)
    options = RunOptions(
        forced=frozenset(forced or ()),
        redo=Span(start=redo[0], end=redo[1]) if redo else None,
    )
    with marked(settings), Warm() as kept_warm:
        run = Run(
            settings=settings,
            options=options,
            progress=Reporter(handover, "batch"),
            kept_warm=kept_warm,
            call=call_as_task,
            holder=f"Prefect run {flow_run.name!r}",
            log=open_run_log(settings, run=f"{flow_run.name} {flow_run.id}"),
        )
        # A person who asks here and now gets it; so does whoever asks for a part anew.
        is_old_wish = asked is None and not options.forced and options.redo is None
        _walk(files, run, handover, is_old_wish=is_old_wish)
        handover.is_finished = True
        notify_of_outcomes(handover.outcomes, settings, began=began)
    return _verdict(handover.outcomes)


def _walk(files: Sequence[Path], run: Run, handover: Handover, *, is_old_wish: bool) -> None:
    """Every file, and once more those that the others concern.

    What somebody cancelled or deleted while the run was waiting for its turn is left alone.
    """
    for path in files:
        why = why_left_alone(run.settings, path) if is_old_wish else None
        if why is None:
            outcome = process_one(path, replace(run, progress=Reporter(handover, path.stem)))
        else:
            outcome = Outcome(path=path, error=RunCancelledError(f"{path.name}: {why}"))
        handover.outcomes.append(outcome)
        report(handover, outcome)
    for index, settled in enumerate(settle(handover.outcomes, run)):
        if settled is not handover.outcomes[index]:
            handover.outcomes[index] = settled
            report(handover, settled)


def _settings(root: str, model: str | None) -> Settings:
    settings = load_settings(Path(root).resolve())
    return settings.with_values({"speech.model": model}) if model else settings


def _verdict(outcomes: Sequence[Outcome]) -> State[None]:
    failed = [o for o in outcomes if o.error is not None and not (o.is_busy or o.is_cancelled)]
    cancelled = [outcome for outcome in outcomes if outcome.is_cancelled]
    if cancelled and len(cancelled) == len(outcomes):
        return Cancelled(message=str(cancelled[0].error))
    if not failed:
        more = f", {len(cancelled)} cancelled" if cancelled else ""
        return Completed(message=f"{len(outcomes) - len(cancelled)} done{more}.")
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
