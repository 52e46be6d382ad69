"""Prints of synthesised voices: the same person in another recording, and other people."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shownotes.adapters.voice_prints import LEAST_S, distance, hear_prints, prints_of, take_print
from shownotes.adapters.voices import hear
from shownotes.errors import FormatError, InputError
from shownotes.model import Span
from tests.adapters.test_voices import RATE_HZ, THREE, chunks
from training.speech.grammar import Grammar
from training.speech.speak import speak


def monologue(voice: dict[str, Any], seed: int, seconds: float) -> NDArray[np.float32]:
    """Somebody on some day: other sentences, a little higher or lower, another room and noise."""
    rng, grammar = np.random.default_rng(seed), Grammar(seed)
    own = {**voice, "pitch": voice["pitch"] + int(rng.integers(-3, 4))}
    pieces: list[NDArray[np.float32]] = []
    while sum(map(len, pieces)) < seconds * RATE_HZ:
        pieces.append(speak(f"{grammar.sentence()} {grammar.sentence()}", **own).samples)
    samples = np.concatenate(pieces)[: int(seconds * RATE_HZ)]
    echo = rng.uniform(0.0, 0.3)
    room = np.array([1.0, *(echo * rng.standard_normal(40) * np.exp(-np.arange(40) / 12))])
    heard = np.convolve(samples, room, "same") * rng.uniform(0.3, 1.0)
    return np.asarray(heard + rng.normal(0.0, 0.002, len(heard)), np.float32)


def rows_of(samples: NDArray[np.float32], path: Path) -> NDArray[np.float16]:
    return np.array(hear(iter(chunks(samples)), path))


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Of three people, three recordings each."""
    path = tmp_path_factory.mktemp("prints") / "features"
    return [
        [take_print(rows_of(monologue(voice, 10 * who + day, 45.0), path)) for day in range(3)]
        for who, voice in enumerate(THREE)
    ]


def test_the_same_person_is_nearer_than_any_other(prints: list[list[str]]) -> None:
    same, other = [], []
    for who, own in enumerate(prints):
        for day, sound in enumerate(own):
            same += [distance(sound, again) for again in own[day + 1 :]]
            other += [distance(sound, o) for others in prints[who + 1 :] for o in others]
    assert max(same) < -1.1 < -0.7 < min(other)
    assert np.median(same) < -1.5


def test_a_print_is_small_and_its_own_nearest(prints: list[list[str]]) -> None:
    one, other = prints[0][0], prints[1][0]
    assert len(one) < 300
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert distance(one, one) < -5.0


def test_level_and_channel_hardly_change_it(tmp_path: Path) -> None:
    samples = monologue(THREE[0], 7, 45.0)
    dull = np.convolve(samples, [0.5, 0.3, 0.2], "same").astype(np.float32)
    one, other = (take_print(rows_of(x, tmp_path / "f")) for x in (samples, 0.3 * dull))
    assert distance(one, other) < -2.0


def test_a_long_recording_is_thinned_out(tmp_path: Path) -> None:
    rows = rows_of(monologue(THREE[0], 8, 40.0), tmp_path / "f")
    assert distance(take_print(rows), take_print(np.concatenate([rows] * 12))) < -3.5


def test_from_the_working_audio_as_from_the_whole(tmp_path: Path) -> None:
    samples = np.concatenate([monologue(voice, 5, 40.0) for voice in THREE[:2]])
    path = tmp_path / "audio.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.concatenate(chunks(samples)).tobytes())
    speech = {
        "A": [Span(start=at, end=at + 5.0) for at in range(0, 40, 5)],
        "B": [Span(start=41.0, end=79.0)],
        "short": [Span(start=0.0, end=LEAST_S - 1)],
        "beyond": [Span(start=200.0, end=260.0)],
    }
    whole = prints_of(hear(iter(chunks(samples)), tmp_path / "features"), speech)
    heard = hear_prints(path, speech)
    assert [(p.label, p.seconds) for p in whole] == [("A", 40.0), ("B", 38.0)]
    assert [(p.label, p.seconds) for p in heard] == [("A", 40.0), ("B", 38.0)]
    assert all(distance(a.sound, b.sound) < -3.0 for a, b in zip(whole, heard, strict=True))
    path.write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"audio\.wav"):
        hear_prints(path, speech)


@pytest.mark.parametrize("sound", ["", "nonsense!", "AAAA"])
def test_a_damaged_print_says_so(sound: str, prints: list[list[str]]) -> None:
    with pytest.raises(FormatError, match="print of a voice"):
        distance(prints[0][0], sound)
