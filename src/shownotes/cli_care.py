"""The commands of care: stopping and beginning again, room on the disk, the trash."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from shownotes.command_line import (
    By,
    Root,
    ask_again,
    folder_of,
    leave_with,
    process_files,
    settings_of,
    source_of,
    who,
)
from shownotes.errors import EpisodeBusyError, SettingsError, ShowNotesError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from shownotes.adapters.store import EpisodeFolder
    from shownotes.settings import Settings

# How long `cancel` waits for a run to let go, and how often it looks, in seconds. A run sees the
# request within a second or two; a large model on a slow machine may be in the midst of a sentence.
PATIENCE_S, LOOK_EVERY_S = 30.0, 0.5


# --------------------------------------------------------------------------- cancel and retry


def cancel(
    episode: Annotated[str, typer.Argument(help="The episode, or its file in the in-tray.")],
    by: By = None,
    root: Root = None,
) -> None:
    """Stop the work on an episode, wherever it goes on; it waits until it is asked for again."""
    from shownotes import pipeline
    from shownotes.screen import STATE_WORDS, open_console
    from shownotes.steps import drop_folder
    from shownotes.steps.intray import relative
    from shownotes.steps.standing import UNFINISHED

    settings, console = settings_of(root), open_console()
    source = _file_without_episode(episode, settings)
    if source is not None:
        reason = f"Cancelled by {who(by)}; `shownotes retry {source.name}` takes it up again."
        drop_folder.set_aside(settings, [relative(source, settings)], reason=reason)
        told = f"{source.name} was not begun yet, and is left alone by `shownotes up` from now on."
        console.print(escape(told), soft_wrap=True)
        return
    folder = folder_of(episode, settings)
    status = pipeline.current_status(folder)
    if status is not None and status.state not in UNFINISHED:
        told = f"{folder.name}: {STATE_WORDS[status.state]}. Nothing of it is being processed."
        console.print(escape(told), soft_wrap=True)
        return
    if not pipeline.cancel(folder, settings, by=who(by)):
        console.print(f"Asked to stop: {escape(folder.holder())} ...", soft_wrap=True)
        _wait_for(folder, settings, by=who(by))
    _set_aside(folder, settings)
    _say_how_it_ended(console, folder)


def _file_without_episode(name: str, settings: Settings) -> Path | None:
    """A file in the in-tray that no run has begun, by the name of an episode."""
    from shownotes.steps import prepare

    try:
        path = source_of(name, settings)
    except ShowNotesError:
        return None
    return path if path.exists() and prepare.known(path, settings) is None else None


def _wait_for(folder: EpisodeFolder, settings: Settings, *, by: str) -> None:
    """Wait until whoever has the episode has let go of it."""
    from shownotes import pipeline
    from shownotes.model import WaitsFor
    from shownotes.steps import cancelling

    until = time.monotonic() + PATIENCE_S
    while folder.is_claimed():
        if time.monotonic() > until:
            return
        time.sleep(LOOK_EVERY_S)
    status = pipeline.read_status(folder)
    is_waiting = status is not None and status.waits_for is WaitsFor.RETRY
    if cancelling.standing_request(folder) is not None and not is_waiting:
        # It ended for another reason, without having seen the request.
        pipeline.cancel(folder, settings, by=by)


def _set_aside(folder: EpisodeFolder, settings: Settings) -> None:
    """Have the drop folder leave a cancelled episode alone."""
    from shownotes.steps import cancelling, drop_folder
    from shownotes.steps.intray import relative

    request = cancelling.standing_request(folder)
    if request is None:
        return
    path = _source_path(folder, settings)
    if path is not None:
        reason = cancelling.message(folder, request)
        drop_folder.set_aside(settings, [relative(path, settings)], reason=reason)


def _source_path(folder: EpisodeFolder, settings: Settings) -> Path | None:
    from shownotes.model import Episode

    episode = folder.read("episode.json", Episode)
    name = episode.audio.path if episode.audio else episode.transcript_path
    return settings.root / name if name else None


def _say_how_it_ended(console: Console, folder: EpisodeFolder) -> None:
    from shownotes import pipeline
    from shownotes.screen import STATE_WORDS
    from shownotes.steps import cancelling

    status, name = pipeline.current_status(folder), escape(folder.name)
    if cancelling.standing_request(folder) is None:
        words = STATE_WORDS[status.state] if status else "waiting"
        console.print(f"{name} had come to its end before: {words}.", soft_wrap=True)
    elif folder.is_claimed():
        console.print(
            f"{name} has not stopped yet: it is in the midst of something long, such as loading a "
            "model. The request stands, and is heard as soon as that is over; look again with "
            "`shownotes status`.",
            soft_wrap=True,
        )
    else:
        console.print(
            f"cancelled  {name}. What was finished is kept.\n\nTo go on:  shownotes retry {name}",
            soft_wrap=True,
        )


def retry(
    episodes: Annotated[
        list[str] | None, typer.Argument(help="Episodes, or files in the in-tray.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that failed, were cancelled or wait.")
    ] = False,
    no_prefect: Annotated[bool, typer.Option("--no-prefect", help="Walk plainly.")] = False,
    root: Root = None,
) -> None:
    """Process again what failed or was cancelled, from where it stands."""
    from shownotes.adapters.up_book import running_up
    from shownotes.batch import RunOptions
    from shownotes.screen import open_console, shorten, show_outcomes
    from shownotes.steps import drop_folder
    from shownotes.steps.intray import relative

    settings, console = settings_of(root), open_console()
    paths = [source_of(name, settings) for name in episodes or ()]
    if not episodes:
        paths = _unfinished(settings)
        if not paths:
            console.print("Nothing failed and nothing waits.")
            return
        if not everything:
            names = ", ".join(shorten(path, settings.root) for path in paths[:10])
            raise SettingsError(f"Name what to try again, or --all: {names}.")
    ask_again(paths, settings)
    drop_folder.ask_again(settings, [relative(path, settings) for path in paths])
    if running_up(settings.output_folder) is not None:
        for path in paths:
            console.print(f"asked for  {escape(shorten(path, settings.root))}", soft_wrap=True)
        console.print("\n`shownotes up` takes it up within seconds.")
        return
    outcomes = process_files(paths, settings, options=RunOptions(), no_prefect=no_prefect)
    show_outcomes(console, outcomes, settings.root)
    leave_with(outcomes)


def _unfinished(settings: Settings) -> list[Path]:
    """Files of which there is no draft and on which nobody works: in the in-tray, and archived."""
    from shownotes.adapters.store import episode_folders
    from shownotes.steps.deleted import wanted_audio

    paths = wanted_audio(settings)
    for folder in episode_folders(settings.output_folder):
        source = _source_path(folder, settings)
        if source is not None and source.exists() and source not in paths:
            paths.append(source)
    return [path for path in paths if not _is_finished_or_at_work(path, settings)]


def _is_finished_or_at_work(path: Path, settings: Settings) -> bool:
    from shownotes import pipeline
    from shownotes.steps import prepare
    from shownotes.steps.standing import UNFINISHED

    folder = prepare.known(path, settings)
    if folder is None:
        return False
    status = pipeline.current_status(folder)
    is_finished = status is not None and status.state not in UNFINISHED
    return is_finished or folder.is_claimed()


# --------------------------------------------------------------------------- room on the disk


def clean(
    archive: Annotated[
        bool,
        typer.Option("--archive", help="Also move published audio into audio/archive/<year>/."),
    ] = False,
    older_than: Annotated[
        float, typer.Option("--older-than", metavar="DAYS", help="Unchanged for so many days.")
    ] = 0.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")
    ] = False,
    root: Root = None,
) -> None:
    """Free the disk of what can be made again of finished episodes."""
    from shownotes.screen import open_console
    from shownotes.steps import cleaning

    settings, console = settings_of(root), open_console()
    freed, left = 0, 0
    for folder in cleaning.finished_episodes(settings, older_than_days=older_than):
        try:
            if archive and cleaning.is_published(folder):
                _archive(console, folder, settings, dry_run=dry_run)
            room = (cleaning.room_in if dry_run else cleaning.clean)(folder, settings)
        except EpisodeBusyError as error:
            console.print(f"[yellow]left[/]     {escape(str(error))}", soft_wrap=True)
            left += 1
            continue
        if room:
            console.print(f"{room / 1e6:8.1f} MB  {escape(folder.name)}", soft_wrap=True)
        freed += room
    word = "would be free" if dry_run else "freed"
    console.print(f"{freed / 1e6:8.1f} MB {word}." if freed else "Nothing to clean.")
    if left:
        raise typer.Exit(EpisodeBusyError.exit_code)


def _archive(console: Console, folder: EpisodeFolder, settings: Settings, *, dry_run: bool) -> None:
    from shownotes import pipeline
    from shownotes.screen import shorten
    from shownotes.steps import archiving
    from shownotes.steps.step import Walk

    if dry_run:
        for path in archiving.to_archive(folder, settings):
            console.print(f"would move  {escape(shorten(path, settings.root))}", soft_wrap=True)
        return
    moves = archiving.archive(folder, settings)
    for source, target in moves:
        told = f"{shorten(source, settings.root)} -> {shorten(target, settings.root)}"
        console.print(f"archived  {escape(told)}", soft_wrap=True)
    if moves:
        # Its page plays the audio from where it lies now.
        pipeline.render_again(Walk(folder=folder, settings=settings))


# --------------------------------------------------------------------------- the trash


def delete(
    episode: Annotated[str, typer.Argument(help="The episode.")],
    by: By = None,
    root: Root = None,
) -> None:
    """Put an episode into the trash; its audio stays, and no run takes it up again."""
    from shownotes.screen import open_console
    from shownotes.steps import drop_folder, trash

    settings, console = settings_of(root), open_console()
    folder = folder_of(episode, settings)
    try:
        deleted = trash.delete(folder, settings, by=who(by))
    except EpisodeBusyError as error:
        raise EpisodeBusyError(
            f"{folder.name} is at work ({folder.holder()}), and is not deleted. Stop it first: "
            f"shownotes cancel {folder.name}"
        ) from error
    paths = sorted({file.path for file in deleted.files if (settings.root / file.path).exists()})
    reason = f"Its episode was deleted; `shownotes undelete {deleted.folder}` brings it back."
    if paths:
        drop_folder.set_aside(settings, paths, reason=reason)
    console.print(f"deleted  {escape(deleted.folder)}", soft_wrap=True)
    for path in paths:
        told = f"{path} stays where it is; no run makes an episode of it again."
        console.print(f"  {escape(told)}", soft_wrap=True)
    days = settings.schedules.keep_trash_days
    console.print(
        f"\nTo bring it back:  shownotes undelete {escape(deleted.folder)}\n"
        f"`shownotes up` empties the trash after {days:g} days.",
        soft_wrap=True,
    )


def undelete(
    name: Annotated[
        str | None, typer.Argument(help="The episode; without one, lists the trash.")
    ] = None,
    root: Root = None,
) -> None:
    """Bring a deleted episode back."""
    from shownotes.screen import open_console
    from shownotes.steps import drop_folder, trash
    from shownotes.steps.deleted import is_there, read_deleted

    settings, console = settings_of(root), open_console()
    if name is None:
        there = [deleted for deleted in read_deleted(settings) if is_there(deleted, settings)]
        for deleted in there:
            told = f"{deleted.trashed}  {deleted.title} (deleted by {deleted.by}, {deleted.at})"
            console.print(escape(told), soft_wrap=True)
        if not there:
            console.print("The trash is empty.")
        return
    deleted = trash.find_deleted(name, settings)
    folder = trash.undelete(deleted, settings)
    if deleted.files:
        drop_folder.ask_again(settings, sorted({file.path for file in deleted.files}))
    console.print(f"back  {escape(folder.name)}", soft_wrap=True)


CARE_COMMANDS: tuple[Callable[..., None], ...] = (cancel, retry, clean, delete, undelete)
