"""Commands measured side by side: seconds by the clock and of the processors, and peak memory.

Memory is the proportional set size (what a process has to itself, and its share of what it has in
common with others) of a command and all that it started, looked at five times a second; Linux
alone tells it.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
WORK = HERE / "work"
RESULTS = HERE / "results.json"
LOOK_EVERY_S = 0.2
PACKAGES = (
    "faster-whisper",
    "whisper-ctranslate2",
    "ctranslate2",
    "spacy",
    "prefect",
    "av",
    "numpy",
    "onnxruntime",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of a command.

    Attributes:
        wall_s: seconds by the clock.
        cpu_s: seconds of the processors, children included.
        peak_mb: most memory at once of all its processes together, in 10^6 bytes.
        parts: seconds by the clock of parts of it, by name, where it tells them.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    parts: dict[str, float] = field(default_factory=dict)


class CommandFailedError(Exception):
    """A command ended with an error; its last words are the message."""


def measure(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command to its end.

    Raises:
        CommandFailedError: it ended with an error.
    """
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=_environment(environment),
        )
        watch = _MemoryWatch(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        peak = watch.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace")[-2000:]
            raise CommandFailedError(f"{command[:4]} ended with {process.returncode}: {words}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, peak / 1e6)


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}
    whole = {**os.environ, **offline, **(more or {})}
    # Where this is set, every start compiles everything anew, on all sides.
    whole.pop("PYTHONDONTWRITEBYTECODE", None)
    return whole


class _MemoryWatch:
    """Looks at the memory of a process and its descendants from a thread."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._peak = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Bytes."""
        self._is_over.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_EVERY_S):
            try:
                family = [self._process, *self._process.children(recursive=True)]
            except psutil.Error:
                return
            self._peak = max(self._peak, sum(_pss(process.pid) for process in family))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


# --------------------------------------------------------------------------- what is kept of it


def summary(runs: Sequence[Measured]) -> dict[str, Any]:
    """Medians and spread of the runs of one side."""
    told: dict[str, Any] = {"runs": [asdict(run) for run in runs]}
    for what in ("wall_s", "cpu_s", "peak_mb"):
        values = [getattr(run, what) for run in runs]
        told[what] = round(statistics.median(values), 3)
        told[f"{what}_spread"] = [round(min(values), 3), round(max(values), 3)]
    names = dict.fromkeys(name for run in runs for name in run.parts)
    told["parts"] = {
        name: round(statistics.median([run.parts.get(name, 0.0) for run in runs]), 3)
        for name in names
    }
    return told


def ratio(ours: Sequence[Measured], theirs: Sequence[Measured], what: str) -> dict[str, Any]:
    """Ours over theirs, pair by pair: the median of the pairs, and the smallest and largest."""
    pairs = [getattr(a, what) / getattr(b, what) for a, b in zip(ours, theirs, strict=False)]
    if not pairs:
        return {}
    return {
        "median": round(statistics.median(pairs), 3),
        "spread": [round(min(pairs), 3), round(max(pairs), 3)],
        "pairs": len(pairs),
    }


def machine() -> dict[str, Any]:
    """What it was measured on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor()
    return {
        "cores": psutil.cpu_count(),
        "processor": model,
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
        "system": platform.system(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def load() -> dict[str, Any]:
    """All results that are kept, by the case's name."""
    if not RESULTS.is_file():
        return {}
    kept: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return kept


def keep(case: str, told: Mapping[str, Any]) -> None:
    """Put a case's result in the place of its last one."""
    results = load()
    results[case] = {
        "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "load_before": round(os.getloadavg()[0], 2),
        "machine": machine(),
        **told,
    }
    text = json.dumps(dict(sorted(results.items())), indent=1, sort_keys=False)
    writing = RESULTS.with_suffix(".part")
    writing.write_text(text + "\n", encoding="utf-8")
    writing.replace(RESULTS)


def say(line: str) -> None:
    """To the screen, at once."""
    print(line, flush=True, file=sys.stdout)
