"""Backups on disk: a `.tar.gz` of files under names of our own, closed by a list of their hashes.

Written beside its place and given its name when it is whole, readable by its owner alone (it holds
the hashes of passwords). Read as if a stranger had made it: nothing is ever unpacked to a path that
stands in it, links and devices are refused, and every byte is checked before the first is used.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from shownotes.adapters.store import check_room, now, sync_folder, translate
from shownotes.errors import BackupError

FORMAT, FORMAT_VERSION = "shownotes/backup", 1
# The first file in it, by which one is known; and the last, which one that was cut off has not.
MARK, MANIFEST = "shownotes-backup.json", "manifest.json"
# A review log of a thousand hours of editing has some 50 MB.
MOST_FILE_BYTES = 500_000_000
MOST_FILES = 1_000_000
_MARGIN_BYTES = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file on its way into a backup.

    Attributes:
        name: in the backup, with forward slashes.
        modified: seconds since 1970.
    """

    name: str
    data: bytes
    modified: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A backup that was checked, its files unpacked under numbers.

    Attributes:
        made_at: when it was begun, UTC, ISO 8601; what was changed here since is newer.
        files: by name, where each lies.
    """

    made_at: str
    files: Mapping[str, Path] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        return self.files[name].read_bytes()


def write_archive(path: Path, entries: Iterable[Entry]) -> dict[str, int]:
    """Write a backup; one of ours in its place is replaced, anything else is not.

    Returns:
        The names in it, and their sizes.

    Raises:
        BackupError: another file lies there.
        StoreError: it cannot be written.
    """
    if path.exists() and not _is_ours(path):
        raise BackupError(f"{path} is there already, and is no backup. Name another file.")
    hashes, sizes = {}, {}
    mark = {"format": FORMAT, "format_version": FORMAT_VERSION, "made_at": now()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        making = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                with (
                    gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed,
                    tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
                ):
                    _add(tar, _as_json(MARK, mark))
                    for entry in entries:
                        _add(tar, entry)
                        hashes[entry.name] = hashlib.sha256(entry.data).hexdigest()
                        sizes[entry.name] = len(entry.data)
                    _add(tar, _as_json(MANIFEST, hashes))
                file.flush()
                os.fsync(file.fileno())
            making.chmod(0o600)
            making.replace(path)
        finally:
            making.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise translate(error, path) from error
    return sizes


def _as_json(name: str, data: Mapping[str, object]) -> Entry:
    return Entry(name=name, data=json.dumps(data, indent=1).encode(), modified=time.time())


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    member = tarfile.TarInfo(entry.name)
    member.size, member.mtime, member.mode = len(entry.data), int(entry.modified), 0o600
    tar.addfile(member, io.BytesIO(entry.data))


def _is_ours(path: Path) -> bool:
    """Whether a file begins as a backup does: nothing else is ever replaced."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            first = tar.next()
            return first is not None and first.name == MARK
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return False


# --------------------------------------------------------------------------- reading


def read_archive(path: Path, into: Path, *, is_known: Callable[[str], bool]) -> Unpacked:
    """Check a backup, every byte of it, and unpack it.

    Args:
        path: of the backup.
        into: an empty folder of the caller's.
        is_known: whether a name is one that a backup may hold.

    Raises:
        BackupError: it is damaged, cut off, not one of ours, or holds what no backup does.
        StoreError: there is no room, or `into` cannot be written.
    """
    if not path.is_file():
        raise BackupError(f"{path}: there is no such file.")
    try:
        with tarfile.open(path, "r:gz") as tar:
            files, hashes = _unpack(tar, path, into, is_known)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise BackupError(
            f"{path} is no whole backup ({error}). Take another one; nothing was changed."
        ) from error
    except OSError as error:
        raise translate(error, into) from error
    mark, told = _read_json(files, MARK, path), _read_json(files, MANIFEST, path)
    _check_version(mark, path)
    hashes = {name: sha for name, sha in hashes.items() if name not in (MARK, MANIFEST)}
    if hashes != told:
        wrong = sorted(name for name in {*hashes, *told} if hashes.get(name) != told.get(name))
        raise BackupError(
            f"{path} is damaged: {wrong[0]} is not what was put in. Nothing was changed."
        )
    kept = {name: place for name, place in files.items() if name in hashes}
    return Unpacked(made_at=str(mark["made_at"]), files=kept)


def _unpack(
    tar: tarfile.TarFile, path: Path, into: Path, is_known: Callable[[str], bool]
) -> tuple[dict[str, Path], dict[str, str]]:
    files: dict[str, Path] = {}
    hashes: dict[str, str] = {}
    for member in tar:
        name = _checked_name(member, path)
        is_one = name in (MARK, MANIFEST) or is_known(name)
        if name in files or not is_one or len(files) > MOST_FILES:
            raise BackupError(f"{path} holds {name!r}, which no backup of Shownotes does.")
        check_room(into, member.size + _MARGIN_BYTES)
        source = tar.extractfile(member)
        data = source.read(MOST_FILE_BYTES + 1) if source else b""
        if len(data) != member.size:
            raise BackupError(f"{path} ends early or holds too much: {name!r}.")
        place = into / str(len(files))
        place.write_bytes(data)
        files[name], hashes[name] = place, hashlib.sha256(data).hexdigest()
    return files, hashes


def _checked_name(member: tarfile.TarInfo, path: Path) -> str:
    """The member's name, when it is a plain file inside.

    Raises:
        BackupError: it is a link, a device, or leads out of the folder.
    """
    name = member.name
    if not member.isreg() or member.issparse():
        raise BackupError(f"{path} holds {name!r}, which is no plain file. It is not used.")
    if not is_plain(name):
        raise BackupError(f"{path} holds {name!r}, which leads elsewhere. It is not used.")
    return name


def is_plain(name: str) -> bool:
    """Whether a name is that of a file inside: relative, without `..`, on every system."""
    pure = PurePosixPath(name)
    is_odd = any(ord(character) < 32 or character == "\\" for character in name)
    is_inside = not pure.is_absolute() and ".." not in pure.parts and str(pure) == name
    return is_inside and not is_odd and name != "."


def _read_json(files: Mapping[str, Path], name: str, path: Path) -> dict[str, Any]:
    if name not in files:
        raise BackupError(f"{path} was cut off, or is not a backup of Shownotes: no {name} in it.")
    try:
        told = json.loads(files[name].read_bytes())
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BackupError(f"{path} is damaged: {name} in it cannot be read.")
    return told


def _check_version(mark: Mapping[str, Any], path: Path) -> None:
    if mark.get("format") != FORMAT or not isinstance(mark.get("format_version"), int):
        raise BackupError(f"{path} is not a backup of Shownotes.")
    if mark["format_version"] > FORMAT_VERSION:
        raise BackupError(f"{path} was made by a newer Shownotes. Upgrade this one.")
    try:
        datetime.fromisoformat(str(mark.get("made_at")))
    except ValueError as error:
        raise BackupError(f"{path} does not say when it was made.") from error
