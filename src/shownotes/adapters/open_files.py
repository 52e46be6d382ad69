"""Who is writing into a file, where the system shows it.

Linux tells in two ways. A read lease is granted only while nobody on this machine has the file open
for writing, whoever that is; it needs the file to be our own and a disk of this machine. `/proc`
shows the files of our own processes, or of all to root, and who has them. Elsewhere, and for
writers on other machines, nothing is seen.
"""

import os
import signal
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_WRITES = os.O_WRONLY | os.O_RDWR
_File = tuple[int, int]
# By device and inode: who was found last, and is asked first the next time.
_last: dict[_File, Path] = {}


def find_writers(paths: Collection[Path]) -> dict[Path, str]:
    """The files that somebody has open for writing, and who: `cp (process 123)`.

    A file that cannot be looked at is not among them.
    """
    if sys.platform != "linux":
        return {}
    unknown: list[Path] = []
    found: dict[Path, str] = {}
    for path in paths:
        is_open = is_open_for_writing(path)
        if is_open:
            found[path] = "another program"
        if is_open is not False:
            unknown.append(path)
    return found | writers_in_proc(unknown) if unknown else found


def is_open_for_writing(path: Path) -> bool | None:
    """By a lease; `None` where none can be had."""
    import fcntl  # which Windows does not have

    try:
        # Never waits, whatever has taken the file's place since it was looked at.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # Whoever opens the file in this very moment waits for the lease to go, and its end would
        # be told by SIGIO, which ends a process; SIGURG is ignored.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(handle)
    return False


def writers_in_proc(paths: Collection[Path]) -> dict[Path, str]:
    """The files that processes of ours, or to root of all, have open for writing."""
    wanted: dict[_File, Path] = {}
    found: dict[Path, str] = {}
    for path in paths:
        with suppress(OSError, ValueError):
            status = path.stat()
            file = status.st_dev, status.st_ino
            writer = _last.get(file)
            if writer is not None and _is_writing(writer, file):
                found[path] = _told(writer)
            else:
                wanted[file] = path
    return found | _search(wanted) if wanted else found


def _search(wanted: Mapping[_File, Path]) -> dict[Path, str]:
    """Go through what all processes have open: a tenth of a second for some hundred of them."""
    _last.clear()
    names = {os.path.realpath(path) for path in wanted.values()}
    found: dict[Path, str] = {}
    for process in _processes():
        for handle, target in _open_files(process):
            if target not in names:
                continue
            with suppress(OSError, ValueError):
                writer = process / "fd" / handle
                status = writer.stat()
                file = status.st_dev, status.st_ino
                if file in wanted and _may_write(writer):
                    found[wanted[file]] = _told(writer)
                    _last[file] = writer
    return found


def _is_writing(writer: Path, file: _File) -> bool:
    status = writer.stat()
    return (status.st_dev, status.st_ino) == file and _may_write(writer)


def _told(writer: Path) -> str:
    process = writer.parent.parent
    return f"{_name(process)} (process {process.name})"


def _processes() -> Iterator[Path]:
    with suppress(OSError):
        for entry in os.scandir(_PROC):
            if entry.name.isdigit():
                yield _PROC / entry.name


def _open_files(process: Path) -> Iterator[tuple[str, str]]:
    """Numbers and targets of what a process has open; nothing of what is not shown to us."""
    with suppress(OSError):
        for handle in os.listdir(process / "fd"):  # noqa: PTH208 - thousands of them
            with suppress(OSError):
                target = os.readlink(process / "fd" / handle)  # noqa: PTH115 - not a path of ours
                if target.startswith("/"):
                    yield handle, target


def _may_write(writer: Path) -> bool:
    told = (writer.parent.parent / "fdinfo" / writer.name).read_text(
        encoding="ascii", errors="replace"
    )
    flags = next(line for line in told.splitlines() if line.startswith("flags:"))
    return bool(int(flags.split()[1], 8) & _WRITES)


def _name(process: Path) -> str:
    name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    return "".join(c if c.isprintable() else "?" for c in name)
