"""The episodes that the desk has open: each read once, kept up to date, and shared by all tabs."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003

from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.core.edited_words import EditedSegment
from shownotes.errors import EpisodeBusyError, ShowNotesError, StoreError
from shownotes.model import Episode
from shownotes.pipeline import render_again
from shownotes.settings import Settings
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.step import Walk

# An episode of three hours takes about 100 MB while it is open.
MOST_OPEN = 8
# After so many seconds without a change an episode's files are made anew.
REST_S = 20.0


@dataclass(slots=True)
class OpenEpisode:
    """An episode under review, and when each of its segments last changed.

    Attributes:
        born: the change that it was opened at: of earlier ones nothing is known here.
        changed: by a segment's first word, the change that made it what it is.
        gone: likewise for segments that are no longer there.
        epoch: goes up when the draft is another one: pages then load everything again.
    """

    reviewing: Reviewing
    born: int = 0
    changed: dict[int, int] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)
    epoch: int = 0
    known: dict[int, EditedSegment] = field(default_factory=dict)

    def catch_up(self) -> None:
        """Take in what others wrote, and note which segments are new."""
        if self.reviewing.refresh():
            self.epoch += 1
        self.note()

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
        self._timers: dict[str, threading.Timer] = {}

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
        with self._lock:
            episode = self._open.get(episode_id)
        if episode is None or not episode.reviewing.walk.folder.has("draft.json"):
            episode = self._take_down(episode_id)
        with self._lock:
            self._open[episode_id] = episode
            self._open.move_to_end(episode_id)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        with episode.reviewing.lock:
            episode.catch_up()
            yield episode

    def _take_down(self, episode_id: str) -> OpenEpisode:
        folder = self.folder_of(episode_id)
        if folder is None:
            raise KeyError(episode_id)
        reviewing = open_review(Walk(folder=folder, settings=self._settings))
        reviewing.keep_ids()
        episode = OpenEpisode(reviewing=reviewing, born=reviewing.review.seq)
        episode.known = {segment.at: segment for segment in reviewing.segments}
        with self._lock:
            return self._open.setdefault(episode_id, episode)

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
        with self._lock:
            timers = list(self._timers.values())
            self._timers.clear()
        for timer in timers:
            timer.cancel()
