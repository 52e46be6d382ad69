"""Which episodes were deleted, and whose audio in the in-tray is therefore left alone.

A dropped file stays where it is when its episode is deleted. So that no run makes the episode anew,
`output/.trash/deleted.json` knows the file for as long as it lies there unchanged. A file that is
dropped afterwards is a new wish, and a new episode.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import FormatError
from shownotes.model import Episode
from shownotes.settings import Settings
from shownotes.steps.admission import SeenFile, is_unchanged, known
from shownotes.steps.intray import find_audio, relative

FOLDER, BOX = ".trash", "deleted.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """An episode that was deleted.

    Attributes:
        folder: its name while it was there.
        trashed: its folder's name in the trash.
        files: of its audio and transcripts, as they lay in the in-tray.
    """

    id: str
    title: str
    folder: str
    trashed: str
    at: str
    by: str
    files: tuple[SeenFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedBook:
    """`output/.trash/deleted.json`, the last one at the end."""

    episodes: tuple[Deleted, ...] = ()


def read_deleted(settings: Settings) -> list[Deleted]:
    """Every episode that was deleted and can be brought back, or whose file still lies there.

    Raises:
        FormatError: the book is damaged, or of a newer version.
    """
    box = EpisodeFolder(trash_folder(settings))
    return list(box.read(BOX, DeletedBook).episodes) if box.has(BOX) else []


def is_there(deleted: Deleted, settings: Settings) -> bool:
    """Whether it can still be brought back."""
    return (trash_folder(settings) / deleted.trashed).is_dir()


def trash_folder(settings: Settings) -> Path:
    """Where deleted episodes lie."""
    return settings.output_folder / FOLDER


def free_place(trash: Path, name: str) -> Path:
    """Where something goes in the trash: under today's date, by which it is emptied."""
    return first_free(trash, f"{datetime.now(UTC):%Y-%m-%d}-{name}")


def first_free(place: Path, name: str) -> Path:
    """`name`, or `name-2` and so on: the first that nothing has."""
    numbered = (f"{name}-{number}" for number in count(2))
    return next(place / found for found in chain((name,), numbered) if not (place / found).exists())


def write_deleted(settings: Settings, episodes: Sequence[Deleted]) -> None:
    """Write the book; whoever does holds the door."""
    EpisodeFolder(trash_folder(settings)).write(BOX, DeletedBook(episodes=tuple(episodes)))


# --------------------------------------------------------------------------- the in-tray


def wanted_audio(settings: Settings) -> list[Path]:
    """What lies in the in-tray, without the files of deleted episodes."""
    gone = _known_deleted(settings)
    files = find_audio(settings)
    return [path for path in files if not gone or _owner(path, gone, settings) is None]


def owner_of(path: Path, settings: Settings) -> Deleted | None:
    """The deleted episode that a file belongs to, unless it has another one by now."""
    return _owner(path, _known_deleted(settings), settings)


def _known_deleted(settings: Settings) -> list[Deleted]:
    """A damaged book stops nobody: at worst a deleted episode is made anew."""
    with suppress(FormatError):
        return read_deleted(settings)
    return []


def _owner(path: Path, gone: Sequence[Deleted], settings: Settings) -> Deleted | None:
    name = relative(path, settings)
    for deleted in reversed(gone):
        for file in deleted.files:
            if file.path == name and is_unchanged(path, file):
                return deleted if known(path, settings) is None else None
    return None


def twin_of(folder: EpisodeFolder, settings: Settings) -> Deleted | None:
    """A deleted episode of the same audio, that could be brought back in place of this one."""
    gone = _known_deleted(settings)
    if not gone:
        return None
    episode = folder.read("episode.json", Episode)
    hashes = {version.packets_sha256 for version in episode.versions}
    for deleted in reversed(gone):
        if is_there(deleted, settings) and hashes & {file.packets_sha256 for file in deleted.files}:
            return deleted
    return None
