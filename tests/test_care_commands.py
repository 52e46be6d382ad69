"""cancel, retry, clean, delete, undelete, backup and restore, as a person runs them."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from shownotes import pipeline
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.cli import app
from shownotes.errors import (
    BackupError,
    EpisodeBusyError,
    EpisodeNotFoundError,
    RunCancelledError,
    SettingsError,
)
from shownotes.model import State, WaitsFor
from shownotes.settings import load_settings
from shownotes.steps import cancelling, prepare
from tests.test_pipeline import VTT

TRAINS = "undated-late-trains"


@pytest.fixture
def root(workspace: Path) -> Path:
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    return workspace


def run(root: Path, *command: str) -> Result:
    return CliRunner().invoke(app, [*command, "--root", str(root)])


def said(result: Result) -> str:
    return " ".join(result.output.split())


def only(root: Path) -> EpisodeFolder:
    (folder,) = episode_folders(root / "output")
    return folder


def processed(root: Path) -> EpisodeFolder:
    done = run(root, "process", "--no-prefect")
    assert done.exit_code == 0, done.output
    return only(root)


def test_a_cancelled_episode_is_left_alone_until_it_is_asked_for(root: Path) -> None:
    settings = load_settings(root)
    folder = prepare.admit(root / "audio" / "late-trains.vtt", settings)
    done = run(root, "cancel", folder.name, "--by", "Ann")
    assert done.exit_code == 0
    assert f"shownotes retry {folder.name}" in said(done)
    assert "Cancelled by Ann" in said(run(root, "status"))
    queued = run(root, "process", "--queued", "--no-prefect", str(root / "audio/late-trains.vtt"))
    assert queued.exit_code == RunCancelledError.exit_code
    everything = run(root, "process", "--no-prefect")
    assert "cancelled" in everything.output
    assert not folder.has("draft.json")
    listed = run(root, "retry")
    assert isinstance(listed.exception, SettingsError)
    assert "late-trains.vtt" in str(listed.exception)
    retried = run(root, "retry", "--all", "--no-prefect")
    assert retried.exit_code == 0, retried.output
    assert folder.has("draft.json")
    assert said(run(root, "retry", "--all")) == "Nothing failed and nothing waits."
    assert "Nothing of it is being processed" in said(run(root, "cancel", folder.name))


def test_a_file_that_was_not_begun_is_set_aside(root: Path) -> None:
    done = run(root, "cancel", "late-trains.vtt", "--by", "Ann")
    assert done.exit_code == 0, done.exception
    assert "was not begun yet" in said(done)
    assert list(episode_folders(root / "output")) == []
    nobody = run(root, "cancel", "nothing.mp3")
    assert isinstance(nobody.exception, EpisodeNotFoundError)


@pytest.mark.skipif(os.name == "nt", reason="the run is ended by a signal if the test fails")
def test_a_run_in_another_process_stops_in_the_midst_of_a_step_and_goes_on(root: Path) -> None:
    (root / "audio" / "late-trains.vtt").unlink()
    demo = next((Path(__file__).parents[1] / "audio").glob("*.mp3"))
    for file in (demo, demo.with_suffix(".toml")):
        shutil.copy(file, root / "audio")
    command = [sys.executable, "-m", "shownotes.cli", "process", "--no-prefect", "--root"]
    running = subprocess.Popen(
        [*command, str(root)], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )
    try:
        ends = time.monotonic() + 120
        while not list(root.glob("output/*/status.json")):
            assert time.monotonic() < ends
            time.sleep(0.05)
        done = run(root, "cancel", only(root).name, "--by", "Ann")
        told, _ = running.communicate(timeout=120)
    finally:
        running.kill()
    assert "Asked to stop: shownotes process" in said(done)
    assert f"cancelled {only(root).name}" in said(done)
    assert running.returncode == RunCancelledError.exit_code
    assert "Cancelled by Ann" in told
    status = pipeline.current_status(only(root))
    assert status is not None
    assert (status.state, status.waits_for) == (State.WAITING, WaitsFor.RETRY)
    assert not only(root).has("draft.json")
    assert cancelling.standing_request(only(root)) is not None


def test_from_the_trash_and_back(root: Path) -> None:
    folder = processed(root)
    deleted = run(root, "delete", folder.name, "--by", "Ann")
    assert deleted.exit_code == 0, deleted.exception
    assert "audio/late-trains.vtt stays where it is" in said(deleted)
    assert "Nothing in" in said(run(root, "process", "--no-prefect"))
    assert folder.name in said(run(root, "undelete"))
    assert "deleted by Ann" in said(run(root, "undelete"))
    back = run(root, "undelete", folder.name)
    assert back.exit_code == 0, back.exception
    assert said(run(root, "undelete")) == "The trash is empty."
    assert run(root, "process", "--no-prefect", "--dry-run").output.count("skip") == 7


def test_what_is_at_work_is_named_and_not_touched(root: Path) -> None:
    folder = processed(root)
    (folder.path / "work" / "audio.wav").write_bytes(bytes(2_000_000))
    with folder.claim(holder="another run"):
        refused = run(root, "delete", folder.name)
        assert isinstance(refused.exception, EpisodeBusyError)
        assert f"shownotes cancel {folder.name}" in str(refused.exception)
        left = run(root, "clean")
        assert left.exit_code == EpisodeBusyError.exit_code
        assert "another run" in said(left)
    assert "2.0 MB would be free" in said(run(root, "clean", "--dry-run"))
    assert "2.0 MB freed" in said(run(root, "clean"))
    assert said(run(root, "clean")) == "Nothing to clean."


def test_a_backup_and_what_restoring_it_would_do(root: Path, tmp_path: Path) -> None:
    folder = processed(root)
    file = str(tmp_path / "b.tar.gz")
    assert run(root, "approve", folder.name, "--by", "Ann").exit_code == 0
    saved = run(root, "backup", file)
    assert saved.exit_code == 0, saved.exception
    assert "1 episodes, 1 of them reviewed" in said(saved)
    assert "Not in it: audio" in said(saved)
    assert "There was nothing to put back" in said(run(root, "restore", file))
    assert run(root, "approve", folder.name, "--by", "Bo").exit_code == 0
    log = folder.path / "review.log.jsonl"
    before = log.read_bytes()
    refused = run(root, "restore", file)
    assert isinstance(refused.exception, BackupError)
    assert "Nothing was restored" in str(refused.exception)
    assert "newer here: 1 review" in said(refused)
    assert "newer here: 1 review" in said(run(root, "restore", file, "--dry-run"))
    assert run(root, "restore", file, "--keep-newer").exit_code == 0
    assert log.read_bytes() == before
    forced = run(root, "restore", file, "--force")
    assert forced.exit_code == 0, forced.exception
    assert "before-restore" in said(forced)
    assert before.startswith(log.read_bytes())
    assert len(log.read_bytes()) < len(before)
    both = run(root, "restore", file, "--force", "--keep-newer")
    assert isinstance(both.exception, SettingsError)
    assert not list((root / "output").glob(".restoring-*"))
