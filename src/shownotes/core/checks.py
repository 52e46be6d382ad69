"""What an editor should look at before approving the notes."""

from collections.abc import Iterator, Sequence

from shownotes.core.earlier import Reference
from shownotes.core.known_voices import Suggestion
from shownotes.core.timecodes import clock
from shownotes.core.transcript_differences import Comparison, list_differences
from shownotes.model import (
    Check,
    Fact,
    Flag,
    Metadata,
    Names,
    Notice,
    Organization,
    Person,
    PersonRole,
    Sentence,
    ShowNotes,
    Spelling,
    Transcript,
)

# A name below this is asked about; identify's own confidence, 0 to 1.
SURE_NAME = 0.7
# A sentence whose words were heard less surely than this on average is asked about, and never
# quoted. On clean speech sentence means lie above 0.8; below 0.5 about every third word is wrong.
SURE_WORDS = 0.5
# More passages than this are summed up in one line.
MOST_PASSAGES = 12

_FLAGS = {
    Flag.TEXT_IN_SILENCE: "text where nobody seems to speak",
    Flag.LOOP: "the same words again and again",
    Flag.STOCK_PHRASE: "a phrase that speech models make up",
    Flag.TOO_FAST: "more words than anyone can say in the time",
    Flag.LOW_CONFIDENCE: "heard badly",
}


def list_checks(
    notes: ShowNotes,
    *,
    metadata: Metadata,
    names: Names,
    transcript: Transcript,
    sentences: Sequence[Sentence],
    references: Sequence[Reference],
    voices: Sequence[Suggestion] = (),
    publishers: Comparison | None = None,
) -> tuple[Check, ...]:
    """Everything doubtful, in the order in which an editor works: names, links, passages."""
    return (
        *_about_metadata(notes, metadata),
        *_about_people(notes, names),
        *_about_voices(voices),
        *_about_bodies(notes),
        *_about_references(references),
        *_about_resources(notes),
        *_about_notes(notes),
        *_about_passages(transcript, sentences),
        *(list_differences(publishers) if publishers else ()),
    )


def _about_metadata(notes: ShowNotes, metadata: Metadata) -> Iterator[Check]:
    if not metadata.title:
        yield Check(
            code="title_guessed",
            message=f"No title was given; “{notes.title}” is only a suggestion. "
            "Put `title` in the sidecar.",
        )
    if not metadata.date:
        yield Check(code="missing_date", message="No date was given. Put `date` in the sidecar.")


def _about_people(notes: ShowNotes, names: Names) -> Iterator[Check]:
    if names.was_searched and not notes.guests:
        yield Check(code="no_guests", message="No guest was found. Is this a solo episode?")
    if names.was_searched and not notes.hosts:
        yield Check(code="no_host", message="Nobody was found who introduces themselves as host.")
    for person in (*notes.guests, *notes.hosts):
        start = person.evidence.start if person.evidence else None
        if person.role is PersonRole.GUEST:
            yield from _about_guest(person, start)
        if person.confidence < SURE_NAME:
            yield Check(
                code="doubtful_name", message=f"Is “{person.name}” the right name?", start=start
            )
        yield from _about_spelling(person, start)


def _about_voices(voices: Sequence[Suggestion]) -> Iterator[Check]:
    for voice in voices:
        yield Check(
            code="known_voice",
            message=f"{voice.label} sounds like {voice.name} of “{voice.title}”. "
            "If so, name the speaker.",
            start=voice.start,
            end=voice.end,
        )


def _about_spelling(named: Person | Organization, start: float | None) -> Iterator[Check]:
    variants = [v for v in named.spelling_variants if not _is_part(v, named.name)]
    if not variants:
        return
    others = ", ".join(variants)
    message = f"{named.name} is also spelled {others} in the transcript."
    if named.spelled_by is Spelling.GLOSSARY:
        message = f"{named.name} is spelled as in the glossary; the transcript has {others}."
    yield Check(code="spelling", message=message, start=start)


def _is_part(variant: str, name: str) -> bool:
    """Whether a form is only a shorter one: a first name, a surname, a title before them."""
    return set(variant.casefold().split()) <= set(name.casefold().split())


def _about_guest(person: Person, start: float | None) -> Iterator[Check]:
    if person.title is None:
        yield Check(
            code="missing_title",
            message=f"Nobody says what {person.name} does; no role is printed.",
            start=start,
        )
    if person.organization is None:
        yield Check(
            code="missing_organization",
            message=f"Nobody says where {person.name} is from; no organization is printed.",
            start=start,
        )


