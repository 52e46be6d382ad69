"""Voices told apart by sound, and by channel: on speech made for it, with turns that are known."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shownotes.adapters.stereo import ChannelLevels, are_people
from shownotes.adapters.voices import COEFFICIENTS, FRAMES_A_SECOND, hear, read, tell_apart
from shownotes.errors import DiskFullError
from shownotes.model import Span, Word
from training.speech.grammar import Grammar
from training.speech.speak import speak

RATE_HZ = 16_000
Voices = tuple[dict[str, Any], ...]
THREE: Voices = (
    {"voice": "en-us+m3", "pitch": 35, "rate_wpm": 150},
    {"voice": "en-gb-x-rp+f2", "pitch": 60, "rate_wpm": 165},
    {"voice": "en-us+Alicia", "pitch": 48, "rate_wpm": 172},
)


def talk(voices: Voices, turns: int) -> tuple[NDArray[np.float32], list[Word], list[int]]:
    """Speech in turns of two sentences, its words, and who says each."""
    # Every sentence is another: synthetic speech that repeats itself repeats every sample.
    rng, grammar = np.random.default_rng(3), Grammar(11)
    pieces, words, speakers, at = [], [], [], 0.0
    for turn in range(turns):
        who = turn % len(voices)
        text = f"{grammar.sentence()} {grammar.sentence()}"
        speech = speak(text, **voices[who])
        pause = np.zeros(int(rng.uniform(0.1, 0.6) * RATE_HZ), np.float32)
        pieces += [speech.samples, pause]
        words += [Word(text=w.text, start=at + w.start, end=at + w.end) for w in speech.words]
        speakers += [who] * len(speech.words)
        at += speech.duration + len(pause) / RATE_HZ
    samples = np.concatenate(pieces)
    noise = rng.normal(0.0, 0.002, len(samples)).astype(np.float32)
    return samples + noise, words, speakers


def chunks(samples: NDArray[np.float32]) -> list[NDArray[np.int16]]:
    whole = (samples * 32767).clip(-32768, 32767).astype(np.int16)
    return [whole[at : at + 70_001] for at in range(0, len(whole), 70_001)]


def right(found: tuple[int, ...], speakers: list[int]) -> float:
    """Share of words with their speaker, voices numbered in order of appearance on both sides."""
    return sum(a == b for a, b in zip(found, speakers, strict=True)) / len(speakers)


def test_features_do_not_depend_on_how_the_audio_is_cut(tmp_path: Path) -> None:
    samples, _, _ = talk(THREE, 2)
    pieces = hear(iter(chunks(samples)), tmp_path / "pieces")
    whole = hear(iter([np.concatenate(chunks(samples))]), tmp_path / "whole")
    assert pieces.shape[1] == COEFFICIENTS
    assert abs(len(pieces) - len(samples) / RATE_HZ * FRAMES_A_SECOND) <= 2
    assert np.array_equal(pieces, whole)


def test_three_voices_are_told_apart_word_by_word(tmp_path: Path) -> None:
    samples, words, speakers = talk(THREE, 12)
    found = tell_apart(hear(iter(chunks(samples)), tmp_path / "f"), words)
    assert found.count == 3
    assert right(found.voices, speakers) >= 0.98
    assert min(np.median([m for m, v in zip(found.margins, found.voices, strict=True)]), 99) > 1


def test_one_voice_is_one(tmp_path: Path) -> None:
    samples, words, _ = talk(THREE[:1], 8)
    found = tell_apart(hear(iter(chunks(samples)), tmp_path / "f"), words)
    assert found.count == 1
    assert set(found.margins) == {float("inf")}


def test_no_more_voices_than_are_known_to_speak(tmp_path: Path) -> None:
    samples, words, _ = talk(THREE, 9)
    features = hear(iter(chunks(samples)), tmp_path / "f")
    assert tell_apart(features, words, most_voices=2).count == 2


def test_a_word_without_audio_gets_a_voice(tmp_path: Path) -> None:
    samples, words, _ = talk(THREE[:2], 6)
    beyond = Word(text="late", start=len(samples) / RATE_HZ + 5, end=len(samples) / RATE_HZ + 6)
    features = hear(iter(chunks(samples)), tmp_path / "f")
    assert len(tell_apart(features, [*words, beyond]).voices) == len(words) + 1
    nothing = hear(iter([]), tmp_path / "nothing")
    assert tell_apart(nothing, words).count == 1


def stereo(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.int8]:
    """The levels of two channels, as the product measures them."""
    import av

    levels = ChannelLevels()
    both = (np.stack([left, right], axis=1) * 32767).clip(-32768, 32767).astype(np.int16)
    for at in range(0, len(both), 16_000):
        piece = np.ascontiguousarray(both[at : at + 16_000]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="stereo")
        frame.sample_rate = RATE_HZ
        levels.write(frame)
    levels.finish()
    return levels.levels()


def spans_of(words: list[Word]) -> list[Span]:
    return [Span(start=word.start, end=word.end) for word in words]


def test_two_people_on_two_channels_are_people_through_the_leak() -> None:
    samples, words, speakers = talk(THREE[:2], 8)
    own = np.zeros((2, len(samples)), np.float32)
    for word, who in zip(words, speakers, strict=True):
        span = slice(int(word.start * RATE_HZ), int(word.end * RATE_HZ))
        own[who, span] = samples[span]
    levels = stereo(own[0] + 0.15 * own[1], own[1] + 0.15 * own[0])
    assert are_people(levels, spans_of(words))


@pytest.mark.parametrize("left_gain", [1.0, 0.4, 0.0])
def test_ordinary_stereo_and_one_dead_channel_are_not_split(left_gain: float) -> None:
    samples, words, _ = talk(THREE[:2], 6)
    rng = np.random.default_rng(1)
    room = rng.normal(0, 0.003, (2, len(samples))).astype(np.float32)
    levels = stereo(left_gain * samples + room[0], samples + room[1])
    assert not are_people(levels, spans_of(words))


def test_without_speech_nobody_is_on_a_channel() -> None:
    assert not are_people(np.zeros((0, 2), np.int8), [])
    assert not are_people(np.zeros((100, 2), np.int8), [])


def test_a_full_disk_is_told_as_such() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with pytest.raises(DiskFullError):
        hear([np.zeros(1_600_000, np.int16)], Path("/dev/full"))


def test_hours_between_words_take_no_memory(tmp_path: Path) -> None:
    # Ten hours of features, written only where somebody speaks; in two voices, by turns.
    path, rng = tmp_path / "features", np.random.default_rng(5)
    frames = 10 * 3600 * FRAMES_A_SECOND
    with path.open("wb") as file:
        file.truncate(frames * COEFFICIENTS * 2)
    features = np.memmap(path, np.float16, "r+", shape=(frames, COEFFICIENTS))
    words = []
    for turn in range(20):
        for place in range(12):
            begin = turn * 1800.0 + place
            at = int(begin * FRAMES_A_SECOND)
            rows = rng.normal((-20.0, 20.0)[turn % 2], 5.0, (100, COEFFICIENTS))
            features[at : at + 100] = rows
            words.append(Word(text="word", start=begin, end=begin + 0.95))
    features.flush()
    tracemalloc.start()
    found = tell_apart(read(path), words)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [found.voices[turn * 12] for turn in range(20)] == [0, 1] * 10
    assert most < 64 * 2**20
