"""An archive fetched by runs that are killed at any moment, while somebody watches the in-tray."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shownotes.settings import load_settings
from shownotes.steps.intray import find_audio
from tests.audio_files import noise, write
from tests.feed_server import FeedServer, Item, Resource, day, feed, serve_feeds

# More of them by hand: FEED_KILLS=100 pytest tests/steps/test_feed_kills.py
KILLS = int(os.environ.get("FEED_KILLS", "6"))
SEED = int(os.environ.get("FEED_SEED", "7"))
EPISODES = 4
# What may be on its way to a process that is killed, in bytes.
ON_THE_WAY = 400_000
RUN = """
import sys
from pathlib import Path
from shownotes.polling import Poller
from shownotes.settings import load_settings
from shownotes.steps.feeds import Asked
polls = Poller(settings=load_settings(Path(sys.argv[1])), asked=Asked(is_archive=True)).run()
sys.exit(any(poll.reasons for poll in polls))
"""


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("sounds")
    paths = (write(folder / f"{n}.wav", noise(15.0, seed=n)) for n in range(EPISODES))
    return [path.read_bytes() for path in paths]


@pytest.fixture
def server(sounds: list[bytes]) -> Iterator[FeedServer]:
    """One that is slow enough to be interrupted."""
    with serve_feeds() as running:
        for number, sound in enumerate(sounds):
            running.resources[f"/{number}.wav"] = Resource(
                sound, "audio/wav", etag=f'"{number}"', piece_bytes=32_768, pause_s=0.005
            )
        transcript = "<podcast:transcript url='/t.vtt' type='text/vtt'/>"
        running.resources["/t.vtt"] = Resource(b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello.\n")
        items = [
            Item(f"Episode {n}", f"/{n}.wav", f"guid-{n}", day(n + 1), more=transcript)
            for n in range(EPISODES)
        ]
        running.resources["/feed.xml"] = Resource(feed(items, title="Show"))
        yield running


class Watcher(threading.Thread):
    """Looks at the in-tray all the time, as the drop folder does."""

    def __init__(self, root: Path, sounds: list[bytes]) -> None:
        super().__init__(daemon=True)
        self._settings, self._sounds = load_settings(root), set(sounds)
        self._looked_at: dict[Path, int] = {}
        self.wrong: list[str] = []
        self.is_over = False

    def run(self) -> None:
        while not self.is_over:
            self.look()
            time.sleep(0.002)

    def look(self) -> None:
        for path in find_audio(self._settings):
            inode = path.stat().st_ino
            if self._looked_at.get(path) == inode:
                continue
            self._looked_at[path] = inode
            if path.suffix != ".wav":
                # A transcript whose audio is on its way is none that lies alone.
                if not path.with_suffix(".wav.part").exists() and not _is_beside_audio(path):
                    self.wrong.append(f"{path.name} alone")
            elif path.read_bytes() not in self._sounds:
                self.wrong.append(f"{path.name} is not whole")
            elif not path.with_suffix(".toml").is_file():
                self.wrong.append(f"{path.name} came before its sidecar")


def _is_beside_audio(path: Path) -> bool:
    return path.with_suffix(".wav").exists()


def start(root: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", RUN, str(root)], stderr=subprocess.PIPE)


def test_killed_at_any_moment_nothing_is_lost_or_seen_half(
    workspace: Path, server: FeedServer, sounds: list[bytes]
) -> None:
    (workspace / "shownotes.toml").write_text(
        f'[feeds]\nallow_private = true\ntranscript = "publisher"\n[show.Show]\n'
        f'feed = "{server.url}/feed.xml"\n',
        encoding="utf-8",
    )
    print(f"FEED_SEED={SEED} FEED_KILLS={KILLS}")
    rng = random.Random(SEED)
    total = sum(map(len, sounds))
    watcher = Watcher(workspace, sounds)
    watcher.start()
    killed = 0
    for number in range(KILLS):
        process = start(workspace)
        share = (number + rng.random()) / KILLS
        # In the middle of a file, or some moments after one has come whole.
        is_after = number % 2 == 0
        if is_after:
            share = max(1, round(share * EPISODES)) / EPISODES
        while process.poll() is None and audio_sent(server) < share * total:
            time.sleep(0.001)
        time.sleep(rng.random() * 0.3 if is_after else 0.0)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    assert killed > KILLS / 2
    last = start(workspace)
    _, told = last.communicate()
    watcher.is_over = True
    watcher.join()
    assert last.returncode == 0, told.decode()
    assert watcher.wrong == []
    folder = workspace / "audio" / "Show"
    assert sorted(f.read_bytes() for f in folder.glob("*.wav")) == sorted(sounds)
    # Of a text that was being written a hidden scrap may be left.
    left = [f.suffix for f in folder.iterdir() if not f.name.startswith(".")]
    assert sorted(left) == sorted([".wav", ".toml", ".vtt"] * EPISODES)
    assert audio_sent(server) <= total + killed * ON_THE_WAY


def audio_sent(server: FeedServer) -> int:
    return sum(sent for path, sent in server.sent.items() if path.endswith(".wav"))
