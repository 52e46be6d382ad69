"""The walk of `make torture PART=network`, alone."""

from pathlib import Path

import pytest

from benchmarks.backlog import choose_pieces, make_backlog
from tests.torture.arguments import Arguments, Outcomes
from tests.torture.network import PART, is_seen, watch
from tests.torture.strace import Strace

pytestmark = pytest.mark.skipif(Strace().path is None, reason="strace is missing, or may not trace")


def test_a_walk_speaks_to_no_other_machine(tmp_path: Path) -> None:
    outcomes = Outcomes(PART, Arguments(count=1, seed=0, minutes=1.0))
    root = tmp_path / "work"
    make_backlog(root, choose_pieces(1, shortest_s=12.0, longest_s=12.0, seed=1))
    assert is_seen(tmp_path / "probe")
    watch(root, outcomes, "process", "--no-prefect")
    assert outcomes.failures == []
