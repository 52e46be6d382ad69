from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.adapters.languages import load_wording
from shownotes.core.clutter import tidy
from shownotes.core.wording import bare

ENGLISH = load_wording("en")


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ("um, the pipes are, you know, old", "The pipes are old."),
        ("So, the the roof comes first.", "The roof comes first."),
        (
            "I would say three things, um, glasses and beds.",
            "I would say three things, glasses and beds.",
        ),
        ("When you, um, when you work at night, you eat.", "When you work at night, you eat."),
        ("Well, you know, it is cold.", "It is cold."),
        ("we, we saw the river,", "We saw the river."),
        ("Do you know the river?", "Do you know the river?"),
        ("It's, I mean, a hazard.", "It's a hazard."),
        ("Umbrella sales fell.", "Umbrella sales fell."),
    ],
)
def test_clutter_goes(said: str, printed: str) -> None:
    assert tidy(said, wording=ENGLISH) == printed


@pytest.mark.parametrize(
    "said",
    [
        "No, no, that is not what the commission said.",
        "Duran Duran played in the harbor.",
        "Two two-hour trains were late.",
        "So many homes are cold.",
        "Not one of the 14 bridges is new.",
        "That that law passed is a wonder.",
    ],
)
def test_meaning_stays(said: str) -> None:
    assert tidy(said, wording=ENGLISH, stands_alone=True) == said


def test_a_connective_goes_only_where_the_sentence_stands_alone() -> None:
    said = "But the machine is the cheap part."
    assert tidy(said, wording=ENGLISH) == said
    assert tidy(said, wording=ENGLISH, stands_alone=True) == "The machine is the cheap part."


SPOKEN = """
so, well, um, you know, I mean, the the a we we, not no never three 14 half Kofi Asante
Brennick is is river pays and but, like, don't, twenty-six it's uh okay. right
"""
WORDS = st.sampled_from(SPOKEN.split())


@given(st.lists(WORDS, min_size=1, max_size=25), st.booleans())
def test_names_numbers_and_negations_are_never_changed(words: list[str], alone: bool) -> None:
    said = " ".join(words)
    printed = tidy(said, wording=ENGLISH, stands_alone=alone)

    def kept(text: str) -> Counter[str]:
        keys = [bare(word) for word in text.split()]
        names = {"kofi", "asante", "brennick"}
        return Counter(
            key
            for key in keys
            if key in names
            or ENGLISH.has("numbers", key)
            or ENGLISH.has("negations", key)
            or any(c.isdigit() for c in key)
        )

    assert kept(printed) == kept(said)


@given(st.text(max_size=80))
def test_any_text_comes_through(said: str) -> None:
    once = tidy(said, wording=ENGLISH)
    assert bool(once) == bool(said.split())
    assert "\n" not in once
