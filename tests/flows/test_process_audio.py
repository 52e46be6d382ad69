"""The flow against a real Prefect server, over the real steps; transcripts need no engine."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect import flow
from prefect.settings import temporary_settings

from flows.process_audio import RETRIES, call_as_task, process_audio, run_process_audio
from flows.server import run_server
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import Outcome, RunOptions
from shownotes.errors import (
    BrokenAudioError,
    EngineDiedError,
    FlowError,
    NotAudioError,
    ShowNotesError,
)
from shownotes.model import State
from shownotes.pipeline import STEP_NAMES
from shownotes.settings import Settings, load_settings
from shownotes.steps import drop_folder, prepare
from shownotes.steps.checklist import list_checks
from shownotes.steps.step import Part, Silent, Step, Walk
from tests.flows.prefect_server import (
    START_TIMEOUT_S,
    answers,
    ask,
    environment,
    free_port,
    newest_run,
    task_runs,
    wait_for,
)

pytestmark = [
    pytest.mark.server,
    # Prefect's websocket clients are closed by its own threads, after the test that opened them.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:prefect"),
]

CHECKOUT = Path(__file__).parents[2]
VTT = """WEBVTT

00:00:00.000 --> 00:00:06.000
I'm Ingrid Solberg, and this is Slow Rails, the podcast about public transport.

00:00:07.000 --> 00:00:14.000
My guest is Tomas Okoye, director of planning at the Velmora Railway Institute.

