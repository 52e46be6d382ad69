"""The output folder on disk: boxes (our JSON files), atomic writes, claims, kept edits.

Why the file system and not a database: the files are the product; a producer opens them, an
editor's changes survive in them, and a run killed at any moment leaves whole files behind.
Why filelock: the claim must be let go by the kernel when its holder is killed, on Linux, macOS and
Windows alike; it is in the tree already (huggingface-hub).
"""

import errno
import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from shownotes.errors import DiskFullError, EpisodeBusyError, FormatError, StoreError

FORMAT_VERSION = 1
ENVELOPE = ("format", "format_version", "made_at", "made_from", "made_with", "content_sha256")
# Whoever asks whether an episode is claimed has the lock himself for some microseconds, over a
# network for some milliseconds: no reason to call it busy.
CLAIM_PATIENCE_S = 0.5
# A write takes milliseconds; a temporary file as old as this was left by a process that was killed.
LITTER_AGE_S = 3600.0

Noun = TypeVar("Noun")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a box was made from and with.

    Attributes:
        content_sha256: of the data as it stands in the file now.
        is_edited: the data is not what we wrote: a person changed the file by hand.
    """

    made_from: Mapping[str, str]
    made_with: Mapping[str, object]
    made_at: str
    content_sha256: str
    is_edited: bool


class EpisodeFolder:
    """`output/<episode>/`: reads and writes its boxes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The folder's name, which is what people call the episode by."""
        return self.path.name

    def has(self, box: str) -> bool:
        """Whether the box has been written."""
        return (self.path / box).is_file()

    def read(self, box: str, kind: type[Noun]) -> Noun:
        """The noun in a box.

        Raises:
            FormatError: torn, not ours, or of a newer version.
        """
        data = _without_envelope(self._load(box))
        try:
            return cast("Noun", _adapter(cast("Hashable", kind)).validate_python(data))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise FormatError(
                f"{self.path / box}: `{where}` {first['msg']}. "
                "Undo the change by hand, or delete the file to have it made again."
            ) from error

    def stamp(self, box: str) -> Stamp | None:
        """What a box was made from, or `None` when there is no whole box."""
        try:
            loaded = self._load(box)
        except (FormatError, FileNotFoundError):
            return None
        found = content_sha256(_without_envelope(loaded))
        return Stamp(
            made_from=loaded["made_from"],
            made_with=loaded["made_with"],
            made_at=loaded["made_at"],
            content_sha256=found,
            is_edited=found != loaded["content_sha256"],
        )

    def content_sha256(self, box: str) -> str:
        """Hash of a box's data; empty when there is no whole box."""
        stamp = self.stamp(box)
        return stamp.content_sha256 if stamp else ""

    def write(
        self,
        box: str,
        noun: object,
        *,
        made_from: Mapping[str, str] | None = None,
        made_with: Mapping[str, object] | None = None,
    ) -> Path:
        """Write a box atomically; one that a person edited is kept and `<box>.new.json` written.

        Returns:
            The file that was written.

        Raises:
            DiskFullError: no room; the old file is intact.
        """
        data = plain_data(noun)
        document = {
            "format": f"shownotes/{box.removesuffix('.json').lstrip('.')}",
            "format_version": FORMAT_VERSION,
            "made_at": now(),
            "made_from": dict(made_from or {}),
            "made_with": _plain(dict(made_with or {})),
            "content_sha256": content_sha256(data),
            **data,
        }
        stamp = self.stamp(box) if made_from is not None else None
        target = self.path / box
        if stamp is not None and stamp.is_edited:
            target = beside(target)
        write_text(target, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return target

    @contextmanager
    def claim(self, *, holder: str = "") -> Iterator[None]:
        """Hold the episode for this process; let go when the block or the process ends.

        Raises:
            EpisodeBusyError: another run has it; the message says which.
            StoreError: the folder cannot be written.
        """
        note = self.path / "work" / "claim.json"
        lock = FileLock(self.path / "work" / "claim.lock")
        try:
            note.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=CLAIM_PATIENCE_S, poll_interval=0.02)
        except Timeout as error:
            raise EpisodeBusyError(
                f"{self.name}: another run has this episode ({_holder(note)}). "
                "It goes on by itself; nothing to do here."
            ) from error
        except OSError as error:
            raise translate(error, note.parent) from error
        try:
            write_text(note, json.dumps({"pid": os.getpid(), "holder": holder, "since": now()}))
            _sweep(self.path)
            yield
        finally:
            with suppress(OSError):
                note.unlink()
            lock.release()

    def is_claimed(self) -> bool:
        """Whether a living process has this episode now."""
        path = self.path / "work" / "claim.lock"
        if not path.exists():
            return False
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return True
        lock.release()
        return False

    def holder(self) -> str:
        """Which run has the episode, as it says itself."""
        return _holder(self.path / "work" / "claim.json")

    def _load(self, box: str) -> dict[str, Any]:
        path = self.path / box
        try:
            loaded = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise FormatError(
                f"{path} is not whole JSON ({error}). Delete it to have it made again."
            ) from error
        if not isinstance(loaded, dict) or not all(key in loaded for key in ENVELOPE):
            raise FormatError(f"{path} is not a file of ours. Delete it to have it made again.")
        if loaded["format_version"] > FORMAT_VERSION:
            raise FormatError(
                f"{path} was written by a newer Shownotes (format {loaded['format_version']}, "
                f"this one reads up to {FORMAT_VERSION}). Upgrade Shownotes."
            )
        return loaded


