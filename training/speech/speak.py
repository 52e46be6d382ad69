"""Synthetic speech with exact word times, from espeak-ng's library in the `espeakng-loader` wheel.

The wheel carries both the shared library and its data, so fresh speech can be made on any machine
without a system package. Training, evaluation and the product's own tests speak through here.

espeak-ng is a C library with global state: one voice at a time, one thread at a time.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import av
import espeakng_loader
import numpy as np

WHISPER_SAMPLE_RATE_HZ = 16_000

# From espeak-ng's speak_lib.h.
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_PHONEME_EVENTS = 0x0001
_INITIALIZE_DONT_EXIT = 0x8000
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_PARAMETER_RATE, _PARAMETER_PITCH, _PARAMETER_RANGE = 1, 3, 4
_POSITION_CHARACTER = 1
_CHARACTERS_UTF8 = 1
_BREATH_SEED = 1


@dataclass(frozen=True)
class SpokenWord:
    """A word as it was written, and when it sounds. Pauses belong to no word."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Phoneme:
    """An espeak phoneme mnemonic; pauses have names that begin with `_`."""

    name: str
    start: float
    end: float

    @property
    def is_pause(self) -> bool:
        return not self.name or self.name.startswith("_")


@dataclass(frozen=True)
class Speech:
    """Synthesised speech.

    Attributes:
        samples: float32, shape (n_samples,), mono, in [-1, 1].
    """

    samples: np.ndarray
    sample_rate_hz: int
    words: tuple[SpokenWord, ...]
    phonemes: tuple[Phoneme, ...] = field(default=(), repr=False)

    @property
    def duration(self) -> float:
        return len(self.samples) / self.sample_rate_hz


class _EventId(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    ]


_SynthCallback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Espeak:
    """The loaded library, with what its callback has handed over since the last `synthesise`."""

    def __init__(self) -> None:
        # ctypes rather than a wrapper package: none of those hands out phoneme times.
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self.sample_rate_hz: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS,
            0,
            espeakng_loader.get_data_path().encode(),
            _INITIALIZE_PHONEME_EVENTS | _INITIALIZE_DONT_EXIT,
        )
        if self.sample_rate_hz <= 0:
            raise RuntimeError(
                f"espeak-ng does not accept its data at {espeakng_loader.get_data_path()}; "
                "reinstall espeakng-loader"
            )
        self._chunks: list[np.ndarray] = []
        self._word_events: list[tuple[int, int]] = []
        self._phoneme_events: list[tuple[str, int]] = []
        # Kept on the object: ctypes callbacks die with their last Python reference.
        self._callback = _SynthCallback(self._receive)

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if count > 0 and samples:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _EVENT_END_OF_LIST:
            event = events[index]
            if event.type == _EVENT_WORD and event.length > 0:
                # espeak counts characters from 1.
                self._word_events.append((event.text_position - 1, event.sample))
            elif event.type == _EVENT_PHONEME:
                name = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "replace")
                self._phoneme_events.append((name, event.sample))
            index += 1
        return 0

    def synthesise(
        self, text: str, *, voice: str, rate_wpm: int, pitch: int, pitch_range: int
    ) -> tuple[np.ndarray, list[tuple[int, int]], list[tuple[str, int]]]:
        self._chunks, self._word_events, self._phoneme_events = [], [], []
        # The library has one for all: another object of this class may have set its own meanwhile.
        self._library.espeak_SetSynthCallback(self._callback)
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        for parameter, value in (
            (_PARAMETER_RATE, rate_wpm),
            (_PARAMETER_PITCH, pitch),
            (_PARAMETER_RANGE, pitch_range),
        ):
            self._library.espeak_SetParameter(parameter, int(value), 0)
        # Breath is random, and seeded from the clock unless it is told otherwise.
        self._library.espeak_ng_SetRandSeed(ctypes.c_long(_BREATH_SEED))
        data = text.encode()
        code = self._library.espeak_Synth(
            data, len(data) + 1, 0, _POSITION_CHARACTER, 0, _CHARACTERS_UTF8, None, None
        )
        if code != 0:
            raise RuntimeError(f"espeak-ng could not speak {text[:40]!r} (code {code})")
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._chunks) if self._chunks else np.zeros(0, np.int16)
        return samples, self._word_events, self._phoneme_events


