"""Which episode a file is.

Looking up a file that has been seen costs a few stats and imports no engine; only a new or
changed file is read. Two runs may admit at the same time: one waits at the door for the other.
"""

import functools
import os
import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shownotes.adapters.folders import locked
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.core import episodes
from shownotes.errors import AudioChangedError, EpisodeNotFoundError, FormatError, InputError
from shownotes.model import AudioFile, Episode, Metadata, Status
from shownotes.settings import Settings
from shownotes.steps.intray import (
    is_there,
    is_transcript,
    merged_metadata,
    relative,
    sidecar_beside,
    tracks_in,
)
from shownotes.steps.links import check_link

if TYPE_CHECKING:
    from shownotes.adapters.sound import Scan

BOX = "episode.json"
SEEN_BOX = "work/seen.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFile:
    """A file that holds the same audio as a version of the episode."""

    path: str
    size_bytes: int
    modified_ns: int
    inode: int
    packets_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFiles:
    """`work/seen.json`: copies, and files that were touched or whose tags changed."""

    files: tuple[SeenFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What admission needs of an episode."""

    folder: EpisodeFolder
    key: str
    title: str | None
    versions: tuple[AudioFile, ...]
    transcript_path: str | None


def admit(path: Path, settings: Settings) -> EpisodeFolder:
    """The folder of the episode that this file is; made when the file is seen for the first time.

    Raises:
        InputError: no audio, in one of its ways.
        SidecarError: the sidecar is wrong.
        StoreError: the output folder cannot be written.
    """
    folder = known(path, settings)
    if folder is not None:
        return folder
    _check_name(path)
    name = relative(path, settings)
    _check_readable(name, settings)
    found = _look_at(path, name, settings)
    with door(settings):
        # Another run may have let it in meanwhile.
        return known(path, settings) or _let_in(found, settings)


def known(path: Path, settings: Settings) -> EpisodeFolder | None:
    """The folder of a file that was admitted and has not changed; no engine is imported.

    A file that was put away keeps its episode.
    """
    name = relative(path, settings)
    is_gone = not path.exists()
    for episode in all_known(settings):
        if name == episode.transcript_path:
            return episode.folder
        for file in files_of(episode):
            if file.path == name and (is_gone or is_unchanged(path, file)):
                return episode.folder
    return None


@dataclass(frozen=True, slots=True)
class _Newcomer:
    path: Path
    name: str
    metadata: Metadata
    version: AudioFile | None


def _look_at(path: Path, name: str, settings: Settings) -> _Newcomer:
    check_links(path, settings)
    if is_transcript(path):
        if not path.is_file():
            raise EpisodeNotFoundError(f"{path} is not there.")
        return _Newcomer(path, name, merged_metadata(path, settings, Metadata()), None)
    # Heavy: only a file that nobody has seen is opened.
    from shownotes.adapters.tags import read_tags

    scan = scan_once(path)
    tags = read_tags(scan.tags, scan.chapters)
    return _Newcomer(
        path, name, merged_metadata(path, settings, tags), version_of(path, name, scan)
    )


def check_links(path: Path, settings: Settings) -> None:
    """Refuse a file, or one of the tracks in a folder, that lies elsewhere in truth.

    Raises:
        ForeignLinkError: it does.
    """
    for file in (path, *(tracks_in(path) if path.is_dir() else ())):
        check_link(file, settings)


def scan_once(path: Path) -> "Scan":
    """The file's scan, read again only when the file has changed.

    Raises:
        EpisodeNotFoundError: it is not there.
        AudioChangedError: it changed while it was being read.
    """
    return _scan_as_it_is(path)[0]


def _scan_as_it_is(path: Path) -> tuple["Scan", tuple[int, int, int]]:
    """A scan, and the marks of the file that was scanned."""
    try:
        marks = stat_of(path)
        found = _scan(path, *marks)
        if stat_of(path) == marks:
            return found, marks
    except OSError as error:
        raise EpisodeNotFoundError(f"{path} cannot be opened: {error.strerror}.") from error
    raise changed_meanwhile(path)


def changed_meanwhile(path: Path) -> AudioChangedError:
    """What is said of a file that is not the one any more that was begun with."""
    return AudioChangedError(
        f"{path} was changed or replaced while it was being read. It is read again; if it is "
        "still being copied, it is when that has ended."
    )


@functools.lru_cache(maxsize=32)
def _scan(path: Path, _size: int, _modified_ns: int, _inode: int) -> "Scan":
    from shownotes.adapters.sound import scan

    if not path.is_dir():
        return scan(path)
    from shownotes.steps.tracks import scan_folder

    return scan_folder(path)


def stat_of(path: Path) -> tuple[int, int, int]:
    """Size, time and inode; of a folder of tracks all sizes and the latest time."""
    found = path.stat()
    if not path.is_dir():
        return found.st_size, found.st_mtime_ns, found.st_ino
    each = [track.stat() for track in tracks_in(path)]
    return sum(s.st_size for s in each), max([0, *(s.st_mtime_ns for s in each)]), found.st_ino


def version_of(path: Path, name: str, scan: "Scan") -> AudioFile:
    """A file as a version that has not been decoded.

    Raises:
        AudioChangedError: it is not the file any more that was scanned.
    """
    as_it_is, (size, modified_ns, inode) = _scan_as_it_is(path)
    if as_it_is != scan:
        raise changed_meanwhile(path)
    return AudioFile(
        path=name,
        size_bytes=size,
        modified_ns=modified_ns,
        inode=inode,
        packets_sha256=scan.packets_sha256,
        container=scan.container,
        codec=scan.codec,
        channels=scan.channels,
        sample_rate_hz=scan.sample_rate_hz,
        decoded_s=0.0,
        declared_s=scan.declared_s,
    )


def door(settings: Settings) -> AbstractContextManager[None]:
    """One admission at a time."""
    return locked(settings.output_folder / ".admission.lock")


def _let_in(newcomer: _Newcomer, settings: Settings) -> EpisodeFolder:
    episodes_known = all_known(settings)
    version = newcomer.version
    if version is not None:
        for episode in episodes_known:
            if version.packets_sha256 in {v.packets_sha256 for v in files_of(episode)}:
                _note_copy(episode, version, settings)
                return episode.folder
    key = episodes.key(newcomer.metadata, newcomer.name)
    by_file = episodes.file_key(newcomer.name)
    for episode in episodes_known:
        own_files = {episodes.file_key(v.path) for v in episode.versions}
        if episode.transcript_path:
            own_files.add(episodes.file_key(episode.transcript_path))
        is_same_file = episode.key == by_file or by_file in own_files
        if not is_same_file and episode.key == key and _is_other(episode, newcomer, settings):
            key = by_file
        elif is_same_file or episode.key == key:
            _add_version(episode, version, settings)
            return episode.folder
    return _found_new(newcomer, key, settings)


def _is_other(episode: Known, newcomer: _Newcomer, settings: Settings) -> bool:
    """Whether show and number agree only because a producer never changes those tags.

    Both files lie there, and their titles differ: two episodes, not two exports of one.
    """
    if is_there(sidecar_beside(newcomer.path)) or not episode.versions:
        return False
    is_still_there = (settings.root / episode.versions[-1].path).exists()
    title = newcomer.metadata.title
    return bool(is_still_there and title and episode.title and title != episode.title)


def _found_new(newcomer: _Newcomer, key: str, settings: Settings) -> EpisodeFolder:
    output = settings.output_folder
    # A folder without its episode.json is one whose owner deleted it to have it made again.
    taken = [folder.name for folder in episode_folders(output)]
    stem = newcomer.path.name if newcomer.path.is_dir() else newcomer.path.stem
    name = episodes.folder_name(newcomer.metadata, stem, taken=taken)
    folder = EpisodeFolder(output / name)
    episode = Episode(
        id=uuid.uuid4().hex,
        key=key,
        folder=name,
        metadata=newcomer.metadata,
        versions=(newcomer.version,) if newcomer.version else (),
        transcript_path=newcomer.name if newcomer.version is None else None,
    )
    # Made from nothing yet, so that prepare is due.
    folder.write(BOX, episode)
    return folder


def _add_version(entry: Known, version: AudioFile | None, settings: Settings) -> None:
    """Note a new export; prepare is due from now on. One that a person edited is left alone."""
    stamp = entry.folder.stamp(BOX)
    if version is None or (stamp is not None and stamp.is_edited):
        return
    episode = entry.folder.read(BOX, Episode)
    versions = [*episode.versions, version]
    current = episode.audio
    if current is not None and current.modified_ns > version.modified_ns:
        is_still_there = (settings.root / current.path).exists()
        if is_still_there:
            versions = [*episode.versions[:-1], version, current]
    entry.folder.write(BOX, replace(episode, versions=tuple(versions)))


def _note_copy(entry: Known, version: AudioFile, settings: Settings) -> None:
    """The same audio under another name, or touched: nothing to do again.

    When the file was renamed, the record follows it, and stays made from what it was.
    """
    folder = entry.folder
    stamp = folder.stamp(BOX)
    current = entry.versions[-1] if entry.versions else None
    is_renamed = (
        current is not None
        and current.packets_sha256 == version.packets_sha256
        and not (settings.root / current.path).exists()
    )
    if is_renamed and current is not None and stamp is not None and not stamp.is_edited:
        renamed = replace(
            current,
            path=version.path,
            size_bytes=version.size_bytes,
            modified_ns=version.modified_ns,
            inode=version.inode,
        )
        episode = folder.read(BOX, Episode)
        versions = (*episode.versions[:-1], renamed)
        folder.write(
            BOX,
            replace(episode, versions=versions),
            made_from=stamp.made_from,
            made_with=stamp.made_with,
        )
        return
    remember(folder, version)


def remember(folder: EpisodeFolder, version: AudioFile) -> None:
    """Note in `work/seen.json` that this file holds audio the episode has."""
    seen = SeenFile(
        path=version.path,
        size_bytes=version.size_bytes,
        modified_ns=version.modified_ns,
        inode=version.inode,
        packets_sha256=version.packets_sha256,
    )
    others = tuple(file for file in seen_files(folder) if file.path != seen.path)
    folder.write(SEEN_BOX, SeenFiles(files=(*others, seen)))


def seen_files(folder: EpisodeFolder) -> tuple[SeenFile, ...]:
    """What `remember` noted; nothing when the work folder was cleaned."""
    if not folder.has(SEEN_BOX):
        return ()
    try:
        return folder.read(SEEN_BOX, SeenFiles).files
    except FormatError:
        return ()


# --------------------------------------------------------------------------- looking up


def is_unchanged(path: Path, recorded: AudioFile | SeenFile) -> bool:
    """Whether a file is the very one that was recorded, by size, time and inode."""
    try:
        found = stat_of(path)
    except OSError:
        return False
    return found == (
        recorded.size_bytes,
        recorded.modified_ns,
        recorded.inode,
    )


def files_of(episode: Known) -> tuple[AudioFile | SeenFile, ...]:
    """Every file that an episode is known by."""
    return (*episode.versions, *seen_files(episode.folder))


def all_known(settings: Settings) -> list[Known]:
    """Every episode whose record can be read."""
    found = []
    for folder in episode_folders(settings.output_folder):
        stat = (folder.path / BOX).stat()
        episode = _read_known(folder.path, stat.st_mtime_ns, stat.st_size)
        if episode is not None:
            found.append(episode)
    return found


@functools.lru_cache(maxsize=10_000)
def _read_known(path: Path, _modified_ns: int, _size: int) -> Known | None:
    """What stands in an episode.json, read again only when it changed; `None` when unreadable."""
    folder = EpisodeFolder(path)
    try:
        episode = folder.read(BOX, Episode)
    except FormatError:
        return None
    return Known(
        folder, episode.key, episode.metadata.title, episode.versions, episode.transcript_path
    )


def _check_name(path: Path) -> None:
    """Refuse a name that is no text: no file of ours can hold it, and no page show it.

    Raises:
        InputError: says what to do.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise InputError(
            f"{shown} has a name that is no text in UTF-8, as old disks and archives leave them. "
            "Rename the file."
        ) from error


def _check_readable(name: str, settings: Settings) -> None:
    """Refuse a file whose episode is there and unreadable, rather than make a second one.

    Raises:
        FormatError: says what to do.
    """
    for folder in episode_folders(settings.output_folder):
        stat = (folder.path / BOX).stat()
        if _read_known(folder.path, stat.st_mtime_ns, stat.st_size) is None:
            try:
                owner = folder.read("status.json", Status).audio_path
            except (FormatError, FileNotFoundError):
                continue
            if owner == name:
                folder.read(BOX, Episode)
