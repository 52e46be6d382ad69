"""A stretch of an episode's own audio in full quality, decoded alone, and clips made of it.

Why PyAV: it seeks, so that a clip from the end of three hours costs no more than one from the
beginning. Not every container seeks to where it was asked to, so times are read from the packets.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from shownotes.adapters import clips
from shownotes.adapters.encoding import encode, mp3_rate
from shownotes.adapters.recording import open_recording, packets, sound_track

# A soundbite begins with its first word and ends in the breath after its last, in seconds.
FADE_IN_S, FADE_OUT_S = 0.03, 0.2
# In bits a second and channel.
CHANNEL_BIT_RATE = 96_000
# Decoded before the stretch, in seconds: an MP3's frames borrow bits from those before them.
_LEAD_S = 1.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sound in the quality of an MP3.

    Attributes:
        samples: int16, shape (1 or 2, n_samples); fewer than asked where the audio ends before.
    """

    samples: NDArray[np.int16]
    sample_rate_hz: int


def read_stretch(path: Path, *, start: float, end: float) -> Stretch:
    """Decode `[start, end)` of a file, in seconds from its first sample.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
    """
    found = _decode(path, start, end, seek_s=max(0.0, start - _LEAD_S))
    if found is None:
        # It landed behind the stretch, or nothing was to be had from there.
        found = _decode(path, start, end, seek_s=0.0)
    return found or Stretch(np.zeros((1, 0), np.int16), mp3_rate(0))


def write_clip(
    source: Path, clip: Path, *, start: float, end: float, tags: Mapping[str, str]
) -> bool:
    """Write `[start, end)` of a file as an MP3 that comes and goes softly.

    Returns:
        False when the audio ends before `start`; nothing is written then.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
        StoreError: the clip cannot be written.
    """
    stretch = read_stretch(source, start=start, end=min(end, start + clips.MAX_PIECE_S))
    if not stretch.samples.size:
        return False
    rate = stretch.sample_rate_hz
    # A piece of pydub's is mono here, so each channel is one.
    pieces = [clips.from_samples(channel, sample_rate_hz=rate) for channel in stretch.samples]
    faded = [clips.fade(p, fade_in_s=FADE_IN_S, fade_out_s=FADE_OUT_S) for p in pieces]
    encode(
        np.stack([clips.to_samples(piece) for piece in faded]),
        clip,
        sample_rate_hz=rate,
        bit_rate=CHANNEL_BIT_RATE * len(faded),
        tags={name: value for name, value in tags.items() if value},
    )
    return True


def _decode(path: Path, start: float, end: float, *, seek_s: float) -> Stretch | None:
    """The stretch, decoded from `seek_s` on; `None` when that is behind its beginning."""
    with open_recording(path) as container:
        stream = sound_track(container, path)
        frames = _frames(container, stream)
        first = next(frames, None)
        if first is None:
            return None
        tick_s = float(stream.time_base or 0)
        zero_s = (first.pts or 0) * tick_s
        if seek_s > 0:
            try:
                container.seek(int((zero_s + seek_s) / tick_s), stream=stream)
            except (av.FFmpegError, OSError, ZeroDivisionError):
                return None
            frames = _frames(container, stream)
        else:
            frames = chain([first], frames)
        layout = "mono" if first.layout.nb_channels == 1 else "stereo"
        rate = mp3_rate(first.sample_rate)
        resampler = av.AudioResampler(format="s16p", layout=layout, rate=rate)
        return _collect(frames, resampler, start=start, end=end, zero_s=zero_s, tick_s=tick_s)


def _collect(
    frames: Iterator[Any],
    resampler: av.AudioResampler,
    *,
    start: float,
    end: float,
    zero_s: float,
    tick_s: float,
) -> Stretch | None:
    """The frames until `end`, cut to the sample."""
    begins: float | None = None
    parts: list[NDArray[Any]] = []
    for frame in frames:
        time = (frame.pts or 0) * tick_s - zero_s
        begins = time if begins is None else begins
        if begins > start or time >= end:
            break
        if time + frame.samples / frame.sample_rate < start - _LEAD_S:
            # From here on, as if it had been sought: a file that does not seek is read through.
            begins = None
            continue
        frame.pts = None
        parts += [part.to_ndarray() for part in resampler.resample(frame)]
    if begins is None or begins > start or not parts:
        return None
    parts += [part.to_ndarray() for part in resampler.resample(None)]
    samples, rate = np.concatenate(parts, axis=1), resampler.rate
    return Stretch(samples[:, round((start - begins) * rate) : round((end - begins) * rate)], rate)


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """Every frame that can be decoded."""
    for packet in packets(container, stream, lambda: None):
        with suppress(av.FFmpegError):
            yield from packet.decode()
