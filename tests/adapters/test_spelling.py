"""Misspelt names, by letters and by sound."""

import pytest

from shownotes.adapters.spelling import is_alike, sound


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("takahashi", "takahasi"),
        ("kowalczyk", "kowalchik"),
        ("catherine", "kathryn"),
        ("stephens", "stevens"),
        ("nguyen", "nguyin"),
    ],
)
def test_spellings_of_one_name_are_alike(first: str, second: str) -> None:
    assert is_alike(first, second)
    assert is_alike(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("anna", "hanne"),
        ("martin", "marvin"),
        ("johnson", "jackson"),
        ("lee", "lea"),
        ("schmidt", "schulz"),
        ("maria", "mario"),
        ("hassan", "hussein"),
    ],
)
def test_other_names_are_not(first: str, second: str) -> None:
    assert not is_alike(first, second)


def test_sounds_are_consonants() -> None:
    assert sound("catherine") == sound("kathryn")
