"""The commands of review and publishing: the desk, approve, publish, unpublish."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from shownotes.command_line import By, Root, folder_of, settings_of, who
from shownotes.errors import (
    DeliveryError,
    NotDueError,
)

if TYPE_CHECKING:
    from shownotes.release import Releases
    from shownotes.settings import Settings
    from shownotes.steps.step import Progress, Walk


def approve(
    episode: Annotated[str, typer.Argument(help="The episode.")],
    by: By = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="Publish then: 2026-10-25T06:00, in the show's time zone."
        ),
    ] = None,
    root: Root = None,
) -> None:
    """Approve an episode as it is now: its draft with what was decided in the desk."""
    from shownotes.core.publication import appointment
    from shownotes.screen import open_console
    from shownotes.steps import reviewing
    from shownotes.steps.publishing import timezone_of
    from shownotes.steps.step import Walk

    settings = settings_of(root)
    walk = Walk(folder=folder_of(episode, settings), settings=settings)
    when = appointment(at, timezone_of(walk)) if at else None
    publish_at = when.isoformat() if when else None
    approval = reviewing.approve(walk, by=who(by), publish_at=publish_at)
    console = open_console()
    name = escape(walk.folder.name)
    console.print(f"approved  {name}, by {escape(approval.by)}", soft_wrap=True)
    if when:
        console.print(f"It is to be published at {when.isoformat(sep=' ')}.")
    else:
        console.print(f"\nNext:  shownotes publish {name}")


def publish(
    episode: Annotated[
        str | None, typer.Argument(help="The episode; all that are approved and due by default.")
    ] = None,
    by: By = None,
    now: Annotated[
        bool, typer.Option("--now", help="Although it was approved for a later time.")
    ] = False,
    no_prefect: Annotated[bool, typer.Option("--no-prefect", help="Publish plainly.")] = False,
    root: Root = None,
) -> None:
    """Publish what is approved: into published/ and the show's site, and tell the hooks."""
    from shownotes.release import release
    from shownotes.screen import ProgressLine, open_console
    from shownotes.steps.step import Walk

    settings = settings_of(root)
    with ProgressLine(open_console()) as progress:
        if episode is None:
            releases = _publish_due(settings, who(by), progress, no_prefect)
        else:
            folder = folder_of(episode, settings)
            walk = Walk(folder=folder, settings=settings, progress=progress)
            if not now:
                _check_time(walk)
            releases = release(walk, by=who(by))
    _show_releases(releases, settings)


def _publish_due(settings: Settings, by: str, progress: Progress, no_prefect: bool) -> Releases:
    """Publish everything that is due; plainly when there is nothing, which needs no server."""
    from shownotes.release import Releases, release_due
    from shownotes.steps.publishing import due

    at = datetime.now(UTC)
    walks = due(settings, at)
    if not walks:
        progress.say("Nothing is approved and due.")
        return Releases()
    if no_prefect:
        for walk in walks:
            walk.progress = progress
        return release_due(walks, settings, by=by, now=at)
    from flows.publish_approved import run_publish_approved

    return run_publish_approved(settings, by=by, progress=progress)


def _check_time(walk: Walk) -> None:
    from shownotes.steps.publishing import publish_time
    from shownotes.steps.reviews import read_approval

    approval = read_approval(walk.folder)
    when = publish_time(walk, approval) if approval else None
    if when is not None and when > datetime.now(UTC):
        raise NotDueError(
            f"{walk.folder.name} is approved for {when.isoformat(sep=' ')}. "
            f"To publish it before: shownotes publish {walk.folder.name} --now"
        )


def unpublish(
    episode: Annotated[str, typer.Argument(help="The episode.")],
    by: By = None,
    root: Root = None,
) -> None:
    """Take an episode off its show's site and feed; what was published stays in its history."""
    from shownotes.release import take_back
    from shownotes.steps.step import Walk

    settings = settings_of(root)
    walk = Walk(folder=folder_of(episode, settings), settings=settings)
    _show_releases(take_back(walk, by=who(by)), settings)


def _show_releases(releases: Releases, settings: Settings) -> None:
    """Say what became of each episode; leave with an error when one failed."""
    from shownotes.screen import open_console, show_releases

    show_releases(open_console(), releases, settings.root)
    failed = releases.failed
    if failed:
        error = failed[0].error or DeliveryError("")
        raise typer.Exit(error.exit_code if len(releases.episodes) == 1 else 1)


desk_app = typer.Typer(
    help="The editor's desk: review beside the audio, in the browser.",
    add_completion=False,
    invoke_without_command=True,
)


@desk_app.callback()
def desk(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option("--host", help="Address; others than this machine need accounts.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port; 8765 by default.")] = None,
    root: Root = None,
) -> None:
    """Open the desk on this machine, until Ctrl-C."""
    from shownotes.screen import open_console

    if context.invoked_subcommand is not None:
        return
    from shownotes.runs import Runs
    from shownotes.web.app import build_desk
    from shownotes.web.serving import listen, server

    settings = settings_of(root)
    runs = Runs(settings.root)
    guard, told = build_desk(settings, host=host, port=port, start_run=runs.start)
    serving = server(guard, told)
    console = open_console()
    with contextlib.closing(listen(told)) as place:
        shown = f"[{told.host}]" if ":" in told.host else told.host
        console.print(f"The desk is open:  http://{shown}:{told.port}/", soft_wrap=True)
        console.print("Ctrl-C closes it. Everything that it showed as saved is on the disk.")
        try:
            serving.run(sockets=[place])
        finally:
            runs.close()


@desk_app.command("invite")
def invite_editor(
    name: Annotated[str, typer.Argument(help="The editor's name, as it stands in the history.")],
    root: Root = None,
) -> None:
    """Make an account for an editor: prints a link that opens once, to choose a password."""
    from shownotes.adapters import accounts
    from shownotes.screen import open_console

    settings = settings_of(root)
    token = accounts.invite(settings.root, name)
    base = settings.desk.public_url.rstrip("/") or f"http://127.0.0.1:{settings.desk.port}"
    open_console().print(f"Give this to {escape(name)}:  {base}/invite/{token}", soft_wrap=True)


@desk_app.command("remove")
def remove_editor(
    name: Annotated[str, typer.Argument(help="The editor's name.")],
    root: Root = None,
) -> None:
    """Take an editor's account away; what they did stays in the history."""
    from shownotes.adapters import accounts
    from shownotes.screen import open_console

    accounts.remove(settings_of(root).root, name)
    open_console().print(f"{escape(name)} cannot sign in any more.")


@desk_app.command("editors")
def list_editors(root: Root = None) -> None:
    """List the editors who have accounts."""
    from shownotes.adapters import accounts
    from shownotes.screen import open_console

    names_there = accounts.names(settings_of(root).root)
    console = open_console()
    for name in names_there:
        console.print(escape(name))
    if not names_there:
        console.print("None. The desk is open on this machine alone, without passwords.")


REVIEW_COMMANDS = (approve, publish, unpublish)
