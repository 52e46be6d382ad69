"""Large files that are made when they are asked for: which are ours, and what each was made of.

A file is made beside its place and takes its name when it is whole. One that a person has changed
is theirs, and the new one goes beside it (`a.new.mp3`).
"""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shownotes.adapters.store import EpisodeFolder, beside, check_room, file_sha256, translate
from shownotes.errors import StoreError

# Room wanted on the disk besides the file itself, in bytes.
_MARGIN_BYTES = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file as it was made.

    Attributes:
        name: relative to the episode's folder, with forward slashes.
        sha256: of the file as we left it.
        made_from: hash of all that it was made of.
    """

    name: str
    sha256: str
    made_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """The box: every file that is ours."""

    files: tuple[Made, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A file that is wanted.

    Attributes:
        name: relative to the episode's folder.
        made_from: hash of all that it is made of.
        needed_bytes: about what it takes on the disk.
        make: writes it to a path; false when there is nothing to make it of.
    """

    name: str
    made_from: str
    needed_bytes: int
    make: Callable[[Path], bool]


class Ledger:
    """The files of one box of an episode's folder. The caller holds the episode's claim."""

    def __init__(self, folder: EpisodeFolder, box: str) -> None:
        self._folder = folder
        self._box = box
        try:
            self._known = {made.name: made for made in folder.read(box, Entries).files}
        except (StoreError, OSError):
            # Lost or torn: what is made again and comes out alike is known to be ours.
            self._known = {}

    def find(self, order: Order) -> Path | None:
        """The file that fulfils an order already."""
        path = self._folder.path / order.name
        while path.is_file():
            made = self._known.get(self._name(path))
            if made is not None and made.made_from == order.made_from:
                return path
            path = beside(path)
        return None

    def make(self, order: Order) -> Path | None:
        """Make a file and give it its name; `None` where there was nothing to make it of.

        Raises:
            DiskFullError: no room; what was there is as it was.
            StoreError: the file cannot be written.
        """
        path = self._folder.path / order.name
        with making(path.parent, path.suffix) as whole:
            check_room(path.parent, order.needed_bytes + _MARGIN_BYTES)
            if not order.make(whole):
                return None
            sha256 = file_sha256(whole)
            place = self._free_place(path, sha256)
            _put(whole, place)
        name = self._name(place)
        self._known[name] = Made(name=name, sha256=sha256, made_from=order.made_from)
        self._write()
        return place

    def is_stale(self, order: Order) -> bool:
        """Whether there is a file of ours in the order's place, made of something else."""
        made = self._known.get(order.name)
        is_there = (self._folder.path / order.name).is_file()
        return made is not None and is_there and made.made_from != order.made_from

    def drop_all_but(self, wanted: Collection[str]) -> None:
        """Take away what is no longer wanted, if it is as we left it, and forget it."""
        for name in self._known.keys() - set(wanted):
            path = self._folder.path / name
            if path.is_file() and file_sha256(path) == self._known[name].sha256:
                path.unlink()
            del self._known[name]
            self._write()

    def _free_place(self, path: Path, sha256: str) -> Path:
        """The first of `a.mp3`, `a.new.mp3` ... that is not a person's."""
        while path.is_file():
            made = self._known.get(self._name(path))
            if file_sha256(path) in (sha256, made.sha256 if made else None):
                break
            path = beside(path)
        return path

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder.path).as_posix()

    def _write(self) -> None:
        self._folder.write(self._box, Entries(files=tuple(self._known.values())))


@contextmanager
def making(folder: Path, ending: str) -> Iterator[Path]:
    """A file in `folder` to write into; gone afterwards, unless it was given another name.

    Raises:
        StoreError: the folder cannot be made.
    """
    path = folder / f".making{ending}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise translate(error, folder) from error
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _put(whole: Path, path: Path) -> None:
    """Give a finished file its name, when it is safely on the disk."""
    try:
        with whole.open("rb+") as file:
            os.fsync(file.fileno())
        whole.replace(path)
    except OSError as error:
        raise translate(error, path) from error
