"""Names spelled right in the words of a transcript."""

from itertools import pairwise

from shownotes.core.edited_words import EditedWord
from shownotes.core.spellings import key, spell


def _word(text: str, start: float, end: float, *, place: int) -> EditedWord:
    return EditedWord(
        id=place,
        first=place,
        last=place,
        text=text,
        start=start,
        end=end,
        probability=0.9,
        is_estimated=False,
        bits=0,
    )


def test_a_longer_name_among_words_that_are_pressed_together_keeps_their_order() -> None:
    # Somebody set the time of what follows, so that these have no room.
    pressed = [
        _word(text, 18.8, 18.82, place=n) for n, text in enumerate(("the", "asante", "board"))
    ]
    right = {key("asante"): [((key("asante"),), ("Kofi", "Asante"))]}
    shown = spell(pressed, right)
    assert [word.text for word in shown] == ["the", "Kofi", "Asante", "board"]
    assert all(a.start <= b.start for a, b in pairwise(shown))
    assert all(a.end <= b.end for a, b in pairwise(shown))
    assert all(word.start < word.end for word in shown)
