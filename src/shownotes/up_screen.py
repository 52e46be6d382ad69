"""The one screen of `shownotes up`: where everything is, what is going on, what waits and why.

Where nobody watches (no terminal, or `--plain`) the same is told in lines, each once.
"""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from shownotes.adapters.intray_book import Entry
from shownotes.core.dropped import FileState
from shownotes.core.timecodes import clock, spoken_length
from shownotes.model import State
from shownotes.screen import STATE_WORDS, STEP_WORDS, shorten
from shownotes.settings import Settings
from shownotes.supervisor import Supervisor
from shownotes.up_view import FILE_WORDS, Journal, View, Work, told_at

# Lines of each part, so that the whole fits a terminal.
MOST_WORK, MOST_WAITING, MOST_TROUBLE, MOST_NEWS = 6, 8, 5, 6
_BAR_WIDTH = 24


class Screen(Protocol):
    """Where what is going on is shown."""

    def __enter__(self) -> "Screen":
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""

    def show(self, view: View) -> None:
        """Show a look."""

    def say(self, sentence: str) -> None:
        """Tell something."""


@dataclass(slots=True)
class LiveScreen:
    """Drawn anew with every look, in place."""

    console: Console
    supervisor: Supervisor
    _journal: Journal = field(default_factory=Journal)
    _lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_NEWS))
    _live: Live = field(init=False)
    _view: View = field(default_factory=View)

    def __post_init__(self) -> None:
        self._live = Live(console=self.console, auto_refresh=False, transient=False)

    def __enter__(self) -> "LiveScreen":
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, view: View) -> None:
        """Show a look."""
        self._view = view
        self._lines += told_at([*take(self.supervisor.news), *self._journal.read(view)], _now())
        self._draw()

    def say(self, sentence: str) -> None:
        """Tell something."""
        self._lines += told_at([sentence], _now())
        self._draw()

    def _draw(self) -> None:
        self._live.update(draw(self._view, self.supervisor, list(self._lines)), refresh=True)


@dataclass(slots=True)
class PlainScreen:
    """Lines, each once: for logs and pipes."""

    console: Console
    supervisor: Supervisor
    _journal: Journal = field(default_factory=Journal)
    _places: list[str] = field(default_factory=list)

    def __enter__(self) -> "PlainScreen":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def show(self, view: View) -> None:
        """Show a look."""
        places = [f"{name}: {where}" for name, where in places_of(self.supervisor)]
        fresh = [place for place in places if place not in self._places]
        self._places = places
        for sentence in [*fresh, *take(self.supervisor.news), *self._journal.read(view)]:
            self.say(sentence)

    def say(self, sentence: str) -> None:
        """Tell something."""
        (line,) = told_at([sentence], _now())
        self.console.print(escape(line), soft_wrap=True)
        self.console.file.flush()


def _now() -> datetime:
    return datetime.fromtimestamp(time.time()).astimezone()


def take(news: deque[str]) -> list[str]:
    """What has been told since, which is then told."""
    told = []
    while news:
        told.append(news.popleft())
    return told


def places_of(supervisor: Supervisor) -> list[tuple[str, str]]:
    """Where everything is, as far as it is known yet."""
    settings = supervisor.plan.settings
    places = [("In-tray", str(settings.audio_folder)), ("Output", str(settings.output_folder))]
    if supervisor.plan.desk_port is not None:
        places.insert(1, ("Desk", supervisor.desk or "is opening ..."))
    state = supervisor.pages if supervisor.is_ready else f"{supervisor.pages} is starting ..."
    return [*places, ("Prefect", state)]


def draw(view: View, supervisor: Supervisor, lines: Sequence[str]) -> RenderableType:
    """The whole screen."""
    parts: list[RenderableType] = [_draw_places(supervisor)]
    if view.work:
        parts += [_heading("In work"), _draw_work(view.work)]
    waiting = [entry for entry in view.waiting if entry.state is not FileState.PROCESSING]
    if waiting:
        parts += [_heading("In the in-tray"), _draw_waiting(waiting, supervisor.plan.settings)]
    if view.trouble:
        parts += [_heading("To look at"), _draw_trouble(view)]
    parts += [_heading("Episodes"), Text(_counts(view))]
    if lines:
        parts += [_heading("Last"), Text("\n".join(lines), overflow="ellipsis", no_wrap=True)]
    return Group(*parts, Text("\nCtrl-C ends it; finished work is kept.", style="dim"))


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _draw_places(supervisor: Supervisor) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, where in places_of(supervisor):
        table.add_row(Text(name, style="dim"), Text(where, overflow="fold"))
    return table


def _draw_work(work: Sequence[Work]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for each in work[:MOST_WORK]:
        status = each.status
        step = STEP_WORDS.get(status.step or "", status.step or STATE_WORDS[State.PROCESSING])
        table.add_row(Text(status.title, overflow="ellipsis"), Text(step), *_progress(each))
    if len(work) > MOST_WORK:
        table.add_row(Text(f"and {len(work) - MOST_WORK} more", style="dim"))
    return table


def _progress(work: Work) -> tuple[RenderableType, RenderableType]:
    status = work.status
    if not status.audio_done or not status.duration:
        return "", ""
    told = f"{clock(status.audio_done)} of {clock(status.duration)}"
    if work.left_s is not None:
        told += f", about {spoken_length(work.left_s)} left"
    bar = ProgressBar(total=status.duration, completed=status.audio_done, width=_BAR_WIDTH)
    return bar, Text(told)


def _draw_waiting(waiting: Sequence[Entry], settings: Settings) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    # What a person can do something about comes first.
    order = (FileState.REFUSED, FileState.WAITING, FileState.ARRIVING)
    entries = sorted(waiting, key=lambda e: (e.state not in order, e.path))
    for entry in entries[:MOST_WAITING]:
        name = shorten(settings.root / entry.path, settings.audio_folder)
        style = "red" if entry.state is FileState.REFUSED else "default"
        why = "" if entry.state is FileState.ARRIVING else entry.reason
        table.add_row(Text(name), Text(FILE_WORDS[entry.state], style=style), Text(why))
    if len(entries) > MOST_WAITING:
        table.add_row(Text(f"and {len(entries) - MOST_WAITING} more", style="dim"))
    return table


def _draw_trouble(view: View) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, status in view.trouble[:MOST_TROUBLE]:
        style = "red" if status.state is State.FAILED else "yellow"
        table.add_row(Text(name, style=style), Text(status.error or ""))
    if len(view.trouble) > MOST_TROUBLE:
        table.add_row(Text(f"and {len(view.trouble) - MOST_TROUBLE} more", style="dim"))
    return table


def _counts(view: View) -> str:
    counts = view.counts
    told = [f"{words}: {counts[state]}" for state, words in STATE_WORDS.items() if counts[state]]
    return "; ".join(told) or "none yet: put an audio file into the in-tray"
