"""The list of episodes, the search and the pages for signing in, in a real Chromium."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from shownotes.adapters import accounts
from shownotes.adapters.encoding import encode
from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Metadata, State, Status
from tests.episodes import lay_out
from tests.spoken import STORY, spoken
from tests.web.desk_pages import DESKTOP, PHONE, Opened, opening, violations, wait_until_ready
from tests.web.desk_server import DeskServer, lay_out_desk

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery staple"


def _episode(root: Path, slug: str, status: Status, *, show: str | None = None) -> EpisodeFolder:
    """An episode that stands as its status says."""
    metadata = Metadata(title=status.title, show=show)
    folder = lay_out(root, slug, spoken(STORY), metadata=metadata).folder
    folder.write("status.json", status)
    return folder


BAKERS = Status(
    state=State.PROCESSING,
    title="What the Bakers Know",
    duration=3600.0,
    step="transcribe",
    audio_done=600.0,
)
BUS = Status(
    state=State.FAILED,
    title="A Night Bus",
    error="audio/a-night-bus.mp3 ends after 3 seconds. Copy it again.",
    retryable=True,
)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    """A desk with three episodes: to be reviewed, being made, failed."""
    root = tmp_path_factory.mktemp("list")
    server = lay_out_desk(root, seconds=20.0)
    river = server.folder.read("status.json", Status)
    guests = ("Kofi Asante", "Mei Tanaka")
    server.folder.write("status.json", replace(river, guests=guests, checks=5, duration=262.0))
    bakers = _episode(root, "what-the-bakers-know", BAKERS, show="Second Helpings")
    _episode(root, "a-night-bus", BUS, show="Second Helpings")
    # Whoever processes an episode claims it; else its run is taken to have died.
    with bakers.claim():
        server.start()
        yield server
        server.stop()


@pytest.fixture
def opens(chromium: Any, listed: DeskServer) -> Iterator[Callable[..., Opened]]:
    with opening(chromium, listed) as opens_pages:
        yield opens_pages


def _row(page: Any, title: str) -> Any:
    return page.locator(".episode", has=page.get_by_role("heading", name=title))


def _told(row: Any) -> str:
    """What a row shows; one that was never drawn yet shows nothing (content-visibility)."""
    expect(row).not_to_have_text("", use_inner_text=True)
    text: str = row.inner_text()
    return text


def _shown(page: Any) -> list[str]:
    titles: list[str] = page.locator(".episode:visible h2").all_text_contents()
    return titles


# --------------------------------------------------------------------------- the list


@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "none"])
def test_each_row_tells_how_the_episode_stands(opens: Any, has_scripts: bool) -> None:
    opened = opens(java_script_enabled=has_scripts)
    page = opened.page
    river = _told(_row(page, "The River Has a Budget"))
    for told in ("The Warmer Ledger", "4 min", "Kofi Asante, Mei Tanaka", "Draft", "5 to check"):
        assert told in river
    bakers = _row(page, "What the Bakers Know")
    assert "Being made" in _told(bakers)
    assert "Transcribing, 10 min of 1 h 0 min" in _told(bakers)
    assert bakers.locator(".doing progress").evaluate(
        "(bar) => bar.value / bar.max"
    ) == pytest.approx(1 / 6)
    bus = _row(page, "A Night Bus")
    assert "audio/a-night-bus.mp3 ends after 3 seconds. Copy it again." in _told(bus)
    assert "Failed" in _told(bus)
    assert opened.errors == []


def test_the_filter_works_while_one_types(opens: Any) -> None:
    page = opens().page
    page.get_by_label("Filter", exact=True).fill("tanaka")
    assert _shown(page) == ["The River Has a Budget"]
    assert page.locator("#count").inner_text() == "1 of 3"
    assert page.url.endswith("/?filter=tanaka")
    page.get_by_label("Filter", exact=True).fill("nobody of this name")
    assert _shown(page) == []
    assert page.locator("#none").inner_text() == "No episode fits the filter."
    page.get_by_label("Filter", exact=True).fill("")
    page.get_by_label("State").select_option("failed")
    assert _shown(page) == ["A Night Bus"]
    page.reload()
    assert _shown(page) == ["A Night Bus"]
    # The server sent one row; the others are fetched when the filter widens.
    page.get_by_label("State").select_option("")
    page.wait_for_function("() => document.querySelectorAll('.episode').length === 3")
    assert len(_shown(page)) == 3


def test_the_filter_works_without_scripts(opens: Any) -> None:
    page = opens(java_script_enabled=False).page
    page.get_by_label("Filter", exact=True).fill("second helpings")
    page.get_by_role("button", name="Filter").click()
    assert set(_shown(page)) == {"What the Bakers Know", "A Night Bus"}
    page.get_by_label("State").select_option("failed")
    page.get_by_role("button", name="Filter").click()
    assert _shown(page) == ["A Night Bus"]


def test_progress_is_live_until_nothing_moves(opens: Any, listed: DeskServer) -> None:
    folder = EpisodeFolder(listed.root / "output" / "what-the-bakers-know")
    page = opens().page
    bakers = _row(page, "What the Bakers Know")
    try:
        folder.write("status.json", replace(BAKERS, audio_done=1800.0))
        bakers.get_by_text("30 min of 1 h 0 min").wait_for()
        folder.write("status.json", replace(BAKERS, step="compose", audio_done=3600.0))
        bakers.get_by_text("Writing the notes").wait_for()
        done = replace(BAKERS, state=State.DRAFT, guests=("Ana Reyes",), checks=2, step=None)
        folder.write("status.json", done)
        bakers.get_by_text("2 to check").wait_for()
        assert "with Ana Reyes" in _told(bakers)
        assert bakers.locator(".doing progress").is_hidden()
        # From here on nobody is asked any more.
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(5_000)
        assert asked == []
    finally:
        folder.write("status.json", BAKERS)


def test_a_failed_episode_is_tried_again(opens: Any, listed: DeskServer) -> None:
    page = opens().page
    bus = _row(page, "A Night Bus")
    bus.get_by_role("button", name="Try again").press("Enter")
    # Its audio is not there, and the page says so in the server's words.
    page.locator("#notice").wait_for()
    assert "is not there any more" in page.locator("#notice").inner_text()


def test_a_row_opens_the_desk(opens: Any, listed: DeskServer) -> None:
    page = opens().page
    page.get_by_role("link", name="The River Has a Budget").press("Enter")
    wait_until_ready(page)
    assert page.url == listed.desk_url
    page.get_by_role("link", name="Episodes").click()
    page.locator("#episodes").wait_for()


# --------------------------------------------------------------------------- uploads


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "a new one.mp3"
    noise = 0.01 * np.random.default_rng(2).standard_normal(16_000 * 3)
    encode(noise.astype(np.float32), path, sample_rate_hz=16_000)
    return path


def _drop(page: Any, name: str, content: bytes) -> None:
    """What a browser does when a file is dropped on the page."""
    page.evaluate(
        """([name, bytes]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
          for (const type of ["dragenter", "dragover", "drop"]) {
            document.querySelector("h1").dispatchEvent(
              new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
          }
        }""",
        [name, list(content)],
    )


def test_files_are_chosen_or_dropped(opens: Any, listed: DeskServer, sound: Path) -> None:
    opened = opens()
    page = opened.page
    page.locator("#files").set_input_files(sound)
    row = page.locator("#uploads li", has_text="a new one.mp3")
    row.get_by_text("added; its notes are made next").wait_for()
    (stored,) = (listed.root / "audio").glob("a*new*one.mp3")
    assert stored.read_bytes() == sound.read_bytes()
    _drop(page, "dropped.mp3", sound.read_bytes())
    second = page.locator("#uploads li", has_text="dropped.mp3")
    second.get_by_text("its notes are made next").or_(
        second.get_by_text("was here already")
    ).wait_for()
    assert not page.evaluate("document.body.classList.contains('dropping')")
    row.get_by_role("button", name="Clear").press("Enter")
    assert page.locator("#uploads li").count() == 1
    assert opened.errors == []


def test_what_is_no_audio_is_refused_with_a_reason(opens: Any) -> None:
    page = opens().page
    _drop(page, "notes.txt", b"not audio")
    refused = page.locator("#uploads li", has_text="notes.txt").locator(".refused")
    refused.wait_for()
    assert "notes.txt" in refused.inner_text() or "audio" in refused.inner_text()
    _drop(page, "empty.mp3", b"")
    page.get_by_text("The file is empty.").wait_for()
    page.route("**/api/uploads/**", lambda route: route.fulfill(status=413, body=""))
    _drop(page, "large.mp3", b"x")
    page.get_by_text("The file is larger than the desk takes.").wait_for()


def test_a_file_being_dragged_is_awaited(opens: Any) -> None:
    page = opens().page
    fire = """(type) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "a.mp3"));
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true }));
    }"""
    page.evaluate(fire, "dragenter")
    assert page.evaluate("document.body.classList.contains('dropping')")
    page.evaluate(fire, "dragleave")
    assert not page.evaluate("document.body.classList.contains('dropping')")


# --------------------------------------------------------------------------- search


def test_a_search_opens_at_the_time(opens: Any, listed: DeskServer) -> None:
    opened = opens()
    page = opened.page
    page.get_by_role("searchbox", name=re.compile("Search")).fill("hydrologist")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=hydrologist")
    found = page.locator(".found li")
    found.first.wait_for()
    assert "hydrologist" in found.first.locator("mark").first.inner_text().lower()
    link = found.first.get_by_role("link")
    assert "The River Has a Budget" in link.inner_text()
    time = float(re.search(r"#t=([\d.]+)", link.get_attribute("href") or "")[1])  # type: ignore[index]
    assert violations(page) == []
    link.click()
    wait_until_ready(page)
    page.wait_for_function(
        "(time) => Math.abs(document.querySelector('audio').currentTime - Math.min(time, 20)) < 1",
        arg=time,
    )
    page.goto(f"{listed.url}/search?q=zeppelin")
    assert "Nothing was found" in page.locator("main").inner_text()
    page.goto(f"{listed.url}/search")
    assert violations(page) == []


def test_what_was_said_is_only_text(opens: Any, listed: DeskServer) -> None:
    opened = opens("/search?q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert opened.page.locator("main img").count() == 0
    assert opened.errors == []


# --------------------------------------------------------------------------- signing in


def test_the_name_is_asked_once(chromium: Any, listed: DeskServer) -> None:
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.goto(listed.desk_url)
    page.get_by_role("heading", name="Who is editing?").wait_for()
    assert violations(page) == []
    page.keyboard.type("Ada Editor")
    page.keyboard.press("Enter")
    wait_until_ready(page)
    assert page.url == listed.desk_url
    page.goto(f"{listed.url}/")
    assert page.locator(".whoami").inner_text() == "Ada Editor"
    context.close()


def test_accounts_are_made_and_used(chromium: Any, tmp_path: Path) -> None:
    server = lay_out_desk(tmp_path, seconds=5.0)
    token = accounts.invite(tmp_path, "Ada Editor")
    accounts.accept(
        tmp_path, accounts.invite(tmp_path, "Ben Other"), name="Ben Other", password=PASSWORD
    )
    server.start()
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    try:
        page.goto(f"{server.url}/")
        page.get_by_role("heading", name="Sign in").wait_for()
        assert violations(page) == []
        page.get_by_label("Your name").fill("Ben Other")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        assert page.get_by_label("Your name").input_value() == "Ben Other"
        assert violations(page) == []
        page.goto(f"{server.url}/invite/{token}")
        assert violations(page) == []
        page.get_by_label("Your name").fill("Ada Editor")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill("another one that is long")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        assert "not the same" in page.get_by_role("alert").inner_text()
        page.get_by_label("Your name").fill("Ada Editor")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.locator("#episodes").wait_for()
        assert page.locator(".whoami").inner_text() == "Ada Editor"
        page.get_by_role("button", name="Sign out").press("Enter")
        page.get_by_role("heading", name="Sign in").wait_for()
        page.goto(f"{server.url}/invite/{token}")
        page.get_by_role("heading", name="does not open any more").wait_for()
        assert violations(page) == []
    finally:
        context.close()
        server.stop()


def test_a_page_that_is_not_there_says_so(opens: Any, listed: DeskServer) -> None:
    page = opens("/episode/" + "0" * 32).page
    assert "no such episode" in page.locator("main").inner_text()
    assert violations(page) == []
    page.get_by_role("link", name="To the list of episodes").click()
    page.locator("#episodes").wait_for()


# --------------------------------------------------------------------------- for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(opens: Any, scheme: str, viewport: dict[str, int]) -> None:
    page = opens(color_scheme=scheme, viewport=viewport).page
    _drop(page, "notes.txt", b"not audio")
    page.locator("#uploads .refused").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_is_reached_with_the_keyboard(opens: Any) -> None:
    page = opens().page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """(() => { const node = document.activeElement;
                return node.id || node.textContent.trim() || node.name; })()"""
            )
        )
    for wanted in (
        "Shownotes",
        "q",
        "Search",
        "files",
        "text",
        "state",
        "A Night Bus",
        "Try again",
    ):
        assert wanted in reached
