"""From mentions to people: who is host, guest or merely talked about, and what was said of them.

Nothing is invented: a title or an organization is `None` unless a sentence says it.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from shownotes.core.cues import MaskedSentence, NameCues, Place, mask, place, words_of
from shownotes.core.introductions import Claim, choose, find_claims
from shownotes.core.organizations import find_events, find_organizations
from shownotes.core.sentences import split
from shownotes.model import (
    Evidence,
    Fact,
    GivenPerson,
    Mention,
    Names,
    Person,
    PersonRole,
    Sentence,
    Transcript,
)

# Two spellings at least this alike are one name; "Shevon" and "Siobhan" stay apart.
_SAME_SPELLING = 0.84
# Only the first mentions of a person take part in the learned signal, which is about introductions.
_SIGNAL_MENTIONS = 8
# The signal alone never outweighs this many cue points.
_SIGNAL_LIMIT = 2.5
# From this share of sentences with capitals on, a name without one is no name.
_CASED_SHARE = 0.7
_LOWER_CASE_LABELS = frozenset({"ROLE", "DATE"})
_NAME_LABELS = frozenset({"PERSON", "ORG"})


@dataclass
class _Somebody:
    """The mentions of one person, while they are collected."""

    words: list[str]
    name: str
    mentions: list[Mention] = field(default_factory=list)
    variants: dict[str, int] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=lambda: {r.value: 0.0 for r in PersonRole})
    cue_points: dict[str, float] = field(default_factory=lambda: {r.value: 0.0 for r in PersonRole})


def identify(
    transcript: Transcript,
    mentions: Sequence[Mention],
    *,
    cues: NameCues,
    known_hosts: Sequence[GivenPerson] = (),
    known_guests: Sequence[GivenPerson] = (),
    show: str | None = None,
    pipeline: str = "",
) -> Names:
    """Who and what is named in a transcript.

    Known hosts and guests need no cue, and what the producer gave about them wins; the show's own
    name is no organization.
    """
    sentences = split(transcript)
    mentions = _keep_names(mentions, sentences, cues)
    masked = mask(sentences, mentions, cues)
    somebodies = _group(mentions, cues, [*known_hosts, *known_guests])
    behind = {place(m): number for number, s in enumerate(somebodies) for m in s.mentions}
    speakers = _score_roles(masked, somebodies, behind, cues)
    claims: dict[int, list[Claim]] = {}
    for claim in find_claims(masked, behind, speakers, cues):
        claims.setdefault(claim.person, []).append(claim)
    given = {_key(g.name): PersonRole.HOST for g in known_hosts}
    given |= {_key(g.name): PersonRole.GUEST for g in known_guests}
    people = [
        _to_person(somebody, masked, claims.get(number, []), given.get(_key(somebody.name)), cues)
        for number, somebody in enumerate(somebodies)
        if somebody.mentions
    ]
    return Names(
        people=_add_given(people, known_hosts, known_guests),
        organizations=find_organizations(masked, cues=cues, show=show),
        events=find_events(masked, cues=cues),
        pipeline=pipeline,
    )


def _keep_names(
    mentions: Sequence[Mention], sentences: Sequence[Sentence], cues: NameCues
) -> list[Mention]:
    """Leaves out what is no name: words in lower case where there are capitals, places, months."""
    capitals = sum(not sentence.text.islower() for sentence in sentences)
    is_cased = capitals >= _CASED_SHARE * len(sentences)
    return [
        m
        for m in mentions
        if not (is_cased and m.text.islower() and m.label not in _LOWER_CASE_LABELS)
        and not (m.label in _NAME_LABELS and _key(m.text) in cues.no_names)
    ]


def _key(name: str) -> str:
    return " ".join(words_of(name))


def _group(
    mentions: Sequence[Mention], cues: NameCues, given: Sequence[GivenPerson]
) -> list[_Somebody]:
    """Puts the mentions of one person together: full names first, then short ones."""
    people = [m for m in mentions if m.label == "PERSON" and _is_name(m, cues)]
    somebodies = [_Somebody(words_of(g.name), g.name) for g in given]
    full = [m for m in people if len(_name_words(m, cues)) > 1]
    short = [m for m in people if len(_name_words(m, cues)) == 1]
    for mention in full:
        words = _name_words(mention, cues)
        somebody = next((s for s in somebodies if _is_same(s.words, words)), None)
        if somebody is None:
            somebody = _Somebody(words, _spelled(mention, words))
            somebodies.append(somebody)
        somebody.mentions.append(mention)
    for mention in short:
        _place_short(mention, _name_words(mention, cues), somebodies)
    for somebody in somebodies:
        somebody.mentions.sort(key=lambda m: (m.sentence, m.start_char))
        for mention in somebody.mentions:
            text = _spelled(mention, _name_words(mention, cues))
            somebody.variants[text] = somebody.variants.get(text, 0) + 1
    return sorted(somebodies, key=lambda s: s.mentions[0].start if s.mentions else -1.0)


def _is_name(mention: Mention, cues: NameCues) -> bool:
    """Whether more than a title of address is there."""
    return not set(words_of(mention.text)) <= cues.honorifics


def _name_words(mention: Mention, cues: NameCues) -> list[str]:
    """The words of a name without honorifics."""
    words = [word.removesuffix("'s") for word in words_of(mention.text)]
    while len(words) > 1 and words[0] in cues.honorifics:
        words = words[1:]
    return words


def _spelled(mention: Mention, words: Sequence[str]) -> str:
    """A mention's text without honorifics and possessive, capitals added if there were none."""
    text = mention.text.strip(" ,.").removesuffix("'s").removesuffix("’s")
    text = " ".join(text.split()[-len(words) :]) if words else text
    return text.title() if text.islower() else text


