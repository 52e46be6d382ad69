import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.core.alignment import Found, Timed, align, align_timed, key, pair_by_time

WORDS = st.lists(
    st.sampled_from(["the", "The,", "a", "river", "river.", "and", "then", "…"]), max_size=40
)
UNIQUE = st.integers(0, 60).map(lambda count: [f"word{index}" for index in range(count)])


def timed(words: list[str], *, start: float = 0.0, each_s: float = 0.4) -> list[Timed]:
    return [
        (word, round(start + index * each_s, 3), round(start + index * each_s + 0.3, 3))
        for index, word in enumerate(words)
    ]


def later(words: list[Timed], by_s: float) -> list[Timed]:
    return [(text, start + by_s, end + by_s) for text, start, end in words]


def assert_aligned(found: Found, old: list[str], new: list[str]) -> None:
    assert len(found) == len(new)
    indices = [index for index in found if index is not None]
    assert all(left < right for left, right in pairwise(indices))
    for index, text in zip(found, new, strict=True):
        assert index is None or key(old[index]) == key(text)


def test_a_key_is_the_letters_of_a_word() -> None:
    assert key("“Don’t,”") == key("don't") == "dont"
    assert key("Straße") == key("STRASSE.")
    assert key("नमस्ते।") == "नमस्ते"
    assert key("5") != key("6")


def test_words_that_are_all_punctuation_are_compared_as_they_are() -> None:
    assert key("…") == "..."
    assert key("–") != key("!")


@given(WORDS, WORDS)
def test_indices_increase_and_only_equal_words_are_the_same(old: list[str], new: list[str]) -> None:
    assert_aligned(align(old, new), old, new)


@given(WORDS, WORDS, st.floats(-50, 50))
def test_with_times_as_well(old: list[str], new: list[str], start: float) -> None:
    assert_aligned(align_timed(timed(old), timed(new, start=start)), old, new)


@given(WORDS)
def test_the_same_words_are_themselves(words: list[str]) -> None:
    assert align(words, words) == list(range(len(words)))
    assert align_timed(timed(words), timed(words)) == list(range(len(words)))


@given(UNIQUE, st.data())
def test_what_was_cut_and_put_in_is_found_exactly(words: list[str], data: st.DataObject) -> None:
    ends = sorted(data.draw(st.tuples(*[st.integers(0, len(words))] * 3), label="ends"))
    put_in = [f"new{index}" for index in range(data.draw(st.integers(0, 30), label="put in"))]
    first, second, third = ends
    kept = list(range(first)) + list(range(second, third))
    new = [words[index] for index in kept] + put_in + words[third:]
    expected = [*kept, *[None] * len(put_in), *range(third, len(words))]
    assert align(words, new) == expected
    assert align_timed(timed(words), timed(new)) == expected


@given(st.integers(), st.integers(0, 400), st.integers(0, 200))
def test_a_cut_is_found_among_words_that_are_often_said(seed: int, cut: int, put_in: int) -> None:
    chance = random.Random(seed)
    words = said(chance, 600)
    other = [f"{word}ly" for word in said(chance, put_in)]
    new = words[:100] + other + words[100 + cut :]
    found = align(words, new)
    assert_aligned(found, words, new)
    assert found[:100] == list(range(100))
    # At the border a word may be equal to one that was cut; which of the two it is, is all one.
    assert found[110 + put_in :] == list(range(110 + cut, 600))


def said(chance: random.Random, count: int) -> list[str]:
    """Words as often as people say them: a few very often, many once."""
    return [f"w{int(chance.paretovariate(0.8))}" for _ in range(count)]


def test_words_that_are_equal_by_chance_are_not_the_same() -> None:
    chance = random.Random(6)
    often = ["the", "of", "and", "to"]
    old = [chance.choice(often) if chance.random() < 0.3 else f"x{index}" for index in range(400)]
    new = [chance.choice(often) if chance.random() < 0.3 else f"y{index}" for index in range(400)]
    assert align(old, new) == [None] * 400


def test_half_of_the_words_heard_otherwise_leaves_the_other_half() -> None:
    chance = random.Random(2)
    old = [f"word{index}" for index in range(1000)]
    new = [word if chance.random() < 0.6 else f"{word}s" for word in old]
    found = align(old, new)
    kept = sum(index is not None for index in found)
    assert kept > 0.9 * sum(word in set(old) for word in new)


