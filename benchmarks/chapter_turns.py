"""How well chapters begin where topics turn: joined texts with known boundaries.

    python -m benchmarks.chapter_turns                    the frozen texts in benchmarks/chapters
    python -m benchmarks.chapter_turns training/chapters  those that constants were set on
    ... --each                                            a line for every text

A text is made of topics that follow each other, one sentence a line; `== Title | kind` says how
the turn into a topic shows: `cue` in words, `pause` in the sound, `cue pause` in both, `none` in
neither.
Words are given times as spoken (seeded by the file's name), with longer pauses at some places where
no topic turns as well. Measured beside plain TextTiling and even spacing.

Source: Beeferman, Berger, Lafferty, "Statistical Models for Text Segmentation", 1999 (Pk); Pevzner,
Hearst, "A Critique and Improvement of an Evaluation Metric", 2002 (WindowDiff); Hearst 1997.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, pstdev

from shownotes.adapters.languages import load_wording
from shownotes.core import chapters, salience
from shownotes.core.titles import Naming
from shownotes.model import Sentence, Word
from shownotes.settings import ChapterSettings

FROZEN = Path(__file__).parent / "chapters"
# A found turn counts when it lies within so many sentences of a true one.
NEAR = 2
# Seconds of a spoken word and of the pauses after a sentence.
WORD_S = (0.28, 0.46)
USUAL_PAUSE_S, LONG_PAUSE_S, DECOY_PAUSE_S = (0.15, 0.6), (1.2, 2.5), (0.9, 1.6)
# Share of gaps within a topic that hold a long pause all the same.
DECOYS = 0.04
# Hearst's pseudo-sentences of 20 words, blocks of 10 of them.
TILE_WORDS, TILE_BLOCK = 20, 10


@dataclass(frozen=True)
class Text:
    """A joined text: its sentences, where topics begin, and how each turn shows."""

    name: str
    is_one_domain: bool
    sentences: tuple[Sentence, ...]
    turns: tuple[int, ...]
    kinds: tuple[str, ...]
    titles: tuple[str, ...]

    @property
    def is_silent(self) -> bool:
        """No turn shows by cue or pause."""
        return all(kind == "none" for kind in self.kinds)


def read(path: Path) -> Text:
    """A text from its file, with spoken times."""
    lines = path.read_text(encoding="utf-8").splitlines()
    drawn = random.Random(path.stem)
    sentences: list[Sentence] = []
    turns: list[int] = []
    kinds: list[str] = []
    titles: list[str] = []
    clock, kind = 0.0, ""
    for line in lines[1:]:
        if line.startswith("== "):
            title, _, kind = line.removeprefix("== ").partition(" | ")
            titles.append(title)
            if kind != "start":
                turns.append(len(sentences))
                kinds.append(kind)
            continue
        if not line.strip():
            continue
        begins = bool(turns) and turns[-1] == len(sentences)
        pause = _pause(drawn, is_long=begins and "pause" in kind, is_turn=begins)
        clock += pause if sentences else 0.0
        words = []
        for text in line.split():
            length = drawn.uniform(*WORD_S)
            words.append(Word(text=text, start=clock, end=clock + length))
            clock += length
        sentences.append(
            Sentence(
                index=len(sentences),
                text=line.strip(),
                start=words[0].start,
                end=clock,
                segment=len(sentences),
                pause_before=pause if sentences else 0.0,
                words=tuple(words),
            )
        )
    return Text(
        name=path.stem,
        is_one_domain=lines[0] == "domain: one",
        sentences=tuple(sentences),
        turns=tuple(turns),
        kinds=tuple(kinds),
        titles=tuple(titles),
    )


def _pause(drawn: random.Random, *, is_long: bool, is_turn: bool) -> float:
    if is_long:
        return drawn.uniform(*LONG_PAUSE_S)
    if not is_turn and drawn.random() < DECOYS:
        return drawn.uniform(*DECOY_PAUSE_S)
    return drawn.uniform(*USUAL_PAUSE_S)


# --------------------------------------------------------------------------- who divides


def ours(text: Text) -> list[int]:
    """Our chapters, with the settings' defaults."""
    found = _chapters(text)
    starts = {round(s.start, 6): s.index for s in text.sentences}
    return [starts[round(c.start, 6)] for c in found[1:]]


def _chapters(text: Text) -> tuple[chapters.Chapter, ...]:
    usual = ChapterSettings()
    return chapters.divide(
        text.sentences,
        duration=text.sentences[-1].end,
        min_length_s=usual.min_length_s,
        target_length_s=usual.target_length_s,
        naming=Naming(wording=load_wording("en")),
    )


