"""What the editor's desk costs with a 3-hour episode, and whether what it saved survives.

    python -m benchmarks.desk              all but the kills
    python -m benchmarks.desk --kills 200  as often: save, `kill -9` the server, look, start again
    python -m benchmarks.desk --minutes 10 for how long somebody types and listens in Chromium
    python -m benchmarks.desk --in-order   from the beginning on, not at random places

The episode is that of `benchmarks/render.py`: 28,000 words, two people. The server is a process of
its own, the browser a real Chromium; figures are milliseconds unless said otherwise.
"""

import argparse
import itertools
import random
import signal
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.render import LONG_WORDS, lay_out
from shownotes.adapters.encoding import CODECS, encode_chunks
from shownotes.model import AudioFile, Episode, Transcript
from shownotes.steps.reviews import read_review
from shownotes.steps.step import Walk
from tests.web.desk_server import DeskServer, desk_of, lay_out_desk

SAVES = 200
SEED = 20261130
RATE_HZ = 16_000
BIT_RATE = 64_000
LOOKING_S = 3.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--in-order", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.kills:
            kill(Path(folder), asked.kills, asked.seed)
            return
        walk = lay_out(Path(folder), LONG_WORDS)
        give_audio(walk)
        desk = desk_of(Path(folder), walk)
        desk.start()
        try:
            ask(desk, asked.seed)
            browse(desk, asked.minutes, asked.seed, is_in_order=asked.in_order)
        finally:
            desk.stop()


def ask(desk: DeskServer, seed: int) -> None:
    """How long the server takes to answer, and to save."""
    client, base = desk.client(), f"/api/episodes/{desk.episode_id}"
    # A person looks at the list first; the desk opens the newest drafts meanwhile.
    time.sleep(LOOKING_S)
    pages = [timed(lambda: client.get(f"/episode/{desk.episode_id}")) for _ in range(6)]
    print(f"page, {LOOKING_S:.0f} s after the start: first {pages[0]:.0f}, then {told(pages[1:])}")
    print(f"data: {told([timed(lambda: client.get(base)) for _ in range(5)])}")
    data = client.get(base).json()
    chosen, seq, taken = random.Random(seed), data["seq"], []
    for number in range(SAVES):
        segment = chosen.choice(data["segments"])
        word = chosen.choice(segment["words"])[0]
        op = {"op": "text", "first": word, "last": word, "text": f"word{number}"}
        began = time.perf_counter()
        answer = client.post(f"{base}/changes", json=change(seq, op))
        taken.append((time.perf_counter() - began) * 1000)
        answer.raise_for_status()
        seq = answer.json()["seq"]
    print(f"save, {SAVES} times: {told(taken)}")
    assert desk.process is not None
    print(f"server: {psutil.Process(desk.process.pid).memory_info().rss / 1e6:.0f} MB")


def change(seen: int, *ops: dict[str, Any]) -> dict[str, Any]:
    """A change as the page sends it."""
    return {"id": uuid.uuid4().hex, "seen": seen, "label": "benchmark", "ops": list(ops)}


def timed(work: Callable[[], httpx.Response]) -> float:
    """Milliseconds that an answer takes."""
    began = time.perf_counter()
    work().raise_for_status()
    return (time.perf_counter() - began) * 1000


def told(taken: Sequence[float]) -> str:
    """Median, 95th and 99th percentile and the longest."""
    order = sorted(taken)

    def at(share: float) -> float:
        return order[min(len(order) - 1, int(share * len(order)))]

    return (
        f"median {statistics.median(order):.0f}, 95th {at(0.95):.0f}, 99th {at(0.99):.0f}, "
        f"longest {order[-1]:.0f}"
    )


def kill(root: Path, cycles: int, seed: int) -> None:
    """Save, kill at a random moment, and look whether all that was acknowledged is there."""
    desk, chosen = lay_out_desk(root, seconds=20.0), random.Random(seed)
    lost = acknowledged = 0
    for cycle in range(cycles):
        desk.start()
        client = desk.client()
        base = f"/api/episodes/{desk.episode_id}"
        seq = client.get(base).json()["seq"]
        saved: dict[int, str] = {}
        until = time.perf_counter() + chosen.uniform(0.0, 0.3)
        while time.perf_counter() < until:
            value = f"Title {cycle} {uuid.uuid4().hex}"
            op = {"op": "set", "key": "title", "value": value}
            answer = client.post(f"{base}/changes", json=change(seq, op))
            seq = answer.json()["seq"]
            saved[seq] = value
        # One more is on its way when the power goes.
        _kill_while_saving(desk, client, base, seq, chosen)
        review = read_review(desk.folder)
        acknowledged += len(saved)
        lost += sum(review.changes[n].edits[0].after != v for n, v in saved.items())
    print(f"seed {seed}: {cycles} kills, {acknowledged} acknowledged changes, {lost} lost")


def _kill_while_saving(
    desk: DeskServer, client: httpx.Client, base: str, seq: int, chosen: random.Random
) -> None:
    def save() -> None:
        try:
            op = {"op": "set", "key": "hook", "value": uuid.uuid4().hex}
            client.post(f"{base}/changes", json=change(seq, op))
        except httpx.HTTPError:
            return

    saving = threading.Thread(target=save)
    saving.start()
    time.sleep(chosen.uniform(0.0, 0.02))
    assert desk.process is not None
    desk.process.send_signal(signal.SIGKILL)
    desk.process.wait()
    saving.join()


