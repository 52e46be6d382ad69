from itertools import pairwise

import numpy as np
import pytest

from shownotes.adapters.pauses import SAMPLE_RATE_HZ, SpeechDetector
from shownotes.model import Span
from tests.audio_files import speech


def heard(samples: np.ndarray, *, chunk: int) -> tuple[Span, ...]:
    detector = SpeechDetector()
    whole = (samples * 32767).astype(np.int16)
    for at in range(0, len(whole), chunk):
        detector.hear(whole[at : at + chunk])
    return detector.finish()


def test_speech_is_found_where_it_is() -> None:
    samples = speech(pause=3.0)
    found = heard(samples, chunk=80_000)
    assert found[0].start == pytest.approx(3.0, abs=0.2)
    assert found[-1].end == pytest.approx(len(samples) / SAMPLE_RATE_HZ - 3.0, abs=0.3)
    middle = len(samples) / SAMPLE_RATE_HZ / 2
    assert not any(span.start < middle < span.end for span in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize("chunk", [160, 7_777, 1_000_000])
def test_chunks_leave_no_seams(chunk: int) -> None:
    # Longer than a run of the network, so that its memory is handed on.
    samples = np.tile(speech(pause=1.0), 3)
    assert len(samples) > 40 * SAMPLE_RATE_HZ
    assert heard(samples, chunk=chunk) == heard(samples, chunk=80_000)


def test_the_same_as_the_network_over_the_whole() -> None:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    samples = np.tile(speech(pause=1.0), 3).astype(np.float32)
    options = VadOptions(min_silence_duration_ms=250, speech_pad_ms=50, min_speech_duration_ms=100)
    theirs = get_speech_timestamps(samples, options)
    found = heard(samples, chunk=80_000)
    assert len(found) == len(theirs)
    for ours, other in zip(found, theirs, strict=True):
        assert ours.start == pytest.approx(other["start"] / SAMPLE_RATE_HZ, abs=0.1)
        assert ours.end == pytest.approx(other["end"] / SAMPLE_RATE_HZ, abs=0.1)


def test_nobody_speaks_in_silence_or_in_nothing() -> None:
    assert heard(np.zeros(20 * SAMPLE_RATE_HZ, np.float32), chunk=80_000) == ()
    assert heard(np.zeros(0, np.float32), chunk=80_000) == ()


def test_speech_to_the_very_end_ends_with_the_audio() -> None:
    samples = speech(pause=0.0)
    found = heard(samples[: len(samples) // 2], chunk=80_000)
    assert found[-1].end <= len(samples) // 2 / SAMPLE_RATE_HZ
