"""The podcasts that are followed, and the book of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from shownotes.adapters.connecting import Manners
from shownotes.adapters.feed_books import read_book
from shownotes.core.episodes import slug
from shownotes.core.feed_book import Book
from shownotes.core.feeds import feed_address, short_hash
from shownotes.errors import SettingsError, ShowNotesError
from shownotes.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A feed that is followed.

    Attributes:
        name: what people call it: the show, else the feed's host.
        book: the name of its book.
        show: as in the settings; `None` where only the address stands there.
        url: may hold a password; never shown.
    """

    name: str
    book: str
    show: str | None
    url: str = field(repr=False)


def subscriptions(settings: Settings) -> list[Subscription]:
    """Every feed in the settings, those of shows first."""
    found = [
        Subscription(name=name, book=slug(name) or short_hash(name), show=name, url=show.feed)
        for name, show in settings.show.items()
        if show.feed
    ]
    followed = {feed_address(subscription.url) for subscription in found}
    for url in settings.feeds.urls:
        address = feed_address(url)
        if address not in followed:
            followed.add(address)
            host = urlsplit(url).hostname or "feed"
            # No more of the address: its path may be the password.
            book = f"{slug(host, max_length=40) or 'feed'}-{address[:8]}"
            title = _title(settings, book)
            found.append(Subscription(name=title or host, book=book, show=None, url=url))
    return found


def _title(settings: Settings, book: str) -> str | None:
    try:
        return read_book(settings.output_folder, book).title
    except ShowNotesError:
        return None


def choose(names: Sequence[str], settings: Settings) -> list[Subscription]:
    """The feeds of these names; all of them without names.

    Raises:
        SettingsError: one is not followed.
    """
    followed = subscriptions(settings)
    chosen = []
    for name in names:
        wanted = name.strip().casefold()
        found = [
            s
            for s in followed
            if wanted in (s.name.casefold(), s.book) or feed_address(s.url) == feed_address(name)
        ]
        if not found:
            told = ", ".join(s.name for s in followed) or "none"
            raise SettingsError(
                "No such feed. Followed are: "
                f"{told}. Put others into shownotes.toml: [feeds] urls, or feed in [show.<name>]."
            )
        chosen += [s for s in found if s not in chosen]
    return chosen if names else followed


def manners(settings: Settings) -> Manners:
    """How servers are asked."""
    return Manners(allow_private=settings.feeds.allow_private)


def book_of(subscription: Subscription, settings: Settings) -> Book:
    """What is known of a feed."""
    book = read_book(settings.output_folder, subscription.book)
    address = feed_address(subscription.url)
    if book.address in ("", address):
        return replace(book, address=address)
    # Another address in the settings: what the old one's server said counts no more.
    return replace(
        book,
        address=address,
        etag=None,
        modified=None,
        next_poll=None,
        not_before=None,
        failures=0,
        reason=None,
        moved_to=None,
        is_gone=False,
    )
