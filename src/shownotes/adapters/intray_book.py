"""`output/.intray.json`: what is known of every file in the in-tray, and why it waits.

Anybody may read (`read_entries`). One at a time writes, whole and at once; whoever sweeps while
another does finds it taken and leaves.
"""

import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from shownotes.adapters.store import FORMAT_VERSION, now, translate, write_text
from shownotes.core.dropped import Fault, FileState, Look, Moment, Record

BOOK = ".intray.json"
LOCK = ".intray.lock"
# Between two sweeps there are at most some ten seconds.
WATCHED_S = 60.0
_FORMAT = "shownotes/intray"
_RECORDS = TypeAdapter(list[Record])
_DEFAULTS = {field.name: getattr(Record(path=""), field.name) for field in fields(Record)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file in the in-tray, as people are told of it.

    Attributes:
        path: relative to the working folder; what cannot be shown of it is escaped.
        reason: why it is not processed yet, or was refused; empty when there is nothing to say.
        since: when it came to be so, UTC, ISO 8601.
        retry_at: when it is looked at or tried again by itself, `None` when only a change or a
            person helps, or nobody knows.
        episode: name of its episode's folder, where it has one.
    """

    path: str
    state: FileState
    reason: str = ""
    since: str = ""
    retry_at: str | None = None
    size_bytes: int = 0
    episode: str | None = None


def read_entries(output: Path, *, with_done: bool = True) -> list[Entry]:
    """Every file of the book, by path; nothing when nobody has watched the in-tray yet.

    Never fails and takes no lock: a torn or foreign book is an empty one.
    """
    there = [
        record
        for record in _load(output / BOOK).values()
        if record.gone_since is None and (with_done or record.state is not FileState.DONE)
    ]
    return [entry_of(record) for record in sorted(there, key=lambda record: record.path)]


def read_record(output: Path, name: str) -> Record | None:
    """One file's record, by its path as the book has it; read as `read_entries` does."""
    return _load(output / BOOK).get(name)


def is_watched(output: Path) -> bool:
    """Whether somebody has looked at the in-tray just now, so that the book is as it is."""
    try:
        return abs(time.time() - (output / LOCK).stat().st_mtime) < WATCHED_S
    except OSError:
        return False


def entry_of(record: Record) -> Entry:
    """A record for people."""
    return Entry(
        path=record.path,
        state=record.state,
        reason=record.reason,
        since=_clock(record.since),
        retry_at=None if record.until is None else _clock(record.until),
        size_bytes=record.look.size if record.look else 0,
        episode=record.episode,
    )


def _clock(seconds: float) -> str:
    with suppress(OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")[:19] + "Z"
    return ""


class Book:
    """The records of a working folder, held by one process; `save` before anybody acts on them."""

    def __init__(self, output: Path, *, looks: int) -> None:
        self._path = output / BOOK
        self._looks = looks
        self._saved = _load(self._path)
        self.records = dict(self._saved)

    def save(self) -> None:
        """Write the book, if anything in it has changed that cannot be told from the last one.

        Raises:
            StoreError: it cannot be written; the old one is whole.
        """
        with suppress(OSError):
            os.utime(self._path.with_name(LOCK))
        if self._is_changed():
            document = {
                "format": _FORMAT,
                "format_version": FORMAT_VERSION,
                "revision": secrets.token_hex(16),
                "made_at": now(),
                "files": [_plain(record) for record in self.records.values()],
            }
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            # A line a file, for those who look into it.
            write_text(self._path, text.replace('},{"path"', '},\n{"path"') + "\n")
        _remember(self._path, self.records)

    def _is_changed(self) -> bool:
        if len(self.records) != len(self._saved):
            return True
        return any(
            record is not (old := self._saved.get(name))
            and (old is None or self._is_news(old, record))
            for name, record in self.records.items()
        )

    def _is_news(self, old: Record, record: Record) -> bool:
        # Looks count from process to process until there are enough of them.
        are_enough = record.looks >= old.looks >= self._looks
        return _lasting(old, are_enough) != _lasting(record, are_enough)


def _lasting(record: Record, are_enough: bool) -> Record:
    """A record without what goes on by itself, and is told from the last one that was saved."""
    looks = 0 if are_enough else record.looks
    return replace(record, looked=None, looks=looks, rested_s=0.0, still_s=0.0, checked_s=0.0)


@contextmanager
def open_book(output: Path, *, looks: int, wait_s: float) -> Iterator[Book | None]:
    """The book, for this process alone; `None` when another one has it for longer than that.

    Raises:
        StoreError: the output folder cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = FileLock(output / LOCK)
        lock.acquire(timeout=wait_s, poll_interval=0.02)
    except Timeout:
        yield None
        return
    except OSError as error:
        raise translate(error, output / LOCK) from error
    try:
        yield Book(output, looks=looks)
    finally:
        lock.release()


# What was read or written last, by the beginning of the file, where its revision stands: a book of
# 10,000 files takes a while, and marks such as times and inodes come twice.
_HEAD_BYTES = 200
_last: dict[Path, tuple[bytes, dict[str, Record]]] = {}


def _load(path: Path) -> dict[str, Record]:
    head = _head(path)
    if not head:
        return {}
    known = _last.get(path)
    if known is not None and known[0] == head:
        return known[1]
    records = _read(path)
    # Read once more if another one has been put there meanwhile.
    _last[path] = (head if _head(path) == head else b"", records)
    return records


def _remember(path: Path, records: dict[str, Record]) -> None:
    _last[path] = (_head(path), records)


def _head(path: Path) -> bytes:
    """The beginning of the book; nothing where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError:
        return b""


def _read(path: Path) -> dict[str, Record]:
    """The records; none of a book that is torn, not ours or of a newer version.

    Nothing is lost with it: what has been made of a file is seen from its episode.
    """
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        if loaded["format"] != _FORMAT or loaded["format_version"] > FORMAT_VERSION:
            return {}
        records = _RECORDS.validate_python(loaded["files"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return {}
    return {record.path: record for record in records}


def _plain(record: Record) -> Mapping[str, object]:
    """A record without what goes without saying."""
    told: dict[str, object] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(record, name)
        if value != default:
            told[name] = asdict(value) if isinstance(value, (Look, Moment, Fault)) else value
    return told
