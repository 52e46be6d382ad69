"""The same words in the same order: how one list of words became another.

Most is equal, so that is what is looked for first: a common beginning and end, then runs of words
that occur once on both sides (as patience diff does with lines), then the same within what lies
between, and at last the longest common subsequence of what is left. Words are numbers here, equal
where the words are.
"""

from bisect import bisect_left
from collections.abc import Sequence, Set
from itertools import pairwise
from typing import TypeAlias

Found: TypeAlias = list[int | None]
# Where words are equal in a row: index in the old, index in the new, how many.
Run: TypeAlias = tuple[int, int, int]

# Lengths of the runs that are looked for, longest first: six words are hardly ever said twice.
ANCHOR_WORDS = (6, 3, 2)
# Fewer words than this on a side are compared at once.
SMALL = 24
# What the common subsequence may cost: bits kept, 25 MB. Above it nothing is in common.
MAX_BITS = 200_000_000
# Around a word that matches, this many words either way must match to this share. Two texts about
# different things agree to 0.3, the same speech heard by two recognisers to 0.5 and more.
NEIGHBOURS = 12
MIN_SHARE = 0.4
# Fewer than so many unequal words around a match say nothing against it.
MANY = 4
# So many equal words in a row are no chance.
SOLID_WORDS = 5


def match(a: Sequence[int], b: Sequence[int]) -> Found:
    """For every new word the index of an equal old word, or `None`; indices increase."""
    found: Found = [None] * len(b)
    waiting = [(0, len(a), 0, len(b), 0)]
    while waiting:
        a0, a1, b0, b1, level = waiting.pop()
        while a0 < a1 and b0 < b1 and a[a0] == b[b0]:
            found[b0] = a0
            a0, b0 = a0 + 1, b0 + 1
        while a0 < a1 and b0 < b1 and a[a1 - 1] == b[b1 - 1]:
            a1, b1 = a1 - 1, b1 - 1
            found[b1] = a1
        if a0 == a1 or b0 == b1:
            continue
        anchors: list[tuple[int, int]] = []
        if min(a1 - a0, b1 - b0) > SMALL:
            while level < len(ANCHOR_WORDS) and not anchors:
                anchors = _anchors(a, b, (a0, a1, b0, b1), ANCHOR_WORDS[level])
                level += not anchors
        if not anchors:
            _match_subsequence(a[a0:a1], b[b0:b1], a0, b0, found)
            continue
        for i, j in [*anchors, (a1, b1)]:
            if i > a0 and j > b0:
                waiting.append((a0, i, b0, j, level))
            if j < b1:
                found[j] = i
            a0, b0 = i + 1, j + 1
    return found


def _anchors(
    a: Sequence[int], b: Sequence[int], within: tuple[int, int, int, int], length: int
) -> list[tuple[int, int]]:
    """Where runs of `length` begin that occur once on both sides; as many as are in order."""
    a0, a1, b0, b1 = within
    once_a, once_b = _once(a, a0, a1, length), _once(b, b0, b1, length)
    pairs = [(i, j) for run, j in once_b.items() if (i := once_a.get(run)) is not None]
    return _longest_increasing(pairs)


def _once(words: Sequence[int], start: int, end: int, length: int) -> dict[tuple[int, ...], int]:
    """The runs of `length` that occur once, in order, and where."""
    seen: dict[tuple[int, ...], int] = {}
    for index, run in enumerate(
        zip(*(words[start + k : end] for k in range(length)), strict=False)
    ):
        seen[run] = -1 if run in seen else start + index
    return {run: index for run, index in seen.items() if index >= 0}


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most pairs whose first numbers increase; their second numbers do already."""
    tails: list[int] = []
    tail_pairs: list[int] = []
    before: list[int] = []
    for index, (i, _) in enumerate(pairs):
        place = bisect_left(tails, i)
        before.append(tail_pairs[place - 1] if place else -1)
        if place == len(tails):
            tails.append(i)
            tail_pairs.append(index)
        else:
            tails[place], tail_pairs[place] = i, index
    chosen: list[tuple[int, int]] = []
    at = tail_pairs[-1] if tail_pairs else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]


def _match_subsequence(a: Sequence[int], b: Sequence[int], a0: int, b0: int, found: Found) -> None:
    """Match the longest common subsequence, a row of bits at a time.

    Source: Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA 2004.
    """
    if len(a) * len(b) > MAX_BITS:
        return
    places: dict[int, int] = {}
    for index, word in enumerate(a):
        places[word] = places.get(word, 0) | 1 << index
    full = (1 << len(a)) - 1
    row, rows = full, []
    for word in b:
        hits = row & places.get(word, 0)
        row = ((row + hits) | (row - hits)) & full
        rows.append(row)
    i, j = len(a) - 1, len(b) - 1
    while i >= 0 and j >= 0:
        if rows[j] >> i & 1:
            i -= 1
        elif j and not rows[j - 1] >> i & 1:
            j -= 1
        else:
            found[b0 + j] = a0 + i
            i, j = i - 1, j - 1


def equal_runs(found: Found) -> list[Run]:
    """Where words are the same in a row."""
    runs: list[Run] = []
    a0 = b0 = length = 0
    for j, i in enumerate(found):
        if i is None:
            continue
        if length and i == a0 + length and j == b0 + length:
            length += 1
            continue
        if length:
            runs.append((a0, b0, length))
        a0, b0, length = i, j, 1
    return [*runs, (a0, b0, length)] if length else runs


def without_strays(
    found: Found,
    n_old: int,
    *,
    sure: Set[int] = frozenset(),
    likely: Set[int] = frozenset(),
) -> Found:
    """Without the matches that are chance, as their neighbours tell.

    Args:
        found: the matches.
        n_old: how many old words there are.
        sure: new words that are the same even if they are alone.
        likely: new words for which half as many neighbours are enough.
    """
    kept = list(found)
    while True:
        runs = equal_runs(kept)
        ends = [(0, 0, 0), *runs, (n_old, len(kept), 0)]
        gaps = [
            min(right[0] - left[0] - left[2], right[1] - left[1] - left[2])
            for left, right in pairwise(ends)
        ]
        strays = []
        for index, (_, b0, length) in enumerate(runs):
            words = range(b0, b0 + length)
            if length >= SOLID_WORDS or not sure.isdisjoint(words):
                continue
            if _is_alone(index, runs, gaps, MIN_SHARE / (1 if likely.isdisjoint(words) else 2)):
                strays.append(words)
        if not strays:
            return kept
        for words in strays:
            kept[words.start : words.stop] = [None] * len(words)


def _is_alone(index: int, runs: Sequence[Run], gaps: Sequence[int], share: float) -> bool:
    """Whether less than a share around a run matches; `gaps[index]` words before it do not."""
    equal, unequal = runs[index][2], 0
    for step in (-1, 1):
        room, at = NEIGHBOURS, index
        while room > 0 and 0 <= at < len(runs):
            gap = gaps[at + (step > 0)]
            unequal += min(gap, room)
            room -= gap
            at += step
            if room > 0 and 0 <= at < len(runs):
                equal += min(runs[at][2], room)
                room -= runs[at][2]
    return unequal >= MANY and equal < share * (equal + unequal)
