"""Which of a feed's episodes to take: new ones, those with another file, an archive. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shownotes.core.feed_book import (
    Book,
    Entry,
    Known,
    Standing,
    is_time,
    read_seen,
    write_seen,
)
from shownotes.core.feeds import Feed, FeedItem, Found, Identity, newest_first

# An episode that is dated so long before the newest one that was there at first is an old one that
# the feed has only now begun to list.
ARCHIVE_SLACK = timedelta(days=7)
# A feed whose files change with every look (advertisements put in anew) is not followed for ever:
# so many other files under one guid.
MOST_REPLACEMENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An episode to be fetched now; `key` is its entry's."""

    item: FeedItem
    key: str

    @property
    def title(self) -> str:
        """The episode's, for people."""
        return self.item.title or "an episode without a title"


def take_note(book: Book, feed: Feed, found: Found, *, now: datetime, at_first: int) -> Book:
    """The book after a feed was read: what is new is wanted, what was replaced is wanted again.

    Args:
        book: as it was.
        feed: as it was read.
        found: its episodes, recognised.
        now: when.
        at_first: how many episodes are taken of a feed that is seen for the first time.
    """
    book = replace(book, title=feed.title or book.title, is_locked=feed.is_locked)
    if book.since is None:
        return _first_look(book, found, now=now, at_first=at_first)
    known = Known(book.seen, book.entries)
    entries = {entry.key: entry for entry in book.entries}
    seen, listed = dict.fromkeys(book.seen), set[str]()
    for identity, item in found:
        old = known.find(identity)
        listed.add(old.key if old else identity.key)
        if old is None and _is_archive(item, book.since):
            seen[write_seen(identity)] = None
        elif old is None:
            entries[identity.key] = _new_entry(identity, item)
        elif old.key in entries:
            entries[old.key] = _looked_at(entries[old.key], identity, item)
    kept = (_still_there(entry, listed) for entry in entries.values())
    return replace(book, seen=tuple(seen), entries=tuple(entry for entry in kept if entry))


def _first_look(book: Book, found: Found, *, now: datetime, at_first: int) -> Book:
    newest = sorted(found, key=lambda pair: newest_first(pair[1]))[:at_first]
    first = {identity.key: _new_entry(identity, item) for identity, item in newest}
    others = (write_seen(identity) for identity, _ in found if identity.key not in first)
    dated = [item.published for _, item in found if item.published is not None]
    # What is dated into the future must not make all that follows an old one.
    since = min(now, max(dated, default=now))
    return replace(
        book, since=since, entries=tuple(first.values()), seen=tuple(dict.fromkeys(others))
    )


def _is_archive(item: FeedItem, since: datetime) -> bool:
    return item.published is not None and item.published < since - ARCHIVE_SLACK


def _new_entry(identity: Identity, item: FeedItem) -> Entry:
    return Entry(
        identity=identity, title=item.title, published=item.published, length=item.audio.length
    )


def _looked_at(entry: Entry, identity: Identity, item: FeedItem) -> Entry:
    """The entry as the feed tells of it now; wanted again when its audio was replaced."""
    had, has = entry.identity.address, identity.address
    is_other = bool(had and has and had != has)
    is_other |= bool(entry.length and item.audio.length and entry.length != item.audio.length)
    # The key stays: books and files go by it.
    entry = replace(
        entry,
        identity=replace(identity, key=entry.key),
        length=item.audio.length or entry.length,
        title=item.title,
    )
    if entry.standing is not Standing.TAKEN or not is_other:
        return entry
    if entry.replacements >= MOST_REPLACEMENTS:
        note = "The feed names another file for it again and again; it is left as it is."
        return replace(entry, note=note)
    return replace(
        entry,
        standing=Standing.WANTED,
        replacements=entry.replacements + 1,
        attempts=0,
        retry_at=None,
    )


def _still_there(entry: Entry, listed: set[str]) -> Entry | None:
    """An entry whose episode the feed has taken back: nothing is left to fetch."""
    if entry.key in listed or not entry.is_waiting:
        return entry
    if entry.sha256 is None:
        return None
    note = "The feed listed another file for it, and took it back before it was fetched."
    return replace(entry, standing=Standing.TAKEN, note=note)


def wanted_now(
    book: Book,
    found: Found,
    *,
    now: datetime,
    most: int | None = None,
    with_queue: bool = False,
    is_asked: bool = False,
) -> tuple[Wanted, ...]:
    """What to fetch now, newest first.

    Args:
        book: after `take_note`.
        found: the feed's episodes, recognised.
        now: when.
        most: how many at most.
        with_queue: what `backfill` queued as well.
        is_asked: by a person: what failed a little while ago need not wait for its time.
    """
    known = Known(book.seen, book.entries)
    entries = {entry.key: entry for entry in book.entries}
    chosen: dict[str, FeedItem] = {}
    for identity, item in found:
        old = known.find(identity)
        entry = entries.get(old.key) if old else None
        if entry is None or not entry.is_waiting:
            continue
        is_meant = with_queue or entry.standing is Standing.WANTED
        if is_meant and (is_asked or is_time(entry.retry_at, now)):
            chosen.setdefault(entry.key, item)
    newest = sorted(chosen.items(), key=lambda pair: newest_first(pair[1]))
    return tuple(Wanted(item=item, key=key) for key, item in newest[:most])


def queue_archive(book: Book, found: Found, *, since: datetime | None, limit: int | None) -> Book:
    """Queue episodes that were never taken, the newest `limit` of those since a day.

    A queue that was asked for in the same words is left as it is, so that the same command goes on
    with it; any other takes its place.
    """
    asked = f"since {since.isoformat() if since else 'ever'}, {limit or 'all'}"
    is_same = book.asked == asked or (since is None and limit is None)
    if book.of(Standing.QUEUED) and is_same:
        return book
    book = empty_queue(book)
    has_entry = {entry.key for entry in book.entries}
    known = Known(book.seen, book.entries)
    queued: dict[str, Entry] = {}
    for identity, item in sorted(found, key=lambda pair: newest_first(pair[1])):
        key = (known.find(identity) or identity).key
        is_old = since is not None and (item.published is None or item.published < since)
        if key in has_entry or is_old or (limit is not None and len(queued) >= limit):
            continue
        entry = _new_entry(replace(identity, key=key), item)
        queued.setdefault(key, replace(entry, standing=Standing.QUEUED))
    seen = tuple(line for line in book.seen if read_seen(line).key not in queued)
    return replace(book, asked=asked, seen=seen, entries=(*book.entries, *queued.values()))


def empty_queue(book: Book) -> Book:
    """Nothing is queued any more; it may be queued again."""
    queued = book.of(Standing.QUEUED)
    seen = dict.fromkeys((*book.seen, *(write_seen(entry.identity) for entry in queued)))
    others = tuple(e for e in book.entries if e.standing is not Standing.QUEUED)
    return replace(book, asked=None, seen=tuple(seen), entries=others)


def dropped(before: Book, after: Book) -> Sequence[Entry]:
    """Entries that are no longer to be fetched, of which something may have been begun."""
    waiting = {entry.key for entry in after.entries if entry.is_waiting}
    return [e for e in before.entries if e.is_waiting and e.key not in waiting]
