"""What a sentence is worth alone on a page: learned from editors' judgements, one a sentence.

A sentence is described by its small words and where they stand, its shape, and what the episode is
about; how much each of these counts was learned (`training/notes`) and comes as data with the
language (`languages/<code>_worth.json`). A language without it is judged by the rules alone.
"""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shownotes.core import salience
from shownotes.core.salience import Vocabulary
from shownotes.core.wording import Wording, bare
from shownotes.model import Sentence

# Words at the beginning in which a pronoun most likely points back.
EARLY = 4
_LENGTHS = (3, 5, 8, 12, 17, 23, 30, 40)
_CLUTTER = re.compile(r"\b(?:you know|i mean|sort of|kind of|um+|uh+|er+m?)\b", re.IGNORECASE)
_CUES = (
    *("striking", "talk", "housekeeping_anywhere", "agenda", "recap", "farewell", "scene"),
    *("scene_openers", "earlier", "turn_strong", "turn_fair", "turn_weak"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence stands."""

    sentence: Sentence
    before: Sentence | None
    share: float


def judge(what: str, found: Mapping[str, float], wording: Wording) -> float:
    """How likely an editor would say so of a sentence, 0 to 1."""
    weights = wording.worth[what]
    total = weights.get("", 0.0)
    total += sum(weights.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def judge_all(
    sentences: Sequence[Sentence], vocabulary: Vocabulary
) -> tuple[Mapping[str, float], ...]:
    """Every sentence's judgements by name; empty ones in a language that has none."""
    wording = vocabulary.wording
    return tuple(
        {what: judge(what, found, wording) for what in wording.worth}
        for place in places(sentences)
        for found in [describe(place, vocabulary)]
    )


def places(sentences: Sequence[Sentence]) -> Iterator[Place]:
    """Every sentence with where it stands."""
    count = max(1, len(sentences))
    for number, sentence in enumerate(sentences):
        before = sentences[number - 1] if number else None
        yield Place(sentence, before, number / count)


def describe(place: Place, vocabulary: Vocabulary) -> dict[str, float]:
    """The features of a sentence, by name."""
    text = place.sentence.text
    words = text.split()
    found: dict[str, float] = {}
    for name in (
        *_about_words(words, vocabulary),
        *_about_shape(text, words, vocabulary),
        *_about_place(place, vocabulary),
    ):
        found[name] = 1.0
    found |= _amounts(text, words, vocabulary)
    if salience.is_question(text):
        found |= {f"q:{name}": value for name, value in found.items() if name[:5] != "some:"}
    return found


def _kind(word: str, index: int, vocabulary: Vocabulary) -> str:
    """A small word itself; of others only what kind they are."""
    wording, key = vocabulary.wording, bare(word)
    if wording.has("stop_words", key):
        return key
    if wording.has("numbers", key) or any(c.isdigit() for c in key):
        return "NUMBER"
    if index and word[:1].isupper():
        return "NAME"
    for ending in ("ing", "ed", "ly", "er", "est", "s"):
        if key.endswith(ending) and len(key) > len(ending) + 2:
            return f"-{ending}"
    return "WORD"


def _about_words(words: Sequence[str], vocabulary: Vocabulary) -> Iterator[str]:
    kinds = [_kind(word, index, vocabulary) for index, word in enumerate(words)]
    if not kinds:
        return
    yield f"first:{kinds[0]}"
    yield f"last:{kinds[-1]}"
    if len(kinds) > 1:
        yield f"second:{kinds[1]}"
        yield f"pair:{kinds[0]} {kinds[1]}"
    for index, kind in enumerate(kinds):
        yield f"some:{kind}"
        if index < EARLY:
            yield f"early:{kind}"
        if kind[:1].isupper() or kind[:1] == "-":
            break
        yield f"ahead:{kind}"
    for kind in kinds[EARLY:]:
        yield f"some:{kind}"


def _about_shape(text: str, words: Sequence[str], vocabulary: Vocabulary) -> Iterator[str]:
    wording = vocabulary.wording
    yield f"length:{sum(len(words) > limit for limit in _LENGTHS)}"
    yield f"end:{text.rstrip()[-1:]}"
    yield f"commas:{min(4, text.count(','))}"
    if _CLUTTER.search(text):
        yield "clutter"
    if '"' in text or "“" in text:
        yield "speech"
    if "—" in text or "…" in text or "..." in text:
        yield "broken"
    if any(bare(a) == bare(b) for a, b in itertools.pairwise(words)):
        yield "stutter"
    if not text[:1].isupper():
        yield "small"
    if salience.is_run_on(text, wording):
        yield "run on"
    if salience.stands_alone(text, wording):
        yield "alone"
    if wording.starts("housekeeping", text):
        yield "housekeeping"
    for name in _CUES:
        if wording.starts(name, text):
            yield f"starts:{name}"
        elif wording.holds(name, text):
            yield f"holds:{name}"


def _about_place(place: Place, vocabulary: Vocabulary) -> Iterator[str]:
    sentence, before = place.sentence, place.before
    if place.share < 0.04:
        yield "opening"
    if place.share > 0.95:
        yield "closing"
    if before is None:
        yield "very first"
        return
    if salience.is_question(before.text):
        yield "answer"
    if before.speaker != sentence.speaker:
        yield "turn begins"
    shared = set(vocabulary.terms(before.text)) & set(vocabulary.terms(sentence.text))
    if shared:
        yield "goes on"


def _amounts(text: str, words: Sequence[str], vocabulary: Vocabulary) -> dict[str, float]:
    """How telling it is, and how much of it belongs to the episode's subject."""
    terms = set(vocabulary.terms(text))
    count = max(1, len(words))
    weights = sorted((vocabulary.weights.get(term, 0.0) for term in terms), reverse=True)
    return {
        "density": min(3.0, vocabulary.density(text) / 2),
        "telling": min(1.0, len(terms) / count),
        "strongest": min(3.0, weights[0] / 2 if weights else 0.0),
        "returning": sum(w > 1.5 for w in weights) / max(1, len(weights)),
        "names": min(4.0, sum(w[:1].isupper() for w in words[1:])),
    }


def describe_title(
    title: str, sentence: Sentence, *, place: int, coverage: float, vocabulary: Vocabulary
) -> dict[str, float]:
    """The features of a chapter's title that was taken from a sentence.

    Args:
        title: as it would be printed.
        sentence: where its words stand.
        place: of the sentence in the chapter, from 0.
        coverage: how much of what is particular to the chapter it says.
        vocabulary: the episode's.
    """
    words = title.rstrip("?!.").split()
    kinds = [_kind(word, index, vocabulary) for index, word in enumerate(words)]
    before, after = _around(title, sentence.text)
    found = {f"has:{kind}": 1.0 for kind in kinds}
    found |= {
        f"first:{kinds[0]}": 1.0,
        f"last:{kinds[-1]}": 1.0,
        f"words:{min(6, len(words))}": 1.0,
        f"before:{_kind(before, 1, vocabulary) if before else ''}": 1.0,
        f"after:{_kind(after, 1, vocabulary) if after[:1].isalnum() else after[:1]}": 1.0,
        f"place:{min(place, 6)}": 1.0,
        "coverage": coverage,
    }
    if len(kinds) > 1:
        found[f"end:{kinds[-2]} {kinds[-1]}"] = 1.0
    if re.search(r"['’](?:d|ll|re|ve|m|s)\b", title):
        found[f"short:{title.rsplit(' ', 1)[-1][-2:]}"] = 1.0
    if title.endswith("?"):
        found["question"] = 1.0
    found |= {f"{kinds[0]}..{kinds[-1]}": 1.0}
    return found


def _around(title: str, text: str) -> tuple[str, str]:
    """The words, or the mark, next to the title's words in their sentence."""
    at = text.lower().find(title.lower().rstrip("?!."))
    if at < 0:
        return "", ""
    ahead, rest = text[:at].split(), text[at + len(title.rstrip("?!.")) :]
    follow = rest.split() if rest[:1].isspace() else [rest[:1]]
    return ahead[-1] if ahead else "", follow[0] if follow else ""
