"""What Prefect adds to a run: the flow against the plain walk.

    python -m benchmarks.prefect_overhead [--runs 3]

Measured in whole processes, imports and the server's start and stop included. With nothing to do:
on an empty Prefect home (the very first run), on an existing one with no server running, and with a
running server. With every step of an episode to do (its transcript is given, so that no engine
hides anything): called directly with a running server, and through a deployment that
`flows.serving` serves, from the moment it is asked for to the moment it is completed in Prefect's
books. Prints wall and processor seconds; the last lines are for `benchmarks/README.md`. Processor
seconds are what counts on a machine that is busy with something else.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.fleet import (
    DEPLOYMENT,
    ENDED,
    START_S,
    Server,
    end_properly_when_asked,
    environment,
    prefect_server,
    running,
    wait_for,
)
from shownotes import pipeline

FLOOR_FIRST_S = 30.0
FLOOR_EXISTING_S = 15.0
# Of an episode: called directly, and for each of its tasks; through a served deployment.
FLOOR_DIRECT_S, FLOOR_TASK_S = 5.0, 0.05
FLOOR_SERVED_S = 12.0

VTT = """WEBVTT

00:00:00.000 --> 00:00:06.000
I'm Ingrid Solberg, and this is Slow Rails, the podcast about public transport.

00:00:07.000 --> 00:00:14.000
My guest is Tomas Okoye, director of planning at the Velmora Railway Institute.
"""

RUN = """
import sys
from pathlib import Path
from shownotes import pipeline
from shownotes.batch import RunOptions, process_plainly
from shownotes.settings import load_settings
from shownotes.steps import prepare
from shownotes.steps.step import Silent
if sys.argv[2] == "flow":
    from flows.process_audio import run_process_audio as process
else:
    process = process_plainly
settings = load_settings(Path(sys.argv[1]))
forced = frozenset(pipeline.STEP_NAMES if sys.argv[3] == "all" else ())
outcomes = process(
    prepare.find_audio(settings), settings, options=RunOptions(forced=forced), progress=Silent()
)
assert all(outcome.error is None for outcome in outcomes), outcomes
"""


def measure(
    root: Path, how: str, environment: Mapping[str, str], steps: str = "none"
) -> tuple[float, float]:
    """Wall and processor seconds of a process and all it started."""
    began, used = time.monotonic(), _processor_s()
    subprocess.run(
        [sys.executable, "-c", RUN, str(root), how, steps],
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - began, _processor_s() - used


def _processor_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Measure all cases and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="how often each case is measured")
    runs = parser.parse_args().runs
    end_properly_when_asked()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "work"
        (root / "audio").mkdir(parents=True)
        (root / "shownotes.toml").write_text("[prefect]\nserver_start_timeout_s = 600\n")
        (root / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
        measure(root, "plain", environment(Path(folder) / "bare"))  # makes the notes
        nothing_to_do(Path(folder), root, runs)
        all_to_do(Path(folder), root, runs)


def nothing_to_do(folder: Path, root: Path, runs: int) -> None:
    """What it costs to find that an episode is as it should be."""
    bare = environment(folder / "bare")
    homes = [environment(folder / f"home{n}") for n in range(runs)]
    plain = told("plain walk", [measure(root, "plain", bare) for _ in range(runs)])
    first = told("flow, very first run", [measure(root, "flow", home) for home in homes])
    existing = told("flow, existing Prefect home", [measure(root, "flow", h) for h in homes])
    with prefect_server(folder) as server:
        reached = environment(folder / "bare", PREFECT_API_URL=server.url)
        running = told("flow, running server", [measure(root, "flow", reached) for _ in homes])
    added = [each[0] - plain[0] for each in (first, existing, running)]
    used = [each[1] - plain[1] for each in (first, existing, running)]
    print(
        f"prefect_adds_first_s={added[0]:.1f} (floor {FLOOR_FIRST_S:.0f}) "
        f"existing_s={added[1]:.1f} (floor {FLOOR_EXISTING_S:.0f}) server_s={added[2]:.1f} "
        f"processor_s={used[0]:.1f}/{used[1]:.1f}/{used[2]:.1f}",
        flush=True,
    )


def all_to_do(folder: Path, root: Path, runs: int) -> None:
    """What Prefect's part of an episode is, with a server that is running."""
    bare = environment(folder / "bare")
    plain = [measure(root, "plain", bare, "all") for _ in range(runs)]
    plain_s, _ = told("plain walk, all steps", plain)
    with prefect_server(folder) as server:
        reached = environment(folder / "bare", PREFECT_API_URL=server.url)
        direct = told(
            "flow, all steps, called directly",
            [measure(root, "flow", reached, "all") for _ in range(runs)],
        )
        newest = server.ask("flow_runs/filter", sort="START_TIME_DESC", limit=1)[0]["id"]
        tasks = len(server.task_runs([newest]))
        serving = [sys.executable, "-m", "flows.serving", str(root)]
        with running(serving, folder / "serving.log", env=reached):
            log = folder / "serving.log"
            wait_for(lambda: "Serving" in log.read_text(), str(log), timeout_s=START_S)
            _served(server)  # the watcher has settled down, too, when this one has ended
            served = told("flow, all steps, served", [_served(server) for _ in range(runs)])
    floor = FLOOR_DIRECT_S + FLOOR_TASK_S * tasks
    print(
        f"prefect_part_of_an_episode: directly {direct[0] - plain_s:.1f} s (floor {floor:.2f} with "
        f"{tasks} tasks), served {served[0] - plain_s:.1f} s (floor {FLOOR_SERVED_S:.0f})"
    )


def _served(server: Server) -> tuple[float, float]:
    began = time.monotonic()
    run = server.submit(DEPLOYMENT, forced=list(pipeline.STEP_NAMES))

    def has_ended() -> bool:
        return server.runs([run])[0]["state_type"] in ENDED

    wait_for(has_ended, "the served run", timeout_s=START_S)
    took = time.monotonic() - began
    (ended,) = server.runs([run])
    if ended["state_type"] != "COMPLETED":
        sys.exit(f"The served run is {ended['state_type']}: {ended['state']['message']}")
    return took, 0.0


def told(name: str, found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Print a case; its medians."""
    wall = statistics.median(wall for wall, _ in found)
    used = statistics.median(used for _, used in found)
    every = " ".join(f"{wall:.1f}" for wall, _ in found)
    print(f"{name:<34} {wall:6.1f} s wall {used:6.1f} s processor   ({every})", flush=True)
    return wall, used


if __name__ == "__main__":
    main()