def _is_same(known: Sequence[str], words: Sequence[str]) -> bool:
    """Whether two full names are one person's: the same words, or nearly the same letters."""
    if set(words) <= set(known) or set(known) <= set(words):
        return True
    if len(known) != len(words):
        return False
    return all(_is_spelled_like(a, b) for a, b in zip(known, words, strict=True))


def _is_spelled_like(first: str, second: str) -> bool:
    # The cheap test first: most pairs of names are nothing alike.
    if abs(len(first) - len(second)) > 2 or len(set(first) & set(second)) < len(set(first)) / 2:
        return False
    return SequenceMatcher(None, first, second).ratio() >= _SAME_SPELLING


def _place_short(mention: Mention, words: Sequence[str], somebodies: list[_Somebody]) -> None:
    """Gives a single name to the person named nearest before it, else after it."""
    word = words[0]

    def fits(somebody: _Somebody) -> bool:
        parts = {part for known in somebody.words for part in (known, *known.split("-"))}
        return word in parts or (
            len(word) > 3 and any(p.startswith(word) and len(somebody.words) > 1 for p in parts)
        )

    def distance(somebody: _Somebody) -> tuple[bool, float]:
        gaps = [mention.sentence - m.sentence for m in somebody.mentions] or [0]
        before = [gap for gap in gaps if gap >= 0]
        return (not before, min(before) if before else -max(gaps))

    candidates = [s for s in somebodies if fits(s)]
    if candidates:
        min(candidates, key=distance).mentions.append(mention)
    else:
        somebodies.append(_Somebody([word], _spelled(mention, words), [mention]))


