"""The machine's notes of an episode: every sentence from the episode, with the time it was said.

The order of choosing is the order of a page: what is printed above is not chosen again below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shownotes.core import points, questions, quotes, salience, soundbites, worth
from shownotes.core.checks import SURE_WORDS, list_checks, unique_notices
from shownotes.core.credits import find_credits
from shownotes.core.draftsman import Draftsman, sponsored
from shownotes.core.earlier import (
    Archived,
    Reference,
    as_links,
    find_references,
    find_sign_off,
    spoken_sign_off,
)
from shownotes.core.grounding import grounds, keep_supported
from shownotes.core.known_voices import Suggestion
from shownotes.core.resources import find_resources
from shownotes.core.transcript_differences import Comparison
from shownotes.core.wording import Wording
from shownotes.model import (
    Fact,
    Metadata,
    Names,
    Notice,
    OrganizationKind,
    Person,
    PersonRole,
    Sentence,
    ShowNotes,
    Topics,
    Transcript,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """All that notes are made of.

    Attributes:
        fallback_title: what to call an episode that nobody gave a title.
        sign_off: the show's, from its settings.
        archive: the other episodes, newest first.
        endings: the last sentences of some other episodes of the show.
        credits: who makes the show, by role, from its settings.
        warnings: what prepare found.
        voices: who speakers without a name may be.
        publishers: the publisher's transcript against ours, where one is compared.
    """

    transcript: Transcript
    sentences: Sequence[Sentence]
    names: Names
    topics: Topics
    metadata: Metadata
    wording: Wording
    fallback_title: str
    sign_off: str | None = None
    credits: Mapping[str, str] = field(default_factory=dict)
    archive: Sequence[Archived] = ()
    endings: Sequence[Sequence[str]] = ()
    warnings: Sequence[Notice] = ()
    voices: Sequence[Suggestion] = ()
    publishers: Comparison | None = None


def references(sources: Sources) -> tuple[Reference, ...]:
    """The earlier episodes that are spoken of."""
    return find_references(
        sources.sentences,
        sources.archive,
        wording=sources.wording,
        show=sources.metadata.show,
        number=sources.metadata.number,
    )


def compose(sources: Sources) -> ShowNotes:
    """The draft, checked against the transcript."""
    metadata, names, transcript = sources.metadata, sources.names, sources.transcript
    earlier = references(sources)
    chosen = _choose(sources, earlier)
    notes = replace(
        chosen,
        hosts=names.with_role(PersonRole.HOST),
        guests=names.with_role(PersonRole.GUEST),
        mentioned=names.with_role(PersonRole.MENTIONED),
        agencies=names.agencies,
        organizations=tuple(
            o
            for o in names.organizations
            if o not in names.agencies and not _is_show(o.name, sources)
        ),
        events=names.events,
        chapters=sources.topics.chapters,
        earlier_episodes=as_links(earlier),
        resources=find_resources(
            sources.sentences,
            sources.wording,
            people=[p.name for p in names.people],
            bodies=[o.name for o in names.organizations],
        ),
        credits=find_credits(sources.sentences, sources.credits, sources.wording),
        soundbites=soundbites.choose(chosen.quotes, sources.sentences, sources.topics.chapters),
        warnings=unique_notices(
            sources.warnings, transcript.warnings, names.warnings, _about_language(sources)
        ),
    )
    notes = replace(
        notes,
        checks=list_checks(
            notes,
            metadata=metadata,
            names=names,
            transcript=transcript,
            sentences=sources.sentences,
            references=earlier,
            voices=sources.voices,
            publishers=sources.publishers,
        ),
    )
    return keep_supported(notes, grounds(sources.sentences, _given(sources)), sources.sentences)


def _choose(sources: Sources, earlier: Sequence[Reference]) -> ShowNotes:
    """The sentences of the notes; people and the rest are put in by the caller."""
    sentences, wording, metadata = sources.sentences, sources.wording, sources.metadata
    flags = [segment.flags for segment in sources.transcript.segments]
    doubtful = quotes.doubtful(sentences, flags, floor=SURE_WORDS)
    sign_off, closing = _sign_off(sources, doubtful)
    blank = ShowNotes(
        title=metadata.title or sources.fallback_title,
        show=metadata.show,
        season=metadata.season,
        number=metadata.number,
        date=metadata.date,
        language=sources.transcript.language,
        duration=sources.transcript.duration,
        hook=None, summary=(), narrative=(), questions=(), key_points=(), quotes=(),
        hosts=(), guests=(), mentioned=(), agencies=(), organizations=(), events=(),
        chapters=(), earlier_episodes=(), links=(),
        sign_off=sign_off,
    )  # fmt: skip
    if not wording.is_known or not sentences:
        return blank
    vocabulary = salience.learn(sentences, wording)
    judged = worth.judge_all(sentences, vocabulary) if wording.worth else ()
    draftsman = Draftsman(
        sentences=sentences,
        vocabulary=vocabulary,
        flagged=doubtful | sponsored(sentences, judged, wording),
        people=_addressed(sources),
        used=[
            *([closing] if closing else []),
            *(r.sentence for r in earlier),
            *_introductions(sources),
        ],
        judged=judged,
    )
    hook = questions.choose_hook(draftsman)
    narrative = points.choose_opening(draftsman)
    summary = points.choose_summary(draftsman)
    long_summary = points.choose_long_summary(draftsman, sources.topics.chapters)
    asked = questions.choose_questions(draftsman, sources.topics.chapters)
    # Quotes before key points: a saying is worth more word for word than as a claim.
    quoted = quotes.choose(
        draftsman, hosts=tuple(p.name for p in sources.names.with_role(PersonRole.HOST))
    )
    draftsman.used += [s for s in sentences if any(s.start == q.start for q in quoted)]
    key_points = points.choose_points(draftsman, sources.topics.chapters)
    return replace(
        blank,
        hook=hook,
        narrative=narrative,
        summary=summary,
        long_summary=long_summary,
        questions=asked,
        quotes=quoted,
        key_points=key_points,
    )


def _sign_off(sources: Sources, doubtful: frozenset[int]) -> tuple[Fact | None, Sentence | None]:
    """The show's own words as given, else as found; and the sentence in which they are said."""
    given = sources.sign_off or sources.metadata.sign_off
    if given:
        said = spoken_sign_off(sources.sentences, given)
        return Fact(value=given, evidence=said.evidence if said else None), said
    found = find_sign_off(
        sources.sentences,
        sources.endings,
        wording=sources.wording,
        show=sources.metadata.show,
    )
    if found is None or found[0].index in doubtful:
        return None, None
    sentence, text = found
    return Fact(value=text, evidence=sentence.evidence), sentence


