"""The episodes that the desk has open: each read once, kept up to date, and shared by all tabs."""

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003

from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.core.edited_words import EditedSegment
from shownotes.errors import EpisodeBusyError, ShowNotesError, StoreError
from shownotes.model import Episode, State
from shownotes.pipeline import render_again
from shownotes.settings import Settings
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.standing import state_of
from shownotes.steps.step import Walk

# An episode of three hours takes about 100 MB while it is open.
MOST_OPEN = 8
# After so many seconds without a change an episode's files are made anew.
REST_S = 20.0
# A review of three hours takes 0.4 to 0.8 s to open, an editor's patience for a click is 0.2 s: so
# many of the newest drafts that wait for a review are opened before anybody asks, and looked for
# every so many seconds.
OPENED_AHEAD = 4
LOOK_AHEAD_S = 10.0
MOST_LOOKED_AT = 40
_TO_REVIEW = (State.DRAFT, State.IN_REVIEW, State.CHANGED_SINCE_APPROVAL)


@dataclass(slots=True)
class OpenEpisode:
    """An episode under review, and when each of its segments last changed.

    Attributes:
        born: the change that it was opened at: of earlier ones nothing is known here.
        changed: by a segment's first word, the change that made it what it is.
        gone: likewise for segments that are no longer there.
        epoch: goes up when the draft is another one: pages then load everything again.
        is_shown: somebody has seen the words' ids, which must therefore stay.
    """

    reviewing: Reviewing
    born: int = 0
    changed: dict[int, int] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    epoch: int = 0
    known: dict[int, EditedSegment] = field(default_factory=dict)
    is_shown: bool = False

    def catch_up(self) -> None:
        """Take in what others wrote, and note which segments are new."""
        if self.reviewing.refresh():
            self.epoch += 1
        self.note()

    def show(self) -> None:
        """Have what somebody is about to see on the disk."""
        if not self.is_shown:
            self.reviewing.keep_ids()
            self.is_shown = True

    def note(self) -> None:
        """Note which segments the changes since the last time made."""
        seq = self.reviewing.review.seq
        now = {segment.at: segment for segment in self.reviewing.segments}
        for at, segment in now.items():
            before = self.known.get(at)
            if before is not segment and before != segment:
                self.changed[at] = seq
                self.gone.pop(at, None)
        for at in self.known:
            if at not in now:
                self.gone[at] = seq
                self.changed.pop(at, None)
        self.known = now

    def since(self, seq: int) -> tuple[list[int], list[EditedSegment]]:
        """Segments that are gone, and those that are new, after a change."""
        gone = [at for at, when in self.gone.items() if when > seq]
        return gone, [s for s in self.reviewing.segments if self.changed.get(s.at, 0) > seq]


