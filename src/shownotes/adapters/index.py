"""The index over all episodes: the list's rows, and full-text search (`output/.index.sqlite`).

Everything in it is derived from the episodes' files. It is brought up to date before it is asked,
and can be thrown away at any time.
Why SQLite: it is in Python, knows full-text search, and several processes may use it at once.
"""

import contextlib
import json
import os
import sqlite3
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shownotes.adapters import full_text
from shownotes.adapters.derived_database import DerivedDatabase, transaction
from shownotes.adapters.full_text import Hit
from shownotes.adapters.search_terms import parse
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.passages import Passage, of_notes, of_transcript
from shownotes.errors import ShowNotesError, StoreError
from shownotes.model import Episode, ShowNotes, State, Status, Transcript, WaitsFor

NAME = ".index.sqlite"
VERSION = 2
_SCHEMA = f"""
CREATE TABLE episodes (
  folder TEXT PRIMARY KEY, id TEXT, title TEXT, show TEXT, state TEXT, step TEXT, audio_done REAL,
  duration REAL, error TEXT, retryable INTEGER, guests TEXT, checks INTEGER, updated_at TEXT,
  waits_for TEXT, model TEXT, seen TEXT
);
{full_text.SCHEMA}"""
# What the search reads, and what a row of the list is made of: an approval is of all the boxes.
_TEXT_FILES = ("episode.json", "transcript.json", "draft.json", "review.json")
_ROW_FILES = (*_TEXT_FILES, "status.json", "turns.json", "names.json", "published.json")
# Rows written at once: others who write wait for no more than this.
_BATCH = 50
# A search does not wait longer for episodes that were not read yet, in seconds.
_SEARCH_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An episode in the list.

    Attributes:
        error: why it failed, or why its files cannot be read.
        checks: how many things there are for the editor to look at.
        waits_for: what has to happen before it goes on.
        model: the speech model that it waits for.
    """

    id: str
    folder: str
    title: str
    show: str | None = None
    state: State = State.WAITING
    step: str | None = None
    audio_done: float = 0.0
    duration: float = 0.0
    error: str | None = None
    retryable: bool = False
    guests: tuple[str, ...] = ()
    checks: int = 0
    updated_at: str = ""
    waits_for: WaitsFor | None = None
    model: str | None = None


def state_of(folder: EpisodeFolder) -> State:
    """Where an episode stands, as its last run wrote."""
    with contextlib.suppress(StoreError, OSError):
        return folder.read("status.json", Status).state
    return State.WAITING


def passages_of(folder: EpisodeFolder) -> Iterator[Passage]:
    """The machine's transcript and notes."""
    if folder.has("transcript.json"):
        yield from of_transcript(folder.read("transcript.json", Transcript))
    if folder.has("draft.json"):
        yield from of_notes(folder.read("draft.json", ShowNotes))


@dataclass(frozen=True, slots=True)
class Sources:
    """How an episode's files are read: what a review changes is told from outside.

    Attributes:
        shown: a row as its editor has left it.
    """

    state: Callable[[EpisodeFolder], State] = state_of
    passages: Callable[[EpisodeFolder], Iterable[Passage]] = passages_of
    shown: Callable[[EpisodeFolder, Row], Row] = lambda _folder, row: row


MACHINE = Sources()


def refresh(output: Path, *, sources: Sources = MACHINE) -> None:
    """Bring the index up to date: rows and texts of episodes that changed; gone ones vanish.

    Raises:
        StoreError: the output folder cannot be written.
    """

    def work(connection: sqlite3.Connection) -> None:
        on_disk = _refresh_rows(connection, output, sources)
        _refresh_texts(connection, output, on_disk, sources, patience_s=None)

    if output.is_dir():
        _database(output).ask(work)


def check(output: Path) -> bool:
    """Whether the index is whole; one that is not is thrown away, and made anew when it is used.

    Raises:
        StoreError: it cannot be opened or thrown away.
    """
    faults: list[str] = []

    def work(connection: sqlite3.Connection) -> None:
        told = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        if told != "ok":
            faults.append(told)
            torn = sqlite3.DatabaseError(told)
            torn.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise torn

    database = _database(output)
    if database.path.exists():
        database.ask(work)
    return not faults


def rows(output: Path, *, text: str = "", state: str = "", sources: Sources = MACHINE) -> list[Row]:
    """The episodes, newest folder first.

    Args:
        output: the output folder.
        text: only those in whose title, show, guests or folder every word of it stands.
        state: only those in this state.
        sources: how an episode's files are read.
    """

    def work(connection: sqlite3.Connection) -> list[Row]:
        _refresh_rows(connection, output, sources)
        found = connection.execute("SELECT * FROM episodes ORDER BY folder DESC")
        return [_as_row(record) for record in found]

    if not output.is_dir():
        return []
    listed = [_with_living_state(row, output, sources) for row in _database(output).ask(work)]
    words = _plain(text).split()
    return [
        row
        for row in listed
        if (not state or row.state == state) and all(word in _haystack(row) for word in words)
    ]


def search(output: Path, query: str, limit: int = 50, *, sources: Sources = MACHINE) -> list[Hit]:
    """The passages of all episodes in which everything stands that was typed, best first.

    Where no passage has it all, those of episodes that have it in several places.
    """
    wanted = parse(query)
    if wanted is None or not output.is_dir():
        return []

    def work(connection: sqlite3.Connection) -> list[Hit]:
        on_disk = _refresh_rows(connection, output, sources)
        _refresh_texts(connection, output, on_disk, sources, patience_s=_SEARCH_PATIENCE_S)
        return full_text.find(connection, wanted, limit)

    return _database(output).ask(work)


