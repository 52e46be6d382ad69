"""Samples in, audio files out: demo episodes, clips, and copies to listen to.

Why PyAV: the encoders (LAME, AAC, Opus, FLAC) are in its wheel; pydub's export wants an ffmpeg
program that a fresh machine does not have.
"""

import wave
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from shownotes.adapters.store import translate
from shownotes.errors import InputError, StoreError

# Codec for a file's ending.
CODECS = {
    ".mp3": "libmp3lame",
    ".m4a": "aac",
    ".mp4": "aac",
    ".opus": "libopus",
    ".ogg": "libopus",
    ".flac": "flac",
    ".wav": "pcm_s16le",
}
# The copy to listen to at the desk, in bits a second: plain speech at 16 kHz mono.
LISTENING_BIT_RATE = 48_000
# Samples handed to an encoder at a time.
_CHUNK = 65_536
_OPUS_RATE_HZ = 48_000
_MP3_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_WITHOUT_BIT_RATE = ("flac", "alac", "pcm")


def encode(
    samples: NDArray[Any],
    path: Path,
    codec: str | None = None,
    *,
    sample_rate_hz: int = 16_000,
    bit_rate: int = 64_000,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write samples as an audio file.

    Args:
        samples: float32 in [-1, 1] or int16, shape (n_samples,) or (n_channels, n_samples).
        path: its ending chooses container and, unless `codec` is given, codec.
        codec: FFmpeg's name of an encoder, e.g. `libmp3lame, aac, libopus, flac, pcm_s16le`.
        sample_rate_hz: of the samples; kept in the file where the codec can.
        bit_rate: bits a second, constant where the codec can.
        tags: `title, artist, album, track, date, ...`.

    Raises:
        InputError: the file's ending or the codec is unknown.
        StoreError: the file cannot be written.
    """
    planes = np.atleast_2d(samples)
    if planes.dtype != np.int16:
        planes = (np.clip(planes, -1.0, 1.0) * 32767).round().astype(np.int16)
    chunks = (planes[:, at : at + _CHUNK] for at in range(0, planes.shape[1], _CHUNK))
    encode_chunks(chunks, path, codec, sample_rate_hz=sample_rate_hz, bit_rate=bit_rate, tags=tags)


def encode_listening_copy(working_audio: Path, path: Path) -> None:
    """Make an MP3 of the working audio that every browser plays, seeks exactly and begins alike.

    Raises:
        StoreError: the file cannot be written.
    """
    with wave.open(str(working_audio), "rb") as file:
        encode_chunks(
            _wave_chunks(file),
            path,
            CODECS[".mp3"],
            sample_rate_hz=file.getframerate(),
            bit_rate=LISTENING_BIT_RATE,
        )


def mp3_rate(rate_hz: int) -> int:
    """The rate of an MP3 for sound of a rate: the same, or the next that MP3 has."""
    return next((rate for rate in _MP3_RATES_HZ if rate >= rate_hz), _MP3_RATES_HZ[-1])


def _codec(path: Path) -> str:
    try:
        return CODECS[path.suffix.lower()]
    except KeyError as error:
        known = ", ".join(CODECS)
        raise InputError(f"{path}: no codec for this ending; use one of {known}.") from error


def _wave_chunks(file: wave.Wave_read) -> Iterator[NDArray[np.int16]]:
    while data := file.readframes(_CHUNK):
        yield np.frombuffer(data, dtype="<i2").reshape(1, -1)


def encode_chunks(
    chunks: Iterable[NDArray[np.int16]],
    path: Path,
    codec: str | None = None,
    *,
    sample_rate_hz: int = 16_000,
    bit_rate: int = 64_000,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write audio of any length in flat memory: `encode` for int16 chunks as they come.

    Each chunk has the shape (n_channels, n_samples), mono or stereo.
    """
    name = codec or _codec(path)
    rate = _OPUS_RATE_HZ if name == "libopus" else sample_rate_hz
    coming = iter(chunks)
    first = next(coming, np.zeros((1, 0), np.int16))
    layout = "mono" if len(first) == 1 else "stereo"
    try:
        with av.open(str(path), "w") as container:
            container.metadata.update(tags or {})
            stream: Any = container.add_stream(name, rate=rate)
            stream.layout = layout
            if not name.startswith(_WITHOUT_BIT_RATE):
                stream.bit_rate = bit_rate
            resampler = av.AudioResampler(format=stream.format.name, layout=layout, rate=rate)
            for frame in _frames(chain([first], coming), layout, sample_rate_hz, resampler):
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except ValueError as error:
        raise InputError(f"{path} cannot be written with the codec {name}: {error}.") from error
    except av.FFmpegError as error:
        raise _failed(error, path) from error
    except OSError as error:
        raise translate(error, path) from error


def _failed(error: av.FFmpegError, path: Path) -> StoreError:
    if isinstance(error, OSError):
        return translate(error, path)
    return StoreError(f"{path} cannot be written: {error}.")


def _frames(
    chunks: Iterable[NDArray[np.int16]], layout: str, rate: int, resampler: av.AudioResampler
) -> Iterator[av.AudioFrame]:
    """Frames with times: without them an MP4 does not say how much the encoder put before."""
    at = 0
    for chunk in chunks:
        if not chunk.size:
            continue
        packed = np.ascontiguousarray(chunk.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        at += frame.samples
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
