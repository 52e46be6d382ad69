"""Room on the disk: what can be made again goes from a finished episode's work folder."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shownotes.adapters.store import EpisodeFolder, episode_folders, translate
from shownotes.errors import StoreError
from shownotes.model import Episode, State, Status
from shownotes.settings import Settings
from shownotes.steps.published import read_published
from shownotes.steps.standing import UNFINISHED, state_of

HOLDER = "shownotes clean"
# What stays in `work/`: the claim (whoever holds it has the file open), what players play in place
# of the audio, which files are known, and text that took hours to make and no room.
KEPT = frozenset({"claim.lock", "claim.json", "listen.mp3", "seen.json", "windows", "cancel.json"})


def finished_episodes(settings: Settings, *, older_than_days: float = 0.0) -> list[EpisodeFolder]:
    """Episodes that have a draft and no work left, and were last changed so many days ago."""
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    found = []
    for folder in episode_folders(settings.output_folder):
        # One that cannot be read is nothing to clean: `status` tells of it.
        with suppress(StoreError):
            if state_of(folder) not in UNFINISHED and _last_changed(folder) <= before:
                found.append(folder)
    return found


def is_published(folder: EpisodeFolder) -> bool:
    """Whether readers see it as it was approved last."""
    return state_of(folder) is State.PUBLISHED


def _last_changed(folder: EpisodeFolder) -> datetime:
    """When an episode was last published, taken back or processed."""
    times = [folder.read("status.json", Status).updated_at]
    event = next(reversed(read_published(folder).history), None)
    if event is not None:
        times.append(event.at)
    return max((datetime.fromisoformat(told) for told in times if told), default=datetime.now(UTC))


def room_in(folder: EpisodeFolder, settings: Settings) -> int:
    """Bytes that `clean` would free."""
    if not _can_be_made_again(folder, settings):
        return 0
    return sum(_size(path) for path in _removable(folder))


def clean(folder: EpisodeFolder, settings: Settings) -> int:
    """Remove what can be made again from an episode's work folder.

    Returns:
        Bytes that are free now.

    Raises:
        EpisodeBusyError: a run has the episode.
        StoreError: it cannot be removed.
    """
    with folder.claim(holder=HOLDER):
        if not _can_be_made_again(folder, settings):
            return 0
        freed = 0
        for path in _removable(folder):
            size = _size(path)
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            except OSError as error:
                raise translate(error, path) from error
            freed += size
        return freed


def _can_be_made_again(folder: EpisodeFolder, settings: Settings) -> bool:
    """Whether the audio is still where it was; else the working audio is all that is left of it."""
    try:
        audio = folder.read("episode.json", Episode).audio
    except StoreError:
        return False
    return audio is None or (settings.root / audio.path).exists()


def _removable(folder: EpisodeFolder) -> list[Path]:
    work = folder.path / "work"
    return sorted(p for p in work.iterdir() if p.name not in KEPT) if work.is_dir() else []


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return sum(_size(inside) for inside in path.iterdir())
    return path.lstat().st_size
