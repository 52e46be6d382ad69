"""How long the desk's list and its search take with 1,000 episodes.

    python -m benchmarks.desk_list

1,000 episodes of 10 minutes with transcripts cut from our own texts are laid out in a temporary
folder. Prints milliseconds, medians of several runs, each with bringing the index up to date.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.render import transcript
from shownotes.adapters import index
from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Episode, Metadata, ShowNotes, State, Status, Transcript

WORDS = 1_550
RUNS = 21
QUERIES = ("water", "the", "regulator pays", '"at the end of the day"', "w", "nothing-of-the-kind")
FLOOR_MS = 200


def lay_out(output: Path, episodes: int) -> None:
    """Write the episodes: one by the store, the others as its copies under other names."""
    chance = random.Random(6)
    pool = transcript(40_000).segments
    model = EpisodeFolder(output / "model")
    for number in range(episodes):
        title = f"Episode {number}: {pool[number].text[:40]}"
        folder = output / f"2026-{number % 12 + 1:02}-{number:04}-episode"
        folder.mkdir(parents=True)
        first = chance.randrange(len(pool) - 400)
        segments, words = [], 0
        while words < WORDS:
            segments.append(pool[first + len(segments)])
            words += len(segments[-1].words)
        if number == 0:
            _write_model(model, Transcript(language="en", segments=(), duration=0.0, model="x"))
        _copy(model, "episode.json", folder, {'"id": "model"': f'"id": "{number:032x}"'})
        _copy(model, "status.json", folder, {"A model": title})
        _copy(model, "draft.json", folder, {"A model": title})
        said = ",".join(json.dumps(asdict(segment)) for segment in segments)
        _copy(model, "transcript.json", folder, {'"segments": []': f'"segments": [{said}]'})
    for path in model.path.iterdir():
        path.unlink()
    model.path.rmdir()


def _write_model(folder: EpisodeFolder, empty: Transcript) -> None:
    episode = Episode(
        id="model", key="k", folder="f", metadata=Metadata(title="A model", show="Show")
    )
    notes = ShowNotes(
        title="A model", show="Show", number=1, date=None, language="en", duration=600.0,
        hook=None, summary=(), narrative=(), questions=(), key_points=(), quotes=(), hosts=(),
        guests=(), mentioned=(), agencies=(), organizations=(), events=(), chapters=(),
        earlier_episodes=(), links=(), sign_off=None,
    )  # fmt: skip
    status = Status(state=State.DRAFT, title="A model", duration=600.0, guests=("Ann Lee",))
    folder.write("episode.json", episode)
    folder.write("status.json", status)
    folder.write("draft.json", notes)
    folder.write("transcript.json", empty)


def _copy(model: EpisodeFolder, box: str, folder: Path, changes: dict[str, str]) -> None:
    text = (model.path / box).read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(old, new)
    (folder / box).write_text(text, encoding="utf-8")


def measure(name: str, work: Callable[[], object], *, runs: int = RUNS) -> float:
    """Print the median and the worst of some runs, in milliseconds."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    print(f"{name:<58} {statistics.median(took):9.1f} {max(took):9.1f}")
    return statistics.median(took)


def main() -> None:
    """Print a line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=1000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "output"
        lay_out(output, wanted.episodes)
        changed = EpisodeFolder(next(iter(sorted(output.iterdir()))))
        status = changed.read("status.json", Status)
        count = iter(range(10**6))

        def change_one() -> None:
            changed.write("status.json", replace(status, audio_done=float(next(count))))
            index.rows(output)

        print(f"{wanted.episodes} episodes, milliseconds{'':<31} {'median':>9} {'worst':>9}")
        measure("the list, first time (no index yet)", lambda: index.rows(output), runs=1)
        usual = measure("the list, nothing changed", lambda: index.rows(output))
        measure("the list, one episode changed (writing it included)", change_one)
        measure("the list, filtered by a word", lambda: index.rows(output, text="episode 77"))
        measure("reading all texts, once", lambda: index.refresh(output), runs=1)
        for query in QUERIES:
            measure(f"search: {query}", lambda query=query: index.search(output, query))
        size = (output / index.NAME).stat().st_size / 1e6
        print(f"index: {size:.0f} MB; floor of the list: {FLOOR_MS} ms, {usual:.1f} ms")


if __name__ == "__main__":
    main()
