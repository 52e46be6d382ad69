"""Desks for the browser tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.desk_pages import Opened, open_desk, opening
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


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """One desk for the tests that each touch a part of the notes of their own."""
    server = lay_out_desk(tmp_path_factory.mktemp("desk"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def opens(chromium: Any, shared: DeskServer) -> Iterator[Callable[..., Opened]]:
    """Opens the desk of the shared episode in a browser of its own."""
    with opening(chromium, shared) as opens_pages:
        yield lambda **options: open_desk(opens_pages, shared, **options)
