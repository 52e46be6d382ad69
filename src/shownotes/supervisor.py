"""What `shownotes up` keeps running: Prefect's server, the flows, the desk.

It does not import Prefect: what holds everything together should be small and hard to kill.
"""

import hashlib
import http.client
import os
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shownotes.adapters.kept_processes import Child, end_all, environment
from shownotes.adapters.run_log import FOLDER as LOGS
from shownotes.adapters.up_book import DESK_OPEN
from shownotes.errors import FlowError, SettingsError
from shownotes.settings import Settings

# All is over so many seconds after it was asked for; 30 were promised.
PATIENCE_S = 26.0
# A server that has never answered is started so often.
MOST_DEATHS = 3
HERE = ("127.0.0.1", "::1", "localhost")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # nosec B104
AUTH = "PREFECT_SERVER_API_AUTH_STRING"
# What an operator has set in the environment wins over these.
SERVER_DEFAULTS = {
    # In memory, a server that was killed would never free the places in a limit.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem"
    ),
    # For a place in a limit a run asks again after 30 s by default.
    "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
    # Runs of three months ago go as well as events.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    # What is late is put right by `watch_audio`; two who mark it get into each other's way.
    "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",
    # Looked for every 5 s by default, which is half of what an idle server costs.
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "30",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to run, and where.

    Attributes:
        api: of a Prefect server that is configured; `None` to start one.
        prefect_port: of the server that is started.
        desk_port: of the desk; `None` for none.
    """

    settings: Settings
    api: str | None = None
    prefect_port: int = 4200
    desk_port: int | None = None


@dataclass(slots=True)
class Supervisor:
    """Starts the children in their order, starts again what dies, ends them in their order.

    Attributes:
        desk: its address, when it is open.
        is_ready: the flows are being served.
        news: sentences for people, the last ones.
    """

    plan: Plan
    desk: str | None = None
    is_ready: bool = False
    news: deque[str] = field(default_factory=lambda: deque(maxlen=50))
    _children: dict[str, Child] = field(default_factory=dict)
    _is_server_up: bool = False
    _has_answered: bool = False
    _asking: threading.Thread | None = None
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        plan, settings = self.plan, self.plan.settings
        root = str(settings.root.resolve())
        if plan.api is None:
            command = [str(plan.prefect_port), settings.prefect.host]
            self._add("Prefect", "flows.server", command, server_environment(plan))
        flags = ["own"] if plan.api is None else []
        told = client_environment(plan)
        self._add("flows", "flows.serving", [root, *flags], told, hear=self._hear_flows)
        if plan.desk_port is not None:
            told = {**told, "PREFECT_CLIENT_MAX_RETRIES": "2"}
            words = [root, str(plan.desk_port)]
            self._add("desk", "shownotes.desk_process", words, told, hear=self._hear_desk)

    def _add(
        self,
        name: str,
        module: str,
        words: list[str],
        env: dict[str, str],
        hear: Callable[[str], None] = lambda _line: None,
    ) -> None:
        settings = self.plan.settings
        self._children[name] = Child(
            name=name,
            command=[sys.executable, "-m", module, *words],
            env=env,
            folder=settings.root.resolve(),
            log=settings.output_folder / LOGS / f"up-{name.lower()}.log",
            most_bytes=int(settings.logs.most_mb * 1e6),
            hear=hear,
        )

    @property
    def api(self) -> str:
        """Prefect's address, for programs."""
        return self.plan.api or own_api(self.plan)

    @property
    def pages(self) -> str:
        """Prefect's pages, for people."""
        return self.api.removesuffix("/").removesuffix("/api") + "/"

    @property
    def children(self) -> dict[str, int | None]:
        """The children by name, and their process ids."""
        return {name: child.pid for name, child in self._children.items()}

    def tend(self) -> None:
        """Start what is to run and does not; called again and again.

        Raises:
            FlowError: Prefect's server does not start.
        """
        for name, child in self._children.items():
            if name == "flows" and not child.is_running() and not self._can_serve():
                continue
            told = child.tend()
            if told is not None:
                self.news.append(told)
                if name == "flows":
                    self.is_ready = False
                if name == "Prefect":
                    self._is_server_up = False

    def _can_serve(self) -> bool:
        """Whether Prefect's server has answered since it was started, or flows run already."""
        if self.plan.api is not None or self._is_server_up:
            return True
        if self._asking is None or not self._asking.is_alive():
            self._asking = threading.Thread(target=self._ask_server, daemon=True)
            self._asking.start()
        if not self._has_answered:
            self._check_start(self._children["Prefect"])
        return False

    def _check_start(self, server: Child) -> None:
        """Give up when the server takes too long or ends again and again."""
        limit_s = self.plan.settings.prefect.server_start_timeout_s
        if server.deaths >= MOST_DEATHS:
            what = "ends as soon as it is started"
        elif time.monotonic() - self._began > limit_s:
            what = f"was not ready after {limit_s:.0f} s (prefect.server_start_timeout_s)"
        else:
            return
        said = f" It said last: {server.last[-1]}" if server.last else ""
        raise FlowError(
            f"Prefect's server {what}.{said} Its log is {server.log}; `shownotes doctor` looks for "
            "the cause."
        )

    def _ask_server(self) -> None:
        if answers(self.plan.settings.prefect.host, self.plan.prefect_port):
            self._is_server_up = self._has_answered = True
            return
        time.sleep(0.2)

    def _hear_flows(self, line: str) -> None:
        if line.startswith("Serving, "):
            self.is_ready = True

    def _hear_desk(self, line: str) -> None:
        if line.startswith(DESK_OPEN):
            self.desk = line.removeprefix(DESK_OPEN)

    def stop(self, *, hurry: Callable[[], bool]) -> None:
        """End everything: first what works, the server last."""
        groups = [[c for n, c in self._children.items() if n != "Prefect"]]
        groups += [[c for n, c in self._children.items() if n == "Prefect"]]
        end_all(groups, patience_s=PATIENCE_S, hurry=hurry)


