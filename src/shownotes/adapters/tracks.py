"""Separate tracks of one conversation: where each lies in time, which is the mix, who speaks.

Why numpy: placing one recording in another is a cross-correlation, three Fourier transforms; the
libraries that do it (audio-offset-finder, syncstart) bring SciPy and librosa, hold whole files in
memory and know one offset, no drift. Everything here reads the working audio piece by piece.
"""

import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shownotes.adapters.audio import SAMPLE_RATE_HZ, read_chunks, read_samples
from shownotes.model import Span

# What is compared: 4 kHz hold the voice, and the place to a quarter of a millisecond.
_EVERY = 4
RATE_HZ = SAMPLE_RATE_HZ // _EVERY
# Stretches of a track that are looked for, and how long they are, in seconds.
_PROBES, _PROBE_S = 24, 8.0
# How far from where it should be a stretch is looked for, in seconds: at first, and when others
# have been found.
_FAR_S, _NEAR_S = 180.0, 2.0
# A stretch is found when it is so much like what lies there (1 would be the same, 0.1 is chance).
_LIKE = 0.2
# Stretches that agree about the clock to within this, in seconds, and the fewest that do.
_AGREE_S, _FEWEST = 0.02, 3
# Clocks of recorders differ by some 0.01 %; a line that is steeper is no clock's.
_MOST_DRIFT = 0.002
# Frames of loudness.
FRAME_S = 0.02
_FRAME = int(FRAME_S * SAMPLE_RATE_HZ)
# Quieter than this in all is silence, in decibels below full scale.
_SILENCE_DB = -70.0
# A track is a mix when the others make so much of its loud frames, each to within a factor.
_EXPLAINED_SHARE, _EXPLAINED_DB = 0.85, -6.0
# Voices are about as loud in a mix as on their tracks; what leaks is a fifth of it and less.
_LEAST_GAIN = 0.25
# A voice is on its own track when it is so much louder there than what leaks in from the others.
_ABOVE_LEAK_DB = 6.0
_LEAK_ROUNDS = 3
# Speech shorter than this is a breath; pauses shorter than that are part of it; both in seconds.
_SHORTEST_S, _LONGEST_GAP_S, _PAD_S = 0.16, 0.4, 0.12
_FADE_SAMPLES = 160

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a track lies: a time t on it is `offset_s + (1 + drift) * t` on the other.

    Attributes:
        gain: how loud it is there, as a factor.
        found: stretches of it that were found where this says, and `tried` how many were looked
            for. None found: it is only assumed.
    """

    offset_s: float = 0.0
    drift: float = 0.0
    gain: float = 1.0
    found: int = 0
    tried: int = 0

    @property
    def is_found(self) -> bool:
        """Whether the audio says so."""
        return self.found >= _FEWEST

    def to_other(self, time: float) -> float:
        """A time on the track, on the other's clock."""
        return self.offset_s + (1.0 + self.drift) * time


