"""Transcript and notes cut into passages that a search can find and open at the time."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shownotes.core.sentences import split
from shownotes.model import Fact, Organization, Person, ShowNotes, Transcript

# A passage ends with the sentence that makes it this long: words looked for together are mostly
# said within it, and a result is still read at a glance.
PASSAGE_WORDS = 50


class Where(StrEnum):
    """In what something was found."""

    TRANSCRIPT = "transcript"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Passage:
    """A few sentences, each with when it is said in seconds, where that is known."""

    where: Where
    sentences: tuple[tuple[str, float | None], ...]


def of_transcript(transcript: Transcript) -> Iterator[Passage]:
    """What was said, a few sentences at a time."""
    gathered: list[tuple[str, float | None]] = []
    words = 0
    for sentence in split(transcript):
        gathered.append((sentence.text, sentence.start))
        words += len(sentence.words)
        if words >= PASSAGE_WORDS:
            yield Passage(Where.TRANSCRIPT, tuple(gathered))
            gathered, words = [], 0
    if gathered:
        yield Passage(Where.TRANSCRIPT, tuple(gathered))


def of_notes(notes: ShowNotes) -> Iterator[Passage]:
    """What the notes say, each thing for itself; quotes are found in the transcript."""
    yield _passage(notes.title)
    for fact in (*((notes.hook,) if notes.hook else ()), *notes.summary, *notes.long_summary):
        yield _of_fact(fact)
    for fact in (*notes.narrative, *notes.questions, *notes.key_points):
        yield _of_fact(fact)
    for chapter in notes.chapters:
        yield _passage(chapter.title, chapter.start)
    for person in (*notes.hosts, *notes.guests, *notes.mentioned):
        yield _of_somebody(person, person.title, person.organization, person.description)
    for body in (*notes.agencies, *notes.organizations):
        yield _of_somebody(body, body.description)
    for resource in notes.resources:
        yield _passage(resource.name, resource.evidence.start if resource.evidence else None)


def _passage(text: str, start: float | None = None) -> Passage:
    return Passage(Where.NOTES, ((text, start),))


def _of_fact(fact: Fact) -> Passage:
    return _passage(fact.value, fact.evidence.start if fact.evidence else None)


def _of_somebody(named: Person | Organization, *facts: Fact | None) -> Passage:
    text = ", ".join((named.name, *(fact.value for fact in facts if fact)))
    return _passage(text, named.evidence.start if named.evidence else None)
