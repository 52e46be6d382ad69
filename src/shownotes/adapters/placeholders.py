"""Files whose content is somewhere else: placeholders of cloud drives.

Reading one has it downloaded, or hangs; so what is asked first is what the system says without
reading. Sources: Apple's `sys/stat.h` (SF_DATALESS), Microsoft's "File Attribute Constants".
"""

import errno
import os
import re
import stat
from pathlib import Path
from typing import Protocol

# How macOS up to Ventura keeps what is only in iCloud: `.talk.mp3.icloud` for `talk.mp3`.
_ICLOUD = re.compile(r"\.(?P<name>.+)\.icloud")
_DATALESS = 0x4000_0000
# RECALL_ON_DATA_ACCESS, RECALL_ON_OPEN, OFFLINE.
_RECALLED = 0x0040_0000 | 0x0004_0000 | 0x0000_1000
# Some file systems keep a small file's content beside its name and count no blocks for it.
_LEAST_BYTES = 4096


class FileStatus(Protocol):
    """What is needed of `os.stat_result`."""

    @property
    def st_mode(self) -> int:
        """Kind and permissions."""

    @property
    def st_size(self) -> int:
        """Bytes."""


def named_by_placeholder(name: str) -> str | None:
    """The name of the file that a placeholder of iCloud stands for."""
    found = _ICLOUD.fullmatch(name)
    return found["name"] if found else None


def may_be_absent(status: FileStatus) -> bool:
    """Whether it is worth asking why a file's content is not here."""
    return bool(
        getattr(status, "st_blocks", 1) == 0
        or getattr(status, "st_flags", 0)
        or getattr(status, "st_file_attributes", 0)
    )


def why_absent(path: Path, status: FileStatus) -> str:
    """Why a file's content is not on this machine; empty when it is.

    Args:
        path: of a file.
        status: of that file.
    """
    if getattr(status, "st_flags", 0) & _DATALESS:
        return "only its name is here, its content is in the cloud: download it in the Finder"
    if getattr(status, "st_file_attributes", 0) & _RECALLED:
        return (
            "only its name is here, its content is in the cloud: choose "
            '"Always keep on this device" in its menu'
        )
    has_no_blocks = status.st_size >= _LEAST_BYTES and getattr(status, "st_blocks", 1) == 0
    if has_no_blocks and stat.S_ISREG(status.st_mode) and _is_one_hole(path):
        return "it has a size and no content yet: a copy that has not begun, or a cloud's file"
    return ""


def ends_in_hole(handle: int, size: int) -> bool:
    """Whether a file's end has never been written; false where the disk cannot tell."""
    try:
        hole = os.lseek(handle, max(0, size - 1), os.SEEK_HOLE)
    except (OSError, AttributeError):
        return False
    return hole < size


def _is_one_hole(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        os.lseek(handle, 0, os.SEEK_DATA)
    except OSError as error:
        return error.errno == errno.ENXIO
    except AttributeError:
        return False
    finally:
        os.close(handle)
    return False
