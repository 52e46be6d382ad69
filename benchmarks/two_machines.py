"""A backlog on two worker machines against one, and a machine that dies in mid-episode.

    python -m benchmarks.two_machines                  24 episodes of 30 minutes, 1 and then 2
    python -m benchmarks.two_machines --episodes 4 --minutes 6      a small trial
    python -m benchmarks.two_machines --only-death     only the machine that dies

A machine is a Prefect worker of the `process` kind with a home and a Prefect home of its own,
pinned to one core, that takes one run at a time from the pool; the server stands on PostgreSQL;
what they share is the working folder. The clock runs from the moment when the runs are asked for,
all workers being up and idle, to the end of the last run. The ratio's floor is 0.65.

Which episodes an episode can speak of depends on which are there, so that before both outputs are
compared (as in `benchmarks/backlog.py`) the plain walk looks once at each, as the watcher would.

The machine that dies is killed (`kill -9` of the worker and all it started) when it has finished a
window of a long episode and is at the next. The other one finishes the episode; windows made again
after they were finished are counted from the files.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.backlog import (
    CONFIG,
    SAID,
    Ledger,
    choose_long,
    differences,
    make_backlog,
    put,
    read_output,
)
from benchmarks.fleet import (
    CHORES,
    DEPLOYMENT,
    ENDED,
    Server,
    end_properly_when_asked,
    environment,
    kill_all,
    machine,
    postgres,
    prefect_server,
    wait_for,
)
from shownotes import pipeline
from shownotes.adapters.store import episode_folders
from shownotes.model import Episode, State

WORK = Path(__file__).parent / "work"
SEED = 20261202
FLOOR = 0.65
# Of the episode whose machine dies: four windows, of which two are finished.
DYING_MIN = 10.0
# A whole backlog on one core; only a fault takes longer.
PATIENCE_S = 4 * 3600.0
# Looking ten times a second takes half a core, of the two that are measured.
LOOK_S = 3.0


def main() -> None:
    """Measure, print, and fail when the floor is missed or outputs differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--episodes", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=30.0, help="of audio, each episode")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--folder", type=Path, default=WORK / "two-machines")
    parser.add_argument("--only-death", action="store_true")
    asked = parser.parse_args()
    shutil.rmtree(asked.folder, ignore_errors=True)
    folder, root = asked.folder.resolve(), asked.folder.resolve() / "root"
    count = 0 if asked.only_death else asked.episodes
    episodes = choose_long(count, minutes=asked.minutes, seed=asked.seed)
    files = make_backlog(root, episodes, config=CONFIG + SAID)
    end_properly_when_asked()
    with (
        postgres(folder / "postgres") as database,
        prefect_server(folder, database=database) as server,
    ):
        server.deploy(root)
        is_good = asked.only_death or compare(server, folder, files)
        for path in files:
            path.unlink()
        is_good &= bury(server, folder, seed=asked.seed)
    sys.exit(0 if is_good else 1)


def compare(server: Server, folder: Path, files: Sequence[Path]) -> bool:
    """The same backlog by one machine and by two."""
    took = {count: finish(server, folder, files, machines=count) for count in (1, 2)}
    found = differences(read_output(folder / "by-1"), read_output(folder / "by-2"))
    for line in found[:20]:
        print(line)
    ratio = took[2] / took[1]
    print(
        f"{len(files)} episodes, {took[1] / 60:.1f} min by one machine, {took[2] / 60:.1f} by two: "
        f"ratio {ratio:.3f} (floor {FLOOR}); {len(found)} files differ"
    )
    return ratio <= FLOOR and not found


