"""A desk as it runs: a real server process on a free port, over a working folder of its own."""

import atexit
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from shownotes.adapters.encoding import encode
from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Episode, State, Status
from shownotes.settings import Settings
from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish

RIVER = "the-river-has-a-budget"
# Starting Python and the libraries takes seconds on a busy machine.
PATIENCE_S = 60.0


@dataclass
class DeskServer:
    """A working folder and the server over it, which can be killed and started again."""

    root: Path
    episode_id: str
    folder: EpisodeFolder
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    url: str = ""
    options: tuple[str, ...] = field(default_factory=tuple)
    clients: list[httpx.Client] = field(default_factory=list)

    def start(self) -> None:
        """Start, on the same port as before where there was one."""
        log = self.root / "desk.log"
        port = self.port or _free_port()
        command = [sys.executable, "-m", "shownotes.cli", "desk", "--root", str(self.root)]
        with log.open("ab") as told:
            self.process = subprocess.Popen(
                [*command, "--port", str(port), *self.options],
                stdout=told,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            if self.process.poll() is not None:
                raise AssertionError(log.read_text(encoding="utf-8"))
            try:
                httpx.get(f"{self.url}/name", timeout=5.0, trust_env=False)
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"The desk does not answer: {log.read_text(encoding='utf-8')}")

    def kill(self) -> None:
        """End it as a power cut does."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        for client in self.clients:
            client.close()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()

    def client(self, name: str = "Ada Editor") -> httpx.Client:
        """Somebody who has said their name; sends what the pages' scripts send."""
        client = httpx.Client(
            base_url=self.url,
            headers={"X-Shownotes": "desk", "Origin": self.url},
            timeout=60.0,
            trust_env=False,
            follow_redirects=True,
        )
        self.clients.append(client)
        form = client.get("/name").text
        found = re.search(r'name="csrf" value="([^"]*)"', form)
        assert found is not None
        client.post("/name", data={"name": name, "next": "/name", "csrf": found.group(1)})
        return client

    def sign_in(self, context: Any, name: str = "Ada Editor") -> None:
        """Let a browser's context be somebody."""
        page = context.new_page()
        page.goto(f"{self.url}/name")
        page.fill("input[name=name]", name)
        page.click("main button")
        page.wait_for_load_state()
        page.close()

    def another_episode(self) -> "DeskServer":
        """The same server, and a copy of its first episode that nobody has touched."""
        if self.process is not None and self.process.poll() is not None:
            self.start()
        output = self.root / "output"
        slug = f"{RIVER}-{len(list(output.glob(f'{RIVER}*')))}"
        shutil.copytree(_finished_folder(self), output / slug)
        folder = EpisodeFolder(output / slug)
        episode = folder.read("episode.json", Episode)
        own = replace(episode, id=f"id-{slug}", key=f"test:{slug}", folder=slug)
        folder.write("episode.json", own, made_from={})
        return replace(self, folder=folder, episode_id=own.id)

    @property
    def desk_url(self) -> str:
        """The page of the episode."""
        return f"{self.url}/episode/{self.episode_id}"


def _free_port() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _finished_folder(desk: DeskServer) -> Path:
    return desk.root / "output" / RIVER


def lay_out_desk(root: Path, *, seconds: float = 262.0) -> DeskServer:
    """A working folder with the second demo episode, finished, and quiet noise for its audio."""
    for name in ("audio", "output"):
        shutil.copytree(_finished(seconds) / name, root / name)
    (root / "shownotes.toml").touch()
    return desk_of(root, Walk(EpisodeFolder(root / "output" / RIVER), Settings(root=root)))


@functools.cache
def _finished(seconds: float) -> Path:
    """The same, made once for all tests of a run."""
    root = Path(tempfile.mkdtemp(prefix="desk-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    finish(demo_walk(root, RIVER, with_speakers=True))
    (root / "audio").mkdir()
    samples = 0.01 * np.random.default_rng(1).standard_normal(int(16_000 * seconds))
    encode(samples.astype(np.float32), root / "audio" / f"{RIVER}.mp3", sample_rate_hz=16_000)
    return root


def desk_of(root: Path, walk: Walk) -> DeskServer:
    """The server over a working folder whose episode is finished."""
    episode = walk.folder.read("episode.json", Episode)
    status = Status(state=State.DRAFT, title=episode.metadata.title or "", duration=1.0)
    walk.folder.write("status.json", status)
    return DeskServer(root=root, episode_id=episode.id, folder=walk.folder)
