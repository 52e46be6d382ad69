"""What a waveform is drawn from: the loudest sample of every 1/20 s of an episode.

Kept in `work/peaks.bin`: a line of JSON that says what they were made from, then a byte a stretch.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shownotes.adapters.store import EpisodeFolder, write_bytes
from shownotes.errors import NoAudioError
from shownotes.model import Episode
from shownotes.settings import Settings

FILE = "work/peaks.bin"
PEAKS_A_SECOND = 20
_SAMPLES = 16_000 // PEAKS_A_SECOND
_FULL_SCALE = 32_768
_FORMAT = {"format": "shownotes/peaks", "format_version": 1}


class Walk(Protocol):
    """What is needed of a step's walk."""

    @property
    def folder(self) -> EpisodeFolder:
        """Of the episode."""

    @property
    def settings(self) -> Settings:
        """Whose root the audio's path begins at."""


class Peaks:
    """Gathers peaks from samples as they come; holds less than one stretch of them."""

    def __init__(self) -> None:
        self._peaks = bytearray()
        self._rest: NDArray[np.int16] = np.empty(0, np.int16)

    def hear(self, samples: NDArray[np.int16]) -> None:
        """Take the next samples: int16, shape (n_samples,), mono, 16 000 Hz."""
        together = np.concatenate([self._rest, samples]) if self._rest.size else samples
        whole = together.size // _SAMPLES * _SAMPLES
        self._peaks += _loudest(together[:whole].reshape(-1, _SAMPLES))
        # A copy: what was handed in may be overwritten.
        self._rest = together[whole:].copy()

    def finish(self) -> bytes:
        """All peaks, 0 to 255, the last one of what was left."""
        if self._rest.size:
            self._peaks += _loudest(self._rest.reshape(1, -1))
            self._rest = np.empty(0, np.int16)
        return bytes(self._peaks)


def _loudest(stretches: NDArray[np.int16]) -> bytes:
    """Shape (n_stretches, n_samples) -> a byte each."""
    if not stretches.size:
        return b""
    # In 32 bit: -32 768 has no opposite in 16.
    high = stretches.max(axis=1).astype(np.int32)
    low = -stretches.min(axis=1).astype(np.int32)
    loudest = np.maximum(high, low)
    scaled: NDArray[np.uint8] = ((loudest * 255 + _FULL_SCALE // 2) // _FULL_SCALE).astype(np.uint8)
    return scaled.tobytes()


def read_peaks(walk: Walk) -> bytes:
    """An episode's peaks, one byte a 1/20 s, made when there are none or they are of other audio.

    Raises:
        NoAudioError: there is no audio to be heard.
        InputError: it cannot be read.
        StoreError: they cannot be kept.
    """
    folder = walk.folder
    episode = folder.read("episode.json", Episode)
    if episode.audio is None:
        raise NoAudioError(f"{folder.name} has a transcript and no audio.")
    wav = folder.path / (episode.working_audio or "work/audio.wav")
    made_from = {"audio": episode.audio.packets_sha256, "working_audio": _looks(wav)}
    path = folder.path / FILE
    kept = _read_kept(path, made_from)
    if kept is not None:
        return kept
    audio = walk.settings.root / episode.audio.path
    if made_from["working_audio"] is None and not audio.is_file():
        raise NoAudioError(
            f"{folder.name} has no audio to be drawn: the work folder was cleaned, and "
            f"{episode.audio.path} is gone or a folder of tracks. Process it again."
        )
    peaks = _measure(wav, audio)
    head = json.dumps({**_FORMAT, **made_from}).encode() + b"\n"
    write_bytes(path, head + peaks)
    return peaks


def _looks(wav: Path) -> list[int] | None:
    """Size and time of the working audio; `None` when the work folder was cleaned."""
    try:
        found = wav.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _read_kept(path: Path, made_from: dict[str, Any]) -> bytes | None:
    """The peaks that were kept, if they are of this audio."""
    try:
        head, _, peaks = path.read_bytes().partition(b"\n")
        told = json.loads(head)
    except (OSError, ValueError):
        return None
    return peaks if told == {**_FORMAT, **made_from} else None


def _measure(wav: Path, audio: Path) -> bytes:
    """Peaks of the working audio, else of the audio itself, decoded in flat memory."""
    from shownotes.adapters.audio import decode, read_chunks

    peaks = Peaks()
    if wav.is_file():
        for chunk in read_chunks(wav):
            peaks.hear(chunk)
        return peaks.finish()
    decode(audio, [_Sink(peaks)])
    return peaks.finish()


class _Sink:
    """Takes decoded sound and passes it on as 16 kHz mono."""

    def __init__(self, peaks: Peaks) -> None:
        import av

        self._peaks = peaks
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)

    def write(self, frame: Any) -> None:
        for samples in _samples(self._resampler.resample(frame)):
            self._peaks.hear(samples)

    def finish(self) -> None:
        for samples in _samples(self._resampler.resample(None)):
            self._peaks.hear(samples)


def _samples(frames: Sequence[Any]) -> Iterator[NDArray[np.int16]]:
    for frame in frames:
        yield np.frombuffer(memoryview(frame.planes[0]), "<i2", count=frame.samples)
