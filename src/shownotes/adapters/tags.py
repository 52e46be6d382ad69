"""A file's tags as `Metadata`. FFmpeg gives ID3, MP4 and Vorbis tags the same names.

The artist is the show, the network or the host, whoever set the tag; nobody is made a guest of it.
"""

import datetime
import re
from collections.abc import Mapping, Sequence

from shownotes.model import GivenChapter, GivenPerson, Metadata

_SHOW = ("show", "podcast", "album")
_NUMBER = ("episode", "episode_number", "episode_sort", "track")
_SEASON = ("season", "season_number")
_DATE = ("date", "tdrl", "tdrc", "releasetime", "year")
_GUESTS = ("guests", "guest")
_FEED_ID = ("episode_uid", "tgid", "episode_guid", "guid")
# Nobody's title is longer; a whole transcript in a tag is a mistake. In characters.
_MAX_LENGTH = 300


def read_tags(tags: Mapping[str, str], chapters: Sequence[tuple[float, str]] = ()) -> Metadata:
    """What the tags say about the episode; a value that makes no sense is left out.

    Args:
        tags: lower-case names and values.
        chapters: starts in seconds and titles.
    """
    return Metadata(
        title=_text(tags, ("title",)),
        show=_text(tags, _SHOW),
        season=_number(tags, _SEASON),
        number=_number(tags, _NUMBER),
        date=_date(tags),
        guests=_people(tags),
        feed_id=_text(tags, _FEED_ID),
        chapters=_named(chapters),
    )


def _text(tags: Mapping[str, str], names: Sequence[str]) -> str | None:
    for name in names:
        value = " ".join("".join(c if c.isprintable() else " " for c in tags.get(name, "")).split())
        if value:
            return value[:_MAX_LENGTH]
    return None


def _number(tags: Mapping[str, str], names: Sequence[str]) -> int | None:
    """`12`, or the first of `12/40`. Zero is how programs write "none"."""
    for name in names:
        found = re.match(r"\s*(\d{1,6})\s*(?:/.*)?$", tags.get(name, ""), re.ASCII)
        if found and int(found[1]):
            return int(found[1])
    return None


def _date(tags: Mapping[str, str]) -> str | None:
    """A whole date; a year alone says nothing about the day."""
    for name in _DATE:
        found = re.match(r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})(?:\D|$)", tags.get(name, ""), re.ASCII)
        if found is None:
            continue
        try:
            return datetime.date(*(int(part) for part in found.groups())).isoformat()
        except ValueError:
            continue
    return None


def _people(tags: Mapping[str, str]) -> tuple[GivenPerson, ...]:
    names = re.split(r"[;/]|,\s", _text(tags, _GUESTS) or "")
    return tuple(GivenPerson(name=name.strip()) for name in names if name.strip())


def _named(chapters: Sequence[tuple[float, str]]) -> tuple[GivenChapter, ...]:
    """Chapters with a title, in order; a program's empty marks are none."""
    named = [
        GivenChapter(start=max(0.0, start), title=" ".join(title.split()))
        for start, title in sorted(chapters)
        if title.strip()
    ]
    return tuple(named)
