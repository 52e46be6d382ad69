"""A whole review by keyboard alone: from the first doubtful word to the published page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.desk_editor import Editor
from tests.web.desk_server import DeskServer, lay_out_desk

pytestmark = pytest.mark.browser
# More Tabs than any page of the desk has places to stop at.
MOST_TABS = 400


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskServer]:
    server = lay_out_desk(tmp_path)
    server.start()
    yield server
    server.stop()


def tab_to(page: Any, wanted: str) -> None:
    """Go from place to place with Tab until the wanted one has the focus."""
    for _ in range(MOST_TABS):
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", wanted):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not come to {wanted}")


def test_a_whole_review_by_keyboard(chromium: Any, desk: DeskServer) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    keyboard = page.keyboard
    # Who is it? Asked once.
    page.goto(desk.url)
    tab_to(page, "input[name=name]")
    keyboard.type("Ada Editor")
    keyboard.press("Enter")
    # The list: the episode is a link.
    page.wait_for_selector(".episode a")
    tab_to(page, ".episode a")
    keyboard.press("Enter")
    page.wait_for_url("**/episode/*")
    page.wait_for_selector("html[data-desk=ready]")
    editor = Editor(page, desk, desk.episode_id)

    # Everything that is doubtful, one by one: the first is typed anew, the others are right.
    keyboard.press("Alt+n")
    total = int(page.locator("#doubts").inner_text().split(" of ")[1].split()[0])
    for _ in range(total):
        keyboard.press("Alt+a")
    editor.says("Nothing is left to check")
    # A word is corrected: the segment that has the focus, opened, its first word typed over.
    keyboard.press("Alt+g")
    tab_to(page, ".segment")
    keyboard.press("Enter")
    keyboard.press("Home")
    keyboard.press("Control+Shift+ArrowRight")
    keyboard.type("Could ")
    keyboard.press("Enter")
    keyboard.press("Escape")
    # A name is fixed once.
    keyboard.press("Alt+m")
    tab_to(page, "#spelling-from")
    keyboard.press("ControlOrMeta+a")
    keyboard.type("Kofi Asante")
    tab_to(page, "#spelling-to")
    keyboard.press("ControlOrMeta+a")
    keyboard.type("Kofi Asanté")
    keyboard.press("Enter")
    editor.says("everywhere now")
    # The notes: a better title, and what nobody said of a guest is left unsaid.
    tab_to(page, "#notes [data-key=title] textarea, #notes [data-key=title] input")
    keyboard.press("ControlOrMeta+a")
    keyboard.type("A river, spent twice")
    keyboard.press("Enter")
    editor.saved()
    # Approve and publish.
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab_to(page, "#approve")
    keyboard.press("Enter")
    expect(page.locator("#state")).to_have_attribute("data-state", "approved")
    tab_to(page, "#publish")
    keyboard.press("Enter")
    dialog = page.locator("#publish-dialog")
    expect(dialog).to_be_visible()
    for _ in range(MOST_TABS):
        if page.evaluate("document.activeElement.textContent.trim()") == "Publish now":
            break
        keyboard.press("Tab")
    keyboard.press("Enter")
    expect(page.locator("#state")).to_have_attribute("data-state", "published")
    context.close()

    version = desk.folder.path / "published" / "1"
    notes = (version / "notes.html").read_text(encoding="utf-8")
    for words in ("A river, spent twice", "Kofi Asanté", "Mei Tanaka", "Could "):
        assert words in notes
    assert "To check" not in notes
    assert "Asante " not in notes
    captions = (version / "transcript.vtt").read_text(encoding="utf-8")
    assert "Asanté" in captions
    site = desk.root / "output" / "site" / "the-warmer-ledger"
    assert "A river, spent twice" in (site / "index.html").read_text(encoding="utf-8")
