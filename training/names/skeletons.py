"""Tells passages that share a skeleton: `python -m training.names.skeletons [FILE ...]`.

A skeleton is a passage without its slots. Two passages share one when the shorter one's groups of
five words stand to more than `LARGEST_OVERLAP` in the other. With files, they are read as passages
too, mistakes in their mark-up are printed, and so is every overlap that touches them.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from training.names.corpus import KNOWN_LABELS, fill, read_file, read_templates, skeleton
from training.names.lexicon import Lexicon

FOLDER = Path(__file__).parent
GRAM = 5
LARGEST_OVERLAP = 0.3
# Shorter skeletons have too few word groups for a share to mean anything.
FEWEST_GRAMS = 4
_LITERAL_LABEL = re.compile(r"\[[^|\]]+\|([A-Za-z_]+)")


def find_grams(template: str) -> frozenset[tuple[str, ...]]:
    """The groups of five words outside the slots."""
    runs = skeleton(template)
    return frozenset(
        tuple(run[at : at + GRAM]) for run in runs for at in range(len(run) - GRAM + 1)
    )


def find_overlaps(templates: list[tuple[str, str]]) -> list[tuple[str, str, float]]:
    """Pairs of passages that share a skeleton, with the share."""
    groups = {name: find_grams(template) for name, template in templates}
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, group in groups.items():
        for gram in group:
            holders[gram].append(name)
    shared: Counter[tuple[str, str]] = Counter()
    for names in holders.values():
        for index, first in enumerate(names):
            for second in names[index + 1 :]:
                shared[first, second] += 1
    found = []
    for (first, second), count in shared.items():
        size = min(len(groups[first]), len(groups[second]))
        if size >= FEWEST_GRAMS and count / size >= LARGEST_OVERLAP:
            found.append((first, second, count / size))
    return found


def find_mistakes(name: str, template: str, lexicon: Lexicon) -> list[str]:
    """What is wrong with a passage's mark-up."""
    try:
        passage = fill(name, template, lexicon, random.Random(1))
    except KeyError as error:
        return [f"{name}: no such slot: {error}"]
    mistakes = [
        f"{name}: no such label: {label}"
        for label in _LITERAL_LABEL.findall(template)
        if label not in KNOWN_LABELS
    ]
    if set("{}|") & set(passage.text):
        mistakes.append(f"{name}: mark-up left over: {passage.text}")
    variables = {a.variable for a in passage.people}
    mistakes += [
        f"{name}: '>{a.owner}' belongs to nobody"
        for a in passage.annotations
        if a.owner and a.owner not in variables
    ]
    return mistakes


def main() -> None:
    """Command line."""
    lexicon = Lexicon()
    paths = [Path(argument) for argument in sys.argv[1:]]
    written = [passage for path in paths for passage in read_file(path)]
    templates = [
        passage
        for passage in read_templates(FOLDER / "passages")
        if passage[0] not in {name for name, _ in written}
    ]
    complaints = [m for passage in written for m in find_mistakes(*passage, lexicon)]
    touched = {name for name, _ in written or templates}
    complaints += [
        f"{first} and {second} share {share:.0%} of their skeleton"
        for first, second, share in find_overlaps(templates + written)
        if {first, second} & touched
    ]
    print("\n".join(complaints) or f"{len(written or templates)} passages, no complaints")


if __name__ == "__main__":
    main()
