"""Which language an episode is in, from guesses over several stretches of it."""

from collections import Counter
from collections.abc import Mapping, Sequence


def average(guesses: Sequence[Mapping[str, float]]) -> tuple[str, float]:
    """The language with the highest mean probability, and that mean.

    A mean rather than a vote: one stretch that is certain outweighs one that wavers.

    Raises:
        ValueError: there are no guesses.
    """
    if not guesses:
        raise ValueError("no stretch of speech to tell the language from")
    total: Counter[str] = Counter()
    for guess in guesses:
        total.update(guess)
    code, weight = max(total.items(), key=lambda item: (item[1], item[0]))
    return code, weight / len(guesses)
