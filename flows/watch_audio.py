"""The in-tray, looked at again and again; every file that is ready becomes a run of process_audio.

One run looks for as long as its schedule's interval, so that a Python is started once in it, and
the next one takes over. What was seen of a file stands in the book of the in-tray, and goes on
counting there.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prefect import flow, get_run_logger
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException
from prefect.states import Completed

from flows.marks import marked
from flows.names import at_this_time
from flows.reconciling import Reconciler
from flows.submitting import Submitter
from shownotes.errors import ShowNotesError
from shownotes.settings import CONFIG_NAME, Settings, load_settings
from shownotes.steps.drop_folder import sweep

# Seconds between two looks at Prefect's books, and after something went wrong.
RECONCILE_EVERY_S = 30.0
AGAIN_S = 10.0
# Seconds between two questions for what is queued, while files wait and while none does; and so
# many times as long as it takes, so that a long queue is read rarely.
QUEUE_EVERY_S, QUEUE_IDLE_S = 4.0, 20.0
QUEUE_SHARE = 50.0


@flow(
    name="watch_audio", flow_run_name=at_this_time("looking at the in-tray"), persist_result=False
)
def watch_audio(root: str = ".") -> State[None]:
    """Look at the in-tray until the next run takes over.

    Args:
        root: the working folder, with `shownotes.toml`.

    Returns:
        Completed, and how many files were handed over.
    """
    folder = Path(root).resolve()
    settings = load_settings(folder)
    every = settings.schedules.watch_every_s
    # A deadline on a clock that nobody can set.
    ends = time.monotonic() + every - time.time() % every
    count = 0
    with marked(settings), get_client(sync_client=True) as client:
        watcher = Watcher(settings, client, tell=get_run_logger().info)
        while (left := ends - time.monotonic()) > 0:
            time.sleep(min(left, _look(watcher, folder)))
        count = watcher.count
    return Completed(message=f"{count} handed over.")


def _look(watcher: "Watcher", folder: Path) -> float:
    """Look once, whatever goes wrong; how long to wait until the next look."""
    try:
        watcher.take_settings(folder)
        return watcher.look()
    except (ShowNotesError, httpx.HTTPError, PrefectException) as error:
        get_run_logger().warning("%s", error)
        return AGAIN_S


@dataclass(slots=True)
class Watcher:
    """One watcher's looks.

    Attributes:
        tell: is told what it does.
        count: files handed over.
    """

    settings: Settings
    client: SyncPrefectClient
    tell: Callable[[str], object]
    count: int = 0
    _queued: set[str] = field(default_factory=set)
    _asked_queue: float = -math.inf
    _queue_took_s: float = 0.0
    _has_waiting: bool = True
    _reconcile_at: float = 0.0
    _reconciler: Reconciler = field(init=False)
    _settings_ns: int = field(init=False)

    def __post_init__(self) -> None:
        self._reconciler = Reconciler(self.settings)
        self._settings_ns = _changed(self.settings.root)

    def take_settings(self, folder: Path) -> None:
        """Read `shownotes.toml` again when it has changed.

        Raises:
            SettingsError: it is wrong now.
        """
        changed = _changed(folder)
        if changed != self._settings_ns:
            self.settings = load_settings(folder)
            self._settings_ns = changed
            self._reconciler.settings = self.settings

    def look(self) -> float:
        """Look at the in-tray and hand over what is ready; seconds until the next look.

        Raises:
            ShowNotesError: the book cannot be written, or the server does not take a run.
        """
        now = time.monotonic()
        if now >= self._reconcile_at:
            self._reconcile_at = now + RECONCILE_EVERY_S
            for sentence in self._reconciler.look(self.client):
                self.tell(sentence)
        every_s = QUEUE_EVERY_S if self._has_waiting else QUEUE_IDLE_S
        if now - self._asked_queue >= max(every_s, QUEUE_SHARE * self._queue_took_s):
            self._ask_queue()
        swept = sweep(self.settings, queued=self._queued)
        self._has_waiting = bool(swept.waiting)
        if swept.take:
            # The desk may have been quicker.
            self._ask_queue()
        submitter = Submitter(self.settings)
        for taken in swept.take:
            if taken.path not in self._queued:
                submitter.submit(self.client, taken)
                self._queued.add(taken.path)
                self.count += 1
                self.tell(f"{taken.path} is ready, attempt {taken.attempt}.")
        return swept.next_look_s

    def _ask_queue(self) -> None:
        self._asked_queue = time.monotonic()
        self._queued = Submitter(self.settings).queued(self.client)
        self._queue_took_s = time.monotonic() - self._asked_queue


def _changed(folder: Path) -> int:
    path = folder / CONFIG_NAME
    return path.stat().st_mtime_ns if path.exists() else 0
