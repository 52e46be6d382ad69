"""Deleting an episode, bringing it back, and emptying the trash. What it holds: deleted.py."""

import os
import re
import shutil
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder, episode_folders, now, sync_folder, translate
from shownotes.errors import EpisodeNotFoundError, FormatError, StillPublishedError, StoreError
from shownotes.model import Episode
from shownotes.settings import Settings
from shownotes.steps.admission import SeenFile, door, is_unchanged, seen_files
from shownotes.steps.deleted import (
    Deleted,
    first_free,
    free_place,
    is_there,
    read_deleted,
    trash_folder,
    write_deleted,
)
from shownotes.steps.published import read_published

HOLDER = "shownotes delete"
# A folder on its way out for good; one that was cut off goes with the next.
_GOING = ".going-"
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}-")


# --------------------------------------------------------------------------- deleting


def delete(folder: EpisodeFolder, settings: Settings, *, by: str) -> Deleted:
    """Put an episode into the trash.

    Raises:
        StillPublishedError: readers see it.
        EpisodeBusyError: a run has it, or a desk is writing to it.
        StoreError: it cannot be moved.
    """
    if read_published(folder).current is not None:
        raise StillPublishedError(
            f"{folder.name} is published, and would stay on its show's site and feed. Take it back "
            f"first: shownotes unpublish {folder.name}"
        )
    with door(settings), folder.claim(holder=HOLDER), ReviewLog(folder.path).locked():
        deleted = _describe(folder, settings, by)
        write_deleted(settings, [*read_deleted(settings), deleted])
        if os.name == "posix":
            _move(folder.path, trash_folder(settings) / deleted.trashed)
    if os.name != "posix":
        # Windows moves no folder in which a file is open, and the locks are files in it.
        _move(folder.path, trash_folder(settings) / deleted.trashed)
    with suppress(OSError):
        (trash_folder(settings) / deleted.trashed / "work" / "claim.json").unlink()
    return deleted


def _describe(folder: EpisodeFolder, settings: Settings, by: str) -> Deleted:
    episode = folder.read("episode.json", Episode)
    files = [
        *seen_files(folder),
        *(
            SeenFile(
                path=version.path,
                size_bytes=version.size_bytes,
                modified_ns=version.modified_ns,
                inode=version.inode,
                packets_sha256=version.packets_sha256,
            )
            for version in episode.versions
        ),
    ]
    if not episode.versions and episode.transcript_path:
        files += _as_seen(settings.root / episode.transcript_path, episode)
    return Deleted(
        id=episode.id,
        title=episode.metadata.title or folder.name,
        folder=folder.name,
        trashed=free_place(trash_folder(settings), folder.name).name,
        at=now(),
        by=by,
        files=tuple(files),
    )


def _as_seen(path: Path, episode: Episode) -> list[SeenFile]:
    """A transcript that is an episode by itself."""
    try:
        found = path.stat()
    except OSError:
        return []
    seen = SeenFile(
        path=str(episode.transcript_path),
        size_bytes=found.st_size,
        modified_ns=found.st_mtime_ns,
        inode=found.st_ino,
        packets_sha256=episode.transcript_sha256 or "",
    )
    return [seen]


def _move(place: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        place.rename(target)
        sync_folder(target.parent)
        sync_folder(place.parent)
    except OSError as error:
        raise translate(error, target) from error


# --------------------------------------------------------------------------- bringing back


def find_deleted(name: str, settings: Settings) -> Deleted:
    """The episode last deleted under a folder's name, its name in the trash, or an id.

    Raises:
        EpisodeNotFoundError: none is in the trash.
    """
    for deleted in reversed(read_deleted(settings)):
        is_named = name in (deleted.folder, deleted.trashed)
        is_it = is_named or (len(name) >= 4 and deleted.id.startswith(name))
        if is_it and is_there(deleted, settings):
            return deleted
    raise EpisodeNotFoundError(
        f"{name} is not in the trash. `shownotes undelete` lists what can be brought back."
    )


def undelete(deleted: Deleted, settings: Settings) -> EpisodeFolder:
    """Put an episode back from the trash, under another name where its own is taken.

    Raises:
        StoreError: its audio has become an episode of its own meanwhile.
    """
    with door(settings):
        _check_free(deleted, settings)
        folder = EpisodeFolder(first_free(settings.output_folder, deleted.folder))
        _move(trash_folder(settings) / deleted.trashed, folder.path)
        if folder.name != deleted.folder:
            _rename(folder)
        write_deleted(settings, [d for d in read_deleted(settings) if d != deleted])
    return folder


def _check_free(deleted: Deleted, settings: Settings) -> None:
    """Refuse when the same episode is there again."""
    hashes = {file.packets_sha256 for file in deleted.files} - {""}
    for folder in episode_folders(settings.output_folder):
        try:
            episode = folder.read("episode.json", Episode)
        except FormatError:
            continue
        own = {v.packets_sha256 for v in episode.versions} | {episode.transcript_sha256 or ""}
        if episode.id == deleted.id or hashes & own:
            raise StoreError(
                f"{folder.name} was made of the same audio since. Delete that one first "
                f"(`shownotes delete {folder.name}`), then `shownotes undelete {deleted.trashed}`."
            )


def _rename(folder: EpisodeFolder) -> None:
    """Write an episode's new name into it; what it was made from stays."""
    stamp = folder.stamp("episode.json")
    if stamp is None or stamp.is_edited:
        return
    episode = replace(folder.read("episode.json", Episode), folder=folder.name)
    folder.write("episode.json", episode, made_from=stamp.made_from, made_with=stamp.made_with)


# --------------------------------------------------------------------------- emptying


def empty_trash(settings: Settings, *, older_than_days: float) -> list[str]:
    """Remove for good what was put into the trash before.

    Returns:
        The names of the folders that are gone.
    """
    trash = trash_folder(settings)
    gone: list[str] = []
    if not trash.is_dir():
        return gone
    before = f"{datetime.now(UTC) - timedelta(days=older_than_days):%Y-%m-%d}"
    for path in sorted(trash.iterdir()):
        if path.name.startswith(_GOING):
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_dir() and _DATED.match(path.name) and path.name[:10] <= before:
            going = trash / f"{_GOING}{path.name}"
            with suppress(OSError):
                path.rename(going)
                shutil.rmtree(going, ignore_errors=True)
                gone.append(path.name)
    with door(settings):
        entries = read_deleted(settings)
        kept = [deleted for deleted in entries if _is_of_use(deleted, settings)]
        if kept != entries:
            write_deleted(settings, kept)
    return gone


def _is_of_use(deleted: Deleted, settings: Settings) -> bool:
    """Whether it can be brought back, or keeps a file in the in-tray from being taken."""
    return is_there(deleted, settings) or any(
        is_unchanged(settings.root / file.path, file) for file in deleted.files
    )
