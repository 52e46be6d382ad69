"""What all commands share: the working folder, and how an episode is named."""

from __future__ import annotations

import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from shownotes.errors import (
    EpisodeNotFoundError,
    SettingsError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from shownotes.adapters.store import EpisodeFolder
    from shownotes.batch import Outcome, RunOptions
    from shownotes.doctor import Finding
    from shownotes.settings import Settings

Root = Annotated[
    Path | None,
    typer.Option("--root", help="Working folder; by default the nearest one with shownotes.toml."),
]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it; you, by default.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting for this run: speech.beam_size=1"),
]


def settings_of(root: Path | None, changes: Sequence[str] = ()) -> Settings:
    """The settings of a working folder; of the nearest one by default.

    Raises:
        SettingsError: there is none, or its file is wrong.
    """
    from shownotes.settings import CONFIG_NAME, find_root, load_settings

    folder = root.resolve() if root else find_root(Path.cwd())
    if folder is None:
        raise SettingsError(
            f"There is no {CONFIG_NAME} here or above. Make a working folder with "
            "`shownotes init FOLDER`, or go to one."
        )
    settings = load_settings(folder)
    return settings.with_values(dict(assignment(text) for text in changes))


def assignment(text: str) -> tuple[str, object]:
    """The key and value of `--set KEY=VALUE`."""
    key, found, value = text.partition("=")
    section, dot, name = key.strip().partition(".")
    if not (found and dot and section and name):
        raise SettingsError(f"--set {text!r}: write KEY=VALUE, such as speech.beam_size=1.")
    return key.strip(), value.strip()


def source_of(name: str, settings: Settings) -> Path:
    """The audio (or lone transcript) behind a file name, a folder name or an id prefix."""
    from shownotes.adapters.store import episode_folders
    from shownotes.model import Episode
    from shownotes.steps.intray import is_tracks_folder

    for candidate in (Path(name), settings.audio_folder / name):
        if candidate.is_file() or is_tracks_folder(candidate, settings):
            # Not resolved: a link in the in-tray stays the link it is.
            return Path(os.path.abspath(candidate))  # noqa: PTH100
    wanted = Path(name).name
    for folder in episode_folders(settings.output_folder):
        episode = folder.read("episode.json", Episode)
        if folder.name == wanted or (len(name) >= 4 and episode.id.startswith(name)):
            source = episode.audio.path if episode.audio else episode.transcript_path
            if source is not None:
                return settings.root / source
    raise EpisodeNotFoundError(
        f"{name}: no such file, and no episode of that name or id. "
        "`shownotes status` lists the episodes."
    )


def folder_of(name: str, settings: Settings) -> EpisodeFolder:
    """The episode of a folder name, an id prefix or an audio path."""
    from shownotes.adapters.store import episode_folders
    from shownotes.model import Episode
    from shownotes.steps import prepare

    folders = episode_folders(settings.output_folder)
    for folder in folders:
        if folder.name == Path(name).name:
            return folder
    for folder in folders:
        if len(name) >= 4 and folder.read("episode.json", Episode).id.startswith(name):
            return folder
    found = prepare.known(source_of(name, settings), settings)
    if found is None:
        raise EpisodeNotFoundError(f"{name} is not processed yet. First: shownotes process {name}")
    return found


def drafts_of(episodes: Sequence[str] | None, settings: Settings) -> list[EpisodeFolder]:
    """The finished drafts, or those of the episodes named."""
    from shownotes.adapters.store import episode_folders
    from shownotes.steps import prepare

    folders = [f for f in episode_folders(settings.output_folder) if f.has("draft.json")]
    if not episodes:
        return folders
    chosen = [prepare.known(source_of(name, settings), settings) for name in episodes]
    # A folder's own name counts even when its audio has been put away or replaced.
    names = {folder.name for folder in chosen if folder is not None}
    names |= {Path(name).name for name in episodes}
    return [folder for folder in folders if folder.name in names]


def process_files(
    paths: Sequence[Path], settings: Settings, *, options: RunOptions, no_prefect: bool
) -> list[Outcome]:
    """Process files here and now: by the flow, or plainly; questions come first."""
    from shownotes.batch import is_anything_due, process_plainly
    from shownotes.screen import DownloadBar, ProgressLine, open_console

    is_due = is_anything_due(paths, settings, options=options)
    if is_due:
        from shownotes.steps.transcribe import ask_before_work

        ask = _ask if sys.stdin.isatty() else None
        with DownloadBar(open_console()) as report:
            ask_before_work(paths, settings, ask=ask, report=report)
    with ProgressLine(open_console()) as progress:
        if not no_prefect and is_due:
            from flows.process_audio import run_process_audio

            return run_process_audio(paths, settings, options=options, progress=progress)
        began = datetime.now(UTC)
        outcomes = process_plainly(paths, settings, options=options, progress=progress)
        if settings.notify.webhook or settings.notify.mail_to:
            from shownotes.notices import tell_outcomes

            for fault in tell_outcomes(outcomes, settings, began=began):
                progress.say(f"Nobody could be told: {fault}")
        return outcomes


def _ask(question: str) -> bool:
    return typer.confirm(question, default=True)


def who(name: str | None) -> str:
    """Who is at work: as told, else as the system knows them."""
    try:
        return name or getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return "somebody"


def ask_again(paths: Sequence[Path], settings: Settings) -> None:
    """Have these episodes processed although somebody cancelled them before."""
    from shownotes.steps import cancelling, prepare

    for path in paths:
        folder = prepare.known(path, settings)
        if folder is not None:
            cancelling.withdraw(folder)


def leave_with(outcomes: Sequence[Outcome]) -> None:
    """End the command as its run ended: with the error's code for one file, else with 1.

    An episode that another run has is no failure, nor is one of many that was cancelled.

    Raises:
        typer.Exit: something failed.
    """
    failed = [
        outcome.error
        for outcome in outcomes
        if outcome.error is not None
        and not outcome.is_busy
        and not (outcome.is_cancelled and len(outcomes) > 1)
    ]
    if failed:
        raise typer.Exit(failed[0].exit_code if len(outcomes) == 1 else 1)


def show_checks(console: Console, findings: Sequence[Finding]) -> None:
    """What `doctor` found, and what to do about it."""
    marks = {
        "ok": "[green]ok     [/]",
        "warning": "[yellow]look   [/]",
        "problem": "[red]problem[/]",
    }
    for finding in findings:
        console.print(f"{marks[finding.state]}  {finding.name:<18} {escape(finding.what)}")
        if finding.do and finding.state != "ok":
            console.print(f"{'':9}{'':<18} {escape(finding.do)}")
