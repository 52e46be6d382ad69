"""The notes as the editor has them: the machine's draft under the decisions.

Everything that can be decided is an item with a key, its values, and the sentence that the machine
had it from. What an editor wrote has no sentence behind it and claims none. A word that was
corrected in the transcript is corrected in what was made of its sentence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from shownotes.core.item_readings import Reading, read_added
from shownotes.core.note_items import LISTS, TEXTS, Field, Item, NotesView
from shownotes.core.review_checks import view_checks
from shownotes.core.reviewed_chapters import view_chapters
from shownotes.core.reviewed_quotes import view_quotes
from shownotes.core.viewing import Viewing
from shownotes.model import Evidence, Fact

# Items that the draft may lose while something is decided of them.
_KINDS = ("person", "body", "event", "chapter", "quote", "resource", "link", "earlier")


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
        chapters=tuple(sorted(view_chapters(viewing), key=lambda i: (i.values["seconds"], i.key))),
        quotes=tuple(sorted(view_quotes(viewing), key=lambda i: i.values["start"])),
        resources=tuple(_resources(viewing)),
        links=tuple(_links(viewing)),
        earlier=tuple(_earlier(viewing)),
        checks=(),
    )
    _object_to_orphans(viewing, view)
    return replace(view, checks=tuple(view_checks(viewing, view)))


def _fields(viewing: Viewing) -> Iterator[Field]:
    notes, layer = viewing.notes, viewing.layer
    facts: Mapping[str, Fact | None] = {"hook": notes.hook, "sign_off": notes.sign_off}
    plain = {"title": notes.title, "date": notes.date, "number": notes.number}
    for name in TEXTS:
        fact = facts.get(name)
        machine = (fact.value if fact else None) if name in facts else plain[name]
        evidence = fact.evidence if fact else None
        label = name.replace("_", "-").capitalize()
        value = layer.get(name, machine, label=label)
        is_decided = value is not machine
        if is_decided and isinstance(value, str):
            value = viewing.spelled(value)
        elif isinstance(value, str):
            value = viewing.fixed(value, evidence, label=label)
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
    label = name.replace("_", " ").capitalize()
    decided = viewing.layer.get(name, machine, label=label)
    if decided is machine:
        value = [
            {
                "text": viewing.fixed(fact.value, fact.evidence, label=label),
                "word": _word_of(viewing, fact.evidence),
            }
            for fact in facts
        ]
        return Field(key=name, value=value, machine=machine)
    value = [{**item, "text": viewing.spelled(str(item["text"]))} for item in decided]
    return Field(key=name, value=value, machine=machine, decision=viewing.layer.decisions.get(name))


def _word_of(viewing: Viewing, evidence: Evidence | None) -> int | None:
    return viewing.machine.at(evidence.start) if evidence else None


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
        reading = Reading(viewing, register, person.name, evidence.start if evidence else None)
        reading.read("name", person.name, evidence)
        reading.read("role", person.role.value)
        reading.fact("title", person.title)
        reading.fact("organization", person.organization)
        reading.fact("description", person.description)
        reading.read("link", person.link)
        reading.read("keep", True)
        yield reading.item(person, evidence)
    attributes = ("name", "role", "title", "organization", "description", "link", "keep")
    yield from read_added(viewing, "person", attributes)


def _bodies(viewing: Viewing) -> Iterator[Item]:
    notes = viewing.notes
    for body in (*notes.agencies, *notes.organizations):
        evidence = body.evidence
        register = _alias(viewing, "body", body.name)
        reading = Reading(viewing, register, body.name, evidence.start if evidence else None)
        reading.read("name", body.name, evidence)
        reading.read("kind", body.kind.value)
        reading.fact("description", body.description)
        reading.read("keep", True)
        yield reading.item(body, evidence)
    yield from read_added(viewing, "body", ("name", "kind", "description", "keep"))


def _events(viewing: Viewing) -> Iterator[Item]:
    for event in viewing.notes.events:
        reading = Reading(viewing, f"event/{event.name}", event.name, event.evidence.start)
        reading.read("keep", True)
        reading.values["name"] = viewing.fixed(event.name, event.evidence, label=event.name)
        yield reading.item(event, event.evidence)


def _resources(viewing: Viewing) -> Iterator[Item]:
    for resource in viewing.notes.resources:
        evidence = resource.evidence
        reading = Reading(
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
        reading = Reading(viewing, f"link/{link.text}", link.text)
        reading.read("text", link.text)
        reading.read("url", link.url)
        reading.read("keep", True)
        yield reading.item(link, None)
    yield from read_added(viewing, "link", ("text", "url", "keep"))


def _earlier(viewing: Viewing) -> Iterator[Item]:
    for link in viewing.notes.earlier_episodes:
        start = link.evidence.start if link.evidence else None
        reading = Reading(viewing, f"earlier/{link.episode or link.text}", link.text, start)
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
