from pathlib import Path

import numpy as np
import pytest

from shownotes.adapters.audio import decode
from shownotes.adapters.loudness import LoudnessMeter
from shownotes.model import Loudness
from tests.audio_files import tone, write


def measured(path: Path) -> Loudness | None:
    meter = LoudnessMeter()
    decode(path, [meter])
    return meter.loudness()


def test_the_ebu_test_signal(tmp_path: Path) -> None:
    # EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS measures -23 LUFS within 0.1 LU.
    sine = tone(20.0, amplitude=10 ** (-23 / 20), rate_hz=48_000)
    path = write(tmp_path / "ebu.wav", np.stack([sine, sine]), rate_hz=48_000)
    loudness = measured(path)
    assert loudness is not None
    assert loudness.integrated_lufs == pytest.approx(-23.0, abs=0.1)
    assert loudness.true_peak_dbtp == pytest.approx(-23.0, abs=0.2)
    assert loudness.range_lu == pytest.approx(0.0, abs=0.1)


def test_louder_by_six_decibels_is_six_units_louder(tmp_path: Path) -> None:
    soft = measured(write(tmp_path / "a.mp3", tone(10.0, amplitude=0.1)))
    loud = measured(write(tmp_path / "b.mp3", tone(10.0, amplitude=0.2)))
    assert soft is not None
    assert loud is not None
    assert loud.integrated_lufs - soft.integrated_lufs == pytest.approx(6.0, abs=0.2)


@pytest.mark.parametrize("seconds", [0.2, 10.0])
def test_silence_has_no_loudness(tmp_path: Path, seconds: float) -> None:
    path = write(tmp_path / "a.wav", np.zeros(round(seconds * 44_100), np.float32))
    assert measured(path) is None


def test_nothing_heard_has_no_loudness() -> None:
    meter = LoudnessMeter()
    meter.finish()
    assert meter.loudness() is None
