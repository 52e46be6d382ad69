"""Files cut anywhere, filled with zeros, padded, tagged: what their containers give away."""

import random
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from shownotes.adapters.wholeness import find_fault
from tests.audio_files import RATE_HZ, noise, picture, video, write

# Endings that the program's own encoder writes.
OURS = ("mp3", "m4a", "wav", "flac", "opus", "ogg")
# Others, with the codec that goes into them.
OTHERS = {
    "aiff": "pcm_s16be",
    "w64": "pcm_s16le",
    "caf": "pcm_s16le",
    "avi": "pcm_s16le",
    "mov": "aac",
    "mka": "aac",
    "webm": "libopus",
    "ts": "aac",
    "m2ts": "aac",
    "aac": "aac",
    "mp2": "mp2",
    "wv": "wavpack",
}
# Where zeros are silence, a short end of them says nothing.
PCM = ("wav", "aiff", "w64", "caf", "avi")


def encode_other(path: Path, codec: str) -> Path:
    samples = noise(6.0, rate_hz=48_000)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=48_000)
        stream.layout = "mono"
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=48_000, frame_size=stream.frame_size or 1024
        )
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A whole file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    samples = noise(6.0)
    made = {e: write(folder / f"a.{e}", samples, title="A title").read_bytes() for e in OURS}
    return made | {e: encode_other(folder / f"a.{e}", c).read_bytes() for e, c in OTHERS.items()}


def fault_of(folder: Path, data: bytes, ending: str) -> Any:
    path = folder / f"b.{ending}"
    path.write_bytes(data)
    return find_fault(path)


@pytest.mark.parametrize("ending", [*OURS, *OTHERS])
def test_whole_files_have_no_fault(whole: dict[str, bytes], tmp_path: Path, ending: str) -> None:
    assert fault_of(tmp_path, whole[ending], ending) is None


@pytest.mark.parametrize("ending", [*OURS, *OTHERS])
def test_a_file_cut_off_anywhere_shows_it(
    whole: dict[str, bytes], tmp_path: Path, ending: str
) -> None:
    data, places = whole[ending], random.Random(ending)
    cuts = [places.randrange(len(data)) for _ in range(25)]
    seen = [fault_of(tmp_path, data[:cut], ending) is not None for cut in cuts]
    # A chain of frames or packets that promises nothing may be cut between two of them.
    assert sum(seen) >= (23 if ending in ("aac", "mp2", "ts", "m2ts") else 25)


@pytest.mark.parametrize("ending", [*OURS, *OTHERS])
def test_a_file_of_full_size_that_is_not_filled_yet_shows_it(
    whole: dict[str, bytes], tmp_path: Path, ending: str
) -> None:
    data = whole[ending]
    for share in (0.0, 0.1, 0.5, 0.8):
        filled = round(len(data) * share)
        fault = fault_of(tmp_path, data[:filled] + bytes(len(data) - filled), ending)
        assert fault is not None
        assert fault.is_sure or ending in PCM


