"""Reaching a Prefect server: the one that is configured, else one of our own for this run.

Why not Prefect's temporary server: it writes its tracebacks into the producer's terminal, takes
the terminal's Ctrl-C before the run it serves, and outlives a run that is killed. Ours runs the
same application over the same database (`PREFECT_HOME`), so that a `prefect server start` later
on shows its runs too; it ends when its standard input does, which the kernel sees to.

`python -m flows.server PORT` is that server. With an address after the port it is one that lasts,
for `shownotes up`: with its scheduler and its pages.
"""

import importlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager, suppress
from queue import Empty
from typing import IO, Any

import httpx
from prefect.client.orchestration import get_client
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import get_current_settings, temporary_settings

from shownotes.adapters.lifeline import end_with_parent
from shownotes.adapters.up_book import running_up
from shownotes.errors import FlowError
from shownotes.settings import Settings
from shownotes.steps.step import Progress

POLL_S = 0.1
# A server that is asked to end needs about 0.2 s; open connections have this long, and then it is
# killed.
GRACE_S = 2
STOP_TIMEOUT_S = 5.0
DRAIN_TIMEOUT_S = 10.0
# Prefect waits 2, 4, 8, ... s before it asks a server again that has gone; its 5 are a minute.
REQUEST_RETRIES = 2
INSTEAD = "or use --no-prefect."


@contextmanager
def reach_server(settings: Settings, *, progress: Progress) -> Iterator[None]:
    """Have a Prefect server for the length of the block, and a console without its logs.

    The one that is configured; else the one of the `shownotes up` that runs in this working
    folder, over whose database no second one should be; else one of our own.

    Raises:
        FlowError: the configured server does not answer, or ours does not start.
    """
    with ExitStack() as stack:
        stack.enter_context(quiet_console())
        url = get_current_settings().api.url or _server_of_up(settings)
        if not url:
            progress.say("Starting Prefect for this run ...")
            timeout_s = settings.prefect.server_start_timeout_s
            url = stack.enter_context(run_server(timeout_s=timeout_s))
        # Heartbeats tell a worker that its run is alive. There is no worker here, and the thread
        # that sends them holds up the end of every flow by a second.
        updates = {
            "api.url": url,
            "flows.heartbeat_frequency": None,
            "client.max_retries": REQUEST_RETRIES,
        }
        stack.enter_context(temporary_settings(updates=updates))
        _check_server(url)
        stack.callback(_send_what_is_left)
        yield


def _server_of_up(settings: Settings) -> str | None:
    up = running_up(settings.output_folder)
    return up.api if up is not None and up.host == socket.gethostname() else None


def _send_what_is_left() -> None:
    """Send the logs and events still queued, or let them go when nobody takes them.

    Prefect would try each of them for 7 s at the end of the process, when its server has gone.
    """
    for service in (APILogWorker, EventsWorker):
        workers: list[Any] = list(service._instances.values())  # type: ignore[misc]
        left = _drain(service)
        if left:
            for worker in workers:
                with suppress(Empty):
                    while True:
                        worker._queue.get_nowait()
                worker._queue.put_nowait(None)
            wait(left, timeout=DRAIN_TIMEOUT_S)


def _drain(service: type[APILogWorker | EventsWorker]) -> set[Future[bool]]:
    drained = service.drain_all(timeout=DRAIN_TIMEOUT_S, at_exit=False)
    return drained[1] if isinstance(drained, tuple) else set()


def find_server() -> str | None:
    """The address of the configured server; `None` when each run starts one of its own.

    Raises:
        FlowError: the configured server does not answer, or none of our own could start.
    """
    url = get_current_settings().api.url
    if url:
        _check_server(url)
        return url
    _check_allowed()
    try:
        importlib.import_module("prefect.server.api.server")
    except Exception as error:
        raise FlowError(
            f"Prefect's own server cannot be imported ({error}). Its packages are not those of "
            "requirements.lock: install them again, or use --no-prefect."
        ) from error
    return None