def _introductions(sources: Sources) -> list[Sentence]:
    """Sentences that say who a guest is or what an agency does: printed with them, not again."""
    names = sources.names
    starts = {
        fact.evidence.start
        for fact in (
            *(o.description for o in names.agencies),
            *(d for p in names.with_role(PersonRole.GUEST) for d in (p.title, p.organization)),
        )
        if fact is not None and fact.evidence is not None
    }
    return [sentence for sentence in sources.sentences if sentence.start in starts]


def _addressed(sources: Sources) -> tuple[str, ...]:
    """Names by which somebody in the room may be called."""
    return tuple(p.name for p in sources.names.people if p.role is not PersonRole.MENTIONED)


def _is_show(name: str, sources: Sources) -> bool:
    """Whether an organization is only the show speaking of itself."""
    return bool(sources.metadata.show) and name.lower() == str(sources.metadata.show).lower()


def _given(sources: Sources) -> list[str | None]:
    """What the producer said, which needs no evidence."""
    metadata = sources.metadata
    people = [
        value
        for person in (*metadata.hosts, *metadata.guests)
        for value in (person.name, person.title, person.organization)
    ]
    return [
        *(metadata.title, metadata.show, metadata.sign_off, sources.sign_off),
        *people,
        *sources.credits.values(),
    ]


def _about_language(sources: Sources) -> tuple[Notice, ...]:
    if sources.wording.is_known:
        return ()
    message = (
        f"There is no language file for {sources.wording.language!r}: chapters and transcript were "
        "made, but no hook, summary, key points or quotes."
    )
    return (Notice(code="language_without_notes", message=message),)


def is_listed_beside_guest(person: Person, name: str) -> bool:
    """Whether an organization stands with a guest already."""
    return person.organization is not None and person.organization.value == name


def other_bodies(notes: ShowNotes) -> tuple[str, ...]:
    """Organizations to list besides agencies and the guests' own, sponsors left out."""
    return tuple(
        body.name
        for body in notes.organizations
        if not body.is_sponsor
        and body.kind is not OrganizationKind.MEDIA
        and not any(is_listed_beside_guest(guest, body.name) for guest in notes.guests)
    )
