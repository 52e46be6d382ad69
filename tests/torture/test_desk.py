"""A selection of `python -m tests.torture.desk`."""

from pathlib import Path

from tests.torture.arguments import Arguments, Outcomes
from tests.torture.desk import attack
from tests.torture.desk_load import saving

SMALL = Arguments(count=80, seed=8, minutes=1.0)


def test_nobody_gets_in_and_nothing_breaks(tmp_path: Path) -> None:
    outcomes = Outcomes("desk", SMALL)
    attack(tmp_path / "attacks", outcomes, count=SMALL.count, seed=SMALL.seed, share=0.04)
    assert outcomes.failures == []


def test_ten_editors_lose_nothing_in_a_crash(tmp_path: Path) -> None:
    outcomes = Outcomes("desk", SMALL)
    saving(tmp_path / "load", outcomes, saves=4, number=SMALL.seed)
    assert outcomes.failures == []