def length_of(path: Path) -> float:
    """Seconds of working audio."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / SAMPLE_RATE_HZ


def measure_levels(path: Path) -> Samples:
    """How loud working audio is, in decibels below full scale; float32, a frame every 20 ms."""
    levels: list[Samples] = []
    rest = np.zeros(0, np.int16)
    for chunk in read_chunks(path):
        heard = np.concatenate([rest, chunk])
        whole = len(heard) // _FRAME
        rest = heard[whole * _FRAME :]
        blocks = heard[: whole * _FRAME].reshape(whole, _FRAME).astype(np.float32) / 32768
        power = (blocks**2).mean(axis=1) + 1e-10
        levels.append((10 * np.log10(power)).astype(np.float32))
    return np.concatenate([np.zeros(0, np.float32), *levels])


# --------------------------------------------------------------------------- where a track lies


def find_placement(track: Path, other: Path, levels: Samples) -> Placement:
    """Look for a track in a recording in which its voice can be heard, be it a mix or a leak.

    Args:
        track: working audio.
        other: working audio.
        levels: of the track.
    """
    probes = list(_choose_probes(levels))
    found: list[tuple[float, float, float]] = []
    length = length_of(other)
    for number in _spread_order(len(probes)):
        start = probes[number]
        expected, reach = start, _FAR_S + abs(length - FRAME_S * len(levels))
        line = _fit(found)
        if line is not None:
            expected, reach = start + line[0] + line[1] * start, _NEAR_S
        hit = _look(track, other, start, expected, reach)
        if hit is not None:
            found.append((start, hit[0] - start, hit[1]))
    line = _fit(found)
    if line is None:
        return Placement(tried=len(probes))
    offset, drift, inliers = line
    # The low ones: where others leak into a track, their stretches seem the louder for it.
    gain = float(np.percentile([found[i][2] for i in inliers], 20))
    return Placement(offset, drift, gain, len(inliers), len(probes))


def _choose_probes(levels: Samples) -> Iterator[float]:
    """Starts of the fullest stretch of each part of a track, in seconds."""
    size = int(_PROBE_S / FRAME_S)
    if len(levels) < size:
        return
    sums = np.convolve(np.maximum(levels, _SILENCE_DB), np.ones(size) / size, "valid")
    # Those of a short recording overlap by half.
    count = min(_PROBES, max(1, 2 * len(levels) // size))
    parts = np.array_split(np.arange(len(sums)), count)
    for part in parts:
        best = int(part[np.argmax(sums[part])])
        if sums[best] > _SILENCE_DB + 3:
            yield best * FRAME_S


def _spread_order(count: int) -> list[int]:
    """Both ends and the middle first, so that a clock is known after a few."""
    return sorted(range(count), key=lambda i: (i % 4, i))


def _look(
    track: Path, other: Path, start: float, expected: float, reach: float
) -> tuple[float, float] | None:
    """Where a stretch lies in the other recording, and how loud it is there; `None` if nowhere."""
    probe = _thin(read_samples(track, start=start, end=start + _PROBE_S))
    first = max(0.0, expected - reach)
    there = _thin(read_samples(other, start=first, end=expected + reach + _PROBE_S))
    if len(there) < len(probe) or not probe.any():
        return None
    size = 1 << int(np.ceil(np.log2(len(there) + len(probe))))
    spectrum = np.fft.rfft(there, size) * np.conj(np.fft.rfft(probe, size))
    products = np.fft.irfft(spectrum, size)[: len(there) - len(probe) + 1]
    squares = np.concatenate([[0.0], np.cumsum(there.astype(np.float64) ** 2)])
    energy = np.maximum(squares[len(probe) :] - squares[: -len(probe)], 1e-6)
    own = float((probe.astype(np.float64) ** 2).sum())
    # The sign says nothing: a microphone may be wired the other way round.
    likeness = np.abs(products) / np.sqrt(energy * own)
    at = int(np.argmax(likeness))
    if likeness[at] < _LIKE:
        return None
    return first + (at + _between(likeness, at)) / RATE_HZ, float(np.sqrt(energy[at] / own))


def _between(values: NDArray[np.float64], at: int) -> float:
    """How far from a peak's sample the peak itself lies, by the parabola through its neighbours."""
    if not 0 < at < len(values) - 1:
        return 0.0
    left, middle, right = values[at - 1 : at + 2]
    bend = left - 2 * middle + right
    return float(0.5 * (left - right) / bend) if bend else 0.0


def _thin(samples: Samples) -> NDArray[np.float64]:
    """At 4 kHz, with what is low and loud taken down: peaks are narrower so."""
    whole = len(samples) // _EVERY
    thin = samples[: whole * _EVERY].reshape(whole, _EVERY).mean(axis=1).astype(np.float64)
    return np.diff(thin, prepend=0.0)


