"""The synthesizer that tests of the product take their fresh speech from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from training.speech.speak import _Espeak, speak

TEXT = "The river is thirty-eight kilometers long, and nobody owns it. Who pays?"


def test_every_written_word_has_its_time():
    speech = speak(TEXT)
    assert [word.text for word in speech.words] == TEXT.split()
    assert all(word.start < word.end for word in speech.words)
    assert all(before.end <= after.start for before, after in pairwise(speech.words))
    assert speech.words[-1].end <= speech.duration


def test_a_pause_belongs_to_no_word():
    words = speak(TEXT).words
    gaps = {before.text: after.start - before.end for before, after in pairwise(words)}
    assert gaps["it."] > 0.2
    assert gaps["long,"] > 0.05
    assert gaps["nobody"] == pytest.approx(0, abs=0.01)


def test_another_user_of_the_library_does_not_silence_the_first():
    speak(TEXT)
    setting = {"voice": "en-us", "rate_wpm": 165, "pitch": 50, "pitch_range": 50}
    assert len(_Espeak().synthesise("Hello.", **setting)[0]) > 0
    assert speak(TEXT).duration > 3


def test_samples_are_whispers_and_audible():
    speech = speak(TEXT, voice="en-gb-x-rp+f2", rate_wpm=180)
    assert speech.sample_rate_hz == 16_000
    assert speech.samples.dtype == np.float32
    assert 0.1 < np.abs(speech.samples).max() <= 1.1
    assert speech.duration < speak(TEXT, voice="en-gb-x-rp+f2", rate_wpm=140).duration


def test_unknown_voice_is_named():
    with pytest.raises(ValueError, match="no voice 'nobody'"):
        speak(TEXT, voice="nobody")
