"""The desk's open episodes: those that wait for a review are there before anybody asks."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Episode, State, Status
from shownotes.settings import Settings
from shownotes.steps.review_draft import BASE
from shownotes.web.shelf import OPENED_AHEAD, Shelf
from tests.web.desk_server import RIVER, lay_out_desk


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A working folder's output with one more draft than is opened in advance."""
    desk = lay_out_desk(tmp_path, seconds=30.0)
    for number in range(OPENED_AHEAD):
        folder = EpisodeFolder(tmp_path / "output" / f"more-{number}")
        shutil.copytree(desk.folder.path, folder.path)
        episode = folder.read("episode.json", Episode)
        folder.write("episode.json", replace(episode, id=folder.name), made_from={})
        (folder.path / "draft.json").touch()
    return tmp_path / "output"


def test_the_newest_drafts_are_open_before_anybody_asks(output: Path) -> None:
    shelf = Shelf(Settings(root=output.parent))
    assert not shelf.is_open("more-0")
    shelf.open_ahead()
    assert all(shelf.is_open(f"more-{number}") for number in range(OPENED_AHEAD))
    oldest = EpisodeFolder(output / RIVER).read("episode.json", Episode).id
    assert not shelf.is_open(oldest)


def test_what_is_not_to_be_reviewed_is_not_opened_ahead(output: Path) -> None:
    folder = EpisodeFolder(output / "more-0")
    folder.write("status.json", Status(state=State.FAILED, title=""))
    shelf = Shelf(Settings(root=output.parent))
    shelf.open_ahead()
    assert not shelf.is_open("more-0")
    assert shelf.is_open("more-1")


def test_opening_ahead_writes_nothing(output: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    Shelf(Settings(root=output.parent)).open_ahead()
    after = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    new = {path for path in after if after[path] != before.get(path)}
    assert {path.suffix for path in new} <= {".lock"}


def test_what_is_shown_keeps_its_ids(output: Path) -> None:
    shelf = Shelf(Settings(root=output.parent))
    shelf.open_ahead()
    with shelf.opened("more-1"):
        assert (output / "more-1" / BASE).is_file()
    assert not (output / "more-2" / BASE).exists()


def test_a_damaged_draft_does_not_keep_the_others_shut(output: Path) -> None:
    (output / "more-3" / "draft.json").write_text("{", encoding="utf-8")
    shelf = Shelf(Settings(root=output.parent))
    shelf.open_ahead()
    assert shelf.is_open("more-2")
    assert not shelf.is_open("more-3")
