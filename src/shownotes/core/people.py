"""From mentions to people: who is host, guest or merely talked about, and what was said of them.

Nothing is invented: a title or an organization is `None` unless a sentence says it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from shownotes.core.catalogue import Catalogue
from shownotes.core.cues import MaskedSentence, NameCues, place, words_of
from shownotes.core.grouping import Alike, Somebody, best_spelling, spell
from shownotes.core.introductions import choose
from shownotes.core.organizations import find_events, find_organizations
from shownotes.core.ownership import Pair, find_pairs
from shownotes.core.roles import NamedSpan
from shownotes.core.signals import Signal, switch_on
from shownotes.core.standing import decide_roles, seat
from shownotes.core.study import Study, study
from shownotes.core.voices import name_voices
from shownotes.model import (
    Evidence,
    Fact,
    GivenPerson,
    Mention,
    Names,
    Organization,
    Person,
    PersonRole,
    Speaker,
    Spelling,
    Transcript,
)

# A title or an organization is somebody's from this probability on, if nothing else is more so:
# more of what was said is found than with a half. An invented title is worse than an organization.
OWNED = {"ROLE": 0.3, "ORG": 0.2}
OWN, OTHER = "own", "other"


@dataclass(frozen=True, slots=True)
class NameSignals:
    """What was learned about a language; where nothing was, the cues alone decide.

    Attributes:
        mention: the role of one mention by the words around it (`core.roles`).
        standing: the role of a person by everything that is known (`core.standing`).
        title, organization: whether they belong to somebody near them (`core.ownership`).
    """

    mention: Signal
    standing: Signal
    title: Signal
    organization: Signal


def identify(
    transcript: Transcript,
    mentions: Sequence[Mention],
    *,
    cues: NameCues,
    known_hosts: Sequence[GivenPerson] = (),
    known_guests: Sequence[GivenPerson] = (),
    show: str | None = None,
    pipeline: str = "",
    signals: NameSignals | None = None,
    is_alike: Alike | None = None,
    catalogue: Catalogue | None = None,
    glossary: Sequence[str] = (),
    most_speakers: int | None = None,
) -> Names:
    """Who and what is named in a transcript.

    Known hosts and guests need no cue, and what the producer gave about them wins; the show's own
    name is no organization. Names that are spelled like one in the glossary are spelled as there,
    and the transcript's own spelling is kept beside it. Where it is known how many people speak
    (`most_speakers`), no more of them are hosts and guests.
    """
    given_people = [*known_hosts, *known_guests]
    found = study(
        transcript,
        mentions,
        cues=cues,
        given=[person.name for person in given_people],
        is_alike=is_alike,
        show=show,
    )
    voices = name_voices(found, cues)
    roles = decide_roles(
        found, signal=signals.standing if signals else None, cues=cues, speaking=voices.values()
    )
    if most_speakers is not None:
        heard = {voice.person for voice in voices.values()}
        roles = seat(roles, most=most_speakers, heard=heard)
    facts = _own(found, [r for r, _ in roles], signals, cues) if signals else _claimed(found)
    given = {_key(g.name): PersonRole.HOST for g in known_hosts}
    given |= {_key(g.name): PersonRole.GUEST for g in known_guests}
    people = [
        _to_person(somebody, found.masked, roles[number], facts(number), given)
        for number, somebody in enumerate(found.people)
        if somebody.mentions
    ]
    bodies = find_organizations(found.masked, cues=cues, show=show, catalogue=catalogue)
    people = [_with_real_organization(person, people, bodies) for person in people]
    spelled = [_spell(person, glossary, is_alike) for person in people]
    numbers = [number for number, somebody in enumerate(found.people) if somebody.mentions]
    named = dict(zip(numbers, spelled, strict=True))
    return Names(
        speakers=tuple(
            Speaker(label=label, name=named[voice.person].name, evidence=voice.evidence)
            for label, voice in voices.items()
            if voice.person in named
        ),
        people=_add_given(spelled, known_hosts, known_guests),
        organizations=tuple(_spell(body, glossary, is_alike) for body in bodies),
        events=find_events(found.masked, cues=cues),
        pipeline=pipeline,
    )


# Title and organization of a person, by their number.
_Facts = Callable[[int], tuple[Fact | None, Fact | None]]


def _claimed(found: Study) -> _Facts:
    """What patterns alone say."""
    return lambda number: choose(found.claims.get(number, ()))


def _own(found: Study, roles: Sequence[PersonRole], signals: NameSignals, cues: NameCues) -> _Facts:
    """What the learned signal and the patterns say together."""
    best: dict[tuple[int, str], tuple[float, Mention]] = {}
    for label, signal in (("ROLE", signals.title), ("ORG", signals.organization)):
        for person, mention, probability in weigh_owners(found, roles, label, signal):
            if _is_denied(found, mention, cues):
                continue
            if probability >= max(OWNED[label], best.get((person, label), (0.0, mention))[0]):
                best[person, label] = (probability, mention)

    def facts(number: int) -> tuple[Fact | None, Fact | None]:
        title, organization = (
            _fact(found, best[number, label][1]) if (number, label) in best else None
            for label in ("ROLE", "ORG")
        )
        return title, organization

    return facts


def _is_denied(found: Study, mention: Mention, cues: NameCues) -> bool:
    """Whether a title is nobody's by the words before it: "a river has no lawyer"."""
    before = found.masked[mention.sentence].text[: mention.start_char]
    return mention.label == "ROLE" and bool(cues.denied.search(before))


