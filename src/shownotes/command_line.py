"""What all commands share: the working folder, and how an episode is named."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.errors import (
    EpisodeNotFoundError,
    SettingsError,
)
from shownotes.model import Episode
from shownotes.settings import CONFIG_NAME, Settings, find_root, load_settings
from shownotes.steps import prepare
from shownotes.steps.intray import is_tracks_folder

Root = Annotated[
    Path | None,
    typer.Option("--root", help="Working folder; by default the nearest one with shownotes.toml."),
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
    for candidate in (Path(name), settings.audio_folder / name):
        if candidate.is_file() or is_tracks_folder(candidate, settings):
            return candidate.resolve()
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
    folders = [f for f in episode_folders(settings.output_folder) if f.has("draft.json")]
    if not episodes:
        return folders
    chosen = [prepare.known(source_of(name, settings), settings) for name in episodes]
    # A folder's own name counts even when its audio has been put away or replaced.
    names = {folder.name for folder in chosen if folder is not None}
    names |= {Path(name).name for name in episodes}
    return [folder for folder in folders if folder.name in names]
