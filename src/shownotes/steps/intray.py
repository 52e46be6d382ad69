"""The in-tray: which files are episodes, what lies beside them, what the producer said."""

import os
import re
from collections.abc import Sequence
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
# How recorders name tracks: "ZOOM0001_Tr2", "track-1", "Mic 3", "host", "audioMaria21".
_TRACK_NAME = re.compile(
    r"(?:^|[^a-z])(?:tr|track|trk|mic|ch|chan|channel|input|isrc|lr|mix|mixdown|mixed|master|"
    r"host|co-?host|guest|speaker|isolated|riverside|zencastr|squadcast)s?[ _-]?\d{0,3}(?:[^a-z]|$)"
    r"|^audio[A-Z]\w*\d+$",
    re.IGNORECASE,
)
_TRACKS_KEY = re.compile(r"^\s*\[?tracks\b", re.MULTILINE)
_DIGITS = re.compile(r"[\d\W_]+")
_MOST_TRACKS = 24
# Texts that lie in folders and are no transcripts.
_NO_TRANSCRIPTS = frozenset({"readme", "license", "licence", "notes"})


def find_audio(settings: Settings) -> list[Path]:
    """Audio files, and transcripts that lie alone, in the in-tray and its shows' folders.

    Hidden and unfinished files are left out. Sorted by path.
    """
    tray = settings.audio_folder
    if not tray.is_dir():
        return []
    inside = [f for f in tray.iterdir() if f.is_dir() and not _is_unfinished(f)]
    shows = [f for f in inside if not is_tracks_folder(f, settings)]
    found = [f for f in inside if f not in shows]
    for folder in [tray, *shows]:
        entries = [f for f in folder.iterdir() if not _is_unfinished(f)]
        if folder != tray:
            found += [f for f in entries if f.is_dir() and is_tracks_folder(f, settings)]
        # What bears the name of a folder of tracks is their mix or their transcript.
        own = {f.name for f in found}
        files = [f for f in entries if not f.is_dir() and f.stem not in own]
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
    candidates = (_beside(path, ending) for ending in TRANSCRIPT_ENDINGS)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def is_transcript(path: Path) -> bool:
    """Whether a file is a transcript by its name."""
    return path.suffix.lower() in TRANSCRIPT_ENDINGS


def sidecar_beside(path: Path) -> Path:
    """Where the sidecar of a file or of a folder of tracks is, if it has one."""
    return _beside(path, ".toml")


def _beside(path: Path, ending: str) -> Path:
    """The file of the same name; a folder's lies beside it, or in it."""
    if not path.is_dir():
        return path.with_suffix(ending)
    inside = path / (path.name + ending)
    return inside if inside.is_file() else path.parent / (path.name + ending)


def tracks_in(folder: Path) -> list[Path]:
    """The recordings of a folder of tracks, and the mix of the folder's name beside it."""
    beside = [f for f in folder.parent.iterdir() if f.stem == folder.name and not f.is_dir()]
    files = [*(f for f in folder.iterdir() if not f.is_dir()), *beside]
    return sorted(
        (f for f in files if f.suffix.lower() in AUDIO_ENDINGS and not _is_unfinished(f)),
        key=lambda f: (f.parent != folder, f.name),
    )


def is_tracks_folder(folder: Path, settings: Settings) -> bool:
    """Whether a folder in the in-tray is one episode on separate tracks, and not a show's folder.

    It is when its sidecar says whose the tracks are; when its files are named as recorders name
    tracks; or when all are of one length and their names differ by more than a number. Several
    episodes taken for one would be worse than the reverse, and a show that is set up never is.
    """
    if not folder.is_dir() or folder.name.casefold() in {s.casefold() for s in settings.show}:
        return False
    sidecar = sidecar_beside(folder)
    if sidecar.is_file() and _TRACKS_KEY.search(sidecar.read_text("utf-8", errors="replace")):
        return True
    files = [f for f in tracks_in(folder) if f.parent == folder]
    if not 2 <= len(files) <= _MOST_TRACKS:
        return False
    if any(sidecar_beside(f).is_file() or transcript_beside(f) for f in files):
        return False
    named = sum(bool(_TRACK_NAME.search(f.stem)) for f in files)
    return named * 2 >= len(files) or _are_of_one_length(files)


def _are_of_one_length(files: Sequence[Path]) -> bool:
    names = {_DIGITS.sub("", f.stem).casefold() for f in files}
    if len(names) < len(files):
        return False
    from shownotes.adapters.recording import declared_length

    lengths = [declared_length(f) or 0.0 for f in files]
    return min(lengths) > 0 and max(lengths) - min(lengths) <= 1.0 + 0.002 * max(lengths)


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
