"""The notes as the editor has them: the machine's draft under the decisions.

Everything that can be decided is an item with a key, its values, and the sentence that the machine
had it from. What an editor wrote has no sentence behind it and claims none. A word that was
corrected in the transcript is corrected in what was made of its sentence.
"""

import bisect
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shownotes.core.anchors import MachineWords
from shownotes.core.edited_words import EDITED, SURE, EditedSegment, Marks, key, spell_text
from shownotes.core.review import Decision, Layer, Value
from shownotes.model import (
    Chapter,
    Check,
    Credit,
    Event,
    Evidence,
    Fact,
    Link,
    Organization,
    OrganizationKind,
    Person,
    PersonRole,
    Quote,
    Resource,
    ResourceKind,
    Sentence,
    ShowNotes,
)

TEXTS = ("title", "hook", "sign_off", "date", "number")
LISTS = ("summary", "long_summary", "narrative", "questions", "key_points")
PUBLIC_BODIES = (OrganizationKind.GOVERNMENT_AGENCY, OrganizationKind.INTERGOVERNMENTAL)


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
        for item in self.items():
            if item.key == owner:
                return item.machine.get(attribute)
        return None


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
                text = correct(text, self.corrections[at][1], self.corrections[at][2])
                at += 1
        return self.spelled(text)

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


def correct(text: str, said: Sequence[str], right: Sequence[str]) -> str:
    """A text in which the words that were said are the corrected ones, where it has them."""
    words = text.split()
    wanted = [key(word) for word in said]
    keys = [key(word) for word in words]
    for index in range(len(words) - len(wanted) + 1):
        if keys[index : index + len(wanted)] != wanted:
            continue
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
    return replace(view, checks=tuple(_checks(viewing, view)))


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
    """Reads the attributes of one item."""

    viewing: Viewing
    key: str
    label: str
    start: float | None = None
    values: dict[str, Value] = field(default_factory=dict)
    machine: dict[str, Value] = field(default_factory=dict)
    edited: list[str] = field(default_factory=list)
    evidence: dict[str, Evidence | None] = field(default_factory=dict)

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
        text = viewing.fixed(quote.text, evidence)
        reading.values |= {"text": text, "start": quote.start, "end": quote.end}
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


def _said(viewing: Viewing, first: int, last: int) -> Evidence | None:
    """The words from one to another, as the editor has them."""
    position = viewing.machine.position
    if first not in position or last not in position:
        return None
    low, high = position[first], position[last]
    words = [
        word
        for segment in viewing.segments
        if segment.last >= low and segment.first <= high
        for word in segment.words
        if word.last >= low and word.first <= high
    ]
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
        if owner in known or owner.startswith(f"{kind}/+"):
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


_KINDS = ("person", "body", "event", "chapter", "quote", "resource", "link", "earlier")


# --------------------------------------------------------------------------- checks


def check_key(check: Check) -> str:
    """A name for a check that outlives re-runs: of what it says, not of when."""
    return hashlib.sha256(f"{check.code}\n{check.message}".encode()).hexdigest()[:12]


def _checks(viewing: Viewing, view: NotesView) -> Iterator[tuple[str, Check, bool]]:
    """Every check, and whether the editor has seen to it."""
    for check in viewing.notes.checks:
        name = check_key(check)
        is_seen = viewing.layer.decisions.get(f"seen/{name}") is not None
        yield name, check, is_seen or _is_settled(check, viewing, view)


def _is_settled(check: Check, viewing: Viewing, view: NotesView) -> bool:
    """Whether a decision has answered a check by itself."""
    if check.code in ("title_guessed", "missing_date", "no_hook", "no_sign_off"):
        name = {"title_guessed": "title", "missing_date": "date"}.get(check.code, check.code[3:])
        return view.fields[name].decision is not None
    if check.code in ("missing_title", "missing_organization", "missing_description"):
        attribute = check.code.partition("_")[2]
        return any(
            item.machine.get("name") and f" {item.machine['name']} " in f" {check.message} "
            and (item.text(attribute) is not None or not item.is_kept)
            for item in (*view.people, *view.bodies)
        )  # fmt: skip
    if check.code == "known_voice":
        label = check.message.partition(" sounds like ")[0]
        return viewing.layer.decisions.get(f"speaker/{label}") is not None
    if check.code in ("flagged_passage", "low_confidence") and check.start is not None:
        words = [
            word
            for segment in _between(viewing.segments, check.start, check.end or check.start)
            for word in segment.words
            if check.start - 0.011 <= word.start < (check.end or check.start)
        ]
        return all(word.bits & (EDITED | SURE) for word in words)
    return False


def _between(
    segments: Sequence[EditedSegment], start: float, end: float
) -> Iterator[EditedSegment]:
    at = max(0, bisect.bisect_right(segments, start, key=lambda s: s.start) - 1)
    while at < len(segments) and segments[at].start < end:
        yield segments[at]
        at += 1


# --------------------------------------------------------------------------- the notes themselves


