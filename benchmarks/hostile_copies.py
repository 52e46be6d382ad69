"""Copies into a folder as they happen: slow, pausing, renamed, doubled, begun anew, deceiving.

Every manner ends with the whole file under its name. Pauses are given in rests: the time for which
the drop folder wants a file to be still.
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Copy:
    """One copy.

    Attributes:
        rest_s: what the drop folder calls a rest, in seconds.
        written: when the last byte of a name was written, by name.
        changes: how often a name came to be whole: more than once where it is copied again.
        reopened: when a file that was whole was begun anew.
    """

    name: str
    data: bytes
    folder: Path
    rest_s: float
    rng: random.Random
    written: dict[str, float] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    reopened: float = 0.0

    @property
    def path(self) -> Path:
        """Where it ends."""
        return self.folder / self.name

    def is_whole(self, name: str | None = None) -> None:
        """The last byte was written."""
        name = name or self.name
        self.written[name] = time.time()
        self.changes[name] = self.changes.get(name, 0) + 1

    def pause(self, least: float = 0.0, most: float = 2.5) -> None:
        """Wait for so many rests."""
        time.sleep(self.rest_s * self.rng.uniform(least, most))

    def pieces(self, most: int = 6) -> Iterator[bytes]:
        """The data cut at odd places."""
        cuts = sorted(self.rng.randrange(len(self.data)) for _ in range(self.rng.randint(1, most)))
        for begin, end in zip([0, *cuts], [*cuts, len(self.data)], strict=True):
            yield self.data[begin:end]


def plain(copy: Copy) -> None:
    """As `cp` does, a little slower."""
    with copy.path.open("wb") as file:
        for piece in copy.pieces(40):
            file.write(piece)
            file.flush()
            time.sleep(copy.rest_s * copy.rng.uniform(0.0, 0.1))
    copy.is_whole()


def pausing(copy: Copy) -> None:
    """The file is closed in the midst, for up to longer than the rest, and opened again."""
    copy.path.touch()
    for number, piece in enumerate(copy.pieces()):
        if number:
            copy.pause()
        with copy.path.open("ab") as file:
            file.write(piece)
    copy.is_whole()


def pausing_open(copy: Copy) -> None:
    """It is held open over the pauses; even when all is there."""
    with copy.path.open("wb") as file:
        for piece in copy.pieces():
            file.write(piece)
            file.flush()
            at = time.time()
            copy.pause()
    copy.is_whole()
    copy.written[copy.name] = at


def renamed(copy: Copy) -> None:
    """As rsync, browsers and FTP servers do: under another name until it is whole."""
    code = "".join(copy.rng.choices("abcdefXYZ0123", k=6))
    names = (f".{copy.name}.{code}", f"{copy.name}.part", f"{copy.name}.crdownload")
    hidden = copy.folder / copy.rng.choice(names)
    for piece in copy.pieces():
        with hidden.open("ab") as file:
            file.write(piece)
        copy.pause(most=1.5)
    hidden.rename(copy.path)
    copy.is_whole()


def renamed_over_a_part(copy: Copy) -> None:
    """A first attempt broke off under the file's own name; the second one takes its place."""
    copy.path.write_bytes(next(copy.pieces()) or copy.data[:100])
    copy.pause(0.5, 3.0)
    hidden = copy.folder / f".{copy.name}.again1"
    hidden.write_bytes(copy.data)
    copy.pause(most=1.0)
    hidden.replace(copy.path)
    copy.is_whole()


def begun_anew(copy: Copy) -> None:
    """Broken off for longer than the rest, and begun again from the first byte."""
    for _ in range(copy.rng.randint(1, 2)):
        copy.path.write_bytes(copy.data[: copy.rng.randrange(1, len(copy.data) - 200)])
        copy.pause(1.2, 2.5)
    plain(copy)