# --------------------------------------------------------------------------- bringing up to date


def _signature(path: str, names: Iterable[str]) -> str:
    """What changes whenever one of the files does."""
    parts = []
    for name in names:
        try:
            # As a string: paths as objects take three times as long.
            found = os.stat(f"{path}/{name}")  # noqa: PTH116
        except OSError:
            parts.append("")
        else:
            parts.append(f"{found.st_mtime_ns:x}.{found.st_size:x}.{found.st_ino:x}")
    return "/".join(parts)


def _episodes_on_disk(output: Path) -> dict[str, str]:
    """Every episode's folder and its row's signature."""
    found = {}
    with os.scandir(output) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.is_dir():
                continue
            signature = _signature(entry.path, _ROW_FILES)
            if not signature.startswith("/"):
                found[entry.name] = signature
    return found


def _refresh_rows(connection: sqlite3.Connection, output: Path, sources: Sources) -> dict[str, str]:
    """Write the rows that changed; what lies on the disk is returned."""
    known = dict(connection.execute("SELECT folder, seen FROM episodes"))
    on_disk = _episodes_on_disk(output)
    changed = [folder for folder, seen in on_disk.items() if known.get(folder) != seen]
    for first in range(0, len(changed), _BATCH):
        batch = changed[first : first + _BATCH]
        described = [
            (_describe(EpisodeFolder(output / name), sources), on_disk[name]) for name in batch
        ]
        with transaction(connection):
            for row, seen in described:
                _write_row(connection, row, seen)
    gone = known.keys() - on_disk.keys()
    if gone:
        with transaction(connection):
            for folder in gone:
                full_text.forget_texts(connection, folder)
                connection.execute("DELETE FROM episodes WHERE folder = ?", (folder,))
    return on_disk


def _describe(folder: EpisodeFolder, sources: Sources) -> Row:
    """An episode's row; one whose files cannot be read is listed with the reason."""
    row = Row(id="", folder=folder.name, title=folder.name)
    try:
        episode = folder.read("episode.json", Episode)
        row = replace(
            row,
            id=episode.id,
            title=episode.metadata.title or folder.name,
            show=episode.metadata.show,
            duration=episode.duration,
            state=sources.state(folder),
        )
        if folder.has("status.json"):
            row = _with_status(row, folder.read("status.json", Status))
        row = sources.shown(folder, row)
    except (ShowNotesError, OSError) as error:
        return replace(row, state=State.FAILED, error=str(error))
    return row


def _with_status(row: Row, status: Status) -> Row:
    return replace(
        row,
        title=status.title,
        duration=status.duration or row.duration,
        step=status.step,
        audio_done=status.audio_done,
        error=status.error,
        retryable=status.retryable,
        guests=status.guests,
        checks=status.checks,
        updated_at=status.updated_at,
        waits_for=status.waits_for,
        model=status.model,
    )


def _write_row(connection: sqlite3.Connection, row: Row, seen: str) -> None:
    values = (
        row.folder, row.id, row.title, row.show, row.state, row.step, row.audio_done, row.duration,
        row.error, row.retryable, json.dumps(row.guests), row.checks, row.updated_at,
        row.waits_for, row.model, seen,
    )  # fmt: skip
    places = ", ".join("?" * len(values))
    connection.execute(f"INSERT OR REPLACE INTO episodes VALUES ({places})", values)  # noqa: S608


def _refresh_texts(
    connection: sqlite3.Connection,
    output: Path,
    folders: Iterable[str],
    sources: Sources,
    *,
    patience_s: float | None,
) -> None:
    """Read the passages of episodes that changed, newest first, as long as patience lasts."""
    known = dict(connection.execute("SELECT folder, seen FROM texts"))
    began = time.monotonic()
    for name in sorted(folders, reverse=True):
        folder = EpisodeFolder(output / name)
        seen = _signature(str(folder.path), _TEXT_FILES)
        if known.get(name) == seen:
            continue
        try:
            found = list(sources.passages(folder))
        except (ShowNotesError, OSError):
            # The list tells why; it is tried again when a file changes.
            found = []
        with transaction(connection):
            full_text.write_texts(connection, name, found, seen=seen)
        if patience_s is not None and time.monotonic() - began > patience_s:
            return


# --------------------------------------------------------------------------- answering


def _database(output: Path) -> DerivedDatabase:
    return DerivedDatabase(output / NAME, _SCHEMA, VERSION)


def _as_row(record: tuple[Any, ...]) -> Row:
    folder, id_, title, show, state, step, audio_done, duration, error, *rest, _ = record
    retryable, guests, checks, updated_at, waits_for, model = rest
    return Row(
        id=id_,
        folder=folder,
        title=title,
        show=show,
        state=State(state),
        step=step,
        audio_done=audio_done,
        duration=duration,
        error=error,
        retryable=bool(retryable),
        guests=tuple(json.loads(guests)),
        checks=checks,
        updated_at=updated_at,
        waits_for=WaitsFor(waits_for) if waits_for else None,
        model=model,
    )


def _with_living_state(row: Row, output: Path, sources: Sources) -> Row:
    """A run may have died without writing anything: those in work are asked again."""
    if row.state is not State.PROCESSING:
        return row
    return replace(row, state=sources.state(EpisodeFolder(output / row.folder)))


def _haystack(row: Row) -> str:
    return _plain(" ".join((row.title, row.show or "", row.folder, *row.guests)))


def _plain(text: str) -> str:
    """Without case, accents and the like."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
