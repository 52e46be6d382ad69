"""How a file in the in-tray looks: its marks, without opening it, and samples of its content."""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from shownotes.adapters.placeholders import may_be_absent, why_absent
from shownotes.core.dropped import Look
from shownotes.core.readiness import Facts
from shownotes.steps.intray import Dropped

# Pieces of a file that are hashed, evenly spread; a smaller one is hashed whole. A copy that fills
# a file of full size passes a piece for every sixteenth.
LEADS_OUT = (
    "it is a link that leads out of the working folder, and is not followed: put the file itself "
    "there, or set follow_links = true in [paths]"
)
NO_FACTS = Facts()
_PIECES, _PIECE_BYTES = 16, 4096


def look_at(found: Dropped) -> tuple[Look | None, Facts]:
    """The marks of a file and what else is to be seen of it without opening it.

    Returns:
        No look where there is nothing that could rest.
    """
    reason = why_never(found.recorded)
    if reason or found.is_foreign:
        return None, Facts(never=reason or LEADS_OUT)
    path = os.path.join(found.folder, found.name)  # noqa: PTH118 - thousands of them
    try:
        status = os.stat(path)  # noqa: PTH116
        if found.is_folder:
            return _look_at_folder(found, status)
        beside = _marks(found.files_beside) if found.beside else ""
    except OSError as error:
        return None, Facts(absent=_why_missing(found.path, error))
    if not stat.S_ISREG(status.st_mode):
        return None, Facts(never="it is no file but a pipe or a device; nobody opens it")
    absent = why_absent(found.path, status) if may_be_absent(status) else ""
    return _look(status, beside), Facts(absent=absent) if absent else NO_FACTS


def why_never(told: str) -> str:
    """Why a file of this name cannot be processed; empty when it can."""
    if told.isascii() and told.isprintable():
        return ""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in told):
        return "its name holds a line break or another character that cannot be written: rename it"
    return ""


def shown(path: str) -> str:
    """A path as it can be written and printed."""
    if path.isascii() and path.isprintable():
        return path
    return "".join(_escaped(c) if unicodedata.category(c) in {"Cc", "Cs"} else c for c in path)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def sample_of(found: Dropped) -> str:
    """Hash of pieces of the content; it betrays a file that is filled behind its marks.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in found.files:
        for piece in _pieces(path):
            digest.update(piece)
    return digest.hexdigest()


def fingerprint_of(found: Dropped, look: Look, sample: str) -> str:
    """Hash of the content, the sidecar and the transcript, as far as marks and samples tell.

    The inode is no part of it: some network drives give a file another one every day.

    Raises:
        OSError: a file beside it cannot be read.
    """
    digest = hashlib.blake2b(f"{look.size} {look.modified_ns} {sample}".encode(), digest_size=16)
    for path in found.files_beside:
        digest.update(f" {path.suffix} ".encode())
        for piece in _pieces(path):
            digest.update(piece)
    return digest.hexdigest()


def _look(status: os.stat_result, beside: str) -> Look:
    return Look(
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        inode=status.st_ino,
        beside=beside,
        blocks=getattr(status, "st_blocks", 0),
        changed_ns=status.st_ctime_ns,
    )


def _look_at_folder(found: Dropped, status: os.stat_result) -> tuple[Look, Facts]:
    """A folder of tracks rests when all its tracks do, and no other one comes."""
    tracks = found.files
    each = [track.stat() for track in tracks]
    absent = (why_absent(track, s) for track, s in zip(tracks, each, strict=True))
    look = Look(
        size=sum(s.st_size for s in each),
        modified_ns=max((s.st_mtime_ns for s in each), default=status.st_mtime_ns),
        inode=status.st_ino,
        beside=_marks([*tracks, *found.files_beside]),
        blocks=sum(getattr(s, "st_blocks", 0) for s in each),
        changed_ns=max((s.st_ctime_ns for s in each), default=status.st_ctime_ns),
    )
    return look, Facts(absent=next(filter(None, absent), ""))


def _marks(paths: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        status = path.stat()
        told = f"{path.name}/{status.st_size}/{status.st_mtime_ns}/{status.st_ino}/"
        digest.update(os.fsencode(told))
    return digest.hexdigest()


def _why_missing(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "it is a link to nothing that can be reached from here"
    return f"it cannot be looked at: {error.strerror or error}"


def _pieces(path: Path) -> Iterator[bytes]:
    # Never waits, should a pipe have taken the file's place.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb", buffering=0) as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return
        if status.st_size <= _PIECES * _PIECE_BYTES:
            yield file.read(_PIECES * _PIECE_BYTES)
            return
        for number in range(_PIECES):
            file.seek((status.st_size - _PIECE_BYTES) * number // (_PIECES - 1))
            yield file.read(_PIECE_BYTES)
