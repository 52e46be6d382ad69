"""Episodes for the tests of steps."""

from pathlib import Path

import pytest

from shownotes.steps.step import Walk
from tests.episodes import demo_walk, finish


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    """The second demo episode, drafted."""
    return finish(demo_walk(tmp_path, "the-river-has-a-budget", with_speakers=True))
