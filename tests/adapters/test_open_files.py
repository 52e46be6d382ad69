"""Who has a file open, on systems that tell; real processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shownotes.adapters.open_files import find_writers, is_open_for_writing, writers_in_proc

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
HOLD = "import sys; file = open(sys.argv[1], sys.argv[2]); print('open', flush=True); input()"


@contextmanager
def held(path: Path, mode: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has a file open."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.communicate("\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a b.mp3"
    path.write_bytes(b"x" * 100)
    return path


@pytest.mark.parametrize("mode", ["ab", "r+b", "wb"])
def test_a_writer_is_seen_and_named(path: Path, mode: str) -> None:
    with held(path, mode) as process:
        told = find_writers([path])
        assert str(process.pid) in told[path]
    assert find_writers([path]) == {}


def test_readers_are_none_of_our_business(path: Path) -> None:
    with held(path, "rb"):
        assert find_writers([path]) == {}


def test_it_is_the_file_that_counts_and_not_its_name(path: Path) -> None:
    link = path.with_name("link.mp3")
    link.symlink_to(path)
    moved = path.with_name("moved.mp3")
    with held(path, "ab"):
        path.rename(moved)
        link.unlink()
        link.symlink_to(moved)
        path.write_bytes(b"another file of the old name")
        assert set(find_writers([path, moved, link])) == {moved, link}


def test_what_is_gone_or_no_file_is_not_open(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert find_writers([tmp_path / "gone", tmp_path / "pipe", tmp_path]) == {}


def test_asking_does_not_disturb_a_writer_that_comes(path: Path) -> None:
    program = "import sys\nfor _ in range(3000): open(sys.argv[1], 'ab').close()"
    with subprocess.Popen([sys.executable, "-c", program, str(path)]) as process:
        while process.poll() is None:
            find_writers([path])
    assert process.returncode == 0
    assert find_writers([path]) == {}


def test_both_ways_of_asking_see_the_same(path: Path) -> None:
    with held(path, "ab") as process:
        assert is_open_for_writing(path)
        assert str(process.pid) in writers_in_proc([path])[path]
    with held(path, "rb"):
        assert is_open_for_writing(path) is False
        assert writers_in_proc([path]) == {}
    assert is_open_for_writing(path.with_name("gone")) is None
