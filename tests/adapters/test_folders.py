import subprocess
import sys
from pathlib import Path

import pytest

from shownotes.adapters.folders import exchange, locked, put_folder, take_place

LOOK = """
import sys
from pathlib import Path
place, stop = Path(sys.argv[1]), Path(sys.argv[2])
print("looking", flush=True)
missed = seen = 0
while not stop.exists():
    try:
        place.stat()
        seen += 1
    except FileNotFoundError:
        missed += 1
print(missed, seen)
"""


def filled(folder: Path, text: str) -> Path:
    (folder / "deep").mkdir(parents=True)
    (folder / "index.html").write_text(text, encoding="utf-8")
    (folder / "deep" / "page.html").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_gets_its_name(tmp_path: Path) -> None:
    put_folder(filled(tmp_path / ".new", "one"), tmp_path / "1")
    assert (tmp_path / "1" / "deep" / "page.html").read_text(encoding="utf-8") == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


@pytest.mark.parametrize("is_there", [True, False])
def test_the_new_one_is_where_the_old_one_was(tmp_path: Path, is_there: bool) -> None:
    place = tmp_path / "site"
    if is_there:
        filled(place, "old")
        (place / "gone.html").touch()
    take_place(filled(tmp_path / ".site.new", "new"), place)
    assert (place / "index.html").read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    assert not (place / "gone.html").exists()


def test_what_cannot_be_exchanged_is_said(tmp_path: Path) -> None:
    assert not exchange(tmp_path / "nothing", tmp_path / "nowhere")


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="exchanges no names")
def test_a_reader_never_finds_nothing(tmp_path: Path) -> None:
    place, stop = filled(tmp_path / "site", "0"), tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", LOOK, str(place), str(stop)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    for number in range(300):
        take_place(filled(tmp_path / ".site.new", str(number)), place)
    stop.touch()
    said, _ = reader.communicate()
    missed, seen = map(int, said.split())
    assert seen > 0
    assert missed == 0


def test_one_at_a_time_and_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "deep" / ".lock"
    hold = (
        "import sys, time\nfrom pathlib import Path\n"
        "from shownotes.adapters.folders import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(600)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    with locked(path):
        pass
