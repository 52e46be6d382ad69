"""`kill -9` of runs under one long-lived Prefect server; `python -m benchmarks.kills --served`.

The server is Prefect's own and lives through the whole series. `python -m flows.serving` serves the
flows of the working folder, as under `shownotes up`; the watcher finds the files and makes their
runs. Killed, at random moments: the process of an episode's run (8 times of 10), that of the
watcher's run (1 of 10), or the whole of `flows.serving` with all that it started, as when the power
fails (1 of 10; then it is started again). Nobody helps: the runs have to come back by themselves.
A file whose run died is tried again at once, and less and less often when that goes on, so that an
episode's run is killed at most twice a round.

A round is over when every episode is a draft, nothing is due and no run is under way. What Prefect
knows of tasks says how many windows were begun: at most one a kill more than there are.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.backlog import CONFIG, SAID, choose_pieces, make_backlog
from benchmarks.fleet import Server, environment, kill_all, prefect_server, wait_for
from benchmarks.kills import FIRST_S, ORPHANS_END_S, Series, command, end_round
from shownotes import pipeline
from shownotes.adapters.store import episode_folders
from shownotes.model import State
from shownotes.settings import load_settings

# A watcher that was killed is missed until the next one is due.
WATCH = "[schedules]\nwatch_every_s = 60\nslots = 1\n"
EPISODES, WATCHER = "process_audio", "watch_audio"
# The watcher looks every few seconds, and at the books every 30.
QUIET_S = 12.0
LOOK_S = 0.3
MOST_A_FILE = 2
PATIENCE_S = 1800.0
UNDER_WAY = ("SCHEDULED", "PENDING", "RUNNING", "CANCELLING")


@dataclass(slots=True)
class Serving:
    """`flows.serving` over a working folder.

    Attributes:
        killed: how often the run of a file was killed in this round.
    """

    server: Server
    root: Path
    process: psutil.Popen | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Start, without waiting for anything."""
        log = (self.root.parent / "serving.log").open("ab")
        self.process = psutil.Popen(
            [sys.executable, "-m", "flows.serving", str(self.root)],
            env=environment(self.root.parent / "home", PREFECT_API_URL=self.server.url),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
        )
        log.close()

    def stop(self) -> float:
        """Ask it to end; how long that takes, in seconds."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE_S)
        return time.monotonic() - began

    def runs(self, flow: str) -> list[tuple[psutil.Process, str]]:
        """The processes of a flow's runs, those that only start too, and what each is for."""
        assert self.process is not None
        found = self.server.ask(
            "flow_runs/filter",
            flows={"name": {"any_": [flow]}},
            flow_runs={"state": {"type": {"any_": ["PENDING", "RUNNING"]}}},
        )
        names = {run["id"]: str(run["parameters"].get("paths")) for run in found}
        processes = [(p, _run_of(p)) for p in self.process.children()]
        return [(process, names[run]) for process, run in processes if run in names]


def _run_of(process: psutil.Process) -> str | None:
    try:
        told = process.environ()
    except psutil.Error:
        return None
    return told.get("PREFECT__FLOW_RUN_ID") or told.get("PREFECT_FLOW_RUN_ID")


def main_served(asked: argparse.Namespace) -> None:
    """Kill, compare, print; fail when anything was lost or done twice."""
    folder = asked.folder.resolve()
    if not asked.resume:
        shutil.rmtree(folder, ignore_errors=True)
        pieces = choose_pieces(
            asked.episodes, shortest_s=20.0, longest_s=40.0, seed=asked.seed, whole=1
        )
        make_backlog(folder / "root", pieces, config=CONFIG + WATCH + SAID)
    with prefect_server(folder) as server:
        serving = Serving(server, folder / "root")
        if asked.resume:
            series = Series.load(folder)
        else:
            series = undisturbed(folder, serving, episodes=asked.episodes, seed=asked.seed)
        print(
            f"seed {series.seed}, {series.episodes} episodes, undisturbed "
            f"{series.undisturbed_s:.0f} s, kills up to {series.longest_s:.0f} s apart",
            flush=True,
        )
        carry_on(folder, serving, series, kills=asked.kills)
        series.tell()
        is_good = count_windows(folder, server, series)
    sys.exit(0 if series.is_clean and is_good else 1)


def undisturbed(folder: Path, serving: Serving, *, episodes: int, seed: int) -> Series:
    """The backlog without a kill."""
    began = time.monotonic()
    with served(serving):
        wait_for(lambda: is_over(serving, episodes), "the undisturbed run", timeout_s=PATIENCE_S)
    took = time.monotonic() - began
    settle(serving.root)
    (serving.root / "output").rename(folder / "undisturbed")
    (serving.root / "output").mkdir()
    series = Series(seed, episodes, took, took * min(0.5, 4 / episodes))
    series.save(folder)
    return series


