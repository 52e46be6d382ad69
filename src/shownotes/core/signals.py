"""Learned linear signals: how likely each of a few classes is, given the features of one thing.

Why linear: the weights are a table that a person can read, they load in a moment, and no library is
needed to apply them. They are trained by `training/names/`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """Weights by feature, one for each class.

    Attributes:
        classes: what is told apart, in the order of the weights.
    """

    classes: Sequence[str]
    weights: Mapping[str, Sequence[float]]

    def score(self, features: Mapping[str, float]) -> dict[str, float]:
        """Probability of each class; features that were never seen count nothing."""
        totals = [0.0] * len(self.classes)
        for feature, value in features.items():
            row = self.weights.get(feature)
            if row is not None:
                totals = [total + value * w for total, w in zip(totals, row, strict=True)]
        highest = max(totals)
        powers = [math.exp(total - highest) for total in totals]
        return {name: power / sum(powers) for name, power in zip(self.classes, powers, strict=True)}


def switch_on(features: Sequence[str]) -> dict[str, float]:
    """Features that are there or not, each counted so that many do not drown few."""
    share = 1.0 / math.sqrt(max(1, len(features)))
    return dict.fromkeys(features, share)
