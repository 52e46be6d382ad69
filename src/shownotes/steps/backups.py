"""What a backup holds: what people decided and wrote, and what cannot be made again. Never audio.

Reviews are read under their log's lock, so that a desk that writes meanwhile leaves a whole one.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from shownotes.adapters import account_book
from shownotes.adapters.backup_archive import MOST_FILE_BYTES, Entry, is_plain, write_archive
from shownotes.adapters.review_log import NAME as LOG
from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.errors import BackupError, StoreError
from shownotes.settings import CONFIG_NAME, Settings
from shownotes.steps import published, reviews
from shownotes.steps.intray import AUDIO_ENDINGS
from shownotes.steps.review_draft import BASE

ACCOUNTS, SHOWS, FEEDS = "accounts.json", "shows", ".feeds"
RECORD = "episode.json"
# In this order they are put back: decisions are about the base's words, and the log wins.
REVIEW = (BASE, LOG, reviews.BOX)
# What the machine made, on request: text that took hours.
DRAFTS = ("transcript.json", "turns.json", "names.json", "topics.json", "draft.json")
_EPISODE = re.compile(r"episodes/(?!\.)[^/]+/(.+)")
_PUBLISHED = re.compile(r"published/(?:deliveries\.json|\d+/.+)")
_ONE_FILE = frozenset({CONFIG_NAME, ACCOUNTS})


def is_known(name: str) -> bool:
    """Whether a backup may hold a file of this name."""
    if name in _ONE_FILE or name.startswith(("templates/", f"{SHOWS}/")):
        return True
    if name.startswith("sidecars/"):
        return name.endswith(".toml")
    if name.startswith("feeds/"):
        return name.endswith(".json")
    found = _EPISODE.fullmatch(name)
    if found is None:
        return False
    boxes = (*REVIEW, *DRAFTS, RECORD, published.BOX)
    return found[1] in boxes or bool(_PUBLISHED.fullmatch(found[1]))


def back_up(settings: Settings, path: Path, *, with_drafts: bool = False) -> dict[str, int]:
    """Write a backup of the working folder.

    Returns:
        The names in it, and their sizes.

    Raises:
        BackupError: another file lies there.
        EpisodeBusyError: a review's log is held by something that hangs.
        StoreError: something cannot be read or written.
    """
    return write_archive(path, collect(settings, with_drafts=with_drafts))


def collect(settings: Settings, *, with_drafts: bool = False) -> Iterator[Entry]:
    """Every file that a backup holds."""
    root = settings.root
    yield from _file(root / CONFIG_NAME, CONFIG_NAME)
    yield from _tree(settings.templates_folder, "templates")
    yield from _tree(root / SHOWS, SHOWS)
    yield from _tree(settings.audio_folder, "sidecars", ending=".toml")
    yield from _tree(settings.output_folder / FEEDS, "feeds", ending=".json")
    yield from _accounts(root)
    for folder in episode_folders(settings.output_folder):
        yield from _episode(folder, with_drafts=with_drafts)


def _episode(folder: EpisodeFolder, *, with_drafts: bool) -> Iterator[Entry]:
    """What there is of an episode; what its review is made of at one moment."""
    base = f"episodes/{folder.name}"
    with ReviewLog(folder.path).locked():
        found = [entry for name in REVIEW for entry in _file(folder.path / name, f"{base}/{name}")]
    yield from found
    # The record first: a version that it names is on the disk by then.
    yield from _file(folder.path / published.BOX, f"{base}/{published.BOX}")
    yield from _tree(folder.path / published.FOLDER, f"{base}/{published.FOLDER}", is_text=True)
    for name in (RECORD, *(DRAFTS if with_drafts else ())):
        yield from _file(folder.path / name, f"{base}/{name}")


def _accounts(root: Path) -> Iterator[Entry]:
    """The editors, without invitations and without anybody being signed in."""
    book = account_book.read(root)
    if book.accounts:
        data = portable(book)
        modified = (root / account_book.FOLDER / account_book.FILE).stat().st_mtime
        yield Entry(name=ACCOUNTS, data=data, modified=modified)


def portable(book: account_book.Book) -> bytes:
    """A book without what must not come back with a backup: sessions and links that were sent."""
    accounts = tuple(replace(a, invite=None, invite_ends=None) for a in book.accounts)
    return account_book.as_text(replace(book, accounts=accounts, sessions=())).encode()


def _tree(place: Path, base: str, *, ending: str = "", is_text: bool = False) -> Iterator[Entry]:
    """The files below a folder, but for hidden ones and, of a published version, its audio."""
    for path in sorted(place.rglob(f"*{ending}")):
        inside = PurePosixPath(path.relative_to(place).as_posix())
        is_audio = path.suffix.lower() in AUDIO_ENDINGS
        if any(part.startswith(".") for part in inside.parts) or (is_text and is_audio):
            continue
        if path.is_file() and is_plain(str(inside)):
            yield from _file(path, f"{base}/{inside}")


def _file(path: Path, name: str) -> Iterator[Entry]:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
        modified = path.stat().st_mtime
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > MOST_FILE_BYTES:
        raise BackupError(f"{path} is too large for a backup. Put it elsewhere.")
    yield Entry(name=name, data=data, modified=modified)
