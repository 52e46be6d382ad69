"""The corpus of the names pipeline: large, varied, ours, and apart from the blind set."""

import random
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from training.names.augment import augment, join
from training.names.corpus import fill, read_templates, skeleton
from training.names.lexicon import Lexicon

FOLDER = Path(__file__).parents[2] / "training" / "names"
PASSAGES = read_templates(FOLDER / "passages")
BLIND = read_templates(FOLDER / "blind")
GRAM = 5
# Two passages share a skeleton from this share of the shorter one's word groups on.
LARGEST_OVERLAP = 0.3
# Shorter skeletons have too few word groups for a share to mean anything.
FEWEST_GRAMS = 4


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon()


def grams(template: str) -> frozenset[tuple[str, ...]]:
    runs = skeleton(template)
    return frozenset(
        tuple(run[at : at + GRAM]) for run in runs for at in range(len(run) - GRAM + 1)
    )


def overlapping(templates: list[tuple[str, str]]) -> list[tuple[str, str, float]]:
    groups = {name: grams(template) for name, template in templates}
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


def test_there_are_enough_passages() -> None:
    assert len(PASSAGES) >= 800
    assert len(BLIND) >= 60


def test_no_two_passages_share_a_skeleton() -> None:
    assert overlapping(PASSAGES) == []


def test_blind_passages_are_not_in_the_training_passages() -> None:
    between = [
        (first, second)
        for first, second, _ in overlapping(
            PASSAGES + [(f"blind/{name}", text) for name, text in BLIND]
        )
        if first.startswith("blind/") != second.startswith("blind/")
    ]
    assert between == []


def test_every_role_and_label_is_there(lexicon: Lexicon) -> None:
    rng = random.Random(1)
    annotations = [a for t in PASSAGES for a in fill(*t, lexicon, rng).annotations]
    roles = Counter(a.role for a in annotations if a.label == "PERSON")
    labels = Counter(a.label for a in annotations)
    assert min(roles["host"], roles["guest"], roles["mentioned"]) >= 130
    wanted = ["PERSON", "ORG", "EVENT", "GPE", "LOC", "NORP", "PRODUCT", "LAW", "DATE", "ROLE"]
    wanted += ["WORK_OF_ART"]
    assert {label for label in wanted if labels[label] < 10} == set()


@pytest.mark.parametrize("templates", [PASSAGES, BLIND], ids=["training", "blind"])
def test_marks_are_gone_and_annotations_are_in_order(
    templates: list[tuple[str, str]], lexicon: Lexicon
) -> None:
    rng = random.Random(2)
    for name, template in templates:
        passage = fill(name, template, lexicon, rng)
        assert not set("{}|") & set(passage.text), name
        assert all(a.end <= b.start for a, b in pairwise(passage.annotations)), name
        for annotation in passage.annotations:
            text = passage.text[annotation.start : annotation.end]
            assert text, name
            assert text == text.strip(), name


def test_one_person_has_one_name_within_a_passage(lexicon: Lexicon) -> None:
    template = "{guest:a} is here. {guest:a.first}, hello. {guest:b} too."
    passage = fill("t", template, lexicon, random.Random(3))
    first, short, other = (passage.text[a.start : a.end] for a in passage.people)
    assert short in first
    assert other != first


def test_augmented_text_keeps_its_annotations_in_place(lexicon: Lexicon) -> None:
    rng = random.Random(4)
    for _ in range(200):
        parts = [fill(*template, lexicon, rng) for template in rng.sample(PASSAGES, 2)]
        before = join(parts)
        after = augment(before, lexicon, rng)
        spans = zip(before.annotations, after.annotations, strict=True)
        for a, b in spans:
            assert after.text[b.start : b.end].lower() == before.text[a.start : a.end].lower()


def test_filling_is_seeded(lexicon: Lexicon) -> None:
    name, template = PASSAGES[0]
    first = fill(name, template, lexicon, random.Random(5))
    assert first == fill(name, template, lexicon, random.Random(5))
    assert first != fill(name, template, lexicon, random.Random(6))