def text_tiling(text: Text) -> list[int]:
    """Plain TextTiling: a turn where the depth is above the mean less half a spread."""
    wording = load_wording("en")
    words = [(w.text, s.index) for s in text.sentences for w in s.words]
    tiles: list[Counter[str]] = []
    begins: list[int] = []
    for at in range(0, len(words), TILE_WORDS):
        piece = words[at : at + TILE_WORDS]
        stems = [salience.stem(w) for w, _ in piece if not wording.has("stop_words", w)]
        tiles.append(Counter(stem for stem in stems if stem))
        begins.append(piece[0][1])
    gaps = range(1, len(tiles))
    likeness = [
        chapters._cosine(
            sum(tiles[max(0, g - TILE_BLOCK) : g], Counter()),
            sum(tiles[g : g + TILE_BLOCK], Counter()),
        )
        for g in gaps
    ]
    depths = [_depth(likeness, i) for i in range(len(likeness))]
    floor = mean(depths) - pstdev(depths) / 2
    peaks = [
        g
        for i, g in enumerate(gaps)
        if depths[i] > floor and depths[i] == max(depths[max(0, i - 2) : i + 3])
    ]
    return sorted({begins[g] for g in peaks} - {0})


def _depth(likeness: Sequence[float], at: int) -> float:
    left = right = at
    while left > 0 and likeness[left - 1] >= likeness[left]:
        left -= 1
    while right + 1 < len(likeness) and likeness[right + 1] >= likeness[right]:
        right += 1
    return likeness[left] + likeness[right] - 2 * likeness[at]


def even(text: Text) -> list[int]:
    """As many turns as there are, spaced evenly: it is told the right number."""
    total, count = text.sentences[-1].end, len(text.turns) + 1
    wanted = [total * i / count for i in range(1, count)]
    return sorted({min(text.sentences, key=lambda s: abs(s.start - t)).index for t in wanted} - {0})


# --------------------------------------------------------------------------- how well


@dataclass
class Score:
    """Counts over texts."""

    hits: int = 0
    found: int = 0
    true: int = 0
    pk: float = 0.0
    window_diff: float = 0.0
    texts: int = 0

    def add(self, text: Text, turns: Sequence[int]) -> None:
        """Count one text."""
        self.hits += _matches(turns, text.turns)
        self.found += len(turns)
        self.true += len(text.turns)
        pk, window_diff = _penalties(turns, text.turns, len(text.sentences))
        self.pk += pk
        self.window_diff += window_diff
        self.texts += 1

    @property
    def f1(self) -> float:
        """Of turns within `NEAR` sentences."""
        return 2 * self.hits / (self.found + self.true) if self.found + self.true else 0.0

    def __str__(self) -> str:
        n = max(1, self.texts)
        return (
            f"F1 {self.f1:.3f}  precision {self.hits / max(1, self.found):.3f}  "
            f"recall {self.hits / max(1, self.true):.3f}  Pk {self.pk / n:.3f}  "
            f"WindowDiff {self.window_diff / n:.3f}  ({self.texts} texts, {self.true} turns)"
        )


def _matches(found: Sequence[int], true: Sequence[int]) -> int:
    """Pairs within `NEAR`, each used once, nearest first."""
    pairs = sorted((abs(f - t), f, t) for f in found for t in true if abs(f - t) <= NEAR)
    left, right = set(), set()
    for _, f, t in pairs:
        if f not in left and t not in right:
            left.add(f)
            right.add(t)
    return len(left)


def _penalties(found: Sequence[int], true: Sequence[int], count: int) -> tuple[float, float]:
    """Pk and WindowDiff, in sentences, with half the mean topic as window."""
    k = max(2, round(count / (len(true) + 1) / 2))
    spans = [(i, i + k) for i in range(count - k)]
    wrong = differ = 0
    for first, last in spans:
        one = sum(first < t <= last for t in true)
        two = sum(first < t <= last for t in found)
        wrong += (one == 0) != (two == 0)
        differ += one != two
    return wrong / len(spans), differ / len(spans)


GROUPS: dict[str, Callable[[Text], bool]] = {
    "all": lambda _text: True,
    "signed": lambda text: not text.is_silent,
    "silent": lambda text: text.is_silent,
    "one domain": lambda text: text.is_one_domain,
}


def texts_in(folder: Path) -> Iterator[Text]:
    """Every text of a folder."""
    for path in sorted(folder.glob("*.txt")):
        yield read(path)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FROZEN)
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--titles", action="store_true", help="our titles beside the writers'")
    options = parser.parse_args()
    texts = list(texts_in(options.folder))
    dividers = {"ours": ours, "TextTiling": text_tiling, "even spacing": even}
    found = {name: {t.name: divide(t) for t in texts} for name, divide in dividers.items()}
    if options.each:
        for text in texts:
            score = Score()
            score.add(text, found["ours"][text.name])
            print(text.name, score, text.turns, found["ours"][text.name])
    if options.titles:
        for text in texts:
            print(text.name, "|", " / ".join(text.titles))
            print("    ours:", " / ".join(c.title for c in _chapters(text)))
    for group, belongs in GROUPS.items():
        for name in dividers:
            score = Score()
            for text in filter(belongs, texts):
                score.add(text, found[name][text.name])
            print(f"{group:<11} {name:<13} {score}")


if __name__ == "__main__":
    main()