def _fit(found: Sequence[tuple[float, float, float]]) -> tuple[float, float, list[int]] | None:
    """Offset and drift on which most stretches agree, and which ones; `None` when too few do."""
    if len(found) < _FEWEST:
        return None
    times, offsets = (np.array([row[column] for row in found]) for column in (0, 1))
    best: list[int] = []
    for one, other in combinations(range(len(found)), 2):
        apart = times[other] - times[one]
        drift = (offsets[other] - offsets[one]) / apart if apart else 0.0
        if abs(drift) > _MOST_DRIFT:
            continue
        errors = np.abs(offsets - offsets[one] - drift * (times - times[one]))
        inliers = np.flatnonzero(errors < _AGREE_S).tolist()
        if len(inliers) > len(best):
            best = inliers
    if len(best) < max(_FEWEST, len(found) // 2):
        return None
    drift, offset = np.polyfit(times[best], offsets[best], 1) if len(best) > 1 else (0.0, 0.0)
    return float(offset), float(drift), best


# --------------------------------------------------------------------------- which is the mix


def find_mix(
    paths: Sequence[Path], levels: Sequence[Samples]
) -> tuple[int, list[Placement]] | None:
    """Which recording is a mix of all the others, and where they lie in it; `None` if none is.

    Everything loud in a mix is loud in one of the others too; a track on which the others leak
    in has its own voice besides.
    """
    if len(paths) < 2:
        return None
    busy = [int((row > _loud(row)).sum()) for row in levels]
    # A mix is at least as busy as anybody in it.
    candidates = sorted(range(len(paths)), key=lambda i: -busy[i])[:3]
    for candidate in candidates:
        placements: list[Placement] = []
        for number, path in enumerate(paths):
            if number == candidate:
                placements.append(Placement())
                continue
            placements.append(find_placement(path, paths[candidate], levels[number]))
            if not placements[-1].is_found and busy[number] * FRAME_S > _PROBE_S:
                break
        else:
            if _explains(candidate, levels, placements):
                return candidate, placements
    return None


def _explains(mix: int, levels: Sequence[Samples], placements: Sequence[Placement]) -> bool:
    if len(levels) < 3:
        # One other: a mix of one voice is that voice once more, which is no track of its own.
        return False
    gains = [p.gain for n, p in enumerate(placements) if n != mix and p.is_found]
    if not gains or float(np.median(gains)) < _LEAST_GAIN:
        # Somebody who hardly speaks has the others' leaks on their track, and little else.
        return False
    total = np.zeros(len(levels[mix]))
    for number, placement in enumerate(placements):
        if number != mix and placement.is_found:
            placed = place_levels(levels[number], placement, len(total))
            total += 10 ** (placed / 10) * placement.gain**2
    ratio = 10 * np.log10(total + 1e-10) - levels[mix]
    # A mix is mastered: some of it is louder than its parts were.
    usual = float(np.clip(np.median(ratio[levels[mix] > _loud(levels[mix])]), _EXPLAINED_DB, 0.0))
    explained = ratio > usual + _EXPLAINED_DB
    # The loudest too: on a track of its own a voice is louder than all that leaks in.
    return all(
        loud.any() and explained[loud].mean() >= _EXPLAINED_SHARE
        for loud in (levels[mix] > _loud(levels[mix]), levels[mix] > _loud(levels[mix]) + 14.0)
    )


def _loud(levels: Samples) -> float:
    """From which level on a frame is somebody speaking up, in decibels."""
    return max(_SILENCE_DB, float(np.percentile(levels, 98)) - 20.0) if len(levels) else 0.0


def place_levels(levels: Samples, placement: Placement, count: int) -> Samples:
    """A track's levels on the other's clock, `count` frames; silent where it has none."""
    times = (np.arange(count) * FRAME_S - placement.offset_s) / (1.0 + placement.drift) / FRAME_S
    placed = np.interp(times, np.arange(len(levels)), levels, left=-100.0, right=-100.0)
    return np.asarray(placed, np.float32)


# --------------------------------------------------------------------------- who speaks


def find_speech(
    levels: Sequence[Samples], heard: Sequence[Sequence[Span]]
) -> list[tuple[Span, ...]]:
    """When the person of each track speaks: what leaks in from the others is left out.

    Args:
        levels: of every track, on one clock, as many frames each.
        heard: where anybody's speech is heard on each track, on that clock.
    """
    voiced = np.stack(
        [_to_frames(spans, len(row)) for spans, row in zip(heard, levels, strict=True)]
    )
    rows = np.stack([_smooth(row) for row in levels])
    own = voiced & (rows > _SILENCE_DB)
    if len(rows) > 1:
        leaks = _first_leaks(rows, voiced)
        for _ in range(_LEAK_ROUNDS):
            own = voiced & (rows > _leaked(rows, leaks) + _ABOVE_LEAK_DB) & (rows > _SILENCE_DB)
            leaks = _measure_leaks(rows, own, leaks)
    return [_to_spans(row, is_others=own.any(axis=0) & ~row) for row in own]


def _smooth(levels: Samples) -> NDArray[np.float64]:
    """Over 100 ms, by power."""
    power = np.convolve(10 ** (levels.astype(np.float64) / 10), np.ones(5) / 5, "same")
    return 10 * np.log10(power + 1e-10)


def _leaked(rows: NDArray[np.float64], leaks: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each track would hear of the others, in decibels."""
    power = 10 ** (leaks / 10) @ 10 ** (rows / 10)
    return 10 * np.log10(power + 1e-10)


def _first_leaks(rows: NDArray[np.float64], voiced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How loud each person is on each other's track, against their own; shape (here, there).

    The difference of two tracks has two heights, one for either person. Microphones may be set
    to any level: nothing is taken from how loud a track is.
    """
    leaks = np.full((len(rows), len(rows)), -200.0)
    tops = np.array([_top(row, on) for row, on in zip(rows, voiced, strict=True)])
    even = rows - tops[:, None]
    for one, other in combinations(range(len(rows)), 2):
        rest = [row for number, row in enumerate(even) if number not in (one, other)]
        third = np.max(rest, axis=0) if rest else np.full(rows.shape[1], -200.0)
        pair = np.maximum(even[one], even[other])
        clear = (voiced[one] | voiced[other]) & (pair > -20.0) & (third < pair + 3.0)
        if clear.sum() * FRAME_S < 1.0:
            continue
        low, high = _two_heights(rows[one][clear] - rows[other][clear])
        leaks[one, other], leaks[other, one] = low, -high
    return leaks


def _top(levels: NDArray[np.float64], voiced: NDArray[np.bool_]) -> float:
    return float(np.percentile(levels[voiced], 95)) if voiced.any() else 0.0


def _two_heights(differences: NDArray[np.float64]) -> tuple[float, float]:
    """The means of the two Gaussians that a set of differences is a mixture of."""
    means = np.percentile(differences, [10, 90])
    widths, shares = np.array([5.0, 5.0]), np.array([0.5, 0.5])
    for _ in range(30):
        likely = shares / widths * np.exp(-0.5 * ((differences[:, None] - means) / widths) ** 2)
        likely = (likely + 1e-12) / (likely + 1e-12).sum(axis=1, keepdims=True)
        counts = likely.sum(axis=0)
        means = (likely * differences[:, None]).sum(axis=0) / counts
        spread = (likely * (differences[:, None] - means) ** 2).sum(axis=0) / counts
        widths, shares = np.clip(np.sqrt(spread), 2.0, 8.0), counts / counts.sum()
    return float(means.min()), float(means.max())


def _measure_leaks(
    rows: NDArray[np.float64], own: NDArray[np.bool_], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same again, where one person speaks alone."""
    leaks = before.copy()
    crowd = own.sum(axis=0)
    for there, alone in enumerate(own & (crowd == 1)):
        loud = alone & (rows[there] > _top(rows[there], alone) - 20.0)
        if loud.sum() * FRAME_S < 1.0:
            continue
        for here in range(len(rows)):
            if here != there:
                apart = rows[here][loud] - rows[there][loud]
                leaks[here, there] = float(np.percentile(apart, 75))
    return leaks


def _to_frames(spans: Sequence[Span], count: int) -> NDArray[np.bool_]:
    frames = np.zeros(count, bool)
    for span in spans:
        frames[max(0, int(span.start / FRAME_S)) : max(0, int(np.ceil(span.end / FRAME_S)))] = True
    return frames


def _to_spans(is_own: NDArray[np.bool_], is_others: NDArray[np.bool_]) -> tuple[Span, ...]:
    """Stretches of own speech, short gaps filled, scraps left out, and a little put around them.

    Neither gaps nor what is put around reach into where only somebody else speaks.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_own.astype(np.int8), [0]])))
    others = np.concatenate([[0], np.cumsum(is_others)])
    spans: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        is_near = spans and (start - spans[-1][1]) * FRAME_S <= _LONGEST_GAP_S
        if is_near and others[start] == others[spans[-1][1]]:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    pad = round(_PAD_S / FRAME_S)
    found: list[Span] = []
    for start, end in spans:
        if is_own[start:end].sum() * FRAME_S < _SHORTEST_S:
            continue
        first, last = start, end
        floor = round(found[-1].end / FRAME_S) if found else 0
        while first > max(floor, start - pad) and not is_others[first - 1]:
            first -= 1
        while last < min(len(is_own), end + pad) and not is_others[last]:
            last += 1
        found.append(Span(start=round(first * FRAME_S, 3), end=round(last * FRAME_S, 3)))
    return tuple(found)


