"""Who speaks when: voices in a mix and people on two channels, on speech made from a seed.

    python benchmarks/speakers.py [--seed 1] [--count 24] [--minutes 4]

Conversations of one to four speakers (espeak variants and pitches drawn afresh, the variants kept
from the demo model's training among them), mixed by pydub: turns of one to eight sentences, one
in eight an interjection, overlaps up to 0.6 s, levels up to 9 dB apart, rooms, noise 15 to 45 dB
below.
Words are those that were spoken, with starts up to some 0.1 s off, as a recogniser's are.

Diarization error: missed, false and confused speech over all speech, overlaps counted for everybody
who speaks, 0.25 s around every turn's edges left out (NIST's collar), speakers matched as is best.
Printed too: the share of conversations with the right number of voices, conversations of one voice
in which more were heard, words of two-channel recordings with the right speaker, and time.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydub import AudioSegment

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "training/speech")]

from grammar import Grammar  # noqa: E402
from speak import speak  # noqa: E402
from voices import (  # noqa: E402
    ACCENTS,
    PITCH_RANGES,
    RATES_WPM,
    VARIANTS,
    Setting,
    load_unseen,
)

from shownotes.adapters import voices as product  # noqa: E402
from shownotes.model import Word  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
MAX_ERROR, MIN_RIGHT_COUNT, MIN_PANNED = 0.12, 0.85, 0.99
COLLAR_S, STEPS_A_SECOND = 0.25, 100
GAPS_S = (-0.6, -0.2, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0)
SENTENCES = (1, 1, 2, 3, 4, 6, 8)
ROOMS_S = (0.0, 0.0, 0.05, 0.15, 0.3)
Span = tuple[float, float, int]


@dataclass(frozen=True)
class Conversation:
    """What was said by whom, and how it sounds."""

    samples: NDArray[np.float32]
    own: NDArray[np.float32]
    words: list[Word]
    speakers: list[int]
    turns: list[Span]


def converse(seed: int, count: int, minutes: float) -> Conversation:
    """A conversation of `count` speakers; `own` is what each microphone would hear alone."""
    rng, noises, grammar = random.Random(seed), np.random.default_rng(seed), Grammar(seed)
    voices = draw_voices(rng, count)
    gains_db = [rng.uniform(-6, 3) for _ in voices]
    rooms = [rng.choice(ROOMS_S) for _ in voices]
    length = minutes * 60
    tracks = [AudioSegment.silent(int((length + 60) * 1000), frame_rate=RATE_HZ) for _ in voices]
    spoken: list[tuple[Word, int]] = []
    turns: list[Span] = []
    at, last = 0.5, -1
    while at < length:
        who = rng.choice([index for index in range(count) if index != last] or [0])
        last = who
        is_short = rng.random() < 0.12
        sentences = [grammar.sentence() for _ in range(rng.choice(SENTENCES))]
        speech = speak("Yes, exactly." if is_short else " ".join(sentences), **vars(voices[who]))
        sound = to_segment(add_room(speech.samples, rooms[who], noises)).apply_gain(gains_db[who])
        tracks[who] = tracks[who].overlay(sound, position=int(at * 1000))
        for word in speech.words:
            start = at + word.start + rng.gauss(0.0, 0.05)
            end = max(at + word.end, start + 0.04)
            spoken.append((Word(text=word.text, start=max(0.0, start), end=end), who))
        turns.append((at + speech.words[0].start, at + speech.words[-1].end, who))
        at = max(0.0, turns[-1][1] + rng.choice(GAPS_S))
    own = np.stack([to_samples(track) for track in tracks])[:, : int((at + 1) * RATE_HZ)]
    mixed = own.sum(axis=0)
    noise = np.convolve(noises.standard_normal(len(mixed)), [1, 0.9, 0.5], "same")
    loudness_db = rng.uniform(15, 45)
    noise *= np.sqrt((mixed**2).mean() / 10 ** (loudness_db / 10) / (noise**2).mean())
    mixed = (mixed + noise).astype(np.float32)
    mixed /= max(1.0, float(np.abs(mixed).max()))
    spoken.sort(key=lambda pair: pair[0].start)
    return Conversation(mixed, own, [w for w, _ in spoken], [s for _, s in spoken], turns)


def draw_voices(rng: random.Random, count: int) -> list[Setting]:
    """Different variants, each with a pitch and a pace of its own."""
    variants = [*dict.fromkeys(VARIANTS), *load_unseen().variants]
    return [
        Setting(
            voice=rng.choice(ACCENTS) + variant,
            rate_wpm=rng.choice(RATES_WPM),
            pitch=rng.randint(25, 75),
            pitch_range=rng.choice(PITCH_RANGES),
        )
        for variant in rng.sample(variants, count)
    ]


def add_room(
    samples: NDArray[np.float32], decay_s: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Reverberation: decaying noise behind the direct sound."""
    samples = samples * 0.06 / max(1e-3, float(np.sqrt((samples**2).mean())))
    if not decay_s:
        return samples
    count = int(decay_s * RATE_HZ)
    response = rng.standard_normal(count) * np.exp(-6.9 * np.arange(count) / count)
    response[0] = 8.0
    response /= np.sqrt((response**2).sum())
    size = len(samples) + count
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)
    return np.asarray(wet[: len(samples)], np.float32)


