"""The process that runs the flows for `shownotes up`: `python -m flows.serving FOLDER`.

It ends when its standard input does, or at SIGTERM: nothing more is begun, what runs lets go of its
episode at once (finished windows are kept), and is set to be taken up again.

Two of Prefect's runners, because a runner's limit is the only one without a wait: a deployment's
own limit has each run ask again after 30 s. Episodes have as many places as `[schedules] slots`
says; whatever else is due never waits for them.
"""

import asyncio
import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import psutil
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import PrefectException
from prefect.runner import Runner
from prefect.states import AwaitingRetry

from flows.deployments import DEPLOYMENTS, PROCESS_AUDIO, WATCH_AUDIO
from flows.reconciling import STALE_S, Reconciler, is_living
from flows.submitting import UNDER_WAY, active_runs, deployment_id
from shownotes.adapters.hardware import free_cpus
from shownotes.adapters.lifeline import be_gone_in, end_with_parent
from shownotes.errors import FlowError, ShowNotesError
from shownotes.settings import Settings, load_settings

# Seconds between two questions for new runs, each of which costs the server about 10 ms. Chores
# are prepared 10 s before they are due.
POLL_S, POLL_CHORES_S, PREPARED_S = 2.0, 5.0, 10.0
# Seconds between two looks whether anybody watches the in-tray.
WATCH_CHECK_S = 15.0
# Everything is over by then, in seconds; the supervisor kills at 25.
DRAIN_S = 20.0
CORES_A_SLOT = 4
_THREADS = "SHOWNOTES_SPEECH__THREADS"
_NO_SERVER = (httpx.HTTPError, PrefectException, RuntimeError)
# A run in one of these has come to its end, whatever the drain did meanwhile.
_RESULTS = (StateType.COMPLETED, StateType.FAILED)


