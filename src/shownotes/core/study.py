"""Everything that a transcript shows about its people, before anything is decided.

The signals are trained on the same study that is made when a transcript is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shownotes.core.cues import MaskedSentence, NameCues, Place, mask, place, words_of
from shownotes.core.grouping import Alike, Somebody, group_people
from shownotes.core.introductions import Claim, find_claims
from shownotes.core.sentences import split
from shownotes.model import Mention, PersonRole, Sentence, Transcript

# From this share of sentences with capitals on, a name without one is no name.
_CASED_SHARE = 0.7
_LOWER_CASE_LABELS = frozenset({"ROLE", "DATE"})
_NAME_LABELS = frozenset({"PERSON", "ORG"})
# Numbers, times of day and accounts.
_NO_NAME = re.compile(r"^[\d\W_]+$|\d:\d\d|^@")


@dataclass(frozen=True)
class Study:
    """People with what the cues say of them.

    Attributes:
        behind: the person (an index of `people`) behind every PERSON mention.
        cue_points: for each person, points of the cues for each role.
        self_named: people who give their own name, in order, and whether they were asked to.
        claims: for each person, titles and organizations that patterns found.
    """

    sentences: Sequence[Sentence]
    masked: Sequence[MaskedSentence]
    people: Sequence[Somebody]
    behind: Mapping[Place, int]
    cue_points: Sequence[Mapping[str, float]]
    self_named: Mapping[int, bool]
    claims: Mapping[int, Sequence[Claim]]


def study(
    transcript: Transcript,
    mentions: Sequence[Mention],
    *,
    cues: NameCues,
    given: Sequence[str] = (),
    is_alike: Alike | None = None,
    show: str | None = None,
) -> Study:
    """Group the people of a transcript and read what stands around them."""
    sentences = split(transcript)
    kept = _keep_names(_name_shows(mentions, sentences, cues), sentences, cues, show)
    masked = mask(sentences, kept, cues)
    people = group_people(kept, cues, given=given, is_alike=is_alike)
    behind = {place(m): number for number, s in enumerate(people) for m in s.mentions}
    points: list[dict[str, float]] = [{role.value: 0.0 for role in PersonRole} for _ in people]
    # Most sentences name nobody.
    naming = [
        (index, sentence)
        for index, sentence in enumerate(masked)
        if any(place(mention) in behind for mention in sentence.names.values())
    ]
    for role, weight, pattern in cues.role_patterns:
        for _, number in _people_matched(naming, [pattern], behind):
            # The strongest cue counts whole, every other a quarter.
            before = points[number][role]
            points[number][role] = max(before, weight) + 0.25 * min(before, weight)
    speakers: dict[int, int] = {}
    for index, number in _people_matched(naming, cues.organization_patterns("self_naming"), behind):
        speakers.setdefault(index, number)
    self_named: dict[int, bool] = {}
    for index in sorted(speakers):
        self_named.setdefault(speakers[index], _is_asked(masked, index, cues))
    claims: dict[int, list[Claim]] = {}
    for claim in find_claims(masked, behind, speakers, cues):
        claims.setdefault(claim.person, []).append(claim)
    return Study(sentences, masked, people, behind, points, self_named, claims)


def _name_shows(
    mentions: Sequence[Mention], sentences: Sequence[Sentence], cues: NameCues
) -> Iterator[Mention]:
    """The mentions, those that are called a show no longer people or bodies."""
    before, after = (cues.organization_patterns(f"{side}_shows") for side in ("before", "after"))
    for mention in mentions:
        text = sentences[mention.sentence].text.lower()
        left, right = text[: mention.start_char], text[mention.end_char :]
        is_show = mention.label in _NAME_LABELS and (
            any(pattern.search(left) for pattern in before)
            or any(pattern.search(right) for pattern in after)
        )
        yield replace(mention, label="WORK_OF_ART") if is_show else mention


def _keep_names(
    mentions: Iterable[Mention],
    sentences: Sequence[Sentence],
    cues: NameCues,
    show: str | None,
) -> list[Mention]:
    """Leave out what is no name: words in lower case where there are capitals, places, months.

    The show's own name is nobody's either.
    """
    own = words_of(show or "")
    capitals = sum(not sentence.text.islower() for sentence in sentences)
    is_cased = capitals >= _CASED_SHARE * len(sentences)
    return [
        m
        for m in mentions
        if not (is_cased and m.text.islower() and m.label not in _LOWER_CASE_LABELS)
        and not (m.label in _NAME_LABELS and cues.is_no_name(m.text))
        and not (m.label in _NAME_LABELS and _NO_NAME.search(m.text))
        and not (m.label == "PERSON" and words_of(m.text) == own)
    ]


def _people_matched(
    naming: Sequence[tuple[int, MaskedSentence]],
    patterns: Sequence[re.Pattern[str]],
    behind: Mapping[Place, int],
) -> Iterator[tuple[int, int]]:
    """Sentence and person of every match."""
    for index, sentence in naming:
        for pattern in patterns:
            for match in pattern.finditer(sentence.text):
                for mention in sentence.named(match, "p"):
                    if place(mention) in behind:
                        yield index, behind[place(mention)]


def _is_asked(masked: Sequence[MaskedSentence], index: int, cues: NameCues) -> bool:
    """Whether the words before a sentence, or its own, ask somebody to say who they are."""
    asked = " ".join(sentence.text for sentence in masked[max(0, index - 2) : index + 1])
    return any(pattern.search(asked) for pattern in cues.organization_patterns("prompts"))