00:00:15.000 --> 00:00:22.000
It closed nine bridges in March, and every detour costs us twenty minutes.
"""


@pytest.fixture
def settings(workspace: Path) -> Settings:
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    patient = f"[prefect]\nserver_start_timeout_s = {START_TIMEOUT_S}\n"
    (workspace / "shownotes.toml").write_text(patient, encoding="utf-8")
    return load_settings(workspace)


def run(settings: Settings, url: str, *, forced: frozenset[str] = frozenset()) -> list[Outcome]:
    with temporary_settings(updates={"api.url": url}):
        return run_process_audio(
            prepare.find_audio(settings),
            settings,
            options=RunOptions(forced=forced),
            progress=Silent(),
        )


def test_every_step_is_a_task_and_the_notes_are_on_the_run(settings: Settings, server: str) -> None:
    outcome = run(settings, server)[0]
    assert outcome.error is None
    assert outcome.folder is not None
    assert outcome.status is not None
    assert outcome.status.state is State.DRAFT

    flow_run = newest_run(server)
    assert flow_run["name"] == "late-trains"
    assert flow_run["state_type"] == "COMPLETED"
    assert flow_run["parameters"]["root"] == str(settings.root)
    tasks = task_runs(server, flow_run, ended=len(STEP_NAMES))
    assert set(tasks) == {f"{step} · {outcome.folder.name}" for step in STEP_NAMES}
    assert {task["state_type"] for task in tasks.values()} == {"COMPLETED"}

    artifacts = ask(server, "artifacts", flow_runs={"id": {"any_": [flow_run["id"]]}})
    written = {a["key"]: a for a in artifacts if a["type"] == "markdown"}
    assert set(written) == {"notes-late-trains", "checks-late-trains"}
    notes, checks = written["notes-late-trains"], written["checks-late-trains"]
    assert checks["data"] == list_checks(outcome.folder)
    assert checks["data"].startswith("* ")
    assert notes["data"] == (outcome.folder.path / "notes.md").read_text(encoding="utf-8")
    assert "Tomas Okoye" in notes["data"]


def test_a_failed_episode_stops_no_other_and_fails_the_run(settings: Settings, server: str) -> None:
    (settings.root / "audio" / "a-broken.mp3").write_bytes(b"no audio at all " * 100)
    broken, good = run(settings, server)
    assert type(broken.error) is NotAudioError
    assert good.error is None
    assert good.status is not None

    flow_run = newest_run(server)
    assert flow_run["name"] == "a-broken and 1 more"
    assert flow_run["state_type"] == "FAILED"
    assert "a-broken.mp3" in flow_run["state"]["message"]
    assert flow_run["state"]["message"].startswith("1 of 2 failed")


def test_a_run_that_waited_leaves_alone_what_was_cancelled_meanwhile(
    settings: Settings, server: str
) -> None:
    (path,) = prepare.find_audio(settings)
    name = path.relative_to(settings.root).as_posix()
    drop_folder.set_aside(settings, [name], reason="Cancelled by Ann.")
    with temporary_settings(updates={"api.url": server}):
        state = process_audio(paths=[name], root=str(settings.root), return_state=True)
        assert (state.name, state.message) == ("Cancelled", f"{path.name}: Cancelled by Ann.")
        assert prepare.known(path, settings) is None
        drop_folder.ask_again(settings, [name])
        state = process_audio(paths=[name], root=str(settings.root), return_state=True)
    assert state.is_completed()
    assert prepare.known(path, settings) is not None


def test_forced_steps_run_again(settings: Settings, server: str) -> None:
    run(settings, server)
    run(settings, server, forced=frozenset({"compose"}))
    tasks = task_runs(server, newest_run(server), ended=1)
    assert {name.split(" · ")[0] for name in tasks} <= {"compose", "render"}
    assert any(name.startswith("compose") for name in tasks)


def test_a_deployed_run_takes_the_in_tray_of_its_root(settings: Settings, server: str) -> None:
    with temporary_settings(updates={"api.url": server}):
        state = process_audio(root=str(settings.root), return_state=True)
    assert state.is_completed()
    assert newest_run(server)["name"] == "everything in the in-tray"
    assert list(settings.output_folder.glob("*/notes.md"))


def test_the_deployment_is_deployed_and_run_by_a_worker(
    settings: Settings, server: str, home: Path
) -> None:
    def prefect(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=CHECKOUT,
            env=environment(home, PREFECT_API_URL=server),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    prefect("work-pool", "create", "shownotes", "--type", "process")
    prefect("deploy", "--all")
    assert "process_audio/process_audio" in prefect("deployment", "ls")
    prefect("deployment", "run", "process_audio/process_audio", "--param", f"root={settings.root}")
    # What is on a schedule has a queue of its own.
    prefect("worker", "start", "--pool", "shownotes", "--work-queue", "episodes", "--run-once")
    ours = {"flows": {"name": {"any_": ["process_audio"]}}}
    assert wait_for(lambda: newest_run(server, **ours)["state_type"] == "COMPLETED", 120)
    assert list(settings.output_folder.glob("*/notes.md"))


class Attempts:
    """A step that fails as it is told, beside the real ones above."""

    def __init__(self, *errors: ShowNotesError) -> None:
        self.errors = list(errors)
        self.count = 0
        self.step = Step(name="attempt", box="attempt.json", version=1, run=self.run)

    def run(self, _walk: Walk) -> None:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)


def attempt(attempts: Attempts, settings: Settings, server: str) -> dict[str, Any]:
    walk = Walk(folder=EpisodeFolder(settings.output_folder / "episode"), settings=settings)
    caught: list[ShowNotesError] = []

    @flow(name="attempts")
    def walk_once() -> None:
        try:
            call_as_task(attempts.step, walk, None)
        except ShowNotesError as error:
            caught.append(error)

    with temporary_settings(updates={"api.url": server}):
        walk_once()
    (task_run,) = task_runs(server, newest_run(server), ended=1).values()
    return {**task_run, "caught": caught}


def test_a_retryable_error_is_tried_again(settings: Settings, server: str) -> None:
    attempts = Attempts(EngineDiedError("The engine died."))
    task_run = attempt(attempts, settings, server)
    assert attempts.count == 2
    assert task_run["run_count"] == 2
    assert task_run["state_type"] == "COMPLETED"
    assert task_run["caught"] == []
    assert RETRIES >= 1


def test_another_error_is_not_tried_again_and_comes_through_unchanged(
    settings: Settings, server: str
) -> None:
    error = BrokenAudioError("Nothing could be decoded.")
    attempts = Attempts(error)
    task_run = attempt(attempts, settings, server)
    assert attempts.count == 1
    assert task_run["state_type"] == "FAILED"
    assert task_run["caught"] == [error]


def test_a_part_is_a_task_named_after_it(settings: Settings, server: str) -> None:
    heard: list[int] = []
    step = Step(
        name="transcribe",
        box="x.json",
        version=1,
        run=lambda walk: None,
        run_part=lambda walk, part: heard.append(part.index),
    )
    walk = Walk(folder=EpisodeFolder(settings.output_folder / "episode"), settings=settings)

    @flow(name="parts")
    def walk_parts() -> None:
        call_as_task(step, walk, Part(name="window 3 of 4", index=2))

    with temporary_settings(updates={"api.url": server}):
        walk_parts()
    tasks = task_runs(server, newest_run(server), ended=1)
    assert set(tasks) == {"transcribe window 3 of 4 · episode"}
    assert heard == [2]


def test_a_fault_in_the_program_is_not_taken_for_an_episode_s(
    settings: Settings, server: str
) -> None:
    class Faulty(Silent):
        def begin(self, step: str, total_s: float) -> None:
            raise ZeroDivisionError("a fault in the program")

    with (
        temporary_settings(updates={"api.url": server}),
        pytest.raises(ZeroDivisionError, match="a fault in the program"),
    ):
        run_process_audio(
            prepare.find_audio(settings), settings, options=RunOptions(), progress=Faulty()
        )
    assert newest_run(server)["state_type"] == "FAILED"


def test_no_episode_is_lost_when_the_server_goes(
    settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every question to a server that has gone would be asked anew for 6 s.
    monkeypatch.setattr("flows.server.REQUEST_RETRIES", 0)

    class Killer(Silent):
        """Ends the run's server process in the middle of the first episode."""

        def begin(self, step: str, total_s: float) -> None:
            if step == "divide":
                for child in psutil.Process().children():
                    with suppress(psutil.ZombieProcess):
                        if "flows.server" in child.cmdline():
                            child.kill()

    (settings.root / "audio" / "more.vtt").write_text(VTT, encoding="utf-8")
    with temporary_settings(updates={"home": home, "server.ephemeral.enabled": True}):
        outcomes = run_process_audio(
            prepare.find_audio(settings), settings, options=RunOptions(), progress=Killer()
        )
    assert [outcome.status and outcome.status.state for outcome in outcomes] == [State.DRAFT] * 2


