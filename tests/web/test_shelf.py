"""The desk's open episodes: those that wait for a review are there before anybody asks."""

import gc
import shutil
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Episode, State, Status
from shownotes.settings import Settings
from shownotes.steps.render import template_roots
from shownotes.steps.review_draft import BASE
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.step import Walk
from shownotes.web import shelf as shelf_module
from shownotes.web.app import REVIEW, Pages, build_desk
from shownotes.web.shelf import OPENED_AHEAD, OpenEpisode, Shelf
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


def test_a_rehearsed_page_writes_nothing_and_is_seen_by_nobody(output: Path) -> None:
    settings = Settings(root=output.parent)
    _, desk = build_desk(settings, port=0)
    shelf = Shelf(settings)
    pages = Pages(desk, shelf, [root / REVIEW for root in template_roots(settings)])
    rehearsed: list[str] = []

    def rehearse(episode: OpenEpisode) -> None:
        pages.rehearse(episode)
        rehearsed.append(episode.reviewing.walk.folder.name)

    shelf.open_ahead(rehearse)
    assert len(rehearsed) == OPENED_AHEAD
    assert not list(output.rglob(BASE))


def test_whoever_asks_while_an_episode_is_read_waits_for_it(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    begun, go_on = threading.Event(), threading.Event()

    def slowly(walk: Walk) -> Reviewing:
        read.append(walk.folder.path)
        begun.set()
        assert go_on.wait(30)
        return open_review(walk)

    monkeypatch.setattr(shelf_module, "open_review", slowly)
    shelf = Shelf(Settings(root=output.parent))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shelf.open_ahead)
        assert begun.wait(30)
        episode_id = EpisodeFolder(read[0]).read("episode.json", Episode).id
        second = pool.submit(_title_of, shelf, episode_id)
        go_on.set()
        assert second.result(60)
        first.result(60)
    assert sorted(set(read)) == sorted(read)


def _title_of(shelf: Shelf, episode_id: str) -> str:
    with shelf.opened(episode_id) as episode:
        return episode.reviewing.draft.episode.id


class _Cycle:
    """What refers to itself: only a look for garbage gives it back."""

    def __init__(self) -> None:
        self.itself = self


def test_an_episode_that_is_put_away_gives_its_memory_back(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "MOST_OPEN", 1)
    shelf = Shelf(Settings(root=output.parent))
    with shelf.opened("more-0") as episode:
        cycle = _Cycle()
        put_away = weakref.ref(cycle)
        cast("dict[int, object]", episode.known)[-1] = cycle
    del episode, cycle
    gc.freeze()  # as the shelf does once it has opened the drafts that wait
    with shelf.opened("more-1"):
        pass
    gc.collect()
    assert put_away() is not None
    shelf.sweep()
    assert put_away() is None


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
