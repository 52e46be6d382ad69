"""Runs that can be seen to live; `flows.reconciling` ends those in the books that do not."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.runtime import flow_run

from shownotes.adapters.run_marks import alive
from shownotes.settings import Settings


@contextmanager
def marked(settings: Settings) -> Iterator[None]:
    """Keep this flow run's mark in the working folder for the length of the block."""
    with alive(settings.output_folder, str(flow_run.id)):
        yield
