"""Elements of feeds: their names whatever the prefix, what they say, numbers and times in it."""

import html
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, TypeAlias
from xml.sax.saxutils import unescape

from shownotes.settings import seconds

# Children by name.
Children: TypeAlias = dict[str, list[Any]]

# Namespaces by the prefix that everybody uses; addresses without scheme and in lower case, for
# both are written in several ways.
_PREFIXES = {
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "podcastindex.org/namespace/1.0": "podcast",
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "podlove.org/simple-chapters": "psc",
    "search.yahoo.com/mrss": "media",
    "www.w3.org/2005/atom": "",
    "purl.org/rss/1.0": "",
    "www.w3.org/1999/02/22-rdf-syntax-ns#": "",
    "purl.org/dc/elements/1.1": "dc",
}
_MOST_TEXT = 2000
# A character that XML allows, that is one byte in every encoding, and that nobody writes.
_AMPERSAND = "\x7f"
_ENTITIES = {"&quot;": '"', "&apos;": "'"}
_NUMBERED = re.compile(r"&#(?:([0-9]{1,7})|x([0-9a-fA-F]{1,6}));")
_FIRST_YEAR = 1990


class WithoutEntities:
    """A feed in which a harmless character stands for each `&`.

    `text_of` and `attribute_of` undo it. After the first thing that is not quite XML, libxml2
    leaves out all entities that follow, those of `&amp;` too; and of entities that a feed itself
    declares nothing good comes.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = file.read(4)
        file.seek(0)
        # Of two bytes a letter, and not to be touched.
        self._is_wide = b"\0" in head or head[:2] in (b"\xff\xfe", b"\xfe\xff")

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        piece = self._file.read(size)
        return piece if self._is_wide else piece.replace(b"&", _AMPERSAND.encode())


def name_of(element: Any) -> str:
    """`itunes:title` whatever prefix the feed gives it; plain names for RSS's and Atom's own."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    if not tag.startswith("{"):
        # A prefix that nobody declared stands in the name itself.
        return tag
    namespace, _, name = tag[1:].partition("}")
    known = _PREFIXES.get(namespace.casefold().partition("://")[2].rstrip("/"), "other")
    return f"{known}:{name}" if known else name


def children_of(element: Any) -> Children:
    """An element's children."""
    told: Children = {}
    for child in element:
        told.setdefault(name_of(child), []).append(child)
    return told


def text_of(element: Any) -> str:
    """What an element says, HTML's entities written out; some feeds write them twice over."""
    text = "".join(element.itertext()) if len(element) else element.text or ""
    text = text[:_MOST_TEXT].replace(_AMPERSAND, "&")
    if "&" in text:
        text = html.unescape(html.unescape(text))
    return " ".join(text.split())


def attribute_of(element: Any, name: str) -> str:
    """An attribute. HTML's entities are none here: `&copy=1` is a parameter of an address."""
    value: str = (element.get(name) or "").replace(_AMPERSAND, "&")
    if "&" in value:
        value = unescape(_NUMBERED.sub(_numbered, value), _ENTITIES)
    return value.strip()


def _numbered(found: "re.Match[str]") -> str:
    code = int(found[1]) if found[1] else int(found[2], 16)
    return chr(code) if 32 <= code < 0xD800 or 0xDFFF < code < 0x110000 else ""


def first_of(told: Children, name: str) -> str:
    """The first of a name that says something; empty when there is none."""
    return next((text for e in told.get(name, []) if (text := text_of(e))), "")


def number_of(told: Children, *names: str) -> int | None:
    """The first number above zero that one of these names says."""
    for name in names:
        found = re.fullmatch(r"(\d{1,6})(?:\.0+)?", first_of(told, name), re.ASCII)
        if found and int(found[1]):
            return int(found[1])
    return None


def date_of(told: Children, *names: str) -> datetime | None:
    """A time with the offset it was written with; UTC where none is written."""
    for name in names:
        text = first_of(told, name)
        for read in (parsedate_to_datetime, datetime.fromisoformat):
            try:
                found = read(text)
                aware = found if found.tzinfo else found.replace(tzinfo=UTC)
                # An offset at the edge of time cannot be told in UTC.
                if aware.astimezone(UTC).year >= _FIRST_YEAR:
                    return aware
            except (ValueError, TypeError, OverflowError, IndexError):
                continue
    return None


def read_seconds(value: object) -> float | None:
    """Seconds, as a number or in Normal Play Time."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = seconds(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
