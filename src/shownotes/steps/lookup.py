"""Names out of transcripts that are nobody's episode: a file of any kind, or lines of texts."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import SettingsError, TranscriptFileError
from shownotes.model import Evidence, Fact, Names, Organization, Person, PersonRole, Transcript
from shownotes.settings import Settings
from shownotes.steps.identify import catalogue_files, find_names, sources


def read_transcript(path: Path, *, language: str | None = None) -> Transcript:
    """Our `transcript.json`, Podcasting 2.0 or Whisper JSON, WebVTT, SRT or plain text.

    Raises:
        TranscriptFileError: it cannot be read, or nothing that was said is in it.
    """
    from shownotes.core.transcripts import decode

    try:
        data = path.read_bytes()
    except OSError as error:
        raise TranscriptFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    text = decode(data, name=str(path))
    if path.suffix.lower() == ".json" and '"shownotes/transcript"' in text[:400]:
        return EpisodeFolder(path.parent).read(path.name, Transcript)
    return to_transcript(text, name=str(path), language=language)


def to_transcript(text: str, *, name: str, language: str | None = None) -> Transcript:
    """A transcript out of the text of a file; times that it does not say are estimated."""
    from shownotes.core.transcripts import parse

    found = parse(text, name=name, duration=0.0)
    return Transcript(
        language=language or found.language or "en",
        segments=found.segments,
        duration=found.segments[-1].end,
        model="imported",
    )


def look_for_names(transcript: Transcript, settings: Settings, *, show: str | None = None) -> Names:
    """The names of a transcript, by the settings for its language.

    Raises:
        SettingsError: no pipeline is set for the language.
    """
    chosen = sources(settings, transcript.language)
    if not chosen:
        raise SettingsError(
            f"There is no names pipeline for the language {transcript.language!r}. Add one in "
            "shownotes.toml, [names] pipelines, or say --language."
        )
    return find_names(transcript, chosen, show=show, bodies=catalogue_files(settings, show))


def describe(names: Names) -> dict[str, Any]:
    """Names as data: people by role, organizations and events, each with sentence and time."""
    return {
        "hosts": [_person(p) for p in names.with_role(PersonRole.HOST)],
        "guests": [_person(p) for p in names.with_role(PersonRole.GUEST)],
        "people_mentioned": [_person(p) for p in names.with_role(PersonRole.MENTIONED)],
        "organizations": [_organization(body) for body in names.organizations],
        "events": [{"name": e.name, "evidence": _evidence(e.evidence)} for e in names.events],
        "warnings": [notice.message for notice in names.warnings],
    }


def answer_lines(lines: Iterable[str], settings: Settings, *, name: str) -> Iterator[str]:
    """For every line `{"id", "text"}` a line with hosts, guests, organizations and others.

    Raises:
        TranscriptFileError: a line is not such an object; the message says which.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record = _record(line, f"{name}, line {number}")
        language = record.get("language")
        transcript = to_transcript(record["text"], name=f"{name}, line {number}", language=language)
        names = look_for_names(transcript, settings)
        yield json.dumps({"id": record["id"], **_answer(names)}, ensure_ascii=False)


def _record(line: str, where: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise TranscriptFileError(f"{where}: not JSON ({error.msg}).") from error
    if not isinstance(record, dict) or not {"id", "text"} <= record.keys():
        raise TranscriptFileError(f'{where}: an object with "id" and "text" is needed.')
    if not isinstance(record["text"], str) or not record["text"].strip():
        raise TranscriptFileError(f'{where}: "text" is empty.')
    return record


def _answer(names: Names) -> dict[str, Any]:
    return {
        "hosts": _named(names, PersonRole.HOST),
        "guests": [
            {"name": p.name, "role": _value(p.title), "organization": _value(p.organization)}
            for p in names.with_role(PersonRole.GUEST)
        ],
        "organizations": [{"name": o.name, "kind": o.kind.value} for o in names.organizations],
        "people_mentioned": _named(names, PersonRole.MENTIONED),
    }


def _named(names: Names, role: PersonRole) -> list[str]:
    return [person.name for person in names.with_role(role)]


def _value(fact: Fact | None) -> str:
    return fact.value if fact else ""


def _person(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "title": _fact(person.title),
        "organization": _fact(person.organization),
        "confidence": person.confidence,
        "other_spellings": list(person.spelling_variants),
        "evidence": _evidence(person.evidence),
        "mentions": len(person.mentions),
    }


def _organization(body: Organization) -> dict[str, Any]:
    entry = body.catalogue
    return {
        "name": body.name,
        "acronym": body.acronym,
        "kind": body.kind.value,
        "does": _fact(body.description),
        "is_sponsor": body.is_sponsor,
        "evidence": _evidence(body.evidence),
        "mentions": len(body.mentions),
        "catalogue": entry
        and {
            "name": entry.name,
            "jurisdiction": entry.jurisdiction,
            "does": entry.does,
            "url": entry.url,
            "source": entry.source,
        },
    }


def _fact(fact: Fact | None) -> dict[str, Any] | None:
    if fact is None:
        return None
    return {"value": fact.value, "evidence": _evidence(fact.evidence)}


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    return {"text": evidence.text, "start": evidence.start, "end": evidence.end}


def list_lines(names: Names) -> Sequence[tuple[str, str, str]]:
    """What a person reads: what somebody or something is, the name, and what is said of it."""
    rows = [
        (role.value, person.name, _about(person))
        for role in (PersonRole.HOST, PersonRole.GUEST, PersonRole.MENTIONED)
        for person in names.with_role(role)
    ]
    for body in names.organizations:
        said = body.description.value if body.description else ""
        full = f"{body.name} ({body.acronym})" if body.acronym else body.name
        rows.append((body.kind.value.replace("_", " "), full, said))
    return [*rows, *(("event", event.name, "") for event in names.events)]


def _about(person: Person) -> str:
    return ", ".join(fact.value for fact in (person.title, person.organization) if fact)
