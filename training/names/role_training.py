"""Fits the role signal: a linear softmax model over the features of `shownotes.core.roles`."""

from __future__ import annotations

import math
import random
from collections import defaultdict

from shownotes.core.roles import ROLES, NamedSpan, RoleSignal, describe_people
from training.names.augment import augment, join
from training.names.corpus import Passage, fill
from training.names.lexicon import Lexicon

FILLS = 8
EPOCHS = 6
LEARN_RATE = 0.25
DECAY = 2e-4
# How much an example of each role counts: in real episodes most names are merely mentioned.
ROLE_WEIGHTS = (1.3, 1.0, 1.6)
# Share of passages in which other words are swapped; fewer than for the recogniser, since here
# words are the cue.
SWAPPED = 0.15
# A feature that stands in one passage only would be learned by heart.
MIN_PASSAGES = 2
# Share of the names that are not people and are hidden, as a recogniser misses some.
MISSED = 0.4

Sample = tuple[list[str], int, str]


def train_roles(templates: list[tuple[str, str]], seed: int) -> dict[str, list[float]]:
    """Fits weights on `FILLS` fillings of every passage, alone or after another."""
    rng = random.Random(seed)
    samples = make_samples(templates, FILLS, rng)
    seen: dict[str, set[str]] = defaultdict(set)
    for features, _, name in samples:
        for feature in features:
            seen[feature].add(name)
    common = {feature for feature, names in seen.items() if len(names) >= MIN_PASSAGES}
    weights = _fit(samples, common, rng)
    kept = {
        f: [round(w, 3) for w in row] for f, row in weights.items() if max(map(abs, row)) >= 0.02
    }
    print(f"role signal: {len(samples)} people, {len(kept)} features")
    return kept


def make_samples(templates: list[tuple[str, str]], fills: int, rng: random.Random) -> list[Sample]:
    """Features, role and passage of every person in freshly filled passages."""
    lexicon = Lexicon()
    samples: list[Sample] = []
    for _ in range(fills):
        order = rng.sample(templates, len(templates))
        while order:
            count = min(rng.choice((1, 1, 2)), len(order))
            parts = [fill(*order.pop(), lexicon, rng) for _ in range(count)]
            samples += _describe(augment(join(parts), lexicon, rng, swapped=SWAPPED), rng)
    return samples


def _describe(passage: Passage, rng: random.Random) -> list[Sample]:
    kept = [a for a in passage.annotations if a.label == "PERSON" or rng.random() >= MISSED]
    spans = [NamedSpan(a.start, a.end, a.label) for a in kept]
    people = [a for a in kept if a.label == "PERSON"]
    described = zip(describe_people(passage.text, spans), people, strict=True)
    names = passage.name.split("+")
    return [
        (
            features,
            ROLES.index(a.role or ""),
            names[int((a.variable or "0")[-1])] if a.variable else names[0],
        )
        for features, a in described
    ]


def _fit(samples: list[Sample], common: set[str], rng: random.Random) -> dict[str, list[float]]:
    """Stochastic gradient descent with AdaGrad and weight decay on the features used."""
    weights: dict[str, list[float]] = {}
    sums: dict[str, float] = defaultdict(lambda: 1e-6)
    signal = RoleSignal(weights)
    data = [([f for f in features if f in common], role) for features, role, _ in samples]
    for _ in range(EPOCHS):
        rng.shuffle(data)
        for features, gold in data:
            scores = signal.score(features)
            errors = [(1.0 if i == gold else 0.0) - scores[role] for i, role in enumerate(ROLES)]
            errors = [error * ROLE_WEIGHTS[gold] for error in errors]
            size = sum(error * error for error in errors)
            for feature in features:
                sums[feature] += size
                rate = LEARN_RATE / math.sqrt(1.0 + sums[feature]) / math.sqrt(len(features))
                row = weights.get(feature, [0.0, 0.0, 0.0])
                weights[feature] = [
                    w + rate * e - DECAY * w for w, e in zip(row, errors, strict=True)
                ]
    return weights
