"""Runs that live and runs that do not, by locks of real processes."""

import subprocess
import sys
from pathlib import Path

from shownotes.adapters.run_marks import alive, is_alive

HOLD = """
import sys, time
from pathlib import Path
from shownotes.adapters.run_marks import alive
with alive(Path(sys.argv[1]), "one"):
    print("here", flush=True)
    time.sleep(600)
"""


def test_a_run_is_alive_for_as_long_as_it_says_so(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "one")
    with alive(tmp_path, "one"):
        assert is_alive(tmp_path, "one")
        assert not is_alive(tmp_path, "two")
    assert not is_alive(tmp_path, "one")
    assert list((tmp_path / ".runs").iterdir()) == []


def test_a_run_whose_process_was_killed_is_not_alive(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert is_alive(tmp_path, "one")
    process.kill()
    process.communicate()
    assert not is_alive(tmp_path, "one")
    assert list((tmp_path / ".runs").iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_no_run(tmp_path: Path) -> None:
    (tmp_path / ".runs").write_text("in the way")
    with alive(tmp_path, "one"):
        assert not is_alive(tmp_path, "one")
