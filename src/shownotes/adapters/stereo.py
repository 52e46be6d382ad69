"""Two people on two channels: some recorders put one left and one right.

Heard, not assumed: in ordinary stereo both channels carry everybody. Why PyAV here too: see
`adapters/audio.py`.
"""

from collections.abc import Sequence

import av
import numpy as np
from numpy.typing import NDArray

from shownotes.model import Word

_SAMPLE_RATE_HZ = 16_000
_FRAME_SAMPLES = 160
FRAMES_A_SECOND = _SAMPLE_RATE_HZ // _FRAME_SAMPLES
# A word is one channel's when it is so much louder there, in decibels; what leaks from a
# headphone into the other microphone is 15 and more below.
CLEAR_DB = 6.0
# Of the time of all words, so much must be clear, and so much on either side, for the channels
# to be people.
CLEAR_SHARE, SIDE_SHARE, SIDE_S = 0.9, 0.02, 5.0
_FLOOR = 1e-5


class ChannelLevels:
    """The sink that measures how loud each of two channels is, every 10 ms (2 MB for 3 hours)."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="s16", layout="stereo", rate=_SAMPLE_RATE_HZ)
        self._rest: NDArray[np.int16] = np.zeros((0, 2), np.int16)
        self._levels: list[NDArray[np.int8]] = []

    def write(self, frame: av.AudioFrame) -> None:
        """Measure a few seconds."""
        self._take(self._resampler.resample(frame))

    def finish(self) -> None:
        """Measure what the resampler still holds."""
        self._take(self._resampler.resample(None))

    def levels(self) -> NDArray[np.int8]:
        """Decibels below full scale; int8, shape (n_frames, 2)."""
        return np.concatenate([np.zeros((0, 2), np.int8), *self._levels])

    def _take(self, frames: Sequence[av.AudioFrame]) -> None:
        pieces = [
            np.frombuffer(memoryview(f.planes[0]), "<i2", count=2 * f.samples).reshape(-1, 2)
            for f in frames
        ]
        heard = np.concatenate([self._rest, *pieces])
        whole = len(heard) // _FRAME_SAMPLES
        self._rest = heard[whole * _FRAME_SAMPLES :]
        if whole:
            blocks = heard[: whole * _FRAME_SAMPLES].astype(np.float32) / 32768
            power = (blocks.reshape(whole, _FRAME_SAMPLES, 2) ** 2).mean(axis=1)
            self._levels.append((10 * np.log10(power + _FLOOR**2)).astype(np.int8))


def channels_of(
    levels: NDArray[np.int8], words: Sequence[Word]
) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
    """The channel of every word, and by how many decibels; `None` when channels are not people.

    Args:
        levels: of `ChannelLevels`.
        words: in order of time.
    """
    if not words or not len(levels):
        return None
    differences = np.array([_difference(levels, word) for word in words])
    lengths = np.array([max(0.01, word.end - word.start) for word in words])
    clear = np.abs(differences) >= CLEAR_DB
    total = lengths.sum()
    left, right = (lengths[clear & (side * differences > 0)].sum() for side in (1, -1))
    if left + right < CLEAR_SHARE * total:
        return None
    if min(left, right) < min(SIDE_S, SIDE_SHARE * total):
        return None
    channels = np.where(differences > 0, 0, 1).tolist()
    order = {channel: number for number, channel in enumerate(dict.fromkeys(channels))}
    return tuple(order[c] for c in channels), tuple(np.abs(differences).tolist())


def _difference(levels: NDArray[np.int8], word: Word) -> float:
    """Left above right in a word, in decibels, by its louder frames."""
    first = int(word.start * FRAMES_A_SECOND)
    rows = levels[first : max(first + 1, int(word.end * FRAMES_A_SECOND))]
    if not len(rows):
        return 0.0
    power = (10 ** (rows.astype(np.float64) / 10)).mean(axis=0) + 1e-12
    return float(10 * np.log10(power[0] / power[1]))
