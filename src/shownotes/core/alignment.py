"""Which word of a new transcript is which word of the old one.

A better model, other settings or a new export of the audio give new words; an editor's decisions
hang on the old ones. `core.matching` finds what is equal in the same order; here it is decided what
of that is the same word: one that is said often ("the", "and") and is equal amid much that is not,
is chance.
"""

import functools
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from shownotes.core.matching import SOLID_WORDS, Found, Run, equal_runs, match, without_strays

# A word, when it begins and when it ends, in seconds.
Timed: TypeAlias = tuple[str, float, float]

# Around a gap, this many words of the runs beside it are decided anew with the times in view.
REACH = 8
# By how much times moved is the median of this many words.
OFFSET_WORDS = 12
MAX_PAIRS = 100_000
# Two recognisers put the same word within 0.3 s; farther off than 1 s it is another one.
SAME_S = 0.3
OTHER_S = 1.0


def key(text: str) -> str:
    """What is compared of a word: its letters, without case and punctuation."""
    return _key(text)


@functools.lru_cache(maxsize=1 << 16)
def _key(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    bare = "".join(c for c in folded if not unicodedata.category(c).startswith(("P", "Z")))
    return bare or folded


def align(old: Sequence[str], new: Sequence[str]) -> Found:
    """For every new word the index of the old word that it is, or `None`.

    Indices increase strictly, and only words with equal keys are the same.
    """
    a, b = _numbered(old, new)
    found = match(a, b)
    return without_strays(found, len(old), sure=_said_once(a, b))


def align_timed(old: Sequence[Timed], new: Sequence[Timed]) -> Found:
    """As `align`, with the times in view.

    Where a phrase that is said twice could be either of the two, it is the one that is as much
    earlier or later than before as its neighbours are. Where the audio was replaced, words of the
    old that only happen to be equal to words of the new are not taken for them.
    """
    a, b = _numbered([word[0] for word in old], [word[0] for word in new])
    found = match(a, b)
    sure, in_time = _said_once(a, b), set[int]()
    solid = [run for run in equal_runs(found) if run[2] >= SOLID_WORDS]
    if solid:
        ends: list[Run] = [(0, 0, 0), *solid, (len(old), len(new), 0)]
        for left, right in pairwise(ends):
            zone = _zone(left, right, old, new)
            pairs = _equal_pairs((a, b), zone.rows, zone.columns)
            in_time |= _decide_by_time(zone, pairs, sure, old, new, found)
    return without_strays(found, len(old), sure=sure, likely=in_time)


def pair_by_time(old: Sequence[Timed], new: Sequence[Timed], found: Found) -> Found:
    """As `found`, and words that were heard differently are those said at the same time.

    Only a few words at once, between words that are the same and moved by as much: where audio was
    taken out and other audio put in, nothing of the one is anything of the other.
    """
    paired = list(found)
    runs = [(0, 0, 0), *equal_runs(found), (len(old), len(new), 0)]
    if len(runs) == 2:
        return paired
    for left, right in pairwise(runs):
        i, j = left[0] + left[2], left[1] + left[2]
        if not 0 < min(right[0] - i, right[1] - j) <= REACH:
            continue
        before, after = _offsets(left, right, old, new)
        if abs(before - after) > OTHER_S:
            continue
        offset = (before + after) / 2
        while i < right[0] and j < right[1]:
            _, old_start, old_end = old[i]
            _, start, end = new[j]
            both = min(old_end + offset, end) - max(old_start + offset, start)
            if both > 0 and both >= min(old_end - old_start, end - start) / 2:
                paired[j] = i
                i, j = i + 1, j + 1
            elif old_end + offset <= end:
                i += 1
            else:
                j += 1
    return paired


def _numbered(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """The words as numbers, equal where their keys are."""
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(key(text), len(numbers)) for text in old]
    b = [numbers.setdefault(key(text), len(numbers)) for text in new]
    return a, b


def _said_once(a: Sequence[int], b: Sequence[int]) -> set[int]:
    """The new words that are said once on both sides; these are hardly equal by chance."""
    times_a, times_b = Counter(a), Counter(b)
    return {j for j, word in enumerate(b) if times_b[word] == 1 == times_a[word]}


# --------------------------------------------------------------------------- with the times


@dataclass(frozen=True, slots=True)
class _Zone:
    """What lies between two solid runs, and as much of them as could be elsewhere.

    Attributes:
        rows: indices of its old words.
        columns: indices of its new words.
        old_gap: indices of the old words between the runs; `new_gap` of the new ones.
        before: by how much later the words before it are said now, in seconds.
        after: the same of the words after it.
    """

    rows: range
    columns: range
    old_gap: range
    new_gap: range
    before: float
    after: float

    @property
    def is_replaced(self) -> bool:
        """Whether audio was cut or put in here."""
        return abs(self.before - self.after) > OTHER_S

    def off(self, old: Timed, new: Timed) -> float:
        """How far from where its neighbours say an old word would be as this new one."""
        moved = new[1] - old[1]
        return min(abs(moved - self.before), abs(moved - self.after))


def _zone(left: Run, right: Run, old: Sequence[Timed], new: Sequence[Timed]) -> _Zone:
    before, after = _offsets(left, right, old, new)
    old_end, new_end = left[0] + left[2], left[1] + left[2]
    reach, reach_on = min(REACH, left[2] // 2), min(REACH, right[2] // 2)
    return _Zone(
        rows=range(old_end - reach, right[0] + reach_on),
        columns=range(new_end - reach, right[1] + reach_on),
        old_gap=range(old_end, right[0]),
        new_gap=range(new_end, right[1]),
        before=before,
        after=after,
    )


def _offsets(
    left: Run, right: Run, old: Sequence[Timed], new: Sequence[Timed]
) -> tuple[float, float]:
    """By how much the words before a gap and after it are later than they were, in seconds.

    Before the first word nothing has moved; after the last one it goes on as before.
    """
    last = range(max(left[2] - OFFSET_WORDS, 0), left[2])
    before = _moved(old, new, left, last) or [0.0]
    after = _moved(old, new, right, range(min(right[2], OFFSET_WORDS))) or before
    return median(before), median(after)


def _moved(
    old: Sequence[Timed], new: Sequence[Timed], run: Run, places: Iterable[int]
) -> list[float]:
    return [new[run[1] + place][1] - old[run[0] + place][1] for place in places]


def _decide_by_time(
    zone: _Zone,
    pairs: Sequence[tuple[int, int]],
    sure: Set[int],
    old: Sequence[Timed],
    new: Sequence[Timed],
    found: Found,
) -> set[int]:
    """Decide anew which words of a zone are the same.

    Args:
        zone: where.
        pairs: every old word there with every new one that is equal.
        sure: new words that are the same wherever they are.
        old: all old words.
        new: all new words.
        found: is written.

    Returns:
        The new words whose times say what they are.
    """
    chosen = [(i, j) for j in zone.columns if (i := found[j]) is not None]
    if pairs and (zone.is_replaced or len(pairs) > len(chosen)):
        known = {(i, j) for i, j in chosen if i not in zone.old_gap or j in sure}
        weights = [
            _weight(zone.off(old[i], new[j]), is_likely=not zone.is_replaced or (i, j) in known)
            for i, j in pairs
        ]
        chosen = _heaviest(pairs, weights, zone.rows)
        if zone.is_replaced:
            kept = _near_the_ends(chosen, zone)
            chosen = [(i, j) for i, j in chosen if (i, j) in kept or j in sure]
        found[zone.columns.start : zone.columns.stop] = [None] * len(zone.columns)
        for i, j in chosen:
            found[j] = i
    if zone.is_replaced:
        return set()
    return {j for i, j in chosen if zone.off(old[i], new[j]) <= SAME_S}


def _weight(off_s: float, *, is_likely: bool) -> float:
    """How much an equal word counts that is so far from where its neighbours say; 0 for not.

    Where times may be far off (an imported transcript) an equal word is better than none. Where
    audio was replaced, one that is not in its place is another word, unless it is part of a run.
    """
    if is_likely:
        return max(1 - off_s / OTHER_S, 0.05)
    return 1 - off_s / OTHER_S if off_s <= SAME_S else 0.0


def _near_the_ends(chosen: Sequence[tuple[int, int]], zone: _Zone) -> set[tuple[int, int]]:
    """The pairs up to where audio was replaced, and from where it goes on.

    Between them and the end of the zone more words are the same than not.
    """
    from_left = _while_mostly_same(chosen, (zone.rows.start, zone.columns.start))
    turned = [(-i, -j) for i, j in reversed(chosen)]
    ends = (1 - zone.rows.stop, 1 - zone.columns.stop)
    return from_left | {(-i, -j) for i, j in _while_mostly_same(turned, ends)}


def _while_mostly_same(
    chosen: Sequence[tuple[int, int]], begin: tuple[int, int]
) -> set[tuple[int, int]]:
    kept: set[tuple[int, int]] = set()
    other, (next_i, next_j) = 0, begin
    for i, j in chosen:
        other += min(i - next_i, j - next_j)
        if other > len(kept):
            break
        kept.add((i, j))
        next_i, next_j = i + 1, j + 1
    return kept


def _equal_pairs(
    numbers: tuple[Sequence[int], Sequence[int]], rows: range, columns: range
) -> list[tuple[int, int]]:
    """Every pair of equal words, by the new one, then backwards by the old one.

    Empty when there are too many to look at.
    """
    a, b = numbers
    places: dict[int, list[int]] = {}
    for i in reversed(rows):
        places.setdefault(a[i], []).append(i)
    pairs: list[tuple[int, int]] = []
    for j in columns:
        pairs += ((i, j) for i in places.get(b[j], ()))
        if len(pairs) > MAX_PAIRS:
            return []
    return pairs


def _heaviest(
    pairs: Sequence[tuple[int, int]], weights: Sequence[float], rows: range
) -> list[tuple[int, int]]:
    """The pairs, increasing on both sides, that weigh most together.

    Source: Fenwick, "A new data structure for cumulative frequency tables", 1994.
    """
    best: list[tuple[float, int]] = [(0.0, -1)] * (len(rows) + 1)
    before: list[int] = []
    for index, ((i, _), weight) in enumerate(zip(pairs, weights, strict=True)):
        node, found = i - rows.start, (0.0, -1)
        while node > 0:
            found = max(found, best[node])
            node &= node - 1
        before.append(found[1])
        if weight <= 0:
            continue
        here, node = (found[0] + weight, index), i - rows.start + 1
        while node <= len(rows):
            best[node] = max(best[node], here)
            node += node & -node
    at = max(best)[1]
    chosen: list[tuple[int, int]] = []
    while at >= 0:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]