# Notes how long a key waits for the next picture, and how far behind the marked word is.
WATCH = """(words) => {
  const watch = (window.watch = { keys: [], behind: [], saves: [] });
  document.addEventListener("beforeinput", (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => setTimeout(() => watch.keys.push(performance.now() - began)));
  }, true);
  const audio = document.getElementById("audio");
  const starts = words.map((word) => word[2]);
  const look = () => {
    if (!audio.paused) {
      const time = audio.currentTime;
      let low = 0, high = starts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle] <= time) low = middle + 1; else high = middle;
      }
      // Words that were typed over are no longer there to be marked.
      let due = words[--low];
      while (due && !document.querySelector(`.w[data-w="${due[0]}"]`)) due = words[--low];
      const now = document.querySelector(".w.now");
      // The page marks a word up to 50 ms early; what it marks late is behind.
      const isRight = due && now && Number(now.dataset.s) >= due[2] - 0.01;
      if (due && now) watch.behind.push(isRight ? 0 : Math.max(0, time - due[2]) * 1000);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name.endsWith("/changes")) watch.saves.push(entry.duration);
    }
  }).observe({ type: "resource", buffered: true });
}"""
# An editor types two to five letters a second, and looks on now and then.
LETTER_S = 0.2


def give_audio(walk: Walk) -> None:
    """Three hours of quiet noise for the episode, as an MP3: few publish a WAV of that length."""
    episode = walk.folder.read("episode.json", Episode)
    seconds = walk.folder.read("transcript.json", Transcript).duration
    path = walk.settings.root / "audio" / "long.mp3"
    path.parent.mkdir(exist_ok=True)
    quiet = np.random.default_rng(SEED).integers(-300, 300, (1, RATE_HZ * 60), dtype=np.int16)
    minutes = itertools.repeat(quiet, int(seconds // 60) + 1)
    encode_chunks(minutes, path, CODECS[".mp3"], sample_rate_hz=RATE_HZ, bit_rate=BIT_RATE)
    version = AudioFile(
        path="audio/long.mp3", size_bytes=path.stat().st_size, modified_ns=1, inode=1,
        packets_sha256="0", container="mp3", codec="mp3", channels=1,
        sample_rate_hz=RATE_HZ, decoded_s=seconds, declared_s=seconds,
    )  # fmt: skip
    walk.folder.write("episode.json", replace(episode, versions=(version,)), made_from={})


def browse(desk: DeskServer, minutes: float, seed: int, *, is_in_order: bool) -> None:
    """What somebody feels who types and listens: figures are of the page itself."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import BROWSER_FLAGS, _find_browser

    with sync_playwright() as playwright:
        flags = [*BROWSER_FLAGS, "--no-sandbox", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=_find_browser(playwright), args=flags)
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        desk.sign_in(context)
        opened = [open_page(desk, context) for _ in range(3)]
        page = opened[-1][1]
        print(f"usable after: {', '.join(f'{took:.0f}' for took, _ in opened)}")
        type_and_listen(page, desk, minutes, random.Random(seed), is_in_order=is_in_order)
        watch = page.evaluate("window.watch")
        print(f"keys, {len(watch['keys'])}: {told(watch['keys'])}")
        print(f"marked word behind, {len(watch['behind'])} pictures: {told(watch['behind'])}")
        print(f"saves of the page, {len(watch['saves'])}: {told(watch['saves'])}")
        session = context.new_cdp_session(page)
        session.send("HeapProfiler.collectGarbage")
        heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        tabs = sorted(p.memory_full_info().uss / 1e6 for p in psutil.process_iter() if _is_tab(p))
        print(f"memory: {heap:.0f} MB of scripts, {tabs[-1]:.0f} MB of its own the tab's process")
        browser.close()


def _is_tab(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return "--type=renderer" in words


def open_page(desk: DeskServer, context: Any) -> tuple[float, Any]:
    """Milliseconds from the address to a page that can be typed into."""
    page = context.new_page()
    page.goto(desk.desk_url, wait_until="commit")
    page.wait_for_selector("html[data-desk=ready]", timeout=60_000)
    took = page.evaluate("performance.now()")
    return float(took), page


def type_and_listen(
    page: Any, desk: DeskServer, minutes: float, chosen: random.Random, *, is_in_order: bool
) -> None:
    """Listen, and correct words here and there meanwhile."""
    data = desk.client().get(f"/api/episodes/{desk.episode_id}").json()
    words = [word[:4] for segment in data["segments"] for word in segment["words"]]
    page.evaluate(WATCH, words)
    until, in_order = time.monotonic() + minutes * 60, itertools.cycle(data["segments"])
    while time.monotonic() < until:
        segment = next(in_order) if is_in_order else chosen.choice(data["segments"])
        page.evaluate(
            "(at) => { const node = document.querySelector(`.segment[data-at='${at}']`);"
            "node.scrollIntoView({ block: 'center' }); node.tabIndex = 0; node.focus(); }",
            segment["at"],
        )
        page.evaluate(
            "(time) => { const audio = document.getElementById('audio');"
            "audio.currentTime = time; return audio.play(); }",
            segment["start"],
        )
        page.keyboard.press("Enter")
        for letter in chosen.choice(("and so ", "well, ", "the river ", "of course ")):
            page.keyboard.type(letter)
            time.sleep(chosen.uniform(0.5, 1.5) * LETTER_S)
        page.keyboard.press("Escape" if chosen.random() < 0.2 else "Control+s")
        page.evaluate("document.getElementById('audio').play()")
        time.sleep(chosen.uniform(0.5, 2.0))


if __name__ == "__main__":
    main()