@contextmanager
def command(root: Path, home: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "shownotes.cli", "process", "--root", str(root)],
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_without_a_server_one_is_started_for_the_run(settings: Settings, tmp_path: Path) -> None:
    (settings.root / "audio" / "a-broken.mp3").write_bytes(b"no audio at all " * 100)
    with command(settings.root, tmp_path / "cold") as process:
        said, _ = process.communicate(timeout=START_TIMEOUT_S)
    assert process.returncode == 1
    assert "Starting Prefect" in said
    assert "a-broken.mp3" in said
    assert "Tomas Okoye" in said
    # Prefect's own log lines and tracebacks stay with the run in the server.
    for noise in ("Traceback", "prefect.", "Flow run", "Task run", "| ERROR", "| INFO"):
        assert noise not in said
    # What the run left in the database is there for a server started later.
    assert (tmp_path / "cold" / "prefect.db").exists()


def test_a_dead_server_is_named_and_nothing_is_begun(settings: Settings, home: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/api"
    with command(settings.root, home, PREFECT_API_URL=url) as process:
        said, _ = process.communicate(timeout=START_TIMEOUT_S)
    assert process.returncode == FlowError.exit_code
    assert url in said
    assert "--no-prefect" in said.replace("\n", " ")
    assert "Traceback" not in said
    assert not list(settings.output_folder.iterdir())


def test_no_server_is_started_where_that_is_forbidden(settings: Settings) -> None:
    forbidden = {"api.url": None, "server.ephemeral.enabled": False}
    with (
        temporary_settings(updates=forbidden),
        pytest.raises(FlowError, match="--no-prefect"),
        run_server(timeout_s=1),
    ):
        pass


def test_a_server_that_is_too_slow_is_an_error_of_ours(home: Path) -> None:
    allowed = {"home": home, "server.ephemeral.enabled": True}
    with (
        temporary_settings(updates=allowed),
        pytest.raises(FlowError, match="server_start_timeout_s"),
        run_server(timeout_s=0.3),
    ):
        pass


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
def test_our_server_ends_with_a_run_that_is_killed(home: Path) -> None:
    script = (
        "import time\nfrom flows.server import run_server\n"
        f"with run_server(timeout_s={START_TIMEOUT_S}) as url:\n"
        "    print(url, flush=True)\n    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], env=environment(home), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert answers(url)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert wait_for(lambda: not answers(url), 60)


def test_nothing_is_told_to_anybody_unless_an_operator_says_so() -> None:
    script = (
        "import flows, os\nfrom prefect.settings import get_current_settings as get\n"
        "print(os.environ['DO_NOT_TRACK'], get().server.analytics_enabled,"
        " get().telemetry.enable_resource_metrics)"
    )
    quiet = {
        k: v for k, v in os.environ.items() if not k.startswith("PREFECT_") and k != "DO_NOT_TRACK"
    }
    told = {**quiet, "PREFECT_SERVER_ANALYTICS_ENABLED": "true"}
    for env, expected in ((quiet, "1 False False"), (told, "1 True False")):
        done = subprocess.run(
            [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == expected
