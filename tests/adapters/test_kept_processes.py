"""Children that are kept running: real processes, real deaths."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from shownotes.adapters.kept_processes import Child, end_all, environment

LIVING = """
import time
from shownotes.adapters.lifeline import end_with_parent
import os
end_with_parent(lambda: os._exit(0), patience_s=5)
print("here", flush=True)
time.sleep(600)
"""
DEAF = "import time\nprint('here', flush=True)\ntime.sleep(600)\n"
WITH_A_CHILD = (
    """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
"""
    + LIVING
)
PATIENT = 20.0


def wait_for(condition: Callable[[], object], timeout_s: float = PATIENT) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def build(
        program: str, hear: Callable[[str], object] = print, most_bytes: int = 10_000
    ) -> Child:
        child = Child(
            name="thing",
            command=[sys.executable, "-c", program],
            env=environment(),
            folder=tmp_path,
            log=tmp_path / "thing.log",
            hear=hear,
            most_bytes=most_bytes,
        )
        made.append(child)
        return child

    yield build
    end_all([made], patience_s=0.0, hurry=lambda: True)


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def never() -> bool:
    return False


def test_a_child_is_started_once_and_heard(make: Callable[..., Child], tmp_path: Path) -> None:
    heard: list[str] = []
    child = make(LIVING, hear=heard.append)
    assert child.tend() is None
    first = child.pid
    assert wait_for(lambda: heard == ["here"])
    assert child.tend() is None
    assert child.pid == first
    assert wait_for(lambda: (tmp_path / "thing.log").read_text() == "here\n")


def test_one_that_dies_is_started_again_and_waits_longer_each_time(
    make: Callable[..., Child],
) -> None:
    child = make("print('out of paper', flush=True); raise SystemExit(3)")
    told: list[str] = []

    def has_died_twice() -> bool:
        sentence = child.tend()
        if sentence:
            told.append(sentence)
        return len(told) == 2

    assert wait_for(has_died_twice)
    assert told == [
        "thing ended (code 3): out of paper. It is started again in 1 s.",
        "thing ended (code 3): out of paper. It is started again in 2 s.",
    ]


def test_one_that_is_killed_is_started_again(make: Callable[..., Child]) -> None:
    child = make(LIVING)
    child.tend()
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: child.tend() or (child.pid not in (None, first)))
    assert wait_for(lambda: child.tend() or (child.pid not in (None, first)))
    assert psutil.pid_exists(child.pid or 0)


def test_children_end_when_they_are_asked(make: Callable[..., Child]) -> None:
    heard: list[str] = []
    child = make(LIVING, hear=heard.append)
    child.tend()
    assert wait_for(lambda: heard)
    (process,) = child.family()
    end_all([[child]], patience_s=PATIENT, hurry=never)
    assert not process.is_running()
    # By itself: a process that was killed leaves another code.
    assert child.pid is None


def test_what_does_not_end_is_killed_with_all_that_it_started(
    make: Callable[..., Child],
) -> None:
    heard: list[str] = []
    deaf, parent = make(DEAF, hear=heard.append), make(WITH_A_CHILD, hear=heard.append)
    deaf.tend()
    parent.tend()
    assert wait_for(lambda: len(heard) == 2)
    processes = [*deaf.family(), *parent.family()]
    assert len(processes) == 3
    end_all([[deaf], [parent]], patience_s=0.5, hurry=never)
    assert not any(process.is_running() for process in processes)


def test_in_a_hurry_nobody_is_waited_for(make: Callable[..., Child]) -> None:
    heard: list[str] = []
    deaf = make(DEAF, hear=heard.append)
    deaf.tend()
    assert wait_for(lambda: heard)
    (process,) = deaf.family()
    end_all([[deaf]], patience_s=1e9, hurry=lambda: True)
    assert not process.is_running()


def test_groups_end_one_after_the_other(make: Callable[..., Child]) -> None:
    heard: list[str] = []
    first, last = make(LIVING, hear=heard.append), make(LIVING, hear=heard.append)
    first.tend()
    last.tend()
    assert wait_for(lambda: len(heard) == 2)
    seen: list[tuple[bool, bool]] = []

    def look() -> bool:
        seen.append((first.is_running(), last.is_running()))
        return False

    end_all([[first], [last]], patience_s=PATIENT, hurry=look)
    assert (False, True) in seen or seen[-1] == (True, True)
    assert (True, False) not in seen


def test_a_long_log_is_put_aside(make: Callable[..., Child], tmp_path: Path) -> None:
    heard: list[str] = []
    lines = "".join(f"print('line {n}', flush=True)\n" for n in range(4))
    child = make(lines + DEAF, hear=heard.append, most_bytes=20)
    child.tend()
    assert wait_for(lambda: "here" in heard)
    log = tmp_path / "thing.log"
    assert wait_for(lambda: log.exists() and "here" in log.read_text())
    assert (tmp_path / "thing.1.log").read_text().startswith("line")


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX does")
def test_children_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from shownotes.adapters.kept_processes import Child, environment\n"
        f"child = Child('thing', [sys.executable, '-c', {LIVING!r}], environment(), "
        f"Path({str(tmp_path)!r}), Path({str(tmp_path)!r}) / 'log', hear=print)\n"
        "child.tend()\nprint(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    process = psutil.Process(pid)
    parent.kill()
    parent.communicate()
    assert wait_for(lambda: is_gone(process))
