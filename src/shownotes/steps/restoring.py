"""Putting a backup back: first what would happen to each piece, then all of it.

What was changed here after the backup was made is newer, and is overwritten only on request. What
is overwritten goes into the trash before.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from shownotes.adapters import account_book
from shownotes.adapters.backup_archive import Unpacked
from shownotes.adapters.review_log import NAME as LOG
from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder, write_bytes
from shownotes.core.publication import Published
from shownotes.errors import BackupError, StoreError
from shownotes.model import Episode
from shownotes.settings import CONFIG_NAME, Settings, load_settings
from shownotes.steps import published
from shownotes.steps.backups import ACCOUNTS, DRAFTS, FEEDS, RECORD, REVIEW, SHOWS, portable
from shownotes.steps.deleted import free_place, trash_folder
from shownotes.workspace import TEMPLATES_NOTE, shipped

HOLDER = "shownotes restore"


class Standing(StrEnum):
    """How a piece of a backup stands to what is here."""

    NEW = "new"
    SAME = "same"
    OLDER = "older here"
    NEWER = "newer here"
    # Only put back where there is none.
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What is put back together, or not at all.

    Attributes:
        kind: for people: review, published, sidecar ...
        name: which one.
        files: names in the backup, in the order in which they are written.
    """

    kind: str
    name: str
    files: tuple[str, ...]
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What restoring a backup would do.

    Attributes:
        trash: where goes what is overwritten.
    """

    backup: Unpacked
    settings: Settings
    pieces: tuple[Piece, ...]
    trash: Path

    def having(self, *standings: Standing) -> list[Piece]:
        """The pieces that stand so."""
        return [piece for piece in self.pieces if piece.standing in standings]


def plan(backup: Unpacked, settings: Settings) -> Plan:
    """Look at what a backup holds and how it stands to what is here; nothing is changed.

    Raises:
        BackupError: its settings put folders outside of the working folder.
    """
    settings = _with_its_folders(backup, settings)
    pieces = tuple(
        Piece(kind=kind, name=name, files=files, standing=_stand(kind, files, backup, settings))
        for kind, name, files in _pieces(backup)
    )
    trash = free_place(trash_folder(settings), "before-restore")
    return Plan(backup=backup, settings=settings, pieces=pieces, trash=trash)


def _pieces(backup: Unpacked) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    episodes: dict[str, list[str]] = {}
    for name in sorted(backup.files):
        top, _, rest = name.partition("/")
        if top == "episodes":
            episodes.setdefault(rest.partition("/")[0], []).append(name)
        else:
            kind = {CONFIG_NAME: "settings", ACCOUNTS: "accounts"}.get(name, top.removesuffix("s"))
            yield kind, rest or name, (name,)
    for episode, names in episodes.items():
        base = f"episodes/{episode}"
        for kind, boxes in (("record", (RECORD,)), ("draft", DRAFTS)):
            for box in boxes:
                if f"{base}/{box}" in names:
                    yield kind, episode, (f"{base}/{box}",)
        review = tuple(f"{base}/{box}" for box in REVIEW if f"{base}/{box}" in names)
        if f"{base}/{LOG}" in review:
            yield "review", episode, review
        last = f"{base}/{published.BOX}"
        if last in names:
            versions = (n for n in names if n.startswith(f"{base}/{published.FOLDER}/"))
            yield "published", episode, (*versions, last)


def _with_its_folders(backup: Unpacked, settings: Settings) -> Settings:
    """The settings with the folders that the backup's own name, if those are to be put back."""
    if CONFIG_NAME not in backup.files:
        return settings
    here = settings.root / CONFIG_NAME
    if here.is_file() and not _is_pristine(here):
        return settings
    place = backup.files[CONFIG_NAME].parent / "settings"
    place.mkdir(exist_ok=True)
    shutil.copyfile(backup.files[CONFIG_NAME], place / CONFIG_NAME)
    paths = load_settings(place).paths
    root = settings.root.resolve()
    for told in (paths.audio, paths.output, paths.templates):
        if not (root / told).resolve().is_relative_to(root):
            raise BackupError(
                f"The backup's settings put a folder at {told}, outside of the working folder. Put "
                f"{CONFIG_NAME} there by hand if that is right, and restore again."
            )
    return settings.model_copy(update={"paths": paths})


def place_of(name: str, settings: Settings) -> Path:
    """Where a file of a backup belongs."""
    top, _, rest = name.partition("/")
    tops = {
        "templates": settings.templates_folder,
        SHOWS: settings.root / SHOWS,
        "sidecars": settings.audio_folder,
        "feeds": settings.output_folder / FEEDS,
        "episodes": settings.output_folder,
    }
    return tops[top] / rest if rest else settings.root / name


# --------------------------------------------------------------------------- how it stands


