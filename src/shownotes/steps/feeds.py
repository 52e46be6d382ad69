"""Asking a feed: what is new in it, what was replaced, what of its archive is wanted."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from shownotes.adapters.connecting import Manners
from shownotes.adapters.feed_books import held, scratch, write_book
from shownotes.adapters.feeds import read_feed
from shownotes.adapters.fetching import Answer, ask, receive
from shownotes.adapters.store import translate
from shownotes.core.feed_book import (
    Book,
    Standing,
    after_failure,
    after_poll,
    has_pending,
    is_due,
    is_time,
)
from shownotes.core.feed_files import show_folder
from shownotes.core.feed_plan import (
    Wanted,
    dropped,
    empty_queue,
    queue_archive,
    take_note,
    wanted_now,
)
from shownotes.core.feeds import Feed, Found, feed_address, recognise
from shownotes.errors import (
    FeedError,
    FetchError,
    NotAFeedError,
    RefusedError,
    ShowNotesError,
    TooSoonError,
)
from shownotes.settings import Settings
from shownotes.steps.intray import AUDIO_ENDINGS
from shownotes.steps.subscriptions import Subscription, book_of, manners

# A feed of 50,000 episodes with long notes has about so many bytes.
MOST_FEED_BYTES = 120 * 2**20
# So many episodes of a feed are fetched in one poll; the others wait for the next.
MOST_A_POLL = 10
_OK, _NOT_MODIFIED, _GONE = 200, 304, 410
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asks for; else it is a schedule that asks.

    Attributes:
        is_archive: the archive, not only what is new.
        since: no older episodes than this.
        limit: no more than so many.
        is_mine: although the feed is locked.
    """

    is_archive: bool = False
    since: datetime | None = None
    limit: int | None = None
    is_mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What there is to fetch of a feed, newest first."""

    feed: Feed = field(default_factory=Feed)
    wanted: tuple[Wanted, ...] = ()


def poll(
    subscription: Subscription,
    settings: Settings,
    *,
    now: datetime,
    asked: Asked | None = None,
    how: Manners | None = None,
) -> Polled:
    """Ask a feed, if it is time for that or a person asks.

    Raises:
        FeedError: it cannot be had, or another run has it.
        StoreError: its book cannot be read or written.
    """
    try:
        return _poll(subscription, settings, now, asked, how or manners(settings))
    except OSError as error:
        raise translate(error, settings.output_folder) from error


def _poll(
    subscription: Subscription,
    settings: Settings,
    now: datetime,
    asked: Asked | None,
    how: Manners,
) -> Polled:
    output, name = settings.output_folder, subscription.book
    every_s = settings.feeds.poll_every_min * 60.0
    with held(output, name):
        before = book_of(subscription, settings)
        if asked is None and not is_due(before, now):
            return Polled()
        _check_patience(before, now)
        read = _read(before, subscription, settings, how, asked, now)
        if read is None:
            write_book(output, name, after_poll(before, now=now, every_s=every_s))
            return Polled()
        feed, found, book = read
        if asked is not None and asked.is_archive:
            _check_open(feed, asked)
            book = queue_archive(book, found, since=asked.since, limit=asked.limit)
        book = _with_folder(after_poll(book, now=now, every_s=every_s), subscription, settings)
        write_book(output, name, book)
        for entry in dropped(before, book):
            if entry.name:
                part_of(settings.root / entry.name).unlink(missing_ok=True)
    is_archive = asked is not None and asked.is_archive
    wanted = wanted_now(
        book,
        found,
        now=now,
        most=None if is_archive else MOST_A_POLL,
        with_queue=is_archive,
        is_asked=asked is not None,
    )
    return Polled(feed=feed, wanted=wanted)


def part_of(path: Path) -> Path:
    """Where a file lies while it is received; the in-tray leaves such names alone."""
    return path.with_name(f"{path.name}.part")


def _check_patience(book: Book, now: datetime) -> None:
    """A server that asked to be left alone is, even when a person asks."""
    if book.not_before is not None and not is_time(book.not_before, now):
        raise TooSoonError(
            "Its server asked not to be asked again before "
            f"{book.not_before.astimezone():%Y-%m-%d %H:%M}."
        )


def _check_open(feed: Feed, asked: Asked) -> None:
    if feed.is_locked and not asked.is_mine:
        raise FeedError(
            "Its owner has locked this feed against being imported elsewhere (podcast:locked). If "
            "it is yours, or you may: the same command with --mine."
        )


def _read(
    book: Book,
    subscription: Subscription,
    settings: Settings,
    how: Manners,
    asked: Asked | None,
    now: datetime,
) -> tuple[Feed, Found, Book] | None:
    """The feed as it is now, and the book with what it says; `None` when it has not changed."""
    url = book.moved_to or subscription.url
    is_archive = asked is not None and asked.is_archive
    is_pending = has_pending(book, now) or (asked is not None and bool(book.of(Standing.WANTED)))
    # What is still to be fetched is at addresses that only the feed knows.
    conditions = {} if is_archive or is_pending else _conditions(book)
    headers = {"Accept": _ACCEPT, "Accept-Encoding": "gzip", **conditions}
    path = scratch(settings.output_folder, subscription.book)
    with ask(url, headers, how) as answer:
        if answer.status == _NOT_MODIFIED and conditions:
            return None
        try:
            feed = _receive(answer, path)
        finally:
            path.unlink(missing_ok=True)
    found = recognise(feed.items, endings=AUDIO_ENDINGS)
    at_first = 0 if is_archive else settings.feeds.take_at_first
    book = take_note(book, feed, found, now=now, at_first=at_first)
    book = replace(
        book,
        etag=answer.header("etag") or None,
        modified=answer.header("last-modified") or None,
        moved_to=_new_address(feed, answer, url) or book.moved_to,
        is_gone=False,
    )
    return feed, found, book


def _receive(answer: Answer, path: Path) -> Feed:
    if answer.status != _OK:
        raise NotAFeedError(f"{answer.host} answered {answer.status}, without a feed.")
    receive(answer, path, most_bytes=MOST_FEED_BYTES)
    try:
        return read_feed(path, url=answer.url, endings=AUDIO_ENDINGS)
    except NotAFeedError as error:
        raise NotAFeedError(f"What {answer.host} sends is no feed: {error}.") from error


def _conditions(book: Book) -> dict[str, str]:
    return {
        **({"If-None-Match": book.etag} if book.etag else {}),
        **({"If-Modified-Since": book.modified} if book.modified else {}),
    }


def _new_address(feed: Feed, answer: Answer, url: str) -> str | None:
    """Where the feed has moved for good, by its server's word or its own."""
    if answer.moved_to:
        return answer.moved_to
    told = feed.new_url
    is_other = told is not None and feed_address(told) != feed_address(url)
    is_safe = told is not None and (told.startswith("https:") or url.startswith("http:"))
    return told if is_other and is_safe else None


