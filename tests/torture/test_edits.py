"""A selection of `python -m tests.torture.edits`."""

from tests.torture.edits import try_edits


def test_any_sequence_of_edits_ends_consistent() -> None:
    try_edits(count=60, number=8, steps=12)
