"""`shownotes up` as a producer has it: one real process and all that it starts.

One `up` serves most of these tests, in their order; the last ones end it and start others.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from benchmarks.backlog import DEMO, Piece, cut
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.adapters.up_book import Up, only_one, running_up
from shownotes.model import Episode, State, Transcript
from shownotes.pipeline import current_status
from shownotes.settings import Settings, load_settings
from shownotes.steps.admission import door
from shownotes.steps.drop_folder import ask_again
from tests.flows.prefect_server import START_TIMEOUT_S, answers, ask, environment, wait_for
from tests.flows.test_process_audio import VTT
from tests.web.small_desk import OURS

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(os.name != "posix", reason="signals and kills as POSIX has them"),
]
RIVER = DEMO / "2026-09-30-the-river-has-a-budget.mp3"
HEAT = DEMO / "2026-09-16-who-pays-for-the-heat-pump.mp3"
# A draft takes seconds; a machine that is busy with other things is waited for.
PATIENT_S = 150.0
CONFIG = f"""
[speech]
model = "demo"
window_s = 120
[drop]
rest_s = 1.0
looks = 3
look_every_s = 0.25
[prefect]
server_start_timeout_s = {START_TIMEOUT_S}
[schedules]
slots = 1
"""


@dataclass
class Running:
    """An `up` that runs."""

    process: subprocess.Popen[bytes]
    settings: Settings
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def place(self) -> Up:
        found = running_up(self.settings.output_folder)
        assert found is not None
        return found

    @property
    def api(self) -> str:
        # While the flows are started again nobody is told where the server is.
        self.wait_for(lambda: self.place.api, "Prefect does not come back")
        return str(self.place.api)

    @property
    def desk(self) -> str:
        return str(self.place.desk).rstrip("/")

    def child(self, *words: str) -> psutil.Process | None:
        """The child whose command line ends in these words."""
        for child in psutil.Process(self.process.pid).children():
            try:
                if all(word in child.cmdline() for word in words):
                    return child
            except psutil.Error:
                continue
        return None

    def family(self) -> list[psutil.Process]:
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def runs(self, stem: str) -> list[dict[str, Any]]:
        """The runs of a file, the first one first."""
        tagged = {"tags": {"all_": [f"episode:{stem}"]}}
        return ask(self.api, "flow_runs", flow_runs=tagged, sort="START_TIME_ASC")

    def ended(self, stem: str) -> dict[str, Any]:
        """The one run of a file, when it has come to its end."""
        self.wait_for(lambda: self.runs(stem)[0]["end_time"], f"{stem} does not end")
        (run,) = self.runs(stem)
        return run

    def get(self, path: str, **query: str) -> Any:
        return httpx.get(f"{self.api}/{path}", params=query, trust_env=False).json()

    def states(self, run: dict[str, Any]) -> list[str]:
        return [state["name"] for state in self.get("flow_run_states/", flow_run_id=run["id"])]

    def ask_for(self, name: str) -> str:
        """A run of a deployment, now."""
        found = self.get(f"deployments/name/{name}/{name}")["id"]
        url = f"{self.api}/deployments/{found}/create_flow_run"
        return str(httpx.post(url, json={}, trust_env=False).json()["id"])

    def engine_of(self, run: dict[str, Any]) -> psutil.Process:
        """The process that is this run."""
        flows = self.child("flows.serving")
        assert flows is not None
        ids = {child: child.environ().get("PREFECT__FLOW_RUN_ID") for child in flows.children()}
        return next(child for child, run_id in ids.items() if run_id == run["id"])

    def draft(self, stem: str) -> EpisodeFolder | None:
        """The episode of a file, when its draft is ready."""
        folder = episode_of(stem, self.settings)
        status = current_status(folder) if folder else None
        return folder if status and status.state is State.DRAFT else None

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        assert wait_for(condition, PATIENT_S), f"{what}\n{self.said[-3000:]}\n{self.logs()}"

    def logs(self) -> str:
        found = self.settings.output_folder.glob(".logs/up-*.log")
        return "\n".join(path.read_text(encoding="utf-8")[-3000:] for path in found)

    def gets_a_draft(self, stem: str) -> EpisodeFolder:
        self.wait_for(lambda: self.draft(stem), f"no draft of {stem}")
        folder = self.draft(stem)
        assert folder is not None
        return folder


def episode_of(stem: str, settings: Settings) -> EpisodeFolder | None:
    for folder in episode_folders(settings.output_folder):
        episode = folder.read("episode.json", Episode)
        source = episode.audio.path if episode.audio else episode.transcript_path or ""
        if Path(source).stem == stem:
            return folder
    return None


def start(settings: Settings, home: Path, *words: str, **more: str) -> Running:
    log = settings.root / "up.log"
    command = [sys.executable, "-m", "shownotes.cli", "up", "--plain", "--root", str(settings.root)]
    command += ["--port", "0", "--prefect-port", "0", *words]
    with log.open("ab") as told:
        # Nobody looks at Prefect's pages here, and they take a while to be laid out.
        env = environment(home, PREFECT_SERVER_UI_ENABLED="false", **more)
        process = subprocess.Popen(command, stdout=told, stderr=told, env=env)
    return Running(process, settings, log)


@contextmanager
def up(settings: Settings, home: Path, *words: str, **more: str) -> Iterator[Running]:
    running = start(settings, home, *words, **more)
    try:
        running.wait_for(lambda: _is_ready(running), "`up` does not come up")
        yield running
    finally:
        if running.process.poll() is None:
            for process in running.family():
                process.kill()
        running.process.wait()


def _is_ready(running: Running) -> bool:
    assert running.process.poll() is None, running.said
    found = running_up(running.settings.output_folder)
    return found is not None and found.api is not None


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("up")
    for name in ("audio", "output"):
        (root / name).mkdir()
    (root / "shownotes.toml").write_text(CONFIG, encoding="utf-8")
    return load_settings(root)


@pytest.fixture(scope="module")
def up_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up-home")


@pytest.fixture(scope="module")
def running(settings: Settings, up_home: Path) -> Iterator[Running]:
    with up(settings, up_home) as started:
        yield started


def transcript(sentence: str) -> str:
    """A transcript to be dropped: an episode that needs no engine."""
    return f"{VTT}\n00:00:23.000 --> 00:00:29.000\n{sentence}\n"


# --------------------------------------------------------------------------- files that arrive


def _copy_slowly(text: str, path: Path) -> None:
    """Write with pauses longer than a look, which together are longer than the rest."""
    with path.open("w", encoding="utf-8") as file:
        for first in range(0, len(text), 40):
            file.write(text[first : first + 40])
            file.flush()
            time.sleep(0.3)


def _drop_on_the_desk(url: str, path: Path) -> httpx.Response:
    with httpx.Client(base_url=url, trust_env=False, headers={**OURS, "Origin": url}) as editor:
        csrf = re.search(r'name="csrf" value="(\w+)"', editor.get("/name").text)
        assert csrf is not None
        editor.post("/name", data={"name": "Ann", "csrf": csrf[1], "next": "/"})
        return editor.put(f"/api/uploads/{path.name}", content=path.read_bytes(), timeout=60)


def test_however_a_file_arrives_it_becomes_a_draft_by_itself(
    running: Running, tmp_path: Path
) -> None:
    tray = running.settings.audio_folder
    part = tray / "renamed.vtt.part"
    part.write_text(transcript("It was renamed."), encoding="utf-8")
    part.rename(tray / "renamed.vtt")
    cut([Piece(RIVER, 0.0, 9.0)], tmp_path / "dropped.mp3")
    answer = _drop_on_the_desk(running.desk, tmp_path / "dropped.mp3")
    assert (answer.status_code, answer.json().get("error")) == (201, None)
    _copy_slowly(transcript("The last bus left at nine."), tray / "slow-copy.vtt")

    folders = {name: running.gets_a_draft(name) for name in ("renamed", "dropped", "slow-copy")}
    notes = (folders["renamed"].path / "notes.md").read_text(encoding="utf-8")
    assert "Tomas Okoye" in notes
    # Taken whole, and each once.
    said = folders["slow-copy"].read("transcript.json", Transcript).segments[-1].text
    assert said == "The last bus left at nine."
    runs = [running.ended(name) for name in folders]
    assert [(run["name"], run["tags"]) for run in runs] == [(n, [f"episode:{n}"]) for n in folders]
    for sentence in ("renamed.vtt: queued", "the draft is ready to be reviewed"):
        running.wait_for(lambda said=sentence: said in running.said, f"not told: {sentence}")

    # One after the other; and none waited as a limit of the server's would have it wait, for 30 s.
    inside = sorted((run["start_time"], run["end_time"]) for run in runs)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(inside))
    assert not any("AwaitingConcurrencySlot" in running.states(run) for run in runs)


@pytest.mark.long
def test_chores_do_not_wait_and_a_run_that_is_killed_is_begun_again(running: Running) -> None:
    with door(running.settings):
        path = running.settings.audio_folder / "held-up.vtt"
        path.write_text(transcript("It was held up."), encoding="utf-8")
        running.wait_for(
            lambda: [r for r in running.runs("held-up") if r["state_type"] == "RUNNING"],
            "the episode is not begun",
        )
        chore = running.ask_for("publish_approved")
        running.wait_for(
            lambda: running.get(f"flow_runs/{chore}")["state_type"] == "COMPLETED", "no chore"
        )
        (run,) = running.runs("held-up")
        assert run["state_type"] == "RUNNING"
        running.engine_of(run).kill()
        running.wait_for(
            lambda: running.get(f"flow_runs/{run['id']}")["state_type"] == "CRASHED",
            "the death is not noticed",
        )
    # By itself this takes two minutes, for whoever was slow to begin; a person may ask before.
    assert ask_again(running.settings, ["audio/held-up.vtt"]) == ["audio/held-up.vtt"]
    running.gets_a_draft("held-up")
    assert len(running.runs("held-up")) == 2


# --------------------------------------------------------------------------- a second one


def test_a_second_up_is_refused_and_told_where_the_first_is(running: Running) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "shownotes.cli", "up", "--root", str(running.settings.root)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(running.settings.root / "elsewhere"),
    )
    assert second.returncode == 7
    told = second.stderr.replace("\n", " ")
    assert running.desk in told
    assert running.api.removesuffix("/api") in told
    assert str(running.process.pid) in told


# --------------------------------------------------------------------------- deaths


def test_children_that_are_killed_are_started_again(running: Running) -> None:
    for name in ("shownotes.desk_process", "flows.serving", "flows.server"):
        child = running.child(name)
        assert child is not None
        began = child.children(recursive=True)
        child.kill()

        def is_new(name: str = name, old: int = child.pid) -> bool:
            fresh = running.child(name)
            return fresh is not None and fresh.pid != old

        running.wait_for(is_new, f"{name} is not started again")
        # What it had started ends with it.
        assert not psutil.wait_procs(began, timeout=PATIENT_S)[1]
    for who in ("desk", "flows", "Prefect"):
        running.wait_for(
            lambda who=who: f"{who} ended (code -9)" in running.said, f"{who}'s death is not told"
        )
    assert wait_for(lambda: answers(running.api), PATIENT_S)
    assert httpx.get(f"{running.desk}/name", trust_env=False).is_success


# --------------------------------------------------------------------------- the end


def _windows(settings: Settings) -> dict[str, int]:
    """The finished windows of the episode that is interrupted, and when they were written."""
    folder = episode_of("interrupted", settings)
    found = (folder.path / "work" / "windows").glob("*.json") if folder else ()
    return {path.name: path.stat().st_mtime_ns for path in found}


@pytest.mark.long
def test_ctrl_c_drains_and_the_next_up_goes_on(
    running: Running, settings: Settings, up_home: Path, tmp_path: Path
) -> None:
    # Long enough for two windows.
    cut([Piece(RIVER, 0.0, 300.0), Piece(HEAT, 0.0, 60.0)], tmp_path / "interrupted.mp3")
    shutil.copy(tmp_path / "interrupted.mp3", settings.audio_folder)
    running.wait_for(lambda: _windows(settings), "no window is finished")
    family, finished = running.family(), _windows(settings)
    running.process.send_signal(signal.SIGINT)
    # Promised are 30 s; nothing else ends it.
    assert running.process.wait(timeout=30) == 0
    assert not psutil.wait_procs(family, timeout=5)[1]
    assert "Everything has ended" in running.said
    assert running_up(settings.output_folder) is None
    assert running.draft("interrupted") is None

    with up(settings, up_home) as again:
        again.gets_a_draft("interrupted")
        assert set(_windows(settings)) == {"0000.json", "0001.json"}
        assert {n: t for n, t in _windows(settings).items() if n in finished} == finished
        # It is the same run that goes on.
        (run,) = again.runs("interrupted")
        assert "AwaitingRetry" in again.states(run)

        # And a killed one leaves nobody behind, nor anything in the way of the next.
        family = again.family()
        again.process.kill()
        again.process.wait()
        assert not psutil.wait_procs(family[1:], timeout=PATIENT_S)[1]
    with only_one(settings.output_folder):
        pass


def test_a_configured_server_is_used(tmp_path: Path, server: str) -> None:
    for name in ("audio", "output"):
        (tmp_path / name).mkdir()
    (tmp_path / "shownotes.toml").write_text(CONFIG, encoding="utf-8")
    settings = load_settings(tmp_path)
    home = tmp_path / "home"
    with up(settings, home, "--no-desk", PREFECT_API_URL=server) as running:
        told = json.loads((settings.output_folder / ".up.json").read_text())
        assert (told["api"], told["desk"]) == (server, None)
        assert running.child("flows.server") is None
        assert running.child("shownotes.desk_process") is None
        (watch,) = [d for d in ask(server, "deployments") if d["name"] == "watch_audio"]
        assert watch["parameters"]["root"] == str(tmp_path)
        assert running.process.poll() is None
