"""`output/.notified.json`: what people were told, and what they are still to be told.

An event goes in once and stays until everybody has been told, however often a run is cut off
between. Several processes write it: each change is made under a lock, and no lock is held while a
server is waited for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock, Timeout

from shownotes.adapters.folders import locked
from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import FormatError

NAME = ".notified.json"
_LOCK, _SENDING = ".notified.lock", ".notifying.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that people are told.

    Attributes:
        id: the same whenever it is sent.
        event: `draft`, `failed` or `waits`.
        episode: id, folder and title, as far as they are known.
        message: what happened.
        do: what can be done about it.
        url: where it can be seen.
        left: who is still to be told: `webhook`, `mail`.
    """

    id: str
    event: str
    at: str
    episode: Mapping[str, str]
    message: str
    do: str = ""
    url: str | None = None
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The book.

    Attributes:
        told: by what happened to which episode, the last event of that sort that went in.
        waiting: of which somebody is still to be told.
        mailed_at: when the last mail went out.
    """

    told: dict[str, str] = field(default_factory=dict)
    waiting: tuple[Notice, ...] = ()
    mailed_at: str = ""


def read_outbox(output: Path) -> Outbox | None:
    """The book; `None` before the first event, and when it is damaged."""
    try:
        return EpisodeFolder(output).read(NAME, Outbox)
    except (FileNotFoundError, FormatError):
        return None


def change_outbox(output: Path, change: Callable[[Outbox | None], Outbox]) -> Outbox:
    """Replace the book by what `change` makes of it.

    Raises:
        StoreError: it cannot be written.
    """
    with locked(output / _LOCK):
        before = read_outbox(output)
        after = change(before)
        if after != before:
            EpisodeFolder(output).write(NAME, after)
        return after


def tick_off(output: Path, ids: frozenset[str], target: str, *, mailed_at: str = "") -> None:
    """Note that `target` was told of these notices."""

    def change(box: Outbox | None) -> Outbox:
        box = box or Outbox()
        after = [
            replace(n, left=tuple(t for t in n.left if t != target)) if n.id in ids else n
            for n in box.waiting
        ]
        waiting = tuple(notice for notice in after if notice.left)
        return replace(box, waiting=waiting, mailed_at=mailed_at or box.mailed_at)

    change_outbox(output, change)


def try_to_send(output: Path) -> FileLock | None:
    """The right to send, to be released; `None` while another process has it."""
    lock = FileLock(output / _SENDING, timeout=0)
    try:
        lock.acquire()
    except (Timeout, OSError):
        return None
    return lock
