"""`kill -9` of runs at random moments over a backlog, against an undisturbed run.

    python -m benchmarks.kills --kills 150            of `shownotes process --no-prefect`
    python -m benchmarks.kills --kills 50 --served    of runs that `flows.serving` has begun
    python -m benchmarks.kills --kills 150 --resume   goes on with a series that was stopped

A backlog of 20 short episodes (`benchmarks/backlog.py`, one of them with two windows) is processed
once undisturbed. Then it is processed again and again from nothing: a run is killed after a random
time and the next goes on, until the backlog is done; what came out is compared with the undisturbed
run byte for byte (backlog.py says what is made alike). Work done twice is read from the files and
from the program's log: a window or box that was finished and is made again. The seed is printed;
every moment follows from it and the number of the kill. The last line counts: all but the kills
must be 0. How `--served` kills stands in `benchmarks/kills_served.py`.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from benchmarks.backlog import Ledger, choose_pieces, differences, make_backlog, read_output
from shownotes.adapters.store import write_text

WORK = Path(__file__).parent / "work"
SEED = 20261201
# What a run starts, its speech engine, must have ended so soon after it was killed.
ORPHANS_END_S = 15.0
FIRST_S = 0.2


@dataclass(slots=True)
class Series:
    """How far a series of kills has come; kept in the folder after every kill.

    Attributes:
        undisturbed_s: how long the whole backlog took without kills.
        longest_s: the longest that a run may live.
        orphans: processes of a killed run that did not end.
        ledger: what was finished, and made again.
    """

    seed: int
    episodes: int
    undisturbed_s: float = 0.0
    longest_s: float = 0.0
    kills: int = 0
    rounds: int = 0
    orphans: int = 0
    litter: int = 0
    differing: list[str] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)

    def save(self, folder: Path) -> None:
        """Keep it, whole or not at all."""
        write_text(folder / "series.json", json.dumps(asdict(self)))

    @classmethod
    def load(cls, folder: Path) -> "Series":
        """The series of a folder."""
        told = json.loads((folder / "series.json").read_text(encoding="utf-8"))
        ledger = told.pop("ledger")
        ledger["made"] = {name: tuple(made) for name, made in ledger["made"].items()}
        return cls(**told, ledger=Ledger(**ledger))

    def tell(self) -> None:
        """Print what is wrong, and the counts."""
        ledger = self.ledger
        again = ledger.windows_again + ledger.boxes_again + ledger.logged_again
        for line in [*self.differing[:20], *(f"done twice: {name}" for name in again[:20])]:
            print(line)
        print(
            f"seed {self.seed}: {self.kills} kills in {self.rounds} rounds of {self.episodes} "
            f"episodes: {len(self.differing)} files differ; done twice: "
            f"{len(ledger.windows_again)} windows and {len(ledger.boxes_again)} boxes by the files,"
            f" {len(ledger.logged_again)} windows by the log; {self.orphans} processes left over "
            f"({self.litter} temporary files)"
        )

    @property
    def is_clean(self) -> bool:
        """Nothing lost, nothing done twice, nothing left running."""
        return self.ledger.is_clean and not (self.differing or self.orphans)


def main() -> None:
    """Kill, compare, print; fail when anything was lost or done twice."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=150)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--folder", type=Path, default=WORK / "kills")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--served", action="store_true")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if asked.served:
        from benchmarks.kills_served import main_served

        main_served(asked)
        return
    if asked.resume:
        series = Series.load(asked.folder)
    else:
        series = begin(asked.folder, episodes=asked.episodes, seed=asked.seed)
    print(
        f"seed {series.seed}, {series.episodes} episodes, undisturbed {series.undisturbed_s:.0f} s,"
        f" lives up to {series.longest_s:.1f} s",
        flush=True,
    )
    carry_on(asked.folder, series, kills=asked.kills)
    sys.exit(0 if series.is_clean else 1)


def begin(
    folder: Path,
    *,
    episodes: int,
    seed: int,
    lengths_s: tuple[float, float] = (20.0, 40.0),
    whole: int = 1,
) -> Series:
    """Lay out a backlog and process it undisturbed."""
    shutil.rmtree(folder, ignore_errors=True)
    shortest, longest = lengths_s
    pieces = choose_pieces(episodes, shortest_s=shortest, longest_s=longest, seed=seed, whole=whole)
    make_backlog(folder / "root", pieces)
    began = time.monotonic()
    live(folder / "root")
    took = time.monotonic() - began
    (folder / "root" / "output").rename(folder / "undisturbed")
    (folder / "root" / "output").mkdir()
    # Long enough for an episode or three, so that a round takes many kills and does come to an end.
    series = Series(seed, episodes, took, took * min(0.9, 4 / episodes))
    series.save(folder)
    return series


def carry_on(folder: Path, series: Series, *, kills: int) -> None:
    """Kill until there were `kills`, let the last round end, and print."""
    root = folder / "root"
    while series.kills < kills:
        chosen = random.Random(f"{series.seed}/{series.kills}")
        is_done = live(root, chosen.uniform(FIRST_S, series.longest_s), series)
        series.ledger.look(root / "output")
        if is_done:
            end_round(folder, series)
        series.save(folder)
    live(root, None, series)
    series.ledger.look(root / "output")
    end_round(folder, series)
    series.save(folder)
    series.tell()


def live(root: Path, seconds: float | None = None, series: Series | None = None) -> bool:
    """Run `shownotes process` and kill it after so many seconds.

    Returns:
        Whether it came to its end before.
    """
    log = root.parent / "run.log"
    with log.open("wb") as told:
        process = subprocess.Popen(command(root), stdout=told, stderr=subprocess.STDOUT)
        try:
            code = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            started = _children(process.pid)
            process.send_signal(signal.SIGKILL)
            process.wait()
            _, alive = psutil.wait_procs(started, timeout=ORPHANS_END_S)
            if series is not None:
                series.kills += 1
                series.orphans += len(alive)
            return False
        finally:
            process.kill()
    if code != 0:
        sys.exit(f"The run failed ({code}):\n{log.read_text(encoding='utf-8')[-3000:]}")
    return True


def command(root: Path) -> Sequence[str]:
    """The plain walk over everything in the in-tray."""
    return [sys.executable, "-m", "shownotes.cli", "process", "--no-prefect", "--root", str(root)]


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def end_round(folder: Path, series: Series) -> None:
    """Compare what a round made with the undisturbed run, and begin from nothing again.

    Nobody may be at work in the folder.
    """
    output = folder / "root" / "output"
    made = read_output(output)
    found = differences(read_output(folder / "undisturbed"), made)
    series.rounds += 1
    series.litter += len(made.litter)
    series.differing += [f"round {series.rounds}: {line}" for line in found]
    if found:
        shutil.copytree(output, folder / f"differing-{series.rounds}", dirs_exist_ok=True)
    print(f"round {series.rounds}, {series.kills} kills: {len(found)} files differ", flush=True)
    series.ledger.close(output)
    shutil.rmtree(output)
    output.mkdir()


if __name__ == "__main__":
    main()
