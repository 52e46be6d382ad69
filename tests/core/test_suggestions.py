"""Whose voice it may be: by sound and by how often somebody speaks, and never too soon."""

from dataclasses import replace

import pytest

from shownotes.core.known_voices import (
    EPISODES_A_NAME,
    SURE,
    KnownVoice,
    has_name,
    remember,
    sample,
    speech_of,
    suggest,
)
from shownotes.model import PersonRole, Span, Turn, VoicePrint, Word

HOST = KnownVoice(
    name="Ann Lee",
    role=PersonRole.HOST,
    episode="1",
    folder="one",
    title="One",
    seconds=100.0,
    at="2026-01-01T00:00:00Z",
    by="Ed",
    sound="-2.0",
)


def known(name: str, episode: int, sound: str) -> KnownVoice:
    day = f"2026-01-{episode:02}T00:00:00Z"
    return replace(
        HOST, name=name, episode=str(episode), title=f"Episode {episode}", at=day, sound=sound
    )


def voice(label: str, sound: str = "") -> VoicePrint:
    return VoicePrint(label=label, seconds=100.0, sound=sound)


def apart(_new: str, old: str) -> float:
    """Here every remembered voice says how far it is from whoever speaks now."""
    return float(old)


def names(found: object) -> list[tuple[str, str]]:
    assert isinstance(found, tuple)
    return [(one.label, one.name) for one in found]


def test_a_voice_that_is_near_is_suggested_with_the_last_episode_in_which_it_spoke() -> None:
    voices = [known("Ann Lee", 1, "-2.0"), known("Ann Lee", 2, "-2.2"), known("Bo", 2, "0.0")]
    (found,) = suggest([voice("Speaker 1")], voices, named={}, distance=apart)
    assert (found.label, found.name, found.title) == ("Speaker 1", "Ann Lee", "Episode 2")
    assert SURE <= found.confidence <= 1.0


@pytest.mark.parametrize("sound", ["-1.4", "-1.0", "0.3"])
def test_a_voice_that_is_not_near_enough_is_nobodys(sound: str) -> None:
    assert suggest([voice("Speaker 1")], [known("Ann", 1, sound)], named={}, distance=apart) == ()


def test_without_voices_there_is_nothing_to_suggest() -> None:
    assert suggest([voice("Speaker 1")], [], named={}, distance=apart) == ()
    assert suggest([], [HOST], named={}, distance=apart) == ()


def test_two_who_sound_alike_are_not_told_by_chance() -> None:
    voices = [known("Ann Lee", 1, "-2.5"), known("Bo Diaz", 1, "-2.5")]
    assert suggest([voice("Speaker 1")], voices, named={}, distance=apart) == ()


def test_who_speaks_in_every_episode_is_believed_sooner_than_a_guest_of_long_ago() -> None:
    voices = [known("Host", number, "0.0") for number in range(1, 7)]
    guest = [*voices, known("Guest", 1, "-1.8")]
    assert suggest([voice("Speaker 1")], guest, named={}, distance=apart) == ()
    host = [known("Host", number, "-1.8") for number in range(1, 7)]
    assert names(suggest([voice("Speaker 1")], host, named={}, distance=apart)) == [
        ("Speaker 1", "Host")
    ]


def test_one_recording_that_is_alike_by_its_room_does_not_decide() -> None:
    voices = [known("Ann Lee", 1, "-2.2"), known("Ann Lee", 2, "0.0"), known("Ann Lee", 3, "0.0")]
    assert suggest([voice("Speaker 1")], voices, named={}, distance=apart) == ()


def test_who_has_a_name_is_left_alone_and_the_name_is_not_given_twice() -> None:
    two = [voice("Speaker 1"), voice("Speaker 2")]
    named: dict[str, str | None] = {"Speaker 1": "Cy Obi"}
    assert names(suggest(two, [HOST], named=named, distance=apart)) == [("Speaker 2", "Ann Lee")]
    taken: dict[str, str | None] = {"Speaker 1": "ann lee", "Speaker 2": "Speaker 2"}
    assert suggest(two, [HOST], named=taken, distance=apart) == ()
    assert suggest([voice("Bo Diaz")], [HOST], named={}, distance=apart) == ()


def test_of_two_speakers_the_one_who_sounds_more_like_it_is_suggested() -> None:
    two = [voice("Speaker 1", "0.3"), voice("Speaker 2", "0.0")]
    found = suggest(two, [HOST], named={}, distance=lambda new, old: float(new) + float(old))
    assert names(found) == [("Speaker 2", "Ann Lee")]


def test_an_episode_approved_again_takes_the_place_of_its_own_voices() -> None:
    before = [known("Ann Lee", 1, "a"), known("Bo Diaz", 1, "b"), known("Ann Lee", 2, "c")]
    after = remember(before, [known("Ann Leigh", 1, "d")], episode="1")
    assert {(v.name, v.episode, v.sound) for v in after} == {
        ("Ann Leigh", "1", "d"),
        ("Ann Lee", "2", "c"),
    }


def test_the_newest_episodes_of_a_name_are_kept() -> None:
    voices: tuple[KnownVoice, ...] = ()
    for number in range(1, EPISODES_A_NAME + 4):
        fresh = [known("Ann Lee", number, "a")]
        fresh += [known("Bo Diaz", number, "b")] if number == 1 else []
        voices = remember(voices, fresh, episode=str(number))
    kept = [int(v.episode) for v in voices if v.name == "Ann Lee"]
    assert kept == [8, 7, 6, 5, 4]
    assert [v.episode for v in voices if v.name == "Bo Diaz"] == ["1"]


def test_what_is_no_name() -> None:
    assert [has_name(x) for x in (None, "Speaker 2", "SPEAKER_00", "Host", "co-host")] == [
        False
    ] * 5
    assert has_name("Ann")


def test_words_that_follow_each_other_are_one_stretch() -> None:
    words = [Word(text="a", start=start, end=start + 0.4) for start in (0.0, 0.5, 2.0, 0.2)]
    assert speech_of([("A", words), (None, words), ("B", words[:1]), ("A", words[:1])]) == {
        "A": [
            Span(start=0.0, end=0.9),
            Span(start=2.0, end=2.4),
            Span(start=0.2, end=0.6000000000000001),
            Span(start=0.0, end=0.4),
        ],
        "B": [Span(start=0.0, end=0.4)],
    }


def test_the_sample_is_a_turn_of_some_length_that_is_surely_theirs() -> None:
    turns = [
        Turn(start=0.0, end=9.0, speaker="A", confidence=0.5),
        Turn(start=9.0, end=12.0, speaker="A"),
        Turn(start=12.0, end=18.0, speaker="A"),
        Turn(start=18.0, end=20.0, speaker="B"),
    ]
    assert sample(turns, "A") == turns[2]
    assert sample(turns, "B") == turns[3]
    assert sample(turns, "C") is None
