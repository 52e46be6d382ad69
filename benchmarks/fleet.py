"""PostgreSQL, a Prefect server over it and worker machines, as processes of this machine.

Nothing here is of the program: it is what an operator of several machines runs. Every machine is a
worker process with a home and a Prefect home of its own, pinned to cores of its own; what they
share is the working folder and the server's address.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

CHECKOUT = Path(__file__).parents[1]
POOL = "shownotes"
EPISODES, CHORES = "episodes", "chores"
DEPLOYMENT = "process_audio/process_audio"
# Whoever talks to the server has to give it.
PASSWORD = f"shownotes:{secrets.token_hex(16)}"
START_S = 400.0
STOP_S = 60.0
# Where Debian and its kin keep what belongs to one version of PostgreSQL.
POSTGRES_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin")
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_properly_when_asked() -> None:
    """Make SIGTERM what Ctrl-C is: whatever was started ends too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def wait_for(
    condition: Callable[[], object], what: str, *, timeout_s: float, every_s: float = 0.1
) -> None:
    """Wait until something holds; end the program when it never does."""
    ends = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > ends:
            sys.exit(f"Waited {timeout_s:.0f} s in vain: {what}.")
        time.sleep(every_s)


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> Iterator[psutil.Popen]:
    """A process and what it starts, from the start to the end of a block."""
    log.parent.mkdir(parents=True, exist_ok=True)
    as_user: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    with log.open("ab") as told:
        process = psutil.Popen(
            command,
            # What ends with its parent does so when this closes.
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=told,
            env=env,
            cwd="/" if user else CHECKOUT,
            **as_user,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: psutil.Popen) -> None:
    """Ask a process to end; kill it and all it started when it does not."""
    try:
        started = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return
    process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs([process, *started], timeout=STOP_S)
    for each in alive:
        each.kill()


def kill_all(process: psutil.Popen) -> None:
    """`kill -9` of a process and all it started: its machine lost power."""
    family = [process, *process.children(recursive=True)]
    for each in family:
        each.kill()
    psutil.wait_procs(family, timeout=STOP_S)


