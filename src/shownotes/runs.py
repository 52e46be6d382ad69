"""Processing that the desk starts: `shownotes process` in a process of its own, one after another.

The desk answers while an episode is transcribed, and a decoder that dies takes nobody with it. What
is in the queue when the desk ends is still in the in-tray: the next run, or a retry, takes it up.
"""

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shownotes.batch import RunOptions

# What a run prints is kept here, for whoever looks after the machine; the last one of each.
LOG = Path("output") / ".desk-run.log"


@dataclass(frozen=True, slots=True)
class _Asked:
    paths: tuple[Path, ...]
    options: RunOptions


class Runs:
    """A queue of runs and the thread that works through it. `close` stops the run it is at."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._asked: queue.Queue[_Asked | None] = queue.Queue()
        self._waiting: set[_Asked] = set()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="desk runs", daemon=True)
        self._thread.start()

    def start(self, paths: Sequence[Path], options: RunOptions) -> None:
        """Have files processed; the same asked for twice while it waits is done once."""
        asked = _Asked(tuple(paths), options)
        with self._lock:
            if self._is_closed or asked in self._waiting:
                return
            self._waiting.add(asked)
        self._asked.put(asked)

    def close(self) -> None:
        """Stop the run that goes on, which keeps what is finished, and take no more."""
        with self._lock:
            self._is_closed = True
            process = self._process
        self._asked.put(None)
        if process is not None and process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
        self._thread.join(timeout=20)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            with self._lock:
                self._waiting.discard(asked)
                if self._is_closed:
                    return
            log = self._root / LOG
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as told:
                process = subprocess.Popen(
                    command(asked.paths, asked.options, self._root),
                    cwd=self._root,
                    stdin=subprocess.DEVNULL,
                    stdout=told,
                    stderr=subprocess.STDOUT,
                )
                with self._lock:
                    self._process = process
                process.wait()
                with self._lock:
                    self._process = None


def command(paths: Sequence[Path], options: RunOptions, root: Path) -> list[str]:
    """The command line of a run."""
    words = [sys.executable, "-m", "shownotes.cli", "process", "--queued", "--root", str(root)]
    if options.redo is not None:
        words += ["--redo", f"{options.redo.start:.2f}-{options.redo.end:.2f}"]
    if options.model:
        words += ["--set", f"speech.model={options.model}"]
    return [*words, "--", *map(str, paths)]
