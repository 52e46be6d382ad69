"""How well sentences hang together as one topic: do they draw on the same words again and again?

A stretch about one subject repeats its words. Each stretch is taken to be drawn from its own
bag of words; how likely its words are under the best guess at such a bag, summed out, is its
cohesion. Cutting a text where the subject changes makes the whole likelier, cutting elsewhere less.

Source: Eisenstein, Barzilay, "Bayesian Unsupervised Topic Segmentation", EMNLP 2008 (the
Dirichlet compound multinomial as a segment's likelihood).
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Cohesion:
    """The cohesion of stretches of one text.

    Attributes:
        terms: the telling words of every sentence, in order.
        strength: how many words' worth it is expected that any stretch speaks like the whole text;
            less makes words that come back within a stretch weigh more.
        evenness: which share of that is the same for every word of the text, often said or not.
    """

    terms: Sequence[Sequence[str]]
    strength: float
    evenness: float = 0.5
    _ids: list[tuple[int, ...]] = field(default_factory=list, repr=False)
    _log_counts: list[list[float]] = field(default_factory=list, repr=False)
    _log_total: list[float] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        counts = Counter(term for sentence in self.terms for term in sentence)
        numbers = {term: number for number, term in enumerate(counts)}
        self._ids = [tuple(numbers[term] for term in sentence) for sentence in self.terms]
        total, width = max(1, counts.total()), max(1, len(counts))
        for count in counts.values():
            share = self.evenness / width + (1 - self.evenness) * count / total
            expected = self.strength * share
            self._log_counts.append([math.log(n + expected) for n in range(count)])
        # What the words so far are divided by: the sum of its logarithms.
        running = [0.0]
        for n in range(total):
            running.append(running[-1] + math.log(n + self.strength))
        self._log_total = running

    def ending_at(self, end: int, *, first: int = 0) -> Iterator[tuple[int, float]]:
        """`(begin, log likelihood of sentences[begin:end])` for begin = end - 1 down to `first`."""
        counts = [0] * len(self._log_counts)
        log_counts, log_total = self._log_counts, self._log_total
        total, words = 0.0, 0
        for begin in range(end - 1, first - 1, -1):
            for number in self._ids[begin]:
                total += log_counts[number][counts[number]]
                counts[number] += 1
            words += len(self._ids[begin])
            yield begin, total - log_total[words]
