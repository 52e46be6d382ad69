"""A few of the copies of `benchmarks/drop_folder.py`, with two processes that sweep at once."""

from pathlib import Path

from benchmarks.drop_folder import measure


def test_twenty_hostile_copies_are_taken_whole_and_once(tmp_path: Path) -> None:
    tally = measure(tmp_path, copies=20, at_once=20, rest_s=0.5, seed=7)
    assert (tally.early, tally.twice, tally.lost) == ([], [], [])
    assert tally.takes >= 20
