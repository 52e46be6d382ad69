from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shownotes.adapters.recording import scan
from shownotes.adapters.stretches import FADE_IN_S, FADE_OUT_S, read_stretch, write_clip
from tests.audio_files import RATE_HZ, clicks, noise, tone, write

# A click at every odd second.
CLICKS = 0.6 * clicks(*range(1, 60, 2), duration=60.0) + 0.02 * noise(60.0)


def encoded(path: Path, samples: NDArray[np.float32], **options: str) -> Path:
    """An MP3 with options that `encode` does not have."""
    seek_table = {"write_xing": options.pop("write_xing", "1")}
    with av.open(str(path), "w", options=seek_table) as container:
        stream: Any = container.add_stream("libmp3lame", rate=RATE_HZ)
        stream.layout = "mono"
        stream.codec_context.options = options
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def variable(path: Path, samples: NDArray[np.float32]) -> Path:
    return encoded(path, samples, flags="+qscale", global_quality=str(4 * 118))


def click_in(path: Path, start: float) -> float:
    """When the click of a stretch comes, in seconds of the file."""
    stretch = read_stretch(path, start=start, end=start + 1.0)
    assert stretch.samples.shape[1] == stretch.sample_rate_hz
    loud = np.abs(stretch.samples[0].astype(float))
    return start + int(np.argmax(loud > loud.max() / 2)) / stretch.sample_rate_hz


@pytest.mark.parametrize("ending", ["mp3", "m4a", "opus", "flac", "wav"])
def test_a_stretch_is_where_it_was_asked_for(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a.{ending}", CLICKS)
    for start in (0.5, 20.5, 40.25, 58.5):
        expected = 2 * round((start - 0.5) / 2) + 1
        assert click_in(path, start) == pytest.approx(expected, abs=0.003)


def test_an_mp3_of_variable_bit_rate(tmp_path: Path) -> None:
    sound = CLICKS.copy()
    sound[: 20 * RATE_HZ] *= 0.0
    path = variable(tmp_path / "a.mp3", sound)
    assert not scan(path).is_constant_bit_rate
    for start in (20.5, 50.5):
        assert click_in(path, start) == pytest.approx(start + 0.5, abs=0.003)


def test_an_mp3_without_a_seek_table_keeps_its_own_beginning(tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", CLICKS, write_xing="0")
    # Nothing tells players to leave out what the encoder put before, in any place alike.
    assert click_in(path, 50.5) == pytest.approx(click_in(path, 0.5) + 50, abs=0.003)


def test_a_stretch_beyond_the_end(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp3", tone(5.0))
    assert not read_stretch(path, start=6.0, end=9.0).samples.size
    assert not read_stretch(path, start=3.0, end=2.0).samples.size
    length = read_stretch(path, start=4.0, end=9.0).samples.shape[1] / RATE_HZ
    assert length == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_clip_comes_and_goes_softly(tmp_path: Path, channels: int) -> None:
    sound = np.stack([tone(20.0, amplitude=0.5)] * channels)
    source = write(tmp_path / "a.flac", sound)
    clip = tmp_path / "clip.mp3"
    assert write_clip(source, clip, start=2.0, end=17.5, tags={"title": 'A "clip" 🎧', "album": ""})
    found = scan(clip)
    assert (found.channels, found.sample_rate_hz) == (channels, RATE_HZ)
    assert found.declared_s == pytest.approx(15.5, abs=0.03)
    assert found.tags["title"] == 'A "clip" 🎧'
    assert "album" not in found.tags
    heard = np.abs(read_stretch(clip, start=0.0, end=20.0).samples[0].astype(float))
    middle = heard[5 * RATE_HZ : 6 * RATE_HZ].max()
    fade_in, fade_out = round(FADE_IN_S * RATE_HZ), round(FADE_OUT_S * RATE_HZ)
    assert heard[: fade_in // 8].max() < 0.3 * middle
    assert heard[-fade_out // 8 :].max() < 0.2 * middle
    assert heard[-fade_out : -3 * fade_out // 4].max() > 0.6 * middle


def test_nothing_is_written_where_there_is_no_sound(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp3", tone(5.0))
    assert not write_clip(source, tmp_path / "clip.mp3", start=50.0, end=70.0, tags={})
    assert not (tmp_path / "clip.mp3").exists()