def settle(root: Path) -> None:
    """Let the plain walk look once at each.

    Which earlier episodes a draft can speak of depends on which were there when it was made, and
    that is a matter of chance where several are made at once.
    """
    subprocess.run(command(root), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def served(serving: Serving) -> Iterator[None]:
    """Serve for the length of a block, and end in peace."""
    serving.start()
    try:
        yield
        print(f"served to the end, drained in {serving.stop():.1f} s", flush=True)
    finally:
        if serving.process is not None and serving.process.is_running():
            kill_all(serving.process)


def carry_on(folder: Path, serving: Serving, series: Series, *, kills: int) -> None:
    """Round after round, until there were so many kills and the last round has ended."""
    while series.kills < kills or any((serving.root / "output").iterdir()):
        serving.killed.clear()
        with served(serving):
            while not wait_or_over(serving, series, kills):
                kill(serving, series)
                series.save(folder)
        series.ledger.look(serving.root / "output")
        settle(serving.root)
        end_round(folder, series)
        series.save(folder)


def wait_or_over(serving: Serving, series: Series, kills: int) -> bool:
    """Wait for the moment of the next kill, watching what is made; whether the round ended."""
    chosen = random.Random(f"{series.seed}/{series.kills}")
    began = time.monotonic()
    due = began + chosen.uniform(FIRST_S, series.longest_s)
    while time.monotonic() - began < PATIENCE_S:
        series.ledger.look(serving.root / "output")
        if is_over(serving, series.episodes):
            return True
        left = due - time.monotonic()
        if left <= 0 and series.kills < kills:
            return False
        time.sleep(LOOK_S if series.kills >= kills else min(LOOK_S, max(0.0, left)))
    sys.exit(f"Nothing came to an end for {PATIENCE_S:.0f} s.")


def kill(serving: Serving, series: Series) -> None:
    """Kill one of those that are running, chosen by the seed; nobody when nobody is."""
    chosen = random.Random(f"{series.seed}/{series.kills}/whom")
    number = chosen.random()
    if number < 0.1 and serving.process is not None:
        kill_all(serving.process)
        serving.start()
        series.kills += 1
        return
    flow = WATCHER if number < 0.2 else EPISODES
    victims = [(p, name) for p, name in serving.runs(flow) if serving.killed[name] < MOST_A_FILE]
    if not victims:
        time.sleep(LOOK_S)
        return
    victim, name = chosen.choice(victims)
    try:
        started = victim.children(recursive=True)
        os.kill(victim.pid, signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return
    series.kills += 1
    serving.killed[name] += flow == EPISODES
    _, alive = psutil.wait_procs(started, timeout=ORPHANS_END_S)
    series.orphans += len(alive)


# --------------------------------------------------------------------------- where it stands


def is_over(serving: Serving, episodes: int) -> bool:
    """Whether all are drafts and nobody is at work, and it stays so."""
    if not _is_done(serving, episodes):
        return False
    time.sleep(QUIET_S)
    return _is_done(serving, episodes)


def _is_done(serving: Serving, episodes: int) -> bool:
    folders = episode_folders(load_settings(serving.root).output_folder)
    if len(folders) < episodes:
        return False
    for folder in folders:
        status = pipeline.read_status(folder)
        if status is None or status.state is not State.DRAFT:
            return False
    active = serving.server.ask(
        "flow_runs/count",
        flows={"name": {"any_": [EPISODES]}},
        flow_runs={"state": {"type": {"any_": list(UNDER_WAY)}}},
    )
    return int(active) == 0


def count_windows(folder: Path, server: Server, series: Series) -> bool:
    """Print how many windows were begun and how runs ended; whether at most one a kill was lost."""
    flows = {"name": {"any_": [EPISODES]}}
    tasks = {"name": {"like_": "transcribe window"}}
    begun = int(server.ask("task_runs/count", flows=flows, task_runs=tasks))
    a_round = len(list((folder / "undisturbed").glob("*/work/windows/0*.json")))
    needed = a_round * (series.rounds + 1)
    ends = []
    for state in ("COMPLETED", "CRASHED", "FAILED", "CANCELLED", "RUNNING"):
        runs = {"state": {"type": {"any_": [state]}}}
        count = int(server.ask("flow_runs/count", flows=flows, flow_runs=runs))
        ends += [f"{count} {state.lower()}"] if count else []
    print(
        f"{begun} windows begun, {needed} finished, {begun - needed} lost in {series.kills} kills; "
        f"runs: {', '.join(ends)}"
    )
    return begun - needed <= series.kills