def to_segment(samples: NDArray[np.float32]) -> AudioSegment:
    """Samples as a pydub segment."""
    data = (samples * 32767).clip(-32768, 32767).astype("<i2").tobytes()
    return AudioSegment(data, frame_rate=RATE_HZ, sample_width=2, channels=1)


def to_samples(segment: AudioSegment) -> NDArray[np.float32]:
    """What pydub holds, as samples."""
    return np.frombuffer(segment.raw_data, "<i2").astype(np.float32) / 32768


def error(turns: list[Span], found: list[Span], length: float) -> float:
    """Diarization error rate."""
    steps = int(length * STEPS_A_SECOND) + 1
    is_scored = np.ones(steps, bool)
    for start, end, _ in turns:
        for edge in (start, end):
            first = max(0, int((edge - COLLAR_S) * STEPS_A_SECOND))
            is_scored[first : int((edge + COLLAR_S) * STEPS_A_SECOND)] = False
    gold, heard = (paint(spans, steps)[:, is_scored] for spans in (turns, found))
    together = gold.astype(np.int64) @ heard.T.astype(np.int64)
    size = max(together.shape)
    table = np.zeros((size, size), np.int64)
    table[: together.shape[0], : together.shape[1]] = together
    best = max(itertools.permutations(range(size)), key=lambda p: sum(table[range(size), p]))
    right = np.zeros(gold.shape[1], np.int64)
    for row, column in enumerate(best):
        if row < len(gold) and column < len(heard):
            right += gold[row] & heard[column]
    speaking, told = gold.sum(axis=0), heard.sum(axis=0)
    return float((np.maximum(speaking, told) - right).sum() / speaking.sum())


def paint(spans: list[Span], steps: int) -> NDArray[np.bool_]:
    """Who speaks at every step; shape (n_speakers, n_steps)."""
    rows = np.zeros((max(s[2] for s in spans) + 1, steps), bool)
    for start, end, who in spans:
        rows[who, int(start * STEPS_A_SECOND) : int(end * STEPS_A_SECOND)] = True
    return rows


def join(words: list[Word], voices: tuple[int, ...]) -> list[Span]:
    """Words in a row by one voice, with no long pause, as spans."""
    spans: list[Span] = []
    for word, voice in zip(words, voices, strict=True):
        if spans and spans[-1][2] == voice and word.start - spans[-1][1] < 1.2:
            spans[-1] = (spans[-1][0], max(spans[-1][1], word.end), voice)
        else:
            spans.append((word.start, word.end, voice))
    return spans


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=4.0)
    arguments = parser.parse_args()
    from benchmarks.tracks import panned_share

    errors, counts, panned, seconds, audio = [], [], [], 0.0, 0.0
    too_many = ones = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.count):
            wanted = (2, 3, 4, 2, 3, 1)[number % 6]
            talk = converse(arguments.seed * 1000 + number, wanted, arguments.minutes)
            length = len(talk.samples) / RATE_HZ
            began = time.perf_counter()
            whole = (talk.samples * 32767).astype(np.int16)
            features = product.hear(iter([whole]), Path(folder) / "features")
            told = product.tell_apart(features, talk.words)
            seconds += time.perf_counter() - began
            audio += length
            rate = error(talk.turns, join(talk.words, told.voices), length)
            print(f"{wanted} speakers: {told.count} heard, error {rate:.3f}", flush=True)
            if wanted == 1:
                ones += 1
                too_many += told.count > 1
                continue
            errors.append(rate)
            counts.append(told.count == wanted)
            if wanted == 2:
                panned.append(panned_share(talk, 0.15))
    print(
        f"error {np.mean(errors):.3f} (at most {MAX_ERROR}), number of speakers right "
        f"{np.mean(counts):.2f} (at least {MIN_RIGHT_COUNT}), one voice heard as more: {too_many} "
        f"of {ones}, words on two channels right: {min(panned):.4f} at worst (at least "
        f"{MIN_PANNED}), {audio / seconds:.0f} times faster than real time"
    )


if __name__ == "__main__":
    main()
