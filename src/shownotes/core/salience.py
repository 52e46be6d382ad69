"""What an episode is about: its telling words, and what kind of sentence a sentence is."""

import functools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shownotes.core.wording import Wording, bare
from shownotes.model import Sentence

# Without a stop list, words in more than this share of sentences say nothing about a topic, when
# they stand in every part of the text.
# Calibrated on the English demo texts, where it finds 80 % of the stop list's tokens.
COMMON_SHARE, PARTS = 0.12, 4
# A word said in one sentence only counts for a third of one said in two: names and asides are rare
# words too, and an episode is about what comes back.
ONCE = 0.6
# Words at a sentence's beginning in which "it" and "that" mean something said before.
EARLY_WORDS = 4
_VOCATIVE = re.compile(r"^((?:[A-Z][\w'’-]+)(?: [A-Z][\w'’-]+)?), +(?=\S)")


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its commonest English endings; other languages lose little by it."""
    word = bare(word).removesuffix("'s")
    for ending, put in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e")):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word[: -len(ending)] + put
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
            word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The telling words of one episode.

    Attributes:
        weights: how much a stem matters, greater than 0.
        common: stems that say nothing (words spread over the whole episode).
    """

    weights: Mapping[str, float]
    common: frozenset[str]
    wording: Wording
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict, compare=False, repr=False)

    def terms(self, text: str) -> tuple[str, ...]:
        """The stems of a text's telling words, in order."""
        if text not in self._known:
            self._known[text] = tuple(self._find_terms(text))
        return self._known[text]

    def _find_terms(self, text: str) -> list[str]:
        found = []
        for word in text.split():
            key = bare(word)
            if len(key) < 2 or self.wording.has("stop_words", key):
                continue
            stemmed = stem(key)
            if stemmed and stemmed not in self.common:
                found.append(stemmed)
        return found

    def mass(self, text: str) -> float:
        """The summed weight of a text's distinct telling words."""
        return sum(self.weights.get(term, 0.0) for term in set(self.terms(text)))

    def density(self, text: str) -> float:
        """Weight a word, with a mild preference for sentences that say more."""
        words = len(text.split())
        return self.mass(text) / (words**0.6) if words else 0.0


def learn(sentences: Sequence[Sentence], wording: Wording) -> Vocabulary:
    """The telling words of an episode: said in several sentences, but not in all."""
    spread: Counter[str] = Counter()
    parts: dict[str, set[int]] = {}
    total = max(1, len(sentences))
    for place, sentence in enumerate(sentences):
        keys = {bare(word) for word in sentence.text.split()}
        stems = {stem(k) for k in keys if len(k) > 1 and not wording.has("stop_words", k)}
        spread.update(stems)
        for term in stems:
            parts.setdefault(term, set()).add(place * PARTS // total)
    common: frozenset[str] = frozenset()
    if not wording.is_known:
        everywhere = {term for term, where in parts.items() if len(where) == PARTS}
        common = frozenset(
            t
            for t, n in spread.items()
            if len(t) < 3 or (n > COMMON_SHARE * total and t in everywhere)
        )
    weights = {
        term: math.log1p(count - ONCE) * math.log((total + 1) / (count + 0.5))
        for term, count in spread.items()
        if term not in common
    }
    return Vocabulary(weights=weights, common=common, wording=wording)


def is_question(text: str) -> bool:
    """Whether the sentence ends in a question mark."""
    return text.rstrip("\"'”’») ").endswith(("?", "?"))


def without_vocative(text: str, names: Sequence[str]) -> str:
    """`Rafael, what did …?` -> `what did …?`, when Rafael is a part of one of `names`."""
    match = _VOCATIVE.match(text)
    if match is None:
        return text
    known = {part.lower() for name in names for part in name.split()}
    called = match.group(1).lower().split()
    return text[match.end() :] if all(part in known for part in called) else text


def is_addressed(text: str, names: Sequence[str]) -> bool:
    """Whether the sentence begins or ends by calling somebody by name."""
    if without_vocative(text, names) != text:
        return True
    match = re.search(r",\s+([A-Z][\w'’-]+)[.!?]?$", text)
    return match is not None and any(match.group(1) in name.split() for name in names)


def is_housekeeping(text: str, wording: Wording) -> bool:
    """Whether the sentence runs the show instead of speaking of its subject."""
    return wording.starts("housekeeping", text) or wording.holds("housekeeping_anywhere", text)


def has_number(text: str, wording: Wording) -> bool:
    """Whether an amount is said, in figures or words."""
    return any(
        (wording.has("numbers", word) and not wording.has("vague_numbers", word))
        or any(c.isdigit() for c in word)
        for word in text.split()
    )


def is_run_on(text: str, wording: Wording) -> bool:
    """Whether a full stop was lost inside: `for the pipes The next hearing`."""
    words = text.split()
    return any(
        word[:1].isupper()
        and wording.has("stop_words", word)
        and not wording.has("first_person", word)
        and words[at][-1:].isalnum()
        and not words[at][:1].isupper()
        for at, word in enumerate(words[1:])
    )


def is_fragment(sentence: Sentence, sentences: Sequence[Sentence], wording: Wording) -> bool:
    """Whether it only completes the question before it: `With satellites, which …`."""
    if sentence.index == 0 or not is_question(sentences[sentence.index - 1].text):
        return False
    return wording.has("fragment_starts", sentence.text.split(" ", 1)[0])


def is_balanced(text: str) -> bool:
    """Whether all reported speech that begins or ends in it does both."""
    straight = text.count('"') % 2 == 0
    return straight and text.count("“") == text.count("”") and text.count("(") == text.count(")")


def is_begun_anew(text: str, wording: Wording) -> bool:
    """Whether a speaker broke off inside it: `in the, you'd need a hundred`."""
    return any(
        word[-1:] in ",;–—…" and wording.has("unfinished", word) for word in text.split()[:-1]
    )


def has_verb(text: str, wording: Wording) -> bool:
    """Whether anything in it may be a verb that makes it a sentence; true where none are listed."""
    if "verbs" not in wording.words:
        return True
    for word in text.split():
        key = bare(word)
        is_form = key.endswith(("ed", "s")) and word[:1].islower() and not key.endswith("ss")
        if is_form or "'" in key or wording.has("verbs", key):
            return True
    return False


def is_spoken_by_another(text: str) -> bool:
    """Whether it is reported speech from its first word on: nobody in the room claims that."""
    return text.lstrip()[:1] in ('"', "“")


def stands_alone(text: str, wording: Wording) -> bool:
    """Whether the sentence can be understood without the one before it, as far as words tell."""
    words = text.split()
    if not words:
        return False
    if wording.has("dangling", words[0]) or wording.has("dangling_end", words[-1]):
        return False
    return bool(words[0].strip("\"'“‘(")[:1].isupper() or words[0][:1].isdigit())


def pointers(text: str, wording: Wording) -> int:
    """How many words point to something said before: any early ones, and the plain ones late."""
    words = text.split()
    early = sum(wording.has("pointing", word) for word in words[:EARLY_WORDS])
    return early + sum(wording.has("pointing_late", word) for word in words[EARLY_WORDS:])


def likeness(first: str, second: str) -> float:
    """Share of the shorter text's distinct words that the other has too, 0 to 1."""
    one, two = _word_set(first), _word_set(second)
    shorter = min(len(one), len(two))
    return len(one & two) / shorter if shorter else 0.0


@functools.lru_cache(maxsize=20_000)
def _word_set(text: str) -> frozenset[str]:
    return frozenset(bare(word) for word in text.split()) - {""}