def _about_bodies(notes: ShowNotes) -> Iterator[Check]:
    for body in notes.agencies:
        start = body.evidence.start if body.evidence else None
        if body.description is None:
            yield Check(
                code="missing_description",
                message=f"Nobody says what {body.name} does; it is listed by its name alone."
                + (
                    f" The catalogue: it {body.catalogue.does}."
                    if body.catalogue and body.catalogue.does
                    else ""
                ),
                start=start,
            )
        yield from _about_spelling(body, start)
        if body.confidence < SURE_NAME:
            yield _doubtful_body(body, start)


def _doubtful_body(body: Organization, start: float | None) -> Check:
    return Check(
        code="doubtful_name", message=f"Is “{body.name}” a public body, so spelled?", start=start
    )


def _about_references(references: Sequence[Reference]) -> Iterator[Check]:
    for reference in references:
        sentence = reference.sentence
        if reference.episode is None:
            yield Check(
                code="unresolved_link",
                message=f"An earlier episode is spoken of, but none in the archive fits: "
                f"“{sentence.text}”",
                start=sentence.start,
                end=sentence.end,
            )
        elif not reference.by_title:
            yield Check(
                code="link_by_number",
                message=f"Linked to “{reference.episode.title}” by its number, not its title.",
                start=sentence.start,
                end=sentence.end,
            )


def _about_resources(notes: ShowNotes) -> Iterator[Check]:
    for resource in notes.resources:
        start = resource.evidence.start if resource.evidence else None
        if resource.url is None:
            yield Check(
                code="unresolved_resource",
                message=f"“{resource.name}” is spoken of and has no link yet.",
                start=start,
            )
        else:
            yield Check(
                code="spoken_address",
                message=f"Is {resource.url} the address that is meant by “{resource.name}”?",
                start=start,
            )


def _about_notes(notes: ShowNotes) -> Iterator[Check]:
    if notes.hook is None:
        yield Check(code="no_hook", message="No sentence was striking enough to open with.")
    if len(notes.key_points) < 3:
        yield Check(
            code="few_points",
            message=f"Only {len(notes.key_points)} sentences stand alone as key points.",
        )
    if len(notes.quotes) < 3:
        yield Check(code="few_quotes", message=f"Only {len(notes.quotes)} quotes were found.")
    facts: list[Fact] = [*notes.summary, *notes.narrative, *notes.key_points]
    if notes.sign_off is None and facts:
        yield Check(
            code="no_sign_off",
            message="No sign-off. Give the show's in shownotes.toml, [show.<name>] sign_off.",
        )


def _about_passages(transcript: Transcript, sentences: Sequence[Sentence]) -> Iterator[Check]:
    found = list(_passages(transcript, sentences))
    yield from found[:MOST_PASSAGES]
    if len(found) > MOST_PASSAGES:
        yield Check(
            code="more_passages",
            message=f"{len(found) - MOST_PASSAGES} more doubtful passages are marked in the "
            f"transcript, the last at {clock(found[-1].start or 0.0)}.",
        )


def _passages(transcript: Transcript, sentences: Sequence[Sentence]) -> Iterator[Check]:
    flagged: set[int] = set()
    for index, segment in enumerate(transcript.segments):
        reasons = [_FLAGS[flag] for flag in segment.flags if flag in _FLAGS]
        if reasons:
            flagged.add(index)
            yield Check(
                code="flagged_passage",
                message=f"{', '.join(reasons).capitalize()}: “{_short(segment.text)}”",
                start=segment.start,
                end=segment.end,
            )
    for sentence in sentences:
        heard = [w.probability for w in sentence.words if w.probability is not None]
        if sentence.segment in flagged or not heard or sum(heard) / len(heard) >= SURE_WORDS:
            continue
        yield Check(
            code="low_confidence",
            message=f"Heard badly: “{_short(sentence.text)}”",
            start=sentence.start,
            end=sentence.end,
        )


def _short(text: str) -> str:
    words = text.split()
    return " ".join(words) if len(words) <= 14 else " ".join(words[:14]) + " …"


def unique_notices(*groups: Sequence[Notice]) -> tuple[Notice, ...]:
    """Notices of several boxes, each code once, in order."""
    found: dict[str, Notice] = {}
    for group in groups:
        for notice in group:
            found.setdefault(notice.code, notice)
    return tuple(found.values())
