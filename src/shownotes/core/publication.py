"""What is published of an episode, what has become of it, and when an appointment is. Pure."""

import datetime
from dataclasses import dataclass, replace
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shownotes.errors import SettingsError
from shownotes.model import Episode, RenderedFile, Sentence, ShowNotes


class EventKind(StrEnum):
    """What has happened to an episode."""

    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """`published/<version>/publication.json`: one published version.

    Attributes:
        version: counted from 1, and never used twice.
        at: UTC, ISO 8601.
        by: who published it.
        approved_by: who approved it.
        content: hash of the draft and the decisions that were approved.
        approval: the approval's entry in the review's log.
        show: on whose site it is; `None` for an episode of no show.
        files: every file of the version, relative to its folder.
    """

    version: int
    at: str
    by: str
    approved_by: str
    content: str
    approval: int = 0
    show: str | None = None
    files: tuple[RenderedFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An entry of an episode's history.

    Attributes:
        approval: the approval that stood then, by its entry in the review's log; 0 without one.
    """

    kind: EventKind
    version: int
    at: str
    by: str
    approval: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """`published.json`: what readers may see; written last.

    Attributes:
        current: the version that is out, `None` when none is.
        history: oldest first; nothing is ever taken out.
    """

    current: int | None = None
    history: tuple[Event, ...] = ()

    @property
    def newest(self) -> int:
        """The highest version so far; 0 before the first."""
        return max((event.version for event in self.history), default=0)

    @property
    def since(self) -> Event | None:
        """The event by which the current version came out."""
        out = (e for e in reversed(self.history) if e.kind is EventKind.PUBLISHED)
        return next(out, None) if self.current is not None else None

    def has_used(self, approval: int) -> bool:
        """Whether an approval has had its effect.

        It publishes once, and not again what was taken back while it stood.
        """
        return any(event.approval == approval for event in self.history)

    def after(self, event: Event) -> "Published":
        """The same with one more event."""
        current = event.version if event.kind is EventKind.PUBLISHED else None
        return replace(self, current=current, history=(*self.history, event))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """`published/<version>/notes.json`: all that pages of a published version are made of.

    Without what concerns the editor alone, so that nothing else can be read out of it.

    Attributes:
        episode: who it is and its audio; no measurements.
        notes: without checks and warnings.
        audio: what its page plays, relative to the version's folder; `None` when it is elsewhere.
    """

    episode: Episode
    notes: ShowNotes
    sentences: tuple[Sentence, ...]
    audio: str | None = None


def make_edition(
    episode: Episode, notes: ShowNotes, sentences: tuple[Sentence, ...], *, audio: str | None
) -> Edition:
    """What is published of an episode: no marks for the editor, no measurements."""
    metadata = replace(
        episode.metadata, hosts=(), guests=(), glossary=(), chapters=(), tracks=(), model=None
    )
    # Where another episode's draft lies is of no use to anybody; its page is found by its folder.
    earlier = tuple(replace(e, url=None) if e.episode else e for e in notes.earlier_episodes)
    return Edition(
        episode=replace(
            episode,
            metadata=metadata,
            versions=episode.versions[-1:],
            speech=(),
            working_audio=None,
            listening_copy=None,
            tracks=(),
            warnings=(),
        ),
        notes=replace(notes, checks=(), warnings=(), earlier_episodes=earlier),
        sentences=tuple(
            replace(s, words=tuple(replace(w, probability=None) for w in s.words))
            for s in sentences
        ),
        audio=audio,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of telling somebody of an event.

    Attributes:
        event: its place in the history, counted from 0.
        target: `command`, `webhook` or `wordpress`.
        attempts: how often it was tried.
        said: what came of it, for a person.
    """

    event: int
    target: str
    is_done: bool
    at: str
    attempts: int = 1
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """`published/deliveries.json`: who was told of what.

    Attributes:
        entries: the last outcome for each event and target.
        announced: how many events of the history have been told, with whatever outcome.
    """

    entries: tuple[Delivery, ...] = ()
    announced: int = 0

    def find(self, event: int, target: str) -> Delivery | None:
        """What became of telling one target of an event."""
        told = (e for e in self.entries if (e.event, e.target) == (event, target))
        return next(told, None)

    def of(self, event: int) -> tuple[Delivery, ...]:
        """All that were told of an event."""
        return tuple(entry for entry in self.entries if entry.event == event)

    def with_one(self, delivery: Delivery) -> "Deliveries":
        """The same with an outcome in place of an earlier one for the same event and target."""
        key = (delivery.event, delivery.target)
        others = (entry for entry in self.entries if (entry.event, entry.target) != key)
        return replace(self, entries=(*others, delivery))


def appointment(text: str, timezone: str | None) -> datetime.datetime:
    """A time as a person or a file gives it: ISO 8601 with an offset, or a show's local time.

    A local time that does not exist, because clocks are put forward over it, is as much later as
    they are put forward; of one that exists twice the first is meant. A date alone is its
    midnight.

    Args:
        text: `2026-10-25T06:00+01:00`, `2026-10-25T05:00Z`, `2026-10-25 06:00`, `2026-10-25`.
        timezone: of the show, such as `Europe/Oslo`; for times without an offset.

    Raises:
        SettingsError: no such time or time zone, or a local time without a zone.

    Source: RFC 5545, 3.3.5 (times in a gap and in an overlap).
    """
    try:
        found = datetime.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise SettingsError(
            f"{text!r} is not a time. Write one such as 2026-10-25T06:00+01:00, or "
            "2026-10-25T06:00 for the show's own time zone."
        ) from error
    if found.tzinfo is not None:
        return found
    if not timezone:
        raise SettingsError(
            f"{text!r}: in which time zone? Write an offset (2026-10-25T06:00+01:00), or set "
            "[show.<name>] timezone."
        )
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"[show.<name>] timezone = {timezone!r}: there is no such time zone. Write one such as "
            '"Europe/Oslo".'
        ) from error
    # By way of UTC: a time in a gap comes back as the one that clocks show then. With a fixed
    # offset: Python holds a time that exists twice for unequal to itself in another zone (PEP 495).
    local = found.replace(tzinfo=zone).astimezone(datetime.UTC).astimezone(zone)
    return local.replace(tzinfo=datetime.timezone(local.utcoffset() or datetime.timedelta()))