def _fact(found: Study, mention: Mention) -> Fact:
    return Fact(value=mention.text.strip(" ,."), evidence=found.masked[mention.sentence].evidence)


def weigh_owners(
    found: Study, roles: Sequence[PersonRole], label: str, signal: Signal
) -> list[tuple[int, Mention, float]]:
    """Person, title or organization, and how likely it is theirs, for every pair of a study."""
    named, pairs = pair_up(found, label)
    weighed: dict[tuple[int, int], float] = {}
    for pair in pairs:
        # Only what hosts and guests are is printed, and an hour's talk names hundreds of others.
        if roles[pair.person] is PersonRole.MENTIONED:
            continue
        features = switch_on(describe_pair(found, pair, named, roles))
        probability = signal.score(features)[OWN]
        key = pair.person, pair.candidate
        weighed[key] = max(probability, weighed.get(key, 0.0))
    return [(person, named[at], value) for (person, at), value in weighed.items()]


def describe_pair(
    found: Study, pair: Pair, named: Sequence[Mention], roles: Sequence[str]
) -> list[str]:
    """All features of a pair: its words, what patterns say, and who the person is."""
    role = str(roles[pair.person])
    spoken = next((feature for feature in pair.features if " pronoun " in feature), "")
    alone = " alone" if list(map(str, roles)).count(role) == 1 else ""
    who = [f"role {role}", f"role {role}{alone}", f"role {role} {spoken}"]
    return [*pair.features, *claim_features(found, pair, named), *who]


def pair_up(found: Study, label: str) -> tuple[list[Mention], list[Pair]]:
    """All names of a study in order, and the pairs of people and names of a label."""
    starts, length = [], 0
    for sentence in found.sentences:
        starts.append(length)
        length += len(sentence.text) + 1
    # As masked: with the titles that only the cues found, and labels corrected by context.
    named = [m for sentence in found.masked for _, m in sorted(sentence.names.items())]
    spans = [
        NamedSpan(starts[m.sentence] + m.start_char, starts[m.sentence] + m.end_char, m.label)
        for m in named
    ]
    people = {i: found.behind[place(m)] for i, m in enumerate(named) if place(m) in found.behind}
    candidates = [i for i, m in enumerate(named) if m.label == label]
    text = " ".join(sentence.text for sentence in found.sentences)
    return named, list(find_pairs(text, spans, people, candidates))


