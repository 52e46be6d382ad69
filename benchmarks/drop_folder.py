"""Hostile copies into the drop folder, two sweepers at once: taken early, twice or lost?

    python -m benchmarks.drop_folder --copies 500

Copies arrive in all the manners of `benchmarks/hostile_copies.py`, many at once, each of a sound of
its own, in formats that say how long they are (raw AAC and AC-3 do not, and a cut between two of
their frames is seen by nobody). Two processes sweep as fast as they are told to; what they take is
"processed": admitted as an episode, its outcome told to the book. The rest is scaled down, and with
it the pauses.

At every take the file is hashed. Early: it was not whole then, or had not rested. Twice: taken more
often than it came to be whole, or made into more than one episode. Lost: never taken whole, or no
episode. Overtaken: a file that had been whole was begun anew while the sweep that took it went on;
it is taken again. The seed is printed. The last line counts.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.hostile_copies import MANNERS, Copy
from shownotes.adapters.encoding import encode
from shownotes.adapters.intray_book import read_entries
from shownotes.adapters.store import episode_folders, write_text
from shownotes.core.dropped import FileState
from shownotes.errors import ShowNotesError
from shownotes.model import Episode
from shownotes.settings import Settings, load_settings
from shownotes.steps import drop_folder, prepare

SEED = 20261130
KINDS = ("mp3", "wav", "flac", "m4a", "opus")
SHOW = "Second Helpings"
RATE_HZ = 16_000
SWEEPERS = 2
# Rests after its last byte before which nothing may be taken. A copier says that it is done a
# moment after it is, and longer after on a busy machine.
LEAST = 0.9
# Seconds after the last copy within which everything must be done, besides some rests.
PATIENCE_S = 120.0
TOML = """
[drop]
rest_s = {rest}
looks = 3
look_every_s = {look}
patience_s = {patience}

[show."{show}"]
"""


@dataclass
class Tally:
    """What came of it."""

    copies: int
    takes: int = 0
    overtaken: int = 0
    early: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    waits: dict[str, list[float]] = field(default_factory=dict)
    took_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.copies} copies, {self.takes} takes ({self.overtaken} overtaken): "
            f"{len(self.early)} early, {len(self.twice)} twice, {len(self.lost)} lost"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--rest", type=float, default=1.0, help="seconds (the real one is 10)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sweep", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.sweep:
        sweep_until_stopped(asked.sweep)
        return 0
    print(f"seed {asked.seed}, rest {asked.rest} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        tally = measure(
            Path(folder),
            copies=asked.copies,
            at_once=asked.at_once,
            rest_s=asked.rest,
            seed=asked.seed,
        )
    for kind in ("early", "twice", "lost"):
        for told in getattr(tally, kind):
            print(f"{kind}: {told}")
    print("\nfrom the last byte to the take, in rests: median, longest")
    for manner, waits in sorted(tally.waits.items()):
        rests = sorted(wait / asked.rest for wait in waits)
        print(f"  {manner:<28} {rests[len(rests) // 2]:5.1f} {rests[-1]:6.1f}   ({len(rests)})")
    print(f"\n{tally} (in {tally.took_s:.0f} s)")
    return 1 if tally.early or tally.twice or tally.lost else 0


def measure(root: Path, *, copies: int, at_once: int, rest_s: float, seed: int) -> Tally:
    """Copy, sweep, and see what came of it."""
    settings = make_workspace(root, rest_s)
    plan = make_copies(settings, copies, rest_s=rest_s, seed=seed)
    began = time.monotonic()
    sweepers = [_start_sweeper(root) for _ in range(SWEEPERS)]
    runner = _Runner(settings)
    runner.start()
    try:
        with ThreadPoolExecutor(at_once) as pool:
            for done in [pool.submit(manner, copy) for manner, copy in plan]:
                done.result()
        names = {f"{copy.folder.name}/{name}" for _, copy in plan for name in copy.written}
        _wait_until_done(settings, len(names), until=time.monotonic() + PATIENCE_S + 30 * rest_s)
    finally:
        (root / "stop").touch()
        for sweeper in sweepers:
            sweeper.wait(timeout=60)
        runner.stop()
    tally = judge(settings, plan, _read_takes(root))
    tally.took_s = time.monotonic() - began
    return tally


def make_workspace(root: Path, rest_s: float) -> Settings:
    """A working folder with a show."""
    for name in ("audio", f"audio/{SHOW}", "output", "queue"):
        (root / name).mkdir(parents=True)
    text = TOML.format(rest=rest_s, look=rest_s / 5, patience=60 * rest_s, show=SHOW)
    (root / "shownotes.toml").write_text(text, encoding="utf-8")
    return load_settings(root)


def make_copies(
    settings: Settings, count: int, *, rest_s: float, seed: int
) -> list[tuple[object, Copy]]:
    """Every manner equally often, in an order that follows from the seed."""
    rng = random.Random(seed)
    planned = []
    for number in range(count):
        manner = MANNERS[number % len(MANNERS)]
        ending = KINDS[number // len(MANNERS) % len(KINDS)]
        folder = settings.audio_folder / (SHOW if number % 3 else "")
        name = f"talk {number:03} {manner.__name__}.{ending}"
        data = make_sound(settings.root / f"sound.{ending}", seed=seed * 1000 + number)
        copy = Copy(name, data, folder, rest_s, random.Random(f"{seed} {number}"))
        planned.append((manner, copy))
    rng.shuffle(planned)
    return planned


def make_sound(path: Path, *, seed: int) -> bytes:
    """A second or two of noise, no two alike."""
    rng = np.random.default_rng(seed)
    count = round(RATE_HZ * rng.uniform(1.0, 2.5))
    samples = (0.2 * rng.standard_normal(count)).clip(-1, 1).astype(np.float32)
    encode(samples, path, sample_rate_hz=RATE_HZ)
    return path.read_bytes()


# --------------------------------------------------------------------------- sweeping


def _start_sweeper(root: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.drop_folder", "--sweep", str(root)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[1])


def sweep_until_stopped(root: Path) -> None:
    """One of the sweepers; what it takes it hashes, writes down and queues."""
    settings = load_settings(root)
    with (root / f"takes.{os.getpid()}.jsonl").open("a", encoding="utf-8") as log:
        while not (root / "stop").exists():
            began = time.time()
            swept = drop_folder.sweep(settings, queued=queued_paths(root))
            for taken in swept.take:
                data = (root / taken.path).read_bytes()
                told = {
                    "path": taken.path,
                    "from": began,
                    "at": time.time(),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "attempt": taken.attempt,
                }
                log.write(json.dumps(told) + "\n")
                log.flush()
                write_text(root / "queue" / taken.key, taken.path)
            time.sleep(swept.next_look_s)


def queued_paths(root: Path) -> set[str]:
    """What is queued or being processed, as Prefect's server would say."""
    found = set()
    for entry in (root / "queue").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if not entry.name.startswith("."):
                found.add(entry.read_text(encoding="utf-8"))
    return found


