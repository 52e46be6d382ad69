"""Audio of published episodes out of the in-tray's way: `audio/archive/<year>/`, on request.

Each file is put into the archive, then the episode's record is changed, then the file is taken away
from where it was. Killed at any moment, the episode has its audio in one of the two places, nothing
is transcribed again, and the next `clean --archive` goes on.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from shownotes.adapters.store import EpisodeFolder, sync_folder, translate
from shownotes.errors import StoreError
from shownotes.model import AudioFile, Episode, Status
from shownotes.settings import Settings
from shownotes.steps.admission import BOX, SeenFile, door, is_unchanged, seen_files, stat_of
from shownotes.steps.cleaning import HOLDER
from shownotes.steps.intray import (
    ARCHIVE,
    TRANSCRIPT_ENDINGS,
    is_archived,
    publishers_path,
    relative,
    show_folder_of,
    sidecar_beside,
    tracks_in,
)
from shownotes.steps.published import read_published

# What the drop folder leaves beside a file that failed.
_PROBLEM = ".problem.txt"


def archive(folder: EpisodeFolder, settings: Settings) -> list[tuple[Path, Path]]:
    """Move an episode's audio and what lies beside it; what is archived already stays there.

    Returns:
        From where to where.

    Raises:
        EpisodeBusyError: a run has the episode.
        StoreError: a file cannot be moved, or episode.json was edited by hand.
    """
    with door(settings), folder.claim(holder=HOLDER):
        stamp, episode = folder.stamp(BOX), folder.read(BOX, Episode)
        if stamp is None or stamp.is_edited:
            raise StoreError(
                f"{folder.path / BOX} was edited by hand, and archiving would have to change it. "
                "Its audio stays in the in-tray."
            )
        place = settings.audio_folder / ARCHIVE / _year(folder)
        moves: list[tuple[Path, Path]] = []
        for path in _own_files(folder, episode, settings):
            moves += _plan(path, _place_of(path, place, settings))
        if not moves:
            return []
        try:
            for source, target in moves:
                _put(source, target)
            folder.write(
                BOX,
                _moved(episode, moves, settings),
                made_from=stamp.made_from,
                made_with=stamp.made_with,
            )
            _note_path(folder, moves, settings)
            for source, _ in moves:
                _take_away(source)
        except OSError as error:
            raise translate(error, place) from error
        return moves


def to_archive(folder: EpisodeFolder, settings: Settings) -> list[Path]:
    """The files that `archive` would move, without what lies beside them."""
    return list(_own_files(folder, folder.read(BOX, Episode), settings))


def _year(folder: EpisodeFolder) -> str:
    """The year in which it was last published."""
    event = next(reversed(read_published(folder).history), None)
    return event.at[:4] if event else "undated"


def _own_files(folder: EpisodeFolder, episode: Episode, settings: Settings) -> Iterator[Path]:
    """The episode's files in the in-tray, each once: versions, and copies under other names."""
    told: set[Path] = set()
    files: tuple[AudioFile | SeenFile, ...] = (*episode.versions, *seen_files(folder))
    for file in files:
        path = settings.root / file.path
        if path in told or is_archived(path, settings) or not is_unchanged(path, file):
            continue
        if relative(path, settings).startswith(relative(settings.audio_folder, settings) + "/"):
            told.add(path)
            yield path


def _place_of(path: Path, place: Path, settings: Settings) -> Path:
    """A show's folder goes on to say which show it is."""
    show = show_folder_of(path, settings)
    return place / show if show else place


def _plan(path: Path, place: Path) -> list[tuple[Path, Path]]:
    """A file and all that lies beside it under its name, the file itself last."""
    beside = [f for f in _beside(path) if f.exists()]
    ending = "" if path.is_dir() else path.suffix
    stem = path.name if path.is_dir() else path.stem
    numbered = (f"{stem}-{number}" for number in count(2))
    for name in chain((stem,), numbered):
        targets = [place / f"{name}{f.name.removeprefix(stem)}" for f in beside]
        target = place / f"{name}{ending}"
        pairs = [*zip(beside, targets, strict=True), (path, target)]
        if all(_is_free(source, target) for source, target in pairs):
            return pairs
    raise AssertionError("numbers have no end")


def _beside(path: Path) -> list[Path]:
    """Transcripts, sidecar and, for a folder of tracks, their mix."""
    if path.is_dir():
        mixes = [track for track in tracks_in(path) if track.parent != path]
        sidecar = sidecar_beside(path)
        found = [path.parent / f"{path.name}{ending}" for ending in TRANSCRIPT_ENDINGS]
        return [*found, *([sidecar] if sidecar.parent != path else []), *mixes]
    found = [path.with_suffix(ending) for ending in TRANSCRIPT_ENDINGS]
    publishers = [publishers_path(path, ending) for ending in TRANSCRIPT_ENDINGS]
    return [*(f for f in found if f != path), *publishers, sidecar_beside(path)]


def _is_free(source: Path, target: Path) -> bool:
    """Whether nothing lies there, or what an earlier attempt put there."""
    if not target.exists():
        return True
    if source.is_dir() or target.is_dir():
        return False
    return os.path.samestat(source.stat(), target.stat())


def _put(source: Path, target: Path) -> None:
    """Have a file in a second place: by a link, and where there are none, as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        making = target.with_name(f".{target.name}.part")
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(source, making, copy_function=_link)
        making.rename(target)
    elif not target.exists():
        making = target.with_name(f".{target.name}.part")
        making.unlink(missing_ok=True)
        _link(str(source), str(making))
        making.rename(target)
    sync_folder(target.parent)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
        with Path(target).open("rb+") as file:
            os.fsync(file.fileno())


def _moved(episode: Episode, moves: list[tuple[Path, Path]], settings: Settings) -> Episode:
    """The record with the files' new places."""
    places = {relative(source, settings): target for source, target in moves}

    def follow(version: AudioFile) -> AudioFile:
        target = places.get(version.path)
        if target is None:
            return version
        size, modified_ns, inode = stat_of(target)
        return replace(
            version,
            path=relative(target, settings),
            size_bytes=size,
            modified_ns=modified_ns,
            inode=inode,
        )

    transcript = places.get(episode.transcript_path or "")
    return replace(
        episode,
        versions=tuple(follow(version) for version in episode.versions),
        transcript_path=relative(transcript, settings) if transcript else episode.transcript_path,
    )


def _note_path(folder: EpisodeFolder, moves: list[tuple[Path, Path]], settings: Settings) -> None:
    status = folder.read("status.json", Status)
    for source, target in moves:
        if status.audio_path == relative(source, settings):
            folder.write("status.json", replace(status, audio_path=relative(target, settings)))


def _take_away(source: Path) -> None:
    if source.is_dir():
        shutil.rmtree(source)
    else:
        # Two files of one name share what lies beside them.
        source.unlink(missing_ok=True)
    with suppress(OSError):
        source.with_name(f"{source.name}{_PROBLEM}").unlink()
    sync_folder(source.parent)
