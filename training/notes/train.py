"""What a sentence is worth alone: weights from editors' judgements -> languages/en_worth.json.

    python -m training.notes.train            train, cross-validate by text, write
    python -m training.notes.train --check    only cross-validate

`judgements.tsv` holds a line a sentence: text, number of the sentence, score 0 to 3, flags. The
texts are those of training/chapters, training/reading and benchmarks/chapters (frozen for where
topics turn, which nothing here is about); those of benchmarks/reading are not among them. Logistic
regression with a quadratic penalty, by gradient descent in numpy.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.chapter_turns import FROZEN, read
from shownotes.adapters.languages import load_wording
from shownotes.core import salience
from shownotes.core.sentences import split
from shownotes.core.worth import describe, places
from shownotes.model import Sentence
from shownotes.steps import lookup

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "src" / "shownotes" / "languages" / "en_worth.json"
# What a score is worth as a probability of being printable alone.
PRINTABLE = (0.0, 0.2, 0.85, 1.0)
PENALTY = 5.0
# A feature seen in fewer sentences is left out.
FEWEST = 3
# A weight smaller than this is left out.
LEAST = 0.02
STEPS, RATE = 300, 0.5
FOLDS = 6
JUDGED = ("claim", "quote", "service", "scene", "hook")


class Described(Protocol):
    """Anything with features."""

    @property
    def found(self) -> dict[str, float]:
        """By name."""


@dataclass(frozen=True)
class Judged:
    """A sentence with its features and its judgement."""

    text: str
    sentence: Sentence
    found: dict[str, float]
    score: int
    flags: str

    @property
    def claim(self) -> float:
        """How printable it is alone, 0 to 1."""
        return PRINTABLE[self.score]

    @property
    def quote(self) -> float:
        """Whether it would be quoted, and can be."""
        return float("q" in self.flags) * (0.0, 0.5, 1.0, 1.0)[self.score]

    @property
    def service(self) -> float:
        """Whether it runs the show: sponsors, credits, greetings."""
        return float("s" in self.flags)

    @property
    def scene(self) -> float:
        """Whether it tells a moment of a story."""
        return float("n" in self.flags)

    @property
    def hook(self) -> float:
        """Whether it would open the notes."""
        return float("h" in self.flags) * (0.0, 0.5, 1.0, 1.0)[self.score]


def sentences_of(name: str) -> Sequence[Sentence]:
    """The sentences of one of our texts, as the program splits them."""
    for folder in (HERE.parent / "chapters", FROZEN):
        if (folder / f"{name}.txt").is_file():
            return read(folder / f"{name}.txt").sentences
    transcript = lookup.read_transcript(HERE.parent / "reading" / f"{name}.txt", language="en")
    return split(transcript)


def load() -> list[Judged]:
    """Every judged sentence."""
    scores: dict[str, dict[int, tuple[int, str]]] = {}
    for line in (HERE / "judgements.tsv").read_text(encoding="utf-8").splitlines():
        name, number, score, flags = line.split("\t")
        scores.setdefault(name, {})[int(number)] = (int(score), flags)
    wording, judged = load_wording("en"), []
    for name, given in scores.items():
        sentences = sentences_of(name)
        vocabulary = salience.learn(sentences, wording)
        for place in places(sentences):
            if place.sentence.index in given:
                found = describe(place, vocabulary)
                judged.append(Judged(name, place.sentence, found, *given[place.sentence.index]))
    return judged


def fit(judged: Sequence[Described], targets: NDArray[np.float64]) -> dict[str, float]:
    """Weights by feature; `""` is the constant."""
    counts = Counter(name for one in judged for name in one.found)
    names = sorted(name for name, count in counts.items() if count >= FEWEST)
    columns = {name: index for index, name in enumerate(names)}
    matrix = np.zeros((len(judged), len(names) + 1))
    matrix[:, -1] = 1.0
    for row, one in enumerate(judged):
        for name, value in one.found.items():
            if name in columns:
                matrix[row, columns[name]] = value
    weights = np.zeros(matrix.shape[1])
    momentum = np.zeros_like(weights)
    scale = 1.0 / len(judged)
    for _ in range(STEPS):
        guess = 1 / (1 + np.exp(-matrix @ weights))
        gradient = scale * (matrix.T @ (guess - targets))
        gradient[:-1] += scale * PENALTY * weights[:-1]
        momentum = 0.9 * momentum + gradient
        weights -= RATE * momentum
    learned = {name: round(float(weights[column]), 3) for name, column in columns.items()}
    return {"": round(float(weights[-1]), 3), **{n: w for n, w in learned.items() if abs(w) > 0.01}}


def write(weights: dict[str, dict[str, float]]) -> None:
    """Store the weights, without those that hardly count."""
    kept = {
        what: {name: round(w, 2) for name, w in found.items() if abs(w) >= LEAST or not name}
        for what, found in weights.items()
    }
    TARGET.write_text(json.dumps(kept, ensure_ascii=False, indent=0, sort_keys=True) + "\n")


def judge(weights: dict[str, float], found: dict[str, float]) -> float:
    """The sum before it is made a probability."""
    return weights[""] + sum(weights.get(name, 0.0) * value for name, value in found.items())


def cross_validate(judged: Sequence[Judged]) -> None:
    """Print how good the best five of every text are when it was not learned from."""
    texts = sorted({one.text for one in judged})
    good: dict[str, list[float]] = {}
    for fold in range(FOLDS):
        held = set(texts[fold::FOLDS])
        learn = [one for one in judged if one.text not in held]
        for what in JUDGED:
            weights = fit(learn, np.array([getattr(one, what) for one in learn]))
            for text in held:
                own = [one for one in judged if one.text == text]
                if what != "hook":
                    own = [one for one in own if not salience.is_question(one.sentence.text)]
                own.sort(key=lambda one: -judge(weights, one.found))
                best = own[:5] if what != "hook" else own[:1]
                good.setdefault(what, []).append(
                    float(np.mean([getattr(one, what) >= 0.5 for one in best]))
                )
                if what == "claim":
                    zero = float(np.mean([one.score == 0 for one in best]))
                    good.setdefault("unprintable among claims", []).append(zero)
    for what, shares in good.items():
        print(f"{what:26} {np.mean(shares):.3f} of the best, worst text {min(shares):.1f}")


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    judged = load()
    print(len(judged), "sentences,", len({one.text for one in judged}), "texts")
    cross_validate(judged)
    if not options.check:
        weights = {
            what: fit(judged, np.array([getattr(one, what) for one in judged])) for what in JUDGED
        }
        before = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.is_file() else {}
        write({**before, **weights})
        print({what: len(found) for what, found in weights.items()}, "weights")


if __name__ == "__main__":
    main()
