"""Voices known from a show's earlier episodes, on speech made from a seed.

    python -m benchmarks.known_voices [--seed 1] [--shows 12] [--minutes 3.5] [--voices unseen]

Every show has a host and guests, and six episodes in a row: the first is approved; then come
another guest, a guest again, an episode without the host and with nobody known, another guest, and
three people of whom two are known. In every recording people have other rooms, microphones,
levels, noise and sentences, and speak a little higher or lower, faster or slower. Voices are told
apart by their sound, suggested names are compared with the truth, and the episode is approved with
the true names.

Voices are those of half of the espeak variants, and those kept from training altogether; the other
half is what the weights in `core/known_voices.py` were found on (`--voices calibration`).
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.speakers import GAPS_S, RATE_HZ, ROOMS_S, SENTENCES, add_room
from shownotes.adapters.voice_prints import distance, prints_of
from shownotes.adapters.voices import hear, tell_apart
from shownotes.core import turns as core_turns
from shownotes.core.known_voices import LEAST_S, KnownVoice, remember, speech_of, suggest
from shownotes.model import Word
from training.speech.grammar import Grammar
from training.speech.speak import speak
from training.speech.voices import (
    ACCENTS,
    PITCH_RANGES,
    RATES_WPM,
    VARIANTS,
    Setting,
    load_unseen,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shownotes.model import VoicePrint

MAX_WRONG = 0.02
# Who speaks in a show's episodes: H the host, S somebody instead, letters guests.
EPISODES = ("HA", "HB", "HA", "SC", "HD", "HBE")
# A label with less than this of one person's words is nobody's.
PURE = 0.8


@dataclass
class Score:
    """What became of the speakers of all episodes."""

    right: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    unknown: int = 0
    mixed: int = 0
    said: list[tuple[float, bool]] = field(default_factory=list)
    same: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)
    seconds: float = 0.0
    audio: float = 0.0


def variants(which: str) -> list[str]:
    """The espeak variants of one half."""
    every = list(dict.fromkeys(VARIANTS))
    if which == "calibration":
        return every[0::2]
    return [*every[1::2], *load_unseen().variants]


def draw(rng: random.Random, variant: str) -> Setting:
    """A person with this variant."""
    return Setting(
        voice=rng.choice(ACCENTS) + variant,
        rate_wpm=rng.choice(RATES_WPM),
        pitch=rng.randint(25, 75),
        pitch_range=rng.choice(PITCH_RANGES),
    )


def on_another_day(voice: Setting, rng: random.Random) -> Setting:
    """The same person in another mood."""
    return replace(
        voice,
        rate_wpm=int(voice.rate_wpm * rng.uniform(0.94, 1.06)),
        pitch=voice.pitch + rng.randint(-4, 4),
        pitch_range=voice.pitch_range + rng.randint(-8, 8),
    )


def through_microphone(samples: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """A tilt, two wide resonances, and the edges of a band."""
    rng, count = random.Random(seed), len(samples)
    hz = np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 30.0)
    gain_db = rng.uniform(-4, 4) * np.log2(np.maximum(hz, 60) / 1000) / 3
    for _ in range(2):
        middle = np.exp(rng.uniform(np.log(150), np.log(6000)))
        width = rng.uniform(0.3, 1.2)
        gain_db += rng.uniform(-5, 5) * np.exp(-0.5 * (np.log2(hz / middle) / width) ** 2)
    low, high = rng.choice((40, 80, 120)), rng.choice((8000, 8000, 7000, 6000))
    gain = 10 ** (gain_db / 20) / np.sqrt(1 + (low / hz) ** 4) / np.sqrt(1 + (hz / high) ** 12)
    return np.asarray(np.fft.irfft(np.fft.rfft(samples) * gain, count), np.float32)


def record(
    people: list[Setting], seed: int, minutes: float
) -> tuple[NDArray[np.int16], list[Word], list[int]]:
    """A conversation: samples, words, and who says each."""
    rng, noises, grammar = random.Random(seed), np.random.default_rng(seed), Grammar(seed)
    voices = [on_another_day(person, rng) for person in people]
    is_one_room = rng.random() < 0.4
    rooms = [rng.choice(ROOMS_S) for _ in voices]
    microphones = [seed * 10 + (0 if is_one_room else who) for who in range(len(voices))]
    gains = [10 ** (rng.uniform(-9, 3) / 20) for _ in voices]
    mixed = np.zeros(int((minutes * 60 + 90) * RATE_HZ), np.float32)
    spoken: list[tuple[Word, int]] = []
    at, last = 0.5, -1
    while at < minutes * 60:
        who = rng.choice([index for index in range(len(voices)) if index != last])
        last = who
        text = " ".join(grammar.sentence() for _ in range(rng.choice(SENTENCES)))
        speech = speak(text, **vars(voices[who]))
        room = rooms[0] if is_one_room else rooms[who]
        sound = through_microphone(add_room(speech.samples, room, noises), microphones[who])
        first = int(at * RATE_HZ)
        mixed[first : first + len(sound)] += sound * gains[who]
        for word in speech.words:
            start = max(0.0, at + word.start + rng.gauss(0.0, 0.05))
            end = max(at + word.end, start + 0.04)
            spoken.append((Word(text=word.text, start=start, end=end), who))
        at = max(0.0, at + speech.words[-1].end + rng.choice(GAPS_S))
    mixed = mixed[: int((at + 1) * RATE_HZ)]
    noise = np.convolve(noises.standard_normal(len(mixed)), [1, 0.9, 0.5], "same")
    noise *= np.sqrt((mixed**2).mean() / 10 ** (rng.uniform(15, 45) / 10) / (noise**2).mean())
    whole = (mixed + noise) / max(1.0, float(np.abs(mixed + noise).max()))
    spoken.sort(key=lambda pair: pair[0].start)
    return (whole * 32767).astype(np.int16), [w for w, _ in spoken], [s for _, s in spoken]


def listen(
    samples: NDArray[np.int16], words: list[Word], folder: Path, score: Score
) -> tuple[tuple[VoicePrint, ...], list[str]]:
    """What the attribute step makes of it: prints, and every word's label."""
    features = hear(iter([samples]), folder / "features")
    told = tell_apart(features, words)
    labels = [core_turns.label(voice) for voice in told.voices]
    began = time.perf_counter()
    pairs = ((label, [word]) for label, word in zip(labels, words, strict=True))
    prints = prints_of(features, speech_of(pairs))
    score.seconds += time.perf_counter() - began
    score.audio += len(samples) / RATE_HZ
    return prints, labels


