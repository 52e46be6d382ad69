"""Learned linear signals: how likely each of a few classes is, given the features of one thing.

Why linear: the weights are a table that a person can read, they load in a moment, and no library is
needed to apply them. They are trained by `training/names/`.
"""

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Weights are kept in thousandths: whole numbers are read in half the time.
_SCALE = 1000


@dataclass(frozen=True, slots=True)
class Signal:
    """Weights by feature, one for each class.

    Attributes:
        classes: what is told apart, in the order of the weights.
        scale: what the weights are divided by.
    """

    classes: Sequence[str]
    weights: Mapping[str, Sequence[float]]
    scale: float = 1.0

    def score(self, features: Mapping[str, float]) -> dict[str, float]:
        """Probability of each class; features that were never seen count nothing."""
        values, rows = [], []
        for feature, value in features.items():
            row = self.weights.get(feature)
            if row is not None:
                values.append(value)
                rows.append(row)
        totals = [
            sum(map(operator.mul, values, column)) / self.scale
            for column in zip(*rows, strict=True)
        ] or [0.0] * len(self.classes)
        highest = max(totals)
        powers = [math.exp(total - highest) for total in totals]
        return {name: power / sum(powers) for name, power in zip(self.classes, powers, strict=True)}


def pack(weights: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """A table of weights as JSON keeps it: names in one text, one list of weights a class."""
    columns = zip(*weights.values(), strict=True)
    return {
        "features": "\n".join(weights),
        "weights": [[round(weight * _SCALE) for weight in column] for column in columns],
    }


def unpack(classes: Sequence[str], packed: Mapping[str, Any]) -> Signal:
    """The signal of a table that `pack` made."""
    rows = zip(*packed["weights"], strict=True)
    return Signal(classes, dict(zip(packed["features"].split("\n"), rows, strict=True)), _SCALE)


def switch_on(features: Sequence[str]) -> dict[str, float]:
    """Features that are there or not, each counted so that many do not drown few."""
    share = 1.0 / math.sqrt(max(1, len(features)))
    return dict.fromkeys(features, share)
