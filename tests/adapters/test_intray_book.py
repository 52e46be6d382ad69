"""The book of the in-tray: what is kept, who may write, and what damage costs."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from shownotes.adapters.intray_book import BOOK, LOCK, is_watched, open_book, read_entries
from shownotes.core.dropped import Fault, FileState, Look, Moment, Record, Result

RECORD = Record(
    path="audio/ä „b“.mp3",
    state=FileState.WAITING,
    reason="it ends early",
    first_seen=1.5,
    since=1_800_000_000.0,
    until=1_800_000_600.0,
    look=Look(size=10, modified_ns=2**62, inode=2**63, beside="ab", blocks=8, changed_ns=3),
    looked=Moment(wall=5.5, ticks=6.5),
    looks=4,
    rested_s=7.25,
    still_s=8.5,
    sample="aa",
    fingerprint="bb",
    fault=Fault(reason="cut", is_sure=False),
    checked_s=1.0,
    taken="cc",
    taken_at=Moment(wall=1.0, ticks=2.0),
    has_begun=True,
    attempt=3,
    tried="dd",
    result=Result.FAILED,
    why="no room",
    retry_at=9.0,
    failures=2,
    episode="2026-01-01-b",
    is_problem=True,
    noted="so",
    gone_since=None,
)


def write(output: Path, *records: Record, looks: int = 3) -> None:
    with open_book(output, looks=looks, wait_s=0) as book:
        assert book is not None
        book.records = {record.path: record for record in records}
        book.save()


def read_in_another_process(output: Path) -> list[str]:
    program = (
        "import sys; from pathlib import Path\n"
        "from shownotes.adapters.intray_book import open_book\n"
        "with open_book(Path(sys.argv[1]), looks=3, wait_s=0) as book:\n"
        "    print('busy' if book is None else list(map(repr, book.records.values())))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(output)], capture_output=True, text=True, check=True
    )
    return [ran.stdout.strip()]


def test_every_field_comes_back(tmp_path: Path) -> None:
    write(tmp_path, RECORD)
    assert read_in_another_process(tmp_path) == [str([repr(RECORD)])]


def test_people_are_told_in_their_own_time(tmp_path: Path) -> None:
    done = Record(path="audio/a.mp3", state=FileState.DONE)
    gone = Record(path="audio/c.mp3", state=FileState.REFUSED, gone_since=5.0)
    write(tmp_path, RECORD, done, gone)
    assert [entry.path for entry in read_entries(tmp_path)] == [done.path, RECORD.path]
    (entry,) = read_entries(tmp_path, with_done=False)
    assert (entry.reason, entry.size_bytes, entry.episode) == ("it ends early", 10, "2026-01-01-b")
    assert (entry.since, entry.retry_at) == ("2027-01-15T08:00:00Z", "2027-01-15T08:10:00Z")


@pytest.mark.parametrize("wall", [float("inf"), 1e30, -1e30])
def test_no_clock_is_too_wrong(tmp_path: Path, wall: float) -> None:
    write(tmp_path, replace(RECORD, since=wall))
    assert read_entries(tmp_path)[0].since == ""


def test_one_at_a_time_and_nobody_waits_for_a_sweep(tmp_path: Path) -> None:
    with open_book(tmp_path, looks=3, wait_s=0) as book:
        assert book is not None
        assert read_in_another_process(tmp_path) == ["busy"]
        with open_book(tmp_path, looks=3, wait_s=0) as other:
            assert other is None
    assert read_in_another_process(tmp_path) == ["[]"]


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"format": "shownotes/episode", "format_version": 1, "files": []}',
        '{"format": "shownotes/intray", "format_version": 99, "files": []}',
        '{"format": "shownotes/intray", "format_version": 1, "files": [{"path": 5}]}',
        '{"format": "shownotes/intray", "format_version": 1}',
    ],
)
def test_a_damaged_book_is_an_empty_one(tmp_path: Path, damage: str) -> None:
    (tmp_path / BOOK).write_text(damage)
    assert read_entries(tmp_path) == []
    write(tmp_path, RECORD)
    assert len(read_entries(tmp_path)) == 1


def test_another_book_is_seen_though_it_looks_the_same(tmp_path: Path) -> None:
    write(tmp_path, RECORD)
    before = (tmp_path / BOOK).stat()
    assert read_entries(tmp_path)[0].reason == "it ends early"
    program = (
        "import sys; from dataclasses import replace; from pathlib import Path\n"
        "from shownotes.adapters.intray_book import open_book\n"
        "with open_book(Path(sys.argv[1]), looks=3, wait_s=0) as book:\n"
        "    records = book.records.items()\n"
        "    book.records = {n: replace(r, reason='it ends later') for n, r in records}\n"
        "    book.save()"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    os.utime(tmp_path / BOOK, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (tmp_path / BOOK).stat().st_size == before.st_size
    assert read_entries(tmp_path)[0].reason == "it ends later"


def test_the_disk_is_left_alone_while_nothing_happens(tmp_path: Path) -> None:
    write(tmp_path, RECORD)
    before = (tmp_path / BOOK).stat()
    later = replace(
        RECORD, looks=RECORD.looks + 1, rested_s=9.0, still_s=9.0, looked=Moment(wall=9, ticks=9)
    )
    write(tmp_path, later)
    assert (tmp_path / BOOK).stat().st_ino == before.st_ino
    # Until there are enough of them, looks count from process to process.
    write(tmp_path, replace(later, looks=6), looks=7)
    assert (tmp_path / BOOK).stat().st_ino != before.st_ino
    assert read_entries(tmp_path)[0].reason == RECORD.reason


def test_a_watched_tray_is_known_by_its_last_sweep(tmp_path: Path) -> None:
    assert not is_watched(tmp_path)
    write(tmp_path, RECORD)
    assert is_watched(tmp_path)
    old = time.time() - 3600.0
    os.utime(tmp_path / LOCK, (old, old))
    assert not is_watched(tmp_path)
    write(tmp_path, RECORD)
    assert is_watched(tmp_path)


def test_a_book_that_was_not_saved_leaves_no_trace(tmp_path: Path) -> None:
    write(tmp_path, RECORD)
    with open_book(tmp_path, looks=3, wait_s=0) as book:
        assert book is not None
        book.records[RECORD.path] = replace(RECORD, reason="not saved")
    assert read_entries(tmp_path)[0].reason == RECORD.reason