def _score_roles(
    masked: Sequence[MaskedSentence],
    somebodies: Sequence[_Somebody],
    behind: Mapping[Place, int],
    cues: NameCues,
) -> dict[int, int]:
    """Adds up cues and the learned signal; returns who gives their own name in which sentence."""
    decision = cues.data["decision"]
    for role, weight, pattern in cues.role_patterns:
        for _, number in _people_matched(masked, [pattern], behind):
            _add_points(somebodies[number], role, weight)
    speakers: dict[int, int] = {}
    for index, number in _people_matched(masked, cues.organization_patterns("self_naming"), behind):
        speakers.setdefault(index, number)
    for order, index in enumerate(sorted(speakers)):
        if _is_asked(masked, index, cues):
            points, role = float(decision["self_named_when_asked"]), PersonRole.GUEST
            _add_points(somebodies[speakers[index]], role, points)
        elif order == 0:
            points, role = float(decision["first_self_named"]), PersonRole.HOST
            _add_points(somebodies[speakers[index]], role, points)
    for somebody in somebodies:
        signal = _signal(somebody.mentions)
        for role in PersonRole:
            learned = float(decision["signal"]) * signal.get(role, 0.0)
            somebody.scores[role] = somebody.cue_points[role] + learned
        prior = "mentioned_prior" if len(somebody.words) > 1 else "short_name_prior"
        somebody.scores[PersonRole.MENTIONED] += float(decision[prior])
    return speakers


def _people_matched(
    masked: Sequence[MaskedSentence],
    patterns: Sequence[re.Pattern[str]],
    behind: Mapping[Place, int],
) -> Iterator[tuple[int, int]]:
    """Sentence and person of every match."""
    for index, sentence in enumerate(masked):
        for pattern in patterns:
            for match in pattern.finditer(sentence.text):
                for mention in sentence.named(match, "p"):
                    if place(mention) in behind:
                        yield index, behind[place(mention)]


def _is_asked(masked: Sequence[MaskedSentence], index: int, cues: NameCues) -> bool:
    """Whether the words before a sentence, or its own, ask somebody to say who they are."""
    asked = " ".join(sentence.text for sentence in masked[max(0, index - 2) : index + 1])
    return any(pattern.search(asked) for pattern in cues.organization_patterns("prompts"))


def _add_points(somebody: _Somebody, role: str, points: float) -> None:
    """The strongest cue counts whole, every other a quarter."""
    before = somebody.cue_points[role]
    somebody.cue_points[role] = max(before, points) + 0.25 * min(before, points)


def _signal(mentions: Sequence[Mention]) -> dict[str, float]:
    """The learned signal over a person's mentions, as points against the average role."""
    scored = [m.role_scores for m in mentions if m.role_scores][:_SIGNAL_MENTIONS]
    if not scored:
        return {}
    sums = {
        role.value: sum(math.log(max(s.get(role.value, 0.0), 0.02)) for s in scored)
        / math.sqrt(len(scored))
        for role in PersonRole
    }
    mean = sum(sums.values()) / len(sums)
    return {r: max(-_SIGNAL_LIMIT, min(_SIGNAL_LIMIT, v - mean)) for r, v in sums.items()}


def _decide(somebody: _Somebody, cues: NameCues) -> tuple[PersonRole, float]:
    """The role with the most points, if it has enough of them, and how sure that is."""
    decision = cues.data["decision"]
    scores = somebody.scores
    role = max((PersonRole.HOST, PersonRole.GUEST, PersonRole.MENTIONED), key=lambda r: scores[r])
    others = max(score for name, score in scores.items() if name != role.value)
    confidence = 1.0 / (1.0 + math.exp(others - scores[role]))
    if role is not PersonRole.MENTIONED and scores[role] < float(decision[f"{role}_threshold"]):
        return PersonRole.MENTIONED, 1.0 - confidence
    return role, confidence


def _to_person(
    somebody: _Somebody,
    masked: Sequence[MaskedSentence],
    claims: Sequence[Claim],
    given: PersonRole | None,
    cues: NameCues,
) -> Person:
    role, confidence = (given, 1.0) if given else _decide(somebody, cues)
    title, organization = choose(claims)
    mentions = tuple(masked[m.sentence].evidence for m in somebody.mentions)
    evidence = title.evidence if title else mentions[0]
    spellings = sorted(somebody.variants, key=lambda v: (-len(words_of(v)), -somebody.variants[v]))
    name = somebody.name if given else spellings[0]
    return Person(
        name=name,
        role=role,
        evidence=evidence,
        title=title,
        organization=organization,
        mentions=_unique(mentions),
        confidence=round(confidence, 3),
        spelling_variants=tuple(v for v in spellings if v != name),
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
        )
    return tuple(found.values())
