"""Makes a filled passage look like what a recogniser writes, keeping its annotations in place."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from training.names.corpus import Annotation, Passage

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    from training.names.lexicon import Lexicon

_FILLERS = (
    "um",
    "uh",
    "you know",
    "like",
    "I mean",
    "sort of",
    "so",
    "right",
    "and",
    "well",
    "okay",
)
_CONTENT_WORD = re.compile(r"(?<![\w'])[a-z]{4,}")
_FIRST_WORD = re.compile(r"(?:(?<=[.!?] )|^)[A-Z][a-z]{3,}(?=[ ,])")
# Shares of passages changed in each way.
LOWERED = 0.12
UNPUNCTUATED = 0.10
NAMES_LOWERED = 0.01
WORDS_SWAPPED = 0.55
CAPITALISED = 0.08
CLUTTERED = 0.12


def augment(
    passage: Passage, lexicon: Lexicon, rng: random.Random, *, swapped: float = WORDS_SWAPPED
) -> Passage:
    """Changes case, punctuation and the words between names, each with its own probability."""
    if rng.random() < swapped:
        share = rng.uniform(0.1, 0.7)
        passage = _rewrite(passage, lambda text: _swap_words(text, lexicon, share, rng))
    if rng.random() < CLUTTERED:
        passage = _rewrite(passage, lambda text: _clutter(text, rng))
    if rng.random() < CAPITALISED:
        passage = _rewrite(passage, lambda text: _capitalise(text, rng))
    if rng.random() < NAMES_LOWERED:
        passage = _rewrite(passage, lambda text: text, str.lower)
    kind = rng.random()
    if kind < LOWERED:
        passage = replace(passage, text=passage.text.lower())
        return _rewrite(passage, _unpunctuate) if rng.random() < 0.7 else passage
    if kind < LOWERED + UNPUNCTUATED:
        return _rewrite(passage, _unpunctuate)
    return passage


def join(passages: Sequence[Passage]) -> Passage:
    """Puts passages after one another; people of different passages stay different."""
    texts: list[str] = []
    annotations: list[Annotation] = []
    length = 0
    for number, passage in enumerate(passages):
        for annotation in passage.annotations:
            variable = annotation.variable and f"{annotation.variable}{number}"
            moved = replace(annotation, variable=variable)
            annotations.append(_shift(moved, length))
        texts.append(passage.text)
        length += len(passage.text) + 1
    return Passage("+".join(p.name for p in passages), " ".join(texts), tuple(annotations))


def _rewrite(
    passage: Passage, between: Callable[[str], str], names: Callable[[str], str] = str
) -> Passage:
    """Applies one function to the text between annotations and one to the names."""
    text, position = "", 0
    annotations = []
    for annotation in passage.annotations:
        text += between(passage.text[position : annotation.start])
        start = len(text)
        text += names(passage.text[annotation.start : annotation.end])
        annotations.append(replace(annotation, start=start, end=len(text)))
        position = annotation.end
    return Passage(passage.name, text + between(passage.text[position:]), tuple(annotations))


def _swap_words(text: str, lexicon: Lexicon, share: float, rng: random.Random) -> str:
    # Capitals at the beginning of a sentence make no name either.
    text = _FIRST_WORD.sub(
        lambda match: lexicon.compose_word(rng).capitalize() if rng.random() < share else match[0],
        text,
    )
    return _CONTENT_WORD.sub(
        lambda match: lexicon.compose_word(rng) if rng.random() < share else match[0], text
    )


def _clutter(text: str, rng: random.Random) -> str:
    def add(match: re.Match[str]) -> str:
        return f" {rng.choice(_FILLERS)}, " if rng.random() < 0.06 else match[0]

    return re.sub(r" ", add, text)


def _capitalise(text: str, rng: random.Random) -> str:
    return re.sub(
        r"\b[a-z]{4,}", lambda m: m[0].capitalize() if rng.random() < 0.15 else m[0], text
    )


def _unpunctuate(text: str) -> str:
    return re.sub(r"[.,;:?!]+(?=\s|$)", "", text)


def _shift(annotation: Annotation, by: int) -> Annotation:
    return replace(annotation, start=annotation.start + by, end=annotation.end + by)
