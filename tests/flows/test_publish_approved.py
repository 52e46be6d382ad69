"""The publishing flow against a real Prefect server."""

import subprocess
import sys
from pathlib import Path

import pytest
from prefect.settings import temporary_settings

from flows.publish_approved import publish_approved, run_publish_approved
from shownotes.settings import Settings, load_settings
from shownotes.steps import reviewing
from shownotes.steps.published import read_published
from shownotes.steps.step import Silent, Walk
from tests.episodes import demo_walk, finish
from tests.flows.prefect_server import environment, newest_run, task_runs

pytestmark = [
    pytest.mark.server,
    # Prefect's websocket clients are closed by its own threads, after the test that opened them.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:prefect"),
]

HEAT, RIVER = "who-pays-for-the-heat-pump", "the-river-has-a-budget"


@pytest.fixture
def settings(workspace: Path) -> Settings:
    (workspace / "shownotes.toml").write_text("[publish]\naudio = false\n", encoding="utf-8")
    return load_settings(workspace)


def approved(settings: Settings, name: str, *, at: str | None = None) -> Walk:
    walk = finish(demo_walk(settings.root, name))
    reviewing.approve(walk, by="Ann", publish_at=at)
    return walk


def test_what_is_due_is_published_and_a_bad_episode_is_the_runs_reason(
    settings: Settings, server: str
) -> None:
    heat, river = approved(settings, HEAT), approved(settings, RIVER)
    (heat.folder.path / "published.json").write_text("{torn", encoding="utf-8")
    with temporary_settings(updates={"api.url": server}):
        releases = run_publish_approved(settings, by="Bo", progress=Silent())
    assert [release.name for release in releases.failed] == [HEAT]
    assert read_published(river.folder).current == 1
    assert read_published(river.folder).history[0].by == "Bo"
    assert (settings.output_folder / "site" / "the-warmer-ledger" / "feed.xml").exists() is False
    run = newest_run(server)
    assert run["state_type"] == "FAILED"
    assert run["state"]["message"].startswith("1 of 2 failed")
    assert "published.json is not whole JSON" in run["state"]["message"]
    tasks = {name: task["state_type"] for name, task in task_runs(server, run, ended=4).items()}
    assert tasks == {
        f"publish · {HEAT}": "FAILED",
        f"publish · {RIVER}": "COMPLETED",
        "site · The Warmer Ledger": "COMPLETED",
        f"announce · {RIVER}": "COMPLETED",
    }


def test_a_scheduled_run_takes_what_is_due_of_its_root_and_leaves_the_rest(
    settings: Settings, server: str, home: Path
) -> None:
    heat = approved(settings, HEAT, at="2126-01-01T06:00:00+00:00")
    river = approved(settings, RIVER, at="2026-01-01T06:00:00+00:00")
    with temporary_settings(updates={"api.url": server}):
        state = publish_approved(root=str(settings.root), return_state=True)
    assert state.is_completed()
    assert state.message == "1 done."
    assert read_published(river.folder).history[0].by == "schedule"
    assert read_published(heat.folder).current is None
    # The command goes the same way; with nothing due it needs no server at all.
    done = subprocess.run(
        [sys.executable, "-m", "shownotes.cli", "publish", "--root", str(settings.root)],
        env=environment(home, PREFECT_API_URL="http://127.0.0.1:9/api"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "Nothing is approved and due.")
    reviewing.approve(heat, by="Ann")
    done = subprocess.run(
        [sys.executable, "-m", "shownotes.cli", "publish", "--root", str(settings.root)],
        env=environment(home, PREFECT_API_URL=server),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"output/{HEAT}/published/1" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert read_published(heat.folder).current == 1
