"""Audio files in, samples out: a file's sound as a stream, and the working audio.

Why PyAV: it brings FFmpeg's libraries in its wheel (no program to install), hands out single
packets, so that a broken one loses only itself, and streams, so that memory is flat. What the
engine's own `decode_audio` does instead was measured: it stops silently at the first broken frame
and holds the whole episode (1.7 GB for 3 hours).
"""

import os
import struct
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from shownotes.adapters.recording import (
    check_length,
    longest_length,
    nothing_in,
    open_recording,
    packets,
    sound_track,
)
from shownotes.adapters.store import translate
from shownotes.errors import BrokenAudioError, InputError

# What recognisers and voice activity detection hear.
SAMPLE_RATE_HZ = 16_000
BYTES_PER_SECOND = 2 * SAMPLE_RATE_HZ
# Seconds of frames resampled at a time. Frame by frame costs six times as much as in groups; groups
# of 5 s and more are pages that the C library gives back to the system each time, which costs a
# third of the whole in page faults (measured: 146 000 of them for half an hour, 700 with 1 s).
GROUP_S = 1.0
# A hole in the timestamps longer than this is filled with silence, in seconds, so that times stay
# those of a player. A click has to land within 0.1 s; smaller jitter is the container's rounding.
MIN_GAP_S = 0.1
# Holes longer than this in one place or in all are a clock that jumped, not lost sound, in seconds.
MAX_GAP_S = 60.0
MAX_FILLED_S = 600.0
# Written to the disk at a time: a second at a time costs twice as much.
_WRITE_BYTES = 2**18


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """What came out of a file.

    Attributes:
        decoded_s: seconds of sound.
        filled_s: seconds of silence put in for what was lost.
        broken_packets: packets that could not be decoded, or places that could not be read.
    """

    decoded_s: float
    filled_s: float
    broken_packets: int

    @property
    def duration(self) -> float:
        """Length of the working audio."""
        return self.decoded_s + self.filled_s


class Sink(Protocol):
    """Takes sound while it is decoded."""

    def write(self, frame: av.AudioFrame) -> None:
        """A few seconds, always in the same format, layout and rate."""

    def finish(self) -> None:
        """There is no more."""


def decode(
    path: Path, sinks: Sequence[Sink], *, advance: Callable[[float], None] = lambda _: None
) -> Decoding:
    """Decode a file's sound track, packet by packet, into `sinks`.

    Args:
        path: any file with sound.
        sinks: each is given the same sound, and finished at the end.
        advance: told the seconds done, every few seconds.

    Raises:
        InputError: one of its kinds, when there is no sound to be had.
    """
    broken, longest_s = 0, longest_length(path)

    def count() -> None:
        nonlocal broken
        broken += 1

    with open_recording(path) as container:
        stream = sound_track(container, path)
        groups = _Groups(stream, sinks)
        # The same as `packet.decode()` by a shorter way: 3 % of the whole.
        decode_packet = stream.codec_context.decode
        for packet in packets(container, stream, count):
            try:
                frames = decode_packet(packet)
            except av.error.EOFError:
                continue
            except av.FFmpegError:
                count()
                continue
            for frame in frames:
                if groups.add(frame):
                    check_length(groups.written_s, longest_s, path)
                    advance(groups.written_s)
        groups.finish()
    if not groups.decoded_s:
        raise BrokenAudioError(nothing_in(path))
    return Decoding(decoded_s=groups.decoded_s, filled_s=groups.filled_s, broken_packets=broken)


def read_samples(path_wav: Path, *, start: float, end: float) -> NDArray[np.float32]:
    """A stretch of the working audio, by seeking; never the whole file.

    Returns:
        float32, shape (n_samples,), mono, 16 000 Hz, in [-1, 1); shorter than asked at the end.

    Raises:
        InputError: there is no working audio.
    """
    try:
        with wave.open(str(path_wav), "rb") as file:
            total = file.getnframes()
            first = min(total, max(0, round(start * SAMPLE_RATE_HZ)))
            last = min(total, max(first, round(end * SAMPLE_RATE_HZ)))
            file.setpos(first)
            data = file.readframes(last - first)
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(
            f"{path_wav} cannot be read ({error}). Run again with `--from prepare`."
        ) from error
    return np.frombuffer(data, dtype="<i2").astype(np.float32) / np.float32(32768)


def read_chunks(path_wav: Path) -> Iterator[NDArray[np.int16]]:
    """The working audio from beginning to end, int16, ten seconds at a time.

    Raises:
        InputError: there is no working audio.
    """
    try:
        with wave.open(str(path_wav), "rb") as file:
            while data := file.readframes(10 * SAMPLE_RATE_HZ):
                yield np.frombuffer(data, dtype="<i2")
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(
            f"{path_wav} cannot be read ({error}). Run again with `--from prepare`."
        ) from error


