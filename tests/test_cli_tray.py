"""The in-tray from the command line: what waits, and what a run tells the book."""

import os
import subprocess
import sys
from pathlib import Path

from shownotes.adapters.intray_book import read_entries
from shownotes.core.dropped import FileState, Moment
from shownotes.settings import Settings
from shownotes.steps.drop_folder import read_clocks, sweep
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


def look(root: Path, *, seconds: float) -> list[str]:
    """What is taken in so many seconds of a clock of the test's own."""
    now, taken = read_clocks(), []
    for passed in range(0, round(seconds) + 1, 2):
        later = Moment(wall=now.wall + passed, ticks=now.ticks + passed)
        taken += [t.path for t in sweep(Settings(root=root), now=later).take]
    return taken


def test_status_says_what_waits_and_why(workspace: Path) -> None:
    (workspace / "audio" / "a.mp3").write_bytes(b"")
    (workspace / "audio" / "b.mp3").write_bytes(b"")
    assert look(workspace, seconds=20.0) == []
    told = shownotes_command("status", cwd=workspace)
    assert told.returncode == 0, told.stderr
    assert "audio/a.mp3" in told.stdout
    assert "it is empty (0 bytes)" in told.stdout
    assert "Nobody is watching" not in told.stdout


def test_a_run_tells_the_book_what_became_of_its_file(workspace: Path) -> None:
    (workspace / "audio" / "a.mp3").write_bytes(b"words and no audio " * 100)
    (workspace / "audio" / "b.vtt").write_text(VTT, encoding="utf-8")
    assert look(workspace, seconds=14.0) == ["audio/a.mp3", "audio/b.vtt"]
    failed = shownotes_command("process", "audio/a.mp3", "--no-prefect", cwd=workspace)
    assert failed.returncode == 3
    made = shownotes_command("process", "audio/b.vtt", "--no-prefect", cwd=workspace)
    assert made.returncode == 0, made.stderr
    first, second = read_entries(workspace / "output")
    assert first.state is FileState.REFUSED
    assert "is not audio that can be read" in first.reason
    assert (second.state, second.episode) == (FileState.DONE, "undated-b")
    assert look(workspace, seconds=60.0) == []
    assert "is not audio" in (workspace / "audio" / "a.mp3.problem.txt").read_text()


def test_a_sidecar_that_comes_late_is_taken_up_by_the_next_run(workspace: Path) -> None:
    (workspace / "audio" / "b.vtt").write_text(VTT, encoding="utf-8")
    assert look(workspace, seconds=14.0) == ["audio/b.vtt"]
    shownotes_command("process", "--no-prefect", cwd=workspace)
    (workspace / "audio" / "b.toml").write_text('title = "A Better Title"', encoding="utf-8")
    assert look(workspace, seconds=60.0)[:1] == ["audio/b.vtt"]
    made = shownotes_command("process", "audio/b.vtt", "--no-prefect", cwd=workspace)
    assert "A Better Title" in made.stdout
