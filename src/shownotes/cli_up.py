"""`shownotes up`: everything that a producer's machine needs, with one command."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from shownotes.command_line import Root, settings_of, show_checks
from shownotes.errors import ShowNotesError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from rich.console import Console

    from shownotes.adapters.up_book import Note
    from shownotes.settings import Settings
    from shownotes.supervisor import Plan, Supervisor
    from shownotes.up_screen import Screen

# Seconds between two looks at the children, and at the working folder.
TEND_EVERY_S, LOOK_EVERY_S = 0.25, 1.5
# An episode whose model is not here waits for it, and nothing else does.
CAN_WAIT = ("Speech model",)


def up(
    no_desk: Annotated[bool, typer.Option("--no-desk", help="Without the editor's desk.")] = False,
    port: Annotated[
        int | None, typer.Option("--port", help="The desk's; [desk] port by default.")
    ] = None,
    prefect_port: Annotated[
        int | None,
        typer.Option("--prefect-port", help="Of Prefect's server; [prefect] port by default."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines instead of a screen; so without a terminal.")
    ] = False,
    root: Root = None,
) -> None:
    """Run everything: drop folder, schedules, Prefect and the desk, until Ctrl-C."""
    from shownotes.adapters.up_book import only_one
    from shownotes.screen import open_console
    from shownotes.supervisor import Supervisor, check_binding
    from shownotes.up_screen import LiveScreen, PlainScreen

    ports = {"desk.port": port, "prefect.port": prefect_port}
    settings = settings_of(root).with_values({k: v for k, v in ports.items() if v is not None})
    console = open_console()
    check_binding(settings)
    with only_one(settings.output_folder) as note, Stop() as stop:
        desk_port = None if no_desk else _desk_port(settings)
        api = _check(settings, console, stop)
        supervisor = Supervisor(_plan(settings, api, desk_port))
        is_live = console.is_terminal and not plain
        screen: Screen = (LiveScreen if is_live else PlainScreen)(console, supervisor)
        with screen:
            try:
                _run(supervisor, screen, stop, _noting(supervisor, note))
            finally:
                screen.say("Ending: what runs lets go of its episode, finished work is kept ...")
                supervisor.stop(hurry=lambda: stop.count > 1)
                screen.say("Everything has ended. `shownotes up` goes on from here.")


class Stop:
    """Counts the signals that ask to end; a second one means at once."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, object] = {}

    def __enter__(self) -> Stop:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # `nohup` means that the end of the terminal is not to be heard.
            if number is None or (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
                continue
            # Only the main thread may; whoever calls from another one ends us otherwise.
            with suppress(ValueError):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            if callable(handler) or isinstance(handler, int):
                signal.signal(number, handler)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1


def _check(settings: Settings, console: Console, stop: Stop) -> str | None:
    """Look at what `doctor` looks at; gives the address of a configured Prefect server.

    In a process of its own: it loads libraries that nothing needs afterwards.

    Raises:
        typer.Exit: something is in the way, or a person has asked to end.
    """
    from shownotes.doctor import Finding

    console.print("Looking whether this machine is ready ...")
    done = subprocess.run(
        [sys.executable, "-m", "shownotes.doctor", str(settings.root.resolve())],
        capture_output=True,
        text=True,
        cwd=settings.root,
        check=False,
    )
    if stop.count:
        raise typer.Exit
    try:
        told = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        said = done.stderr.strip().splitlines()
        raise ShowNotesError(
            f"The look at this machine failed: {said[-1] if said else 'it said nothing'}. "
            "`shownotes doctor` tells more."
        ) from None
    findings = [Finding(**finding) for finding in told["findings"]]
    show_checks(console, [finding for finding in findings if finding.state != "ok"])
    if any(f.state == "problem" and f.name not in CAN_WAIT for f in findings):
        raise typer.Exit(1)
    api: str | None = told["prefect_api"]
    return api


def _desk_port(settings: Settings) -> int:
    """Where the desk will listen.

    Raises:
        SettingsError: somebody else is there.
    """
    from shownotes.supervisor import free_port

    desk = settings.desk
    instead = (
        "If another desk is open there, close it; or take another port: "
        f"shownotes up --port {desk.port + 1}"
    )
    return free_port(desk.host, desk.port, whose="The desk", instead=instead)


def _plan(settings: Settings, api: str | None, desk_port: int | None) -> Plan:
    """Where everything will listen.

    Raises:
        SettingsError: the port of Prefect's server is taken.
    """
    from shownotes.supervisor import Plan, free_port

    prefect = settings.prefect
    port = prefect.port
    if api is None:
        instead = (
            f"If a Prefect server is there that is to be used: PREFECT_API_URL=http://127.0.0.1:"
            f"{port}/api; else take another port: shownotes up --prefect-port {port + 1}"
        )
        port = free_port(prefect.host, port, whose="Prefect's server", instead=instead)
    return Plan(settings=settings, api=api, prefect_port=port, desk_port=desk_port)


def _run(supervisor: Supervisor, screen: Screen, stop: Stop, note: Callable[[], None]) -> None:
    """Tend the children and show what is going on, until asked to end.

    Raises:
        FlowError: Prefect's server does not start.
    """
    from shownotes.up_view import Looker

    looker, look_at = Looker(supervisor.plan.settings), 0.0
    while not stop.count:
        supervisor.tend()
        note()
        if time.monotonic() >= look_at:
            screen.show(looker.look())
            look_at = time.monotonic() + LOOK_EVERY_S
        time.sleep(TEND_EVERY_S)


def _noting(supervisor: Supervisor, note: Note) -> Callable[[], None]:
    """Writes down where everything is, whenever that is another place than before."""
    written: list[tuple[str | None, str | None, str | None]] = []

    def write() -> None:
        is_up = supervisor.is_ready
        places = (
            supervisor.desk,
            supervisor.pages if is_up else None,
            supervisor.api if is_up else None,
        )
        if not written or written[-1] != places:
            note(*places)
            written[:] = [places]

    return write
