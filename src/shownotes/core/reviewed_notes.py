"""The notes as the editor has them: the machine's draft under the decisions.

Everything that can be decided is an item with a key, its values, and the sentence that the machine
had it from. What an editor wrote has no sentence behind it and claims none. A word that was
corrected in the transcript is corrected in what was made of its sentence.
"""

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shownotes.core.anchors import MachineWords
from shownotes.core.edited_words import EditedSegment, EditedWord, Marks, key, spell_text
from shownotes.core.note_items import LISTS, TEXTS, Field, Item, NotesView
from shownotes.core.review import Layer, Value
from shownotes.core.review_checks import view_checks
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
    Sentence,
    ShowNotes,
)


@dataclass(slots=True)
class Viewing:
    """What the notes are looked at with.

    Attributes:
        sentences: the machine's.
        segments: the transcript as the editor has it.
    """

    notes: ShowNotes
    machine: MachineWords
    layer: Layer
    marks: Marks
    sentences: Sequence[Sentence]
    segments: Sequence[EditedSegment]
    keys: set[str] = field(default_factory=set)
    sentence_starts: list[float] = field(init=False)
    corrections: list[tuple[float, tuple[str, ...], tuple[str, ...]]] = field(init=False)

    def __post_init__(self) -> None:
        self.sentence_starts = [sentence.start for sentence in self.sentences]
        self.corrections = sorted(self._corrections(), key=lambda entry: entry[0])

    def _corrections(self) -> Iterator[tuple[float, tuple[str, ...], tuple[str, ...]]]:
        words = self.machine.words
        for patch in self.marks.patches.values():
            first = self.machine.position[patch.ids[0]]
            said = [words[i].word.text for i in range(first, first + len(patch.ids))]
            yield words[first].word.start, tuple(said), tuple(patch.text.split())

    def fixed(self, text: str, evidence: Evidence | None) -> str:
        """A text of the machine's with the corrections of its sentence, and names spelled right."""
        if evidence is not None and self.corrections:
            at = bisect.bisect_left(self.corrections, evidence.start - 0.011, key=lambda c: c[0])
            while at < len(self.corrections) and self.corrections[at][0] < evidence.end:
                start, said, right = self.corrections[at]
                nth, count = self._occurrence(said, start, evidence)
                text = correct(text, said, right, nth=nth, count=count)
                at += 1
        return self.spelled(text)

    def _occurrence(self, said: Sequence[str], start: float, evidence: Evidence) -> tuple[int, int]:
        """Which of the places of the evidence that read so was corrected, and of how many."""
        within = self.machine.within(evidence.start, evidence.end)
        words = [self.machine.words[index].word for index in within]
        keys, wanted = [key(word.text) for word in words], [key(word) for word in said]
        places = [
            words[index].start
            for index in range(len(words) - len(wanted) + 1)
            if keys[index : index + len(wanted)] == wanted
        ]
        return (places.index(start) if start in places else -1), len(places)

    def spelled(self, text: str) -> str:
        """A text with names spelled right."""
        return spell_text(text, self.marks.spellings)

    def evidence(self, evidence: Evidence | None) -> Evidence | None:
        """What says so, with its own words corrected."""
        if evidence is None:
            return None
        return replace(evidence, text=self.fixed(evidence.text, evidence))

    def sentence_at(self, word: Value) -> Evidence | None:
        """The sentence that a word is in."""
        start = self.machine.start_of(word) if isinstance(word, int) else None
        if start is None or not self.sentences:
            return None
        at = bisect.bisect_right(self.sentence_starts, start + 0.011) - 1
        return self.evidence(self.sentences[max(0, at)].evidence)


def correct(
    text: str, said: Sequence[str], right: Sequence[str], *, nth: int = 0, count: int = 1
) -> str:
    """A text in which the words that were said are the corrected ones, where it has them.

    Of several places that read alike the `nth` of `count` is meant. A text that does not have as
    many of them is left as it is: the wrong one must not be changed.
    """
    words = text.split()
    wanted = [key(word) for word in said]
    keys = [key(word) for word in words]
    places = [
        index
        for index in range(len(words) - len(wanted) + 1)
        if keys[index : index + len(wanted)] == wanted
    ]
    if nth < 0 or len(places) != count:
        return text
    for index in places[nth : nth + 1]:
        found, new = words[index : index + len(wanted)], list(right)
        if new and index == 0 and found[0][:1].isupper():
            new[0] = new[0][:1].upper() + new[0][1:]
        tail = found[-1][len(found[-1].rstrip('.,;:!?…”"')) :]
        if new and tail and not new[-1].endswith(tuple(".,;:!?…")):
            new[-1] += tail
        elif new and found[-1][-1:].isalnum() and index + len(wanted) == len(words):
            new[-1] = new[-1].rstrip(".,;:")
        return " ".join([*words[:index], *new, *words[index + len(wanted) :]])
    return text


