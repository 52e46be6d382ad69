import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shownotes.adapters import clips
from shownotes.adapters.encoding import encode
from shownotes.adapters.recording import scan
from tests.audio_files import tone

RATE_HZ = 16_000


def piece(seconds: float = 2.0, amplitude: float = 0.25) -> clips.AudioSegment:
    return clips.from_samples(tone(seconds, amplitude=amplitude, rate_hz=RATE_HZ))


def test_samples_go_in_and_come_out() -> None:
    samples = (tone(1.0, rate_hz=RATE_HZ) * 32767).astype(np.int16)
    assert np.array_equal(clips.to_samples(clips.from_samples(samples)), samples)


def test_cut() -> None:
    cut = clips.cut(piece(), start=0.5, end=1.25)
    assert len(clips.to_samples(cut)) == 0.75 * RATE_HZ


def test_fades_begin_and_end_in_silence() -> None:
    samples = clips.to_samples(clips.fade(piece(), fade_in_s=0.5, fade_out_s=9.0))
    loud = np.abs(samples.astype(float))
    assert loud[:100].max() < 200
    assert loud[-100:].max() < 200
    assert loud[8_000:9_000].max() > 3_000


def test_level() -> None:
    assert clips.level_to(piece(), level_dbfs=-20.0).dBFS == pytest.approx(-20.0, abs=0.1)
    silence = clips.from_samples(np.zeros(RATE_HZ, np.int16))
    assert not clips.to_samples(clips.level_to(silence, level_dbfs=-20.0)).any()


def test_join_with_a_crossfade() -> None:
    joined = clips.join([piece(2.0), piece(1.0), piece(1.0)], crossfade_s=0.25)
    assert len(clips.to_samples(joined)) / RATE_HZ == pytest.approx(3.5, abs=0.002)
    with pytest.raises(ValueError, match="longer than the shortest"):
        clips.join([piece(2.0), piece(0.2)], crossfade_s=0.25)
    with pytest.raises(ValueError, match="no pieces"):
        clips.join([])


def test_a_whole_episode_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 600 s"):
        clips.from_samples(np.zeros(601 * RATE_HZ, np.int16))
    with pytest.raises(ValueError, match="mono"):
        clips.from_samples(np.zeros((2, RATE_HZ), np.int16))


def test_a_clip_becomes_a_file_without_an_ffmpeg_program(tmp_path: Path) -> None:
    clip = clips.fade(clips.cut(piece(), start=0.0, end=1.0), fade_out_s=0.1)
    encode(clips.to_samples(clip), tmp_path / "clip.mp3")
    assert scan(tmp_path / "clip.mp3").length_s == pytest.approx(1.0, abs=0.1)


def test_importing_says_nothing_even_with_warnings_as_errors() -> None:
    command = [sys.executable, "-W", "error", "-c", "import shownotes.adapters.clips"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
