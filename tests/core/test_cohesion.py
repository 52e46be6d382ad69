"""Stretches that draw on the same words hang together; the frozen texts stay above their floors."""

import itertools
import math

import pytest

from benchmarks.chapter_turns import FROZEN, GROUPS, Score, ours, text_tiling, texts_in
from shownotes.core.cohesion import Cohesion

TERMS = [
    ["ferry", "port"],
    ["port", "ferry", "rope"],
    ["yeast", "oven"],
    ["oven", "yeast", "crust"],
]


def likelihoods(terms: list[list[str]]) -> dict[tuple[int, int], float]:
    cohesion = Cohesion(terms=terms, strength=5.0)
    return {
        (begin, end): value
        for end in range(1, len(terms) + 1)
        for begin, value in cohesion.ending_at(end)
    }


def test_a_cut_between_subjects_makes_the_text_likelier_than_any_other() -> None:
    found = likelihoods(TERMS)
    cuts = {cut: found[0, cut] + found[cut, 4] for cut in (1, 2, 3)}
    assert max(cuts, key=lambda cut: cuts[cut]) == 2
    assert cuts[2] > found[0, 4]


def test_one_subject_is_likelier_whole() -> None:
    found = likelihoods([["ferry", "port", "rope"]] * 4)
    assert all(found[0, 4] > found[0, cut] + found[cut, 4] for cut in (1, 2, 3))


def test_the_likelihoods_of_all_that_can_be_said_add_up_to_one() -> None:
    # Every ordered pair of words out of a text of two words, said as often.
    terms = [["a"], ["b"]]
    cohesion = Cohesion(terms=terms, strength=3.0, evenness=0.4)
    total = 0.0
    for pair in itertools.product("ab", repeat=2):
        twice = Cohesion(terms=[*terms, list(pair)], strength=3.0, evenness=1.0)
        total += math.exp(dict(twice.ending_at(3, first=2))[2])
    assert total == pytest.approx(1.0)
    assert math.exp(dict(cohesion.ending_at(1))[0]) == pytest.approx(0.5)


def test_a_text_without_telling_words_has_no_cohesion() -> None:
    assert likelihoods([[], []]) == {(0, 1): 0.0, (1, 2): 0.0, (0, 2): 0.0}


def test_turns_of_the_frozen_texts_are_found() -> None:
    """The floors of the benchmark, on texts that no constant was set on."""
    texts = list(texts_in(FROZEN))
    assert len(texts) >= 40
    scores = {name: Score() for name in GROUPS}
    plain = Score()
    for text in texts:
        found = ours(text)
        plain.add(text, text_tiling(text))
        for name, belongs in GROUPS.items():
            if belongs(text):
                scores[name].add(text, found)
    assert scores["all"].f1 >= 0.73
    assert scores["signed"].f1 >= 0.82
    assert scores["silent"].f1 >= 0.62
    assert scores["all"].f1 >= plain.f1 + 0.15
