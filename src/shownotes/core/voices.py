"""From voices to names, by what is said: who gives their own name, who is greeted and answers.

A wrong name is worse than none: where the evidence is thin or says two things, a voice stays a
number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shownotes.core.cues import NameCues, place, words_of
from shownotes.core.study import Study
from shownotes.core.turns import is_unnamed
from shownotes.model import Evidence

# What it counts that somebody gives their own name, or is spoken to by name.
_OWN, _SPOKEN_TO = 3.0, 1.0
# A voice has a name from so much on, and if nothing else comes near it.
_ENOUGH, _TIMES_OTHERS = 2.0, 2.0
_MOST_EVIDENCE = 3
# Sentences within which an answer begins.
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose a voice is: an index of the study's people, and the sentences that say so."""

    person: int
    evidence: tuple[Evidence, ...]


def name_voices(study: Study, cues: NameCues) -> dict[str, Voice]:
    """The unnamed speakers of a study of whom the words say who they are, by label."""
    points: dict[str, dict[int, float]] = {}
    proof: dict[tuple[str, int], list[Evidence]] = {}
    for label, person, weight, evidence in _find_evidence(study, cues):
        row = points.setdefault(label, {})
        row[person] = row.get(person, 0.0) + weight
        proof.setdefault((label, person), []).append(evidence)
    named: dict[str, Voice] = {}
    for label, row in points.items():
        best = max(row, key=row.__getitem__)
        rivals = [value for person, value in row.items() if person != best]
        rivals += [other.get(best, 0.0) for name, other in points.items() if name != label]
        if row[best] >= _ENOUGH and row[best] > _TIMES_OTHERS * max(rivals, default=0.0):
            named[label] = Voice(best, tuple(proof[label, best][:_MOST_EVIDENCE]))
    return named | _complete(study)


def _complete(study: Study) -> dict[str, Voice]:
    """Speakers known by a first or last name only, where one person who is named has it."""
    found: dict[str, Voice] = {}
    for label in dict.fromkeys(sentence.speaker for sentence in study.sentences):
        words = words_of(label or "")
        if label is None or is_unnamed(label) or len(words) != 1:
            continue
        fitting = [
            number
            for number, somebody in enumerate(study.people)
            if words[0] in somebody.words and len(somebody.words) > 1 and somebody.mentions
        ]
        if len(fitting) == 1:
            first = study.people[fitting[0]].mentions[0]
            found[label] = Voice(fitting[0], (study.masked[first.sentence].evidence,))
    return found


def _find_evidence(study: Study, cues: NameCues) -> Iterator[tuple[str, int, float, Evidence]]:
    """Label, person, weight and sentence of everything that tells whose a voice is."""
    labels = [sentence.speaker for sentence in study.sentences]
    if not any(label is not None and is_unnamed(label) for label in labels):
        return
    for index, whose, person in _find_names(study, cues):
        at = {"own": index, "next": _next(labels, index), "previous": _previous(labels, index)}
        speaker = at.get(whose)
        label = labels[speaker] if speaker is not None else None
        if label is not None and is_unnamed(label):
            weight = _OWN if whose == "own" else _SPOKEN_TO
            yield label, person, weight, study.masked[index].evidence


def _find_names(study: Study, cues: NameCues) -> Iterator[tuple[int, str, int]]:
    patterns: Mapping[str, tuple[object, ...]] = cues.speaker_patterns
    for index, sentence in enumerate(study.masked):
        if not any(place(mention) in study.behind for mention in sentence.names.values()):
            continue
        for whose in patterns:
            found = {
                study.behind[place(mention)]
                for pattern in cues.speaker_patterns[whose]
                for match in pattern.finditer(sentence.text)
                for mention in sentence.named(match, "p")
                if place(mention) in study.behind
            }
            for person in sorted(found):
                yield index, whose, person


def _next(labels: list[str | None], index: int) -> int | None:
    """The sentence with which somebody else answers, if that is soon."""
    own = labels[index]
    near = range(index + 1, min(len(labels), index + 1 + _NEAR))
    return next((at for at in near if labels[at] != own), None)


def _previous(labels: list[str | None], index: int) -> int | None:
    """The last sentence of whoever spoke before, if that was just now."""
    own = labels[index]
    near = range(index - 1, max(-1, index - 1 - _NEAR), -1)
    return next((at for at in near if labels[at] != own), None)
