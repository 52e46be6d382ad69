"""Reading the items of the notes: what the machine has of each attribute, and what was decided."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shownotes.core.note_items import Item
from shownotes.core.review import Value
from shownotes.core.viewing import Viewing
from shownotes.model import (
    Chapter,
    Event,
    Evidence,
    Fact,
    Link,
    Organization,
    Person,
    Quote,
    Resource,
)

Source = Person | Organization | Event | Chapter | Quote | Resource | Link
# Values that are no text of the episode's.
_NO_TEXT = ("role", "kind", "url", "link")
_ADDED = re.compile(r"(?:person|body|link)/\+[0-9a-f]{6}|chapter/\+[0-9]{1,9}")


@dataclass(slots=True)
class Reading:
    """Reads the attributes of one item; of two that are called alike the second is `#2`."""

    viewing: Viewing
    key: str
    label: str
    start: float | None = None
    values: dict[str, Value] = field(default_factory=dict)
    machine: dict[str, Value] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    evidence: dict[str, Evidence | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        name, number = self.key, 1
        while self.key in self.viewing.keys:
            number += 1
            self.key = f"{name}#{number}"
        self.viewing.keys.add(self.key)

    def read(self, attribute: str, machine: Value, evidence: Evidence | None = None) -> None:
        """What holds of an attribute."""
        register = f"{self.key}/{attribute}"
        label = f"{self.label}: {attribute}"
        value = self.viewing.layer.get(register, machine, label=label, start=self.start)
        self.machine[attribute] = machine
        if value is not machine:
            self.edited.append(attribute)
            value = self.viewing.spelled(value) if isinstance(value, str) else value
        elif isinstance(value, str) and attribute not in _NO_TEXT:
            value = self.viewing.fixed(value, evidence, label=label)
        self.values[attribute] = value
        self.evidence[attribute] = self.viewing.evidence(evidence)

    def fact(self, attribute: str, fact: Fact | None) -> None:
        """The same for a fact."""
        self.read(attribute, fact.value if fact else None, fact.evidence if fact else None)

    def item(self, source: Source | None, evidence: Evidence | None) -> Item:
        """The item, all of it read."""
        self.evidence[""] = self.viewing.evidence(evidence)
        return Item(
            key=self.key,
            values=self.values,
            machine=self.machine,
            edited=tuple(self.edited),
            evidence=self.evidence,
            source=source,
        )


def read_added(viewing: Viewing, kind: str, attributes: Sequence[str]) -> Iterator[Item]:
    """Items that the editor put in: `person/+a1b2c3` and the like."""
    keys = sorted(
        {
            decision.key.rpartition("/")[0]
            for decision in viewing.layer.under(f"{kind}/+")
            if decision.key.rpartition("/")[2] in attributes
            and _ADDED.fullmatch(decision.key.rpartition("/")[0])
        }
    )
    for register in keys:
        reading = Reading(viewing, register, kind)
        for attribute in attributes:
            reading.read(attribute, None)
        yield reading.item(None, None)
