"""The promises of the demo speech model's training text and voices. Needs no torch."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "training" / "speech"), str(ROOT / "training" / "demo")]

import grammar  # noqa: E402
import voices  # noqa: E402
from script import read_scripts, read_voices  # noqa: E402


def test_vocabulary_is_large_enough():
    assert len({word.lower() for word in grammar.list_words()}) >= 1_500


def test_demo_speaks_only_known_words():
    known = {word.lower() for word in grammar.list_words()}
    said = {
        part.removesuffix("'s")
        for sentence in grammar.read_demo_sentences()
        for word in grammar.fold(sentence)
        for part in word.split("-")
    }
    assert said - known == set()


@pytest.mark.parametrize("seed", range(12))
def test_no_demo_sentence_is_generated(seed):
    source = grammar.Grammar(seed)
    demo = {" ".join(grammar.fold(sentence)) for sentence in grammar.read_demo_sentences()}
    for _ in range(1_000):
        for text in (source.sentence(), source.scramble()):
            assert " ".join(grammar.fold(text)) not in demo
            assert not grammar.is_from_demo(text)


def test_seven_words_of_a_demo_sentence_are_recognised_as_its_own():
    longest = max(grammar.read_demo_sentences(), key=len)
    run = " ".join(longest.split()[2 : 2 + grammar.DEMO_RUN_WORDS])
    assert grammar.is_from_demo(f"Well, {run.lower()} and so on.")
    assert not grammar.is_from_demo("Well, this is nothing of the kind, and never was.")


@pytest.mark.parametrize("is_held_out", [False, True])
def test_names_are_paired_only_on_their_own_side(is_held_out):
    vocabulary = grammar.load_vocabulary()
    first, last = (set(vocabulary.slots[slot]) for slot in ("first", "last"))
    source = grammar.Grammar(3, held_out=is_held_out)
    pairs = set()
    for _ in range(4_000):
        words = re.findall(r"\w+", source.sentence("guest"))
        pairs.update((a, b) for a, b in pairwise(words) if a in first and b in last)
    assert len(pairs) > 200
    assert {grammar.is_held_out(*pair) for pair in pairs} == {is_held_out}


def test_titles_are_paired_with_organizations_only_on_their_own_side():
    source = grammar.Grammar(4)
    pattern = re.compile(r"^(?:My guest today is|I'm joined by) [^,]+, (.+?) at (the .+)\.$")
    found = [pattern.match(source.sentence("guest")) for _ in range(4_000)]
    pairs = [match.groups() for match in found if match]
    assert len(pairs) > 100
    assert not any(grammar.is_held_out(*pair) for pair in pairs)


def test_same_seed_gives_same_sentences():
    one, other = grammar.Grammar(5), grammar.Grammar(5)
    assert [one.sentence() for _ in range(50)] == [other.sentence() for _ in range(50)]


def test_unseen_settings_are_outside_training_but_inside_its_range():
    unseen = voices.load_unseen()
    assert not set(unseen.variants) & set(voices.VARIANTS)
    for kept, trained in (
        (unseen.rates_wpm, voices.RATES_WPM),
        (unseen.pitches, voices.PITCHES),
    ):
        assert not set(kept) & set(trained)
        assert min(trained) < min(kept)
        assert max(kept) < max(trained)


def test_demo_voices_are_of_the_kind_heard_in_training():
    for voice in read_voices().values():
        accent, _, variant = voice.voice.partition("+")
        assert accent in voices.ACCENTS
        assert f"+{variant}" in voices.VARIANTS
        assert voice.pitch in voices.PITCHES


def test_demo_gold_stands_in_the_text():
    scripts = read_scripts()
    for script in scripts:
        text = " ".join(line.text for line in script.lines)
        turns = [index for index, line in enumerate(script.lines) if index == 0 or line.is_turn]
        assert [chapter["sentence"] for chapter in script.gold["chapters"]] == turns
        for guest in script.gold["guests"]:
            assert all(value in text for value in guest.values())
        for agency in script.gold["agencies"]:
            assert f"the {agency['name']}, {agency['description']}" in text
        assert all(name in text for name in (*script.gold["hosts"], *script.gold["events"]))
    earlier = scripts[1].gold["earlier_episode"]
    assert earlier == scripts[0].title
    assert earlier.rstrip("?") in " ".join(line.text for line in scripts[1].lines)
