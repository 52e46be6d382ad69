"""Desks for the browser tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.desk_server import DeskServer, lay_out_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskServer]:
    """A desk of its own for one test, running."""
    server = lay_out_desk(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[DeskServer]:
    """The same, for tests that end it in the midst."""
    server = lay_out_desk(tmp_path, seconds=10.0)
    server.start()
    yield server
    server.stop()
