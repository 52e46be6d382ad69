"""What is cancelled on Prefect's pages stays cancelled: the same as `shownotes cancel`."""

from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State

from shownotes import pipeline
from shownotes.settings import load_settings


def keep_cancelled(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Have the run's episodes wait until somebody asks for them again.

    A runner that shuts down cancels its runs as well; those are to be taken up again.
    """
    if flow_run.state is None or not flow_run.state.is_cancelling():
        return
    settings = load_settings(Path(flow_run.parameters.get("root", ".")).resolve())
    for name in flow_run.parameters.get("paths") or ():
        pipeline.cancel_file(settings.root / name, settings, by="Prefect")