@functools.cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", kind))


def plain_data(noun: object) -> Any:
    """A noun as what comes back from its JSON. pydantic's own, 20 times as fast as `asdict`."""
    return _adapter(cast("Hashable", type(noun))).dump_python(noun, mode="json")


def _plain(value: object) -> Any:
    """Tuples as lists and enums as strings: what comes back from JSON."""
    return json.loads(json.dumps(value, ensure_ascii=False))


def _without_envelope(loaded: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in loaded.items() if key not in ENVELOPE}


def _holder(note: Path) -> str:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        return f"{told['holder'] or 'process'} {told['pid']}, since {told['since']}"
    except (OSError, ValueError, KeyError):
        return "it has only just begun"


def content_sha256(data: object) -> str:
    """Hash of plain data, whatever its spacing and order of keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def now() -> str:
    """The time of making, UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def beside(path: Path) -> Path:
    """Where the new version of a hand-edited file goes: `notes.md` -> `notes.new.md`."""
    return path.with_name(f"{path.stem}.new{path.suffix}")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text so that `path` holds either the old or the new content, never a part."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write bytes so that `path` holds either the old or the new content, never a part.

    Args:
        path: of the file.
        data: its whole content.
        mode: its permissions; it never has wider ones.

    Raises:
        DiskFullError: no room; `path` is as it was.
        StoreError: the folder cannot be written.

    Source: Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent
        )
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise translate(error, path) from error
    sync_folder(path.parent)


def _sweep(folder: Path) -> None:
    """Take away what writers that were killed could not give its name."""
    for path in folder.rglob(".*.tmp"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - LITTER_AGE_S:
                path.unlink()


def sync_folder(folder: Path) -> None:
    """Make the rename durable. Windows cannot open folders, and needs no such thing."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def translate(error: OSError, path: Path) -> StoreError:
    """Our error for a failed write to `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(
            f"No room left on the disk while writing {path}. Free some space and run again; "
            "nothing that was finished is lost."
        )
    return StoreError(f"{path} cannot be written: {error.strerror or error}.")


def as_ours(error: OSError, path: Path) -> StoreError:
    """Our error for one that no adapter has translated: the disk's doing, reading or writing."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return translate(error, path)
    where = error.filename or path
    return StoreError(f"{where} cannot be read or written: {error.strerror or error}.")


def check_room(folder: Path, needed_bytes: int) -> None:
    """Check the disk under `folder` before work begins.

    Raises:
        DiskFullError: fewer than `needed_bytes` are free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise DiskFullError(
            f"{folder} has {free / 1e6:.0f} MB free, and this episode needs about "
            f"{needed_bytes / 1e6:.0f} MB. Free some space and run again."
        )


def episode_folders(output: Path) -> list[EpisodeFolder]:
    """Every episode in the output folder, by name."""
    if not output.is_dir():
        return []
    found = (path for path in output.iterdir() if (path / "episode.json").is_file())
    return [EpisodeFolder(path) for path in sorted(found)]
