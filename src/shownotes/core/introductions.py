"""Titles and organizations of people, from the sentences that introduce them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shownotes.core.cues import MaskedSentence, NameCues, Place, place
from shownotes.model import Evidence, Fact, Mention

# How far back, in sentences, "she", "I" and "you" look for the person they stand for.
_REACH = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """What one place in the transcript says about a person.

    Attributes:
        rank: lower is more trustworthy; claims about the past come last.
    """

    person: int
    title: Fact | None
    organization: Fact | None
    rank: int


@dataclass(frozen=True, slots=True)
class _Subject:
    """A place in a sentence where something may be said about a person."""

    person: int
    position: int
    rank: int


def find_claims(
    masked: Sequence[MaskedSentence],
    people: Mapping[Place, int],
    speakers: Mapping[int, int],
    cues: NameCues,
) -> list[Claim]:
    """All claims about titles and organizations, in order of time.

    `people` is the person behind each PERSON mention; `speakers` the sentences in which somebody
    gives their own name, and who that is.
    """
    claims: list[Claim] = []
    for index, sentence in enumerate(masked):
        for subject in _subjects(masked, index, people, speakers, cues):
            claims += _claims_after(sentence, subject, cues)
        claims += _claims_before(sentence, people, cues)
    return claims


def choose(claims: Sequence[Claim]) -> tuple[Fact | None, Fact | None]:
    """The title and the organization of one person, said together if anybody said them together."""
    ordered = sorted(claims, key=lambda claim: claim.rank)
    whole = next((c for c in ordered if c.title and c.organization and c.rank < 10), None)
    if whole is not None:
        return whole.title, whole.organization
    title = next((c.title for c in ordered if c.title), None)
    return title, next((c.organization for c in ordered if c.organization), None)


def _subjects(
    masked: Sequence[MaskedSentence],
    index: int,
    people: Mapping[Place, int],
    speakers: Mapping[int, int],
    cues: NameCues,
) -> Iterator[_Subject]:
    sentence = masked[index]
    named = [(m.end_char, people[place(m)]) for m in sentence.names.values() if place(m) in people]
    for end, person in sorted(named):
        yield _Subject(person, end, rank=0)
    recent = range(index, max(-1, index - _REACH - 1), -1)
    for match in cues.facts["third_person"].finditer(sentence.text):
        third = _last_named(masked, index, match.start(), people)
        if third is not None:
            yield _Subject(third, match.end(), rank=2)
    speaker = next((speakers[i] for i in recent if i in speakers), None)
    if speaker is not None:
        for match in cues.facts["first_person"].finditer(sentence.text):
            yield _Subject(speaker, match.end(), rank=1)
    for match in cues.facts["second_person"].finditer(sentence.text):
        second = _last_named(masked, index, match.start(), people)
        if second is not None:
            yield _Subject(second, match.end(), rank=3)


def _last_named(
    masked: Sequence[MaskedSentence], index: int, before: int, people: Mapping[Place, int]
) -> int | None:
    """Who was named last before an offset of a sentence, at most `_REACH` sentences back."""
    for back in range(_REACH + 1):
        if index - back < 0:
            break
        found = [
            (start, people[place(mention)])
            for start, mention in masked[index - back].names.items()
            if place(mention) in people and (back or start < before)
        ]
        if found:
            return max(found)[1]
    return None


def _claims_after(sentence: MaskedSentence, subject: _Subject, cues: NameCues) -> Iterator[Claim]:
    for kind, penalty in (("title_and_org", 0), ("title", 1), ("org", 1)):
        for pattern in cues.facts[kind]:
            match = pattern.match(sentence.text, subject.position)
            if match is not None:
                rank = subject.rank + penalty
                yield _claim(sentence, match, subject.person, rank, cues)
                break


def _claims_before(
    sentence: MaskedSentence, people: Mapping[Place, int], cues: NameCues
) -> Iterator[Claim]:
    for kind, rank in (("before_title_and_org", 0), ("before_title", 2), ("before_org", 2)):
        for pattern in cues.facts[kind]:
            for match in pattern.finditer(sentence.text):
                for mention in sentence.named(match, "p"):
                    if place(mention) in people:
                        yield _claim(sentence, match, people[place(mention)], rank, cues)


def _claim(
    sentence: MaskedSentence, match: re.Match[str], person: int, rank: int, cues: NameCues
) -> Claim:
    evidence = sentence.evidence
    is_former = cues.former.search(match[0]) or cues.former.search(
        sentence.text, max(0, match.start() - 14), match.start()
    )
    titles = [*sentence.named(match, "r"), *sentence.named(match, "r2")]
    organizations = list(sentence.named(match, "o"))
    return Claim(
        person=person,
        title=_fact(sentence, titles, evidence),
        organization=_fact(sentence, organizations[:1], evidence),
        rank=rank + (10 if is_former else 0),
    )


def _fact(sentence: MaskedSentence, mentions: Sequence[Mention], evidence: Evidence) -> Fact | None:
    if not mentions:
        return None
    start, end = mentions[0].start_char, mentions[-1].end_char
    return Fact(value=sentence.sentence.text[start:end].strip(" ,."), evidence=evidence)
