"""Only one `up` a working folder, and where it is."""

import subprocess
import sys
from pathlib import Path

import pytest

from shownotes.adapters.up_book import only_one, running_up
from shownotes.errors import AlreadyUpError

HOLD = """
import sys, time
from pathlib import Path
from shownotes.adapters.up_book import only_one
with only_one(Path(sys.argv[1])) as note:
    note("http://127.0.0.1:8765/", "http://127.0.0.1:4200/", "http://127.0.0.1:4200/api")
    print("here", flush=True)
    time.sleep(600)
"""


def test_nobody_is_up_in_a_new_folder(tmp_path: Path) -> None:
    assert running_up(tmp_path) is None
    assert running_up(tmp_path / "nowhere") is None


def test_a_second_one_is_refused_and_told_where_the_first_is(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with only_one(output) as note:
        with pytest.raises(AlreadyUpError, match="it is still starting"), only_one(output):
            pass
        note("http://127.0.0.1:8765/", "http://127.0.0.1:4200/", "http://127.0.0.1:4200/api")
        with pytest.raises(AlreadyUpError) as caught, only_one(output):
            pass
        assert "http://127.0.0.1:8765/" in str(caught.value)
        assert "http://127.0.0.1:4200/ (process" in str(caught.value)
        up = running_up(output)
        assert up is not None
        assert up.api == "http://127.0.0.1:4200/api"
    assert running_up(output) is None
    with only_one(output):
        pass


def test_one_that_was_killed_is_in_nobody_s_way(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert running_up(tmp_path) is not None
    process.kill()
    process.communicate()
    # Its note is still there, and believed by nobody.
    assert (tmp_path / ".up.json").exists()
    assert running_up(tmp_path) is None
    with only_one(tmp_path):
        pass