# --------------------------------------------------------------------------- PostgreSQL


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs, the newest where there are several."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    places = [p for place in POSTGRES_PLACES for p in Path("/").glob(place.lstrip("/"))]
    return next((p for p in sorted(places, reverse=True) if (p / "initdb").exists()), None)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A cluster of its own in a folder; gives Prefect's address of its database.

    PostgreSQL refuses to run as root: then it runs as the user `postgres`.
    """
    programs = find_postgres()
    if programs is None:
        sys.exit("No PostgreSQL here (initdb): apt-get install postgresql")
    user = "postgres" if os.geteuid() == 0 else None
    folder.mkdir(parents=True)
    if user:
        shutil.chown(folder, user, user)
    data, port = folder / "data", free_port()
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "shownotes", "-A", "trust", "-E", "UTF8"],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        sys.exit(f"initdb failed:\n{made.stderr}")
    options = ["-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1"]
    log = folder.with_suffix(".log")
    create = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "shownotes"]
    with running([str(programs / "postgres"), *options], log, user=user) as process:

        def is_made() -> bool:
            if process.poll() is not None:
                sys.exit(f"PostgreSQL has ended:\n{log.read_text(encoding='utf-8')}")
            done = subprocess.run([*create, "prefect"], capture_output=True, check=False)
            return done.returncode == 0

        wait_for(is_made, f"PostgreSQL ({log})", timeout_s=STOP_S)
        yield f"postgresql+asyncpg://shownotes@127.0.0.1:{port}/prefect"


# --------------------------------------------------------------------------- Prefect


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a machine's processes are started with: a home and a Prefect home of its own."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "SHOWNOTES_"))}
    return {
        **kept,
        "HOME": str(home),
        "PREFECT_HOME": str(home / ".prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_API_AUTH_STRING": PASSWORD,
        "PREFECT_API_AUTH_STRING": PASSWORD,
        "DO_NOT_TRACK": "1",
        "NO_PROXY": "127.0.0.1",
        "HF_HUB_OFFLINE": "1",
        **more,
    }


@dataclass(frozen=True, slots=True)
class Server:
    """A running Prefect server, asked over its API."""

    url: str
    home: Path

    def ask(self, path: str, **body: object) -> Any:
        """POST."""
        return self._send("POST", path, body)

    def get(self, path: str) -> Any:
        """GET."""
        return self._send("GET", path, None)

    def _send(self, method: str, path: str, body: object) -> Any:
        name, _, password = PASSWORD.partition(":")
        with httpx.Client(auth=(name, password), trust_env=False, timeout=60) as client:
            for wait_s in (0.5, 1.0, 2.0, 4.0, 8.0, 0.0):
                answer = client.request(method, f"{self.url}/{path}", json=body)
                # SQLite is locked, says Prefect; its own client tries again as well.
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    break
                time.sleep(wait_s)
            answer.raise_for_status()
        return answer.json() if answer.content else None

    def deploy(self, root: Path) -> None:
        """Make the pool and the deployments for a working folder, as prefect.yaml says."""
        self.prefect(root, "work-pool", "create", POOL, "--type", "process", "--overwrite")
        self.prefect(root, "deploy", "--all", "--prefect-file", str(CHECKOUT / "prefect.yaml"))

    def prefect(self, folder: Path, *arguments: str) -> str:
        """A command of Prefect's in a folder; ends the program when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=folder,
            env=environment(self.home, PREFECT_API_URL=self.url),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"prefect {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def submit(self, deployment: str, **parameters: object) -> str:
        """Ask for a run of `flow/deployment`; its id."""
        deployment_id = self.get(f"deployments/name/{deployment}")["id"]
        run = self.ask(f"deployments/{deployment_id}/create_flow_run", parameters=parameters)
        return str(run["id"])

    def runs(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Flow runs by their ids."""
        found: list[dict[str, Any]] = []
        for first in range(0, len(ids), 200):
            some = {"id": {"any_": list(ids[first : first + 200])}}
            found += self.ask("flow_runs/filter", flow_runs=some, limit=200)
        return found

    def task_runs(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """All task runs of some flow runs."""
        found: list[dict[str, Any]] = []
        while True:
            some = {"id": {"any_": list(ids)}}
            page = self.ask("task_runs/filter", flow_runs=some, limit=200, offset=len(found))
            found += page
            if len(page) < 200:
                return found


@contextmanager
def prefect_server(folder: Path, *, database: str | None = None) -> Iterator[Server]:
    """A Prefect server as an operator starts one; SQLite in its home unless told otherwise."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    more = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database} if database else {}
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
    home = folder / "server"
    with running(command, folder / "server.log", env=environment(home, **more)):
        wait_for(lambda: answers(url), f"Prefect ({folder}/server.log)", timeout_s=START_S)
        yield Server(url, home)


def answers(url: str) -> bool:
    """Whether a server is healthy."""
    try:
        return httpx.get(f"{url}/health", trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def machine(
    server: Server, folder: Path, name: str, *, core: int, queue: str = EPISODES
) -> Iterator[psutil.Popen]:
    """A worker machine on one core: takes one episode at a time, or all chores."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--name", name]
    command += ["--work-queue", queue, *(["--limit", "1"] if queue == EPISODES else [])]
    command = ["taskset", "-c", str(core), *command]
    env = environment(
        folder / name,
        PREFECT_API_URL=server.url,
        # How often a worker that has room asks for work; Prefect's own 10 s are idle time.
        PREFECT_WORKER_QUERY_SECONDS="2",
    )
    with running(command, folder / f"{name}.log", env=env) as process:
        wait_for(
            lambda: name in _online(server),
            f"worker {name} ({folder}/{name}.log)",
            timeout_s=START_S,
        )
        yield process


def _online(server: Server) -> set[str]:
    found = server.ask(f"work_pools/{POOL}/workers/filter")
    return {worker["name"] for worker in found if worker["status"] == "ONLINE"}
