"""What the files of a feed's episode are called, and what its sidecar says. Pure.

Feeds are strangers' texts: nothing of them becomes a path, a line of TOML or a direction of
writing unless it is made harmless here.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urlsplit

from shownotes.core.episodes import RESERVED_NAMES, UNDATED, slug
from shownotes.core.feeds import FeedItem, FeedPerson, Offer, short_hash
from shownotes.core.tray_names import ARCHIVE, is_unfinished
from shownotes.model import GivenChapter

# Endings by type, for addresses that do not end as a file of sound.
ENDINGS = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/m4a": ".m4a",
    "audio/aac": ".aac",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
    "audio/x-flac": ".flac",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/webm": ".webm",
    "video/mp4": ".mp4",
    "video/x-m4v": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}
_MOST_FOLDER_BYTES = 80
_MOST_CHARACTERS = 300
_NAME_CHARACTERS = 128
_MOST_CHAPTERS = 500
# No episode is as long, in seconds.
_LONGEST_S = 1e6
# What Windows refuses in names, and what parts them.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
# Zero-width joiners belong to the spelling of some languages; what else cannot be seen only
# deceives (a name that is written from right to left).
_JOINERS = "\u200c\u200d"
_HOSTS = frozenset({"host", "co-host", "cohost", "guest host"})
_NOTE = "# From the feed. Change what you like: what you change is kept.\n"


def one_line(text: str, *, most: int = _MOST_CHARACTERS) -> str:
    """Text of a feed as one visible line."""
    shown = (
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in unicodedata.normalize("NFC", text)
        if c in _JOINERS or unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    return " ".join("".join(shown).split())[:most].rstrip()


def show_folder(title: str) -> str:
    """The in-tray's folder of a show: one component of a path, visible and portable."""
    name = " ".join(_FORBIDDEN.sub(" ", one_line(title)).split())
    name = name.encode()[:_MOST_FOLDER_BYTES].decode("utf-8", "ignore").strip(" .~")
    if not name:
        return f"feed-{short_hash(title)[:8]}"
    is_other = name.partition(".")[0].strip().casefold() in {*RESERVED_NAMES, ARCHIVE}
    return f"{name} show" if is_other or is_unfinished(name) else name


def audio_ending(offer: Offer, endings: Collection[str]) -> str:
    """The ending for a file: of its address, else of its type, else MP3's."""
    path = urlsplit(offer.url).path
    named = f".{path.rpartition('.')[2].casefold()}" if "." in path.rpartition("/")[2] else ""
    if named in endings:
        return named
    return ENDINGS.get(offer.mime_type.partition(";")[0].strip().casefold(), ".mp3")


def episode_stem(item: FeedItem, key: str, *, taken: Collection[str]) -> str:
    """`<date>-<slug>`, with `-2` and so on when a file of that name is there.

    Args:
        item: the episode.
        key: of its entry.
        taken: names of the folder's files without their endings, in lower case.
    """
    date = item.published.date().isoformat() if item.published else UNDATED
    base = f"{date}-{slug(item.title) or f'episode-{key[:6]}'}"
    candidate, number = base, 2
    while candidate.casefold() in taken:
        candidate, number = f"{base}-{number}", number + 1
    return candidate


def feed_id(item: FeedItem, key: str, *, feed: str) -> str:
    """What the episode is recognised by in the archive.

    The guid itself where it is one of a kind; guids such as `12` are so only within a feed, and
    addresses may hold passwords.
    """
    guid = item.guid or ""
    is_plain = guid.isascii() and guid.isprintable() and not re.search(r"[\s/@?]", guid)
    if is_plain and 16 <= len(guid) <= _NAME_CHARACTERS and short_hash(guid) == key:
        return guid
    return f"{feed}:{key}"


def sidecar(
    item: FeedItem,
    *,
    show: str,
    feed_id: str,
    people: Sequence[FeedPerson],
    chapters: Sequence[GivenChapter],
    with_hosts: bool,
) -> str:
    """The sidecar of an episode, as TOML.

    Args:
        item: the episode.
        show: its show's name, as in the settings where it stands there.
        feed_id: what the episode is recognised by.
        people: of the episode, else of the show.
        chapters: of the episode, if it has any.
        with_hosts: not where the settings say who the hosts are, with more than names.
    """
    lines = [
        *([f"title = {_text(item.title)}"] if one_line(item.title) else []),
        f"show = {_text(show)}",
        f"feed_id = {_text(feed_id)}",
        *([f"date = {_text(item.published.date().isoformat())}"] if item.published else []),
        *([f"season = {item.season}"] if item.season is not None else []),
        *([f"number = {item.number}"] if item.number is not None else []),
    ]
    for name, told in _cast(people, with_hosts=with_hosts):
        lines += [f"{name} = [", *(f"  {person}," for person in told), "]"]
    kept = _in_order(chapters)
    if kept:
        told = [f"{{ start = {c.start:.3f}, title = {_text(c.title)} }}" for c in kept]
        lines += ["chapters = [", *(f"  {chapter}," for chapter in told), "]"]
    return _NOTE + "\n".join(lines) + "\n"


def _cast(people: Sequence[FeedPerson], *, with_hosts: bool) -> Iterator[tuple[str, list[str]]]:
    """Hosts and guests, each once."""
    for name, roles in (("hosts", _HOSTS), ("guests", frozenset({"guest"}))):
        found: dict[str, str] = {}
        for person in people:
            called = one_line(person.name, most=_NAME_CHARACTERS)
            if person.role in roles and called:
                found.setdefault(called.casefold(), _person(called, person.link))
        if found and (with_hosts or name != "hosts"):
            yield name, list(found.values())


def _person(name: str, link: str | None) -> str:
    shown = one_line(link or "")
    # No address with a password in it.
    is_public = re.match(r"https?://[^/@\\]+(/|$)", shown, re.IGNORECASE)
    return f"{{ name = {_text(name)}{f', link = {_text(shown)}' if is_public else ''} }}"


def _in_order(chapters: Sequence[GivenChapter]) -> list[GivenChapter]:
    kept = sorted(
        (c for c in chapters if one_line(c.title) and c.start >= 0), key=lambda c: c.start
    )
    return kept[:_MOST_CHAPTERS]


def _text(value: str) -> str:
    """A basic string of TOML 1.0, which escapes as JSON does; no control characters are left."""
    return json.dumps(one_line(value), ensure_ascii=False)
