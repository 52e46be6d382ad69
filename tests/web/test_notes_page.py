"""notes.html in a real Chromium, opened from disk as a producer opens it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from shownotes import site
from shownotes.adapters.encoding import encode
from shownotes.model import Metadata, Notice
from tests.episodes import demo_walk, finish, lay_out
from tests.spoken import STORY, spoken

pytestmark = pytest.mark.browser
RIVER = "the-river-has-a-budget"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PLAYING = "() => !document.querySelector('audio').paused"
# Smallest contrast of normal text with its background. Source: WCAG 2.2, 1.4.3 (AA).
LEAST_CONTRAST = 4.5
CONTRASTS = """() => {
  const light = (rgb) => rgb.map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const color = parse(getComputedStyle(n).backgroundColor);
      if (color.length < 4 || color[3] > 0.99) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((n) => n.checkVisibility() &&
    [...n.childNodes].some((c) => c.nodeType === 3 && c.data.trim())).map((n) => {
      const a = light(parse(getComputedStyle(n).color).slice(0, 3)), b = light(behind(n));
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), n.outerHTML.slice(0, 80)];
    });
}"""


@dataclass
class Opened:
    """A page and everything it asked for or complained about."""

    page: Any
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def time(self) -> float:
        return float(self.page.evaluate("document.querySelector('audio').currentTime"))


@pytest.fixture(scope="module")
def river(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second demo episode's page beside four minutes of quiet noise."""
    root = tmp_path_factory.mktemp("river")
    walk = finish(demo_walk(root, RIVER))
    (root / "audio").mkdir()
    samples = 0.01 * np.random.default_rng(1).standard_normal(16_000 * 262)
    encode(samples.astype(np.float32), root / "audio" / f"{RIVER}.mp3", sample_rate_hz=16_000)
    return walk.folder.path / "notes.html"


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Any]:
    contexts = []

    def opens(path: Path, *, at: str = "", **options: Any) -> Opened:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("console", lambda message: opened.errors.append(message.text))
        opened.page.goto(path.as_uri() + at)
        return opened

    yield opens
    for context in contexts:
        context.close()


def test_the_page_asks_for_nothing_but_its_audio(open_page: Any, river: Path) -> None:
    opened = open_page(river)
    opened.page.wait_for_function("document.querySelector('audio').readyState >= 1")
    others = [url for url in opened.requests if not url.endswith((".html", ".mp3"))]
    assert others == []
    assert opened.errors == []


def test_a_minute_is_enough_to_know_guests_agency_and_point(open_page: Any, river: Path) -> None:
    page = open_page(river).page
    seen = page.evaluate(
        """() => [...document.querySelectorAll('.story, #guests, .people, .bodies')]
        .filter((n) => n.getBoundingClientRect().top < innerHeight)
        .map((n) => n.innerText).join(' ')"""
    )
    for words in (
        "Can you spend a river twice?",
        "Kofi Asante",
        "Chief hydrologist",
        "Mei Tanaka",
        "Dry Fields Cooperative",
        "River Basin Commission",
        "The river is smaller than its permits",
    ):
        assert words in seen
    assert page.title() == "The River Has a Budget · The Warmer Ledger"
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_chapter_a_quote_and_a_sentence_seek(open_page: Any, river: Path) -> None:
    opened = open_page(river)
    page = opened.page
    chapter = page.locator(".chapters a").nth(2)
    chapter.click()
    page.wait_for_function(PLAYING)
    wanted = float(chapter.get_attribute("data-t"))
    assert wanted - 0.2 <= opened.time() <= wanted + 5
    assert chapter.get_attribute("aria-current") == "true"
    assert page.locator(".now-chapter").inner_text() == chapter.get_attribute("data-chapter")
    quote = page.locator(".quote .time").first
    quote.click()
    wanted = float(quote.get_attribute("data-t"))
    assert wanted - 0.2 <= opened.time() <= wanted + 5
    page.locator("#transcript summary").click()
    sentence = page.locator("[data-s]").nth(30)
    sentence.click()
    wanted = float(sentence.get_attribute("data-s"))
    assert wanted - 0.2 <= opened.time() <= wanted + 5
    page.wait_for_selector(".para .now")
    assert opened.errors == []


def test_the_player_tells_the_time_left(open_page: Any, river: Path) -> None:
    page = open_page(river).page
    page.wait_for_function("document.querySelector('audio').readyState >= 1")
    assert page.locator(".left").inner_text() == "4:22 left"
    page.locator("[data-skip='30']").click()
    assert page.locator(".elapsed").inner_text() == "0:30"
    assert page.locator(".left").inner_text() == "3:52 left"
    page.locator("[data-skip='-15']").click()
    assert page.locator(".elapsed").inner_text() == "0:15"
    page.locator(".speed").click()
    assert page.evaluate("document.querySelector('audio').playbackRate") == 1.25


