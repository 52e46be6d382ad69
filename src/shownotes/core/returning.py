"""Words that were cut and are there again: an advertisement that comes back, a cut taken back.

Looked for where they were cut, among the words that are new there. What is put in the place of
something else has words of it by chance; a passage that returns has most of them, or many in a row.
"""

from collections.abc import Sequence

from shownotes.core.alignment import Timed, key, pair_by_time
from shownotes.core.matching import (
    MIN_SHARE,
    SOLID_WORDS,
    Found,
    equal_runs,
    match,
    without_strays,
)


def find_returned(gone: Sequence[Timed], new: Sequence[Timed]) -> Found:
    """For every new word the index of the word that was cut there and that it is, or `None`.

    Args:
        gone: what was cut in one place, in order.
        new: what is new there.
    """
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(key(word[0]), len(numbers)) for word in gone]
    b = [numbers.setdefault(key(word[0]), len(numbers)) for word in new]
    found = without_strays(match(a, b), len(gone))
    equal = sum(index is not None for index in found)
    if equal < MIN_SHARE * max(len(gone), len(new)):
        for _, first, length in equal_runs(found):
            if length < SOLID_WORDS:
                found[first : first + length] = [None] * length
    return pair_by_time(gone, new, found)
