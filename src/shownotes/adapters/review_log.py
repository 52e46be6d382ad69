"""`review.log.jsonl`: what editors did, one line a change, never rewritten.

A line counts when it is on the disk: the file is synced before anybody is told that a change is
saved. A last line that a power cut tore was never acknowledged and is cut off.
Why filelock: a second desk, or a command, may write to the same episode; see `adapters.store`.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from shownotes.adapters.store import sync_folder, translate
from shownotes.core.review import Change, as_record, from_record
from shownotes.errors import EpisodeBusyError, FormatError, StoreError

NAME = "review.log.jsonl"
# Another writer has the log for milliseconds; one that holds it for so long hangs. Seconds.
PATIENCE_S = 10.0


class ReviewLog:
    """The log of one episode. Read it from any place; write it under `locked`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._lock = FileLock(folder / f".{NAME}.lock", timeout=PATIENCE_S)

    def exists(self) -> bool:
        """Whether anybody has decided anything."""
        return self.path.is_file()

    def size(self) -> int:
        """Bytes of the log; 0 without one."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def inode(self) -> int:
        """What tells the log from another one that was put in its place; 0 without one."""
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who writes, among threads and processes.

        Raises:
            EpisodeBusyError: somebody else has held it for too long.
            StoreError: the episode is gone, or the lock cannot be written.
        """
        if not self.path.parent.is_dir():
            raise StoreError(f"{self.path.parent} is gone: the episode was deleted or moved.")
        try:
            self._lock.acquire()
        except Timeout as error:
            raise EpisodeBusyError(
                f"{self.path}: another program has been writing this for {PATIENCE_S:.0f} s. "
                "Close other desks on this folder and try again."
            ) from error
        except OSError as error:
            raise translate(error, self.path) from error
        try:
            yield
        finally:
            self._lock.release()

    def read(self, offset: int = 0) -> tuple[list[Change], int]:
        """The changes from a byte on, and the byte after the last whole one.

        Raises:
            FormatError: a line in the midst is not one of ours.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                data = file.read()
        except FileNotFoundError:
            return [], 0
        whole = data[: data.rfind(b"\n") + 1]
        changes = []
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                changes.append(from_record(json.loads(line)))
            except (ValueError, TypeError, KeyError) as error:
                raise FormatError(
                    f"{self.path}: line {number} after byte {offset} is not a change of ours "
                    f"({error}). Put the file back from a backup; `review.json` beside it has the "
                    "decisions as they stood last."
                ) from error
        return changes, offset + len(whole)

    def append(self, change: Change, *, at: int) -> int:
        """Write a change after byte `at` and have it on the disk; what is torn after it goes.

        Returns:
            The byte after it.

        Raises:
            DiskFullError: no room; nothing was written.
            StoreError: the file cannot be written.
        """
        line = json.dumps(as_record(change), ensure_ascii=False, separators=(",", ":")) + "\n"
        is_new = not self.path.exists()
        try:
            with self.path.open("ab") as file:
                if file.tell() != at:
                    file.truncate(at)
                try:
                    file.write(line.encode())
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    os.ftruncate(file.fileno(), at)
                    raise
        except OSError as error:
            raise translate(error, self.path) from error
        if is_new:
            sync_folder(self.path.parent)
        return at + len(line.encode())
