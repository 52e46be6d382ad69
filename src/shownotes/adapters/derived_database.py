"""An SQLite file that is derived from other files: made when missing, made anew when torn or old.

Whoever uses it is told nothing of that: a piece of work is done again on the new file, which is
empty then. A connection is opened for each piece of work (about a millisecond), so that threads
share none and nobody holds a file that was thrown away.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from shownotes.errors import DiskFullError, StoreError

# How long another process may write before we give up, in seconds.
BUSY_S = 30.0
# What a file is like that is not worth keeping. ERROR is a missing or broken table.
_TORN = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class DerivedDatabase:
    """A database by its file.

    Attributes:
        path: of the file.
        schema: the statements that make its tables.
        version: to be raised with every change to the tables or to what is written into them.
    """

    path: Path
    schema: str
    version: int

    def ask(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Do a piece of work on the database; twice, when the file turns out to be torn.

        Raises:
            DiskFullError: no room.
            StoreError: the file cannot be opened, written, or made anew.
        """
        try:
            return self._ask(work)
        except sqlite3.Error as error:
            raise self._translate(error) from error

    def _ask(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        inode = 0
        try:
            with closing(self._open()) as connection:
                inode = self._inode()
                return work(connection)
        except sqlite3.Error as error:
            if _code(error) not in _TORN:
                raise
        with self._alone():
            # Another process may have been quicker.
            if self._inode() == inode:
                self._throw_away()
        with closing(self._open()) as connection:
            return work(connection)

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        if _version(connection) == self.version:
            return connection
        connection.close()
        with self._alone():
            return self._make()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)

    def _make(self) -> sqlite3.Connection:
        """Make the tables, unless another process has made them meanwhile."""
        connection = self._connect()
        if _version(connection) == self.version:
            return connection
        connection.close()
        self._throw_away()
        connection = self._connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {self.schema}; PRAGMA user_version = {self.version}; END")
        return connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from making or throwing away the file at the same time.

        The lock is one of SQLite's own, on a file beside: the kernel lets it go with its holder.
        """
        beside = self.path.with_suffix(".lock")
        with closing(sqlite3.connect(beside, timeout=BUSY_S, isolation_level=None)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
            yield

    def _throw_away(self) -> None:
        for ending in ("", "-wal", "-shm"):
            path = self.path.with_name(self.path.name + ending)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(
                    f"{path} is damaged or of another version, and cannot be removed: "
                    f"{error.strerror}. End every other Shownotes and delete it; it is made again."
                ) from error

    def _inode(self) -> int:
        with contextlib.suppress(OSError):
            return self.path.stat().st_ino
        return 0

    def _translate(self, error: sqlite3.Error) -> StoreError:
        if _code(error) == sqlite3.SQLITE_FULL:
            return DiskFullError(
                f"No room left on the disk while writing {self.path}. Free some space and try "
                "again; nothing that was finished is lost."
            )
        return StoreError(
            f"{self.path} cannot be used: {error}. It can be deleted; it is made again."
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    """The file's version; -1 when it is not even a database."""
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if _code(error) in _TORN:
            return -1
        connection.close()
        raise


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
