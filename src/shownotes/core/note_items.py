"""What can be decided of the notes, as items: a key, what holds, and what the machine has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shownotes.core.review import Decision, Value
from shownotes.model import (
    Chapter,
    Check,
    Event,
    Evidence,
    Fact,
    Link,
    Organization,
    Person,
    Quote,
    Resource,
)

TEXTS = ("title", "hook", "sign_off", "date", "number")
LISTS = ("summary", "long_summary", "narrative", "questions", "key_points")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A text or list of the notes.

    Attributes:
        value: as it holds: plain text, a number, or a list of `{"text", "word"}`.
        machine: what the machine has, likewise.
        decision: the one that holds; `None` where the machine's does.
    """

    key: str
    value: Value
    machine: Value
    decision: Decision | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A person, body, chapter, quote or the like.

    Attributes:
        values: what holds, by attribute.
        machine: what the machine has, by attribute; empty for one that was added.
        edited: the attributes that the editor decided.
        evidence: by attribute, what the machine had it from; `""` for the item itself.
    """

    key: str
    values: Mapping[str, Value]
    machine: Mapping[str, Value] = field(default_factory=dict)
    edited: tuple[str, ...] = ()
    evidence: Mapping[str, Evidence | None] = field(default_factory=dict)
    source: Person | Organization | Event | Chapter | Quote | Resource | Link | None = None

    @property
    def is_kept(self) -> bool:
        """Whether it is printed."""
        return self.values.get("keep") is not False

    @property
    def is_added(self) -> bool:
        """Whether the editor put it in."""
        return self.source is None

    def text(self, attribute: str) -> str | None:
        """A value as text; `None` for an empty one."""
        value = self.values.get(attribute)
        return str(value) if value not in (None, "") else None

    def fact(self, attribute: str) -> Fact | None:
        """A value with what says so; an editor's with nothing."""
        value = self.text(attribute)
        if value is None:
            return None
        is_machine = attribute not in self.edited and not self.is_added
        return Fact(value=value, evidence=self.evidence.get(attribute) if is_machine else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotesView:
    """All of the notes with what the editor decided."""

    fields: Mapping[str, Field]
    people: tuple[Item, ...]
    bodies: tuple[Item, ...]
    events: tuple[Item, ...]
    chapters: tuple[Item, ...]
    quotes: tuple[Item, ...]
    resources: tuple[Item, ...]
    links: tuple[Item, ...]
    earlier: tuple[Item, ...]
    checks: tuple[tuple[str, Check, bool], ...]

    def items(self) -> Iterator[Item]:
        """Every item."""
        yield from self.people
        yield from self.bodies
        yield from self.events
        yield from self.chapters
        yield from self.quotes
        yield from self.resources
        yield from self.links
        yield from self.earlier

    def machine_value(self, register: str) -> Value:
        """What the machine has in a register of the notes."""
        if register in self.fields:
            return self.fields[register].machine
        owner, _, attribute = register.rpartition("/")
        item = self.find(owner)
        return None if item is None else item.machine.get(attribute)

    def find(self, key: str) -> Item | None:
        """The item of a key."""
        return next((item for item in self.items() if item.key == key), None)
