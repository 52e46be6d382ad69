"""What editors have approved and what is due by now: published, on the sites, everybody told.

Each piece is a Prefect task, and a bad episode does not stop the others. A run that is cut off is
finished by the next one: what is to do is read from the episodes' folders.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException, TerminationSignal
from prefect.states import Completed, Failed

from flows.marks import marked
from flows.names import at_this_time
from flows.notifying import notify_of_releases
from flows.process_audio import work
from flows.server import reach_server
from shownotes.errors import FlowError
from shownotes.release import Releases, release_due
from shownotes.settings import Settings, load_settings
from shownotes.steps.publishing import due
from shownotes.steps.step import Progress, Silent

# Who it is in an episode's history, when a schedule runs it.
SCHEDULE = "schedule"


@dataclass(slots=True)
class Handover:
    """What a run in this process is given beside its parameters, and where its outcome goes.

    Attributes:
        is_finished: the flow came to its end, whatever became of the episodes.
    """

    settings: Settings
    progress: Progress = field(default_factory=Silent)
    releases: Releases = field(default_factory=Releases)
    is_finished: bool = False


_handover: ContextVar[Handover | None] = ContextVar("_handover", default=None)


def run_publish_approved(settings: Settings, *, by: str, progress: Progress) -> Releases:
    """Run the flow here and now, for the command line.

    Raises:
        FlowError: there is no Prefect server to run it with; nothing was begun.
        KeyboardInterrupt: stopped by a person or a signal.
    """
    handover = Handover(settings, progress)
    with reach_server(settings, progress=progress):
        token = _handover.set(handover)
        try:
            state = publish_approved(root=str(settings.root), by=by, return_state=True)
            if not handover.is_finished:
                state.result()  # raises what broke off the flow, which is no error of an episode
        except TerminationSignal:
            raise KeyboardInterrupt from None
        except httpx.HTTPError:
            progress.say("Prefect's server stopped answering; going on without it.")
            now = datetime.now(UTC)
            handover.releases = release_due(due(settings, now), settings, by=by, now=now)
        except PrefectException as error:
            raise FlowError(
                f"Prefect could not run the flow: {error} `shownotes doctor` looks for the cause; "
                "--no-prefect goes without."
            ) from error
        finally:
            _handover.reset(token)
    return handover.releases


@flow(
    name="publish_approved",
    flow_run_name=at_this_time("what is due"),
    persist_result=False,
)
def publish_approved(root: str = ".", by: str = SCHEDULE) -> State[None]:
    """Publish what is approved and due, and finish what was cut off.

    Args:
        root: the working folder, with `shownotes.toml`.
        by: who is told to have published it.

    Returns:
        Completed; Failed when anything went wrong with an episode, after all were tried.
    """
    handover = _handover.get() or Handover(load_settings(Path(root).resolve()))
    settings, now = handover.settings, datetime.now(UTC)
    with marked(settings):
        walks = due(settings, now)
        for walk in walks:
            walk.progress = handover.progress
        handover.releases = release_due(walks, settings, by=by, now=now, call=_call_as_task)
        handover.is_finished = True
        notify_of_releases(handover.releases, settings, began=now)
    return _verdict(handover.releases)


def _call_as_task(piece: str, name: str, do: Callable[[], None]) -> None:
    """Do one piece of work as a task named after it; our errors come through unchanged."""
    work.with_options(name=piece)(piece, name, do)


def _verdict(releases: Releases) -> State[None]:
    logger = get_run_logger()
    for release in releases.episodes:
        if release.publication is not None:
            word = "published" if release.is_out else "taken back"
            logger.info("%s: version %d %s", release.name, release.publication.version, word)
        for failure in release.failures:
            logger.log(logging.ERROR, "%s: %s", release.name, failure)
    total, failed = len(releases.episodes), releases.failed
    if not failed:
        return Completed(message=f"{total} done." if total else "Nothing is due.")
    reasons = "\n".join(f"{r.name}: {failure}" for r in failed for failure in r.failures)
    return Failed(message=f"{len(failed)} of {total} failed.\n{reasons}")
