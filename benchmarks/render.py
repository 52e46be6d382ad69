"""What the text and web targets cost: 3 hours in a process of their own, 30 minutes in a warm one.

    python -m benchmarks.render

The transcript is that of `benchmarks/reading` and `benchmarks/chapters` in a row, with times as
spoken; chapters and draft are made before the clock runs. Prints seconds and peak memory.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path

from shownotes.adapters.store import EpisodeFolder
from shownotes.model import Episode, Metadata, Names, Segment, Transcript, Word
from shownotes.settings import Settings
from shownotes.steps import compose, divide, render
from shownotes.steps.step import Walk

HERE = Path(__file__).parent
LONG_WORDS, SHORT_WORDS = 28_000, 4_700
WORD_S = 0.385
RUNS = 5


def lines() -> list[str]:
    """Sentences and turns of our own texts."""
    paths = (*sorted(HERE.glob("reading/*.txt")), *sorted(HERE.glob("chapters/*.txt")))
    found = [line for p in paths for line in p.read_text(encoding="utf-8").splitlines()]
    told = [line for line in found if line.strip() and not line.startswith(("==", "domain:"))]
    return [line.split(": ", 1)[1] if line.startswith("Speaker ") else line for line in told]


def transcript(words: int) -> Transcript:
    """So many words, spoken evenly by two people in turn."""
    segments: list[Segment] = []
    clock, count = 0.0, 0
    for line in cycle(lines()):
        spoken = []
        for text in line.split():
            spoken.append(Word(text=text, start=clock, end=clock + WORD_S * 0.9, probability=0.9))
            clock += WORD_S
        count += len(spoken)
        speaker = ("Ann Lee", "Bo Rask")[len(segments) % 2]
        segments.append(
            Segment(
                start=spoken[0].start,
                end=spoken[-1].end,
                text=line,
                words=tuple(spoken),
                speaker=speaker,
            )
        )
        if count >= words:
            return Transcript(
                language="en", segments=tuple(segments), duration=clock, model="benchmark"
            )
    raise AssertionError


def lay_out(root: Path, words: int) -> Walk:
    """An episode with its draft, ready to be rendered."""
    (root / "shownotes.toml").write_text("", encoding="utf-8")
    folder = EpisodeFolder(root / "output" / f"words-{words}")
    folder.path.mkdir(parents=True)
    made = transcript(words)
    episode = Episode(
        id="0", key="k", folder=folder.name, metadata=Metadata(title="A long day"),
        duration=made.duration,
    )  # fmt: skip
    folder.write("episode.json", episode, made_from={})
    folder.write("transcript.json", made, made_from={})
    folder.write("names.json", Names(people=(), organizations=()), made_from={})
    walk = Walk(folder=folder, settings=Settings(root=root))
    divide.STEP.run(walk)
    compose.STEP.run(walk)
    return walk


def render_alone(path: Path) -> None:
    """Render once in this process and print seconds since its start, and its peak memory."""
    began = time.perf_counter()
    render.STEP.run(Walk(folder=EpisodeFolder(path), settings=Settings(root=path.parents[1])))
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{took:.2f} s, {peak:.0f} MB at most")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        render_alone(options.alone)
        return
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        long = lay_out(Path(name), LONG_WORDS)
        print(f"chapters and draft of {LONG_WORDS} words: {time.perf_counter() - began:.1f} s")
        for _ in range(3):
            wall = time.perf_counter()
            told = subprocess.run(
                [sys.executable, "-m", "benchmarks.render", "--alone", long.folder.path],
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            wall = time.perf_counter() - wall
            print(f"{LONG_WORDS} words, own process: {told}; {wall:.2f} s with its start")
    with tempfile.TemporaryDirectory() as name:
        short = lay_out(Path(name), SHORT_WORDS)
        render.STEP.run(short)
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            render.STEP.run(short)
            times.append(time.perf_counter() - began)
        print(f"{SHORT_WORDS} words, warm: {', '.join(f'{t:.3f}' for t in sorted(times))} s")


if __name__ == "__main__":
    main()
