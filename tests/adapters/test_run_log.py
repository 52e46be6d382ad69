"""The log that runs write together."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shownotes import pipeline
from shownotes.adapters.run_log import NAME, RunLog, open_run_log
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import RunOptions, process_plainly
from shownotes.pipeline import STEP_NAMES
from shownotes.release import release
from shownotes.settings import Settings, load_settings
from shownotes.steps import prepare, reviewing
from shownotes.steps.step import Silent, Walk
from tests.episodes import demo_walk, finish
from tests.test_pipeline import VTT

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"

WRITER = """
import sys
from pathlib import Path
from shownotes.adapters.run_log import RunLog
log = RunLog(folder=Path(sys.argv[1]), run=sys.argv[2], keep=100, most_bytes=4000)
for number in range(100):
    log.write(f"line {number} " + "x" * 40, episode="ep")
"""


def lines(folder: Path) -> list[dict[str, Any]]:
    """All lines, of old files too."""
    files = sorted(folder.glob("shownotes*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]


def test_processes_write_together_and_nothing_is_lost_in_a_change_of_files(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"run {number}"])
        for number in range(3)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    found = lines(tmp_path)
    told = [(line["run"], line["message"].split()[1]) for line in found]
    assert len(told) == 300
    assert set(told) == {(f"run {run}", str(n)) for run in range(3) for n in range(100)}
    sizes = [path.stat().st_size for path in tmp_path.glob("shownotes*.jsonl")]
    assert len(sizes) > 3
    assert max(sizes) < 4000 + 400


@pytest.mark.parametrize("keep", [0, 2])
def test_only_so_many_old_files_are_kept(tmp_path: Path, keep: int) -> None:
    log = RunLog(folder=tmp_path, run="r", keep=keep, most_bytes=1)
    for number in range(6):
        log.write(str(number))
    names = {path.name for path in tmp_path.glob("*.jsonl")}
    assert names == {NAME, *(f"shownotes.{number}.jsonl" for number in range(1, keep + 1))}
    newest_first = [NAME, *(f"shownotes.{number}.jsonl" for number in range(1, keep + 1))]
    told = [json.loads((tmp_path / name).read_text("utf-8"))["message"] for name in newest_first]
    assert told == ["5", "4", "3"][: keep + 1]


def test_a_line_after_a_torn_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"time": "2026', encoding="utf-8")
    RunLog(folder=tmp_path, run="r").write("two\nlines")
    torn, whole = (tmp_path / NAME).read_text("utf-8").splitlines()
    assert torn == '{"time": "2026'
    assert json.loads(whole)["message"] == "two\nlines"


def test_secrets_are_never_logged(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOWNOTES_WEBHOOK_SECRET", "whsec_oldoldold whsec_newnewnew")
    monkeypatch.setenv("SHOWNOTES_SMTP_PASSWORD", "hunter2hunter2")
    monkeypatch.setenv("PREFECT_SERVER_API_AUTH_STRING", "admin:opensesame")
    (workspace / "shownotes.toml").write_text(
        '[notify]\nwebhook = "https://chat.example.org/services/T0/B0/abcdef"\n', encoding="utf-8"
    )
    log = open_run_log(load_settings(workspace), run="r")
    log.write(
        "https://chat.example.org/services/T0/B0/abcdef answered 404; whsec_newnewnew; "
        "hunter2hunter2; admin:opensesame; https://ann:pass@feeds.example.org/x?token=abc&page=2"
    )
    (line,) = lines(workspace / "output" / ".logs")
    for secret in ("T0/B0", "whsec_", "hunter2", "opensesame", "ann:pass", "token=abc"):
        assert secret not in line["message"]
    for kept in ("https://chat.example.org/", "answered 404", "feeds.example.org/x", "page=2"):
        assert kept in line["message"]


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    RunLog(folder=tmp_path / "file" / "logs", run="r").write("lost")


def test_a_walk_tells_what_each_step_took(workspace: Path) -> None:
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    (workspace / "audio" / "noise.mp3").write_bytes(bytes(4096))
    settings = load_settings(workspace)
    process(settings)
    found = lines(settings.output_folder / ".logs")
    done = [line for line in found if line["message"] == "done"]
    assert [line["step"] for line in done] == list(STEP_NAMES)
    assert all(line["took_s"] >= 0 and line["level"] == "info" for line in done)
    (failed,) = [line for line in found if line["level"] == "error"]
    assert failed["episode"] == "noise.mp3"
    assert failed["message"].startswith("not finished: NotAudioError: ")
    assert len({line["run"] for line in found}) == 1
    # Another run has a name of its own.
    process(settings)
    assert len({line["run"] for line in lines(settings.output_folder / ".logs")}) == 2


def process(settings: Settings) -> None:
    paths = prepare.find_audio(settings)
    process_plainly(paths, settings, options=RunOptions(), progress=Silent())


def test_a_walk_without_a_log_writes_none(workspace: Path) -> None:
    folder = EpisodeFolder(workspace / "output" / "ep")
    assert pipeline.read_status(folder) is None
    RunLog().write("nowhere")
    assert not (workspace / "output" / ".logs").exists()


def test_what_was_published_is_in_it(workspace: Path) -> None:
    (workspace / "shownotes.toml").write_text("[publish]\naudio = false\n", encoding="utf-8")
    walk = finish(demo_walk(workspace, RIVER))
    walk = Walk(folder=walk.folder, settings=load_settings(workspace))
    reviewing.approve(walk, by="Ann")
    release(walk, by="Ann")
    release(Walk(folder=finish(demo_walk(workspace, HEAT)).folder, settings=walk.settings), by="Bo")
    told = {(line["episode"], line["level"]) for line in lines(workspace / "output" / ".logs")}
    assert told == {(RIVER, "info"), (HEAT, "error")}
