"""The learned role signal: host, guest or mentioned, from the words around a person's name.

A linear model over word patterns in which every name is replaced by its kind, so that it says the
same whatever pipeline found the names and wherever they come from. Trained by `training/names/`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

ROLES = ("host", "guest", "mentioned")
# How many tokens to each side are looked at.
_WINDOW = 14
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[.,?!:;]")
_STAND_INS = {"ORG": "<o>", "ROLE": "<r>", "GPE": "<gpe>", "LOC": "<gpe>", "FAC": "<gpe>"} | {
    "WORK_OF_ART": "<work>",
    "EVENT": "<event>",
    "DATE": "<date>",
    "PRODUCT": "<product>",
}
_BARRIER = "<edge>"


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """A labelled stretch of a text, half-open in characters."""

    start: int
    end: int
    label: str


def describe_people(text: str, spans: Sequence[NamedSpan]) -> list[list[str]]:
    """The features of every PERSON among the spans (in order of start, not overlapping)."""
    tokens, places = replace_names(text, spans)
    people = [(places[i], span) for i, span in enumerate(spans) if span.label == "PERSON"]
    names = {at: frozenset(_words(text[s.start : s.end])) for at, s in people}
    return [_describe(tokens, at, names) for at, _ in people]


def replace_names(text: str, spans: Sequence[NamedSpan]) -> tuple[list[str], list[int]]:
    """The words of a text, lower case, with every name replaced by one token for its kind.

    Returns:
        The tokens, and for each span the index of its (first) token.
    """
    tokens: list[str] = []
    places: list[int] = []
    position = 0
    for span in spans:
        tokens += _words(text[position : span.start])
        places.append(len(tokens))
        stand_in = "<p>" if span.label == "PERSON" else _STAND_INS.get(span.label)
        tokens += [stand_in] if stand_in else _words(text[span.start : span.end]) or ["<name>"]
        position = span.end
    return tokens + _words(text[position:]), places


def _words(text: str) -> list[str]:
    return [token.replace("’", "'") for token in _TOKEN.findall(text.lower())]


def _describe(tokens: Sequence[str], at: int, names: Mapping[int, frozenset[str]]) -> list[str]:
    def token(index: int) -> str:
        if not 0 <= index < len(tokens):
            return _BARRIER
        is_same = index in names and bool(names[index] & names[at])
        return "<s>" if is_same else tokens[index]

    left = [token(at - distance) for distance in range(1, _WINDOW + 1)]
    right = [token(at + distance) for distance in range(1, _WINDOW + 1)]
    size = "full" if len(names[at]) > 1 else "short"
    features = ["bias", size, f"{size}|{left[0]}|{right[0]}"]
    for side, context in (("L", left), ("R", right)):
        plain = [word for word in context if word not in {",", _BARRIER}]
        for gram in (1, 2, 3, 4):
            features.append(f"{side}{gram}:{' '.join(context[:gram])}")
            features.append(f"{side}p{gram}:{' '.join(plain[:gram])}")
        features += [f"{side}s{distance}:{context[distance]}" for distance in (1, 2, 3)]
        features += [f"{side}b:{word}" for word in sorted(set(plain))]
        pairs = {f"{side}bb:{a} {b}" for a, b in pairwise(plain)}
        features += sorted(pairs)
    features.append(f"LR:{left[0]}|{right[0]}")
    features.append(f"LR2:{left[1]} {left[0]}|{right[0]}")
    features.append(f"LR3:{left[0]}|{right[0]} {right[1]}")
    return features
