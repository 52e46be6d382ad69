"""Compose training windows from the bank: audio as Whisper sees it, and the tokens to be written.

faster-whisper's sequential mode is what the windows imitate: 30 s that begin where the last
segment ended (in a pause, so speech follows soon), end anywhere (the sentence that does not fit
gets its start time and no words), are clamped to the loudest moment of the *whole* recording, and
after the recording's end are filled with 0.0, which is not silence.
"""

from __future__ import annotations

import math
import pickle
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from clips import ENCODER_FRAMES_PER_S, MEL_FRAMES_PER_S, Clip
from grammar import Grammar
from model import ENCODER_POSITIONS, MEL_BINS
from tokenizer import TIMESTAMP_STEP_S, TOKENIZER_PATH
from tokenizers import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

IGNORED = -100
FULL_FRAMES = 2 * ENCODER_POSITIONS
# faster-whisper lets the first timestamp of a window be at most this.
MAX_FIRST_TIME_S = 1.0
# Half a timestamp's reach of attention, to both sides.
TIMESTAMP_REACH_S = 0.06
# log10 power of silence in the bank (compute_log_mel clamps there).
SILENCE = -10.0
PROMPT_TOKENS = 100
# A full stop owns the pause after it, but not half a minute of silence.
LONGEST_PAUSE_S = 3.0
# A word that began this little before the window is still written.
CUT_TOLERANCE_S = -0.04
# Of the clips in an echoing window, those that are chosen for what they share with another.
ECHOES = 0.6
# Formants are moved by up to this much (vocal tract length perturbation).
LARGEST_WARP = 0.12
WARPS = 25
# Gain in log10 power at random points of the spectrum, joined by straight lines.
TILT_POINTS, LARGEST_TILT = 5, 0.5


@dataclass(frozen=True)
class Shares:
    """How often each kind of window is made."""

    timestamps: float = 0.86
    prompted: float = 0.12
    silent: float = 0.02
    cut_beginning: float = 0.12
    late_beginning: float = 0.06
    short_recording: float = 0.20
    noisy: float = 0.25
    # Windows in which the same three tokens come again and again, as they do in real talk: where a
    # phrase was said twice, the model wrote it twice or passed over what lay between.
    echoing: float = 0.45
    # Clips whose voice is made another one: a shorter or longer throat, another microphone.
    revoiced: float = 0.5


@dataclass
class Placed:
    """A clip in a window, its times relative to the window."""

    clip: Clip
    shift: float
    start: float
    end: float
    pause_end: float
    is_whole: bool


@dataclass
class Window:
    """One training example.

    Attributes:
        mel: float32, shape (80, frames), normalised as faster-whisper does.
        tokens, targets: decoder input and what is to follow each; targets may be IGNORED.
        spans: for each target, (first, last) encoder frame to look at; (-1, -1) for any.
        phonemes: class for each encoder frame.
        frame_tokens: text token for each encoder frame, or IGNORED.
        offset: the encoder frame of 30 s at which a short window pretends to begin.
    """

    mel: np.ndarray
    tokens: list[int]
    targets: list[int]
    spans: list[tuple[int, int]]
    phonemes: np.ndarray
    frame_tokens: np.ndarray
    offset: int


@dataclass
class Batch:
    """Windows of one length, padded to their longest text."""

    mel: np.ndarray
    tokens: np.ndarray
    targets: np.ndarray
    first: np.ndarray
    last: np.ndarray
    phonemes: np.ndarray
    frame_tokens: np.ndarray
    offset: np.ndarray


@dataclass
class Bank:
    """The clips of all shards, and the numbers of their phonemes (0 is no phoneme)."""

    mels: list[np.ndarray] = field(default_factory=list)
    clips: list[tuple[int, Clip, np.ndarray]] = field(default_factory=list)
    phonemes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, paths: list[Path], *, phonemes: dict[str, int] | None = None) -> Bank:
        bank = cls(phonemes=dict(phonemes or {"": 0}))
        for path in paths:
            with path.with_suffix(".pickle").open("rb") as file:
                clips = pickle.load(file)
            for clip in clips:
                numbers = [
                    bank.phonemes.setdefault(name, len(bank.phonemes)) for name in clip.phonemes
                ]
                bank.clips.append((len(bank.mels), clip, np.array(numbers, np.int16)))
            bank.mels.append(np.load(path))
        return bank

    def mel(self, shard: int, clip: Clip) -> np.ndarray:
        return self.mels[shard][:, clip.offset : clip.offset + clip.frames]


