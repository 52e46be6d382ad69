"""A few of the sounds of `make torture PART=sound`."""

from pathlib import Path

from tests.torture.arguments import Arguments, Outcomes
from tests.torture.sound import PART, make_place, without_speech


def test_music_and_another_language_make_no_text_without_a_flag(tmp_path: Path) -> None:
    outcomes = Outcomes(PART, Arguments(count=1, seed=3, minutes=1.0))
    make_place(tmp_path / "work")
    chosen = ("chords and drums", "speech in sv")
    without_speech(tmp_path / "work", outcomes, seed=3, only=chosen)
    assert outcomes.failures == []
    assert outcomes.tried == len(chosen)