def _check_server(url: str) -> None:
    """Ask the server for its health and version before a flow depends on it."""
    try:
        with get_client(sync_client=True) as client:
            client.raise_for_api_version_mismatch()
    except (RuntimeError, httpx.HTTPError) as error:
        raise FlowError(
            f"The Prefect server at {url} does not answer as one of this version ({error}). "
            f"Start it (`prefect server start`), correct or unset PREFECT_API_URL, {INSTEAD}"
        ) from error


@contextmanager
def run_server(*, timeout_s: float) -> Iterator[str]:
    """Run a server of our own; gives the address of its API.

    Raises:
        FlowError: it may not be started, ended early or was not ready after `timeout_s` seconds.
    """
    _check_allowed()
    port = _free_port()
    with tempfile.TemporaryFile() as log:
        process = _start(port, log)
        try:
            url = f"http://127.0.0.1:{port}/api"
            _wait_until_healthy(process, url, timeout_s=timeout_s, log=log)
            yield url
        finally:
            _stop(process)


def _check_allowed() -> None:
    if not get_current_settings().server.ephemeral.enabled:
        raise FlowError(
            "No Prefect server is configured, and PREFECT_SERVER_ALLOW_EPHEMERAL_MODE forbids one "
            f"for this run. Set PREFECT_API_URL to a running server, {INSTEAD}"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start(port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start `serve` in a process group of its own, where no Ctrl-C reaches it."""
    profile = get_current_settings().to_environment_variables(exclude_unset=True)
    own_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    return subprocess.Popen(
        [sys.executable, "-m", "flows.server", str(port)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env={**os.environ, **profile},
        creationflags=own_group,
        process_group=0,
    )


def _wait_until_healthy(
    process: subprocess.Popen[bytes], url: str, *, timeout_s: float, log: IO[bytes]
) -> None:
    deadline = time.monotonic() + timeout_s
    with httpx.Client(trust_env=False) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"{url}/health").is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(POLL_S)
    if process.poll() is None:
        what = f"was not ready after {timeout_s:.0f} s (prefect.server_start_timeout_s)"
    else:
        what = f"ended at once ({_last_line(log)})"
    raise FlowError(
        f"Prefect's server for this run {what}. `shownotes doctor` looks for the cause. "
        f"Run the same command again, {INSTEAD}"
    )


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def quiet_console() -> Iterator[None]:
    """Keep Prefect's logs off the terminal; they still reach the run in the server."""
    names = (None, "prefect._internal")
    handlers = [handler for name in names for handler in logging.getLogger(name).handlers]
    for handler in handlers:
        handler.addFilter(_is_for_console)
    # Prefect's log handler writes to stderr by itself when its server is gone, unless told so.
    said, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    finally:
        logging.raiseExceptions = said
        for handler in handlers:
            handler.removeFilter(_is_for_console)


def _is_for_console(record: logging.LogRecord) -> bool:
    """Nothing of Prefect's: what concerns a producer, the command line says itself."""
    return not record.name.startswith(("prefect", "APILogWorker", "EventsWorker"))


def serve(port: int, *, lasting_at: str | None = None) -> None:
    """Serve Prefect's API until standard input ends.

    Args:
        port: to listen on.
        lasting_at: the address to listen on for a server with scheduler and pages; without one it
            is the server of a run, on this machine alone.
    """
    import uvicorn
    from prefect.server.api.server import create_app

    app = create_app(ephemeral=lasting_at is None, final=True)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=lasting_at or "127.0.0.1",
            port=port,
            log_level="error",
            lifespan="on",
            timeout_graceful_shutdown=GRACE_S,
        )
    )

    def ask_to_end() -> None:
        server.should_exit = True

    end_with_parent(ask_to_end, patience_s=STOP_TIMEOUT_S)
    server.run()
    # Everything is written by now; taking this interpreter apart would cost the run 1.6 s more.
    os._exit(0 if server.started else 1)


if __name__ == "__main__":
    serve(int(sys.argv[1]), lasting_at=sys.argv[2] if len(sys.argv) > 2 else None)
