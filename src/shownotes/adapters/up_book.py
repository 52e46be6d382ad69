"""`output/.up.json`: where the `shownotes up` of a working folder is to be found while it runs.

A lock that the kernel lets go with its holder says whether it does; the file alone proves nothing.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from shownotes.adapters.store import now, translate, write_text
from shownotes.errors import AlreadyUpError

LOCK, BOOK = ".up.lock", ".up.json"
FORMAT = "shownotes/up"
# The line with which the desk tells where it listens begins so.
DESK_OPEN = "The desk is open: "

# Writes down where the desk, Prefect's pages and its API are.
Note = Callable[[str | None, str | None, str | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A `shownotes up` that runs.

    Attributes:
        desk: where editors find it; `None` without a desk.
        pages: Prefect's own, for people.
        api: Prefect's, for programs.
    """

    pid: int
    host: str
    since: str
    desk: str | None = None
    pages: str | None = None
    api: str | None = None


@contextmanager
def only_one(output: Path) -> Iterator[Note]:
    """Be the one `up` of a working folder for the length of the block.

    Yields:
        What notes where desk, pages and API are, as soon as that is known.

    Raises:
        AlreadyUpError: another one is running; the message says where.
        StoreError: the output folder cannot be written.
    """
    lock = FileLock(output / LOCK, timeout=0)
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise AlreadyUpError(_already(output)) from error
    except OSError as error:
        raise translate(error, output / LOCK) from error
    since = now()

    def note(desk: str | None, pages: str | None, api: str | None) -> None:
        up = Up(
            pid=os.getpid(),
            host=socket.gethostname(),
            since=since,
            desk=desk,
            pages=pages,
            api=api,
        )
        told = {"format": FORMAT, "format_version": 1, **asdict(up)}
        write_text(output / BOOK, json.dumps(told, indent=1) + "\n")

    try:
        note(None, None, None)
        yield note
    finally:
        with suppress(OSError):
            (output / BOOK).unlink()
        lock.release()


def running_up(output: Path) -> Up | None:
    """The `up` that runs in a working folder now, `None` when there is none."""
    path = output / LOCK
    if not path.exists():
        return None
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return _read(output)
    except OSError:
        return None
    lock.release()
    return None


def _read(output: Path) -> Up | None:
    try:
        told = json.loads((output / BOOK).read_text(encoding="utf-8"))
        return Up(**{key: told.get(key) for key in Up.__dataclass_fields__})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _already(output: Path) -> str:
    up = _read(output)
    if up is None:
        return f"`shownotes up` is just starting in this working folder ({output.parent})."
    places = [f"the desk at {up.desk}"] if up.desk else []
    places += [f"Prefect at {up.pages}"] if up.pages else []
    found = " and ".join(places) or "it is still starting"
    return (
        f"`shownotes up` is running here already: {found} (process {up.pid} on {up.host}, since "
        f"{up.since}). Ctrl-C where it was started ends it."
    )
