"""The corpus of the names pipeline: large, varied, ours, and apart from the blind set."""

import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from training.names.augment import augment, join
from training.names.corpus import fill, read_templates
from training.names.lexicon import Lexicon
from training.names.skeletons import find_mistakes, find_overlaps

FOLDER = Path(__file__).parents[2] / "training" / "names"
PASSAGES = read_templates(FOLDER / "passages")
BLIND = read_templates(FOLDER / "blind")
GOLD = read_templates(FOLDER / "gold")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon()


def test_there_are_enough_passages() -> None:
    assert len(PASSAGES) >= 2100
    assert len(BLIND) + len(GOLD) >= 100


def test_there_are_many_ways_of_introducing_somebody_and_many_of_not() -> None:
    guests = [text for _, text in PASSAGES if "{guest:" in text or "|guest" in text]
    assert len(guests) >= 800
    assert len(PASSAGES) - len(guests) >= 800


def test_no_two_passages_share_a_skeleton() -> None:
    assert find_overlaps(PASSAGES) == []


def test_blind_passages_are_not_in_the_training_passages() -> None:
    between = [
        (first, second)
        for first, second, _ in find_overlaps(
            PASSAGES + [(f"blind/{name}", text) for name, text in BLIND + GOLD]
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


def test_the_markup_has_no_mistakes(lexicon: Lexicon) -> None:
    assert [m for template in PASSAGES for m in find_mistakes(*template, lexicon)] == []


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
