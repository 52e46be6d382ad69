"""The commands of feeds."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from shownotes.cli import app
from tests.feed_server import FeedServer, Item, Resource, audio_bytes, day, feed, serve_feeds

SECRET = "s3cr3t-t0ken"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FeedServer]:
    with serve_feeds() as running:
        for number in (1, 2, 3):
            sound = audio_bytes(tmp_path / f"{number}.mp3", seed=number)
            running.resources[f"/{number}.mp3"] = Resource(sound, "audio/mpeg", etag=f'"{number}"')
        items = [Item(f"Episode {n}", f"/{n}.mp3", f"g{n}", day(n)) for n in (3, 2, 1)]
        running.resources["/feed.xml"] = Resource(feed(items, title="Show"))
        yield running


@pytest.fixture
def root(workspace: Path, host: FeedServer) -> Path:
    (workspace / "shownotes.toml").write_text(
        f"[feeds]\nallow_private = true\n[show.Show]\n"
        f'feed = "http://ann:{SECRET}@127.0.0.1:{host.port}/feed.xml?key={SECRET}"\n',
        encoding="utf-8",
    )
    return workspace


def run(root: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments, "--root", str(root)])
    assert SECRET not in done.output
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return getattr(done.exception, "exit_code", 99), str(done.exception)
    return done.exit_code, done.output


def test_without_feeds_it_says_how_to_follow_one(workspace: Path) -> None:
    for command in (("feeds",), ("feeds", "poll", "--no-prefect")):
        code, told = run(workspace, *command)
        assert (code, "[feeds] urls" in told) == (0, True)
    code, told = run(workspace, "backfill", "Show")
    assert (code, "No such feed" in told) == (2, True)


def test_the_list_says_when_what_and_what_is_the_matter(root: Path, host: FeedServer) -> None:
    code, told = run(root, "feeds")
    assert (code, "never" in told) == (0, True)
    assert run(root, "feeds", "poll", "--no-prefect")[0] == 0
    code, told = run(root, "feeds")
    row = next(line for line in told.splitlines() if line.startswith("Show"))
    assert "audio/Show" in row
    assert row.split()[-1] == "1"
    host.resources["/feed.xml"].status = 404
    code, told = run(root, "feeds", "poll", "show", "--no-prefect")
    assert (code, "404 Not Found" in told) == (14, True)
    assert "404 Not Found" in run(root, "feeds")[1]
    host.resources["/feed.xml"].status = 410
    run(root, "feeds", "poll", "--no-prefect")
    assert "gone for good" in run(root, "feeds")[1]


def test_an_archive_in_pieces(root: Path, host: FeedServer) -> None:
    host.resources["/2.mp3"].status = 404
    code, told = run(root, "backfill", "Show", "--limit", "2")
    assert code == 14
    assert "1 fetched, 1 left." in told
    host.resources["/2.mp3"].status = 200
    assert run(root, "backfill", "Show") == (
        0,
        "  Show: 2026-01-02-episode-2.mp3\n1 fetched, 0 left.\n",
    )
    assert "1 fetched, 0 left." in run(root, "backfill", "show", "--since", "2026-01-01")[1]
    assert "0 fetched, 0 left." in run(root, "backfill", "show")[1]
    assert len(list((root / "audio" / "Show").glob("*.mp3"))) == 3


def test_what_is_queued_can_be_forgotten(root: Path, host: FeedServer) -> None:
    host.resources["/2.mp3"].status = host.resources["/1.mp3"].status = 404
    run(root, "backfill", "Show")
    assert "2 queued" in run(root, "feeds")[1]
    assert "2 queued episodes are forgotten" in run(root, "backfill", "Show", "--stop")[1]
    assert "queued" not in run(root, "feeds")[1]


def test_a_day_that_is_none(root: Path) -> None:
    code, told = run(root, "backfill", "Show", "--since", "last week")
    assert (code, "2024-01-31" in told) == (2, True)


def test_ctrl_c_and_the_same_command_goes_on_within_the_file(root: Path, host: FeedServer) -> None:
    for resource in host.resources.values():
        resource.piece_bytes, resource.pause_s = 2000, 0.03
    command = [
        *(sys.executable, "-m", "shownotes.cli", "backfill", "Show", "--limit", "2"),
        *("--root", str(root)),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    # In the midst of the second.
    while process.poll() is None and host.sent.get("/2.mp3", 0) < 10_000:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from there" in told
    assert "Traceback" not in told
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "1 fetched, 0 left."
    (_, again) = host.asked("/2.mp3")
    assert int(again.headers["range"].removeprefix("bytes=").removesuffix("-")) > 5000
    assert len(host.asked("/3.mp3")) == 1
    assert host.asked("/1.mp3") == []