# --------------------------------------------------------------------------- on one clock


def write_placed(
    track: Path,
    target: Path,
    placement: Placement,
    *,
    duration: float,
    speech: Sequence[Span] | None = None,
) -> None:
    """Write a track on the other's clock, silent outside `speech`, as working audio.

    Args:
        track: working audio.
        target: 16 kHz mono WAV of `duration` seconds.
        placement: of the track.
        duration: of the whole.
        speech: on the other's clock; `None` for everything.
    """
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        for samples in placed_chunks(track, placement, duration=duration, speech=speech):
            file.writeframes(samples.astype("<i2").tobytes())


def placed_chunks(
    track: Path, placement: Placement, *, duration: float, speech: Sequence[Span] | None = None
) -> Iterator[NDArray[np.float32]]:
    """A track on the other's clock, ten seconds at a time; float32 of 16 bit's range."""
    total = round(duration * SAMPLE_RATE_HZ)
    step = 10 * SAMPLE_RATE_HZ
    rate = 1.0 / (1.0 + placement.drift)
    for first in range(0, total, step):
        count = min(step, total - first)
        wanted = ((first + np.arange(count)) / SAMPLE_RATE_HZ - placement.offset_s) * rate
        start = max(0.0, float(wanted[0]) - 0.01)
        samples = read_samples(track, start=start, end=max(start, float(wanted[-1]) + 0.01))
        begins = round(start * SAMPLE_RATE_HZ)
        at = wanted * SAMPLE_RATE_HZ - begins
        if len(samples):
            # Between two samples by a straight line: what a clock's drift shifts is far below one
            # sample from one to the next, and voices at 16 kHz bear it.
            placed = np.interp(at, np.arange(len(samples)), samples * 32768, left=0.0, right=0.0)
        else:
            placed = np.zeros(count)
        if speech is not None:
            placed *= _gate(speech, first, count)
        yield placed.astype(np.float32)


