"""Separate tracks on one clock, the mix among them, and who speaks through the leak."""

import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shownotes.adapters.pauses import SpeechDetector
from shownotes.adapters.tracks import (
    FRAME_S,
    Placement,
    find_mix,
    find_placement,
    find_speech,
    length_of,
    measure_levels,
    place_levels,
    write_placed,
    write_sum,
)
from shownotes.model import Span, Word
from tests.adapters.test_voices import RATE_HZ, THREE, talk

# Where the tracks begin on the mix's timeline, in seconds, and how their clocks run.
CLOCKS = ((-1.7, 1e-4), (-0.4, -6e-5), (-3.2, 2e-5))
Rows = NDArray[np.float32]


def write_wav(path: Path, samples: Rows) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    return path


@dataclass(frozen=True)
class Recorded:
    """Tracks and mix of a talk of three, with what is true about them."""

    tracks: list[Path]
    mix: Path
    words: list[Word]
    speakers: list[int]


def record(folder: Path, leak: float) -> Recorded:
    """Everybody near their own microphone, the others `leak` times as loud, clocks apart."""
    samples, words, speakers = talk(THREE, 12)
    own = np.zeros((3, len(samples)), np.float32)
    for word, who in zip(words, speakers, strict=True):
        span = slice(max(0, int((word.start - 0.05) * RATE_HZ)), int((word.end + 0.05) * RATE_HZ))
        own[who, span] = samples[span]
    rng = np.random.default_rng(1)
    tracks = []
    for number, (offset, drift) in enumerate(CLOCKS):
        late = np.roll(own.sum(axis=0) - own[number], 48)
        heard = own[number] + leak * late + rng.normal(0, 0.0005, len(samples))
        count = int((len(samples) / RATE_HZ - offset) / (1 + drift) * RATE_HZ)
        times = offset + (1 + drift) * np.arange(count) / RATE_HZ
        placed = np.interp(times * RATE_HZ, np.arange(len(heard)), heard, left=0, right=0)
        # Microphones are set to different levels.
        level = (0.4, 1.0, 0.7)[number]
        tracks.append(write_wav(folder / f"{number}.wav", (level * placed).astype(np.float32)))
    mix = write_wav(folder / "mix.wav", 0.8 * own.sum(axis=0))
    return Recorded(tracks, mix, words, speakers)


def hear(path: Path) -> tuple[Span, ...]:
    detector = SpeechDetector()
    with wave.open(str(path), "rb") as file:
        detector.hear(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
    return detector.finish()


def share_right(recorded: Recorded, speech: list[tuple[Span, ...]]) -> float:
    """Share of words that lie in their own speaker's speech, and in nobody else's."""

    def cover(word: Word, spans: tuple[Span, ...]) -> float:
        inside = sum(max(0.0, min(s.end, word.end) - max(s.start, word.start)) for s in spans)
        return inside / (word.end - word.start)

    right = [
        [cover(word, spans) >= 0.5 for spans in speech] == [n == who for n in range(3)]
        for word, who in zip(recorded.words, recorded.speakers, strict=True)
    ]
    return sum(right) / len(right)


def test_tracks_are_placed_in_their_mix_by_offset_and_drift(tmp_path: Path) -> None:
    recorded = record(tmp_path, 0.0)
    for path, (offset, drift) in zip(recorded.tracks, CLOCKS, strict=True):
        found = find_placement(path, recorded.mix, measure_levels(path))
        assert found.is_found
        for time in (0.0, length_of(path)):
            assert found.to_other(time) == pytest.approx(offset + (1 + drift) * time, abs=0.01)


def test_without_a_mix_tracks_are_placed_by_what_leaks(tmp_path: Path) -> None:
    recorded = record(tmp_path, 0.15)
    first, second = recorded.tracks[:2]
    found = find_placement(second, first, measure_levels(second))
    assert found.is_found
    (offset, drift), (other, other_drift) = CLOCKS[:2]
    assert offset + (1 + drift) * found.to_other(5.0) == pytest.approx(
        other + (1 + other_drift) * 5.0, abs=0.02
    )


def test_what_is_not_in_a_recording_is_not_found_there(tmp_path: Path) -> None:
    samples, _, _ = talk(THREE[:1], 6)
    stranger = write_wav(tmp_path / "stranger.wav", samples[::-1].copy())
    recorded = record(tmp_path, 0.0)
    assert not find_placement(stranger, recorded.mix, measure_levels(stranger)).is_found
    silence = write_wav(tmp_path / "silence.wav", np.zeros(RATE_HZ * 20, np.float32))
    assert find_placement(silence, recorded.mix, measure_levels(silence)).tried == 0
    short = write_wav(tmp_path / "short.wav", samples[:RATE_HZ])
    assert not find_placement(short, recorded.mix, measure_levels(short)).is_found


@pytest.mark.parametrize("leak", [0.0, 0.15])
def test_the_mix_is_told_from_tracks_on_which_everybody_is_heard(
    tmp_path: Path, leak: float
) -> None:
    recorded = record(tmp_path, leak)
    files = [*recorded.tracks, recorded.mix]
    levels = [measure_levels(path) for path in files]
    found = find_mix(files, levels)
    assert found is not None
    assert found[0] == 3
    assert find_mix(files[:3], levels[:3]) is None
    assert find_mix(files[:1], levels[:1]) is None


@pytest.mark.parametrize("leak", [0.0, 0.15])
def test_everybody_speaks_on_their_own_track_only(tmp_path: Path, leak: float) -> None:
    recorded = record(tmp_path, leak)
    placements = [Placement(offset, drift) for offset, drift in CLOCKS]
    count = int(length_of(recorded.mix) / FRAME_S)
    levels = [
        place_levels(measure_levels(path), placement, count)
        for path, placement in zip(recorded.tracks, placements, strict=True)
    ]
    heard = [
        [Span(start=p.to_other(s.start), end=p.to_other(s.end)) for s in hear(path)]
        for path, p in zip(recorded.tracks, placements, strict=True)
    ]
    speech = find_speech(levels, heard)
    assert share_right(recorded, speech) >= 0.98
    assert all(a.end <= b.start for spans in speech for a, b in pairwise(spans))


def test_a_placed_track_lies_where_it_belongs_and_is_silent_elsewhere(tmp_path: Path) -> None:
    tone = np.sin(np.arange(4 * RATE_HZ) / 20).astype(np.float32) * 0.5
    track = write_wav(tmp_path / "tone.wav", tone)
    target = tmp_path / "placed.wav"
    write_placed(track, target, Placement(1.0), duration=6.0, speech=[Span(start=2.0, end=3.0)])
    with wave.open(str(target), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) == 6 * RATE_HZ
    assert not samples[: int(1.98 * RATE_HZ)].any()
    assert not samples[int(3.02 * RATE_HZ) :].any()
    inside = samples[int(2.2 * RATE_HZ) : int(2.8 * RATE_HZ)] / 32767
    assert inside == pytest.approx(tone[int(1.2 * RATE_HZ) : int(1.8 * RATE_HZ)], abs=0.001)


def test_the_sum_of_loud_tracks_does_not_overflow(tmp_path: Path) -> None:
    loud = write_wav(tmp_path / "loud.wav", np.full(RATE_HZ, 0.9, np.float32))
    target = tmp_path / "sum.wav"
    write_sum([(loud, Placement()), (loud, Placement(0.5))], target, duration=1.5)
    with wave.open(str(target), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert len(samples) == 1.5 * RATE_HZ
    assert samples.min() >= 0
    assert samples.max() <= 32_000
