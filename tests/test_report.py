"""What is made of measured figures."""

import sys
from typing import Any

import pytest

from benchmarks.measuring import CommandFailedError, Measured, measure, ratio, summary
from benchmarks.report import exponent, tables


def case(shape: str, minutes: float, ours: float, theirs: float) -> dict[str, Any]:
    mine = [Measured(ours, ours, 300.0, {"transcribe": 0.9 * ours, "start and end": 0.1 * ours})]
    bare = [Measured(theirs, theirs, 1000.0)]
    whats = ("wall_s", "cpu_s", "peak_mb")
    return {
        "at": "2026-01-02 03:04",
        "machine": {
            "cores": 2,
            "processor": "P",
            "memory_gb": 1,
            "python": "3.11",
            "versions": {"numpy": "2"},
        },
        "case": {"shape": shape, "minutes": minutes},
        "sides": {"walk": summary(mine), "faster-whisper": summary(bare)},
        "failed": {"whisper-ctranslate2": "out of memory"},
        "ratios": {"faster-whisper": {what: ratio(mine, bare, what) for what in whats}},
    }


def test_a_missed_floor_is_bold_and_a_kept_one_is_not() -> None:
    kept = "\n".join(tables({"small-10": case("small", 10.0, 104.0, 100.0)}))
    assert "| 1.040 |" in kept
    assert "| it fails |" in kept
    # A tenth is not transcription, and a twenty-fifth may be.
    assert "**10.0%**" in kept
    missed = "\n".join(tables({"small-10": case("small", 10.0, 106.0, 100.0)}))
    assert "| **1.060** |" in missed
    memory = "\n".join(tables({"tiny-180": case("tiny", 180.0, 90.0, 100.0)}))
    assert "**0.30 (300 MB)**" in memory


def test_growth_is_fitted() -> None:
    assert exponent([(x, 3 * x**1.5) for x in (5.0, 30.0, 180.0)]) == pytest.approx(1.5)
    both = {f"tiny-{m:g}": case("tiny", m, 2 * m**1.1, 1.0) for m in (5.0, 30.0, 180.0)}
    assert "b = **1.100** for the whole walk" in "\n".join(tables(both))


def test_a_command_is_measured_with_what_it_starts() -> None:
    # 200 MB in a child of a child, and half a second of its processor.
    inner = "x = bytearray(200_000_000); import time; t = time.process_time()\n"
    inner += "while time.process_time() < t + 0.5: pass"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    measured = measure([sys.executable, "-c", outer])
    assert measured.peak_mb > 200
    assert measured.cpu_s >= 0.5
    with pytest.raises(CommandFailedError, match="no such thing"):
        measure([sys.executable, "-c", "raise SystemExit('no such thing')"])
