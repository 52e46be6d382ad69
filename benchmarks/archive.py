"""What a large output folder costs a run: how long it takes to find out whether a file is known.

    python -m benchmarks.archive [--episodes 1000 10000]

The folder is filled with copies of one finished episode under other names and ids. Each figure is
of a new process, as a run of a deployment is one, without its imports; the disk is warm. The same
again in that process is what a watcher or a batch pays.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.backlog import choose_pieces, make_backlog, put

RUNS = 3
PROGRAM = """
import sys, time
from pathlib import Path
from shownotes.settings import load_settings
from shownotes.steps import prepare
settings = load_settings(Path(sys.argv[1]))
new = settings.audio_folder / "piece-002.mp3"
for _ in range(2):
    began = time.perf_counter()
    assert prepare.known(new, settings) is None
    print(time.perf_counter() - began)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--episodes", type=int, nargs="+", default=[1_000, 10_000])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        first, second = choose_pieces(2, shortest_s=30.0, longest_s=40.0, seed=1)
        make_backlog(root, [first])
        process = [sys.executable, "-m", "shownotes.cli", "process", "--no-prefect", "--root"]
        subprocess.run([*process, str(root)], check=True, capture_output=True)
        put(second, root / "audio" / "piece-002.mp3", 2)
        for count in parser.parse_args().episodes:
            fill(root / "output", count)
            print(f"{count} episodes: {measure(root)}", flush=True)


def fill(output: Path, count: int) -> None:
    """Copies of the finished episode, up to so many in all."""
    (original,) = (path.parent for path in output.glob("2026-*/episode.json"))
    text = (original / "episode.json").read_text(encoding="utf-8")
    episode_id = json.loads(text)["id"]
    for number in range(len(list(output.glob("*/episode.json"))), count):
        copy = output / f"undated-copy-{number:06d}"
        copy.mkdir()
        told = text.replace(episode_id, f"{number:032x}").replace("piece-001", f"copy-{number:06d}")
        told = told.replace('"number": 1', f'"number": {number + 10}')
        (copy / "episode.json").write_text(told, encoding="utf-8")
        shutil.copyfile(original / "status.json", copy / "status.json")


def measure(root: Path) -> str:
    """The median of some new processes."""
    found = []
    for _ in range(RUNS):
        command = [sys.executable, "-c", PROGRAM, str(root)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append([float(line) for line in done.stdout.split()])
    new, again = (statistics.median(each) for each in zip(*found, strict=True))
    return f"is this file known? {new:.2f} s in a new process, {again:.3f} s again"


if __name__ == "__main__":
    main()
