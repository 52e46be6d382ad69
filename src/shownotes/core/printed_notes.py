"""The notes as they are printed, made of what holds of each item."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shownotes.core.note_items import LISTS, Field, Item, NotesView
from shownotes.core.viewing import Viewing
from shownotes.model import (
    Chapter,
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
    ShowNotes,
)

PUBLIC_BODIES = (OrganizationKind.GOVERNMENT_AGENCY, OrganizationKind.INTERGOVERNMENTAL)


def apply_view(viewing: Viewing, view: NotesView, names: Mapping[str, str]) -> ShowNotes:
    """The notes as they are printed. `names` are the speakers', by label."""
    notes = viewing.notes
    people = [_as_person(item) for item in view.people if item.is_kept and item.text("name")]
    bodies = [_as_body(item) for item in view.bodies if item.is_kept and item.text("name")]
    agencies = tuple(b for b in bodies if b.kind in PUBLIC_BODIES and not b.is_sponsor)
    quotes = tuple(_as_quote(item, names) for item in view.quotes if item.is_kept)
    dropped = {i.source.text for i in view.quotes if not i.is_kept and isinstance(i.source, Quote)}
    said = {i.source.text: i.values["text"] for i in view.quotes if isinstance(i.source, Quote)}
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
            replace(bite, title=said.get(bite.title, viewing.spelled(bite.title)))
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
