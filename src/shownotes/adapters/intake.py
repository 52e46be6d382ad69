"""A file on its way into the in-tray: hidden until it is whole, on the disk, and proved media."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shownotes.adapters.sound import check_media
from shownotes.adapters.store import check_room, file_sha256, sync_folder, translate
from shownotes.core.file_names import numbered
from shownotes.errors import InputError, UploadError

# Hidden, so that no scan of the in-tray takes up what is not whole.
_PREFIX = ".upload-"
# Room that is left on the disk, in bytes: an episode's working audio and notes want some.
MARGIN_BYTES = 500_000_000
# The disk is looked at again after so many bytes: others write to it as well.
_LOOK_EVERY_BYTES = 64 * 2**20
# A file that nothing was written to for so long is left over from a server that was killed.
_LEFT_OVER_S = 3600.0
_MOST_NUMBERED = 1000


class Intake:
    """One file being written.

    Attributes:
        size: bytes so far.
    """

    def __init__(self, folder: Path, name: str, *, most_bytes: int) -> None:
        self._folder = folder
        self._name = name
        self._most_bytes = most_bytes
        self._digest = hashlib.sha256()
        self._looked_at = 0
        self.size = 0
        ending = Path(name).suffix
        self._path = folder / f"{_PREFIX}{secrets.token_hex(8)}{ending}"
        self._file = self._path.open("xb")

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            UploadError: more than the limit.
            DiskFullError: no room is left.
            StoreError: it cannot be written.
        """
        self.size += len(data)
        check_size(self.size, self._most_bytes)
        if self.size - self._looked_at >= _LOOK_EVERY_BYTES:
            check_room(self._folder, MARGIN_BYTES)
            self._looked_at = self.size
        try:
            self._file.write(data)
        except OSError as error:
            raise translate(error, self._folder / self._name) from error
        self._digest.update(data)

    def finish(self) -> tuple[str, bool]:
        """Give the file its name, when it is whole and media; nothing is ever overwritten.

        Returns:
            Its name in the in-tray, and whether it was not there before: the same file sent again
            is not kept twice.

        Raises:
            UploadError: it is not media that can be used.
            StoreError: it cannot be written.
        """
        if not self.size:
            raise UploadError(f"{self._name} is empty (0 bytes). Export it again.")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._check_media()
            for name in _candidates(self._name):
                target = self._folder / name
                if take_name(self._path, target):
                    sync_folder(self._folder)
                    return name, True
                if self._is_same(target):
                    return name, False
        except OSError as error:
            raise translate(error, self._folder / self._name) from error
        raise UploadError(f"{self._name} is taken too many times. Rename it and try again.")

    def discard(self) -> None:
        """Close and remove what is left; nothing once it has its name."""
        with suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _check_media(self) -> None:
        try:
            check_media(self._path)
        except InputError as error:
            told = str(error).replace(str(self._path), self._name)
            raise UploadError(told, status=422) from error

    def _is_same(self, target: Path) -> bool:
        try:
            if target.stat().st_size != self.size:
                return False
            return file_sha256(target) == self._digest.hexdigest()
        except OSError:
            # A dangling link, or gone meanwhile.
            return False


@contextmanager
def receive_file(
    folder: Path, name: str, *, most_bytes: int, declared: int | None
) -> Iterator[Intake]:
    """An intake that leaves nothing behind, however it ends.

    Args:
        folder: the in-tray.
        name: clean already.
        most_bytes: of a file.
        declared: bytes that are announced, if any are.

    Raises:
        UploadError: more than may be sent.
        DiskFullError: no room for it.
        StoreError: the in-tray cannot be written.
    """
    check_size(declared or 0, most_bytes)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_room(folder, (declared or 0) + MARGIN_BYTES)
        intake = Intake(folder, name, most_bytes=most_bytes)
    except OSError as error:
        raise translate(error, folder / name) from error
    try:
        yield intake
    finally:
        intake.discard()


def check_size(size: int, most_bytes: int) -> None:
    """Refuse a file that is too large.

    Raises:
        UploadError: it is.
    """
    if size > most_bytes:
        raise UploadError(
            f"The file is larger than {most_bytes / 2**20:.0f} MB, the most that may be dropped "
            "here ([desk] most_upload_mb). Copy it into the in-tray instead.",
            status=413,
        )


def remove_left_over(folder: Path) -> None:
    """Remove what servers that were killed have left in the in-tray."""
    if not folder.is_dir():
        return
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _LEFT_OVER_S:
                path.unlink()


def _candidates(name: str) -> Iterator[str]:
    yield name
    for number in range(2, _MOST_NUMBERED):
        yield numbered(name, number)


def take_name(path: Path, target: Path, *, link: Callable[[Path, Path], None] = os.link) -> bool:
    """Give a file a name that nobody has; false when somebody has it."""
    try:
        link(path, target)
    except FileExistsError:
        return False
    except OSError:
        # A file system without links: take the name first, then put the file there.
        try:
            target.open("xb").close()
        except FileExistsError:
            return False
        path.replace(target)
    return True
