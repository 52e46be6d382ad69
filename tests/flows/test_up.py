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

    def states(self, run: dict[str, Any]) -> list[str]:
        url = f"{self.api}/flow_run_states/"
        found = httpx.get(url, params={"flow_run_id": run["id"]}, trust_env=False)
        return [state["name"] for state in found.json()]

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
        process = subprocess.Popen(command, stdout=told, stderr=told, env=environment(home, **more))
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
    copied, part = tmp_path / "copied.vtt", tray / "renamed.vtt.part"
    copied.write_text(transcript("Nobody counted the buses."), encoding="utf-8")
    shutil.copy(copied, tray)
    part.write_text(transcript("It was renamed."), encoding="utf-8")
    part.rename(tray / "renamed.vtt")
    cut([Piece(RIVER, 0.0, 9.0)], tmp_path / "dropped.mp3")
    answer = _drop_on_the_desk(running.desk, tmp_path / "dropped.mp3")
    assert (answer.status_code, answer.json().get("error")) == (201, None)
    _copy_slowly(transcript("The last bus left at nine."), tray / "slow-copy.vtt")

    folders = {n: running.gets_a_draft(n) for n in ("copied", "renamed", "dropped", "slow-copy")}
    notes = (folders["copied"].path / "notes.md").read_text(encoding="utf-8")
    assert "Tomas Okoye" in notes
    # Taken whole, and once.
    said = folders["slow-copy"].read("transcript.json", Transcript).segments[-1].text
    assert said == "The last bus left at nine."
    for name in folders:
        (run,) = running.runs(name)
        assert (run["name"], run["tags"]) == (name, [f"episode:{name}"])
    for sentence in ("copied.vtt: queued", "the draft is ready to be reviewed"):
        running.wait_for(lambda said=sentence: said in running.said, f"not told: {sentence}")


# --------------------------------------------------------------------------- one after the other


def test_two_files_at_once_wait_for_each_other_without_the_server_s_pause(
    running: Running,
) -> None:
    for name in ("first", "second"):
        text = transcript(f"This is the {name} one.")
        (running.settings.audio_folder / f"{name}.vtt").write_text(text, encoding="utf-8")
    for name in ("first", "second"):
        running.gets_a_draft(name)
    (one,), (two,) = running.runs("first"), running.runs("second")
    running.wait_for(lambda: running.runs("second")[0]["end_time"], "the second does not end")
    earlier, later = sorted((one, two), key=lambda run: str(run["start_time"]))
    ended = running.runs(earlier["name"])[0]["end_time"]
    assert ended is not None
    assert ended <= later["start_time"]
    # A deployment's own limit would have made the later one wait for 30 s in this state.
    assert "AwaitingConcurrencySlot" not in running.states(later)


def test_chores_do_not_wait_for_an_episode(running: Running) -> None:
    with door(running.settings):
        path = running.settings.audio_folder / "held-up.vtt"
        path.write_text(transcript("It was held up."), encoding="utf-8")
        running.wait_for(
            lambda: [r for r in running.runs("held-up") if r["state_type"] == "RUNNING"],
            "the episode is not begun",
        )
        made = httpx.post(
            f"{running.api}/deployments/{_deployment(running, 'publish_approved')}/create_flow_run",
            json={},
            trust_env=False,
        ).json()
        running.wait_for(lambda: _run(running, made["id"])["state_type"] == "COMPLETED", "chore")
        assert running.runs("held-up")[0]["state_type"] == "RUNNING"
    running.gets_a_draft("held-up")


def _deployment(running: Running, name: str) -> str:
    url = f"{running.api}/deployments/name/{name}/{name}"
    return str(httpx.get(url, trust_env=False).json()["id"])


def _run(running: Running, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{running.api}/flow_runs/{run_id}", trust_env=False).json()
    return found


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


def test_a_run_that_is_killed_is_begun_again(running: Running) -> None:
    with door(running.settings):
        path = running.settings.audio_folder / "shot.vtt"
        path.write_text(transcript("It was shot."), encoding="utf-8")
        running.wait_for(
            lambda: [r for r in running.runs("shot") if r["state_type"] == "RUNNING"],
            "the episode is not begun",
        )
        run = running.runs("shot")[0]
        flows = running.child("flows.serving")
        assert flows is not None
        engine = next(
            child
            for child in flows.children()
            if child.environ().get("PREFECT__FLOW_RUN_ID") == run["id"]
        )
        engine.kill()
    running.gets_a_draft("shot")
    assert running.runs("shot")[0]["state_type"] == "CRASHED"


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
        assert f"{who} ended (code -9)" in running.said
    assert wait_for(lambda: answers(running.api), PATIENT_S)
    text = transcript("They were all killed.")
    (running.settings.audio_folder / "afterwards.vtt").write_text(text, encoding="utf-8")
    running.gets_a_draft("afterwards")
    assert httpx.get(f"{running.desk}/name", trust_env=False).is_success


# --------------------------------------------------------------------------- the end


def _windows(settings: Settings) -> dict[str, int]:
    """The finished windows of the episode that is interrupted, and when they were written."""
    folder = episode_of("interrupted", settings)
    found = (folder.path / "work" / "windows").glob("*.json") if folder else ()
    return {path.name: path.stat().st_mtime_ns for path in found}


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
        text = transcript("Elsewhere.")
        (settings.audio_folder / "elsewhere.vtt").write_text(text, encoding="utf-8")
        running.gets_a_draft("elsewhere")
        (run,) = running.runs("elsewhere")
        assert run["parameters"]["root"] == str(tmp_path)
