"""What a podcast's feed offers, and which of its episodes is which. Pure.

An episode of a feed is recognised by its guid; where the feed uses one guid for several episodes,
by guid and address; where guids were given anew (the publisher changed hosts), by the address of
its audio, or by its title together with the second at which it was published.

Source: RSS 2.0; RFC 4287; podcast-namespace docs/tags @ 2026-05-13.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import urlsplit

from shownotes.model import GivenChapter

# Of a hash: enough to tell the episodes of a feed apart, little enough to keep 50,000 of them.
_HASH_CHARACTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file that a feed names.

    Attributes:
        length: bytes, as the feed says; often wrong.
    """

    url: str
    mime_type: str = ""
    length: int | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPerson:
    """A `podcast:person` of the cast; `role` in lower case."""

    name: str
    role: str = "host"
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """An episode as a feed gives it.

    Attributes:
        published: with the publisher's own offset; UTC where none is given.
        chapters: that stand in the feed itself.
        chapters_file: `podcast:chapters`.
    """

    title: str
    audio: Offer
    guid: str | None = None
    published: datetime | None = None
    season: int | None = None
    number: int | None = None
    people: tuple[FeedPerson, ...] = ()
    chapters: tuple[GivenChapter, ...] = ()
    chapters_file: Offer | None = None
    transcripts: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as it was read.

    Attributes:
        people: of the show, for episodes that name nobody.
        new_url: where the feed says that it has moved.
        is_locked: the owner says that it must not be imported elsewhere (`podcast:locked`).
    """

    title: str | None = None
    language: str | None = None
    people: tuple[FeedPerson, ...] = ()
    new_url: str | None = None
    is_locked: bool = False
    items: tuple[FeedItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """By what an episode is recognised; hashes, for guids and addresses may hold passwords.

    Attributes:
        key: of the guid; books and files go by it.
        address: of the audio; empty when several episodes have the same.
        title: of title and time; empty when several have the same, or there is no time.
    """

    key: str
    address: str = ""
    title: str = ""


# Every episode of a feed, with who it is.
Found: TypeAlias = tuple[tuple[Identity, FeedItem], ...]


def short_hash(text: str) -> str:
    """A hash of some text."""
    whole = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return whole[:_HASH_CHARACTERS]


def feed_address(url: str) -> str:
    """Hash of a feed's address, the same whoever signs in."""
    parts = urlsplit(url)
    return short_hash(f"{_place(parts.netloc)}{parts.path}?{parts.query}")


def recognise(items: Sequence[FeedItem], *, endings: Iterable[str]) -> Found:
    """Who each episode is; one that is listed twice is there once.

    Args:
        items: of one feed, in its order.
        endings: of audio files. An address that ends so is compared without its parameters: they
            may be a signature that is another one every day.
    """
    told = tuple(endings)
    once = {(item.guid, _address(item.audio.url, told)): item for item in reversed(items)}
    pairs = [(address, item) for (_, address), item in reversed(once.items())]
    guids = Counter(item.guid for _, item in pairs)
    # What several have says nothing about any of them.
    addresses = Counter(address for address, _ in pairs)
    titles = Counter(_title(item) for _, item in pairs)
    return tuple(
        (
            Identity(
                key=_key(item, address, is_shared=guids[item.guid] > 1),
                address=address if addresses[address] == 1 else "",
                title=title if titles[title := _title(item)] == 1 else "",
            ),
            item,
        )
        for address, item in pairs
    )


def newest_first(item: FeedItem) -> tuple[bool, float]:
    """A key for sorting: what has no date comes last, in the feed's own order."""
    return item.published is None, -item.published.timestamp() if item.published else 0.0


def _place(netloc: str) -> str:
    """Where, without by whom."""
    return netloc.rpartition("@")[2].casefold()


def _address(url: str, endings: tuple[str, ...]) -> str:
    parts = urlsplit(url)
    place = _place(parts.netloc) + parts.path
    is_named = parts.path.casefold().endswith(endings)
    return short_hash(place if is_named or not parts.query else f"{place}?{parts.query}")


def _title(item: FeedItem) -> str:
    if item.published is None or not item.title:
        return ""
    return short_hash(f"{item.title.casefold()}\n{item.published.astimezone(UTC).isoformat()}")


def _key(item: FeedItem, address: str, *, is_shared: bool) -> str:
    if not item.guid:
        return address
    return short_hash(f"{item.guid}\n{address}" if is_shared else item.guid)
