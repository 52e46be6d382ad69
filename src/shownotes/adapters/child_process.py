"""A child process that is asked things: started when needed, kept, killed at a deadline.

Why a process: native code that hangs cannot be stopped, and one that crashes takes its process
with it.
"""

import contextlib
import math
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Generator, Mapping
from time import monotonic
from typing import IO, Any

from shownotes.adapters.frames import read_frame, write_frame

# How often the wait for an answer looks up, in seconds, so that Ctrl-C is heard on Windows.
_LOOK_UP_S = 0.5
_STDERR_LINES = 20
Answers = queue.SimpleQueue[tuple[dict[str, Any], bytes] | None]


class ChildFailed(Exception):  # noqa: N818 - what happened, for the two who know the child
    """The child answered that it could not; it lives."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message or kind)
        self.kind = kind


class ChildDied(Exception):  # noqa: N818
    """The child ended.

    Attributes:
        code: its exit code, below 0 for a signal; `None` when it is not known.
        last_words: the last line it wrote to stderr.
    """

    def __init__(self, code: int | None, last_words: str) -> None:
        super().__init__(f"exit code {code}")
        self.code = code
        self.last_words = last_words


class ChildSilent(Exception):  # noqa: N818
    """The child took too long, and is gone.

    Attributes:
        is_busy: it had processor time enough; else it waited for something.
    """

    def __init__(self, *, is_busy: bool) -> None:
        super().__init__("too long")
        self.is_busy = is_busy


class Child:
    """`python -m module`, which calls `frames.serve`.

    Args:
        module: to be run.
        environment: beside this process's own.
    """

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        self._module = module
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: Answers
        self._said: deque[str]

    @property
    def pid(self) -> int | None:
        """Its process id while there is one."""
        return self._process.pid if self._process else None

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it unless it lives; it begins to import its libraries.

        Raises:
            OSError: it cannot be started.
        """
        if self.is_alive:
            return
        self.close()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUTF8": "1", **self._environment},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._answers, self._said = queue.SimpleQueue(), deque(maxlen=_STDERR_LINES)
        for target, *arguments in (
            (_forward, self._process.stdout, self._answers),
            (_remember, self._process.stderr, self._said),
        ):
            threading.Thread(target=target, args=arguments, daemon=True).start()

    def close(self) -> None:
        """End it, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                # What the child had not read yet is of no interest any more.
                with contextlib.suppress(OSError, ValueError):
                    stream.close()

    def ask(
        self,
        message: Mapping[str, Any],
        payload: bytes = b"",
        *,
        deadline_s: float,
        silence_s: float = math.inf,
        most_cpu_s: float = math.inf,
    ) -> Generator[dict[str, Any], None, None]:
        """Send a request and hand out the answers, the last being `done`.

        Whoever leaves before that (Ctrl-C, a deadline) ends the child: it must not go on alone.

        Args:
            message: what is asked.
            payload: raw bytes with it.
            deadline_s: for all answers together.
            silence_s: the longest between two of them.
            most_cpu_s: the most processor time between two of them.

        Raises:
            ChildFailed: it could not, and lives.
            ChildDied: it ended.
            ChildSilent: it took longer.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise ChildDied(None, "")
        ends = monotonic() + deadline_s
        is_done = False
        try:
            try:
                write_frame(process.stdin, message, payload)
            except OSError as error:
                raise self._death() from error
            while not is_done:
                answer = self._receive(min(ends, monotonic() + silence_s), most_cpu_s)
                if answer["event"] == "failed":
                    is_done = True
                    raise ChildFailed(answer["kind"], answer["message"])
                is_done = answer["event"] == "done"
                yield answer
        finally:
            if not is_done:
                self.close()

    def _receive(self, until: float, most_cpu_s: float) -> dict[str, Any]:
        began, cpu_s = monotonic(), None
        while (left := until - monotonic()) > 0:
            try:
                answer = self._answers.get(timeout=min(left, _LOOK_UP_S))
            except queue.Empty:
                # Only a child that is slow is looked at: this costs, and an answer says more.
                if cpu_s is None:
                    cpu_s = self._cpu_s()
                elif self._cpu_s() - cpu_s > most_cpu_s:
                    raise ChildSilent(is_busy=True) from None
                continue
            if answer is None:
                raise self._death()
            return answer[0]
        raise ChildSilent(is_busy=self._cpu_s() - (cpu_s or 0.0) > (monotonic() - began) / 2)

    def _cpu_s(self) -> float:
        """Seconds of processor time that the child has taken."""
        import psutil

        with contextlib.suppress(psutil.Error):
            times = psutil.Process(self.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0

    def _death(self) -> ChildDied:
        code: int | None = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(timeout=10)
        last = next((line for line in reversed(self._said) if line.strip()), "")
        return ChildDied(code, last.strip())


def _forward(stream: IO[bytes], answers: Answers) -> None:
    # ValueError: a pipe closed meanwhile, or no JSON from a child that writes what it should not.
    with contextlib.suppress(OSError, ValueError):
        while (frame := read_frame(stream)) is not None:
            answers.put(frame)
    answers.put(None)


def _remember(stream: IO[bytes], said: deque[str]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            said.append(line.decode(errors="replace"))
