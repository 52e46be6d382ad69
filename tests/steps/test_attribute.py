"""attribute, on real audio: labels, two channels, voices, and when there is nothing to tell."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from shownotes.adapters.ahead import Ahead
from shownotes.core.turns import words_of
from shownotes.errors import StoreError
from shownotes.model import Episode, Segment, Speaker, SpeakersFrom, Transcript, Turns, Word
from shownotes.pipeline import decide
from shownotes.settings import Settings, SpeakersSettings
from shownotes.steps import attribute, prepare
from shownotes.steps.step import Walk
from tests.adapters.test_voices import RATE_HZ, THREE, talk


def lay_out(
    root: Path, samples: NDArray[np.float32], transcript: Transcript, **speakers: object
) -> Walk:
    """An episode whose audio is prepared and whose transcript is there.

    `samples` has a row for every channel.
    """
    path = root / "audio" / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples.T * 32767).clip(-32768, 32767).astype("<i2").tobytes())
    settings = Settings(root=root, speakers=SpeakersSettings.model_validate(speakers))
    walk = Walk(folder=prepare.admit(path, settings), settings=settings)
    prepare.STEP.run(walk)
    walk.folder.write("transcript.json", transcript, made_from={})
    return walk


def as_transcript(words: list[Word], speaker: str | None = None) -> Transcript:
    """Words as one segment, as if nobody knew where speakers change."""
    whole = Segment(
        start=words[0].start,
        end=words[-1].end,
        text=" ".join(w.text for w in words),
        words=tuple(words),
        speaker=speaker,
    )
    return Transcript(language="en", segments=(whole,), duration=words[-1].end + 1, model="demo")


def attributed(walk: Walk) -> Turns:
    attribute.STEP.run(walk)
    return walk.folder.read("turns.json", Turns)


def test_voices_of_a_mix_speak_under_their_numbers_and_then_their_names(workspace: Path) -> None:
    samples, words, speakers = talk(THREE, 9)
    walk = lay_out(workspace, samples[None, :], as_transcript(words))
    turns = attributed(walk)
    assert turns.source is SpeakersFrom.VOICES
    assert {turn.speaker for turn in turns.turns} == {"Speaker 1", "Speaker 2", "Speaker 3"}
    heard = attribute.spoken(walk)
    assert words_of(heard) == tuple(words)
    by_word = [s.speaker for s in heard.segments for _ in s.words]
    hits = [name == f"Speaker {who + 1}" for name, who in zip(by_word, speakers, strict=True)]
    assert sum(hits) / len(hits) >= 0.98
    named = attribute.spoken(walk, (Speaker(label="Speaker 2", name="Bo Diaz"),))
    assert {s.speaker for s in named.segments} == {"Speaker 1", "Bo Diaz", "Speaker 3"}
    assert not (walk.folder.path / "work" / "voices.bin").exists()
    assert not decide(attribute.STEP, walk).is_due


def test_voices_that_were_heard_ahead_are_the_same(workspace: Path) -> None:
    samples, words, _ = talk(THREE, 6)
    walk = lay_out(workspace, samples[None, :], as_transcript(words))
    expected = attributed(walk)
    attribute.hear_ahead(walk)
    (ahead,) = walk.kept_warm.values()
    assert isinstance(ahead, Ahead)
    ahead.result()
    # Not listened to a second time, for which there is nothing left.
    prepare.working_audio(walk).unlink()
    for source in (workspace / "audio").iterdir():
        source.unlink()
    assert attributed(walk) == expected
    assert not walk.kept_warm
    assert not (walk.folder.path / "work" / "voices.bin").exists()


def test_what_went_wrong_ahead_is_done_again(workspace: Path) -> None:
    samples, words, _ = talk(THREE, 6)
    walk = lay_out(workspace, samples[None, :], as_transcript(words))
    in_the_way = walk.folder.path / "work" / "voices.bin"
    in_the_way.mkdir()
    attribute.hear_ahead(walk)
    (ahead,) = walk.kept_warm.values()
    assert isinstance(ahead, Ahead)
    with pytest.raises(StoreError):
        ahead.result()
    in_the_way.rmdir()
    assert attributed(walk).source is SpeakersFrom.VOICES


def test_what_was_begun_ahead_and_is_not_needed_leaves_nothing(workspace: Path) -> None:
    samples, words, _ = talk(THREE[:2], 6)
    walk = lay_out(workspace, samples[None, :], as_transcript(words))
    attribute.hear_ahead(walk)
    attribute.let_go(walk)
    assert not walk.kept_warm
    assert not (walk.folder.path / "work" / "voices.bin").exists()


def test_two_people_on_two_channels(workspace: Path) -> None:
    samples, words, speakers = talk(THREE[:2], 8)
    own = np.zeros((2, len(samples)), np.float32)
    for word, who in zip(words, speakers, strict=True):
        span = slice(int(word.start * RATE_HZ), int(word.end * RATE_HZ))
        own[who, span] = samples[span]
    walk = lay_out(workspace, own, as_transcript(words), tell_apart=False)
    tracks = walk.folder.read("episode.json", Episode).tracks
    assert [track.speaker for track in tracks] == ["Speaker 1", "Speaker 2"]
    turns = attributed(walk)
    assert turns.source is SpeakersFrom.STEREO
    by_word = [s.speaker for s in attribute.spoken(walk).segments for _ in s.words]
    hits = [name == f"Speaker {who + 1}" for name, who in zip(by_word, speakers, strict=True)]
    assert sum(hits) / len(hits) >= 0.99


def test_speakers_that_came_with_the_transcript_are_kept(workspace: Path) -> None:
    samples, words, _ = talk(THREE[:2], 4)
    transcript = as_transcript(words, speaker="Ann Lee")
    walk = lay_out(workspace, samples[None, :], transcript)
    turns = attributed(walk)
    assert turns.source is SpeakersFrom.LABELS
    assert attribute.spoken(walk, (Speaker(label="Speaker 1", name="Bo"),)) == transcript


@pytest.mark.parametrize("count", [1, 2])
def test_one_voice_or_none_asked_for_leaves_the_transcript_as_it_is(
    workspace: Path, count: int
) -> None:
    samples, words, _ = talk(THREE[:count], 6)
    transcript = as_transcript(words)
    walk = lay_out(workspace, samples[None, :], transcript, tell_apart=count == 1)
    attributed(walk)
    assert attribute.spoken(walk) == transcript
    changed = Walk(
        folder=walk.folder,
        settings=walk.settings.model_copy(
            update={"speakers": SpeakersSettings(tell_apart=count == 1, most=5)}
        ),
    )
    assert "settings changed" in decide(attribute.STEP, changed).why


def test_an_episode_made_before_speakers_were_told_apart_is_read(workspace: Path) -> None:
    samples, words, _ = talk(THREE[:1], 2)
    walk = lay_out(workspace, samples[None, :], as_transcript(words))
    assert attribute.spoken(walk) == as_transcript(words)