class Composer:
    """A seeded, endless source of windows."""

    def __init__(self, bank: Bank, seed: int, *, shares: Shares | None = None) -> None:
        self._bank = bank
        self._shares = shares or Shares()
        self._random = random.Random(seed)
        self._numpy = np.random.default_rng(seed)
        # Drawing gamma noise anew for every window costs as much as the rest of composing.
        self._grain = np.log10(self._numpy.gamma(2.0, 0.5, (MEL_BINS, 4 * FULL_FRAMES))).astype(
            np.float32
        )
        tokenizer = Tokenizer.from_file(str(TOKENIZER_PATH))
        self.text_end = tokenizer.token_to_id("<|endoftext|>")
        self.begin = tokenizer.token_to_id("<|startoftranscript|>")
        self.previous = tokenizer.token_to_id("<|startofprev|>")
        self.no_speech = tokenizer.token_to_id("<|nospeech|>")
        self.no_timestamps = tokenizer.token_to_id("<|notimestamps|>")
        self.first_timestamp = self.no_timestamps + 1
        self.vocabulary = tokenizer.get_vocab_size()
        self._warps = [
            _make_warp(1 + LARGEST_WARP * (2 * step / (WARPS - 1) - 1)) for step in range(WARPS)
        ]
        self._echoes = _index_trigrams(bank)
        self._is_mark = [
            not any(c.isalnum() for c in tokenizer.decode([i])) for i in range(self.text_end)
        ]
        grammar = Grammar(seed)
        texts = [grammar.names(self._random.randint(1, 14)) for _ in range(600)]
        texts += [grammar.scramble()[:-1] for _ in range(200)]
        self._prompts = [tokenizer.encode(" " + text).ids[:PROMPT_TOKENS] for text in texts]

    def window(self, frames: int) -> Window:
        """A window of `frames` mel frames; 3000 of them are a full one."""
        is_full = frames == FULL_FRAMES
        draw = self._random
        offset = 0 if is_full else draw.randint(0, ENCODER_POSITIONS - frames // 2)
        is_silent = draw.random() < self._shares.silent
        mel = np.full((MEL_BINS, frames), SILENCE, np.float32)
        phonemes = np.zeros(frames // 2, np.int64)
        stop = frames
        if draw.random() < self._shares.short_recording:
            stop = int(frames * draw.uniform(0.1 if is_full else 0.4, 1))
        placed = [] if is_silent else self._place(mel, phonemes, stop)
        end = round(placed[-1].end * MEL_FRAMES_PER_S) if placed else 0
        mel = self._finish(mel, end, is_padded=stop < frames, is_silent=is_silent)
        tokens, targets, spans, frame_tokens = self._write(placed, frames, offset, is_full=is_full)
        return Window(mel, tokens, targets, spans, phonemes, frame_tokens, offset)

    def batch(self, size: int, frames: int) -> Batch:
        windows = [self.window(frames) for _ in range(size)]
        length = max(len(window.tokens) for window in windows)
        shape = (size, length)
        tokens = np.full(shape, self.text_end, np.int64)
        targets = np.full(shape, IGNORED, np.int64)
        first, last = np.full(shape, -1, np.int64), np.full(shape, -1, np.int64)
        for row, window in enumerate(windows):
            count = len(window.tokens)
            tokens[row, :count] = window.tokens
            targets[row, :count] = window.targets
            first[row, :count] = [span[0] for span in window.spans]
            last[row, :count] = [span[1] for span in window.spans]
        return Batch(
            np.stack([window.mel for window in windows]),
            tokens,
            targets,
            first,
            last,
            np.stack([window.phonemes for window in windows]),
            np.stack([window.frame_tokens for window in windows]),
            np.array([window.offset for window in windows]),
        )

    def _place(self, mel: np.ndarray, phonemes: np.ndarray, stop: int) -> list[Placed]:
        """Lay clips with pauses between them into `mel`, until `stop` or the window's end."""
        draw, frames = self._random, mel.shape[1]
        placed: list[Placed] = []
        kind = draw.random()
        cut = 0
        # Encoder frames are two mel frames: everything begins on an even one.
        position = 2 * draw.randint(0, 30)
        if kind < self._shares.cut_beginning:
            position, cut = 0, 1
        elif kind < self._shares.cut_beginning + self._shares.late_beginning:
            position = 2 * draw.randint(30, min(200, frames // 8))
        level = draw.uniform(-1.2, 0.3)
        is_echoing = draw.random() < self._shares.echoing
        while position < stop:
            chosen = draw.choice(self._bank.clips)
            if is_echoing and placed and draw.random() < ECHOES:
                chosen = self._echo(draw.choice(placed).clip) or chosen
            shard, clip, numbers = chosen
            if cut:
                cut = 2 * draw.randint(1, max(1, clip.frames // 2 - 20))
            width = min(frames - position, clip.frames - cut)
            if placed and stop < frames and position + clip.frames > stop:
                break
            piece = self._bank.mel(shard, clip)[:, cut : cut + width].astype(np.float32)
            if draw.random() < self._shares.revoiced:
                piece = self._revoice(piece)
            mel[:, position : position + width] = piece + (level + draw.uniform(-0.3, 0.3))
            half = numbers[cut // 2 : (cut + width) // 2]
            phonemes[position // 2 : position // 2 + len(half)] = half
            shift = (position - cut) / MEL_FRAMES_PER_S
            start = clip.start + shift
            if placed:
                placed[-1].pause_end = start
            is_whole = clip.end + shift <= frames / MEL_FRAMES_PER_S
            placed.append(Placed(clip, shift, start, clip.end + shift, math.inf, is_whole))
            position += width + self._pause()
            cut = 0
        return placed

    def _echo(self, clip: Clip) -> tuple[int, Clip, np.ndarray] | None:
        """Another clip in which three tokens of this one come in the same order."""
        tokens = [timed.token for timed in clip.tokens]
        if len(tokens) < 3:
            return None
        at = self._random.randint(0, len(tokens) - 3)
        return self._bank.clips[self._random.choice(self._echoes[tuple(tokens[at : at + 3])])]

    def _revoice(self, piece: np.ndarray) -> np.ndarray:
        """Move a voice's formants and colour its spectrum; `piece` is log10 mel power."""
        warped = self._random.choice(self._warps) @ piece
        points = self._numpy.uniform(-LARGEST_TILT, LARGEST_TILT, TILT_POINTS)
        places = np.linspace(0, MEL_BINS - 1, TILT_POINTS)
        gain = np.interp(np.arange(MEL_BINS), places, points)
        return warped + gain[:, None].astype(np.float32)

    def _pause(self) -> int:
        """Mel frames (even) between two sentences."""
        draw = self._random
        kind = draw.random()
        if kind < 0.70:
            return 2 * draw.randint(4, 24)
        if kind < 0.96:
            return 2 * draw.randint(24, 65)
        return 2 * draw.randint(65, 200)

    def _finish(self, mel: np.ndarray, end: int, *, is_padded: bool, is_silent: bool) -> np.ndarray:
        draw, frames = self._random, mel.shape[1]
        mel = np.maximum(mel, SILENCE)
        if draw.random() < self._shares.noisy:
            tilt = np.linspace(0, draw.uniform(-2.0, 0.3), MEL_BINS, dtype=np.float32)[:, None]
            begin = draw.randint(0, self._grain.shape[1] - frames)
            noise = draw.uniform(-7, -3.0) + tilt + self._grain[:, begin : begin + frames]
            mel = np.logaddexp2(mel * math.log2(10), noise * math.log2(10)) / math.log2(10)
        loudest = float(mel.max())
        if draw.random() < 0.5:
            loudest += draw.uniform(0, 0.8)
        if is_silent:
            loudest = max(loudest, draw.uniform(-1, 2))
        mel = (np.maximum(mel, loudest - 8) + 4) / 4
        if is_silent and draw.random() < 0.5:
            mel[:, draw.randint(100, frames) :] = 0
        elif is_padded and draw.random() < 0.8:
            mel[:, end + draw.randint(0, 60) :] = 0
        return mel.astype(np.float32)

    def _write(
        self, placed: list[Placed], frames: int, offset: int, *, is_full: bool
    ) -> tuple[list[int], list[int], list[tuple[int, int]], np.ndarray]:
        draw = self._random
        limit = frames / MEL_FRAMES_PER_S
        # Of a clip whose beginning was cut there may be nothing left to write.
        placed = [piece for piece in placed if self._is_heard(piece)]
        frame_tokens = np.full(frames // 2, IGNORED, np.int64)
        tokens: list[int] = []
        if is_full and draw.random() < self._shares.prompted:
            tokens = [self.previous, *self._prompt()]
        unheard: tuple[int, int] = (-1, -1)
        targets = [IGNORED] * len(tokens)
        spans = [unheard] * len(tokens)
        written: list[tuple[int, tuple[int, int]]] = []

        def span(start: float, end: float) -> tuple[int, int]:
            first = max(0, int(start * ENCODER_FRAMES_PER_S))
            last = min(frames // 2 - 1, math.ceil(end * ENCODER_FRAMES_PER_S) - 1)
            return (first, last) if first <= last else unheard

        def stamp(time: float) -> None:
            step = min(round(time / TIMESTAMP_STEP_S) + offset, len(range(1_501)) - 1)
            reach = span(time - TIMESTAMP_REACH_S, time + TIMESTAMP_REACH_S)
            written.append((self.first_timestamp + max(0, step), reach))

        def words(piece: Placed) -> None:
            for timed in piece.clip.tokens:
                start, end = timed.start + piece.shift, timed.end + piece.shift
                is_last = timed is piece.clip.tokens[-1]
                # Of a word that is cut off, nothing is written.
                if start < CUT_TOLERANCE_S or end > limit + 0.02:
                    continue
                is_mark = self._is_mark[timed.token]
                if is_mark and is_last:
                    end = min(piece.pause_end, piece.end + LONGEST_PAUSE_S, limit)
                reach = span(start, end)
                written.append((timed.token, reach))
                if not is_mark and reach != unheard:
                    frame_tokens[reach[0] : reach[1] + 1] = timed.token

        is_timed = draw.random() < self._shares.timestamps
        # A window with no complete sentence has nothing to put between two times.
        is_timed = is_timed and (not placed or placed[0].is_whole)
        if is_timed:
            for index, piece in enumerate(placed):
                first = min(
                    t.start + piece.shift
                    for t in piece.clip.tokens
                    if t.start + piece.shift >= CUT_TOLERANCE_S
                )
                if index == 0 and is_full and first > MAX_FIRST_TIME_S:
                    first = MAX_FIRST_TIME_S
                stamp(max(0.0, first))
                if not piece.is_whole:
                    break
                words(piece)
                stamp(piece.end)
        else:
            for piece in placed:
                words(piece)
        tokens.append(self.begin)
        if not placed:
            # Whisper's own way of saying so: the first prediction is <|nospeech|>.
            targets.append(self.no_speech)
            tokens.append(self.first_timestamp if is_timed else self.no_timestamps)
            targets.append(self.text_end)
            return tokens, targets, [*spans, unheard, unheard], frame_tokens
        if not is_timed:
            # Which of the two modes it is, the prompt says; the model need not guess.
            targets.append(IGNORED)
            spans.append(unheard)
            tokens.append(self.no_timestamps)
        targets += [token for token, _ in written] + [self.text_end]
        spans += [reach for _, reach in written] + [unheard]
        tokens += [token for token, _ in written]
        return tokens, targets, spans, frame_tokens

    def _is_heard(self, piece: Placed) -> bool:
        return any(
            token.start + piece.shift >= CUT_TOLERANCE_S and not self._is_mark[token.token]
            for token in piece.clip.tokens
        )

    def _prompt(self) -> list[int]:
        """Names (hotwords), or what was said before; never more than a product would send."""
        draw = self._random
        prompt: list[int] = []
        if draw.random() < 0.75:
            prompt = draw.choice(self._prompts)
        if not prompt or draw.random() < 0.15:
            for _ in range(draw.randint(1, 5)):
                prompt = prompt + [t.token for t in draw.choice(self._bank.clips)[1].tokens]
        return prompt[-PROMPT_TOKENS:]


def _index_trigrams(bank: Bank) -> dict[tuple[int, ...], list[int]]:
    """The clips (by number) in which three tokens follow each other."""
    index: dict[tuple[int, ...], list[int]] = {}
    for number, (_, clip, _) in enumerate(bank.clips):
        tokens = [timed.token for timed in clip.tokens]
        for at in range(len(tokens) - 2):
            index.setdefault(tuple(tokens[at : at + 3]), []).append(number)
    return index


def _make_warp(factor: float) -> np.ndarray:
    """A matrix that reads mel bin b at frequency factor * f(b), float32, shape (80, 80).

    Source: Jaitly and Hinton, Vocal Tract Length Perturbation improves speech recognition, 2013.
    """
    # Slaney's mel scale, as in Whisper's filters: linear below 1 kHz, logarithmic above.
    step, knee_hz, ratio = 200 / 3, 1_000.0, math.log(6.4) / 27
    knee = knee_hz / step
    top = knee + math.log(8_000 / knee_hz) / ratio
    mels = np.linspace(0, top, MEL_BINS + 2)[1:-1]
    hertz = np.where(mels < knee, mels * step, knee_hz * np.exp(ratio * (mels - knee)))
    hertz *= factor
    moved = np.where(hertz < knee_hz, hertz / step, knee + np.log(hertz / knee_hz) / ratio)
    places = np.clip((moved / top) * (MEL_BINS + 1) - 1, 0, MEL_BINS - 1)
    low = np.minimum(places.astype(int), MEL_BINS - 2)
    matrix = np.zeros((MEL_BINS, MEL_BINS), np.float32)
    rows = np.arange(MEL_BINS)
    matrix[rows, low] = 1 - (places - low)
    matrix[rows, low + 1] = places - low
    return matrix
