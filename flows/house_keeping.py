"""What is done at night, and Prefect's books put right."""

from pathlib import Path

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.marks import marked
from flows.names import at_this_time
from flows.reconciling import Reconciler
from shownotes.house_keeping import keep_house
from shownotes.settings import load_settings


@flow(
    name="house_keeping",
    flow_run_name=at_this_time("house keeping"),
    persist_result=False,
)
def house_keeping(root: str = ".") -> State[None]:
    """Remove what is old, and say what a person should look at.

    Args:
        root: the working folder, with `shownotes.toml`.

    Returns:
        Completed, with what was done.
    """
    settings = load_settings(Path(root).resolve())
    with marked(settings):
        report = keep_house(settings)
        with get_client(sync_client=True) as client:
            report.done += Reconciler(settings).look(client)
    for sentence in report.warnings:
        get_run_logger().warning("%s", sentence)
    if report.warnings:
        listed = "\n".join(f"* {sentence}" for sentence in report.warnings)
        create_markdown_artifact(listed, key="house-keeping", description="To look at")
    return Completed(message=str(report))