class _Runner:
    """Processes what is queued, a few files at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(3)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, number: int) -> None:
        queue = self._settings.root / "queue"
        while not self._is_over.wait(0.05):
            for entry in sorted(queue.iterdir()):
                # Each of them takes its share.
                if not entry.name.startswith(".") and hash(entry.name) % 3 == number:
                    self._process(entry)

    def _process(self, entry: Path) -> None:
        path = self._settings.root / entry.read_text(encoding="utf-8")
        error: ShowNotesError | None = None
        episode = None
        try:
            episode = prepare.admit(path, self._settings).name
            drop_folder.record_begun(self._settings, path, episode=episode)
        except ShowNotesError as failed:
            error = failed
            print(f"failed, to be tried again: {path.name}: {error}", flush=True)
        drop_folder.record_outcome(self._settings, path, episode=episode, error=error)
        entry.unlink()


def _wait_until_done(settings: Settings, count: int, *, until: float) -> None:
    while time.monotonic() < until:
        entries = read_entries(settings.output_folder)
        if len(entries) >= count and all(e.state is FileState.DONE for e in entries):
            return
        time.sleep(0.5)


# --------------------------------------------------------------------------- judging


def _read_takes(root: Path) -> list[dict[str, object]]:
    lines = [
        line
        for path in root.glob("takes.*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return sorted(map(json.loads, lines), key=lambda take: take["at"])


def judge(
    settings: Settings,
    plan: Sequence[tuple[object, Copy]],
    takes: Collection[Mapping[str, object]],
) -> Tally:
    """Compare what was taken with what was copied."""
    tally = Tally(copies=len(plan), takes=len(takes))
    for manner, copy in plan:
        whole = hashlib.sha256(copy.data).hexdigest()
        prefix = copy.folder.relative_to(settings.root).as_posix()
        for name, changes in copy.changes.items():
            path = f"{prefix}/{name}"
            own = [take for take in takes if take["path"] == path]
            torn = [take for take in own if take["sha256"] != whole]
            early = [take for take in torn if not _is_overtaken(take, copy)]
            tally.overtaken += len(torn) - len(early)
            tally.early += [f"{path} at {take['at']:.2f}" for take in early]
            tally.early += _unrested(path, own, copy, name)
            if len(own) - len(early) > changes:
                times = ", ".join(f"{take['attempt']} at {take['at']:.2f}" for take in own)
                last = copy.written[name]
                tally.twice.append(f"{path}, whole at {last:.2f}, changed {changes}: {times}")
            if len(own) == len(torn):
                tally.lost.append(f"{path}: never taken whole")
            else:
                wait = float(str(own[-1]["at"])) - copy.written[name]
                tally.waits.setdefault(getattr(manner, "__name__", ""), []).append(wait)
    _judge_episodes(settings, plan, tally)
    return tally


def _is_overtaken(take: Mapping[str, object], copy: Copy) -> bool:
    """Whether a file that was whole was begun anew after the sweep began that took it."""
    return float(str(take["from"])) <= copy.reopened <= float(str(take["at"]))


def _unrested(path: str, takes: Sequence[Mapping[str, object]], copy: Copy, name: str) -> list[str]:
    """Takes of what had become whole only just before: by luck, and not because it was seen."""
    rests = [(float(str(take["at"])) - copy.written[name]) / copy.rest_s for take in takes]
    return [f"{path}: {rest:.2f} rests after its last byte" for rest in rests if 0 <= rest < LEAST]


def _judge_episodes(settings: Settings, plan: Sequence[tuple[object, Copy]], tally: Tally) -> None:
    episodes = [f.read("episode.json", Episode) for f in episode_folders(settings.output_folder)]
    owners: dict[int, list[str]] = {}
    for episode in episodes:
        for path in {version.path for version in episode.versions}:
            number = int(Path(path).name.split()[1])
            owners.setdefault(number, []).append(episode.folder)
    for _, copy in plan:
        number = int(copy.name.split()[1])
        folders = sorted(set(owners.get(number, [])))
        if not folders:
            tally.lost.append(f"{copy.name}: no episode")
        elif len(folders) > 1:
            tally.twice.append(f"{copy.name}: {', '.join(folders)}")
        sizes = {e.audio.size_bytes for e in episodes if e.audio and e.folder in folders}
        if folders and sizes != {len(copy.data)}:
            tally.early.append(f"{copy.name}: an episode of {sizes}, and not {len(copy.data)}")


if __name__ == "__main__":
    sys.exit(main())
