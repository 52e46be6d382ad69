"""Hostile media: files that are wrong, each to a typed rejection or a flagged result.

Every file is admitted and prepared as a run would do it, in worker processes, so that whatever
takes a process down is noticed and the next file has its turn; a sample of those that decode walks
all the way. Watched from the outside: time, memory, what is opened or written elsewhere, and
connections.
"""

import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shownotes.steps.prepare import MISSING_S
from tests.torture import hostile_media
from tests.torture.arguments import Arguments, Outcomes, arguments
from tests.torture.canaries import MARK, Canaries
from tests.torture.hostile_media import Case

PART = "media"
COUNT = 1_500
# The longest that one file may take, in seconds (half a minute of processor time, on a machine that
# others use too), and the most memory of all processes, in bytes.
DEADLINE_S = 300.0
MOST_BYTES = 1_200_000_000
_BATCH = 40
# The bundled model: it recognises nothing in noise, at no cost.
_SETTINGS = '[speech]\nmodel = "demo"\nlanguage = "en"\n'
_WHOLE_S = 4.0


@dataclass(slots=True)
class Result:
    """What became of a file."""

    case: Case
    told: dict[str, Any]

    @property
    def outcome(self) -> str:
        """A class of outcomes, for a line of its own."""
        told = self.told
        if told["state"] == "rejected":
            return f"rejected: {told['error']}"
        if told["state"] == "taken":
            return "taken, flagged" if told["warnings"] else "taken, whole"
        return f"FAULT: {told['state']}"

    def fault(self) -> str | None:
        """Why this is no right ending, if it is not."""
        told = self.told
        if told["state"] not in ("rejected", "taken"):
            return f"{told['state']} {told.get('message', '')}"
        if told.get("error") == "DiskFullError":
            return f"a full disk is blamed: {told['message']}"
        if told["took_s"] > DEADLINE_S:
            return f"took {told['took_s']:.0f} s"
        if told["peak_bytes"] > MOST_BYTES:
            return f"took {told['peak_bytes'] / 1e6:.0f} MB"
        if told["state"] == "taken":
            return self._loss()
        return None

    def _loss(self) -> str | None:
        """Sound that is missing, and nobody is told."""
        told = self.told
        if told["warnings"]:
            return None
        decoded, declared = told["decoded_s"], told["declared_s"]
        # Encoders round and pad: in files of a minute and less that is more than half a percent.
        if declared and decoded < min(0.995 * declared, declared - MISSING_S):
            return f"{decoded} s decoded of {declared} s declared, and no warning"
        if self.case.is_whole and self.case.kind != "video" and decoded < 0.99 * _WHOLE_S:
            return f"{decoded} s decoded of a whole file, and no warning"
        ending = self.case.name.rpartition(".")[2]
        is_told = ending not in hostile_media.TELLS_NO_LENGTH
        if self.case.kind == "tail-cut" and is_told and decoded < 0.97 * _WHOLE_S:
            return f"{decoded} s decoded of a file whose end was cut off, and no warning"
        return None


@dataclass(slots=True)
class Trial:
    """All batches of a run."""

    scratch: Path
    results: list[Result] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def run(self, cases: Sequence[Case]) -> None:
        """Every case, a batch at a time."""
        for number, batch in enumerate(_batches(cases)):
            root = self.scratch / f"batch-{number:03d}"
            for folder in ("audio", "output"):
                (root / folder).mkdir(parents=True)
            (root / "shownotes.toml").write_text(_SETTINGS, encoding="utf-8")
            waiting: list[Case] = []
            for case in batch:
                try:
                    case.make(root / "audio" / case.name)
                except (OSError, ValueError):
                    # A file system that does not take this name or kind.
                    continue
                waiting.append(case)
            self._work(root, waiting)
            self._look_for_marks(root)
            if not any(result.fault() for result in self.results[-len(batch) :]):
                shutil.rmtree(root)

    def _work(self, root: Path, cases: Sequence[Case]) -> None:
        """A worker for the batch; another one when it dies."""
        left = list(cases)
        while left:
            before = len(left)
            with Worker(root, [case.name for case in left]) as worker:
                for told in worker.answers():
                    self.results.append(Result(left.pop(0), told))
            if len(left) == before:
                self.faults.append(f"{root}: the worker does not start")
                return

    def _look_for_marks(self, root: Path) -> None:
        """What was read outside would stand in what was written inside."""
        for path in (root / "output").rglob("*"):
            if path.is_file() and path.suffix not in (".wav", ".mp3") and MARK in path.read_bytes():
                self.faults.append(f"{path} holds what stands in a file outside")


