"""What every part of `make torture` is told, and how it tells what came of it."""

import argparse
import random
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """How much is tried, and from which seed."""

    count: int
    seed: int
    minutes: float


def arguments(part: str, *, count: int, minutes: float = 15.0) -> Arguments:
    """Read the command line; says the seed first, so that a failure can be had again."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.torture.{part}")
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=minutes)
    told = parser.parse_args()
    print(f"{part}: seed {told.seed}", flush=True)
    return Arguments(count=told.count, seed=told.seed, minutes=told.minutes)


@dataclass
class Outcomes:
    """What came of each thing that was tried; the last line says how many failed.

    As a context it turns what escapes into a failure, and ends the process with 1 if there is any.
    """

    part: str
    arguments: Arguments
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    folder: Path | None = None

    def count(self, outcome: str, times: int = 1) -> None:
        """So many went well, in this way."""
        self.counts[outcome] += times

    def fail(self, what: str, content: str | bytes = "") -> None:
        """One did not; what it was made of is kept."""
        self.failures.append(what)
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix=f"torture-{self.part}-"))
        data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
        (self.folder / f"{len(self.failures):04d}").write_bytes(f"{what}\n\n".encode() + data)

    @property
    def tried(self) -> int:
        return sum(self.counts.values()) + len(self.failures)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception):
            told = "".join(traceback.format_exception(error))
            self.fail(repr(error)[:2000], told)
            print(told)
        for outcome, times in sorted(self.counts.items()):
            print(f"  {times:7d}  {outcome}")
        for what in self.failures[:20]:
            print(f"  FAILED   {what}")
        if self.folder is not None:
            print(f"  kept in {self.folder}")
        print(f"{self.part}: {self.tried} tried, {len(self.failures)} failures", flush=True)
        if self.failures and not isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise SystemExit(1) from error