# --------------------------------------------------------------------------- looking at the notes


def view_notes(viewing: Viewing) -> NotesView:
    """All items of the notes, and what holds of each."""
    people = tuple(_people(viewing))
    bodies = tuple(_bodies(viewing))
    fields = {found.key: found for found in _fields(viewing)}
    view = NotesView(
        fields=fields,
        people=people,
        bodies=bodies,
        events=tuple(_events(viewing)),
        chapters=tuple(sorted(_chapters(viewing), key=lambda i: (i.values["seconds"], i.key))),
        quotes=tuple(sorted(_quotes(viewing), key=lambda i: i.values["start"])),
        resources=tuple(_resources(viewing)),
        links=tuple(_links(viewing)),
        earlier=tuple(_earlier(viewing)),
        checks=(),
    )
    _object_to_orphans(viewing, view)
    return replace(
        view,
        checks=tuple(
            view_checks(
                viewing.notes.checks, viewing.layer, viewing.segments, view, viewing.machine
            )
        ),
    )


def _fields(viewing: Viewing) -> Iterator[Field]:
    notes, layer = viewing.notes, viewing.layer
    facts: Mapping[str, Fact | None] = {"hook": notes.hook, "sign_off": notes.sign_off}
    plain = {"title": notes.title, "date": notes.date, "number": notes.number}
    for name in TEXTS:
        fact = facts.get(name)
        machine = (fact.value if fact else None) if name in facts else plain[name]
        evidence = fact.evidence if fact else None
        value = layer.get(name, machine, label=name.replace("_", "-").capitalize())
        is_decided = value is not machine
        if isinstance(value, str):
            value = viewing.spelled(value) if is_decided else viewing.fixed(value, evidence)
        yield Field(
            key=name,
            value=value,
            machine=machine,
            decision=layer.decisions.get(name) if is_decided else None,
            evidence=None if is_decided else viewing.evidence(evidence),
        )
    for name in LISTS:
        yield _list(viewing, name)


def _list(viewing: Viewing, name: str) -> Field:
    facts: tuple[Fact, ...] = getattr(viewing.notes, name)
    machine = [fact.value for fact in facts]
    decided = viewing.layer.get(name, machine, label=name.replace("_", " ").capitalize())
    if decided is machine:
        value = [
            {"text": viewing.fixed(f.value, f.evidence), "word": _word_of(viewing, f.evidence)}
            for f in facts
        ]
        return Field(key=name, value=value, machine=machine)
    value = [{**item, "text": viewing.spelled(str(item["text"]))} for item in decided]
    return Field(key=name, value=value, machine=machine, decision=viewing.layer.decisions.get(name))


def _word_of(viewing: Viewing, evidence: Evidence | None) -> int | None:
    return viewing.machine.at(evidence.start) if evidence else None


@dataclass(slots=True)
class _Reading:
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
        elif isinstance(value, str) and attribute not in ("role", "kind", "url", "link"):
            value = self.viewing.fixed(value, evidence)
        self.values[attribute] = value
        self.evidence[attribute] = self.viewing.evidence(evidence)

    def fact(self, attribute: str, fact: Fact | None) -> None:
        """The same for a fact."""
        self.read(attribute, fact.value if fact else None, fact.evidence if fact else None)

    def item(
        self,
        source: Person | Organization | Event | Chapter | Quote | Resource | Link | None,
        evidence: Evidence | None,
    ) -> Item:
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


def _added(viewing: Viewing, kind: str, attributes: Sequence[str]) -> Iterator[Item]:
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
        reading = _Reading(viewing, register, kind)
        for attribute in attributes:
            reading.read(attribute, None)
        yield reading.item(None, None)


def _alias(viewing: Viewing, kind: str, name: str) -> str:
    """The key of a name: the spelling under which it was decided about before it was fixed."""
    if viewing.layer.under(f"{kind}/{name}/"):
        return f"{kind}/{name}"
    for decision in viewing.layer.under("spelling/"):
        said = decision.key.partition("/")[2]
        if decision.value == name and viewing.layer.under(f"{kind}/{said}/"):
            return f"{kind}/{said}"
    return f"{kind}/{name}"