def _batches(cases: Sequence[Case]) -> Iterator[list[Case]]:
    """Forty at a time; no two of a batch under names that a file system may hold for one."""
    batch: list[Case] = []
    names: set[str] = set()
    for case in cases:
        stem = case.name.rpartition(".")[0].casefold()
        if len(batch) == _BATCH or stem in names:
            yield batch
            batch, names = [], set()
        batch.append(case)
        names.add(stem)
    yield batch


class Worker:
    """A process that takes files one after the other and tells of each."""

    def __init__(self, root: Path, names: Sequence[str]) -> None:
        self._root, self._names = root, names
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def __enter__(self) -> "Worker":
        command = [sys.executable, "-m", "tests.torture.media_worker", str(self._root)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii"
        )
        assert self._process.stdin is not None
        json.dump(self._names, self._process.stdin)
        self._process.stdin.close()
        threading.Thread(target=self._forward, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _forward(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put(None)

    def answers(self) -> Iterator[dict[str, Any]]:
        """One a file, in order; the last one is made here when the worker died or hung over it."""
        for _ in self._names:
            began = time.monotonic()
            try:
                line = self._lines.get(timeout=DEADLINE_S + 60)
            except queue.Empty:
                yield _made_here("hung", began, f"no answer for {DEADLINE_S + 60:.0f} s")
                return
            if line is None:
                self._process.wait()
                yield _made_here("died", began, f"exit status {self._process.returncode}")
                return
            yield json.loads(line)


def _made_here(state: str, began: float, message: str) -> dict[str, Any]:
    took_s = time.monotonic() - began
    return {"state": state, "message": message, "took_s": took_s, "peak_bytes": 0}


def run(told: Arguments, scratch: Path) -> Outcomes:
    """Try so many files, and watch what they reach for outside."""
    outcomes = Outcomes(PART, told)
    with Canaries(scratch / "outside") as canaries:
        trial = Trial(scratch)
        trial.run(hostile_media.cases(told.count, told.seed, canaries.canary))
        for fault in (*trial.faults, *canaries.touched()):
            outcomes.fail(fault)
    for result in trial.results:
        fault = result.fault()
        if fault is None:
            outcomes.count(result.outcome)
        else:
            outcomes.fail(f"[{result.case.kind}] {result.case.name[:80]!a}: {fault}")
        if "walked" in result.told:
            outcomes.count(f"walked to the end: {result.told['walked']}")
    _report_extremes(trial.results)
    return outcomes


def _report_extremes(results: Sequence[Result]) -> None:
    slowest = max(results, key=lambda r: float(r.told["took_s"]))
    largest = max(results, key=lambda r: int(r.told["peak_bytes"]))
    print(f"  slowest {slowest.told['took_s']:.1f} s, {slowest.case.name[:60]!a}")
    print(f"  most memory {largest.told['peak_bytes'] / 1e6:.0f} MB, {largest.case.name[:60]!a}")


def main() -> None:
    """The whole part."""
    scratch = Path(tempfile.mkdtemp(prefix="torture-media-"))
    with run(arguments(PART, count=COUNT), scratch) as outcomes:
        if outcomes.failures:
            print(f"  the files are kept in {scratch}")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
