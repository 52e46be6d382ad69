"""Killed anywhere: at every write of a walk, at random moments, by every signal, and by the clock.

    python -m tests.torture.kills [--count N] [--seed S] [--minutes M]

`count` is how many are killed at random moments over 20 mixed episodes (`benchmarks/kills.py`).
Before that one episode is killed within and between all its writes: strace sends the signal as the
run makes a folder, writes through to the disk, renames or removes. What the next run makes of what
is left must be what an undisturbed run makes, byte for byte, and no finished window may be heard
again. Signals that ask to end must be obeyed with their code; a clock that jumps a day between two
runs must neither lose nor repeat anything.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import kills
from benchmarks.backlog import (
    Ledger,
    choose_pieces,
    differences,
    make_backlog,
    read_output,
)
from tests.torture.arguments import Arguments, Outcomes, arguments
from tests.torture.strace import Strace

PART = "kills"
# What touches the disk for good.
WRITES = "mkdir,fsync,fdatasync,rename,renameat,renameat2,unlink"
DAY_S = 86_400.0
# What a run notes of files whose times have changed and whose content has not.
SEEN = "work/seen.json"
PATIENCE_S = 180.0
ENDS = {signal.SIGTERM: (130, 143), signal.SIGINT: (130,)}


def workspace(root: Path, *, seed: int, seconds: float) -> None:
    """One short episode of speech, in a working folder."""
    make_backlog(root, choose_pieces(1, shortest_s=seconds, longest_s=seconds, seed=seed))


def run(root: Path, *before: str, timeout: float | None = PATIENCE_S) -> int:
    """The plain walk over everything, under another program if one is named."""
    with (root.parent / "run.log").open("wb") as told:
        return subprocess.run(
            [*before, *kills.command(root)],
            stdout=told,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=timeout,
        ).returncode


def at_every_write(folder: Path, outcomes: Outcomes, *, seed: int, most: int, ends: float) -> None:
    """The whole run killed as it makes its first write, its second, and so on."""
    strace = Strace()
    if strace.path is None:
        outcomes.count("kills: strace is missing, writes not tried")
        return
    root = folder / "root"
    workspace(root, seed=seed, seconds=12.0)
    trace = folder / "trace"
    if run(root, *strace.under(trace, f"trace={WRITES}")) != 0:
        outcomes.fail("kills: the undisturbed run failed", (folder / "run.log").read_bytes())
        return
    undisturbed = _put_away(root, folder / "undisturbed")
    # In any order, so that where the time is over some of each kind were tried.
    places, chosen = list(_places(trace)), random.Random(seed)
    chosen.shuffle(places)
    if len(places) > most:
        places = chosen.sample(places, most)
    print(f"  writes of a walk: {len(places)} are tried", flush=True)
    for call, number in places:
        if time.monotonic() > ends:
            outcomes.count("kills: left out for want of time")
            continue
        rules = (f"trace={call}", f"inject={call}:signal=KILL:when={number}")
        code = run(root, *strace.under(trace, *rules))
        ledger = Ledger()
        ledger.look(root / "output")
        _compare(root, undisturbed, ledger, outcomes, f"{call} {number} (ended with {code})")
        if code not in (0, 1):
            outcomes.count(f"kills: at {call}")


def _places(trace: Path) -> Iterator[tuple[str, int]]:
    """Every write that was made, as the kind and its number; strace counts for each thread."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        found = re.match(r"(\d+) +(\w+)\(", line)
        if found:
            counts[found[1], found[2]] += 1
    most: Counter[str] = Counter()
    for (_, call), count in counts.items():
        most[call] = max(most[call], count)
    for call, count in most.items():
        yield from ((call, number) for number in range(1, count + 1))


def _put_away(root: Path, kept: Path) -> Path:
    (root / "output").rename(kept)
    (root / "output").mkdir()
    return kept


def _compare(root: Path, undisturbed: Path, ledger: Ledger, outcomes: Outcomes, what: str) -> None:
    """Let the next run go on, and look at what there is then; begins anew afterwards."""
    if run(root) != 0:
        outcomes.fail(f"kills: after {what} the next run failed", _log(root))
    ledger.look(root / "output")
    for told in differences(read_output(undisturbed), read_output(root / "output")):
        outcomes.fail(f"kills: {what}: {told[:200]}", told)
    ledger.close(root / "output")
    if not ledger.is_clean:
        again = [*ledger.windows_again, *ledger.boxes_again, *ledger.logged_again]
        outcomes.fail(f"kills: {what}: done twice: {again}")
    outcomes.count("kills: gone on from, the same in the end")
    shutil.rmtree(root / "output")
    (root / "output").mkdir()


def _log(root: Path) -> bytes:
    return (root.parent / "run.log").read_bytes()


def by_signals(folder: Path, outcomes: Outcomes, *, seed: int, times: int) -> None:
    """Asked to end at random moments: it does, with its code, and the next run goes on."""
    root = folder / "root"
    workspace(root, seed=seed, seconds=20.0)
    began = time.monotonic()
    run(root)
    took = time.monotonic() - began
    undisturbed = _put_away(root, folder / "undisturbed")
    for number in range(times):
        chosen = random.Random(f"{seed}/{number}")
        asked = chosen.choice(list(ENDS))
        with (folder / "run.log").open("wb") as told:
            process = subprocess.Popen(kills.command(root), stdout=told, stderr=subprocess.STDOUT)
            # Before Python has begun nobody can obey.
            time.sleep(chosen.uniform(1.0, max(1.5, took)))
            process.send_signal(asked)
            code = process.wait(PATIENCE_S)
        # Once all is told, and Python takes down what it has set up, the system's own way holds.
        is_told = b"The same with a file of your own" in _log(root)
        if code not in (0, *ENDS[asked]) and not (is_told and code == -asked):
            outcomes.fail(f"kills: {asked.name} ended with {code}", _log(root))
        if b"Traceback" in _log(root):
            outcomes.fail(f"kills: {asked.name} shows a traceback", _log(root))
        is_late = is_told or not code
        outcomes.count("kills: too late to stop" if is_late else f"kills: {asked.name} obeyed")
        ledger = Ledger()
        ledger.look(root / "output")
        _compare(root, undisturbed, ledger, outcomes, asked.name)


def by_the_clock(folder: Path, outcomes: Outcomes, *, seed: int) -> None:
    """The clock jumps a day between two runs, either way, as the times of all files show."""
    root = folder / "root"
    workspace(root, seed=seed, seconds=12.0)
    run(root)
    before, ledger = read_output(root / "output"), Ledger()
    for jump in (-DAY_S, 2 * DAY_S, -365 * DAY_S):
        for path in root.rglob("*"):
            if path.is_file():
                now = path.stat().st_mtime + jump
                os.utime(path, (now, now))
        ledger.made.clear()
        ledger.look(root / "output")
        if run(root) != 0:
            outcomes.fail(f"kills: the run after a jump of {jump} s failed", _log(root))
        ledger.look(root / "output")
        found = [d for d in differences(before, read_output(root / "output")) if SEEN not in d]
        if found or not ledger.is_clean:
            outcomes.fail(f"kills: a jump of {jump} s: {found or 'done again'}")
        outcomes.count("kills: the clock jumped")


def at_random(folder: Path, outcomes: Outcomes, *, count: int, seed: int, ends: float) -> None:
    """`benchmarks.kills`, until there were so many or the time is over."""
    series = kills.begin(folder, episodes=20, seed=seed)
    while series.kills < count and time.monotonic() < ends:
        kills.carry_on(folder, series, kills=min(count, series.kills + 10))
    if not series.is_clean:
        outcomes.fail("kills: at random moments", "\n".join(series.differing))
    outcomes.count("kills: at random moments, over 20 episodes", series.kills)


def try_kills(given: Arguments, folder: Path, outcomes: Outcomes) -> None:
    """All of it, within the minutes."""
    began = time.monotonic()

    def until(share: float) -> float:
        return began + share * given.minutes * 60

    parts: Sequence[str] = ("writes", "signals", "clock", "random")
    for name in parts:
        (folder / name).mkdir(parents=True)
    by_the_clock(folder / "clock", outcomes, seed=given.seed)
    by_signals(folder / "signals", outcomes, seed=given.seed, times=10)
    at_every_write(folder / "writes", outcomes, seed=given.seed, most=given.count, ends=until(0.55))
    at_random(folder / "random", outcomes, count=given.count, seed=given.seed, ends=until(0.95))


if __name__ == "__main__":
    told = arguments(PART, count=200, minutes=12.0)
    with tempfile.TemporaryDirectory() as place, Outcomes(PART, told) as found_out:
        try_kills(told, Path(place), found_out)
    sys.exit(0)
