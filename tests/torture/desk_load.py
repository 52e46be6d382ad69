"""Ten editors at once, and ten thousand requests: nothing that was said to be saved is lost."""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil

from shownotes.adapters.review_log import ReviewLog
from shownotes.core.review import fold
from tests.torture.arguments import Outcomes
from tests.web.desk_server import DeskServer, lay_out_desk

EDITORS, EPISODES = 10, 5
# How much the server may grow once everything has been asked for, in bytes. Python's allocator
# wavers by some megabytes; a kilobyte a request would be ten.
MOST_GROWTH = 8 * 2**20


def saving(root: Path, outcomes: Outcomes, *, saves: int, number: int) -> None:
    """Ten editors save to five episodes; the server is killed in the midst and started again."""
    first = lay_out_desk(root, seconds=10.0)
    desks = [first, *(first.another_episode() for _ in range(EPISODES - 1))]
    first.start()
    clients = [first.client(f"Editor {editor}") for editor in range(EDITORS)]
    acknowledged: dict[str, list[str]] = {desk.episode_id: [] for desk in desks}
    lock = threading.Lock()

    def edit(editor: int) -> None:
        rng = random.Random(number * 100 + editor)
        client = clients[editor]
        seen = {desk.episode_id: 0 for desk in desks}
        done = 0
        while done < saves:
            desk = rng.choice(desks)
            key = f"{editor:02d}-{done:05d}-{number}"
            ops = _ops(rng)
            body = {"id": key, "seen": seen[desk.episode_id], "label": "load", "ops": ops}
            try:
                told = client.post(f"/api/episodes/{desk.episode_id}/changes", json=body)
            except httpx.HTTPError:
                # The server was killed: the page sends the same again.
                time.sleep(0.05)
                continue
            if told.status_code == 409:
                seen[desk.episode_id] = told.json()["patch"]["seq"]
                outcomes.count("load: shown what another editor did")
                continue
            if told.status_code not in (200, 400):
                outcomes.fail(f"load: {told.status_code}", told.text)
            elif told.status_code == 200:
                seen[desk.episode_id] = told.json()["seq"]
                with lock:
                    acknowledged[desk.episode_id].append(key)
            done += 1

    try:
        with ThreadPoolExecutor(EDITORS) as pool:
            working = [pool.submit(edit, editor) for editor in range(EDITORS)]
            time.sleep(1.0)
            first.kill()
            first.start()
            for one in working:
                one.result()
        # What was acknowledged is on the disk, not only in the server.
        first.kill()
        for desk in desks:
            _compare(desk, acknowledged[desk.episode_id], outcomes)
    finally:
        first.stop()


def _ops(rng: random.Random) -> list[dict[str, object]]:
    """One that always changes something: what changes nothing is answered and not logged."""
    place = rng.randrange(300)
    return [
        rng.choice(
            [
                {"op": "set", "key": "title", "value": f"Title {rng.random()}"},
                {"op": "text", "first": place, "last": place, "text": f"w{rng.randrange(10**6)}"},
                {"op": "set", "key": "hook", "value": f"Hook {rng.random()}"},
                {"op": "set", "key": "sign_off", "value": f"Goodbye {rng.random()}"},
            ]
        )
    ]


def _compare(desk: DeskServer, acknowledged: list[str], outcomes: Outcomes) -> None:
    changes, _ = ReviewLog(desk.folder.path).read()
    times = Counter(change.id for change in changes)
    lost = [key for key in acknowledged if times[key] == 0]
    doubled = [key for key, count in times.items() if count > 1]
    order = [change.seq for change in changes]
    if lost or doubled or order != list(range(1, len(changes) + 1)):
        outcomes.fail(f"load: {desk.episode_id}: lost {lost}, doubled {doubled}")
    fold(changes)
    outcomes.count("load: acknowledged and on the disk", len(acknowledged) - len(lost))


def staying_flat(root: Path, outcomes: Outcomes, *, requests: int) -> None:
    """Everything is asked for again and again; memory is read after a tenth and at the end."""
    first = lay_out_desk(root, seconds=20.0)
    # More episodes than are kept open: taking one down must cost nothing in the long run.
    desks = [first, *(first.another_episode() for _ in range(9))]
    first.start()
    try:
        assert first.process is not None
        process = psutil.Process(first.process.pid)
        client = first.client()
        sizes: list[int] = []
        for number in range(requests):
            desk = desks[number // 20 % len(desks)]
            told = _ask(client, desk, number)
            if told.status_code >= 400:
                outcomes.fail(f"flat: {told.request.url.path} {told.status_code}", told.text)
            if number % max(1, requests // 20) == 0:
                sizes.append(process.memory_info().rss)
        sizes.append(process.memory_info().rss)
        early, late = max(sizes[4:8]), min(sizes[-4:])
        told_sizes = " ".join(f"{size / 2**20:.0f}" for size in sizes)
        if late - early > MOST_GROWTH:
            outcomes.fail(f"flat: grew from {early} to {late} bytes ({told_sizes} MB)")
        print(f"  memory in MB: {told_sizes}")
        outcomes.count(f"flat: requests answered, growth {(late - early) / 2**20:.1f} MB", requests)
    finally:
        first.stop()


def _ask(client: httpx.Client, desk: DeskServer, number: int) -> httpx.Response:
    base, page = f"/api/episodes/{desk.episode_id}", f"/episode/{desk.episode_id}"
    if number % 10 == 0:
        body = {
            "id": f"flat-{number:06d}", "seen": 10**6, "label": "flat",
            "ops": [{"op": "set", "key": "title", "value": f"Title {number}"}],
        }  # fmt: skip
        return client.post(f"{base}/changes", json=body)
    if number % 10 == 1:
        return client.post(f"{base}/undo", json={"id": f"back-{number:06d}", "seen": 10**6})
    path = (
        "/", "/api/episodes", f"{base}/since/0", base, f"{base}/lint", page, f"{page}/audio",
        "/search?q=river", f"{page}/preview/notes.md", "/static/desk.css",
    )[number // 2 % 10]  # fmt: skip
    headers = {"Range": "bytes=0-1000"} if path.endswith("/audio") else {}
    return client.get(path, headers=headers)
