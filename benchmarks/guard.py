"""A minute's look at the speed, for the log of a test run: reported, never failing.

    python -m benchmarks.guard

One pair each, on whatever machine this is: a change of a tenth says nothing, one of a half does.
Instructions are counted where Linux's `perf` may count them.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import run
from tempfile import NamedTemporaryFile

from benchmarks.measuring import CommandFailedError, measure, say
from benchmarks.peers import BARE, OURS, Case, command_of
from shownotes.adapters.hardware import free_cpus

CASE = Case("demo", 5, (OURS, BARE), rounds=1)
START = [sys.executable, "-c", "from shownotes.cli import main; main()", "--help"]


def main() -> None:
    """Print a line a figure."""
    try:
        help_s = min(measure(START).wall_s for _ in range(3))
        say(f"guard: shownotes --help {help_s:.2f} s (floor 0.25)")
        walk, bare = (measure(command_of(side, CASE, free_cpus())) for side in CASE.sides)
    except CommandFailedError as error:
        say(f"guard: not measured: {error}")
        return
    say(
        f"guard: 5 minutes with the demo model: walk {walk.wall_s:.1f} s, bare faster-whisper "
        f"{bare.wall_s:.1f} s, ratio {walk.wall_s / bare.wall_s:.2f}; memory {walk.peak_mb:.0f} "
        f"and {bare.peak_mb:.0f} MB"
    )
    ours, theirs = (instructions(command_of(side, CASE, 1)) for side in CASE.sides)
    if ours and theirs:
        say(f"guard: instructions, walk over bare: {ours / theirs:.3f}")


def instructions(command: Sequence[str]) -> int | None:
    """Instructions of a command and all that it starts; `None` where nobody may count them."""
    perf = shutil.which("perf")
    if perf is None:
        return None
    with NamedTemporaryFile() as told:
        counting = [perf, "stat", "-x,", "-e", "instructions:u", "-o", told.name, *command]
        run(counting, check=False, capture_output=True)
        lines = Path(told.name).read_text(encoding="utf-8").splitlines()
    counted = [line.split(",")[0] for line in lines if "instructions" in line]
    return int(counted[0]) if counted and counted[0].isdigit() else None


if __name__ == "__main__":
    main()
