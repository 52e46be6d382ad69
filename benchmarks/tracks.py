"""Separate tracks and two channels: words with the right speaker, places on one clock.

    python benchmarks/tracks.py [--seed 1] [--hours 2]

Conversations of `benchmarks/speakers.py`, one track a person as recorders make them: everybody else
leaks in 12 to 20 dB below, later and through a room, or not at all; noise, levels 12 dB apart;
every track begins up to 20 s before the mix and its clock runs up to 0.01 % fast or slow. A word is
right when most of it lies in its own speaker's speech and not in that of somebody who does not
speak then. The mix must be found among the files, and none where there is none.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1])]

from benchmarks.speakers import RATE_HZ, Conversation, converse  # noqa: E402
from shownotes.adapters import tracks as product  # noqa: E402
from shownotes.adapters.audio import read_chunks  # noqa: E402
from shownotes.adapters.pauses import SpeechDetector  # noqa: E402
from shownotes.model import Span  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MIN_RIGHT, MAX_OFF_S = 0.99, 0.05
# Speakers, and how far below the others leak in, in decibels.
KINDS = ((2, None), (3, -18.0), (2, -14.0), (4, -20.0), (3, None), (3, -12.0))
LEAK_ROOM_S = 0.12
NEAR_S = 0.3
_CHUNK = 60 * RATE_HZ


def write_wav(path: Path, pieces: Sequence[NDArray[np.float32]]) -> Path:
    """16 bit mono, 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for piece in pieces:
            file.writeframes((piece * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    return path


def record(samples: NDArray[np.float32], path: Path, offset_s: float, drift: float) -> Path:
    """What a recorder with its own clock makes of sound on the mix's timeline."""
    count = int((len(samples) / RATE_HZ - offset_s) / (1 + drift) * RATE_HZ)

    def piece(first: int) -> NDArray[np.float32]:
        track = np.arange(first, min(first + _CHUNK, count)) / RATE_HZ
        at = (offset_s + (1 + drift) * track) * RATE_HZ
        low = max(0, int(at[0]) - 1)
        part = samples[low : max(low, int(at[-1]) + 2)]
        if not len(part):
            return np.zeros(len(track), np.float32)
        placed = np.interp(at - low, np.arange(len(part)), part, left=0, right=0)
        return placed.astype(np.float32)

    return write_wav(path, [piece(first) for first in range(0, count, _CHUNK)])


def leaked(
    samples: NDArray[np.float32], level_db: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A voice in somebody else's microphone: duller, later, through the room."""
    count = int(LEAK_ROOM_S * RATE_HZ)
    room = 0.12 * rng.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
    room[0] = 1.0
    size = len(samples) + count
    dull = np.convolve(samples, [0.25, 0.5, 0.25], "same")
    wet = np.fft.irfft(np.fft.rfft(dull, size) * np.fft.rfft(room, size), size)[: len(samples)]
    late = np.roll(wet, int(rng.uniform(0.002, 0.008) * RATE_HZ))
    return (late * 10 ** (level_db / 20)).astype(np.float32)


def make_tracks(
    talk: Conversation, folder: Path, leak_db: float | None, rng: np.random.Generator
) -> tuple[list[Path], list[tuple[float, float]], Path]:
    """Tracks, their true offsets and drifts, and the mix."""
    clocks = [(float(rng.uniform(-20, -0.2)), float(rng.uniform(-1e-4, 1e-4))) for _ in talk.own]
    paths = []
    for number, own in enumerate(talk.own):
        heard = own.copy()
        for other, voice in enumerate(talk.own):
            if leak_db is not None and other != number:
                heard += leaked(voice, leak_db + float(rng.uniform(-3, 3)), rng)
        heard += rng.standard_normal(len(heard)) * 10 ** (rng.uniform(-75, -50) / 20)
        heard *= 10 ** (rng.uniform(-9, 3) / 20)
        paths.append(record(heard, folder / f"{number}.wav", *clocks[number]))
    mix = sum(own * 10 ** (rng.uniform(-3, 3) / 20) for own in talk.own)
    mix = np.asarray(mix / max(1.0, float(np.abs(mix).max())), np.float32)
    return paths, clocks, write_wav(folder / "mix.wav", [mix])


def hear(path: Path) -> tuple[Span, ...]:
    """Where anybody's speech is heard."""
    detector = SpeechDetector()
    for chunk in read_chunks(path):
        detector.hear(chunk)
    return detector.finish()


def find_speech(
    paths: Sequence[Path], placements: Sequence[product.Placement], duration: float
) -> list[tuple[Span, ...]]:
    """As the product does it."""
    count = int(duration / product.FRAME_S)
    levels = [
        product.place_levels(product.measure_levels(path), placement, count)
        for path, placement in zip(paths, placements, strict=True)
    ]
    heard = [
        [Span(start=p.to_other(s.start), end=p.to_other(s.end)) for s in hear(path)]
        for path, p in zip(paths, placements, strict=True)
    ]
    return product.find_speech(levels, heard)


def share_right(talk: Conversation, speech: Sequence[Sequence[Span]]) -> float:
    """Share of words that lie with their speaker, and with nobody who does not speak then."""

    def cover(start: float, end: float, spans: Sequence[Span]) -> float:
        inside = sum(max(0.0, min(s.end, end) - max(s.start, start)) for s in spans)
        return inside / max(0.01, end - start)

    right = 0
    for word, who in zip(talk.words, talk.speakers, strict=True):
        speaking = {
            number
            for start, end, number in talk.turns
            if start < word.end + NEAR_S and end > word.start - NEAR_S
        }
        right += cover(word.start, word.end, speech[who]) >= 0.5 and not any(
            cover(word.start, word.end, spans) >= 0.5
            for number, spans in enumerate(speech)
            if number not in speaking | {who}
        )
    return right / len(talk.words)


def panned_share(talk: Conversation, leak: float) -> float:
    """The same of two channels, each leaking into the other."""
    with tempfile.TemporaryDirectory() as folder:
        channels = [
            talk.own[0] + leak * talk.own[1],
            talk.own[1] + leak * talk.own[0],
        ]
        paths = [write_wav(Path(folder, f"{n}.wav"), [c]) for n, c in enumerate(channels)]
        together = [product.Placement(), product.Placement()]
        return share_right(talk, find_speech(paths, together, len(channels[0]) / RATE_HZ))


def worst_off(
    placements: Sequence[product.Placement],
    clocks: Sequence[tuple[float, float]],
    lengths: Sequence[float],
) -> float:
    """The largest error of any time on any track, in seconds."""
    return max(
        abs(placement.to_other(time) - (offset + (1 + drift) * time))
        for placement, (offset, drift), length in zip(placements, clocks, lengths, strict=True)
        for time in (0.0, length)
    )


def measure_words(seed: int, minutes: float) -> None:
    """Mix found, clocks and words, for every kind of recording."""
    shares, offs, mixes, seconds, audio = [], [], [], 0.0, 0.0
    for number, (count, leak_db) in enumerate(KINDS):
        talk = converse(seed * 1000 + 500 + number, count, minutes)
        rng = np.random.default_rng(seed * 1000 + number)
        with tempfile.TemporaryDirectory() as folder:
            paths, clocks, mix = make_tracks(talk, Path(folder), leak_db, rng)
            files = [*paths, mix]
            random.Random(seed + number).shuffle(files)
            began = time.perf_counter()
            levels = [product.measure_levels(path) for path in files]
            found = product.find_mix(files, levels)
            is_right = found is not None and files[found[0]] == mix
            alone = [row for path, row in zip(files, levels, strict=True) if path != mix]
            others = [path for path in files if path != mix]
            mixes.append(is_right and product.find_mix(others, alone) is None)
            if found is None or not is_right:
                print(f"{count} tracks, leak {leak_db}: mix not found", flush=True)
                shares.append(0.0)
                continue
            placements = [found[1][files.index(path)] for path in paths]
            speech = find_speech(paths, placements, product.length_of(mix))
            seconds += time.perf_counter() - began
            audio += product.length_of(mix)
            shares.append(share_right(talk, speech))
            lengths = [product.length_of(path) for path in paths]
            offs.append(worst_off(placements, clocks, lengths))
        print(
            f"{count} tracks, leak {leak_db}: words right {shares[-1]:.4f}, "
            f"clocks within {1000 * offs[-1]:.1f} ms",
            flush=True,
        )
    print(
        f"tracks: words right {min(shares):.4f} at worst, {np.mean(shares):.4f} in the mean (at "
        f"least {MIN_RIGHT}), mix told from tracks in {sum(mixes)} of {len(mixes)}, clocks within "
        f"{1000 * max(offs, default=9.9):.1f} ms (at most {1000 * MAX_OFF_S:.0f}), "
        f"{audio / max(0.01, seconds):.0f} times faster than real time"
    )


def measure_long(seed: int, hours: float) -> None:
    """Offset and drift over hours: two tracks against their mix, and without it by their leak."""
    rng = np.random.default_rng(seed)
    parts = [converse(seed * 1000 + 700 + number, 2, 4.0).own for number in range(int(hours * 15))]
    own = np.concatenate(parts, axis=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clocks = [(-3.0, 1e-4), (-17.0, -8e-5)]
        tracks = []
        for number, clock in enumerate(clocks):
            heard = own[number] + leaked(own[1 - number], -16.0, rng)
            tracks.append(record(heard, folder / f"{number}.wav", *clock))
        mix = write_wav(folder / "mix.wav", [own.sum(axis=0)])
        lengths = [product.length_of(path) for path in tracks]
        began = time.perf_counter()
        levels = [product.measure_levels(path) for path in tracks]
        placements = [
            product.find_placement(path, mix, row) for path, row in zip(tracks, levels, strict=True)
        ]
        took = time.perf_counter() - began
        with_mix = worst_off(placements, clocks, lengths)
        found = product.find_placement(tracks[1], tracks[0], levels[1])
        offset, drift = clocks[0]
        chained = product.Placement(
            offset + (1 + drift) * found.offset_s, (1 + drift) * (1 + found.drift) - 1
        )
        without = worst_off([chained], clocks[1:], lengths[1:])
    print(
        f"{hours:g} h: clocks within {1000 * with_mix:.1f} ms of the mix ({took:.1f} s for both), "
        f"within {1000 * without:.1f} ms without it, by the leak (at most {1000 * MAX_OFF_S:.0f})"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--hours", type=float, default=2.0)
    arguments = parser.parse_args()
    measure_words(arguments.seed, arguments.minutes)
    if arguments.hours:
        measure_long(arguments.seed, arguments.hours)


if __name__ == "__main__":
    main()