class Shelf:
    """Opens episodes by their ids, and has their files made anew when they rest."""

    def __init__(self, settings: Settings, *, rest_s: float = REST_S) -> None:
        self._settings = settings
        self._rest_s = rest_s
        self._lock = threading.Lock()
        self._folders: dict[str, Path] = {}
        self._open: OrderedDict[str, OpenEpisode] = OrderedDict()
        self._opening: dict[str, threading.Lock] = {}
        self._timers: dict[str, threading.Timer] = {}
        self._is_closed = threading.Event()
        self._is_unswept = False

    def folder_of(self, episode_id: str) -> EpisodeFolder | None:
        """The folder of an id: one that is really there, never one made of what was asked."""
        with self._lock:
            found = self._folders.get(episode_id)
        if found is not None and (found / "episode.json").is_file():
            return EpisodeFolder(found)
        known = {}
        for folder in episode_folders(self._settings.output_folder):
            try:
                known[folder.read("episode.json", Episode).id] = folder.path
            except StoreError:
                continue
        with self._lock:
            self._folders = known
        path = known.get(episode_id)
        return None if path is None else EpisodeFolder(path)

    @contextmanager
    def opened(self, episode_id: str) -> Iterator[OpenEpisode]:
        """An episode, up to date, for one request at a time.

        Raises:
            KeyError: there is no such episode.
            ReviewError: it has no draft yet.
        """
        episode = self._taken_down(episode_id)
        with self._lock:
            self._open[episode_id] = episode
            self._open.move_to_end(episode_id)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
                self._is_unswept = True
        with episode.reviewing.lock:
            episode.catch_up()
            episode.show()
            yield episode

    def is_open(self, episode_id: str) -> bool:
        """Whether it need not be read when it is asked for."""
        with self._lock:
            return episode_id in self._open

    def _taken_down(self, episode_id: str) -> OpenEpisode:
        """The episode; whoever asks while it is being read waits instead of reading it, too."""
        with self._lock:
            opening = self._opening.setdefault(episode_id, threading.Lock())
        with opening:
            with self._lock:
                episode = self._open.get(episode_id)
            if episode is None or not episode.reviewing.walk.folder.has("draft.json"):
                episode = self._take_down(episode_id)
            with self._lock:
                return self._open.setdefault(episode_id, episode)

    def _take_down(self, episode_id: str) -> OpenEpisode:
        folder = self.folder_of(episode_id)
        if folder is None:
            raise KeyError(episode_id)
        reviewing = open_review(Walk(folder=folder, settings=self._settings))
        episode = OpenEpisode(reviewing=reviewing, born=reviewing.review.seq)
        episode.known = {segment.at: segment for segment in reviewing.segments}
        # Words by the ten thousand live as long as the episode is open: to look through them for
        # garbage again and again held up an answer by 0.2 s.
        gc.freeze()
        return episode

    # ------------------------------------------------------------------- ahead of the editor

    def keep_ready(self, rehearse: Callable[[OpenEpisode], object] | None = None) -> None:
        """Open the newest drafts that wait for a review, until the shelf is closed."""
        while not self._is_closed.is_set():
            self.open_ahead(rehearse)
            self.sweep()
            self._is_closed.wait(LOOK_AHEAD_S)

    def sweep(self) -> None:
        """Give back what episodes took that are open no more.

        Nobody looks for garbage among what is frozen, where what refers to itself would stay.
        """
        with self._lock:
            is_unswept, self._is_unswept = self._is_unswept, False
        if is_unswept:
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def open_ahead(self, rehearse: Callable[[OpenEpisode], object] | None = None) -> None:
        """Open, once, the newest drafts that wait for a review and are not open yet.

        Args:
            rehearse: does what a page of an episode needs, so that templates are compiled and
                modules read before somebody waits for them.
        """
        for folder in self._newest_to_review():
            try:
                episode_id = folder.read("episode.json", Episode).id
                with self._lock:
                    # Never at the cost of one that somebody works at.
                    if self._is_closed.is_set() or len(self._open) >= MOST_OPEN:
                        return
                episode = self._taken_down(episode_id)
                if rehearse is not None:
                    with episode.reviewing.lock:
                        rehearse(episode)
            except (KeyError, ShowNotesError, OSError):
                # Whoever asks for it is told what is wrong with it.
                continue

    def _newest_to_review(self) -> list[EpisodeFolder]:
        found = []
        for folder in episode_folders(self._settings.output_folder):
            try:
                found.append(((folder.path / "draft.json").stat().st_mtime_ns, folder))
            except OSError:
                continue
        newest: list[EpisodeFolder] = []
        found.sort(key=lambda each: each[0], reverse=True)
        for _, folder in found[:MOST_LOOKED_AT]:
            if state_of(folder) in _TO_REVIEW:
                newest.append(folder)
            if len(newest) == OPENED_AHEAD:
                break
        return newest

    # ------------------------------------------------------------------- files

    def let_rest(self, episode_id: str, walk: Walk) -> None:
        """Have an episode's files made anew when nothing has been changed for a while."""
        with self._lock:
            earlier = self._timers.pop(episode_id, None)
            if earlier is not None:
                earlier.cancel()
            timer = threading.Timer(self._rest_s, self._render, (episode_id, walk))
            timer.daemon = True
            self._timers[episode_id] = timer
            timer.start()

    def _render(self, episode_id: str, walk: Walk) -> None:
        with self._lock:
            self._timers.pop(episode_id, None)
        if not walk.folder.has("draft.json"):
            # It was deleted meanwhile, and claiming it would make its folder again.
            return
        try:
            render_again(Walk(folder=walk.folder, settings=walk.settings))
        except EpisodeBusyError:
            # Whoever has it renders at the end of the walk.
            return
        except ShowNotesError:
            # What is wrong with a template is said where it is looked at: in the preview.
            return

    def close(self) -> None:
        """Stop waiting; files that are not up to date are made by the next run."""
        self._is_closed.set()
        with self._lock:
            timers = list(self._timers.values())
            self._timers.clear()
        for timer in timers:
            timer.cancel()
