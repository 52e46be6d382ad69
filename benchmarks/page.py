"""How soon the page of a long episode can be used in Chromium, and whether it jumps.

    python -m benchmarks.page

The page of 28,000 words (`benchmarks.render`) is opened from disk; ready is when its script has run
and a click on a chapter is answered. Prints milliseconds since the navigation began, the sum of
layout shifts, and the longest task.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.render import LONG_WORDS, lay_out
from shownotes.adapters.encoding import encode
from shownotes.model import AudioFile, Episode
from shownotes.steps import render
from tests.conftest import BROWSER_FLAGS, _find_browser

RUNS = 5
WATCH = """
window.shifts = 0; window.longest = 0;
new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shifts += e.value; })
  .observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) window.longest = Math.max(window.longest, e.duration); })
  .observe({ type: "longtask", buffered: true });
"""
READY = "() => document.documentElement.classList.contains('js') && performance.now()"


def page_of_a_long_episode(root: Path) -> Path:
    """The page, beside three hours of quiet noise at a low rate."""
    walk = lay_out(root, LONG_WORDS)
    episode = walk.folder.read("episode.json", Episode)
    audio = root / "audio" / "long.mp3"
    audio.parent.mkdir()
    minute = (0.01 * np.random.default_rng(1).standard_normal(16_000 * 60)).astype(np.float32)
    encode(np.tile(minute, round(episode.duration / 60) + 1), audio, bit_rate=16_000)
    version = AudioFile(
        path="audio/long.mp3", size_bytes=1, modified_ns=1, inode=1, packets_sha256="0",
        container="mp3", codec="mp3", channels=1, sample_rate_hz=16_000,
        decoded_s=episode.duration, declared_s=None,
    )  # fmt: skip
    from dataclasses import replace

    walk.folder.write("episode.json", replace(episode, versions=(version,)), made_from={})
    render.STEP.run(walk)
    return walk.folder.path / "notes.html"


def open_once(browser: Any, path: Path) -> tuple[float, float, float, float]:
    """Milliseconds until ready, and until a click is answered; shifts; longest task."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(path.as_uri(), wait_until="commit")
    ready = page.wait_for_function(READY).json_value()
    answered = page.evaluate(
        """() => new Promise((done) => {
          document.querySelectorAll("[data-chapter]")[3].click();
          requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
        })"""
    )
    page.wait_for_load_state("load")
    page.wait_for_timeout(1000)
    shifts, longest = page.evaluate("[window.shifts, window.longest]")
    context.close()
    return ready, answered, shifts, longest


def main() -> None:
    """Print a line a run."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        path = page_of_a_long_episode(Path(name))
        print(f"notes.html: {path.stat().st_size / 1e6:.1f} MB")
        browser = playwright.chromium.launch(
            executable_path=_find_browser(playwright), args=[*BROWSER_FLAGS, "--no-sandbox"]
        )
        for _ in range(RUNS):
            ready, answered, shifts, longest = open_once(browser, path)
            print(
                f"script ready {ready:.0f} ms, click answered {answered:.0f} ms, layout shift "
                f"{shifts:.4f}, longest task {longest:.0f} ms"
            )
        browser.close()


if __name__ == "__main__":
    main()
