"""An episode as an RSS item, and a show's items as a feed.

An item names its people itself, the hosts too: item-level `podcast:person` replaces the channel's.

Source: RSS 2.0; Apple, Podcaster's Guide to RSS; podcast-namespace docs/tags (person, transcript,
chapters, soundbite, guid, txt) @ 2026-05-13; Podlove Simple Chapters 1.2; RFC 4287 (atom:link).
"""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from shownotes.core.chapter_files import podlove
from shownotes.core.characters import printable
from shownotes.model import ShowNotes

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
ATOM = "http://www.w3.org/2005/Atom"
# The namespace of `podcast:guid`. Source: podcast-namespace docs/tags/guid.md.
_GUIDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
NAME_CHARACTERS, TITLE_CHARACTERS, TAG_CHARACTERS = 128, 128, 255
# The transcript's files, best first, with their types.
TRANSCRIPTS = (
    ("transcript.vtt", "text/vtt", True),
    ("transcript.srt", "application/x-subrip", True),
    ("transcript.podcast.json", "application/json", False),
)
CHAPTERS = ("chapters.podcast.json", "application/json+chapters")
for _prefix, _uri in (("itunes", ITUNES), ("podcast", PODCAST), ("atom", ATOM)):
    ElementTree.register_namespace(_prefix, _uri)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """The audio as a feed gives it."""

    url: str
    size_bytes: int
    mime_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What an item is made of besides the notes.

    Attributes:
        guid: permanent; it must never change.
        description: HTML of the app description.
        published: when; `None` where nobody said a date.
        address: of the episode's page, ending in a slash; files lie beside it.
        enclosure: `None` while it is not known where the audio will lie.
        ai_content: whether the show says that a machine had a part in it; `None` says nothing.
    """

    notes: ShowNotes
    guid: str
    description: str
    published: datetime.datetime | None = None
    address: str | None = None
    enclosure: Enclosure | None = None
    is_explicit: bool = False
    ai_content: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What a feed says of the show.

    Attributes:
        is_blocked: a preview: directories are told to leave it out.
    """

    title: str
    description: str
    language: str
    site_url: str
    feed_url: str
    cover_url: str | None = None
    category: str | None = None
    author: str | None = None
    owner_email: str | None = None
    is_explicit: bool = False
    is_blocked: bool = False
    hosts: tuple[tuple[str, str | None], ...] = ()


def item(source: Item) -> Element:
    """`<item>`."""
    notes, element = source.notes, Element("item")
    _text(element, "title", notes.title[:TAG_CHARACTERS])
    _text(element, f"{{{ITUNES}}}title", notes.title[:TAG_CHARACTERS])
    guid = _text(element, "guid", source.guid)
    guid.set("isPermaLink", "false")
    if source.published:
        _text(element, "pubDate", format_datetime(source.published))
    if source.address:
        _text(element, "link", source.address)
    _text(element, "description", source.description.strip())
    if source.enclosure:
        told = source.enclosure
        attributes = {"url": told.url, "length": str(told.size_bytes), "type": told.mime_type}
        SubElement(element, "enclosure", attributes)
    _text(element, f"{{{ITUNES}}}duration", str(round(notes.duration)))
    _text(element, f"{{{ITUNES}}}explicit", _boolean(source.is_explicit))
    _text(element, f"{{{ITUNES}}}episodeType", "full")
    for name, number in (("season", notes.season), ("episode", notes.number)):
        if number is not None and (name == "episode" or number > 0):
            _text(element, f"{{{ITUNES}}}{name}", str(number))
            _text(element, f"{{{PODCAST}}}{name}", str(number))
    element.extend(_people(notes))
    element.extend(_files(source))
    if notes.chapters:
        element.append(podlove(notes.chapters))
    element.extend(_soundbites(notes))
    if source.ai_content is not None:
        _text(element, f"{{{PODCAST}}}txt", _boolean(source.ai_content)).set(
            "purpose", "ai-content"
        )
    return element


