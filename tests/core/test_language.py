import pytest

from shownotes.core.language import average


def test_a_certain_stretch_outweighs_a_wavering_one() -> None:
    code, probability = average([{"de": 0.98, "en": 0.02}, {"en": 0.5, "de": 0.4}])
    assert code == "de"
    assert probability == pytest.approx(0.69)


def test_a_language_heard_in_one_stretch_counts_for_one() -> None:
    assert average([{"fr": 0.9}, {"en": 0.6}, {"en": 0.6}])[0] == "en"


def test_nothing_heard_is_an_error() -> None:
    with pytest.raises(ValueError, match="no stretch"):
        average([])
