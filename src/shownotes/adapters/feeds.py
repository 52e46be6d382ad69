"""Feeds as they come from servers -> our nouns.

Why lxml (libxml2): it reads a feed piece by piece, so that one of 100 MB or 50,000 episodes needs
the memory of a few, and it mends what feeds are full of (a bare `&`, HTML's entities, prefixes that
nobody declared). feedparser holds all of it at once and keeps one of several people or transcripts.
Entities are never followed here, nothing outside is loaded, and libxml2's own limits against texts
that grow stand.

Source: RSS 2.0; RFC 4287; Apple, Podcaster's Guide to RSS; podcast-namespace docs/tags @
2026-05-13; Podlove Simple Chapters 1.2; Media RSS 1.5.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from shownotes.adapters.feed_elements import (
    Children,
    WithoutEntities,
    attribute_of,
    children_of,
    date_of,
    first_of,
    name_of,
    number_of,
    read_seconds,
    text_of,
)
from shownotes.core.feed_files import one_line
from shownotes.core.feeds import Feed, FeedItem, FeedPerson, Offer
from shownotes.errors import NotAFeedError
from shownotes.model import GivenChapter

# More than any feed has; one without an end must not fill the memory.
MOST_ITEMS = 100_000
_ROOTS = ("rss", "rdf", "feed")
# A feed may name pictures and books as enclosures.
_SOUND = ("audio/", "video/", "application/ogg", "application/octet-stream", "binary/")


def read_feed(path: Path, *, url: str, endings: Iterable[str]) -> Feed:
    """Read a feed.

    Args:
        path: of the feed as it was received.
        url: where it came from; addresses in it may be relative to that.
        endings: of files of sound.

    Raises:
        NotAFeedError: it is none.
    """
    from lxml import etree

    items: list[FeedItem] = []
    told = tuple(endings)
    with path.open("rb") as file:
        reading = etree.iterparse(
            WithoutEntities(file),
            events=("end",),
            tag=("{*}item", "{*}entry"),
            recover=True,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            for _, element in reading:
                item = _item(element, url, told)
                if item is not None and len(items) < MOST_ITEMS:
                    items.append(item)
                _let_go(element)
        except etree.XMLSyntaxError as error:
            raise NotAFeedError(f"it cannot be read ({error.msg})") from error
    root = reading.root
    if root is None or name_of(root).rpartition(":")[2].casefold() not in _ROOTS:
        raise NotAFeedError("it is no RSS or Atom feed")
    if not items and len(reading.error_log):
        raise NotAFeedError(f"its XML is broken ({reading.error_log[0].message})")
    channel = next((e for e in root if name_of(e) == "channel"), root)
    return _feed(channel, items, url)


def _let_go(element: Any) -> None:
    """Forget an item, and what stood before it in its parent of the kind."""
    element.clear(keep_tail=False)
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _feed(channel: Any, items: Sequence[FeedItem], url: str) -> Feed:
    told = children_of(channel)
    locked = told.get("podcast:locked", [])
    return Feed(
        title=first_of(told, "title") or None,
        language=first_of(told, "language") or None,
        people=_people(told),
        new_url=_address(first_of(told, "itunes:new-feed-url"), url),
        is_locked=any(text_of(element).casefold() in ("yes", "true") for element in locked),
        items=tuple(items),
    )


# --------------------------------------------------------------------------- items


def _item(element: Any, url: str, endings: tuple[str, ...]) -> FeedItem | None:
    """An episode; `None` for one without sound."""
    told = children_of(element)
    audio = _audio(told, url, endings)
    if audio is None:
        return None
    chapters = [o for e in told.get("podcast:chapters", []) if (o := _offer(e, url, "url"))]
    return FeedItem(
        title=one_line(first_of(told, "itunes:title") or first_of(told, "title")),
        audio=audio,
        guid=first_of(told, "guid") or first_of(told, "id") or None,
        published=date_of(told, "pubDate", "published", "dc:date", "updated"),
        season=number_of(told, "podcast:season", "itunes:season"),
        number=number_of(told, "podcast:episode", "itunes:episode"),
        people=_people(told),
        chapters=tuple(_podlove(told)),
        chapters_file=chapters[0] if chapters else None,
        transcripts=tuple(
            o for e in told.get("podcast:transcript", []) if (o := _offer(e, url, "url"))
        ),
    )


def _audio(told: Children, url: str, endings: tuple[str, ...]) -> Offer | None:
    """The first offer that is sound by its type, else by its ending; sound before pictures."""
    links = [e for e in told.get("link", []) if attribute_of(e, "rel") == "enclosure"]
    offers = [
        *(_offer(e, url, "url") for e in told.get("enclosure", [])),
        *(_offer(e, url, "href") for e in links),
        *(_offer(e, url, "url") for e in told.get("media:content", [])),
        *(_offer(e, url, "url") for g in told.get("media:group", []) for e in g),
    ]
    found = [
        o
        for o in offers
        if o is not None
        and (o.mime_type.startswith(_SOUND) or urlsplit(o.url).path.casefold().endswith(endings))
    ]
    return min(found, key=lambda o: not o.mime_type.startswith("audio/"), default=None)


def _offer(element: Any, url: str, name: str) -> Offer | None:
    address = _address(attribute_of(element, name), url)
    if address is None:
        return None
    length = re.fullmatch(r"\s*(\d{1,15})\s*", attribute_of(element, "length"), re.ASCII)
    return Offer(
        url=address,
        mime_type=attribute_of(element, "type").casefold(),
        length=(int(length[1]) or None) if length else None,
        language=attribute_of(element, "language").casefold() or None,
    )


def _address(value: str | None, base: str) -> str | None:
    """An address that may be asked; `None` for any other."""
    text = (value or "").strip()
    try:
        is_relative = not text.startswith(("https://", "http://"))
        whole = urljoin(base, text) if text and is_relative else text
        parts = urlsplit(whole)
        is_whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return whole if is_whole else None


def _people(told: Children) -> tuple[FeedPerson, ...]:
    """The cast: whoever is there by another part is neither host nor guest."""
    return tuple(
        FeedPerson(
            name=one_line(text_of(e)),
            role=(attribute_of(e, "role") or "host").casefold(),
            link=attribute_of(e, "href") or None,
        )
        for e in told.get("podcast:person", [])
        if (attribute_of(e, "group") or "cast").casefold() == "cast" and text_of(e)
    )


def _podlove(told: Children) -> Iterator[GivenChapter]:
    for chapters in told.get("psc:chapters", []):
        for chapter in chapters:
            start = read_seconds(attribute_of(chapter, "start"))
            title = one_line(html.unescape(attribute_of(chapter, "title")))
            if name_of(chapter) == "psc:chapter" and start is not None and title:
                yield GivenChapter(start=start, title=title)
