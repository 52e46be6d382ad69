import pytest

from shownotes.core.reviewed_notes import correct


@pytest.mark.parametrize(
    ("text", "said", "right", "nth", "count", "expected"),
    [
        ("The river and the lake.", "the", "a", 1, 2, "The river and a lake."),
        ("The river and the lake.", "the", "a", 0, 2, "A river and the lake."),
        # One place is left of two that were said: which one is not known.
        ("River and the lake.", "the", "a", 0, 2, "River and the lake."),
        ("Because it was return,", "return", "written", 0, 1, "Because it was written,"),
        ("It was a see.", "see.", "sea.", 0, 1, "It was a sea."),
        ("It was a see", "see.", "sea.", 0, 1, "It was a sea"),
        ("He met cost of ante there.", "cost of ante", "Kofi Asante", 0, 1,
         "He met Kofi Asante there."),
        ("Well, um, yes.", "um,", "", 0, 1, "Well, yes."),
        ("Nothing of it.", "else", "other", 0, 1, "Nothing of it."),
    ],
)  # fmt: skip
def test_a_correction_reaches_what_was_made_of_its_sentence(
    text: str, said: str, right: str, nth: int, count: int, expected: str
) -> None:
    assert correct(text, said.split(), right.split(), nth=nth, count=count) == expected
