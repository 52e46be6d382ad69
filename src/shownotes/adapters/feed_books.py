"""`output/.feeds/`: what is known of each feed. One run has a feed at a time.

`<name>.json` is the book; `<name>.seen` are the episodes that are not wanted, a line each, which
may be 50,000 and hardly ever change. Only the owner may read them: a feed that has moved may be at
an address with a password.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from shownotes.adapters.store import translate, write_bytes
from shownotes.core.feed_book import Book
from shownotes.errors import FeedBusyError, FormatError

FOLDER = ".feeds"
FORMAT, FORMAT_VERSION = "shownotes/feed", 1
_BOOKS = TypeAdapter(Book)
_OWNERS = 0o600


def read_book(output: Path, name: str) -> Book:
    """The book of a feed; an empty one when the feed was never asked.

    Raises:
        FormatError: it cannot be read.
    """
    path = _path(output, name)
    told = "Delete it to have it made again; the feed is then seen for the first time."
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        kind, version = data.pop("format"), data.pop("format_version")
        if kind == FORMAT and version > FORMAT_VERSION:
            raise FormatError(f"{path} was written by a newer Shownotes. Upgrade Shownotes.")
        if kind != FORMAT:
            raise FormatError(f"{path} is not a file of ours. {told}")
        return replace(_BOOKS.validate_python(data), seen=_read_seen(output, name))
    except FileNotFoundError:
        return Book()
    except OSError as error:
        raise FormatError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, AttributeError, TypeError, ValidationError) as error:
        raise FormatError(f"{path} is not whole. {told}") from error


def write_book(output: Path, name: str, book: Book) -> None:
    """Write the book of a feed.

    Raises:
        StoreError: it cannot be written; the old one is as it was.
    """
    before = _read_seen(output, name)
    # An episode that goes from one file to the other is in both for a moment, never in neither.
    if not set(before).issuperset(book.seen):
        _write_seen(output, name, tuple(dict.fromkeys((*before, *book.seen))))
    data = _BOOKS.dump_python(replace(book, seen=()), mode="json", exclude_defaults=True)
    document = {"format": FORMAT, "format_version": FORMAT_VERSION, **data}
    text = json.dumps(document, ensure_ascii=False) + "\n"
    write_bytes(_path(output, name), text.encode(), mode=_OWNERS)
    if not set(book.seen).issuperset(before):
        _write_seen(output, name, book.seen)


def _read_seen(output: Path, name: str) -> tuple[str, ...]:
    try:
        return tuple((output / FOLDER / f"{name}.seen").read_text(encoding="ascii").splitlines())
    except FileNotFoundError:
        return ()


def _write_seen(output: Path, name: str, seen: tuple[str, ...]) -> None:
    text = "".join(f"{line}\n" for line in seen)
    write_bytes(output / FOLDER / f"{name}.seen", text.encode(), mode=_OWNERS)


def scratch(output: Path, name: str) -> Path:
    """Where a feed is written while it is received and read."""
    return output / FOLDER / f".{name}.xml.part"


@contextmanager
def held(output: Path, name: str) -> Iterator[None]:
    """Hold a feed for the length of the block; the kernel lets go when the process is killed.

    Raises:
        FeedBusyError: another run has it.
        StoreError: the lock cannot be written.
    """
    path = output / FOLDER / f"{name}.lock"
    lock = FileLock(path, timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise FeedBusyError(
            f"{name}: another run is at this feed. It goes on by itself; nothing to do here."
        ) from error
    except OSError as error:
        raise translate(error, path) from error
    try:
        yield
    finally:
        lock.release()


def _path(output: Path, name: str) -> Path:
    return output / FOLDER / f"{name}.json"
