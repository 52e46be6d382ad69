"""Whether a flow run is alive: each holds a lock of its own for as long as it lives.

A scheduler cannot know: a run whose process was killed stays `Running` in its books for ever. The
kernel does know, and lets the lock go with the process, over a shared folder too. An episode's
claim is not enough: a run has none while it reads a new file, nor while it tells people.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

FOLDER = ".runs"


@contextmanager
def alive(output: Path, run_id: str) -> Iterator[None]:
    """Be known as alive for the length of the block."""
    path = _path(output, run_id)
    # Whoever asks whether it is alive holds it for a moment.
    lock = FileLock(path, timeout=2)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, Timeout):
        # A folder that cannot be written is the run's own to report.
        yield
        return
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            path.unlink()


def is_alive(output: Path, run_id: str) -> bool:
    """Whether a living process, here or on another machine, is this run."""
    path = _path(output, run_id)
    if not path.exists():
        return False
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    with suppress(OSError):
        path.unlink()
    return False


def _path(output: Path, run_id: str) -> Path:
    return output / FOLDER / f"{run_id}.lock"
