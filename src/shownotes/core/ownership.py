"""Whose title and whose organization: pairs of a person and a thing said near them.

A learned signal reads the words between the two, with every name replaced by its kind, so that it
says the same whatever the names are.
"""

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shownotes.core.roles import NamedSpan, replace_names

# How far a title or an organization may stand from a name, in tokens; farther is seldom right.
REACH = 60
# Tokens between, up to which they are read as a whole.
_WHOLE = 7
_DISTANCES = (0, 1, 2, 3, 5, 8, 13, 20, 35)
_PRONOUNS = frozenset({"i", "i'm", "i've", "he", "she", "he's", "she's", "they", "you", "you're"})
_SELF, _CANDIDATE = "<s>", "<c>"


@dataclass(frozen=True, slots=True)
class Pair:
    """A person's mention and a candidate near it, as indices into the spans.

    Attributes:
        features: for the signal.
        distance: tokens between the two.
    """

    person: int
    mention: int
    candidate: int
    features: tuple[str, ...]
    distance: int


def find_pairs(
    text: str, spans: Sequence[NamedSpan], people: Mapping[int, int], candidates: Sequence[int]
) -> Iterator[Pair]:
    """Every candidate with every person named near it: the nearest mention before and after.

    Args:
        text: of the transcript.
        spans: all names in it, in order.
        people: the person behind a span that is somebody's name.
        candidates: the spans whose owner is asked for.
    """
    scene = _Scene(*replace_names(text, spans), spans=spans, people=people, asked=candidates)
    for candidate in candidates:
        at = scene.places[candidate]
        middle = bisect.bisect_left(scene.positions, at)
        yield from _nearest(scene, candidate, reversed(scene.named[:middle][-REACH:]))
        yield from _nearest(scene, candidate, scene.named[middle : middle + REACH])


class _Scene:
    """The tokens of a text, and where people and candidates stand among them."""

    def __init__(
        self,
        tokens: Sequence[str],
        places: Sequence[int],
        *,
        spans: Sequence[NamedSpan],
        people: Mapping[int, int],
        asked: Sequence[int],
    ) -> None:
        self.tokens, self.places = tokens, places
        self.named = sorted((places[span], span, person) for span, person in people.items())
        self.positions = [position for position, _, _ in self.named]
        self.person_at = {position: person for position, _, person in self.named}
        self.kind_at = {places[span]: spans[span].label for span in asked}

    def token(self, index: int, person: int) -> str:
        if not 0 <= index < len(self.tokens):
            return "<edge>"
        return _SELF if self.person_at.get(index) == person else self.tokens[index]

    def count_others(self, left: int, right: int, person: int) -> int:
        first = bisect.bisect_right(self.positions, left)
        last = bisect.bisect_left(self.positions, right)
        return sum(number != person for _, _, number in self.named[first:last])


def _nearest(
    scene: _Scene, candidate: int, named: Iterable[tuple[int, int, int]]
) -> Iterator[Pair]:
    """Pairs with each person's nearest mention on one side of the candidate."""
    at = scene.places[candidate]
    seen: set[int] = set()
    for position, span, person in named:
        if abs(at - position) > REACH:
            break
        if person not in seen:
            seen.add(person)
            yield _pair(scene, (person, span, candidate), position, len(seen))


def _pair(scene: _Scene, who: tuple[int, int, int], position: int, rank: int) -> Pair:
    """One pair with its features; `rank` counts people from the candidate outwards."""
    person, mention, candidate = who
    at = scene.places[candidate]
    left, right = sorted((at, position))
    order = "PC" if position < at else "CP"
    between = [
        _CANDIDATE if scene.kind_at.get(i) == scene.kind_at[at] else scene.token(i, person)
        for i in range(left + 1, right)
    ]
    distance = right - left - 1
    bucket = bisect.bisect_left(_DISTANCES, distance)
    features = [order, f"{order} d{bucket}", f"{order} rank {min(3, rank)}"]
    if len(between) <= _WHOLE:
        features.append(f"{order} whole {' '.join(between)}")
    for size in (1, 2, 3):
        features.append(f"{order} from {' '.join(between[:size])}")
        features.append(f"{order} to {' '.join(between[-size:])}")
    features += [f"{order} has {word}" for word in sorted(set(between))]
    features += sorted({f"{order} pair {a} {b}" for a, b in pairwise(between)})
    stops = sum(word in {".", "?", "!"} for word in between)
    crowd = scene.count_others(left, right, person)
    rivals = between.count(_CANDIDATE)
    features += [f"{order} stops {min(3, stops)}", f"{order} people {min(3, crowd)}"]
    features += [
        f"{order} rivals {min(2, rivals)}",
        f"{order} {stops > 0} {crowd > 0} {rivals > 0}",
    ]
    spoken = next((word for word in reversed(between) if word in _PRONOUNS), "")
    features.append(f"{order} pronoun {spoken}")
    outside = [scene.token(left - 2, person), scene.token(left - 1, person)]
    beyond = [scene.token(right + 1, person), scene.token(right + 2, person)]
    features += [f"{order} before {outside[1]}", f"{order} after {beyond[0]}"]
    features += [f"{order} outside {' '.join(outside)}", f"{order} beyond {' '.join(beyond)}"]
    return Pair(person, mention, candidate, tuple(features), distance)