def slots_of(settings: Settings, cores: int) -> int:
    """How many episodes are worked on at a time."""
    return settings.schedules.slots or max(1, cores // CORES_A_SLOT)


def share_cores(settings: Settings) -> int:
    """Divide the free cores among the slots, for the engines of the runs; returns the slots."""
    cores = free_cpus()
    slots = slots_of(settings, cores)
    if settings.speech.threads == 0 and slots > 1:
        os.environ[_THREADS] = str(max(1, cores // slots))
    return slots


async def serve(settings: Settings, *, is_alone: bool) -> None:
    """Register the deployments and run what is due until asked to end.

    Args:
        settings: of the working folder.
        is_alone: nobody else runs anything of this folder.

    Raises:
        FlowError: the server does not answer.
    """
    stop = asyncio.Event()
    _listen(stop)
    slots = share_cores(settings)
    # Schedules go on in the books of a server that others use too; what is late is put right.
    episodes = Runner(name="episodes", limit=slots, query_seconds=POLL_S, pause_on_shutdown=False)
    chores = Runner(name="chores", limit=None, query_seconds=POLL_CHORES_S, pause_on_shutdown=False)
    try:
        for deployment in DEPLOYMENTS:
            runner = episodes if deployment is PROCESS_AUDIO else chores
            await runner.aadd_deployment(await deployment.to_prefect(settings))
        await asyncio.to_thread(_begin, settings, is_alone=is_alone)
    except _NO_SERVER as error:
        raise FlowError(f"Prefect's server does not take the deployments: {error}") from error
    await _run([episodes, chores], settings, stop, f"Serving, {slots} at a time.\n")


async def _run(
    runners: Sequence[Runner], settings: Settings, stop: asyncio.Event, greeting: str
) -> None:
    running = [asyncio.create_task(runner.start()) for runner in runners]
    while not all(runner.started for runner in runners):
        done, _ = await asyncio.wait(running, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    # A runner takes SIGTERM for itself when it starts, and would stop without a word to its runs.
    _listen_to_signals(stop)
    sys.stdout.write(greeting)
    sys.stdout.flush()
    stopped, kept = asyncio.create_task(stop.wait()), asyncio.create_task(_keep_watching(settings))
    await asyncio.wait([stopped, kept, *running], return_when=asyncio.FIRST_COMPLETED)
    kept.cancel()
    if stop.is_set():
        be_gone_in(DRAIN_S)
        await _drain(runners, settings)
    await asyncio.gather(*running)


def _begin(settings: Settings, *, is_alone: bool) -> None:
    """Put the books right, and have the in-tray looked at now rather than at the next interval."""
    with get_client(sync_client=True) as client:
        Reconciler(settings, stale_s=0.0 if is_alone else STALE_S).look(client)
    _have_watched(settings)


def _have_watched(settings: Settings) -> None:
    """Make a run of the watcher when there is none: one may have died, or could not begin."""
    types = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING)
    soon = datetime.now(UTC) + timedelta(seconds=PREPARED_S)
    with get_client(sync_client=True) as client:
        watch = client.read_deployment_by_name(WATCH_AUDIO.full_name).id
        for run in active_runs(client, watch, settings, types):
            if run.state is None or run.state.type is StateType.PENDING:
                return
            if run.state.type is StateType.RUNNING and is_living(run, settings):
                return
            if run.next_scheduled_start_time and run.next_scheduled_start_time <= soon:
                return
        client.create_flow_run_from_deployment(watch)


async def _keep_watching(settings: Settings) -> None:
    while True:
        await asyncio.sleep(WATCH_CHECK_S)
        with suppress(*_NO_SERVER):
            await asyncio.to_thread(_have_watched, settings)


def _listen(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def ask_to_end() -> None:
        loop.call_soon_threadsafe(stop.set)

    end_with_parent(ask_to_end, patience_s=DRAIN_S)
    _listen_to_signals(stop)


def _listen_to_signals(stop: asyncio.Event) -> None:
    # Windows has no such handlers; there the end of standard input has to do.
    with suppress(NotImplementedError):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)


async def _drain(runners: Sequence[Runner], settings: Settings) -> None:
    """End what runs, all at once, and have the episodes taken up again later."""
    interrupted = await asyncio.to_thread(_under_way, settings)
    for child in psutil.Process().children():
        with suppress(psutil.Error):
            child.terminate()
    await asyncio.gather(*(runner.astop() for runner in runners))
    await asyncio.to_thread(_set_aside, interrupted, settings)


def _under_way(settings: Settings) -> list[UUID]:
    """The episodes' runs, here and on other machines."""
    with suppress(*_NO_SERVER), get_client(sync_client=True) as client:
        runs = active_runs(client, deployment_id(client), settings, UNDER_WAY)
        return [run.id for run in runs]
    return []


def _set_aside(run_ids: Sequence[UUID], settings: Settings) -> None:
    """Have the runs that have just ended, cut off, begun again by whoever serves next."""
    again: State[None] = AwaitingRetry(message="Interrupted; what was finished is kept.")
    with suppress(*_NO_SERVER), get_client(sync_client=True) as client:
        for run in map(client.read_flow_run, run_ids):
            has_result = run.state is not None and run.state.type in _RESULTS
            if not has_result and not is_living(run, settings):
                client.set_flow_run_state(run.id, again, force=True)


def main() -> None:
    """Serve the folder named on the command line; `own` after it: nobody else uses the server."""
    # Every two seconds a line says that a run waits for its turn.
    logging.getLogger("prefect.runner").setLevel(logging.WARNING)
    code = 1
    try:
        settings = load_settings(Path(sys.argv[1]))
        asyncio.run(serve(settings, is_alone="own" in sys.argv[2:]))
        code = 0
    except ShowNotesError as error:
        sys.stderr.write(f"{error}\n")
        code = error.exit_code
    except BaseException:  # noqa: BLE001 - it must end, and leave nobody behind
        traceback.print_exc()
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            child.kill()
    sys.stdout.flush()
    # Threads of Prefect's would hold the process up for seconds, and nothing is left to do.
    os._exit(code)


if __name__ == "__main__":
    main()
