"""Files without their content: as cloud drives of three systems show them, and real holes."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from shownotes.adapters.placeholders import (
    ends_in_hole,
    may_be_absent,
    named_by_placeholder,
    why_absent,
)


@dataclass
class Told:
    """What another system's `stat` says."""

    st_mode: int = 0o100644
    st_size: int = 5_000_000
    st_blocks: int = 9766
    st_flags: int = 0
    st_file_attributes: int = 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (Told(st_flags=0x4000_0000), "Finder"),
        (Told(st_file_attributes=0x0040_0000), "Always keep"),
        (Told(st_file_attributes=0x0004_0020), "Always keep"),
        (Told(st_file_attributes=0x1000), "Always keep"),
    ],
)
def test_a_placeholder_says_where_its_content_is(tmp_path: Path, told: Told, words: str) -> None:
    assert may_be_absent(told)
    assert words in why_absent(tmp_path / "a.mp3", told)


@pytest.mark.parametrize("told", [Told(), Told(st_flags=0x40), Told(st_file_attributes=0x20)])
def test_other_flags_are_no_placeholders(tmp_path: Path, told: Told) -> None:
    assert why_absent(tmp_path / "a.mp3", told) == ""


def test_a_file_that_is_one_hole_has_no_content(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    with path.open("wb") as file:
        file.truncate(100_000)
    assert may_be_absent(path.stat())
    assert "no content yet" in why_absent(path, path.stat())
    path.write_bytes(b"\0" * 100_000)
    assert why_absent(path, path.stat()) == ""


def test_a_drive_that_counts_no_blocks_is_no_cloud(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"x" * 100_000)
    assert why_absent(path, Told(st_size=100_000, st_blocks=0)) == ""


def test_the_end_of_a_file_is_asked_for_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.seek(1_000_000)
        file.write(b"end")
    with path.open("rb") as file:
        assert not ends_in_hole(file.fileno(), path.stat().st_size)
    with path.open("r+b") as file:
        file.truncate(2_000_000)
        assert ends_in_hole(file.fileno(), 2_000_000)


def test_what_icloud_calls_its_placeholders() -> None:
    assert named_by_placeholder(".a talk.mp3.icloud") == "a talk.mp3"
    assert named_by_placeholder("a.mp3.icloud") is None
    assert named_by_placeholder(".a.mp3") is None
