"""Folders of tracks: one episode in several recordings, told from the folder of a show."""

import functools
import re
from collections.abc import Sequence
from pathlib import Path

from shownotes.core import tray_names
from shownotes.core.tray_names import TRANSCRIPT_ENDINGS, stem_of
from shownotes.settings import Settings
from shownotes.steps.links import leads_out
from shownotes.steps.tray_paths import is_archived, names_in, sidecar_beside

_TRACKS_KEY = re.compile(r"^\s*\[?tracks\b", re.MULTILINE)


def tracks_in(folder: Path) -> list[Path]:
    """The recordings of a folder of tracks, and the mix of the folder's name beside it."""
    inside = [folder / n for n, kind in names_in(folder).items() if not kind.is_folder]
    named = (n for n in names_in(folder.parent) if stem_of(n) == folder.name)
    beside = [f for n in named if not (f := folder.parent / n).is_dir()]
    return [
        file
        for files in (sorted(inside), sorted(beside))
        for file in files
        if tray_names.is_audio(file.name) and not tray_names.is_unfinished(file.name)
    ]


def is_tracks_folder(folder: Path, settings: Settings) -> bool:
    """Whether a folder in the in-tray is one episode on separate tracks, and not a show's folder.

    It is when its sidecar says whose the tracks are; when its files are named as recorders name
    tracks; or when all are of one length and their names differ by more than a number. Several
    episodes taken for one would be worse than the reverse, and a show that is set up never is.
    """
    is_other = is_show(folder, settings) or is_archived(folder, settings)
    if is_other or not folder.is_dir():
        return False
    sidecar = sidecar_beside(folder)
    try:
        is_ours = sidecar.is_file() and not leads_out(sidecar, settings)
        if is_ours and _TRACKS_KEY.search(sidecar.read_text("utf-8", errors="replace")):
            return True
        names = [n for n, kind in names_in(folder).items() if not kind.is_folder]
    except OSError:
        return False  # it may not be looked into
    audio = _recordings(names)
    if len(audio) < 2 or not may_become_tracks(folder, names, settings):
        return False
    files = [folder / n for n in audio]
    if any(leads_out(file, settings) for file in files):
        return False
    return tray_names.are_tracks(audio) or _are_of_one_length(files)


def is_show(folder: Path, settings: Settings) -> bool:
    """Whether a folder is that of a show that is set up."""
    return folder.name.casefold() in {s.casefold() for s in settings.show}


def _recordings(names: Sequence[str]) -> list[str]:
    return [n for n in names if tray_names.is_audio(n) and not tray_names.is_unfinished(n)]


def may_become_tracks(folder: Path, names: Sequence[str], settings: Settings) -> bool:
    """Whether files in a folder are tracks for all that their names tell."""
    audio, others = _recordings(names), set(names)
    if not 1 <= len(audio) <= tray_names.MOST_TRACKS or is_show(folder, settings):
        return False
    stems = {stem_of(n) for n in audio}
    endings = (".toml", *TRANSCRIPT_ENDINGS)
    if any(stem + ending in others for stem in stems for ending in endings):
        return False
    return tray_names.are_tracks(audio) or tray_names.differ_by_more_than_numbers(audio)


def _are_of_one_length(files: Sequence[Path]) -> bool:
    if not tray_names.differ_by_more_than_numbers([f.name for f in files]):
        return False
    try:
        stats = [f.stat() for f in files]
    except OSError:
        return False
    lengths = [_length(f, s.st_size, s.st_mtime_ns) for f, s in zip(files, stats, strict=True)]
    return min(lengths) > 0 and max(lengths) - min(lengths) <= 1.0 + 0.002 * max(lengths)


@functools.lru_cache(maxsize=10_000)
def _length(path: Path, _size: int, _modified_ns: int) -> float:
    """Seconds that a header promises; read again only when the file has changed."""
    from shownotes.adapters.sound import declared_length

    return declared_length(path) or 0.0
