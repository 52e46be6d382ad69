"""The commands of feeds: which are followed, asking them now, fetching their archive."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from shownotes.command_line import Root, settings_of
from shownotes.errors import SettingsError, ShowNotesError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shownotes.core.feed_book import Book
    from shownotes.polling import FeedPoll
    from shownotes.settings import Settings
    from shownotes.steps.subscriptions import Subscription

NONE_FOLLOWED = (
    "No feeds are followed. Put some into shownotes.toml: [feeds] urls, or feed in [show.<name>]."
)

feeds_app = typer.Typer(
    help="Podcasts that are followed: their new episodes come into the in-tray.",
    add_completion=False,
    invoke_without_command=True,
)


@feeds_app.callback()
def feeds(context: typer.Context, root: Root = None) -> None:
    """Show the feeds that are followed, when they were asked, and what waits."""
    from rich.table import Table

    from shownotes.screen import open_console

    if context.invoked_subcommand is not None:
        return
    from shownotes.steps.subscriptions import book_of, subscriptions

    settings = settings_of(root)
    console = open_console()
    followed = subscriptions(settings)
    if not followed:
        console.print(escape(NONE_FOLLOWED), soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("Feed", "Folder", "Last asked", "Next", "Taken", "Waiting", "Archive"):
        table.add_column(heading, overflow="fold")
    told: list[tuple[str, str]] = []
    for subscription in followed:
        try:
            book = book_of(subscription, settings)
        except ShowNotesError as error:
            told.append((subscription.name, str(error)))
            continue
        table.add_row(*map(escape, _row(subscription, book, settings)))
        told += [(subscription.name, text) for text in _troubles(book)]
    console.print(table)
    for name, text in told:
        console.print(f"\n[yellow]{escape(name)}[/]: {escape(text)}", soft_wrap=True)


def _row(subscription: Subscription, book: Book, settings: Settings) -> list[str]:
    from shownotes.core.feed_book import Standing
    from shownotes.screen import shorten

    folder = settings.audio_folder / book.folder if book.folder else None
    queued = len(book.of(Standing.QUEUED))
    following = "never: gone" if book.is_gone else _moment(book.next_poll) or "at the next poll"
    return [
        subscription.name,
        shorten(folder, settings.root) if folder else "",
        _moment(book.polled_at) or "never",
        following,
        str(len(book.of(Standing.TAKEN))),
        str(len(book.of(Standing.WANTED)) or ""),
        f"{queued} queued" if queued else "",
    ]


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}" if at else ""


def _troubles(book: Book) -> list[str]:
    """What a person should know of a feed."""
    told = []
    if book.is_gone:
        told.append(
            "Its server says that it is gone for good. Take it out, or correct its address."
        )
    elif book.reason:
        told.append(book.reason)
    if book.moved_to:
        told.append("It has moved for good; the new address is used. Put it into shownotes.toml.")
    if book.is_locked:
        told.append("Its owner has locked it against being imported elsewhere (podcast:locked).")
    for entry in book.entries:
        if entry.is_waiting and entry.reason:
            again = _moment(entry.retry_at)
            told.append(f"“{entry.title}” waits, tried again after {again}. {entry.reason}")
        elif entry.note:
            told.append(f"“{entry.title}”: {entry.note}")
    return told


@feeds_app.command("poll")
def poll_now(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[FEED]...", help="Shows; all by default.")
    ] = None,
    no_prefect: Annotated[bool, typer.Option("--no-prefect", help="Ask plainly.")] = False,
    root: Root = None,
) -> None:
    """Ask feeds for new episodes now, and fetch them into the in-tray."""
    from shownotes.adapters.run_log import open_run_log
    from shownotes.batch import new_run_id
    from shownotes.polling import Poller
    from shownotes.screen import ProgressLine, open_console
    from shownotes.steps.feeds import Asked
    from shownotes.steps.subscriptions import choose

    settings = settings_of(root)
    console = open_console()
    followed = choose(names or (), settings)
    if not followed:
        console.print(escape(NONE_FOLLOWED), soft_wrap=True)
        return
    with ProgressLine(console) as progress:
        if no_prefect:
            log = open_run_log(settings, run=f"feeds {new_run_id()}")
            poller = Poller(settings=settings, progress=progress, log=log, asked=Asked())
            polls = poller.run(followed)
        else:
            from flows.poll_feeds import run_poll_feeds

            polls = run_poll_feeds(settings, followed, progress=progress)
    taken = sum(len(poll.taken) for poll in polls)
    console.print(f"{taken} new episode{'' if taken == 1 else 's'}.")
    _leave_with(polls)


def backfill(
    feed: Annotated[str, typer.Argument(help="A show whose feed is followed.")],
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="No older ones: 2024-01-31.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="The newest so many of them.")
    ] = None,
    is_mine: Annotated[
        bool, typer.Option("--mine", help="Although its owner has locked it (podcast:locked).")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Forget what is still queued.")] = False,
    root: Root = None,
) -> None:
    """Fetch a feed's archive, newest first. Stop it with Ctrl-C; the same command goes on."""
    from shownotes.adapters.run_log import open_run_log
    from shownotes.batch import new_run_id
    from shownotes.core.feed_book import Standing
    from shownotes.polling import Poller
    from shownotes.screen import DownloadBar, ProgressLine, open_console
    from shownotes.steps.feeds import Asked, forget_queue
    from shownotes.steps.subscriptions import book_of, choose

    settings = settings_of(root)
    console = open_console()
    followed = choose([feed], settings)
    if stop:
        count = sum(forget_queue(subscription, settings) for subscription in followed)
        console.print(f"{count} queued episodes are forgotten; what was fetched is kept.")
        return
    asked = Asked(is_archive=True, since=_day(since), limit=limit, is_mine=is_mine)
    with DownloadBar(console) as bar:
        poller = Poller(
            settings=settings,
            progress=ProgressLine(console),
            log=open_run_log(settings, run=f"backfill {new_run_id()}"),
            asked=asked,
            report=lambda done, total: bar(done, total or 0),
        )
        polls = poller.run(followed)
    taken = sum(len(poll.taken) for poll in polls)
    left = sum(len(book_of(s, settings).of(Standing.QUEUED, Standing.WANTED)) for s in followed)
    console.print(f"{taken} fetched, {left} left.")
    _leave_with(polls)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise SettingsError(f"--since {text!r}: write a day such as 2024-01-31.") from error


def _leave_with(polls: Sequence[FeedPoll]) -> None:
    """Leave with an error when anything could not be had."""
    errors = [e for p in polls for e in (p.error, *(error for _, error in p.failed)) if e]
    if errors:
        raise typer.Exit(errors[0].exit_code if len(errors) == 1 else 1)