class WorkingAudio:
    """The sink that writes 16 kHz mono 16 bit to a WAV, and passes it on to `listeners`.

    Attributes:
        listeners: called with int16, shape (n_samples,), a few seconds at a time.
        channel: 0 or 1, for one of two channels alone; `None` for all of them mixed.
    """

    def __init__(
        self,
        path: Path,
        listeners: Sequence[Callable[[NDArray[np.int16]], None]] = (),
        *,
        channel: int | None = None,
    ) -> None:
        self._path = path
        self._listeners = listeners
        self._channel = channel
        layout = "mono" if channel is None else "stereo"
        self._resampler = av.AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE_HZ)
        self._written = 0
        try:
            self._file = path.open("wb", buffering=_WRITE_BYTES)
            self._file.write(_wav_header(0))
        except OSError as error:
            raise translate(error, path) from error

    @property
    def duration(self) -> float:
        """Seconds written."""
        return self._written / BYTES_PER_SECOND

    def write(self, frame: av.AudioFrame) -> None:
        """Resample and append."""
        self._take(self._resampler.resample(frame))

    def finish(self) -> None:
        """Append what the resampler still holds, and close."""
        self._take(self._resampler.resample(None))
        try:
            self._file.seek(0)
            self._file.write(_wav_header(self._written))
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise translate(error, self._path) from error

    def close(self) -> None:
        """Let go of the file, whole or not."""
        with suppress(OSError):
            self._file.close()

    def _take(self, frames: Sequence[av.AudioFrame]) -> None:
        for frame in frames:
            plane = memoryview(frame.planes[0])
            if self._channel is None:
                samples = np.frombuffer(plane, "<i2", count=frame.samples)
            else:
                both = np.frombuffer(plane, "<i2", count=2 * frame.samples)
                samples = np.ascontiguousarray(both[self._channel :: 2])
            self._written += samples.nbytes
            try:
                self._file.write(samples.data)
            except OSError as error:
                raise translate(error, self._path) from error
            for listener in self._listeners:
                listener(samples)


def _wav_header(data_bytes: int) -> bytes:
    """RIFF, format (PCM, mono, 16 bit) and the head of the data chunk."""
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE_HZ, BYTES_PER_SECOND, 2, 16)
    riff = struct.pack("<4sI4s4sI", b"RIFF", 36 + data_bytes, b"WAVE", b"fmt ", len(form))
    return riff + form + struct.pack("<4sI", b"data", data_bytes)


class _Groups:
    """Frames of any size and format, as groups of `GROUP_S` in the first frame's format.

    `add` runs a million times for a long episode: it looks at as little as it can.
    """

    def __init__(self, stream: Any, sinks: Sequence[Sink]) -> None:
        self._sinks = sinks
        self._tick_s = float(stream.time_base or 0)
        self._fifo = av.AudioFifo()
        self._first: Any = None
        self._resampler: tuple[object, av.AudioResampler] | None = None
        self._start_s: float | None = None
        self._waiting = self._samples = self._filled = 0
        self._rate = 1
        self._enough = self._ticks_a_sample = 0.0
        # No frame has this time, so that the first one is looked at.
        self._next_pts = -1e300

    @property
    def written_s(self) -> float:
        """Seconds of sound and of silence in its place so far."""
        return self._samples / self._rate

    @property
    def filled_s(self) -> float:
        """Seconds of silence put in."""
        return self._filled / self._rate

    @property
    def decoded_s(self) -> float:
        """Seconds of sound."""
        return self.written_s - self.filled_s

    def add(self, frame: av.AudioFrame) -> bool:
        """Take a frame; true when a group went out."""
        pts = frame.pts
        if pts != self._next_pts:
            self._look_at_time(frame, pts)
        # The queue would refuse frames whose times do not follow one another.
        frame.pts = None
        samples = frame.samples
        try:
            self._fifo.write(frame)
        except ValueError:
            # A damaged header, or a stream that changes on the way.
            self._write_converted(frame)
        else:
            self._samples += samples
            self._waiting += samples
        if pts is not None:
            self._next_pts = pts + samples * self._ticks_a_sample
        if self._waiting < self._enough:
            return False
        self._emit()
        return True

    def finish(self) -> None:
        """Send the rest, and tell the sinks."""
        if self._waiting:
            self._emit()
        for sink in self._sinks:
            sink.finish()

    def _begin(self, frame: av.AudioFrame) -> None:
        self._first, self._rate = frame, frame.sample_rate
        self._start_s = (frame.pts or 0) * self._tick_s
        self._enough = GROUP_S * self._rate
        self._ticks_a_sample = 1 / (self._tick_s * self._rate) if self._tick_s else 0.0

    def _look_at_time(self, frame: av.AudioFrame, pts: int | None) -> None:
        """A frame that does not follow the one before to the tick: the first, a hole, rounding."""
        if self._start_s is None:
            self._begin(frame)
        elif pts is not None:
            gap = pts * self._tick_s - self._start_s - self._samples / self._rate
            if not -MIN_GAP_S < gap < MIN_GAP_S:
                self._fill(gap)

    def _write_converted(self, frame: av.AudioFrame) -> None:
        """Take a frame in the format of the first; lose it when that cannot be."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or self._resampler[0] != kind:
            first = self._first
            self._resampler = kind, av.AudioResampler(first.format, first.layout, self._rate)
        with suppress(av.FFmpegError, ValueError):
            for part in self._resampler[1].resample(frame):
                part.pts, part.time_base = None, self._first.time_base
                self._fifo.write(part)
                self._samples += part.samples
                self._waiting += part.samples

    def _emit(self) -> None:
        group: Any = self._fifo.read(0)
        self._waiting = 0
        for sink in self._sinks:
            group.pts = None
            sink.write(group)

    def _fill(self, gap: float) -> None:
        """Put silence where the timestamps leave a hole of `gap` seconds."""
        assert self._start_s is not None
        if not 0 < gap <= min(MAX_GAP_S, MAX_FILLED_S - self.filled_s):
            # A clock that jumped: go on from here.
            self._start_s += gap
            return
        first, samples = self._first, round(gap * self._rate)
        silence = av.AudioFrame(format=first.format.name, layout=first.layout.name, samples=samples)
        zero = b"\x80" if first.format.name.startswith("u8") else b"\0"
        for plane in silence.planes:
            plane.update(zero * plane.buffer_size)
        silence.sample_rate, silence.time_base = self._rate, first.time_base
        self._fifo.write(silence)
        self._filled += samples
        self._samples += samples
        self._waiting += samples