def claim_features(found: Study, pair: Pair, named: Sequence[Mention]) -> list[str]:
    """Whether a pattern says the same as a pair, and how trustworthy it is."""
    mention = named[pair.candidate]
    features = []
    for claim in found.claims.get(pair.person, ()):
        fact = claim.title if mention.label == "ROLE" else claim.organization
        if (
            fact is not None
            and fact.evidence == found.masked[mention.sentence].evidence
            and mention.text.strip(" ,.") in fact.value
        ):
            features.append(f"claimed {claim.rank}")
    return features or ["unclaimed"]


def _with_real_organization(
    person: Person, people: Sequence[Person], bodies: Sequence[Organization]
) -> Person:
    """Without an organization that is a host or guest of the same episode, or its sponsor.

    A sponsor beside a guest is chance; an editor adds the one who works there.
    """
    named = {
        _key(other.name)
        for other in people
        if other.role is not PersonRole.MENTIONED and len(words_of(other.name)) > 1
    }
    named |= {_key(body.name) for body in bodies if body.is_sponsor}
    if person.organization is None or _key(person.organization.value) not in named:
        return person
    return replace(person, organization=None)


_Named = TypeVar("_Named", Person, Organization)


def _spell(named: _Named, glossary: Sequence[str], is_alike: Alike | None) -> _Named:
    """Spelled as in the glossary, unless the producer has spelled it."""
    name = spell(named.name, glossary, is_alike)
    if name == named.name or named.spelled_by is not Spelling.TRANSCRIPT:
        return named
    variants = tuple(dict.fromkeys([named.name, *named.spelling_variants]))
    return replace(
        named,
        name=name,
        spelling_variants=tuple(v for v in variants if v != name),
        spelled_by=Spelling.GLOSSARY,
    )


def _key(name: str) -> str:
    return " ".join(words_of(name))


def _to_person(
    somebody: Somebody,
    masked: Sequence[MaskedSentence],
    decided: tuple[PersonRole, float],
    facts: tuple[Fact | None, Fact | None],
    given_roles: Mapping[str, PersonRole],
) -> Person:
    given = given_roles.get(_key(somebody.name))
    role, confidence = (given, 1.0) if given else decided
    title, organization = facts
    mentions = tuple(masked[m.sentence].evidence for m in somebody.mentions)
    evidence = title.evidence if title else mentions[0]
    name = somebody.name if given else best_spelling(somebody)
    spellings = sorted(somebody.variants, key=lambda v: (-len(words_of(v)), -somebody.variants[v]))
    return Person(
        name=name,
        role=role,
        evidence=evidence,
        title=title,
        organization=organization,
        mentions=_unique(mentions),
        confidence=round(confidence, 3),
        spelling_variants=tuple(v for v in spellings if v != name),
        spelled_by=Spelling.PRODUCER if given else Spelling.TRANSCRIPT,
    )


def _unique(mentions: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(mentions))


def _add_given(
    people: Sequence[Person],
    known_hosts: Sequence[GivenPerson],
    known_guests: Sequence[GivenPerson],
) -> tuple[Person, ...]:
    """What the producer gave wins over what was found, and needs no mention."""
    found = {_key(person.name): person for person in people}
    for role, given in [(PersonRole.HOST, g) for g in known_hosts] + [
        (PersonRole.GUEST, g) for g in known_guests
    ]:
        person = found.get(_key(given.name)) or Person(name=given.name, role=role, evidence=None)
        found[_key(given.name)] = Person(
            name=given.name,
            role=role,
            evidence=person.evidence,
            title=Fact(value=given.title, evidence=None) if given.title else person.title,
            organization=Fact(value=given.organization, evidence=None)
            if given.organization
            else person.organization,
            link=given.link,
            mentions=person.mentions,
            spelling_variants=person.spelling_variants,
            spelled_by=Spelling.PRODUCER,
        )
    return tuple(found.values())
