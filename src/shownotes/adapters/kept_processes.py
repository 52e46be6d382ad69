"""Processes that are kept running, and end with us however we end.

Each holds its standard input open to us and ends when that does (`adapters/lifeline.py`): asked by
us when we close it, or told by the kernel when we are killed. Each has a session of its own, where
no Ctrl-C of the terminal reaches it before we have said in which order to go.
"""

import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

# A child that dies is started again after 1, 2, 4, ... 60 s; one that lived for a minute is new.
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
SETTLED_S = 60.0
# Lines of a child's that are kept for people.
_LAST_LINES = 5


@dataclass(slots=True)
class Child:
    """A program that is kept running.

    Attributes:
        name: for people.
        command: with which it is started.
        env: its environment.
        folder: in which it is started.
        log: what it prints goes there; the file before it is kept beside.
        most_bytes: at this size a new log is begun.
        hear: is told every line that it prints.
        deaths: how often in a row it died soon.
        last: lines that it printed last.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    log: Path
    most_bytes: int = 10_000_000
    hear: Callable[[str], object] = lambda _line: None
    deaths: int = 0
    last: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_LINES))
    _process: subprocess.Popen[bytes] | None = None
    _began: float = 0.0
    _again_at: float = 0.0

    @property
    def pid(self) -> int | None:
        """Of its process; `None` when there is none."""
        return self._process.pid if self._process is not None and self.is_running() else None

    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def tend(self) -> str | None:
        """Start it when it is not running and has waited long enough; a sentence when it died."""
        if self.is_running():
            return None
        told = self._bury() if self._process is not None else None
        if time.monotonic() >= self._again_at:
            self._start()
        return told

    def _bury(self) -> str:
        assert self._process is not None
        code, lived = self._process.returncode, time.monotonic() - self._began
        self._close()
        self.deaths = 1 if lived >= SETTLED_S else self.deaths + 1
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (self.deaths - 1))
        self._again_at = time.monotonic() + wait_s
        said = f": {self.last[-1]}" if self.last else ""
        return f"{self.name} ended (code {code}){said}. It is started again in {wait_s:.0f} s."

    def _start(self) -> None:
        self._began = time.monotonic()
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=dict(self.env),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Keep what it prints; a full disk must not stop it."""
        assert process.stdout is not None
        with process.stdout as told:
            for number, line in enumerate(told):
                text = line.decode("utf-8", "replace").rstrip()
                if number == 0:
                    self.last.clear()
                if text:
                    self.last.append(text)
                    self.hear(text)
                with suppress(OSError):
                    self._keep(line)

    def _keep(self, line: bytes) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size >= self.most_bytes:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as file:
            file.write(line)

    def family(self) -> list[psutil.Process]:
        """Its process and all that it has started."""
        if self.pid is None:
            return []
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        return []

    def ask_to_end(self) -> None:
        """Close its standard input."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()

    def has_ended(self) -> bool:
        """Whether it has, and its last words are read."""
        if self.is_running():
            return False
        self._close()
        return True

    def _close(self) -> None:
        if self._process is None:
            return
        self.ask_to_end()
        self._process = None


def end_all(
    groups: Sequence[Sequence[Child]], *, patience_s: float, hurry: Callable[[], bool]
) -> None:
    """Have children end, one group after the other, and kill what does not.

    Args:
        groups: those of a group end together.
        patience_s: for all of them.
        hurry: whether to wait no longer.
    """
    ends = time.monotonic() + patience_s
    families = [process for group in groups for child in group for process in child.family()]
    for group in groups:
        for child in group:
            child.ask_to_end()
        while not all(child.has_ended() for child in group):
            if hurry() or time.monotonic() >= ends:
                break
            time.sleep(0.05)
    # Children of children that lost their parent, too.
    for process in families:
        with suppress(psutil.Error):
            if process.is_running():
                process.kill()
    psutil.wait_procs(families, timeout=2.0)
    for group in groups:
        for child in group:
            child.has_ended()


def environment(**more: str | None) -> dict[str, str]:
    """This process's environment with some of it changed; `None` takes a name away."""
    changed = {**os.environ, **more}
    return {name: value for name, value in changed.items() if value is not None}
