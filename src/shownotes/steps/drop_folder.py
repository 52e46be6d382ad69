"""The drop folder: which files in the in-tray are ready now, and what the others wait for.

A look at the whole tray costs a listing of its folders and a stat a file, so that it can be taken
every other second. What is seen goes into a book (`adapters/intray_book.py`), and every decision is
made in `core/readiness.py`; nothing is handed out before the book that says so is on the disk.
"""

import os
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from shownotes.adapters.intray_book import BOOK, Entry, entry_of, open_book, read_record
from shownotes.adapters.store import EpisodeFolder
from shownotes.core import outcomes
from shownotes.core.dropped import FileState, Moment, Record, Result
from shownotes.core.readiness import Facts, judge
from shownotes.errors import EpisodeBusyError, InputError, ShowNotesError, StoreError
from shownotes.settings import Settings
from shownotes.steps.intray import Dropped, list_tray, relative
from shownotes.steps.tray_findings import failure_for, same_as
from shownotes.steps.tray_looks import fingerprint_of, look_at, sample_of, shown
from shownotes.steps.tray_sweeps import Sweeper, rules_of

# While nothing arrives or is awaited, looks are this far apart, in seconds.
_IDLE_S = 5.0
# Sweeps may take one part in so many of a processor's time, and of all time (a network's disk);
# the longest pause for that, in seconds.
_CPU_SHARE, _SHARE, _LONGEST_S = 20, 2, 10.0
# Whoever tells the book something waits so long for a sweep to end, in seconds.
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A file that is ready: to be processed once.

    Attributes:
        path: relative to the working folder, as `process_audio` takes it.
        fingerprint: of the file, its sidecar and its transcript as they are now.
        attempt: 1 at first; it only grows.
        key: the idempotency key of its run; no two attempts ever share one.
    """

    path: str
    fingerprint: str
    attempt: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one look at the whole in-tray told.

    Attributes:
        take: to be submitted now, one run a file. One that is not (the watcher was killed, the
            server did not answer) is handed out again after `readiness.GRACE_S`, with another key.
        waiting: every file that is not done, for people.
        next_look_s: how long to wait before the next sweep.
        is_busy: another sweep was at it, so that this one did nothing.
    """

    take: tuple[Taken, ...] = ()
    waiting: tuple[Entry, ...] = ()
    next_look_s: float = 2.0
    is_busy: bool = False


def sweep(settings: Settings, *, queued: Collection[str] = (), now: Moment | None = None) -> Sweep:
    """Look at everything in the in-tray once.

    Args:
        settings: of the working folder.
        queued: paths (as in `Taken.path`) of which a run is scheduled, waiting or running.
        now: the time; of this machine by default.

    Raises:
        StoreError: the book cannot be written; nothing was taken.
    """
    output, drop = settings.output_folder, settings.drop
    with open_book(output, looks=drop.looks, wait_s=0) as book:
        if book is None:
            return Sweep(next_look_s=drop.look_every_s, is_busy=True)
        began, began_cpu, now = time.monotonic(), time.process_time(), now or read_clocks()
        sweeper = Sweeper(settings, book, frozenset(queued), now)
        tray = list_tray(settings)
        taken = sweeper.sweep(tray)
        # Nobody is handed anything that the book does not know of.
        book.save()
        sweeper.write_problems(tray)
        book.save()
        waiting = sweeper.waiting()
        return Sweep(
            take=tuple(_taken(record, now) for record in taken),
            waiting=tuple(map(entry_of, waiting)),
            next_look_s=_next_look_s(
                waiting,
                settings,
                took_s=time.monotonic() - began,
                cpu_s=time.process_time() - began_cpu,
            ),
        )


def _taken(record: Record, now: Moment) -> Taken:
    # Were the book lost, attempts would count from one again; no key ever comes twice.
    key = f"{record.fingerprint}-{record.attempt}-{int(now.wall)}-{secrets.token_hex(4)}"
    return Taken(path=record.path, fingerprint=record.fingerprint, attempt=record.attempt, key=key)


def read_clocks() -> Moment:
    """The time of this machine."""
    return Moment(wall=time.time(), ticks=time.monotonic())


def _next_look_s(
    waiting: Collection[Record], settings: Settings, *, took_s: float, cpu_s: float
) -> float:
    drop = settings.drop
    is_moving = any(r.state in (FileState.ARRIVING, FileState.WAITING) for r in waiting)
    pause_s = drop.look_every_s if is_moving else min(_IDLE_S, drop.rest_s / 2)
    cost_s = max(_CPU_SHARE * cpu_s, _SHARE * took_s)
    return max(pause_s, drop.look_every_s, min(cost_s, _LONGEST_S))


# --------------------------------------------------------------------------- telling the book


