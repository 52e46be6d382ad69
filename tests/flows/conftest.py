"""One Prefect server for all flows: within a process Prefect sends events to the first it met."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.prefect_server import running_server


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prefect-home")


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[str]:
    with running_server(home) as url:
        yield url
