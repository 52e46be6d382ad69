"""What the editor's desk costs with a 3-hour episode, and whether what it saved survives.

    python -m benchmarks.desk              all but the kills
    python -m benchmarks.desk --kills 200  as often: save, `kill -9` the server, look, start again
    python -m benchmarks.desk --minutes 10 for how long somebody types and listens in Chromium

The episode is that of `benchmarks/render.py`: 28,000 words, two people. The server is a process of
its own, the browser a real Chromium; figures are milliseconds unless said otherwise.
"""

import argparse
import random
import signal
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.render import LONG_WORDS, lay_out
from shownotes.steps.reviewing import read_review
from tests.web.desk_server import DeskServer, desk_of, lay_out_desk

SAVES = 200
SEED = 20261130


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.kills:
            kill(Path(folder), asked.kills, asked.seed)
            return
        walk = lay_out(Path(folder), LONG_WORDS)
        desk = desk_of(Path(folder), walk)
        desk.start()
        try:
            ask(desk, asked.seed)
            browse(desk, asked.minutes, asked.seed)
        finally:
            desk.stop()


def ask(desk: DeskServer, seed: int) -> None:
    """How long the server takes to answer, and to save."""
    client, base = desk.client(), f"/api/episodes/{desk.episode_id}"
    pages = [timed(lambda: client.get(f"/episode/{desk.episode_id}")) for _ in range(6)]
    print(f"page: first {pages[0]:.0f}, then {told(pages[1:])}")
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
    import threading

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


def browse(desk: DeskServer, minutes: float, seed: int) -> None:
    """What somebody feels who types and listens."""
    print(f"Chromium: not measured yet ({desk.port}, {minutes} min, seed {seed})")


if __name__ == "__main__":
    main()
