"""A selection of what can go wrong with a disk."""

from pathlib import Path

from tests.torture import disks
from tests.torture.arguments import Arguments, Outcomes


def test_a_full_and_a_read_only_disk(tmp_path: Path) -> None:
    outcomes = Outcomes(disks.PART, Arguments(count=1, seed=1, minutes=1.0))
    disks.selection(outcomes, tmp_path)
    assert outcomes.failures == []
    assert outcomes.tried > 5
