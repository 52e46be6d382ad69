"""Where somebody speaks, and so where they pause: voice activity, heard as a stream.

Why Silero's network as faster-whisper bundles it: it is on the machine already, and the
recogniser's own filter uses the same. We run the file in onnxruntime ourselves, because importing
faster-whisper costs a second, and because its own function wants the whole episode (1.1 GB an
hour). The network's memory is handed from chunk to chunk, so that chunks leave no seams.
"""

import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shownotes.errors import ModelMissingError
from shownotes.model import Span

SAMPLE_RATE_HZ = 16_000
# What the network hears at a time, with what it needs of the time before, in samples.
_STEP = 512
_CONTEXT = 64
# Steps a run: 32 s. Larger chunks are no faster and cost memory; smaller ones cost calls.
_STEPS_A_RUN = 1000
# Silero's own thresholds: speech begins above the first and ends below the second.
START_PROBABILITY = 0.5
END_PROBABILITY = 0.35
# Silences shorter than this are part of speech, in seconds; speakers breathe in 0.3 s and more.
MIN_SILENCE_S = 0.25
# Speech shorter than this is a click or a breath, in seconds.
MIN_SPEECH_S = 0.1
# Put around speech, whose soft beginnings and ends the network hears late, in seconds.
PAD_S = 0.05


class SpeechDetector:
    """Told the audio in any pieces, knows the speech at the end.

    Raises:
        ModelMissingError: faster-whisper is not whole.
    """

    def __init__(self) -> None:
        self._session = _load()
        self._hidden: Any = np.zeros((1, 1, 128), np.float32)
        self._cell: Any = np.zeros((1, 1, 128), np.float32)
        self._before = np.zeros(_CONTEXT, np.float32)
        self._waiting: list[NDArray[np.float32]] = []
        self._waiting_count = 0
        self._samples = 0
        self._speech = _Hysteresis()

    def hear(self, samples: NDArray[np.int16]) -> None:
        """Take audio: int16, shape (n_samples,), mono, 16 000 Hz."""
        self._samples += len(samples)
        self._waiting.append(samples.astype(np.float32) / np.float32(32768))
        self._waiting_count += len(samples)
        if self._waiting_count >= _STEPS_A_RUN * _STEP:
            self._run(is_last=False)

    def finish(self) -> tuple[Span, ...]:
        """All speech, in order, not overlapping, within the audio."""
        self._run(is_last=True)
        duration = self._samples / SAMPLE_RATE_HZ
        return tuple(_padded(self._speech.finish(), duration))

    def _run(self, *, is_last: bool) -> None:
        waiting = np.concatenate([np.zeros(0, np.float32), *self._waiting])
        if is_last:
            waiting = np.pad(waiting, (0, -len(waiting) % _STEP))
        usable = len(waiting) // _STEP * _STEP
        self._waiting = [waiting[usable:]]
        self._waiting_count = len(waiting) - usable
        if not usable:
            return
        heard = np.concatenate([self._before, waiting[:usable]])
        self._before = heard[-_CONTEXT:]
        views = np.lib.stride_tricks.sliding_window_view(heard, _CONTEXT + _STEP)[::_STEP]
        probabilities, self._hidden, self._cell = self._session.run(
            None,
            {"input": np.ascontiguousarray(views), "h": self._hidden, "c": self._cell},
        )
        self._speech.take(probabilities.reshape(-1))


class _Hysteresis:
    """Probabilities, one a step, to speech: a high threshold to begin, a low one to end."""

    def __init__(self) -> None:
        self._step = 0
        self._start: int | None = None
        self._silent_from: int | None = None
        self._found: list[Span] = []

    def take(self, probabilities: NDArray[np.float32]) -> None:
        patience = MIN_SILENCE_S * SAMPLE_RATE_HZ / _STEP
        for probability in probabilities.tolist():
            if probability >= START_PROBABILITY:
                self._silent_from = None
                if self._start is None:
                    self._start = self._step
            elif self._start is not None and probability < END_PROBABILITY:
                if self._silent_from is None:
                    self._silent_from = self._step
                if self._step - self._silent_from >= patience:
                    self._end(self._silent_from)
            self._step += 1

    def finish(self) -> list[Span]:
        if self._start is not None:
            self._end(self._step if self._silent_from is None else self._silent_from)
        return self._found

    def _end(self, end: int) -> None:
        assert self._start is not None
        span = Span(start=self._start * _STEP / SAMPLE_RATE_HZ, end=end * _STEP / SAMPLE_RATE_HZ)
        if span.duration >= MIN_SPEECH_S:
            self._found.append(span)
        self._start = self._silent_from = None


def _padded(speech: list[Span], duration: float) -> Iterator[Span]:
    """Speech with its pads, which never reach into each other; times in whole milliseconds."""
    for index, span in enumerate(speech):
        floor = (speech[index - 1].end + span.start) / 2 if index else 0.0
        ceiling = (span.end + speech[index + 1].start) / 2 if index + 1 < len(speech) else duration
        start = max(floor, span.start - PAD_S)
        # To the millisecond, and never past the last sample.
        last = math.floor(duration * 1000) / 1000
        end = min(round(min(ceiling, span.end + PAD_S), 3), last)
        if end > start:
            yield Span(start=round(start, 3), end=end)


def _load() -> Any:
    """The network. One thread: two were measured to take 2.5 times the CPU for no gain in time."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # The arena would keep the largest chunk's memory for good.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(
        str(_network()), providers=["CPUExecutionProvider"], sess_options=options
    )


def _network() -> Path:
    """The network's file, found without importing faster-whisper."""
    spec = importlib.util.find_spec("faster_whisper")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder, "assets").glob("silero_vad*.onnx")):
            return path
    raise ModelMissingError(
        "The voice activity network that comes with faster-whisper is not there. "
        "Install faster-whisper again (`pip install --force-reinstall faster-whisper`)."
    )