def _with_folder(book: Book, subscription: Subscription, settings: Settings) -> Book:
    """The book with a folder of the in-tray, which stays when the show's title changes."""
    if book.folder:
        return book
    wanted = show_folder(subscription.show or book.title or subscription.name)
    tray = settings.audio_folder
    there = [f.name for f in tray.iterdir() if f.is_dir()] if tray.is_dir() else []
    folder = next((name for name in there if name.casefold() == wanted.casefold()), wanted)
    return replace(book, folder=folder)


def note_failure(
    subscription: Subscription, settings: Settings, error: ShowNotesError, *, now: datetime
) -> int:
    """Write down that a feed could not be had, and when it is asked again.

    Returns:
        How often in a row.

    Raises:
        ShowNotesError: that cannot be written either.
    """
    with held(settings.output_folder, subscription.book):
        book = book_of(subscription, settings)
        is_no = isinstance(error, RefusedError)
        if is_no and book.moved_to:
            # Back to where it was before.
            book = replace(book, moved_to=None)
        elif isinstance(error, RefusedError) and error.status == _GONE:
            book = replace(book, is_gone=True)
        book = after_failure(
            book,
            now=now,
            every_s=settings.feeds.poll_every_min * 60.0,
            reason=str(error),
            wait_s=error.wait_s if isinstance(error, FetchError) else None,
        )
        write_book(settings.output_folder, subscription.book, book)
        return book.failures


def forget_queue(subscription: Subscription, settings: Settings) -> int:
    """Forget what `backfill` has queued and not fetched.

    Returns:
        How many episodes.
    """
    with held(settings.output_folder, subscription.book):
        before = book_of(subscription, settings)
        after = empty_queue(before)
        write_book(settings.output_folder, subscription.book, after)
        gone = before.of(Standing.QUEUED)
        for entry in gone:
            if entry.name:
                part_of(settings.root / entry.name).unlink(missing_ok=True)
        return len(gone)