def _stand(kind: str, files: Sequence[str], backup: Unpacked, settings: Settings) -> Standing:
    here = place_of(files[-1], settings)
    if kind == "accounts":
        return _stand_accounts(backup, settings)
    if kind in ("review", "published") and _is_another(files[-1], backup, settings):
        return Standing.NEWER
    if kind == "review":
        return _stand_review(next(f for f in files if f.endswith(LOG)), backup, settings)
    if not here.exists():
        return Standing.NEW
    if here.read_bytes() == backup.read(files[-1]):
        return Standing.SAME
    if kind in ("record", "draft", "feed"):
        return Standing.KEPT
    if kind == "published":
        return _stand_published(files[-1], backup, EpisodeFolder(here.parent))
    if _is_pristine(here):
        return Standing.NEW
    made_at = datetime.fromisoformat(backup.made_at).timestamp()
    return Standing.NEWER if here.stat().st_mtime >= made_at else Standing.OLDER


def _is_another(name: str, backup: Unpacked, settings: Settings) -> bool:
    """Whether another episode lies here under the same name."""
    record = "/".join((*name.split("/")[:2], RECORD))
    here = place_of(record, settings)
    if record not in backup.files or not here.is_file():
        return False
    place = backup.files[record]
    theirs = EpisodeFolder(place.parent).read(place.name, Episode)
    ours = EpisodeFolder(here.parent).read(RECORD, Episode)
    known = {version.packets_sha256 for version in ours.versions}
    has_same = any(version.packets_sha256 in known for version in theirs.versions)
    return ours.id != theirs.id and not has_same


def _is_pristine(path: Path) -> bool:
    """Whether a file is as `shownotes init` made it."""
    data = path.read_bytes()
    return data in (b"", shipped(CONFIG_NAME).read_bytes(), TEMPLATES_NOTE.encode())


def _stand_review(name: str, backup: Unpacked, settings: Settings) -> Standing:
    """Logs only grow: one that begins with the other is the newer one."""
    here = place_of(name, settings)
    if not here.exists():
        return Standing.NEW
    ours, theirs = here.read_bytes(), backup.read(name)
    if ours == theirs:
        return Standing.SAME
    return Standing.OLDER if theirs.startswith(ours) else Standing.NEWER


def _stand_published(name: str, backup: Unpacked, folder: EpisodeFolder) -> Standing:
    theirs = EpisodeFolder(backup.files[name].parent).read(backup.files[name].name, Published)
    ours = published.read_published(folder)
    if ours.history == theirs.history:
        return Standing.SAME
    is_older = theirs.history[: len(ours.history)] == ours.history
    return Standing.OLDER if is_older else Standing.NEWER


def _stand_accounts(backup: Unpacked, settings: Settings) -> Standing:
    book = account_book.read(settings.root)
    if not book.accounts:
        return Standing.NEW
    return Standing.SAME if portable(book) == backup.read(ACCOUNTS) else Standing.NEWER


# --------------------------------------------------------------------------- doing it


def carry_out(told: Plan, *, over_newer: bool) -> list[Piece]:
    """Put back what is to be put back.

    Args:
        told: the plan.
        over_newer: also over what was changed here since.

    Returns:
        What was put back.

    Raises:
        BackupError: what is here has changed since the plan was made.
        EpisodeBusyError: a run has an episode of which the backup has a published version.
        StoreError: a file cannot be written; what was written before stays.
    """
    wanted = [Standing.NEW, Standing.OLDER, *([Standing.NEWER] if over_newer else [])]
    pieces = told.having(*wanted)
    for piece in pieces:
        _put_back(piece, told)
    return pieces


def _put_back(piece: Piece, told: Plan) -> None:
    backup, settings = told.backup, told.settings
    if piece.kind == "accounts":
        _put_accounts_back(backup, settings, told.trash)
        return
    folder = EpisodeFolder(place_of(f"episodes/{piece.name}", settings))
    held: AbstractContextManager[None] = nullcontext()
    if piece.kind == "review":
        folder.path.mkdir(parents=True, exist_ok=True)
        held = ReviewLog(folder.path).locked()
    elif piece.kind == "published":
        held = folder.claim(holder=HOLDER)
    with held:
        if _stand(piece.kind, piece.files, backup, settings) is not piece.standing:
            raise BackupError(
                f"{piece.kind} {piece.name} was changed while it was restored, and is left as it "
                "is. Run the same command again."
            )
        for name in piece.files:
            path = place_of(name, settings)
            if path.is_file() and path.read_bytes() != backup.read(name):
                write_bytes(told.trash / name, path.read_bytes(), mode=0o600)
            write_bytes(path, backup.read(name))


def _put_accounts_back(backup: Unpacked, settings: Settings, before: Path) -> None:
    try:
        book = account_book.parse(backup.read(ACCOUNTS).decode())
    except ValueError as error:
        raise BackupError("The backup's accounts cannot be read. Nothing of them was used.") from (
            error
        )
    with account_book.changing(settings.root) as change:
        if change.book.accounts:
            write_bytes(before / ACCOUNTS, account_book.as_text(change.book).encode(), mode=0o600)
        change.book = book


def missing_audio(told: Plan, done: Sequence[Piece]) -> list[str]:
    """Episodes whose published audio is not here: a backup has none."""
    found = []
    for piece in done:
        if piece.kind != "published":
            continue
        folder = EpisodeFolder(place_of(f"episodes/{piece.name}", told.settings))
        with suppress(StoreError, OSError):
            current = published.read_published(folder).current
            if current is None:
                continue
            audio = published.read_edition(folder, current).audio
            if audio and not (published.version_folder(folder, current).path / audio).is_file():
                found.append(piece.name)
    return found
