import json
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from shownotes.adapters.store import EpisodeFolder, beside, check_room, write_bytes, write_text
from shownotes.errors import DiskFullError, EpisodeBusyError, FormatError, StoreError
from shownotes.model import Chapter, Evidence, Names, Organization, OrganizationKind, Topics

TOPICS = Topics(chapters=(Chapter(start=0.0, end=61.5, title="Cold homes"),))


@pytest.fixture
def folder(tmp_path: Path) -> EpisodeFolder:
    return EpisodeFolder(tmp_path / "undated-x")


def test_a_box_comes_back_as_the_same_noun(folder: EpisodeFolder) -> None:
    names = Names(
        people=(),
        organizations=(
            Organization(
                name="Rates Commission",
                kind=OrganizationKind.GOVERNMENT_AGENCY,
                evidence=Evidence(text="The Rates Commission.", start=1.0, end=2.5),
            ),
        ),
    )
    folder.write("names.json", names, made_from={"a": "1"}, made_with={"step_version": 1})
    assert folder.read("names.json", Names) == names
    raw = json.loads((folder.path / "names.json").read_text(encoding="utf-8"))
    assert list(raw)[:2] == ["format", "format_version"]


def test_the_content_hash_does_not_know_the_time_of_making(folder: EpisodeFolder) -> None:
    folder.write("topics.json", TOPICS, made_from={"a": "1"})
    first = folder.content_sha256("topics.json")
    folder.write("topics.json", TOPICS, made_from={"a": "2"})
    assert folder.content_sha256("topics.json") == first != ""


def test_a_box_that_a_person_edited_is_never_overwritten(folder: EpisodeFolder) -> None:
    path = folder.write("topics.json", TOPICS, made_from={"a": "1"})
    edited = path.read_text(encoding="utf-8").replace("Cold homes", "Warm homes")
    path.write_text(edited, encoding="utf-8")
    stamp = folder.stamp("topics.json")
    assert stamp is not None
    assert stamp.is_edited
    written = folder.write("topics.json", TOPICS, made_from={"a": "2"})
    assert written.name == "topics.new.json"
    assert path.read_text(encoding="utf-8") == edited
    assert folder.read("topics.json", Topics).chapters[0].title == "Warm homes"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{", "not whole JSON"),
        ("[]", "not a file of ours"),
        ('{"format": "x"}', "not a file of ours"),
    ],
)
def test_a_torn_or_foreign_box_is_named(folder: EpisodeFolder, text: str, hint: str) -> None:
    write_text(folder.path / "topics.json", text)
    assert folder.stamp("topics.json") is None
    with pytest.raises(FormatError, match=hint):
        folder.read("topics.json", Topics)


def test_a_newer_format_is_named(folder: EpisodeFolder) -> None:
    path = folder.write("topics.json", TOPICS)
    raw = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**raw, "format_version": 99}), encoding="utf-8")
    with pytest.raises(FormatError, match="newer Shownotes"):
        folder.read("topics.json", Topics)


def test_a_wrong_hand_edit_names_the_field(folder: EpisodeFolder) -> None:
    path = folder.write("topics.json", TOPICS)
    text = path.read_text(encoding="utf-8").replace("61.5", '"soon"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"chapters\.0\.end"):
        folder.read("topics.json", Topics)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A real ENOSPC: /dev/full refuses every byte, as a full disk does."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    script = """
import os, sys, tempfile
from pathlib import Path
from shownotes.adapters import store
from shownotes.errors import DiskFullError
target = Path(sys.argv[1])
real = tempfile.mkstemp
def full(**where):
    handle, name = real(**where)
    os.dup2(os.open("/dev/full", os.O_WRONLY), handle)
    return handle, name
tempfile.mkstemp = full
try:
    store.write_bytes(target, b"new" * 100000)
except DiskFullError as error:
    print("refused:", error)
"""
    target = tmp_path / "notes.md"
    write_text(target, "old")
    done = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=True
    )
    assert "refused: No room left" in done.stdout
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "notes.md", b"x")


def test_room_is_checked(tmp_path: Path) -> None:
    check_room(tmp_path, 1)
    with pytest.raises(DiskFullError, match="free"):
        check_room(tmp_path, 1 << 60)


def hold(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with EpisodeFolder(path).claim(holder="the other"):
        ready.set()
        ready.wait()
        multiprocessing.Event().wait(60)


def test_the_second_run_is_told_who_has_the_episode(folder: EpisodeFolder) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=hold, args=(folder.path, ready))
    other.start()
    try:
        assert ready.wait(60)
        assert folder.is_claimed()
        with pytest.raises(EpisodeBusyError, match=f"the other {other.pid}"), folder.claim():
            pass
    finally:
        other.kill()
        other.join()
    assert not folder.is_claimed(), "a killed holder lets go"
    with folder.claim():
        assert json.loads((folder.path / "work" / "claim.json").read_text())["pid"] == os.getpid()
    assert not (folder.path / "work" / "claim.json").exists()


def test_asking_who_has_an_episode_never_makes_it_busy(folder: EpisodeFolder) -> None:
    with folder.claim():
        pass
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            folder.is_claimed()

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(100):
            with folder.claim():
                pass
    finally:
        is_over.set()
        for asker in askers:
            asker.join()


def test_what_a_killed_writer_left_is_taken_away_later(folder: EpisodeFolder) -> None:
    old, young, own = (folder.path / "work" / n for n in (".a.json.x.tmp", ".b.y.tmp", "c.tmp"))
    for path in (old, young, own):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half", encoding="utf-8")
        if path is not young:
            os.utime(path, (1.0, 1.0))
    with folder.claim():
        pass
    assert [path.exists() for path in (old, young, own)] == [False, True, True]


def test_beside() -> None:
    assert beside(Path("a/notes.md")) == Path("a/notes.new.md")