@cache
def _espeak() -> _Espeak:
    return _Espeak()


def speak(
    text: str,
    *,
    voice: str = "en-us",
    rate_wpm: int = 165,
    pitch: int = 50,
    pitch_range: int = 50,
    sample_rate_hz: int = WHISPER_SAMPLE_RATE_HZ,
) -> Speech:
    """Speak `text` and say when each of its words sounds.

    Args:
        text: English, words separated by white space.
        voice: an espeak voice, with a variant if one is wanted: `en-us`, `en-gb-x-rp+f2`.
        rate_wpm: words a minute, 80 to 450.
        pitch: 0 to 99.
        pitch_range: 0 (monotone) to 99.
        sample_rate_hz: of the samples returned; espeak itself speaks at 22 050 Hz.

    Raises:
        ValueError: espeak-ng has no such voice.
    """
    espeak = _espeak()
    raw, word_events, phoneme_events = espeak.synthesise(
        text, voice=voice, rate_wpm=rate_wpm, pitch=pitch, pitch_range=pitch_range
    )
    scale = 1.0 / espeak.sample_rate_hz
    total = len(raw) * scale
    edges = [*(sample * scale for _, sample in phoneme_events), total]
    phonemes = tuple(
        Phoneme(name, start, end)
        for (name, _), (start, end) in zip(phoneme_events, pairwise(edges), strict=True)
    )
    samples = raw.astype(np.float32) / 32_768
    if sample_rate_hz != espeak.sample_rate_hz:
        samples = _resample(samples, espeak.sample_rate_hz, sample_rate_hz)
    words = _time_words(text, [(at, sample * scale) for at, sample in word_events], phonemes, total)
    return Speech(samples, sample_rate_hz, words, phonemes)


def _resample(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Resample mono float32 with FFmpeg's resampler, which comes with PyAV."""
    if not len(samples):
        return samples
    frame = av.AudioFrame.from_ndarray(samples[None, :], format="flt", layout="mono")
    frame.sample_rate = from_hz
    resampler = av.AudioResampler(format="flt", layout="mono", rate=to_hz)
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([part.to_ndarray()[0] for part in frames])


def _time_words(
    text: str,
    word_events: list[tuple[int, float]],
    phonemes: tuple[Phoneme, ...],
    total: float,
) -> tuple[SpokenWord, ...]:
    """Give every written word the time of its first event; it ends at a pause or the next word.

    espeak says a word like "twenty-one" or "NGO" as several, and sometimes joins two ("of the"):
    a word without an event of its own starts halfway through the time of the one before it.
    """
    spans = []
    cursor = 0
    for written in text.split():
        begin = text.index(written, cursor)
        cursor = begin + len(written)
        spans.append((written, begin, cursor))
    starts: list[float | None] = [
        next((time for at, time in word_events if begin <= at < end), None)
        for _, begin, end in spans
    ]
    # Forward, so that a run of joined words keeps its order.
    known = [*starts, total]
    for index, start in enumerate(starts):
        if start is None:
            before = known[index - 1] if index else 0.0
            after = next(time for time in known[index + 1 :] if time is not None)
            known[index] = (before + after) / 2  # type: ignore[operator]
    words = []
    for index, (written, _, _) in enumerate(spans):
        start, limit = float(known[index] or 0.0), float(known[index + 1] or total)
        pause = next((p.start for p in phonemes if p.is_pause and start < p.start < limit), limit)
        words.append(SpokenWord(written, start, max(start, pause)))
    return tuple(words)
