import pytest

from shownotes.core.corrections import Correction, correct


@pytest.mark.parametrize(
    ("text", "said", "at", "right", "expected"),
    [
        # All of the sentence, and a part of it.
        ("The river and the lake.", "the river and the lake.", 3, "the > a",
         "The river and a lake."),
        ("The river and the lake.", "the river and the lake.", 0, "the > a",
         "A river and the lake."),
        ("the lake", "the river and the lake.", 3, "the > a", "a lake"),
        ("the lake", "the river and the lake.", 0, "the > a", "the lake"),
        # Shortened: as many places in the text as in the sentence.
        ("Because it was return,", "well because, um, it was return, so", 5, "return, > written",
         "Because it was written,"),
        ("It was a see.", "it was a see.", 3, "see. > sea.", "It was a sea."),
        ("It was a see", "it was a see.", 3, "see. > sea.", "It was a sea"),
        ("He met cost of ante there.", "so he met cost of ante out there.", 3,
         "cost of ante > Kofi Asante", "He met Kofi Asante there."),
        ("Well, um, yes.", "well, um, yes.", 1, "um, > ", "Well, yes."),
        ("Nothing of it.", "nothing of it, or else.", 4, "else. > other.", "Nothing of it."),
    ],
)  # fmt: skip
def test_a_correction_reaches_what_was_made_of_its_sentence(
    text: str, said: str, at: int, right: str, expected: str
) -> None:
    wrong, _, now = right.partition(" > ")
    correction = Correction(at, tuple(wrong.split()), tuple(now.split()))
    assert correct(text, said.split(), [correction]) == (expected, ())


@pytest.mark.parametrize(
    ("text", "said", "at", "right"),
    [
        # One place is left of two that were said: which one is not known.
        ("River and the lake.", "the river, um, and the lake.", 0, "the > a"),
        ("bank", "the bank of the river bank", 1, "bank > Bank"),
        # Some of the words that were put right together, and not all.
        ("chief of staff", "he is the chief of staff there", 2, "the chief > a thief"),
        ("cheif", "um, the cheif economist there, the cheif", 1, "the cheif > the chief"),
    ],
)
def test_what_is_not_certain_is_left_and_told(text: str, said: str, at: int, right: str) -> None:
    wrong, _, now = right.partition(" > ")
    correction = Correction(at, tuple(wrong.split()), tuple(now.split()))
    assert correct(text, said.split(), [correction]) == (text, (correction,))


def test_the_same_word_is_corrected_twice_in_one_sentence() -> None:
    both = [Correction(0, ("the",), ("a",)), Correction(3, ("the",), ("one",))]
    assert correct("The river, the lake.", ["the", "river,", "um,", "the", "lake."], both) == (
        "A river, one lake.",
        (),
    )


def test_where_every_place_was_corrected_alike_it_matters_not_which_one_it_is() -> None:
    both = [Correction(1, ("bored",), ("Board",)), Correction(4, ("bored",), ("Board",))]
    assert correct("bored", ["the", "bored", "and", "the", "bored"], both) == ("Board", ())
