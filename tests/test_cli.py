"""The commands as a person runs them: a real process, its output and its exit code."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import shownotes
from shownotes.pipeline import STEP_NAMES
from tests.test_pipeline import VTT


def shownotes_command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shownotes.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "my podcast"
    done = shownotes_command("init", str(folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return folder


def test_outside_a_working_folder_it_says_how_to_make_one(tmp_path: Path) -> None:
    done = shownotes_command(cwd=tmp_path)
    assert done.returncode == 0
    assert "shownotes init" in done.stdout
    failed = shownotes_command("process", cwd=tmp_path)
    assert failed.returncode == 2
    assert "shownotes init" in failed.stderr


def test_init_makes_the_folder_and_twice_is_once(workspace: Path) -> None:
    names = {path.name for path in workspace.iterdir()}
    assert names == {"audio", "output", "templates", "shownotes.toml"}
    config = workspace / "shownotes.toml"
    config.write_text("[speech]\nbeam_size = 2\n", encoding="utf-8")
    assert shownotes_command("init", ".", cwd=workspace).returncode == 0
    assert config.read_text(encoding="utf-8") == "[speech]\nbeam_size = 2\n"


def test_home_says_what_is_there_and_what_to_do_next(workspace: Path) -> None:
    empty = shownotes_command(cwd=workspace)
    assert "put an audio file into audio/" in empty.stdout
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    waiting = shownotes_command(cwd=workspace)
    assert "late-trains.vtt" in waiting.stdout
    assert "shownotes process" in waiting.stdout


def test_process_ends_with_a_table_and_how_to_go_on(workspace: Path) -> None:
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    done = shownotes_command("process", "--no-prefect", cwd=workspace)
    assert done.returncode == 0, done.stdout + done.stderr
    for text in ("Tomas Okoye", "Rail Safety Commission", "notes.html", "file of your own"):
        assert text in done.stdout
    listed = shownotes_command("status", cwd=workspace)
    assert "draft, to be reviewed" in listed.stdout
    dry = shownotes_command("process", "--dry-run", cwd=workspace)
    assert dry.stdout.count("skip") == len(STEP_NAMES), dry.stdout
    home = shownotes_command(cwd=workspace)
    assert "shownotes desk" in home.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("process", "nothing.mp3"), "no such file"),
        (("process", "--from", "sing"), "The steps are prepare"),
        (("process", "--redo", "soon"), "12:30-14:10"),
        (("process", "--set", "speech.modell=x"), "Did you mean `model`?"),
        (("process", "--set", "speech"), "KEY=VALUE"),
    ],
)
def test_a_wrong_argument_is_one_message_and_no_traceback(
    workspace: Path, arguments: tuple[str, ...], text: str
) -> None:
    done = shownotes_command(*arguments, cwd=workspace)
    assert done.returncode in {2, 3}
    assert text in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr + done.stdout


def test_a_bad_file_is_named_and_the_exit_code_tells(workspace: Path) -> None:
    (workspace / "audio" / "noise.mp3").write_bytes(b"\x00" * 4096)
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    done = shownotes_command("process", "--no-prefect", cwd=workspace)
    assert done.returncode == 1
    assert "noise.mp3" in done.stdout
    assert "Tomas Okoye" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_ctrl_c_says_that_nothing_is_lost(workspace: Path) -> None:
    demo = next((Path(__file__).parents[1] / "audio").glob("*.mp3"))
    for file in (demo, demo.with_suffix(".toml")):
        shutil.copy(file, workspace / "audio")
    running = subprocess.Popen(
        [sys.executable, "-m", "shownotes.cli", "process", "--no-prefect"],
        cwd=workspace,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list(workspace.glob("output/*/status.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Stopped. What was finished is kept" in told
    assert "Traceback" not in told
    listed = shownotes_command("status", cwd=workspace)
    assert "goes on from there" in listed.stdout.replace("\n", " ")


def test_version() -> None:
    done = shownotes_command("--version", cwd=Path.cwd())
    assert done.stdout.strip() == f"shownotes {shownotes.__version__}"
