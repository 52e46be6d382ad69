"""What is known of a feed: which of its episodes were taken, and when it is asked again. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shownotes.core.feeds import Identity

# Waits between attempts at one episode, in seconds: 15 minutes, four times as long each time, at
# most a day; for ever.
FIRST_WAIT_S, LONGEST_WAIT_S = 900.0, 86_400.0
# No server is believed that asks to be left alone for longer than a week.
MOST_PATIENCE_S = 7 * 86_400.0
# Schedules are not exact: a poll may come this share of its interval early.
EARLY = 0.1


class Standing(StrEnum):
    """How far an episode of a feed has come."""

    WANTED = "wanted"
    # For `backfill`, which goes on with it when it is called again.
    QUEUED = "queued"
    TAKEN = "taken"
    # The same audio as another episode of the feed.
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An episode that was, or is to be, taken.

    Attributes:
        name: where it goes, relative to the working folder, with forward slashes.
        length: bytes, as the feed said when it was last looked at.
        part_validator: what the server calls the file of which a part is here: its ETag or date.
        validator: what it calls the file that was taken, of `size` bytes.
        sha256: of the file that was taken.
        landing_sha256: of a file that is whole and proved, and about to take its name.
        sidecar_sha256: of the sidecar as we wrote it; `transcript_sha256` of the transcript.
        cut_size: bytes of a file that seems to end early.
        replacements: how often another file was found under its guid.
        attempts: failed ones in a row; `retry_at` and `reason` are of the last one.
        note: what a person may want to know although it went well.
    """

    identity: Identity
    title: str
    standing: Standing = Standing.WANTED
    published: datetime | None = None
    name: str | None = None
    length: int | None = None
    part_validator: str | None = None
    validator: str | None = None
    size: int | None = None
    sha256: str | None = None
    landing_sha256: str | None = None
    sidecar_sha256: str | None = None
    transcript_sha256: str | None = None
    cut_size: int | None = None
    replacements: int = 0
    attempts: int = 0
    retry_at: datetime | None = None
    reason: str | None = None
    note: str | None = None

    @property
    def key(self) -> str:
        """By which books and files call it."""
        return self.identity.key

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to fetch."""
        return self.standing in (Standing.WANTED, Standing.QUEUED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What is known of a feed: `output/.feeds/<name>.json`.

    Attributes:
        address: hash of the address in the settings that it is kept for.
        folder: of the in-tray, where its episodes go.
        etag: of the feed as it was last read whole; `modified` likewise.
        not_before: its server asked to be left alone until then.
        since: before this an episode is one of the archive.
        moved_to: where the feed has moved for good.
        is_gone: its server says that it will not come back.
        asked: the `backfill` that is queued.
        seen: episodes that are not wanted, each `key address title`.
    """

    address: str = ""
    title: str | None = None
    folder: str | None = None
    etag: str | None = None
    modified: str | None = None
    polled_at: datetime | None = None
    next_poll: datetime | None = None
    not_before: datetime | None = None
    since: datetime | None = None
    failures: int = 0
    reason: str | None = None
    moved_to: str | None = None
    is_locked: bool = False
    is_gone: bool = False
    asked: str | None = None
    seen: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()

    def entry(self, key: str) -> Entry | None:
        """The entry of an episode."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def with_entry(self, entry: Entry) -> "Book":
        """With an entry in the place of the one of the same key, if that is there."""
        entries = tuple(entry if e.key == entry.key else e for e in self.entries)
        return replace(self, entries=entries)

    def of(self, *standings: Standing) -> list[Entry]:
        """The entries that stand so, newest first."""
        found = [entry for entry in self.entries if entry.standing in standings]
        return sorted(found, key=_newest_first)


class Known:
    """All the episodes of a book, to be found by any part of their identity."""

    def __init__(self, seen: Iterable[str], entries: Iterable[Entry]) -> None:
        self._by_key: dict[str, Identity] = {}
        self._by_address: dict[str, Identity] = {}
        self._by_title: dict[str, Identity] = {}
        for identity in (*map(read_seen, seen), *(entry.identity for entry in entries)):
            self._by_key[identity.key] = identity
            self._by_address[identity.address] = identity
            self._by_title[identity.title] = identity

    def find(self, identity: Identity) -> Identity | None:
        """The one that it is."""
        found = self._by_key.get(identity.key)
        if found is None and identity.address:
            found = self._by_address.get(identity.address)
        if found is None and identity.title:
            found = self._by_title.get(identity.title)
        return found


def read_seen(line: str) -> Identity:
    """The identity in a line of `Book.seen`."""
    key, address, title = (*line.split(" "), "", "")[:3]
    return Identity(key=key, address=address, title=title)


def write_seen(identity: Identity) -> str:
    """An identity as a line of `Book.seen`."""
    return f"{identity.key} {identity.address} {identity.title}"


def _newest_first(entry: Entry) -> tuple[bool, float]:
    return entry.published is None, -entry.published.timestamp() if entry.published else 0.0


# --------------------------------------------------------------------------- when


def is_time(at: datetime | None, now: datetime) -> bool:
    """Whether a time has come. One farther off than any wait was set by a wrong clock."""
    return at is None or at <= now or (at - now).total_seconds() > MOST_PATIENCE_S


def is_due(book: Book, now: datetime) -> bool:
    """Whether a feed is to be asked."""
    return not book.is_gone and is_time(book.next_poll, now)


def has_pending(book: Book, now: datetime) -> bool:
    """Whether there is something to fetch now, for which the feed's addresses are needed."""
    return any(is_time(entry.retry_at, now) for entry in book.of(Standing.WANTED))


def after_poll(book: Book, *, now: datetime, every_s: float) -> Book:
    """The book after the feed answered."""
    following = now + timedelta(seconds=every_s * (1 - EARLY))
    return replace(
        book, polled_at=now, next_poll=following, not_before=None, failures=0, reason=None
    )


def after_failure(
    book: Book, *, now: datetime, every_s: float, reason: str, wait_s: float | None = None
) -> Book:
    """The book after the feed did not answer, or not as a feed: the wait doubles, up to a day."""
    longest = max(LONGEST_WAIT_S, every_s)
    wait = min(every_s * (1 - EARLY) * 2 ** min(book.failures, 10), longest)
    asked = min(wait_s or 0.0, MOST_PATIENCE_S)
    return replace(
        book,
        next_poll=now + timedelta(seconds=max(wait, asked)),
        not_before=now + timedelta(seconds=asked) if asked else None,
        failures=book.failures + 1,
        reason=reason,
    )


def entry_failed(entry: Entry, *, now: datetime, reason: str, wait_s: float | None = None) -> Entry:
    """The entry after an attempt at it failed."""
    wait = min(FIRST_WAIT_S * 4 ** min(entry.attempts, 10), LONGEST_WAIT_S)
    wait = max(wait, min(wait_s or 0.0, MOST_PATIENCE_S))
    return replace(
        entry,
        attempts=entry.attempts + 1,
        retry_at=now + timedelta(seconds=wait),
        reason=reason,
    )