def test_an_address_with_a_time_begins_there(open_page: Any, river: Path) -> None:
    opened = open_page(river, at="#t=83.5")
    opened.page.wait_for_function("document.querySelector('audio').currentTime > 83")
    assert opened.page.locator(".elapsed").inner_text() == "1:23"


def test_everything_can_be_done_with_the_keyboard(open_page: Any, river: Path) -> None:
    opened = open_page(river)
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(document.activeElement.className || document.activeElement.tagName).toString()"
            )
        )
        if page.evaluate("document.activeElement.closest('.foot') !== null"):
            break
    assert {"play", "seek", "speed", "time", "SUMMARY"} <= reached
    page.locator(".play").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(PLAYING)
    assert page.locator(".play").get_attribute("aria-label") == "Pause"
    page.locator(".play").press("Enter")
    page.locator(".seek").focus()
    before = opened.time()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('audio').currentTime > {before}")
    page.locator("#transcript summary").press("Enter")
    assert page.evaluate("document.querySelector('#transcript').open")


def test_without_scripts_it_reads_and_the_links_play(open_page: Any, river: Path) -> None:
    page = open_page(river, java_script_enabled=False).page
    assert page.locator("audio[controls]").is_visible()
    assert page.locator(".controls").is_hidden()
    chapter = page.locator(".chapters a").nth(1)
    seconds = chapter.get_attribute("data-t")
    assert chapter.get_attribute("href") == f"../../audio/{RIVER}.mp3#t={seconds}"
    page.locator("#transcript summary").click()
    assert page.locator(".para").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_fits_and_can_be_read(
    open_page: Any, river: Path, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_page(river, color_scheme=scheme, viewport=viewport).page
    page.locator("#transcript summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 50
    assert [entry for entry in contrasts if entry[0] < LEAST_CONTRAST] == []


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_scripts_move_nothing_when_they_start(
    open_page: Any, river: Path, viewport: dict[str, int]
) -> None:
    tops = []
    for has_scripts in (False, True):
        page = open_page(river, java_script_enabled=has_scripts, viewport=viewport).page
        tops.append(page.locator(".hook").bounding_box()["y"])
    assert tops[0] == tops[1]


def test_print_leaves_out_player_and_editors_list(open_page: Any, river: Path) -> None:
    page = open_page(river).page
    assert page.locator("#to-check").is_visible()
    page.emulate_media(media="print")
    for hidden in ("#to-check", ".draft-bar", ".player", "#transcript"):
        assert page.locator(hidden).is_hidden()
    assert page.locator("h1").is_visible()
    assert page.locator(".chapters").is_visible()


def test_hostile_names_and_warnings_are_only_text(open_page: Any, tmp_path: Path) -> None:
    title = "<img src=x onerror=\"document.title='owned'\"> & ' \" {{ 7 * 7 }}"
    name = "#1 100% 'a' ü?.mp3" if os.name == "posix" else "#1 100% 'a' ü.mp3"
    walk = finish(
        lay_out(
            tmp_path,
            "one",
            spoken(
                STORY.replace("Corvane", "<b>Corvane</b><script>document.title='owned'</script>")
            ),
            metadata=Metadata(title=title),
            audio=f"audio/{name}",
            warnings=(Notice(code="demo_model", message="Made by the <demo> model."),),
        )
    )
    (tmp_path / "audio").mkdir()
    encode(np.zeros(16_000 * 3, np.float32), tmp_path / "audio" / name, sample_rate_hz=16_000)
    opened = open_page(walk.folder.path / "notes.html")
    page = opened.page
    page.wait_for_function("document.querySelector('audio').readyState >= 1")
    assert page.locator("h1").inner_text() == title
    assert page.title() == title
    assert page.locator(".banner").inner_text() == "Made by the <demo> model."
    assert page.locator("main b, main img, main script").count() == 0
    assert opened.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(open_page: Any, river: Path, scheme: str, viewport: Any) -> None:
    page = open_page(river, color_scheme=scheme, viewport=viewport).page
    page.evaluate("document.querySelector('#transcript').open = true")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"] for node in v["nodes"]][:3]) for v in found] == []


def test_axe_finds_nothing_in_a_shows_index(open_page: Any, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    walk = finish(demo_walk(tmp_path, RIVER))
    (tmp_path / "audio" / f"{RIVER}.mp3").write_bytes(b"")
    (built,) = site.build_previews(walk.settings)
    page = open_page(built.folder / "index.html").page
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [node["html"] for node in v["nodes"]][:3]) for v in found] == []
    page.get_by_role("link", name="The River Has a Budget").click()
    page.wait_for_selector("#player")
    page.get_by_role("link", name="All episodes").click()
    page.wait_for_selector(".episodes")


def test_nothing_jumps_while_the_page_loads(open_page: Any, river: Path) -> None:
    page = open_page(river).page
    page.wait_for_load_state("load")
    shifts = page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) =>
          done(list.getEntries().map((e) => e.value)))
          .observe({ type: "layout-shift", buffered: true }) || setTimeout(() => done([]), 500))"""
    )
    assert sum(shifts) == 0
