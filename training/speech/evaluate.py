"""Measure the demo model on fresh synthetic speech, through faster-whisper as the product runs it.

    python training/speech/evaluate.py --seed 7 --minutes 20 [--model DIR]

Needs no torch: it runs in the product's own development environment. Spoken are, for the given
minutes each, episodes with voices and settings of the kind heard in training and with unseen ones
(`unseen.toml`), all with names, titles and organizations that were never paired in training; then
the demo episodes, and sentences that the grammar cannot make.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel, decode_audio
from grammar import Grammar, fold
from speak import WHISPER_SAMPLE_RATE_HZ, speak
from voices import Setting, draw_setting

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "training" / "demo"))

from script import read_scripts  # noqa: E402

MODEL_FOLDER = ROOT / "src" / "shownotes" / "models" / "speech-demo"
AUDIO_FOLDER = ROOT / "audio"
TIMES_PATH = ROOT / "training" / "demo" / "times.json"

# The product's settings for transcribing (`../shared/engine.md`).
TRANSCRIBE = {
    "beam_size": 5,
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "vad_filter": True,
    "word_timestamps": True,
}
START_TOLERANCE_S = 0.5
TURNS = 8
PAUSES_S = (0.2, 0.3, 0.3, 0.4, 0.5, 0.8, 1.1)

# Ordinary English with words and shapes the grammar does not have.
OUT_OF_GRAMMAR = (
    "The cat sat on the windowsill and watched the rain.",
    "Could you pass me the salt and the pepper, please?",
    "My sister plays the violin in a small orchestra.",
    "We took the early ferry and were home before breakfast.",
    "The mayor promised the farmers a new bridge by the end of the year.",
    "Yesterday I forgot my umbrella on the bus again.",
    "Electricity prices fell sharply after the storm had passed.",
    "A good editor cuts the first paragraph and keeps the last.",
    "They painted the kitchen yellow and the bathroom blue.",
    "The commission published its report on a Friday evening.",
    "Nobody at the party recognised the famous actor.",
    "If the river rises any further, the school will have to close.",
)


@dataclass
class Recording:
    """Synthetic speech and what was said when."""

    samples: np.ndarray
    sentences: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    @property
    def duration(self) -> float:
        return len(self.samples) / WHISPER_SAMPLE_RATE_HZ


@dataclass
class Score:
    """Errors and hits, added up over recordings."""

    errors: int = 0
    words: int = 0
    starts_hit: int = 0
    starts: int = 0
    start_errors: list[float] = field(default_factory=list)

    @property
    def error_rate(self) -> float:
        return self.errors / max(1, self.words)

    @property
    def start_rate(self) -> float:
        return self.starts_hit / max(1, self.starts)

    def __add__(self, other: Score) -> Score:
        return Score(
            self.errors + other.errors,
            self.words + other.words,
            self.starts_hit + other.starts_hit,
            self.starts + other.starts,
            self.start_errors + other.start_errors,
        )


@dataclass(frozen=True)
class HeardWord:
    """A word the model wrote, folded, and when it began."""

    text: str
    start: float


def split_words(text: str) -> list[str]:
    """Words without case and punctuation; `thirty-eight` is two."""
    return [part for word in fold(text) for part in word.split("-") if part]


def join_lines(lines: list[tuple[str, str]], source: random.Random, *, unseen: bool) -> Recording:
    """Speak lines, each speaker with one setting, with pauses between them."""
    settings: dict[str, Setting] = {}
    pieces = [np.zeros(int(0.4 * WHISPER_SAMPLE_RATE_HZ), np.float32)]
    sentences, starts = [], []
    length = len(pieces[0])
    for speaker, text in lines:
        if speaker not in settings:
            settings[speaker] = draw_setting(source, unseen=unseen)
        speech = speak(text, **vars(settings[speaker]))
        sentences.append(text)
        starts.append(length / WHISPER_SAMPLE_RATE_HZ + speech.words[0].start)
        pause = np.zeros(int(source.choice(PAUSES_S) * WHISPER_SAMPLE_RATE_HZ), np.float32)
        pieces += [speech.samples * 0.8, pause]
        length += len(speech.samples) + len(pause)
    return Recording(np.concatenate(pieces), sentences, starts)


def make_recordings(seed: int, minutes: float, *, unseen: bool) -> list[Recording]:
    grammar = Grammar(seed, held_out=True)
    source = random.Random(seed + (1 if unseen else 0))
    recordings: list[Recording] = []
    while sum(recording.duration for recording in recordings) < 60 * minutes:
        recordings.append(join_lines(grammar.episode(TURNS), source, unseen=unseen))
    return recordings


def align(reference: list[str], heard: list[str]) -> tuple[int, list[int | None]]:
    """Levenshtein distance, and for each reference word the index of the word in its place."""
    rows, columns = len(reference), len(heard)
    cost = np.zeros((rows + 1, columns + 1), np.int32)
    cost[:, 0] = np.arange(rows + 1)
    cost[0] = np.arange(columns + 1)
    columns_before = np.arange(columns + 1)
    numbers = {word: number for number, word in enumerate({*reference, *heard})}
    heard_numbers = np.array([numbers[word] for word in heard], np.int32)
    for row in range(1, rows + 1):
        differs = heard_numbers != numbers[reference[row - 1]]
        best = np.empty(columns + 1, np.int32)
        best[0] = row
        best[1:] = np.minimum(cost[row - 1, :-1] + differs, cost[row - 1, 1:] + 1)
        # An insertion costs one a column: a running minimum after taking the slope away.
        cost[row] = np.minimum.accumulate(best - columns_before) + columns_before
    places: list[int | None] = [None] * rows
    row, column = rows, columns
    while row and column:
        step = int(reference[row - 1] != heard[column - 1])
        if cost[row, column] == cost[row - 1, column - 1] + step:
            row, column = row - 1, column - 1
            places[row] = column
        elif cost[row, column] == cost[row - 1, column] + 1:
            row -= 1
        else:
            column -= 1
    return int(cost[rows, columns]), places


def hear(model: WhisperModel, samples: np.ndarray, *, hotwords: str | None) -> list[HeardWord]:
    segments, _ = model.transcribe(samples, hotwords=hotwords, **TRANSCRIBE)
    return [
        HeardWord(part, word.start)
        for segment in segments
        for word in segment.words or []
        for part in split_words(word.word)
    ]


def score(recording: Recording, heard: list[HeardWord]) -> Score:
    """Word errors, and how many sentences begin where they were said to.

    A sentence whose first word was not written at all counts as a miss.
    """
    reference, firsts = [], []
    for sentence in recording.sentences:
        firsts.append(len(reference))
        reference += split_words(sentence)
    errors, places = align(reference, [word.text for word in heard])
    total = Score(errors, len(reference), 0, len(firsts))
    for first, start in zip(firsts, recording.starts, strict=True):
        place = places[first]
        if place is not None:
            error = heard[place].start - start
            total.start_errors.append(error)
            total.starts_hit += abs(error) <= START_TOLERANCE_S
    return total


def measure(model: WhisperModel, name: str, recordings: list[Recording]) -> Score:
    began = time.monotonic()
    total = Score()
    for recording in recordings:
        total = total + score(recording, hear(model, recording.samples, hotwords=None))
    duration = sum(recording.duration for recording in recordings)
    errors = np.array(total.start_errors or [0.0])
    print(
        f"{name}: {duration / 60:.1f} min, {total.words} words, wer {total.error_rate:.3f}, "
        f"starts within 0.5 s {total.start_rate:.3f} of {total.starts} "
        f"(median {np.median(errors):+.2f} s), {duration / (time.monotonic() - began):.0f}x",
        flush=True,
    )
    return total


def measure_demo(model: WhisperModel) -> tuple[Score, Score]:
    """The demo episodes as they ship, without hotwords and with their glossary as hotwords."""
    times = json.loads(TIMES_PATH.read_text(encoding="utf-8"))
    plain, hinted = Score(), Score()
    for script in read_scripts():
        samples = decode_audio(str(AUDIO_FOLDER / f"{script.stem}.mp3"))
        recording = Recording(
            samples,
            [line.text for line in script.lines],
            [start for start, _ in times[script.stem]],
        )
        found = score(recording, hear(model, samples, hotwords=None))
        with_glossary = score(recording, hear(model, samples, hotwords=", ".join(script.glossary)))
        print(
            f"demo {script.title!r}: wer {found.error_rate:.3f}, "
            f"with its glossary {with_glossary.error_rate:.3f}, starts {found.start_rate:.3f}"
        )
        plain, hinted = plain + found, hinted + with_glossary
    return plain, hinted


def measure_out_of_grammar(model: WhisperModel, seed: int) -> Score:
    source = random.Random(seed)
    total = Score()
    for sentence in OUT_OF_GRAMMAR:
        recording = join_lines([("HOST", sentence)], source, unseen=False)
        heard = hear(model, recording.samples, hotwords=None)
        found = score(recording, heard)
        total = total + found
        print(f"  said:  {sentence}\n  heard: {' '.join(word.text for word in heard)}")
    print(f"out of grammar: wer {total.error_rate:.3f} of {total.words} words")
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--minutes", type=float, default=20.0, help="of each kind of voices")
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    model = WhisperModel(
        str(arguments.model),
        device="cpu",
        compute_type="int8",
        cpu_threads=arguments.threads,
        local_files_only=True,
    )
    seed, minutes = arguments.seed, arguments.minutes
    seen = measure(model, "voices seen", make_recordings(seed, minutes, unseen=False))
    unseen = measure(model, "voices unseen", make_recordings(seed, minutes, unseen=True))
    measure_out_of_grammar(model, seed)
    plain, hinted = measure_demo(model)
    both = seen + unseen + plain
    print(f"wer_demo={plain.error_rate:.3f} wer_demo_with_glossary={hinted.error_rate:.3f}")
    print(
        f"wer={seen.error_rate:.3f} wer_unseen={unseen.error_rate:.3f} "
        f"starts_within_0.5s={both.start_rate:.2f}"
    )


if __name__ == "__main__":
    main()