def feed(channel: Channel, items: Sequence[Item]) -> Element:
    """`<rss>` with the items as they come, newest first."""
    root = Element("rss", {"version": "2.0"})
    element = SubElement(root, "channel")
    newest = max((i.published for i in items if i.published), default=None)
    _describe(element, channel, newest)
    for name, link in channel.hosts:
        element.append(_person(name, "host", link))
    element.extend(item(source) for source in items)
    return root


def _describe(element: Element, channel: Channel, newest: datetime.datetime | None) -> None:
    SubElement(
        element,
        f"{{{ATOM}}}link",
        {"href": channel.feed_url, "rel": "self", "type": "application/rss+xml"},
    )
    _text(element, "title", channel.title[:TAG_CHARACTERS])
    _text(element, "link", channel.site_url)
    _text(element, "description", channel.description)
    _text(element, "language", channel.language)
    _text(element, "generator", "Shownotes")
    if newest:
        _text(element, "lastBuildDate", format_datetime(newest))
    _text(element, f"{{{PODCAST}}}guid", str(feed_guid(channel.feed_url)))
    _text(element, f"{{{ITUNES}}}explicit", _boolean(channel.is_explicit))
    _text(element, f"{{{ITUNES}}}type", "episodic")
    if channel.is_blocked:
        _text(element, f"{{{ITUNES}}}block", "Yes")
    if channel.author:
        _text(element, f"{{{ITUNES}}}author", channel.author)
    if channel.owner_email:
        owner = SubElement(element, f"{{{ITUNES}}}owner")
        _text(owner, f"{{{ITUNES}}}name", channel.author or channel.title)
        _text(owner, f"{{{ITUNES}}}email", channel.owner_email)
    if channel.cover_url:
        SubElement(element, f"{{{ITUNES}}}image", {"href": channel.cover_url})
    if channel.category:
        SubElement(element, f"{{{ITUNES}}}category", {"text": channel.category})


def feed_guid(feed_url: str) -> uuid.UUID:
    """A show's `podcast:guid`: of its feed's address without scheme and trailing slashes."""
    return uuid.uuid5(_GUIDS, feed_url.partition("://")[2].rstrip("/") or feed_url)


def _people(notes: ShowNotes) -> Iterator[Element]:
    for role, people in (("host", notes.hosts), ("guest", notes.guests)):
        for person in people:
            if person.name.strip():
                yield _person(person.name, role, person.link)


def _person(name: str, role: str, link: str | None) -> Element:
    element = Element(f"{{{PODCAST}}}person", {"role": role})
    if link:
        element.set("href", printable(link))
    element.text = printable(" ".join(name.split())[:NAME_CHARACTERS])
    return element


def _files(source: Item) -> Iterator[Element]:
    """Transcripts and chapters, which need an address."""
    if not source.address:
        return
    for name, mime_type, is_captions in TRANSCRIPTS:
        attributes = {
            "url": f"{source.address}{name}",
            "type": mime_type,
            "language": source.notes.language,
        }
        if is_captions:
            attributes["rel"] = "captions"
        yield Element(f"{{{PODCAST}}}transcript", attributes)
    if source.notes.chapters:
        name, mime_type = CHAPTERS
        yield Element(
            f"{{{PODCAST}}}chapters", {"url": f"{source.address}{name}", "type": mime_type}
        )


def _soundbites(notes: ShowNotes) -> Iterator[Element]:
    for bite in notes.soundbites:
        element = Element(
            f"{{{PODCAST}}}soundbite",
            {"startTime": f"{bite.start:.3f}", "duration": f"{bite.end - bite.start:.3f}"},
        )
        element.text = printable(bite.title[:TITLE_CHARACTERS])
        yield element


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = printable(text).strip()
    return element


def _boolean(value: bool) -> str:
    return "true" if value else "false"
