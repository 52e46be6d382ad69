from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shownotes.adapters.audio import WorkingAudio, decode, read_samples
from shownotes.adapters.levelling import (
    CEILING_DBTP,
    TARGET_LUFS,
    TOLERANCE_LU,
    level,
    measure,
)
from shownotes.adapters.recording import scan
from shownotes.errors import DiskFullError
from shownotes.model import Loudness
from tests.audio_files import clicks, first_click, noise, speech, tone, write


def levelled(source: Path, copy: Path) -> Loudness:
    before = measure(source)
    assert before is not None
    untouched = source.read_bytes()
    after = level(source, copy, before=before, tags={"title": 'A "title" 🎧'})
    assert source.read_bytes() == untouched
    assert after == measure(copy)
    return after


def peaky() -> NDArray[np.float32]:
    """Speech with a knock on the microphone every three seconds."""
    samples = np.tile(speech(), 2) * 0.05
    samples[16_000::48_000] = 0.9
    return samples.astype(np.float32)


SOUNDS = {
    "quiet speech that needs a limiter": (speech() * 0.1, 16_000),
    "knocks": (peaky(), 16_000),
    "loud noise": (noise(6.0), 44_100),
    "a quiet tone": (tone(6.0, amplitude=0.01), 44_100),
    "stereo": (np.stack([noise(5.0), 0.1 * noise(5.0, seed=2)]), 44_100),
    "eight kilohertz": (noise(5.0, rate_hz=8_000), 8_000),
    "a rate that MP3 has not": (noise(3.0, rate_hz=96_000), 96_000),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_the_copy_is_as_loud_as_asked_and_no_peak_too_high(tmp_path: Path, name: str) -> None:
    sound, rate_hz = SOUNDS[name]
    after = levelled(write(tmp_path / "a.wav", sound, rate_hz=rate_hz), tmp_path / "copy.mp3")
    assert after.integrated_lufs == pytest.approx(TARGET_LUFS, abs=TOLERANCE_LU + 0.05)
    assert after.true_peak_dbtp <= CEILING_DBTP
    found = scan(tmp_path / "copy.mp3")
    assert found.channels == np.atleast_2d(sound).shape[0]
    assert found.tags["title"] == 'A "title" 🎧'


def test_gain_alone_changes_nothing_else(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", noise(5.0))
    before = measure(source)
    after = levelled(source, tmp_path / "copy.mp3")
    assert before is not None
    lowered = after.integrated_lufs - before.integrated_lufs
    assert lowered < 0
    assert after.true_peak_dbtp - before.true_peak_dbtp == pytest.approx(lowered, abs=1.0)
    assert after.range_lu == pytest.approx(before.range_lu, abs=0.2)


def test_what_a_limiter_cannot_bring_together_stays_below_the_target(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", clicks(1.0, 2.0, 3.0, duration=5.0))
    after = levelled(source, tmp_path / "copy.mp3")
    assert after.integrated_lufs < TARGET_LUFS - 5
    assert after.true_peak_dbtp <= CEILING_DBTP


def test_a_limited_copy_begins_where_the_original_does(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", clicks(1.25, duration=3.0))
    levelled(source, tmp_path / "copy.mp3")
    decode(tmp_path / "copy.mp3", [WorkingAudio(tmp_path / "w.wav")])
    heard = read_samples(tmp_path / "w.wav", start=0, end=9)
    assert first_click(heard) == pytest.approx(1.25, abs=0.005)
    assert len(heard) / 16_000 == pytest.approx(3.0, abs=0.01)


def test_silence_measures_nothing(tmp_path: Path) -> None:
    assert measure(write(tmp_path / "a.wav", np.zeros(44_100, np.float32))) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", noise(5.0))
    before = measure(source)
    assert before is not None
    (tmp_path / "full.mp3").symlink_to("/dev/full")
    with pytest.raises(DiskFullError, match="Free some space"):
        level(source, tmp_path / "full.mp3", before=before, tags={})