def test_a_hole_at_the_end_shows_whatever_the_format(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    data = write(tmp_path / "whole.wav", noise(5.0)).read_bytes()
    with path.open("wb") as file:
        file.write(data[: len(data) - 20_000])
        file.truncate(len(data))
    # A disk that cannot tell holes from zeros sees half a second of silence, which may be.
    fault = find_fault(path)
    assert fault is not None
    assert fault.is_sure


def test_a_programme_that_fades_to_silence_is_whole(tmp_path: Path) -> None:
    faded = noise(20.0) * np.linspace(1.0, 0.0, 20 * RATE_HZ, dtype=np.float32)
    silence = np.zeros(RATE_HZ, np.float32)
    assert find_fault(write(tmp_path / "a.wav", np.concatenate([faded, silence]))) is None


@pytest.mark.parametrize(
    ("sound", "silence_s"),
    [
        # It breaks off, as in a file of full size that is filled from its beginning.
        (noise(20.0), 0.01),
        # It is silent for so long.
        (noise(20.0) * np.linspace(1.0, 0.0, 20 * RATE_HZ, dtype=np.float32), 12.0),
    ],
)
def test_silence_that_may_be_a_copys_is_doubted(
    tmp_path: Path, sound: Any, silence_s: float
) -> None:
    silence = np.zeros(round(silence_s * RATE_HZ), np.float32)
    fault = find_fault(write(tmp_path / "b.wav", np.concatenate([sound, silence])))
    assert fault is not None
    assert not fault.is_sure


def test_an_mp3_that_is_not_filled_to_its_very_end_shows_it(
    whole: dict[str, bytes], tmp_path: Path
) -> None:
    bare = whole["mp3"].replace(b"Info", b"\0\0\0\0").replace(b"Xing", b"\0\0\0\0")
    assert fault_of(tmp_path, bare[:-1000] + bytes(1000), "mp3").is_sure


@pytest.mark.parametrize("claimed", [0, 0xFFFF_FFFF])
def test_a_wav_that_was_streamed_promises_nothing(tmp_path: Path, claimed: int) -> None:
    data = bytearray(write(tmp_path / "a.wav", noise(2.0)).read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = data[4:8] = struct.pack("<I", claimed)
    assert fault_of(tmp_path, bytes(data), "wav") is None


def test_a_long_wav_is_measured_by_its_own_chunk(whole: dict[str, bytes], tmp_path: Path) -> None:
    plain = whole["wav"]
    sizes = struct.pack("<QQQI", len(plain) - 8 + 36, len(plain) - 44, 0, 0)
    long = b"RF64" + b"\xff" * 4 + b"WAVEds64" + struct.pack("<I", 28) + sizes + plain[12:]
    at = long.index(b"data") + 4
    long = long[:at] + b"\xff" * 4 + long[at + 4 :]
    assert fault_of(tmp_path, long, "wav") is None
    assert fault_of(tmp_path, long[:-1000], "wav").is_sure


@pytest.mark.parametrize(
    "tail",
    [
        b"TAG" + b"x" * 125,
        b"TAG" + bytes(125),
        b"APETAGEX" + b"x" * 90,
        b"LYRICSBEGIN and so on",
        b"junk at the end",
    ],
)
def test_what_follows_the_last_frame_of_an_mp3_is_no_cut(
    whole: dict[str, bytes], tmp_path: Path, tail: bytes
) -> None:
    assert fault_of(tmp_path, whole["mp3"] + tail, "mp3") is None


def test_an_mp3_without_promise_shows_its_torn_frame(
    whole: dict[str, bytes], tmp_path: Path
) -> None:
    bare = whole["mp3"].replace(b"Info", b"\0\0\0\0").replace(b"Xing", b"\0\0\0\0")
    assert fault_of(tmp_path, bare, "mp3") is None
    assert fault_of(tmp_path, bare[:-100], "mp3").is_sure


@pytest.mark.parametrize("ending", [e for e in (*OURS, *OTHERS) if e not in PCM])
def test_the_last_bytes_missing_of_a_file_of_full_size_are_seen(
    whole: dict[str, bytes], tmp_path: Path, ending: str
) -> None:
    data = whole[ending]
    for missing in (100, 300, 1000):
        fault = fault_of(tmp_path, data[:-missing] + bytes(missing), ending)
        assert fault is not None


def test_a_flac_of_unknown_length_is_judged_by_its_last_frame(
    whole: dict[str, bytes], tmp_path: Path
) -> None:
    data = bytearray(whole["flac"])
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    assert fault_of(tmp_path, bytes(data), "flac") is None
    assert fault_of(tmp_path, bytes(data) + b"TAG" + b"x" * 125, "flac") is None
    assert fault_of(tmp_path, bytes(data[:-50]), "flac").is_sure


def test_an_mp4_with_room_at_its_end_is_whole(whole: dict[str, bytes], tmp_path: Path) -> None:
    free = struct.pack(">I4s", 20_008, b"free") + bytes(20_000)
    assert fault_of(tmp_path, whole["m4a"] + free, "m4a") is None


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


@pytest.mark.parametrize(
    "extra",
    [
        # As QuickTime writes what it knows of a file, and as iTunes does, with room to spare.
        box(b"meta", box(b"hdlr", b"\1" * 24) + box(b"keys", b"\1" * 8)),
        box(b"udta", box(b"name", b"a name") + bytes(4)),
        box(b"udta", box(b"meta", bytes(4) + box(b"ilst", b"\1" * 9) + box(b"free", bytes(500)))),
    ],
)
def test_an_index_that_ends_in_what_programs_know_of_a_file_is_whole(
    whole: dict[str, bytes], tmp_path: Path, extra: bytes
) -> None:
    data = whole["m4a"]
    at = data.index(b"moov") - 4
    moov = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    grown = box(b"moov", moov[8:] + extra)
    assert fault_of(tmp_path, data.replace(moov, grown), "m4a") is None
    torn = grown[: -len(extra) - 40] + bytes(len(extra) + 40)
    assert fault_of(tmp_path, data.replace(moov, torn), "m4a").is_sure


def test_a_video_cut_off_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    video(path, sound=noise(2.0))
    assert find_fault(path) is None
    path.write_bytes(path.read_bytes()[:-500])
    fault = find_fault(path)
    assert fault is not None


def test_what_is_no_audio_is_not_waited_for(tmp_path: Path) -> None:
    picture(tmp_path / "a.mp3")
    assert find_fault(tmp_path / "a.mp3") is None
    for seed in range(200):
        noise_of_bytes = random.Random(seed).randbytes(3000)
        assert fault_of(tmp_path, noise_of_bytes, "mp3") is None
    (tmp_path / "b.mp3").write_text("hello, this is a text and no audio. " * 20)
    assert find_fault(tmp_path / "b.mp3") is None


@pytest.mark.parametrize("size", [0, 1, 63])
def test_an_empty_file_is_waited_for(tmp_path: Path, size: int) -> None:
    assert fault_of(tmp_path, b"x" * size, "mp3").is_sure


def test_whatever_the_bytes_nothing_breaks(whole: dict[str, bytes], tmp_path: Path) -> None:
    rng = random.Random(7)
    for ending, data in whole.items():
        for _ in range(20):
            torn = bytearray(data[: rng.randrange(1, 4000)] + data[-rng.randrange(1, 4000) :])
            for _ in range(rng.randrange(1, 200)):
                torn[rng.randrange(len(torn))] = rng.randrange(256)
            fault_of(tmp_path, bytes(torn), ending)
    for size in (64, 65, 100, 1000, 70_000):
        for _ in range(100):
            fault_of(tmp_path, rng.randbytes(size), "bin")
