"""The flow of feeds against a real Prefect server and a real podcast host."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import temporary_settings

from flows.poll_feeds import poll_feeds, run_poll_feeds
from shownotes.settings import Settings, load_settings
from shownotes.steps.step import Silent
from shownotes.steps.subscriptions import subscriptions
from tests.feed_server import FeedServer, Item, Resource, audio_bytes, day, feed, serve_feeds
from tests.flows.prefect_server import ask, environment, newest_run, task_runs

pytestmark = [
    pytest.mark.server,
    # Prefect's websocket clients are closed by its own threads, after the test that opened them.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:prefect"),
]

SECRET = "s3cr3t-t0ken"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FeedServer]:
    """Two shows: one well, and one whose only episode is a page."""
    with serve_feeds() as running:
        sound = audio_bytes(tmp_path / "a.mp3")
        # Cut off once: the task's own work goes on by itself.
        running.resources["/a.mp3"] = Resource(sound, "audio/mpeg", etag='"a"', cuts=[10_000])
        running.resources["/b.mp3"] = Resource(b"<html>", "text/html")
        running.resources["/good.xml"] = Resource(
            feed([Item("Good", f"/a.mp3?auth={SECRET}", "1", day(1))], title="Good Show")
        )
        running.resources["/bad.xml"] = Resource(
            feed([Item("Bad", f"/b.mp3?auth={SECRET}", "1", day(1))], title="Bad Show")
        )
        yield running


@pytest.fixture
def settings(workspace: Path, host: FeedServer) -> Settings:
    shows = "".join(
        f'[show."{name} Show"]\nfeed = "http://ann:{SECRET}@127.0.0.1:{host.port}/{path}.xml"\n'
        for name, path in (("Bad", "bad"), ("Good", "good"), ("No", f"none-{SECRET}"))
    )
    text = f"[feeds]\nallow_private = true\n{shows}"
    (workspace / "shownotes.toml").write_text(text, encoding="utf-8")
    return load_settings(workspace)


def test_a_task_a_feed_and_a_download_and_a_bad_one_is_the_runs_reason(
    settings: Settings, host: FeedServer, server: str
) -> None:
    with temporary_settings(updates={"api.url": server}):
        polls = run_poll_feeds(settings, subscriptions(settings), progress=Silent())
    assert [len(poll.taken) for poll in polls] == [0, 1, 0]
    run = newest_run(server)
    assert run["state_type"] == "FAILED"
    assert run["state"]["message"].startswith("2 of 3 feeds failed.\nBad Show: Bad: 127.0.0.1")
    tasks = task_runs(server, run, ended=5)
    assert {name: task["state_type"] for name, task in tasks.items()} == {
        "poll · Bad Show": "COMPLETED",
        "poll · Good Show": "COMPLETED",
        "poll · No Show": "FAILED",
        "fetch · Bad": "FAILED",
        "fetch · Good": "COMPLETED",
    }
    # What is not worth another attempt had none; and no password came to Prefect.
    assert len(host.asked(f"/b.mp3?auth={SECRET}")) == 1
    logs = ask(server, "logs", logs={"flow_run_id": {"any_": [run["id"]]}})
    told = repr((run, tasks, logs))
    assert SECRET not in told
    assert "Good Show: 2026-01-01-good.mp3" in told


def test_a_scheduled_run_asks_what_is_due_and_is_well_when_servers_are_only_away(
    settings: Settings, host: FeedServer, server: str, home: Path
) -> None:
    for path in ("/bad.xml", "/good.xml"):
        host.resources[path].status = 503
    host.resources[f"/none-{SECRET}.xml"] = Resource(status=503)
    with temporary_settings(updates={"api.url": server}):
        state: Any = poll_feeds(root=str(settings.root), return_state=True)
        assert state.is_completed()
        assert state.message == "3 feeds, 0 new episodes."
        asked = len(host.seen)
        # Not due again yet.
        state = poll_feeds(root=str(settings.root), return_state=True)
    assert state.is_completed()
    assert len(host.seen) == asked
    # The command goes the same way.
    host.resources["/good.xml"].status = 200
    done = subprocess.run(
        [
            *(sys.executable, "-m", "shownotes.cli", "feeds", "poll", "good show"),
            *("--root", str(settings.root)),
        ],
        env=environment(home, PREFECT_API_URL=server),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1 new episode."
    assert "2026-01-01-good.mp3" in done.stdout
