import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shownotes.adapters.encoding import encode
from shownotes.adapters.peaks import PEAKS_A_SECOND, Peaks, read_peaks
from shownotes.adapters.store import EpisodeFolder
from shownotes.errors import NoAudioError
from shownotes.model import AudioFile, Episode, Metadata
from shownotes.settings import Settings
from shownotes.steps.step import Walk
from tests.audio_files import noise

RATE_HZ = 16_000
AUDIO, WAV, KEPT = "audio/a.wav", "work/audio.wav", "work/peaks.bin"


def steps(*levels: float) -> np.ndarray:
    """A second of full cycles at each level."""
    wave = np.sin(2 * np.pi * 400 * np.arange(RATE_HZ) / RATE_HZ)
    return np.concatenate([level * wave for level in levels]).astype(np.float32)


def lay_out(root: Path, samples: np.ndarray, *, with_working_audio: bool = True) -> Walk:
    folder = EpisodeFolder(root / "output" / "a")
    (folder.path / "work").mkdir(parents=True)
    (root / "audio").mkdir()
    encode(samples, root / AUDIO, sample_rate_hz=RATE_HZ)
    if with_working_audio:
        encode(samples, folder.path / WAV, sample_rate_hz=RATE_HZ)
    version = AudioFile(
        path=AUDIO,
        size_bytes=1,
        modified_ns=1,
        inode=1,
        packets_sha256="one",
        container="wav",
        codec="pcm_s16le",
        channels=1,
        sample_rate_hz=RATE_HZ,
        decoded_s=1.0,
        declared_s=None,
    )
    episode = Episode(
        id="0" * 32,
        key="k",
        folder="a",
        metadata=Metadata(),
        versions=(version,),
        working_audio=WAV,
    )
    folder.write("episode.json", episode)
    return Walk(folder=folder, settings=Settings(root=root))


def test_a_peak_is_the_loudest_of_its_twentieth_of_a_second(tmp_path: Path) -> None:
    peaks = read_peaks(lay_out(tmp_path, steps(0.0, 0.25, 0.5, 1.0)))
    assert len(peaks) == 4 * PEAKS_A_SECOND
    for second, level in enumerate((0.0, 0.25, 0.5, 1.0)):
        part = peaks[second * PEAKS_A_SECOND : (second + 1) * PEAKS_A_SECOND]
        assert all(abs(value - 255 * level) <= 1 for value in part)


@pytest.mark.parametrize("size", [7, 799, 801, 16_000, 10**6])
def test_pieces_of_any_size_give_the_same_peaks(size: int) -> None:
    samples = (noise(2.03, rate_hz=RATE_HZ) * 32767).astype(np.int16)
    padded = np.zeros(-(-samples.size // 800) * 800, np.int32)
    padded[: samples.size] = samples
    loudest = np.abs(padded.reshape(-1, 800)).max(axis=1)
    peaks = Peaks()
    for at in range(0, samples.size, size):
        peaks.hear(samples[at : at + size])
    told = np.frombuffer(peaks.finish(), np.uint8)
    assert np.array_equal(told, (loudest * 255 + 16384) // 32768)


def test_the_lowest_sample_is_full_scale() -> None:
    peaks = Peaks()
    peaks.hear(np.full(800, -32768, np.int16))
    assert peaks.finish() == b"\xff"
    assert Peaks().finish() == b""


def test_they_are_kept_and_read_again(tmp_path: Path) -> None:
    walk = lay_out(tmp_path, noise(3.0, rate_hz=RATE_HZ))
    peaks = read_peaks(walk)
    kept = walk.folder.path / KEPT
    before = kept.stat().st_mtime_ns
    assert read_peaks(walk) == peaks
    assert kept.stat().st_mtime_ns == before


def test_other_working_audio_has_other_peaks(tmp_path: Path) -> None:
    walk = lay_out(tmp_path, steps(0.25))
    read_peaks(walk)
    encode(steps(1.0), walk.folder.path / WAV, sample_rate_hz=RATE_HZ)
    os.utime(walk.folder.path / WAV, ns=(1, 1))
    assert max(read_peaks(walk)) >= 254


def test_a_new_export_has_other_peaks(tmp_path: Path) -> None:
    walk = lay_out(tmp_path, steps(0.25), with_working_audio=False)
    assert max(read_peaks(walk)) < 70
    encode(steps(1.0), tmp_path / AUDIO, sample_rate_hz=RATE_HZ)
    episode = walk.folder.read("episode.json", Episode)
    version = replace(episode.versions[0], packets_sha256="other")
    walk.folder.write("episode.json", replace(episode, versions=(version,)))
    assert max(read_peaks(walk)) >= 254


def test_without_working_audio_the_audio_itself_is_decoded(tmp_path: Path) -> None:
    samples = noise(3.0, rate_hz=RATE_HZ)
    whole = read_peaks(lay_out(tmp_path / "with", samples))
    alone = read_peaks(lay_out(tmp_path / "without", samples, with_working_audio=False))
    assert alone == whole


def test_without_any_audio_it_says_so(tmp_path: Path) -> None:
    walk = lay_out(tmp_path, steps(0.5), with_working_audio=False)
    (tmp_path / AUDIO).unlink()
    with pytest.raises(NoAudioError, match=r"audio/a\.wav"):
        read_peaks(walk)
    episode = walk.folder.read("episode.json", Episode)
    walk.folder.write("episode.json", replace(episode, versions=()))
    with pytest.raises(NoAudioError, match="transcript"):
        read_peaks(walk)


@pytest.mark.parametrize("text", [b"", b"{}", b"not json\nxx", b'{"format": "other"}\nxx'])
def test_a_torn_file_is_made_again(tmp_path: Path, text: bytes) -> None:
    walk = lay_out(tmp_path, steps(0.5))
    peaks = read_peaks(walk)
    (walk.folder.path / KEPT).write_bytes(text)
    assert read_peaks(walk) == peaks


def test_memory_is_flat(tmp_path: Path) -> None:
    walk = lay_out(tmp_path, np.zeros(RATE_HZ * 600, np.float32))
    read_peaks(walk)
    (walk.folder.path / KEPT).unlink()
    tracemalloc.start()
    read_peaks(walk)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Ten minutes are 19 MB.
    assert most < 3_000_000