def _gate(speech: Sequence[Span], first: int, count: int) -> NDArray[np.float64]:
    """1 in speech, 0 outside, with short fades."""
    gate = np.zeros(count)
    for span in speech:
        start = round(span.start * SAMPLE_RATE_HZ) - first
        end = round(span.end * SAMPLE_RATE_HZ) - first
        if end > 0 and start < count:
            gate[max(0, start) : min(count, end)] = 1.0
    if not gate.any() or gate.all():
        return gate
    ramp = np.ones(_FADE_SAMPLES) / _FADE_SAMPLES
    return np.convolve(np.pad(gate, _FADE_SAMPLES, "edge"), ramp, "same")[
        _FADE_SAMPLES:-_FADE_SAMPLES
    ]


def write_sum(tracks: Sequence[tuple[Path, Placement]], target: Path, *, duration: float) -> None:
    """Write a mix of tracks that came without one: their sum, turned down where it is too loud."""
    streams = [placed_chunks(path, placement, duration=duration) for path, placement in tracks]
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        for parts in zip(*streams, strict=True):
            total = np.sum(parts, axis=0)
            # A soft ceiling: two who shout at once do not crackle.
            loud = np.abs(total) > 24_000
            total[loud] = np.sign(total[loud]) * (
                24_000 + 8_000 * np.tanh((np.abs(total[loud]) - 24_000) / 8_000)
            )
            file.writeframes(total.astype("<i2").tobytes())
