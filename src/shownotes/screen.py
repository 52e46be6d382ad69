"""What the command line shows: the progress line, the tables, the home screen.

Why rich: it draws tables and progress that survive narrow terminals, pipes and Windows consoles,
and it is in the tree already (typer, Prefect).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from shownotes.model import State, WaitsFor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.progress import Progress, TaskID
    from rich.text import Text

    from shownotes.adapters.intray_book import Entry
    from shownotes.adapters.store import EpisodeFolder
    from shownotes.batch import Outcome
    from shownotes.model import Finding, Status
    from shownotes.release import Releases
    from shownotes.site import Built

STEP_WORDS = {
    "prepare": "reading the audio",
    "transcribe": "transcribing",
    "attribute": "telling voices apart",
    "identify": "finding names",
    "divide": "finding chapters",
    "compose": "writing the draft",
    "render": "writing the pages",
}
STATE_WORDS = {
    State.WAITING: "waiting",
    State.QUEUED: "queued",
    State.PROCESSING: "in work",
    State.FAILED: "failed",
    State.DRAFT: "draft, to be reviewed",
    State.IN_REVIEW: "in review",
    State.APPROVED: "approved",
    State.CHANGED_SINCE_APPROVAL: "changed since approval",
    State.PUBLISHED: "published",
}
WAITING_WORDS = {WaitsFor.MODEL: "waits for a model", WaitsFor.RETRY: "cancelled"}
# More files in the in-tray than these nobody reads; the others are counted.
MOST_FILES = 30
# Episodes that fit on a terminal's last pages.
MOST_EPISODES = 100
# Width of what is written to a file or a pipe: a table must not lose its columns there.
PIPE_WIDTH = 132


def open_console(*, is_error: bool = False) -> Console:
    """A console that keeps every column when its output is piped."""
    console = _Screen(stderr=is_error, highlight=False)
    if not console.is_terminal:
        return _Screen(stderr=is_error, highlight=False, width=PIPE_WIDTH)
    return console


class _Screen(Console):
    """Shows what names and titles hold; a terminal obeys nothing of it."""

    def render_str(self, text: str, **options: Any) -> Text:
        """As rich does, with control characters written out."""
        from shownotes.core.characters import visible

        return super().render_str(visible(text), **options)


class ProgressLine:
    """A bar in minutes of audio done, with time left; plain lines when nobody watches."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self.console = console
        self._bar = Progress(
            TextColumn("  {task.description:<20}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[done]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._began = 0.0
        self._total = 0.0
        self._first: float | None = None

    def __enter__(self) -> ProgressLine:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, step: str, total_s: float) -> None:
        """Show that a step begins."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._began, self._total, self._first = time.monotonic(), total_s, None
        words = STEP_WORDS.get(step, step)
        self._task = self._bar.add_task(words, total=total_s or None, done="")

    def advance(self, done_s: float) -> None:
        """Show how much audio is done, and the time left judged by the pace of this run."""
        from shownotes.core.timecodes import clock, spoken_length

        if self._task is None:
            return
        if self._first is None:
            self._first = done_s
        fresh = done_s - self._first
        spent = time.monotonic() - self._began
        text = f"{clock(done_s)} of {clock(self._total)}"
        if fresh > 0 and self._total > done_s:
            left = spent / fresh * (self._total - done_s)
            text += f", about {spoken_length(left)} left"
        self._bar.update(self._task, completed=done_s, done=text)

    def say(self, message: str) -> None:
        """Print one line above the bar."""
        self.console.print(f"  {escape(message)}")


class DownloadBar:
    """A bar for a download, drawn from the first bytes on, so that questions come before it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> DownloadBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` bytes are here."""
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        if self._bar is None or self._task is None:
            self._bar = Progress(
                TextColumn("  downloading"),
                BarColumn(bar_width=30),
                DownloadColumn(),
                TimeRemainingColumn(),
                console=self._console,
                disable=not self._console.is_terminal,
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=None)
        self._bar.update(self._task, completed=done, total=total or None)


def show_outcomes(console: Console, outcomes: Sequence[Outcome], root: Path) -> None:
    """The table that ends a run."""
    from rich.table import Table

    from shownotes.core.timecodes import clock, spoken_length

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("Episode", "Length", "Took", "Guests", "Agencies", "Chapters", "To check"):
        table.add_column(heading, overflow="fold")
    table.add_column("Notes", overflow="fold", no_wrap=False)
    for outcome in outcomes:
        status = outcome.status
        if status is None or outcome.folder is None:
            continue
        table.add_row(
            escape(status.title),
            clock(status.duration),
            spoken_length(status.took_s),
            escape("\n".join(status.guests)) or "none named",
            escape("\n".join(status.agencies)) or "none named",
            str(status.chapters),
            str(status.checks),
            escape(shorten(outcome.folder.path / "notes.html", root)),
        )
    if table.row_count:
        console.print()
        console.print(table)
    for outcome in outcomes:
        if outcome.error is not None:
            word = _word(outcome)
            console.print(f"\n{word}  {escape(shorten(outcome.path, root))}")
            console.print(f"  {escape(str(outcome.error))}")
    _show_kept(console, outcomes)


def _word(outcome: Outcome) -> str:
    """What became of a file that was not finished."""
    for is_so, word in (
        (outcome.is_busy, "busy"),
        (outcome.is_cancelled, "cancelled"),
        (outcome.waits, "waits"),
    ):
        if is_so:
            return f"[yellow]{word}[/]"
    return "[red]failed[/]"


def _show_kept(console: Console, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.status is not None and outcome.status.kept_edits:
            names = ", ".join(outcome.status.kept_edits)
            console.print(
                f"\n{escape(outcome.status.title)}: your own changes in {escape(names)} were kept; "
                "the new version lies beside as .new."
            )


def show_names(
    console: Console, rows: Sequence[tuple[str, str, str]], warnings: Sequence[str]
) -> None:
    """People, organizations and events of a transcript."""
    from rich.table import Table

    if rows:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("what", "name", "said of it"):
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)
    else:
        console.print("No names were found.")
    for warning in warnings:
        console.print(f"[yellow]{escape(warning)}[/]")


def show_findings(console: Console, found: Mapping[str, Sequence[Finding]]) -> None:
    """What the lint found, an episode after the other; errors are red."""
    from shownotes.core.timecodes import clock

    if not found:
        console.print("No finished notes. Run `shownotes process` first.")
    for name, findings in found.items():
        errors = sum(finding.is_error for finding in findings)
        told = f"{errors} to mend, {len(findings) - errors} to consider" if findings else "nothing"
        console.print(f"[bold]{escape(name)}[/]: {told}")
        for finding in findings:
            color = "red" if finding.is_error else "yellow"
            at = f" at {clock(finding.start)}" if finding.start is not None else ""
            where, message = escape(finding.target + at), escape(finding.message)
            console.print(f"  [{color}]{finding.rule}[/]  {where}: {message}", soft_wrap=True)
            fix, source = escape(finding.fix), escape(finding.source)
            console.print(f"    {fix} [dim]({source})[/]", soft_wrap=True)


def show_sites(console: Console, built: Sequence[Built], root: Path) -> None:
    """Where each site lies, and what is missing for a feed."""
    for site in built:
        where = escape(shorten(site.folder / "index.html", root))
        count = f"{site.episodes} episode{'' if site.episodes == 1 else 's'}"
        console.print(f"{escape(site.show)}: {count}, {where}", soft_wrap=True)
        if site.missing:
            told = escape(f"[show.<name>] has no {site.missing}.")
            console.print(f"  No feed: {told}", soft_wrap=True)


def show_releases(console: Console, releases: Releases, root: Path) -> None:
    """What became of each episode, who was told, and the sites."""
    for release in releases.episodes:
        version = release.publication
        if version is not None and release.is_out:
            place = release.walk.folder.path / "published" / str(version.version)
            where = escape(shorten(place, root))
            console.print(f"published   {where}, by {escape(version.by)}", soft_wrap=True)
        elif version is not None:
            console.print(f"taken back  {escape(release.name)}", soft_wrap=True)
        for delivery in release.deliveries:
            if delivery.is_done:
                told = f"  {delivery.target}: {escape(delivery.said)}"
                console.print(told, soft_wrap=True)
        for failure in release.failures:
            console.print(f"[red]{escape(release.name)}[/]: {escape(failure)}", soft_wrap=True)
    show_sites(console, releases.sites, root)


def show_status(
    console: Console,
    rows: Sequence[tuple[EpisodeFolder, Status | None]],
    *,
    most: int | None = MOST_EPISODES,
) -> None:
    """Every episode, one a line; on a terminal the last `most` of them, unless that is `None`.

    Where the output is piped, every episode has one whole line, for programs such as grep.
    """
    shown = rows[-most:] if most and console.is_terminal else rows
    headings = ("Episode", "State", "Length", "Guests", "To check", "Folder")
    cells = [_cells(folder, status) for folder, status in shown]
    if console.is_terminal:
        _show_table(console, headings, cells)
    else:
        _show_lines(console, headings, cells)
    if len(shown) < len(rows):
        console.print(f"and {len(rows) - len(shown)} before them: shownotes status --all")
    for folder, status in rows:
        if status is not None and status.error:
            color = "red" if status.state is State.FAILED else "yellow"
            console.print(f"\n[{color}]{escape(folder.name)}[/]: {escape(status.error)}")
        if status is not None and status.kept_edits:
            names = ", ".join(status.kept_edits)
            console.print(f"\n{escape(folder.name)}: edited by hand and kept: {escape(names)}")


def _cells(folder: EpisodeFolder, status: Status | None) -> tuple[str, ...]:
    from shownotes.core.timecodes import clock

    if status is None:
        return (folder.name, "waiting", "", "", "", folder.name)
    return (
        status.title,
        _state(status),
        clock(status.duration) if status.duration else "",
        ", ".join(status.guests),
        str(status.checks) if status.checks else "",
        folder.name,
    )


def _show_table(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _show_lines(console: Console, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """As wide as it takes; a rich table measures and folds every cell, which takes long."""
    from rich.cells import cell_len

    from shownotes.core.characters import visible

    written = [[visible(" ".join(cell.split())) for cell in row] for row in (headings, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*written, strict=True)]
    for row in written:
        padded = (c + " " * (w - cell_len(c)) for c, w in zip(row, widths, strict=True))
        console.out("  ".join(padded).rstrip(), highlight=False)


def show_tray(console: Console, entries: Sequence[Entry], *, is_watched: bool) -> None:
    """What lies in the in-tray and is not done, and why."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("In the in-tray", "State", "Why"):
        table.add_column(heading, overflow="fold")
    for entry in entries[:MOST_FILES]:
        why = entry.reason + (f" (again at {entry.retry_at})" if entry.retry_at else "")
        table.add_row(escape(entry.path), entry.state.value, escape(why))
    console.print(table)
    if len(entries) > MOST_FILES:
        console.print(f"and {len(entries) - MOST_FILES} more")
    if not is_watched:
        console.print("Nobody is watching it now: start `shownotes up`.")


def _state(status: Status) -> str:
    from shownotes.core.timecodes import clock

    words = STATE_WORDS[status.state]
    if status.waits_for is not None:
        words = WAITING_WORDS[status.waits_for]
    if status.state is State.PROCESSING and status.step:
        words = f"{words}: {STEP_WORDS.get(status.step, status.step)}"
        if status.audio_done:
            words += f", {clock(status.audio_done)} done"
    return words


def shorten(path: Path, root: Path) -> str:
    """A path relative to the working folder where it lies inside it."""
    try:
        return str(path.relative_to(root))
    except ValueError:
        return str(path)
