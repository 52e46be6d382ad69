"""The feeds that are followed: asked for what is new, and the new episodes put into the in-tray.

Each feed is a Prefect task and each download another, and a bad feed does not stop the others. A
run that is cut off is finished by the next one: what has come so far is kept, and what is known of
each feed stands in its book (`output/.feeds`). Tasks are named by shows and titles; addresses,
which may hold passwords, never come to Prefect.
"""

import logging
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException, TerminationSignal
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.marks import marked
from flows.names import at_this_time
from flows.process_audio import work
from flows.server import reach_server
from shownotes.adapters.run_log import open_run_log
from shownotes.errors import FlowError
from shownotes.polling import FeedPoll, Poller
from shownotes.settings import Settings, load_settings
from shownotes.steps.feeds import Asked
from shownotes.steps.step import Progress, Silent
from shownotes.steps.subscriptions import Subscription

# A download goes on by itself while anything comes, and who does not answer twice is asked in the
# next run: many feeds may be away at once.
RETRIES, RETRY_DELAY_S = 1, 2.0


@dataclass(slots=True)
class Handover:
    """What a run in this process is given beside its parameters, and where its outcome goes.

    Attributes:
        followed: the feeds to ask; all of them by default.
        asked: by a person, who need not wait until it is time.
        is_finished: the flow came to its end, whatever became of the feeds.
    """

    settings: Settings
    progress: Progress = field(default_factory=Silent)
    followed: Sequence[Subscription] | None = None
    asked: Asked | None = None
    polls: list[FeedPoll] = field(default_factory=list)
    is_finished: bool = False


_handover: ContextVar[Handover | None] = ContextVar("_handover", default=None)


def run_poll_feeds(
    settings: Settings, followed: Sequence[Subscription], *, progress: Progress
) -> list[FeedPoll]:
    """Run the flow here and now, for the command line.

    Raises:
        FlowError: there is no Prefect server to run it with; nothing was begun.
        KeyboardInterrupt: stopped by a person or a signal.
    """
    handover = Handover(settings, progress, followed, Asked())
    with reach_server(settings, progress=progress):
        token = _handover.set(handover)
        try:
            state = poll_feeds(root=str(settings.root), return_state=True)
            if not handover.is_finished:
                state.result()  # raises what broke off the flow, which is no error of a feed
        except TerminationSignal:
            raise KeyboardInterrupt from None
        except httpx.HTTPError:
            progress.say("Prefect's server stopped answering; going on without it.")
            poller = Poller(settings=settings, progress=progress, asked=Asked())
            handover.polls = poller.run(followed)
        except PrefectException as error:
            raise FlowError(
                f"Prefect could not run the flow: {error} `shownotes doctor` looks for the cause; "
                "--no-prefect goes without."
            ) from error
        finally:
            _handover.reset(token)
    return handover.polls


@flow(
    name="poll_feeds",
    flow_run_name=at_this_time("new episodes of feeds"),
    persist_result=False,
)
def poll_feeds(root: str = ".") -> State[None]:
    """Ask the feeds that are due, and fetch their new episodes.

    Args:
        root: the working folder, with `shownotes.toml`.

    Returns:
        Completed; Failed when a person should look at a feed, after all were tried.
    """
    handover = _handover.get() or Handover(load_settings(Path(root).resolve()))
    poller = Poller(
        settings=handover.settings,
        call=_call_as_task,
        progress=handover.progress,
        log=open_run_log(handover.settings, run=f"{flow_run.name} {flow_run.id}"),
        asked=handover.asked,
    )
    handover.polls = poller.polls
    with marked(handover.settings):
        poller.run(handover.followed)
        handover.is_finished = True
    return _verdict(handover.polls)


def _call_as_task(piece: str, name: str, do: Callable[[], None]) -> None:
    """Do one piece of work as a task named after it; our errors come through unchanged."""
    task = work.with_options(name=piece, retries=RETRIES, retry_delay_seconds=RETRY_DELAY_S)
    task(piece, name, do)


def _verdict(polls: Sequence[FeedPoll]) -> State[None]:
    logger = get_run_logger()
    for poll in polls:
        for path in poll.taken:
            logger.info("%s: %s", poll.name, path.name)
        for reason in poll.reasons:
            level = logging.ERROR if poll.needs_look else logging.WARNING
            logger.log(level, "%s: %s", poll.name, reason)
    taken = sum(len(poll.taken) for poll in polls)
    bad = [poll for poll in polls if poll.needs_look]
    if bad:
        reasons = "\n".join(f"{poll.name}: {reason}" for poll in bad for reason in poll.reasons)
        return Failed(message=f"{len(bad)} of {len(polls)} feeds failed.\n{reasons}")
    if not polls:
        return Completed(message="No feeds are followed.")
    return Completed(message=f"{len(polls)} feeds, {taken} new episodes.")
