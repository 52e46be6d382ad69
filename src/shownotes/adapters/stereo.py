"""Two people on two channels: some recorders put one left and one right.

Heard, not assumed: in ordinary stereo both channels carry everybody. Why PyAV here too: see
`adapters/audio.py`.
"""

from collections.abc import Sequence

import av
import numpy as np
from numpy.typing import NDArray

from shownotes.model import Span

_SAMPLE_RATE_HZ = 16_000
_FRAME_SAMPLES = 160
FRAMES_A_SECOND = _SAMPLE_RATE_HZ // _FRAME_SAMPLES
# A moment is one channel's when it is so much louder there, in decibels; what leaks from a
# headphone into the other microphone is 15 and more below.
CLEAR_DB = 6.0
# Of all speech, so much must be clear, and so much on either side, for the channels to be people:
# the rest are moments in which both speak.
CLEAR_SHARE, SIDE_SHARE, SIDE_S = 0.85, 0.02, 5.0
# Below this under the loudest, in decibels, are breaths.
_BREATHS_DB = 30.0
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


def are_people(levels: NDArray[np.int8], speech: Sequence[Span]) -> bool:
    """Whether one person speaks on each channel.

    Args:
        levels: of `ChannelLevels`.
        speech: when anybody speaks.
    """
    voiced = np.zeros(len(levels), bool)
    for span in speech:
        voiced[int(span.start * FRAMES_A_SECOND) : int(span.end * FRAMES_A_SECOND)] = True
    heard = levels[voiced].astype(np.int16)
    if not len(heard):
        return False
    louder = heard.max(axis=1)
    heard = heard[louder > np.percentile(louder, 95) - _BREATHS_DB]
    apart = heard[:, 0] - heard[:, 1]
    left, right = (int((side * apart >= CLEAR_DB).sum()) for side in (1, -1))
    least = min(SIDE_S * FRAMES_A_SECOND, SIDE_SHARE * len(heard))
    return left + right >= CLEAR_SHARE * len(heard) and min(left, right) >= least
