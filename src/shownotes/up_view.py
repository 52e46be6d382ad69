"""What is going on in a working folder, gathered from its files for whoever looks on."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from shownotes.adapters.intray_book import BOOK, Entry, read_entries
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.core.dropped import FileState
from shownotes.model import State, Status
from shownotes.pipeline import STATUS_BOX, current_status
from shownotes.settings import Settings

# A folder's status is read again after so long even when its file is as it was, in seconds: whether
# the run behind it lives, and what an editor did, stand elsewhere.
_AGAIN_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An episode that is being worked on.

    Attributes:
        left_s: seconds of waiting that are left, judged by the pace so far; `None` when it cannot
            be told yet.
    """

    folder: str
    status: Status
    left_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look at a working folder.

    Attributes:
        work: episodes that are being worked on.
        waiting: files in the in-tray that are not episodes yet, and why.
        trouble: episodes that failed or wait for something, by folder.
        counts: episodes by state.
    """

    work: tuple[Work, ...] = ()
    waiting: tuple[Entry, ...] = ()
    trouble: tuple[tuple[str, Status], ...] = ()
    counts: Counter[State] = field(default_factory=Counter)
    titles: dict[str, tuple[State, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Looker:
    """Looks again and again, and reads only what has changed."""

    settings: Settings
    _known: dict[str, tuple[int, float, Status | None]] = field(default_factory=dict)
    _paces: dict[str, tuple[float, float]] = field(default_factory=dict)
    _book: tuple[int, list[Entry]] = (0, [])

    def look(self) -> View:
        """The working folder as it is now."""
        found = {f.name: self._status(f) for f in episode_folders(self.settings.output_folder)}
        self._known = {name: self._known[name] for name in found}
        statuses = {name: status for name, status in found.items() if status is not None}
        working = [(n, s) for n, s in statuses.items() if s.state is State.PROCESSING]
        self._paces = {n: self._paces[n] for n, _ in working if n in self._paces}
        waits = [(n, s) for n, s in statuses.items() if s.error and s.state is not State.PROCESSING]
        return View(
            work=tuple(Work(folder=n, status=s, left_s=self._left(n, s)) for n, s in working),
            waiting=tuple(e for e in self._entries() if e.state is not FileState.DONE),
            trouble=tuple(waits),
            counts=Counter(status.state for status in statuses.values()),
            titles={name: (s.state, s.title) for name, s in statuses.items()},
        )

    def _status(self, folder: EpisodeFolder) -> Status | None:
        written, at = _modified(folder.path / STATUS_BOX), time.monotonic()
        before = self._known.get(folder.name)
        if before is None or before[0] != written or at - before[1] >= _AGAIN_S:
            self._known[folder.name] = (written, at, current_status(folder))
        return self._known[folder.name][2]

    def _entries(self) -> list[Entry]:
        written = _modified(self.settings.output_folder / BOOK)
        if written != self._book[0]:
            self._book = (written, read_entries(self.settings.output_folder))
        return self._book[1]

    def _left(self, name: str, status: Status) -> float | None:
        """Seconds left of the step that counts audio, by the pace since it was first seen."""
        if not status.audio_done or not status.duration:
            return None
        now = time.monotonic()
        began, first_s = self._paces.setdefault(name, (now, status.audio_done))
        fresh = status.audio_done - first_s
        if fresh <= 0:
            return None
        return (now - began) / fresh * max(0.0, status.duration - status.audio_done)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@dataclass(slots=True)
class Journal:
    """Turns one look after the other into sentences of what has happened between them."""

    _states: dict[str, tuple[State, str]] | None = None
    _files: dict[str, tuple[FileState, str]] = field(default_factory=dict)

    def read(self, view: View) -> list[str]:
        """What is new since the last look; at the first, what is under way."""
        before, self._states = self._states, view.titles
        errors = {name: status.error for name, status in view.trouble}
        told = []
        for name, (state, title) in view.titles.items():
            old = (before or {}).get(name)
            if old is not None and old[0] is state:
                continue
            if before is None and state not in (State.PROCESSING, State.FAILED):
                continue
            told.append(_sentence(name, state, title, errors.get(name)))
        return [*told, *self._read_files(view.waiting)]

    def _read_files(self, waiting: Iterable[Entry]) -> list[str]:
        """What is new of files; work is told of their episodes, and a run's end is no news."""
        told = []
        for entry in waiting:
            now = (entry.state, entry.reason)
            if entry.state is FileState.PROCESSING or self._files.get(entry.path) == now:
                continue
            self._files[entry.path] = now
            told.append(f"{entry.path}: {FILE_WORDS[entry.state]}{_why(entry)}")
        return told


def _why(entry: Entry) -> str:
    """Why a file waits; that it arrives is reason enough."""
    return f": {entry.reason}" if entry.reason and entry.state is not FileState.ARRIVING else ""


FILE_WORDS = {
    FileState.ARRIVING: "is arriving",
    FileState.WAITING: "waits",
    FileState.QUEUED: "queued",
    FileState.PROCESSING: "in work",
    FileState.REFUSED: "refused",
    FileState.DONE: "done",
}
_HAPPENED = {
    State.PROCESSING: "in work",
    State.DRAFT: "the draft is ready to be reviewed",
    State.FAILED: "failed",
    State.WAITING: "waits",
    State.IN_REVIEW: "is being reviewed",
    State.APPROVED: "approved",
    State.PUBLISHED: "published",
    State.CHANGED_SINCE_APPROVAL: "changed since it was approved",
    State.QUEUED: "queued",
}


def _sentence(name: str, state: State, title: str, error: str | None) -> str:
    called = title if title == name else f"{title} ({name})"
    why = f": {error}" if error else ""
    return f"{called}: {_HAPPENED[state]}{why}"


def told_at(sentences: Sequence[str], when: datetime) -> list[str]:
    """Sentences with the time of the day before them."""
    return [f"{when:%H:%M:%S}  {sentence}" for sentence in sentences]
