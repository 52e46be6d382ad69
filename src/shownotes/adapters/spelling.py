"""The one module that knows rapidfuzz and jellyfish: whether two words are one name misspelt.

Why these: rapidfuzz compares letters in C, a million pairs a second; jellyfish has the sound codes
that it lacks. Both are small, kept and without dependencies.
"""

from functools import lru_cache

import jellyfish
from rapidfuzz import fuzz

# Letters alike, 0 to 100. "Takahashi" and "Takahasi" stand at 94, "Martin" and "Marvin" at 83; long
# names bear more ("Kowalczyk" and "Kowalchik", 78).
SAME_LETTERS = 84.0
LONG_SAME_LETTERS, LONG = 76.0, 8
# Words that sound alike must also share this much of their letters: Metaphone drops all vowels,
# and "Hassan" sounds like "Hussein".
SAME_SOUND_LETTERS = 62.0
# Below this a sound code says too little.
_SHORTEST_SOUND = 3
_SHORTEST_WORD = 4


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """How an English speaker would say a word, as consonants (Metaphone)."""
    return jellyfish.metaphone(word)


def is_alike(first: str, second: str) -> bool:
    """Whether two words of names, in lower case, are spellings of one."""
    if min(len(first), len(second)) < _SHORTEST_WORD:
        return first == second
    letters = fuzz.ratio(first, second, score_cutoff=SAME_SOUND_LETTERS)
    if letters >= (LONG_SAME_LETTERS if min(len(first), len(second)) >= LONG else SAME_LETTERS):
        return True
    if not letters:
        return False
    said = sound(first)
    return len(said) >= _SHORTEST_SOUND and said == sound(second)