def test_a_phrase_said_twice_is_the_one_at_that_time() -> None:
    opening = ["this", "is", "the", "house", "on", "the", "hill", "and", "we", "begin"]
    twice = ["it", "was", "very", "very", "good"]
    ending = ["so", "we", "walked", "on", "until", "the", "evening", "came", "to", "us"]
    old = timed(opening + twice + ending)
    # The second `very` was cut, and all after it is 0.4 s earlier.
    gone = len(opening) + 3
    assert old[gone][0] == "very"
    second = old[:gone] + later(old[gone + 1 :], -0.4)
    assert align_timed(old, second) == [i for i in range(len(old)) if i != gone]


def test_a_phrase_said_again_much_later_is_not_the_first() -> None:
    before = [f"before{index}" for index in range(20)]
    talk = [f"talk{index}" for index in range(40)]
    after = [f"after{index}" for index in range(20)]
    phrase = ["and", "the", "river"]
    old = timed([*before, *phrase, *talk, *phrase, *after])
    cut = len(before)
    # Cut from the first phrase up to the second one, and again with the talk and the second cut.
    moved = (len(phrase) + len(talk)) * 0.4
    later_kept = old[:cut] + later(old[cut + len(phrase) + len(talk) :], -moved + 1.5)
    assert align_timed(old, later_kept)[cut : cut + 3] == [63, 64, 65]
    first_kept = old[: cut + 3] + later(old[cut + len(phrase) * 2 + len(talk) :], -moved + 1.5)
    assert align_timed(old, first_kept)[cut : cut + 3] == [20, 21, 22]


def test_words_heard_otherwise_are_those_said_then() -> None:
    old = timed(["we", "asked", "mister", "okafore", "about", "the", "river", "budget", "today"])
    new = later(
        timed(["we", "asked", "mister", "Okafor", "about", "the", "river", "budget", "today"]), 0.02
    )
    found = align_timed(old, new)
    assert found[3] is None
    assert pair_by_time(old, new, found) == list(range(9))


def test_one_word_heard_as_two_is_the_one_it_overlaps_most() -> None:
    old = [("met", 0.0, 0.3), ("anyone", 0.3, 0.9), ("there", 0.9, 1.2)]
    new = [("met", 0.0, 0.3), ("any", 0.3, 0.5), ("one", 0.5, 0.9), ("there", 0.9, 1.2)]
    found = align_timed(old, new)
    assert found == [0, None, None, 2]
    assert pair_by_time(old, new, found) == [0, 1, None, 2]


def test_words_put_in_place_of_others_are_not_those() -> None:
    before, after = [f"b{index}" for index in range(10)], [f"a{index}" for index in range(10)]
    old = timed([*before, *(f"cut{index}" for index in range(30)), *after])
    new = timed([*before, *(f"new{index}" for index in range(20)), *after])
    found = align_timed(old, new)
    assert found == [*range(10), *[None] * 20, *range(40, 50)]
    assert pair_by_time(old, new, found) == found


def test_nothing_in_common_pairs_nothing_by_time() -> None:
    old, new = timed(["one", "two"]), timed(["three", "four"])
    assert pair_by_time(old, new, align_timed(old, new)) == [None, None]


@pytest.mark.parametrize("seed", range(40))
def test_replaced_audio_has_no_words_of_what_was_cut(seed: int) -> None:
    chance = random.Random(seed)
    often = ["the", "of", "and", "to", "a", "it", "that", "is", "in", "you", "we", "so"]
    before = [*often, *(f"b{index}" for index in range(8))]
    after = [*(f"a{index}" for index in range(8)), *often]
    cut = [chance.choice(often) if chance.random() < 0.6 else f"c{i}" for i in range(75)]
    put_in = [chance.choice(often) if chance.random() < 0.6 else f"p{i}" for i in range(50)]
    old, new = timed([*before, *cut, *after]), timed([*before, *put_in, *after])
    found = align_timed(old, new)
    assert found[:20] == list(range(20))
    assert found[-20:] == list(range(95, 115))
    # At the border nobody can tell, and no edit is worse for it; in the midst they are others.
    assert found[26:64] == [None] * 38
    assert pair_by_time(old, new, found)[32:58] == [None] * 26


def test_many_words_in_the_place_of_many_are_not_heard_otherwise_but_others() -> None:
    old = timed([*(f"b{i}" for i in range(10)), *(f"c{i}" for i in range(20)), "end", "of", "it"])
    new = [*old[:10], *timed([f"n{i}" for i in range(20)], start=old[10][1]), *old[30:]]
    found = align_timed(old, new)
    assert pair_by_time(old, new, found) == [*range(10), *[None] * 20, *range(30, 33)]