def _people(viewing: Viewing) -> Iterator[Item]:
    notes = viewing.notes
    for person in (*notes.hosts, *notes.guests, *notes.mentioned):
        evidence = person.evidence
        register = _alias(viewing, "person", person.name)
        reading = _Reading(viewing, register, person.name, evidence.start if evidence else None)
        reading.read("name", person.name, evidence)
        reading.read("role", person.role.value)
        reading.fact("title", person.title)
        reading.fact("organization", person.organization)
        reading.fact("description", person.description)
        reading.read("link", person.link)
        reading.read("keep", True)
        yield reading.item(person, evidence)
    attributes = ("name", "role", "title", "organization", "description", "link", "keep")
    yield from _added(viewing, "person", attributes)


def _bodies(viewing: Viewing) -> Iterator[Item]:
    notes = viewing.notes
    for body in (*notes.agencies, *notes.organizations):
        evidence = body.evidence
        register = _alias(viewing, "body", body.name)
        reading = _Reading(viewing, register, body.name, evidence.start if evidence else None)
        reading.read("name", body.name, evidence)
        reading.read("kind", body.kind.value)
        reading.fact("description", body.description)
        reading.read("keep", True)
        yield reading.item(body, evidence)
    yield from _added(viewing, "body", ("name", "kind", "description", "keep"))


def _events(viewing: Viewing) -> Iterator[Item]:
    for event in viewing.notes.events:
        reading = _Reading(viewing, f"event/{event.name}", event.name, event.evidence.start)
        reading.read("keep", True)
        reading.values["name"] = viewing.fixed(event.name, event.evidence)
        yield reading.item(event, event.evidence)


def _chapters(viewing: Viewing) -> Iterator[Item]:
    taken: set[int] = set()
    machine = viewing.machine
    for chapter in viewing.notes.chapters:
        word = machine.at(chapter.start)
        while word in taken:
            index = machine.position[word] + 1
            word = machine.words[index].id if index < len(machine.words) else None
        if word is None:
            word = -1 - len(taken)
        taken.add(word)
        reading = _Reading(viewing, f"chapter/{word}", chapter.title, chapter.start)
        reading.read("title", chapter.title, chapter.evidence)
        reading.read("start", word)
        reading.read("keep", True)
        moved = machine.start_of(reading.values["start"]) if "start" in reading.edited else None
        reading.values["seconds"] = chapter.start if moved is None else moved
        yield reading.item(chapter, chapter.evidence)
    for item in _added(viewing, "chapter", ("title", "start", "keep")):
        word = int(item.key.partition("+")[2])
        at = item.values["start"] if isinstance(item.values["start"], int) else word
        seconds = machine.start_of(at)
        if at not in machine.position:
            for decision in viewing.layer.under(f"{item.key}/"):
                viewing.layer.object(
                    decision, None, label="A chapter whose words were cut", start=seconds
                )
            continue
        yield replace(
            item,
            values={**item.values, "start": at, "seconds": 0.0 if seconds is None else seconds},
        )


def _quotes(viewing: Viewing) -> Iterator[Item]:
    machine = viewing.machine
    known = set()
    for quote in viewing.notes.quotes:
        evidence = Evidence(text=quote.text, start=quote.start, end=quote.end)
        register = f"quote/{machine.at(quote.start)}-{machine.before(quote.end)}"
        known.add(register)
        reading = _Reading(viewing, register, "Quote", quote.start)
        reading.read("speaker", quote.speaker)
        reading.read("keep", True)
        reading.values |= {"text": quote.text, "start": quote.start, "end": quote.end}
        first, _, last = register.partition("/")[2].partition("-")
        said = _said_anew(viewing, int(first), int(last)) if first.isdigit() else None
        if said is not None:
            reading.values |= {"text": said.text, "start": said.start, "end": said.end}
        if not reading.values["text"]:
            reading.values["keep"] = False
        yield reading.item(quote, evidence)
    for decision in viewing.layer.under("quote/"):
        register, _, attribute = decision.key.rpartition("/")
        if attribute != "keep" or register in known or decision.value is not True:
            continue
        first, _, last = register.partition("/")[2].partition("-")
        words = _said(viewing, int(first), int(last))
        if words is None:
            continue
        reading = _Reading(viewing, register, "Quote", words.start)
        reading.read("speaker", _speaker_at(viewing, int(first)))
        reading.read("keep", None)
        reading.values |= {"text": words.text, "start": words.start, "end": words.end}
        yield reading.item(None, words)