def apply_view(viewing: Viewing, view: NotesView, names: Mapping[str, str]) -> ShowNotes:
    """The notes as they are printed. `names` are the speakers', by label."""
    notes = viewing.notes
    people = [_as_person(item) for item in view.people if item.is_kept and item.text("name")]
    bodies = [_as_body(item) for item in view.bodies if item.is_kept and item.text("name")]
    agencies = tuple(b for b in bodies if b.kind in PUBLIC_BODIES and not b.is_sponsor)
    quotes = tuple(_as_quote(item, names) for item in view.quotes if item.is_kept)
    dropped = {i.source.text for i in view.quotes if not i.is_kept and isinstance(i.source, Quote)}
    fields = view.fields
    facts = {name: _facts(viewing, view, name) for name in LISTS}
    return replace(
        notes,
        title=str(fields["title"].value or notes.title),
        date=fields["date"].value,
        number=fields["number"].value,
        hook=_fact(fields["hook"]),
        sign_off=_fact(fields["sign_off"]),
        summary=facts["summary"],
        long_summary=facts["long_summary"],
        narrative=facts["narrative"],
        questions=facts["questions"],
        key_points=facts["key_points"],
        quotes=quotes,
        hosts=tuple(p for p in people if p.role is PersonRole.HOST),
        guests=tuple(p for p in people if p.role is PersonRole.GUEST),
        mentioned=tuple(p for p in people if p.role is PersonRole.MENTIONED),
        agencies=agencies,
        organizations=tuple(b for b in bodies if b not in agencies),
        events=tuple(_as_event(item) for item in view.events if item.is_kept),
        chapters=_as_chapters(view.chapters, notes),
        earlier_episodes=tuple(
            item.source for item in view.earlier if item.is_kept and isinstance(item.source, Link)
        ),
        links=tuple(
            Link(text=item.text("text") or "", url=item.text("url"))
            for item in view.links
            if item.is_kept and item.text("text") and item.text("url")
        ),
        resources=tuple(_as_resource(item) for item in view.resources if item.is_kept),
        credits=tuple(_as_credit(viewing, credit) for credit in notes.credits),
        soundbites=tuple(
            replace(bite, title=viewing.spelled(bite.title))
            for bite in notes.soundbites
            if bite.title not in dropped
        ),
        checks=tuple(check for _, check, is_seen in view.checks if not is_seen),
    )


def _fact(found: Field) -> Fact | None:
    return Fact(value=str(found.value), evidence=found.evidence) if found.value else None


def _facts(viewing: Viewing, view: NotesView, name: str) -> tuple[Fact, ...]:
    found, facts = view.fields[name], getattr(viewing.notes, name)
    if found.decision is None:
        return tuple(
            replace(fact, value=item["text"], evidence=viewing.evidence(fact.evidence))
            for fact, item in zip(facts, found.value, strict=True)
        )
    return tuple(
        Fact(value=item["text"], evidence=viewing.sentence_at(item.get("word")))
        for item in found.value
        if item["text"].strip()
    )


def _as_person(item: Item) -> Person:
    name, source = item.text("name") or "", item.source
    role = PersonRole(item.values.get("role") or "guest")
    base = source if isinstance(source, Person) else Person(name=name, role=role, evidence=None)
    return replace(
        base,
        name=name,
        role=role,
        evidence=item.evidence.get(""),
        title=item.fact("title"),
        organization=item.fact("organization"),
        description=item.fact("description"),
        link=item.text("link"),
    )


def _as_body(item: Item) -> Organization:
    name, source = item.text("name") or "", item.source
    kind = OrganizationKind(item.values.get("kind") or "other")
    base = (
        source
        if isinstance(source, Organization)
        else Organization(name=name, kind=kind, evidence=None)
    )
    return replace(
        base,
        name=name,
        kind=kind,
        evidence=item.evidence.get(""),
        description=item.fact("description"),
    )


def _as_event(item: Item) -> Event:
    source = item.source
    evidence = item.evidence[""] or Evidence(text="", start=0.0, end=0.0)
    name = item.text("name") or ""
    return replace(source, name=name) if isinstance(source, Event) else Event(
        name=name, evidence=evidence
    )  # fmt: skip


def _as_resource(item: Item) -> Resource:
    kind = ResourceKind(item.values.get("kind") or "other")
    return Resource(
        name=item.text("name") or "", kind=kind, evidence=item.evidence[""], url=item.text("url")
    )


def _as_credit(viewing: Viewing, credit: Credit) -> Credit:
    return replace(credit, name=viewing.spelled(credit.name))


def _as_quote(item: Item, names: Mapping[str, str]) -> Quote:
    speaker = item.text("speaker")
    return Quote(
        text=item.values["text"],
        start=item.values["start"],
        end=item.values["end"],
        speaker=names.get(speaker, speaker) if speaker else None,
    )


def _as_chapters(items: Sequence[Item], notes: ShowNotes) -> tuple[Chapter, ...]:
    """The chapters that are kept; the first one from the beginning, each to the next one's."""
    kept = [item for item in items if item.is_kept and item.text("title")]
    end = max([notes.duration, *(c.end for c in notes.chapters)])
    starts = [0.0, *(float(item.values["seconds"]) for item in kept[1:])]
    chapters = []
    for index, item in enumerate(kept):
        until = starts[index + 1] if index + 1 < len(kept) else end
        if until <= starts[index]:
            continue
        source = item.source
        chapters.append(
            Chapter(
                start=starts[index],
                end=until,
                title=item.text("title") or "",
                is_given=True if item.edited or item.is_added else _was_given(source),
                evidence=None if "title" in item.edited else item.evidence.get("title"),
            )
        )
    return tuple(chapters)


def _was_given(source: object) -> bool:
    return isinstance(source, Chapter) and source.is_given
