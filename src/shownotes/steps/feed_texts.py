"""What lies beside an episode of a feed: its sidecar and the publisher's transcript."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from shownotes.adapters.connecting import Manners
from shownotes.adapters.feed_texts import read_chapters, transcript_text
from shownotes.adapters.fetching import fetch_small
from shownotes.adapters.store import file_sha256, write_bytes
from shownotes.core.feed_book import Entry
from shownotes.core.feed_files import feed_id, sidecar
from shownotes.core.feeds import Feed, FeedItem, Offer
from shownotes.core.transcripts import decode, parse
from shownotes.errors import FeedError, FetchError, TranscriptFileError
from shownotes.model import GivenChapter
from shownotes.settings import Settings, ShowSettings
from shownotes.steps.intray import TRANSCRIPT_ENDINGS, publishers_path, sidecar_beside
from shownotes.steps.subscriptions import Subscription

MOST_TRANSCRIPT_BYTES, MOST_CHAPTERS_BYTES = 10 * 2**20, 2 * 2**20
# An episode waits so many attempts for its texts, and then goes without.
PATIENCE = 3
# Kinds of transcripts, best first: what is surest of times and speakers, and least work to read.
_KINDS = {
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "application/srt": ".srt",
    "text/srt": ".srt",
    "application/json": ".json",
    "text/html": ".html",
    "text/plain": ".txt",
}
_ORDER = (".vtt", ".srt", ".json", ".html", ".txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is to lie beside an episode.

    Attributes:
        sidecar: as TOML.
        transcript: with its ending; `None` without one.
        notes: what could not be had.
    """

    sidecar: str
    transcript: tuple[str, bytes] | None = None
    notes: tuple[str, ...] = ()


def gather(
    item: FeedItem,
    entry: Entry,
    feed: Feed,
    subscription: Subscription,
    settings: Settings,
    how: Manners,
) -> Beside:
    """Fetch the texts of an episode.

    Raises:
        FetchError: a server does not answer, and there is patience left.
    """
    notes: list[str] = []
    chapters = item.chapters or tuple(_chapters(item, entry, how, notes))
    is_wanted = settings.feeds.transcript != "ours"
    found = _transcript(item, entry, feed, how, notes) if is_wanted else None
    show = subscription.show or feed.title or subscription.name
    told = settings.show.get(subscription.show or "", ShowSettings())
    text = sidecar(
        item,
        show=show,
        feed_id=feed_id(item, entry.key, feed=subscription.book),
        people=item.people or feed.people,
        chapters=chapters,
        with_hosts=not told.hosts,
    )
    return Beside(sidecar=text, transcript=found, notes=tuple(notes))


def _chapters(
    item: FeedItem, entry: Entry, how: Manners, notes: list[str]
) -> Iterator[GivenChapter]:
    if item.chapters_file is None:
        return
    data = _fetch(item.chapters_file, entry, how, MOST_CHAPTERS_BYTES, "Its chapters", notes)
    if data is not None:
        yield from read_chapters(data)


def _transcript(
    item: FeedItem, entry: Entry, feed: Feed, how: Manners, notes: list[str]
) -> tuple[str, bytes] | None:
    """The best transcript that can be read, with its ending."""
    for ending, offer in _ranked(item, feed):
        data = _fetch(offer, entry, how, MOST_TRANSCRIPT_BYTES, "Its transcript", notes)
        if data is None:
            continue
        if ending == ".html":
            ending, data = ".txt", transcript_text(data).encode()
        try:
            parse(decode(data, name="It"), name=f"transcript{ending}", duration=0.0)
        except TranscriptFileError as error:
            notes.append(f"Its transcript cannot be read: {error}")
            continue
        return ending, data
    return None


def _ranked(item: FeedItem, feed: Feed) -> list[tuple[str, Offer]]:
    """The transcripts, best first; those of the episode's own language where some are."""
    kinds = [(ending, offer) for offer in item.transcripts if (ending := _kind(offer))]
    spoken = (feed.language or "").partition("-")[0].casefold()
    own = [
        (ending, offer)
        for ending, offer in kinds
        if not (spoken and offer.language) or offer.language.partition("-")[0] == spoken
    ]
    return sorted(own or kinds, key=lambda pair: _ORDER.index(pair[0]))


def _kind(offer: Offer) -> str | None:
    by_type = _KINDS.get(offer.mime_type.partition(";")[0].strip())
    named = f".{urlsplit(offer.url).path.rpartition('.')[2].casefold()}"
    return by_type or (named if named in _ORDER else None)


def _fetch(
    offer: Offer, entry: Entry, how: Manners, most_bytes: int, what: str, notes: list[str]
) -> bytes | None:
    try:
        return fetch_small(offer.url, how, most_bytes=most_bytes)
    except FetchError as error:
        if entry.attempts < PATIENCE:
            raise
        notes.append(f"{what} could not be had: {error}")
    except FeedError as error:
        notes.append(f"{what} could not be had: {error}")
    return None


# --------------------------------------------------------------------------- writing


def put_beside(beside: Beside, entry: Entry, path: Path, settings: Settings) -> Entry:
    """Write what lies beside an episode; what a person has changed is left as it is.

    Raises:
        StoreError: it cannot be written.
    """
    told = entry.sidecar_sha256
    sidecar_sha256 = _write_ours(sidecar_beside(path), beside.sidecar.encode(), told)
    is_compared = settings.feeds.transcript == "compare"
    places = {
        ending: publishers_path(path, ending) if is_compared else path.with_suffix(ending)
        for ending in TRANSCRIPT_ENDINGS
    }
    transcript_sha256 = entry.transcript_sha256
    ending, data = beside.transcript or ("", b"")
    for other, place in places.items():
        is_old = other != ending and transcript_sha256 is not None and place.is_file()
        if is_old and file_sha256(place) == transcript_sha256:
            place.unlink()
    if ending:
        transcript_sha256 = _write_ours(places[ending], data, transcript_sha256)
    return replace(
        entry,
        sidecar_sha256=sidecar_sha256,
        transcript_sha256=transcript_sha256,
        note=" ".join(beside.notes) or None,
    )


def _write_ours(path: Path, data: bytes, known: str | None) -> str | None:
    """Write a file unless it is a person's; the hash of it as we wrote it last."""
    sha256 = hashlib.sha256(data).hexdigest()
    if path.exists():
        found = file_sha256(path)
        if found == sha256:
            return sha256
        if found != known:
            return known
    write_bytes(path, data)
    return sha256
