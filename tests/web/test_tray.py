"""What waits in the in-tray, on the list of episodes: with scripts, without, and as it moves."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shownotes.adapters.intray_book import LOCK, open_book
from shownotes.core.dropped import FileState, Record
from tests.web.desk_pages import Opened, opening, violations
from tests.web.desk_server import DeskServer, lay_out_desk

CUT = Record(
    path="audio/<b>long<b>.mp3",
    state=FileState.WAITING,
    reason="it ends early: 4.0 MB of the 9.0 MB that its beginning promises",
)
REFUSED = Record(path="audio/text.mp3", state=FileState.REFUSED, reason="text.mp3 is not audio.")
DONE = Record(path="audio/done.mp3", state=FileState.DONE, episode="done")
IN_LIST = Record(path="audio/in.mp3", state=FileState.PROCESSING, episode="in")


def note(root: Path, *records: Record) -> None:
    """The book as a sweep leaves it."""
    with open_book(root / "output", looks=3, wait_s=30.0) as book:
        assert book is not None
        book.records = {record.path: record for record in records}
        book.save()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    server = lay_out_desk(tmp_path_factory.mktemp("tray"), seconds=20.0)
    server.start()
    yield server
    server.stop()


def test_files_that_are_no_episodes_yet_are_told_with_their_reasons(desk: DeskServer) -> None:
    note(desk.root, CUT, REFUSED, DONE, IN_LIST)
    told = desk.client().get("/api/tray").json()
    assert told["is_watched"]
    assert [(f["name"], f["words"], f["reason"]) for f in told["files"]] == [
        ("<b>long<b>.mp3", "Waiting", CUT.reason),
        ("text.mp3", "Refused", REFUSED.reason),
    ]
    old = time.time() - 3600.0
    os.utime(desk.root / "output" / LOCK, (old, old))
    assert not desk.client().get("/api/tray").json()["is_watched"]


def test_a_thousand_files_are_counted(desk: DeskServer) -> None:
    note(desk.root, *(Record(path=f"audio/{n:04}.mp3") for n in range(1000)))
    told = desk.client().get("/api/tray").json()
    assert (len(told["files"]), told["more"]) == (50, 950)


@pytest.fixture
def opens(chromium: Any, desk: DeskServer) -> Iterator[Callable[..., Opened]]:
    with opening(chromium, desk) as opens_pages:
        yield opens_pages


@pytest.mark.browser
@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "none"])
def test_the_list_shows_what_waits(opens: Any, desk: DeskServer, has_scripts: bool) -> None:
    note(desk.root, CUT, REFUSED)
    opened = opens(java_script_enabled=has_scripts)
    tray = opened.page.locator("#tray")
    assert "<b>long<b>.mp3" in tray.inner_text()
    assert REFUSED.reason in tray.inner_text()
    assert not opened.page.locator("#unwatched").is_visible()
    assert opened.errors == []


@pytest.mark.browser
def test_what_has_arrived_leaves_the_list_by_itself(opens: Any, desk: DeskServer) -> None:
    note(desk.root, CUT)
    opened = opens()
    opened.page.locator("#tray").get_by_text("<b>long<b>.mp3").wait_for()
    assert violations(opened.page) == []
    note(desk.root, REFUSED)
    opened.page.locator("#tray").get_by_text("text.mp3", exact=True).wait_for()
    note(desk.root, DONE)
    opened.page.locator("#tray").wait_for(state="hidden")
    assert opened.errors == []