def filled(copy: Copy) -> None:
    """As over SMB: the full size from the first moment, and a time that no write changes."""
    with copy.path.open("wb") as file:
        file.truncate(len(copy.data))
    times = (1_700_000_000_000_000_000, 1_700_000_000_000_000_000)
    at = 0
    for piece in copy.pieces():
        with copy.path.open("r+b") as file:
            file.seek(at)
            file.write(piece)
        at += len(piece)
        os.utime(copy.path, ns=times)
        if at < len(copy.data):
            copy.pause()
    copy.is_whole()


def filled_with_zeros(copy: Copy) -> None:
    """The same on a disk that writes the zeros."""
    copy.path.write_bytes(bytes(len(copy.data)))
    at = 0
    for piece in copy.pieces():
        copy.pause()
        with copy.path.open("r+b") as file:
            file.seek(at)
            file.write(piece)
        at += len(piece)
    copy.is_whole()


def times_set_back(copy: Copy) -> None:
    """As `cp -p` does: when all is written the time is that of the original."""
    pausing(copy)
    os.utime(copy.path, ns=(1_600_000_000_000_000_000, 1_600_000_000_000_000_000))
    copy.written[copy.name] = time.time()


def doubled(copy: Copy) -> None:
    """The same bytes under two names, one after the other or both at a time."""
    other = copy.folder / f"{copy.path.stem} (copy){copy.path.suffix}"
    if copy.rng.random() < 0.5:
        plain(copy)
        copy.pause()
    else:
        copy.path.write_bytes(copy.data)
        copy.is_whole()
    for piece in copy.pieces():
        copy.pause(most=0.5)
        with other.open("ab") as file:
            file.write(piece)
    copy.is_whole(other.name)


def copied_again(copy: Copy) -> None:
    """Whole, and then copied over itself once more."""
    plain(copy)
    copy.pause(0.0, 4.0)
    copy.reopened = time.time()
    plain(copy)


def moved_in(copy: Copy) -> None:
    """Whole from the first moment, and old."""
    outside = copy.folder.parent / f"outside {copy.name}"
    outside.write_bytes(copy.data)
    os.utime(outside, (1.6e9, 1.6e9))
    if copy.rng.random() < 0.5:
        outside.rename(copy.path)
    else:
        os.link(outside, copy.path)
    copy.is_whole()


def taken_away_and_brought_back(copy: Copy) -> None:
    """Thought better of in the midst."""
    copy.path.write_bytes(copy.data[: copy.rng.randrange(1, len(copy.data))])
    copy.pause(most=1.5)
    copy.path.unlink()
    copy.pause(most=0.5)
    shutil.copyfileobj(_Reader(copy), _Writer(copy))
    copy.is_whole()


@dataclass
class _Reader:
    """Reads with pauses."""

    copy: Copy
    _pieces: Iterator[bytes] | None = None

    def read(self, _size: int = -1) -> bytes:
        """The next piece."""
        if self._pieces is None:
            self._pieces = (p for p in self.copy.pieces() if p)
        piece = next(self._pieces, b"")
        if piece:
            self.copy.pause(most=1.2)
        return piece


@dataclass
class _Writer:
    """Opens the file for each piece."""

    copy: Copy

    def write(self, data: bytes) -> int:
        """Append a piece."""
        with self.copy.path.open("ab") as file:
            return file.write(data)


def beside_a_control_file(copy: Copy) -> None:
    """As aria2 does: a file beside it says that it is not whole, whatever it looks like."""
    control = copy.folder / f"{copy.name}.aria2"
    control.touch()
    copy.path.write_bytes(copy.data[:-1] + bytes([copy.data[-1] ^ 1]))
    copy.pause(1.0, 3.0)
    with copy.path.open("r+b") as file:
        file.seek(len(copy.data) - 1)
        file.write(copy.data[-1:])
    control.unlink()
    copy.is_whole()


MANNERS: tuple[Callable[[Copy], None], ...] = (
    plain,
    pausing,
    pausing_open,
    renamed,
    renamed_over_a_part,
    begun_anew,
    filled,
    filled_with_zeros,
    times_set_back,
    doubled,
    copied_again,
    moved_in,
    taken_away_and_brought_back,
    beside_a_control_file,
)