def record_begun(settings: Settings, path: Path, *, episode: str) -> None:
    """Note which episode a file is, so that a sweep sees when it is being processed."""
    _change(settings, path, lambda record: outcomes.begin(record, episode, read_clocks()))


def record_outcome(
    settings: Settings, path: Path, *, episode: str | None, error: ShowNotesError | None
) -> None:
    """Note what became of a file; called by `batch.process_one`, whoever runs it.

    Where nobody has watched the in-tray there is no book, and nothing is noted. One that cannot be
    written is no reason for a run to fail: the next sweep sees what became of it from its episode.
    """
    _change(settings, path, lambda record: _after(record, settings, path, episode, error))


def _after(
    record: Record,
    settings: Settings,
    path: Path,
    episode: str | None,
    error: ShowNotesError | None,
) -> Record:
    record = replace(record, episode=episode or record.episode)
    is_file_to_see = path.exists() and os.access(path, os.R_OK)
    if isinstance(error, EpisodeBusyError) or (
        isinstance(error, InputError) and not is_file_to_see
    ):
        # Nothing is known of it that the next sweep will not see better.
        return replace(record, taken="")
    # One that was not handed out by a sweep is what the last one saw.
    record = replace(record, taken=record.taken or record.fingerprint)
    if error is not None:
        failure = failure_for(type(error), str(error), is_retryable=error.retryable)
        return outcomes.settle(record, failure, read_clocks())
    folder = EpisodeFolder(settings.output_folder / episode) if episode else None
    other = same_as(path, folder, settings) if folder else ""
    record = outcomes.settle(record, None, read_clocks())
    return replace(record, why=f"the same as {other}") if other else record


def ask_again(settings: Settings, paths: Collection[str] | None = None) -> list[str]:
    """Have files tried again at the next sweep whatever became of them (`shownotes retry`).

    Args:
        settings: of the working folder.
        paths: as in `Taken.path`; every one that was refused or waits for its next attempt, by
            default.

    Returns:
        The paths that will be tried, as far as they lie in the in-tray.

    Raises:
        StoreError: the book cannot be written.
    """
    with open_book(settings.output_folder, looks=settings.drop.looks, wait_s=_PATIENCE_S) as book:
        if book is None:
            return []
        there = {name: r for name, r in book.records.items() if r.gone_since is None}
        if paths is None:
            wanted = [n for n, r in there.items() if r.result in (Result.REFUSED, Result.FAILED)]
        else:
            wanted = [name for name in map(shown, paths) if name in there]
        for name in wanted:
            book.records[name] = outcomes.ask(there[name])
        book.save()
        return sorted(wanted)


def set_aside(settings: Settings, paths: Collection[str], *, reason: str) -> None:
    """Have files left alone until they change or are asked for (`shownotes delete`).

    Raises:
        StoreError: the book cannot be written, or a sweep does not let go of it.
    """
    with open_book(settings.output_folder, looks=settings.drop.looks, wait_s=_PATIENCE_S) as book:
        if book is None:
            raise StoreError("The book of the in-tray is being written all the time. Try again.")
        wanted = frozenset(map(shown, paths))
        for found in list_tray(settings).dropped:
            name = shown(found.recorded)
            if name in wanted:
                record = _seen_now(book.records.get(name), name, found)
                book.records[name] = outcomes.set_aside(record, reason)
        book.save()


def why_left_alone(settings: Settings, path: Path) -> str | None:
    """Why somebody wants a file left alone (`cancel`, `delete`); `None` where nobody does.

    A run that was asked for before that may begin after it.
    """
    record = read_record(settings.output_folder, shown(relative(path, settings)))
    is_aside = record is not None and record.result is Result.SET_ASIDE and record.is_settled
    return record.why if record is not None and is_aside else None


def _seen_now(record: Record | None, name: str, found: Dropped) -> Record:
    """The record of a file as it is at this moment."""
    now = read_clocks()
    record = record or Record(path=name, first_seen=now.wall, since=now.wall)
    look, _ = look_at(found)
    if look is None or (record.fingerprint and record.look == look):
        return record
    with suppress(OSError):
        sample = sample_of(found)
        fingerprint = fingerprint_of(found, look, sample)
        return replace(record, look=look, looked=now, sample=sample, fingerprint=fingerprint)
    return record


def _change(settings: Settings, path: Path, change: Callable[[Record], Record]) -> None:
    """Change a file's record, where the in-tray is watched and the file is known."""
    if not (settings.output_folder / BOOK).is_file():
        return
    looks, name = settings.drop.looks, shown(relative(path, settings))
    with (
        suppress(StoreError),
        open_book(settings.output_folder, looks=looks, wait_s=_PATIENCE_S) as book,
    ):
        if book is not None and name in book.records:
            changed = change(book.records[name])
            told, _ = judge(changed, Facts(), None, rules_of(settings), read_clocks())
            book.records[name] = told
            book.save()
