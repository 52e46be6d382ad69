"""Short pieces of sound: cut, faded, levelled, joined. For clips and for making test audio.

Why pydub: fades, levels and crossfades in one line each. It holds whole recordings in memory and
exports through an ffmpeg program that may not be there, so it is handed short pieces only, and
what comes out is written by `encoding.encode`.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

with warnings.catch_warnings():
    # It looks for an ffmpeg program that we do not use, and its `audioop` is deprecated.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

# A piece longer than this is an episode, in seconds: 10 minutes are 19 MB at 16 kHz mono.
MAX_PIECE_S = 600.0


def from_samples(samples: NDArray[Any], *, sample_rate_hz: int = 16_000) -> AudioSegment:
    """A piece of pydub's from samples.

    Args:
        samples: float32 in [-1, 1] or int16, shape (n_samples,), mono.
        sample_rate_hz: of the samples.

    Raises:
        ValueError: longer than a piece may be, or not mono.
    """
    if samples.ndim != 1:
        raise ValueError(f"a piece is mono, shape (n_samples,), not {samples.shape}")
    if len(samples) > MAX_PIECE_S * sample_rate_hz:
        raise ValueError(f"a piece is at most {MAX_PIECE_S:.0f} s long; cut it first")
    if samples.dtype != np.int16:
        samples = (np.clip(samples, -1.0, 1.0) * 32767).round().astype(np.int16)
    return AudioSegment(
        data=samples.astype("<i2").tobytes(), sample_width=2, frame_rate=sample_rate_hz, channels=1
    )


def to_samples(piece: AudioSegment) -> NDArray[np.int16]:
    """The samples of a piece: int16, shape (n_samples,), mono."""
    return np.frombuffer(piece.raw_data, dtype="<i2").astype(np.int16)


def cut(piece: AudioSegment, *, start: float, end: float) -> AudioSegment:
    """The stretch `[start, end)` of a piece, in seconds, to the millisecond."""
    return piece[round(start * 1000) : round(end * 1000)]


def fade(piece: AudioSegment, *, fade_in_s: float = 0.0, fade_out_s: float = 0.0) -> AudioSegment:
    """A piece that comes and goes softly; fades longer than the piece are as long as it is."""
    length = len(piece)
    fade_in, fade_out = (min(length, round(s * 1000)) for s in (fade_in_s, fade_out_s))
    if fade_in > 0:
        piece = piece.fade_in(fade_in)
    if fade_out > 0:
        piece = piece.fade_out(fade_out)
    return piece


def level_to(piece: AudioSegment, *, level_dbfs: float) -> AudioSegment:
    """A piece brought to a mean level in dB below full scale; silence stays silence."""
    if piece.dBFS == float("-inf"):
        return piece
    return piece.apply_gain(level_dbfs - piece.dBFS)


def join(pieces: Sequence[AudioSegment], *, crossfade_s: float = 0.0) -> AudioSegment:
    """Pieces one after the other, each crossfaded into the next.

    Raises:
        ValueError: no pieces, or a crossfade longer than one of them.
    """
    if not pieces:
        raise ValueError("there are no pieces to join")
    crossfade = round(crossfade_s * 1000)
    if len(pieces) > 1 and crossfade > min(len(piece) for piece in pieces):
        raise ValueError(f"a crossfade of {crossfade_s} s is longer than the shortest piece")
    joined = pieces[0]
    for piece in pieces[1:]:
        joined = joined.append(piece, crossfade=crossfade)
    return joined
