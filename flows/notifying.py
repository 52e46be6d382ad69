"""At the end of a flow: who is told of failures and of drafts. What is told: `shownotes.notices`.

Prefect's own automations tell of runs; here are events of episodes, each told once, whichever run
it was that met it and however often it was started anew.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from prefect import get_run_logger
from prefect.exceptions import MissingContextError

from shownotes.batch import Outcome
from shownotes.notices import tell_failures, tell_outcomes
from shownotes.release import Releases
from shownotes.settings import Settings


def notify_of_outcomes(outcomes: Sequence[Outcome], settings: Settings, *, began: datetime) -> None:
    """Tell what came of files that were processed."""
    _log(tell_outcomes(outcomes, settings, began=began))


def notify_of_releases(releases: Releases, settings: Settings, *, began: datetime) -> None:
    """Tell what could not be published."""
    _log(tell_failures(releases, settings, began=began))


def _log(faults: Sequence[str]) -> None:
    for fault in faults:
        with suppress(MissingContextError):
            get_run_logger().log(logging.WARNING, "Nobody could be told: %s", fault)
