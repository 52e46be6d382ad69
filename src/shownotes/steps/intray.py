"""The in-tray: which files are episodes, what lies beside them, what the producer said."""

import os
import re
from dataclasses import replace
from pathlib import Path

from shownotes.core import episodes
from shownotes.model import Metadata
from shownotes.settings import Settings, ShowSettings, Sidecar, load_sidecar

AUDIO_ENDINGS = frozenset(
    f".{name}"
    for name in (
        *("mp3", "m4a", "m4b", "mp4", "aac", "wav", "flac", "ogg", "oga", "opus", "aif", "aiff"),
        *("webm", "mkv", "mka", "mov", "avi", "wma", "wmv", "asf", "ac3", "eac3", "amr", "ape"),
        *(
            "3gp",
            "caf",
            "w64",
            "wv",
            "tta",
            "mpg",
            "mpeg",
            "m2ts",
            "mts",
            "ts",
            "mp2",
            "flv",
            "spx",
        ),
    )
)
# In the order in which they are preferred when several lie beside an episode.
TRANSCRIPT_ENDINGS = (".vtt", ".srt", ".json", ".txt")
_UNFINISHED = re.compile(
    r"^[.~]|~$|\.(part|partial|tmp|temp|crdownload|download|filepart|!ut)$", re.I
)
# Texts that lie in folders and are no transcripts.
_NO_TRANSCRIPTS = frozenset({"readme", "license", "licence", "notes"})


def find_audio(settings: Settings) -> list[Path]:
    """Audio files, and transcripts that lie alone, in the in-tray and its shows' folders.

    Hidden and unfinished files are left out. Sorted by path.
    """
    tray = settings.audio_folder
    if not tray.is_dir():
        return []
    folders = [tray, *(f for f in tray.iterdir() if f.is_dir() and not _is_unfinished(f))]
    found: list[Path] = []
    for folder in folders:
        files = [f for f in folder.iterdir() if not f.is_dir() and not _is_unfinished(f)]
        audio = [f for f in files if f.suffix.lower() in AUDIO_ENDINGS]
        stems = {f.stem for f in audio}
        found += audio
        found += {
            f.stem: f
            for ending in reversed(TRANSCRIPT_ENDINGS)
            for f in files
            if f.suffix.lower() == ending
            and f.stem not in stems
            and f.stem.casefold() not in _NO_TRANSCRIPTS
        }.values()
    return sorted(found)


def _is_unfinished(path: Path) -> bool:
    return bool(_UNFINISHED.search(path.name))


def transcript_beside(path: Path) -> Path | None:
    """The transcript of the same name, or the file itself when it is one."""
    if is_transcript(path):
        return path
    candidates = (path.with_suffix(ending) for ending in TRANSCRIPT_ENDINGS)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def is_transcript(path: Path) -> bool:
    """Whether a file is a transcript by its name."""
    return path.suffix.lower() in TRANSCRIPT_ENDINGS


def sidecar_beside(path: Path) -> Path:
    """Where the sidecar of a file is, if it has one."""
    return path.with_suffix(".toml")


def relative(path: Path, settings: Settings) -> str:
    """How a file is recorded: relative to the working folder, with forward slashes."""
    root = Path(os.path.abspath(settings.root))  # noqa: PTH100 - links stay as they are named
    whole = Path(os.path.abspath(path))  # noqa: PTH100
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()


def merged_metadata(path: Path, settings: Settings, tags: Metadata) -> Metadata:
    """Tags, under the show, under the sidecar.

    Raises:
        SidecarError: the sidecar is wrong.
    """
    beside = sidecar_beside(path)
    sidecar = (load_sidecar(beside) if beside.is_file() else Sidecar()).metadata()
    name, show = _show(path, settings, given=sidecar.show, tagged=tags.show)
    from_show = Metadata(
        hosts=tuple(person.given() for person in show.hosts),
        language=show.language,
        glossary=show.glossary,
        sign_off=show.sign_off,
    )
    return replace(episodes.merge(tags, from_show, sidecar), show=name)


def _show(
    path: Path, settings: Settings, *, given: str | None, tagged: str | None
) -> tuple[str | None, ShowSettings]:
    """The show a file belongs to, by its sidecar, else its folder, else its tags."""
    folder = path.parent.name if _lies_in_show_folder(path, settings) else None
    for candidate in (given,) if given else (folder, tagged):
        for name, show in settings.show.items():
            if candidate is not None and name.casefold() == candidate.casefold():
                return name, show
    return given or tagged or folder, ShowSettings()


def _lies_in_show_folder(path: Path, settings: Settings) -> bool:
    tray = relative(settings.audio_folder, settings)
    return relative(path.parent.parent, settings) == tray