def owners(labels: list[str], speakers: list[int], people: str) -> dict[str, str | None]:
    """Whose the labels are; `None` where two people share one."""
    counts: dict[str, Counter[str]] = {}
    for label, who in zip(labels, speakers, strict=True):
        counts.setdefault(label, Counter())[people[who]] += 1
    found: dict[str, str | None] = {}
    for label, count in counts.items():
        name, times = count.most_common(1)[0]
        found[label] = name if times >= PURE * count.total() else None
    return found


def judge(
    prints: tuple[VoicePrint, ...],
    known: tuple[KnownVoice, ...],
    owner: dict[str, str | None],
    score: Score,
) -> str:
    """Compare what is suggested with the truth."""
    began = time.perf_counter()
    found = {s.label: s for s in suggest(prints, known, named={}, distance=distance)}
    score.seconds += time.perf_counter() - began
    names = {voice.name for voice in known}
    told = []
    for voice in prints:
        truth = owner[voice.label]
        said = found[voice.label].name if voice.label in found else None
        sure = found[voice.label].confidence if said is not None else 0.0
        told.append(f"{truth or '?'}:{said or '-'}" + (f" ({sure})" if said else ""))
        score.said += [(sure, said == truth)] if said else []
        kind = "host" if truth == "H" else "guest"
        score.known[kind] += truth in names
        score.unknown += truth is not None and truth not in names
        score.mixed += truth is None
        score.right[kind] += said is not None and said == truth
        score.wrong += said is not None and said != truth
        for one in known:
            apart = distance(voice.sound, one.sound)
            (score.same if one.name == truth else score.other).append(apart)
    return " ".join(told)


def run_show(seed: int, which: str, minutes: float, folder: Path, score: Score) -> None:
    """All episodes of a show, one after the other."""
    rng = random.Random(seed)
    letters = sorted(set("".join(EPISODES)))
    drawn = rng.sample(variants(which), len(letters))
    voices = {letter: draw(rng, variant) for letter, variant in zip(letters, drawn, strict=True)}
    known: tuple[KnownVoice, ...] = ()
    for number, people in enumerate(EPISODES):
        samples, words, speakers = record(
            [voices[letter] for letter in people], seed * 100 + number, minutes
        )
        prints, labels = listen(samples, words, folder, score)
        owner = owners(labels, speakers, people)
        told = judge(prints, known, owner, score) if number else "learnt"
        print(f"show {seed} episode {number + 1}, {people}: {told}", flush=True)
        fresh = tuple(
            KnownVoice(
                name=name, role=None, episode=str(number), folder="", title="", by="",
                seconds=voice.seconds, at=f"2026-11-{number + 1:02}", sound=voice.sound,
            )
            for voice in prints
            if (name := owner[voice.label]) is not None and voice.seconds >= LEAST_S
        )  # fmt: skip
        known = remember(known, fresh, episode=str(number))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shows", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=3.5)
    parser.add_argument("--voices", choices=("unseen", "calibration"), default="unseen")
    arguments = parser.parse_args()
    score = Score()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(arguments.shows):
            seed = arguments.seed * 1000 + number
            run_show(seed, arguments.voices, arguments.minutes, Path(folder), score)
    right, known = score.right.total(), score.known.total()
    wrong = score.wrong / max(1, right + score.wrong)
    print(
        f"{arguments.shows * (len(EPISODES) - 1)} episodes: {right} right, {score.wrong} wrong "
        f"({wrong:.3f} of what is suggested, at most {MAX_WRONG}), none for {known - right} of "
        f"{known} known voices; hosts found {score.right['host']} of {score.known['host']}, guests "
        f"{score.right['guest']} of {score.known['guest']}; {score.unknown} voices nobody knew, "
        f"{score.mixed} labels of two people; {score.audio / score.seconds:.0f} times faster than "
        "real time"
    )
    for sure in (0.96, 0.97, 0.98):
        said = [is_right for confidence, is_right in score.said if confidence >= sure]
        print(f"of at least {sure}: {sum(said)} right, {len(said) - sum(said)} wrong")
    for name, found in (("same voice", score.same), ("other voices", score.other)):
        marks = ", ".join(f"{m:.2f}" for m in np.quantile(found, (0.01, 0.1, 0.5, 0.9)))
        print(f"distance, {name} (1, 10, 50 and 90 %): {marks}")


if __name__ == "__main__":
    main()
