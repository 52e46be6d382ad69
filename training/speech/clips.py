"""What the bank holds: spoken sentences with the times of their tokens.

A module of its own because clips are pickled, and what is pickled must not live in `__main__`.
"""

from __future__ import annotations

from dataclasses import dataclass

from speak import WHISPER_SAMPLE_RATE_HZ

HOP = 160
MEL_FRAMES_PER_S = WHISPER_SAMPLE_RATE_HZ // HOP
ENCODER_FRAMES_PER_S = MEL_FRAMES_PER_S // 2


@dataclass(frozen=True)
class TimedToken:
    """A text token and the time in its clip when it sounds; punctuation has the pause after it."""

    token: int
    start: float
    end: float


@dataclass(frozen=True)
class Clip:
    """One spoken sentence in a shard.

    Attributes:
        offset, frames: its place in the shard, in mel frames.
        phonemes: names, one an encoder frame; empty where there is none.
        start, end: of the first and the last word.
    """

    offset: int
    frames: int
    start: float
    end: float
    tokens: tuple[TimedToken, ...]
    phonemes: tuple[str, ...]
