"""Where things are in the in-tray, and what lies beside what."""

import errno
import os
from pathlib import Path
from typing import NamedTuple

from shownotes.core import tray_names
from shownotes.core.tray_names import ARCHIVE, TRANSCRIPT_ENDINGS
from shownotes.settings import Settings


class Kind(NamedTuple):
    """What a name in a folder is; links are what they point to."""

    is_folder: bool
    is_file: bool
    is_link: bool


def names_in(folder: Path) -> dict[str, Kind]:
    """The names in a folder, and what they are."""
    with os.scandir(folder) as entries:
        return {entry.name: _kind(entry) for entry in entries}


def _kind(entry: "os.DirEntry[str]") -> Kind:
    is_link = entry.is_symlink()
    try:
        return _FILE if entry.is_file() and not is_link else _kind_of_other(entry, is_link)
    except OSError:
        return Kind(False, False, is_link)  # a link that leads to itself


def _kind_of_other(entry: "os.DirEntry[str]", is_link: bool) -> Kind:
    return Kind(entry.is_dir(), entry.is_file(), is_link)


_FILE = Kind(is_folder=False, is_file=True, is_link=False)


def transcript_beside(path: Path) -> Path | None:
    """The transcript of the same name, or the file itself when it is one."""
    if is_transcript(path):
        return path
    candidates = (_beside(path, ending) for ending in TRANSCRIPT_ENDINGS)
    return next((candidate for candidate in candidates if is_there(candidate)), None)


def is_there(path: Path) -> bool:
    """Whether a file is there. A name that is too long for a file is none's.

    Beside a name of 255 bytes that ends in `.mp3` there is no room for one that ends in `.toml`.
    """
    try:
        return path.is_file()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


def publishers_path(path: Path, ending: str) -> Path:
    """Where a publisher's transcript is that the one of an audio file is compared with."""
    return path.with_name(f"{path.stem}{tray_names.PUBLISHERS}{ending}")


def publishers_transcript(path: Path) -> Path | None:
    """The publisher's transcript of an audio file, if there is one to compare with."""
    candidates = (publishers_path(path, ending) for ending in TRANSCRIPT_ENDINGS)
    return next((candidate for candidate in candidates if is_there(candidate)), None)


def is_transcript(path: Path) -> bool:
    """Whether a file is a transcript by its name."""
    return tray_names.is_transcript_name(path.name)


def sidecar_beside(path: Path) -> Path:
    """Where the sidecar of a file or of a folder of tracks is, if it has one."""
    return _beside(path, ".toml")


def _beside(path: Path, ending: str) -> Path:
    """The file of the same name; a folder's lies beside it, or in it."""
    if not path.is_dir():
        return path.with_suffix(ending)
    inside = path / (path.name + ending)
    return inside if inside.is_file() else path.parent / (path.name + ending)


def relative(path: Path, settings: Settings) -> str:
    """How a file is recorded: relative to the working folder, with forward slashes."""
    root = Path(os.path.abspath(settings.root))  # noqa: PTH100 - links stay as they are named
    whole = Path(os.path.abspath(path))  # noqa: PTH100
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def is_archived(path: Path, settings: Settings) -> bool:
    """Whether something lies in the in-tray's archive, where nothing is taken for new."""
    archive = relative(settings.audio_folder / ARCHIVE, settings)
    return relative(path, settings).startswith(f"{archive}/")