def own_api(plan: Plan) -> str:
    """Where the server that is started answers on this machine."""
    host = plan.settings.prefect.host
    host = _EVERYWHERE.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{plan.prefect_port}/api"


def server_environment(plan: Plan) -> dict[str, str]:
    """Of the server that is started; what an operator has set wins, but for the address."""
    defaults = {k: v for k, v in SERVER_DEFAULTS.items() if k not in os.environ}
    return environment(
        **defaults,
        **_home(plan.settings),
        **_for_logs(),
        PREFECT_API_URL=None,
        PREFECT_SERVER_API_HOST=plan.settings.prefect.host,
        PREFECT_SERVER_API_PORT=str(plan.prefect_port),
        PREFECT_SERVER_UI_API_URL=os.environ.get("PREFECT_SERVER_UI_API_URL", own_api(plan)),
    )


def client_environment(plan: Plan) -> dict[str, str]:
    """Of what talks to the server."""
    told: dict[str, str | None] = {"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"}
    if plan.api is None:
        told |= {**_home(plan.settings), "PREFECT_API_URL": own_api(plan)}
        told["PREFECT_API_AUTH_STRING"] = os.environ.get(
            "PREFECT_API_AUTH_STRING", os.environ.get(AUTH)
        )
    return environment(**told, **_for_logs())


def _for_logs() -> dict[str, str]:
    return {"PYTHONUNBUFFERED": "1", "PREFECT_LOGGING_COLORS": "false"}


def _home(settings: Settings) -> dict[str, str]:
    """A database for each working folder, beside Prefect's own unless the operator says where.

    Never in the working folder, which may lie on a network or be copied to a cloud all the time;
    SQLite bears neither.
    """
    if "PREFECT_HOME" in os.environ:
        return {}
    home = Path.home() / ".prefect"
    root = settings.root.resolve()
    name = f"{root.name or 'root'}-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"
    profiles = os.environ.get("PREFECT_PROFILES_PATH", str(home / "profiles.toml"))
    return {"PREFECT_HOME": str(home / "shownotes" / name), "PREFECT_PROFILES_PATH": profiles}


def answers(host: str, port: int) -> bool:
    """Whether a Prefect server is healthy there."""
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=3)
    try:
        connection.request("GET", "/api/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def check_binding(settings: Settings) -> None:
    """Keep Prefect's server to this machine unless it asks for a password.

    Raises:
        SettingsError: it would stand open.
    """
    host = settings.prefect.host
    if host not in HERE and not os.environ.get(AUTH):
        raise SettingsError(
            f"[prefect] host = {host!r} lets others reach Prefect's server, who could run anything "
            f"on this machine. Set {AUTH}=name:password in the environment first, or leave the "
            "host at 127.0.0.1."
        )


def free_port(host: str, port: int, *, whose: str, instead: str) -> int:
    """The port, when it can be listened on; any free one for 0.

    Args:
        host: the address.
        port: the number.
        whose: for the message.
        instead: what to do when it is taken.

    Raises:
        SettingsError: it is taken, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = error.strerror or error
            raise SettingsError(
                f"{whose} cannot listen on {host}, port {port}: {why}. {instead}"
            ) from error
        return int(probe.getsockname()[1])