def _said_anew(viewing: Viewing, first: int, last: int) -> Evidence | None:
    """The words of a quote, where they are no longer the machine's: a quote is word for word.

    Empty where all of them were deleted; `None` where nothing was changed.
    """
    position = viewing.machine.position
    if first not in position or last not in position:
        return None
    low, high = position[first], position[last]
    words = _words_between(viewing, low, high)
    said = [viewing.machine.words[index].word for index in range(low, high + 1)]
    if [word.text for word in words] == [word.text for word in said]:
        return None
    if not words:
        return Evidence(text="", start=said[0].start, end=said[-1].end)
    text = " ".join(word.text for word in words)
    capital = text[:1].upper() + text[1:]
    return Evidence(text=capital, start=words[0].start, end=words[-1].end)


def _words_between(viewing: Viewing, low: int, high: int) -> list[EditedWord]:
    """The shown words that stand for the machine's from one position to another."""
    return [
        word
        for segment in viewing.segments
        if segment.last >= low and segment.first <= high
        for word in segment.words
        if word.last >= low and word.first <= high
    ]


def _said(viewing: Viewing, first: int, last: int) -> Evidence | None:
    """The words from one to another, as the editor has them."""
    position = viewing.machine.position
    if first not in position or last not in position:
        return None
    words = _words_between(viewing, position[first], position[last])
    if not words:
        return None
    text = " ".join(word.text for word in words)
    return Evidence(text=text, start=words[0].start, end=words[-1].end)


def _speaker_at(viewing: Viewing, word: int) -> str | None:
    """Who says a word: the label, which the caller has names for."""
    at = viewing.machine.position[word]
    return next((s.label for s in viewing.segments if s.first <= at <= s.last), None)


def _resources(viewing: Viewing) -> Iterator[Item]:
    for resource in viewing.notes.resources:
        evidence = resource.evidence
        reading = _Reading(
            viewing,
            f"resource/{resource.name}",
            resource.name,
            evidence.start if evidence else None,
        )
        reading.read("name", resource.name, evidence)
        reading.read("url", resource.url)
        reading.read("keep", True)
        reading.values["kind"] = resource.kind.value
        yield reading.item(resource, evidence)


def _links(viewing: Viewing) -> Iterator[Item]:
    for link in viewing.notes.links:
        reading = _Reading(viewing, f"link/{link.text}", link.text)
        reading.read("text", link.text)
        reading.read("url", link.url)
        reading.read("keep", True)
        yield reading.item(link, None)
    yield from _added(viewing, "link", ("text", "url", "keep"))


def _earlier(viewing: Viewing) -> Iterator[Item]:
    for link in viewing.notes.earlier_episodes:
        start = link.evidence.start if link.evidence else None
        reading = _Reading(viewing, f"earlier/{link.episode or link.text}", link.text, start)
        reading.read("keep", True)
        reading.values |= {"text": link.text, "url": link.url}
        yield reading.item(link, link.evidence)


def _object_to_orphans(viewing: Viewing, view: NotesView) -> None:
    """Decisions about what the draft no longer has are conflicts, never dropped."""
    known = {item.key for item in view.items()}
    for decision in list(viewing.layer.decisions.values()):
        kind, slash, _ = decision.key.partition("/")
        if not slash or kind not in _KINDS or decision.key in viewing.layer.conflicts:
            continue
        owner, _, attribute = decision.key.rpartition("/")
        if owner in known:
            continue
        if kind == "quote" and attribute == "keep" and decision.value is False:
            continue
        if attribute == "keep" and decision.value is False:
            continue  # what was left out is not there any more
        start = None
        if kind in ("chapter", "quote"):
            first = owner.partition("/")[2].partition("-")[0]
            start = viewing.machine.start_of(int(first)) if first.isdigit() else None
        name = owner.partition("/")[2] if kind not in ("chapter", "quote") else kind.capitalize()
        viewing.layer.object(
            decision, None, label=f"{name}: {attribute}; the new draft has no such", start=start
        )


_ADDED = re.compile(r"(?:person|body|link)/\+[0-9a-f]{6}|chapter/\+[0-9]{1,9}")
_KINDS = ("person", "body", "event", "chapter", "quote", "resource", "link", "earlier")