def finish(server: Server, folder: Path, files: Sequence[Path], *, machines: int) -> float:
    """Seconds that so many machines take for the backlog."""
    root = folder / "root"
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < machines:
        sys.exit(f"{machines} machines need a core each; this one has {len(cores)}.")
    with ExitStack() as stack:
        workers = [
            stack.enter_context(machine(server, folder, f"machine-{n + 1}", core=cores[n]))
            for n in range(machines)
        ]
        began = time.monotonic()
        ids = submit(server, root, files)
        wait_for_all(server, ids)
        took = time.monotonic() - began
        used = [sum(worker.cpu_times()[2:4]) for worker in workers]
    told = ", ".join(f"{seconds:.0f}" for seconds in used)
    print(f"{machines} machine(s): {took:.0f} s, computing {told} s", flush=True)
    settle = [sys.executable, "-m", "shownotes.cli", "process", "--no-prefect", "--root", str(root)]
    subprocess.run(settle, env=environment(folder / "settling"), check=True, capture_output=True)
    print(_room(root / "output"), flush=True)
    (root / "output").rename(folder / f"by-{machines}")
    (root / "output").mkdir()
    return took


def _room(output: Path) -> str:
    """Room on the disk that an hour of audio takes."""
    episodes = episode_folders(output)
    hours = sum(folder.read("episode.json", Episode).duration for folder in episodes) / 3600
    size = dict.fromkeys(("working", "kept"), 0)
    for folder in episodes:
        for path in folder.path.rglob("*"):
            if path.is_file():
                is_working = path.relative_to(folder.path).parts[0] == "work"
                size["working" if is_working else "kept"] += path.stat().st_size
    return (
        f"{hours:.2f} hours of audio; an hour takes {size['working'] / hours / 1e6:.0f} MB of "
        f"working files and {size['kept'] / hours / 1e6:.2f} MB that are kept"
    )


def submit(server: Server, root: Path, files: Sequence[Path]) -> list[str]:
    """One run an episode."""
    return [server.submit(DEPLOYMENT, paths=[p.relative_to(root).as_posix()]) for p in files]


def wait_for_all(server: Server, ids: Sequence[str]) -> None:
    """Until every run has ended; a failed one ends the program."""

    def have_ended() -> bool:
        return all(run["state_type"] in ENDED for run in server.runs(ids))

    wait_for(have_ended, "runs that do not end", timeout_s=PATIENCE_S, every_s=LOOK_S)
    for run in server.runs(ids):
        if run["state_type"] != "COMPLETED":
            sys.exit(f"{run['name']}: {run['state_type']}, {run['state']['message']}")


def bury(server: Server, folder: Path, *, seed: int) -> bool:
    """Kill a machine in the middle of an episode, and see another finish it by itself.

    The watcher, on a third machine, finds the file, and later that nobody works on it any more.
    """
    output, ledger = folder / "root" / "output", Ledger()
    (pieces,) = choose_long(1, minutes=DYING_MIN, seed=seed + 1)
    put(pieces, folder / "root" / "audio" / "dying.mp3", 300)
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        dying = stack.enter_context(machine(server, folder, "dying", core=cores[0]))
        stack.enter_context(machine(server, folder, "watching", core=cores[-1], queue=CHORES))
        server.submit("watch_audio/watch_audio")

        def is_at_third_window() -> bool:
            return len(_windows(output)) == 2

        wait_for(is_at_third_window, "the second window", timeout_s=PATIENCE_S)
        kill_all(dying)
        died = time.monotonic()
        ledger.look(output)
        finished = len(_windows(output))
        print(f"killed with {finished} windows finished", flush=True)
        stack.enter_context(machine(server, folder, "heir", core=cores[0]))
        wait_for(lambda: len(_windows(output)) > finished, "another", timeout_s=PATIENCE_S)
        taken_up = time.monotonic() - died
        wait_for(lambda: _is_draft(output), "the draft", timeout_s=PATIENCE_S)
        ledger.look(output)
    again = ledger.windows_again
    print(
        f"taken up by another machine {taken_up:.0f} s later (first new window) and finished: "
        f"{len(_windows(output))} windows, of the {finished} finished before {len(again)} made "
        "again; the one that had been begun was lost"
    )
    return not again


def _windows(output: Path) -> list[Path]:
    return list(output.glob("[!.]*/work/windows/0*.json"))


def _is_draft(output: Path) -> bool:
    found = [pipeline.read_status(folder) for folder in episode_folders(output)]
    return bool(found) and all(s is not None and s.state is State.DRAFT for s in found)


if __name__ == "__main__":
    main()
