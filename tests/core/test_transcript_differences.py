"""Our transcript against a publisher's."""

import random

import pytest

from shownotes.core.transcript_differences import compare, list_differences
from shownotes.model import Segment, Transcript, Word

WORD_S = 0.4
WORDS = [f"w{number}" for number in range(3000)]


def speech(count: int, *, seed: int = 1) -> list[str]:
    weights = [1 / (number + 1) for number in range(len(WORDS))]
    return random.Random(seed).choices(WORDS, weights, k=count)


def transcript(words: list[str]) -> Transcript:
    """Ten words a segment, 150 a minute."""
    timed = [
        Word(text=word, start=i * WORD_S, end=(i + 1) * WORD_S) for i, word in enumerate(words)
    ]
    segments = tuple(
        Segment(
            start=part[0].start,
            end=part[-1].end,
            text=" ".join(word.text for word in part),
            words=tuple(part),
        )
        for part in (timed[i : i + 10] for i in range(0, len(timed), 10))
    )
    return Transcript(language="en", segments=segments, duration=len(words) * WORD_S, model="small")


def theirs(words: list[str]) -> tuple[Segment, ...]:
    return (Segment(start=0.0, end=1.0, text=" ".join(words)),)


def test_case_and_punctuation_are_no_difference() -> None:
    ours = transcript(["Good", "morning,", "and", "welcome."] * 100)
    found = compare(ours, theirs(["good", "Morning", "and", "“welcome”"] * 100))
    assert found.share == 0
    assert len(found.minutes) == 3
    assert list_differences(found) == ()


def test_the_minutes_that_differ_most_are_named_with_both_wordings() -> None:
    words = speech(1500)
    other = list(words)
    other[320:420] = [f"other{n}" for n in range(100)]
    found = compare(transcript(words), theirs(other))
    (check,) = list_differences(found)
    assert (check.code, check.start, check.end) == ("publisher_differs", 120.0, 180.0)
    assert "67% of the words from 2:00 to 3:00" in check.message
    assert f"ours “{' '.join(words[320:332])}”" in check.message
    assert "theirs “other0 other1" in check.message


def test_what_only_one_of_them_has_counts_where_it_is() -> None:
    """An advertisement that the listener's copy has; and one that only theirs has."""
    words = speech(900)
    shorter = words[:200] + words[300:]
    found = compare(transcript(words), theirs(shorter))
    assert [round(m.share, 2) for m in found.minutes] == [0, 0.67, 0, 0, 0, 0]
    found = compare(transcript(shorter), theirs(words))
    assert [m.differing for m in found.minutes] == [0, 100, 0, 0, 0, 0]
    assert "ours “–”" in list_differences(found)[0].message


def test_only_the_worst_minutes_are_named_in_their_order() -> None:
    words = speech(150 * 12)
    other = list(words)
    for minute in range(12):
        for place in range(40 + 5 * minute):
            other[150 * minute + place] = f"x{minute}-{place}"
    checks = list_differences(compare(transcript(words), theirs(other)))
    assert [check.start for check in checks] == [420.0, 480.0, 540.0, 600.0, 660.0]


def test_another_recording_is_said_to_be_one() -> None:
    found = compare(transcript(speech(900)), theirs([f"x{n}" for n in range(900)]))
    (check,) = list_differences(found)
    assert (check.code, check.start) == ("publisher_other", None)
    assert "100%" in check.message


@pytest.mark.parametrize(("ours", "others"), [([], []), ([], ["a"]), (["a"], []), (["a"], ["b"])])
def test_little_or_nothing_to_compare(ours: list[str], others: list[str]) -> None:
    found = compare(transcript(ours), theirs(others))
    assert found.share in (0.0, 1.0)
    assert all(minute.share <= 1 for minute in found.minutes)


@pytest.mark.parametrize("share", [0.05, 0.4])
def test_three_hours_of_words_counted_whole(share: float) -> None:
    words = speech(28_000)
    rng = random.Random(2)
    other = [rng.choice(WORDS) if rng.random() < share else word for word in words]
    found = compare(transcript(words), theirs(other))
    assert sum(minute.words for minute in found.minutes) >= 28_000
    assert found.share == pytest.approx(share, abs=0.07)
