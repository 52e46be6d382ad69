"""Whole folders on disk: made beside their place, safe on the disk, and put there in one go.

Why the C library by ctypes: nothing of Python's puts a folder where another one is, and between
two renames readers would find nothing. Linux and macOS exchange two names in one call.
"""

import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from shownotes.adapters.store import sync_folder, translate

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD; RENAME_EXCHANGE, RENAME_SWAP


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time; the kernel opens the lock when its holder is killed.

    Raises:
        StoreError: the lock file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire()
    except OSError as error:
        raise translate(error, path) from error
    try:
        yield
    finally:
        lock.release()


def put_folder(whole: Path, place: Path) -> None:
    """Give a finished folder its name, when all that is in it is safely on the disk.

    Raises:
        OSError: it cannot be done; `place` is not there.
    """
    _sync(whole)
    whole.rename(place)
    sync_folder(place.parent)


def take_place(work: Path, place: Path) -> None:
    """Put a new folder where an old one may be, which goes when the new one is there.

    Raises:
        OSError: it cannot be done; the old one is where it was.
    """
    if not place.exists():
        work.rename(place)
    elif exchange(work, place):
        shutil.rmtree(work, ignore_errors=True)
    else:
        _take_turns(work, place)


def _take_turns(work: Path, place: Path) -> None:
    """Two renames, between which there is nothing for a moment."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    place.rename(old)
    try:
        work.rename(place)
    except OSError:
        with suppress(OSError):
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders at once; false where system or disk cannot."""
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "linux":
            return bool(library.renameat2(_HERE, first, _HERE, second, _EXCHANGE) == 0)
        if sys.platform == "darwin":
            return bool(library.renamex_np(first, second, _EXCHANGE) == 0)
    except (AttributeError, OSError, TypeError):
        pass
    return False


def _sync(folder: Path) -> None:
    """Make all files and names in a folder durable."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    sync_folder(folder)
