"""What makes a chapter's title: weights from judgements -> languages/en_worth.json, `title`.

    python -m training.notes.titles            train, cross-validate by text, write
    python -m training.notes.titles --check    only cross-validate

`titles.tsv` holds a line a candidate: text, first sentence of the chapter, first of the next one,
sentence of the candidate, the candidate, score 0 to 3. The texts are those of `train.py`.
"""

import argparse
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shownotes.adapters.languages import load_wording
from shownotes.core import salience, titles
from shownotes.core.worth import describe_title
from training.notes import train

HERE = Path(__file__).parent
TARGET = (0.0, 0.15, 0.8, 1.0)


@dataclass(frozen=True)
class Judged:
    """A candidate of a chapter."""

    text: str
    chapter: int
    found: dict[str, float]
    score: int


def load() -> list[Judged]:
    """Every judged candidate."""
    rows = defaultdict(list)
    for line in (HERE / "titles.tsv").read_text(encoding="utf-8").splitlines():
        name, *numbers, title, score = line.split("\t")
        rows[name].append((*map(int, numbers), title, int(score)))
    wording, judged = load_wording("en"), []
    for name, found in rows.items():
        sentences = train.sentences_of(name)
        vocabulary = salience.learn(sentences, wording)
        everywhere = Counter(t for s in sentences for t in vocabulary.terms(s.text))
        for first, end, number, title, score in found:
            said = Counter(t for s in sentences[first:end] for t in vocabulary.terms(s.text))
            local = titles.local_weights(said, everywhere)
            features = describe_title(
                title,
                sentences[number],
                place=number - first,
                coverage=titles.coverage(title, local, vocabulary),
                vocabulary=vocabulary,
            )
            judged.append(Judged(name, first, features, score))
    return judged


def main() -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    judged = load()
    texts = sorted({one.text for one in judged})
    best: list[int] = []
    for fold in range(train.FOLDS):
        held = set(texts[fold :: train.FOLDS])
        learn = [one for one in judged if one.text not in held]
        weights = train.fit(learn, np.array([TARGET[one.score] for one in learn]))
        chapters = defaultdict(list)
        for one in judged:
            if one.text in held:
                chapters[one.text, one.chapter].append(one)
        firsts = [
            max(rows, key=lambda one: train.judge(weights, one.found)) for rows in chapters.values()
        ]
        best += [one.score for one in firsts]
    shares = Counter(best)
    print({score: round(count / len(best), 3) for score, count in sorted(shares.items())})
    if not options.check:
        loaded = json.loads(train.TARGET.read_text(encoding="utf-8"))
        loaded["title"] = train.fit(judged, np.array([TARGET[one.score] for one in judged]))
        train.write(loaded)


if __name__ == "__main__":
    main()
