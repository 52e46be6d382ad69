"""Nothing without a source: every fact in the notes is looked up in the transcript.

A fact without evidence is printed only when the producer gave it (sidecar, settings); anything
else that the transcript does not say is taken out, and the editor is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shownotes.core import quotes
from shownotes.core.wording import bare
from shownotes.model import Check, Evidence, Fact, Organization, Person, Sentence, ShowNotes


@dataclass(frozen=True, slots=True)
class Grounds:
    """What notes may rest on: the transcript's words in a row, and what the producer gave."""

    said: str
    given: frozenset[str]

    def holds(self, evidence: Evidence | None, value: str) -> bool:
        """Whether the evidence is really in the transcript, or the value was given."""
        if evidence is None:
            return _key(value) in self.given
        key = _key(evidence.text)
        return bool(key) and f" {key} " in self.said

    def supported(self, fact: Fact | None) -> Fact | None:
        """The fact, or `None` when nothing says so."""
        return fact if fact is not None and self.holds(fact.evidence, fact.value) else None

    def person(self, person: Person) -> Person | None:
        """The person without unsupported details; `None` when nobody named them."""
        if not self.holds(person.evidence, person.name):
            return None
        return replace(
            person,
            title=self.supported(person.title),
            organization=self.supported(person.organization),
            description=self.supported(person.description),
        )

    def organization(self, body: Organization) -> Organization | None:
        """The body without unsupported details; `None` when nobody named it."""
        if not self.holds(body.evidence, body.name):
            return None
        return replace(body, description=self.supported(body.description))


def grounds(sentences: Sequence[Sentence], given: Sequence[str | None]) -> Grounds:
    """What the notes of this episode may rest on."""
    return Grounds(
        said=f" {' '.join(_key(s.text) for s in sentences)} ",
        given=frozenset(_key(value) for value in given if value),
    )


def keep_supported(notes: ShowNotes, ground: Grounds, sentences: Sequence[Sentence]) -> ShowNotes:
    """The notes without whatever has no source, and a check for each thing taken out."""
    kept = replace(
        notes,
        hook=ground.supported(notes.hook),
        sign_off=ground.supported(notes.sign_off),
        summary=_facts(notes.summary, ground),
        narrative=_facts(notes.narrative, ground),
        long_summary=_facts(notes.long_summary, ground),
        questions=_facts(notes.questions, ground),
        key_points=_facts(notes.key_points, ground),
        quotes=tuple(q for q in notes.quotes if quotes.is_verbatim(q, sentences)),
        hosts=_people(notes.hosts, ground),
        guests=_people(notes.guests, ground),
        mentioned=_people(notes.mentioned, ground),
        agencies=_bodies(notes.agencies, ground),
        organizations=_bodies(notes.organizations, ground),
        events=tuple(e for e in notes.events if ground.holds(e.evidence, e.name)),
        resources=tuple(r for r in notes.resources if ground.holds(r.evidence, r.name)),
        credits=tuple(c for c in notes.credits if ground.holds(c.evidence, c.name)),
    )
    lost = sorted(set(_values(notes)) - set(_values(kept)))
    checks = tuple(
        Check(code="unsupported", message=f"Left out, as nothing in the episode says so: {value}")
        for value in lost
    )
    return replace(kept, checks=(*kept.checks, *checks))


def _facts(facts: Sequence[Fact], ground: Grounds) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if ground.supported(fact))


def _people(people: Sequence[Person], ground: Grounds) -> tuple[Person, ...]:
    return tuple(kept for person in people if (kept := ground.person(person)))


def _bodies(bodies: Sequence[Organization], ground: Grounds) -> tuple[Organization, ...]:
    return tuple(kept for body in bodies if (kept := ground.organization(body)))


def _values(notes: ShowNotes) -> list[str]:
    facts = [
        *(f for f in (notes.hook, notes.sign_off) if f),
        *notes.summary,
        *notes.long_summary,
        *notes.narrative,
        *notes.questions,
        *notes.key_points,
    ]
    values = [fact.value for fact in facts] + [quote.text for quote in notes.quotes]
    for person in (*notes.hosts, *notes.guests, *notes.mentioned):
        values.append(person.name)
        details = (person.title, person.organization, person.description)
        values += [f"{person.name}: {fact.value}" for fact in details if fact]
    for body in (*notes.agencies, *notes.organizations):
        values.append(body.name)
        values += [f"{body.name}: {body.description.value}"] if body.description else []
    return [
        *values,
        *(event.name for event in notes.events),
        *(resource.name for resource in notes.resources),
        *(credit.name for credit in notes.credits),
    ]


def _key(text: str) -> str:
    return " ".join(word for word in (bare(w) for w in text.split()) if word)
