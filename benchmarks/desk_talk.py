"""A talk of half an hour for the desk's benchmarks, and its next export with the truth about it.

The words are those of our own training texts, stretches of them in another order, with sentences
that come again and again, as people say them.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shownotes.model import Segment, Transcript, Word

TEXTS = Path(__file__).parents[1] / "training"
AGAIN = (
    "Yeah, that's right, that's exactly right.",
    "And that is a really good question.",
    "I mean, you know, it's one of those things.",
    "So the thing is, the thing is that nobody knows.",
    "You're listening to the show, and we are back with more of it in a moment.",
)
LABELS = ("Speaker 1", "Speaker 2")
WORD_S, PAUSE_S = 0.34, 0.45
# Shares of what a second hearing does to the words, and by how much times differ, in seconds.
MISHEARD, JITTER_S = 0.02, 0.04


@dataclass(frozen=True, slots=True)
class Export:
    """A new export of a talk.

    Attributes:
        became: for each word of the old one, its index in the new one; `None` where it was cut.
        misheard: indices of old words that the second hearing has otherwise.
        shift: for each old word, by how much later it is said now, in seconds.
    """

    transcript: Transcript
    became: tuple[int | None, ...]
    misheard: frozenset[int]
    shift: tuple[float, ...]


def lines_of(path: Path) -> list[str]:
    """The sentences and turns of a text."""
    told = path.read_text(encoding="utf-8").splitlines()
    plain = (re.sub(r"^Speaker \d+: ", "", line) for line in told)
    return [line for line in plain if line.strip() and not line.startswith(("==", "domain:"))]


def make_talk(chance: random.Random, minutes: float, *, has_opening: bool = True) -> Transcript:
    """A talk by two people, who are introduced where it has an opening."""
    opening = lines_of(TEXTS / "reading" / "interview-6.txt") if has_opening else []
    texts = [
        lines_of(path)
        for folder in ("reading", "chapters")
        for path in sorted((TEXTS / folder).glob("*.txt"))
    ]
    lines, length = opening[:30], 0.0
    segments: list[Segment] = []
    while length < minutes * 60:
        if not lines:
            text = chance.choice(texts)
            first = chance.randrange(max(1, len(text) - 20))
            lines = text[first : first + chance.randint(10, 40)]
        line = chance.choice(AGAIN) if chance.random() < 0.08 else lines.pop(0)
        label = LABELS[len(segments) % 2]
        for part in re.split(r"(?<=[.?!]) ", line):
            segment = _speak(chance, part, length + chance.uniform(0.2, PAUSE_S), label)
            segments.append(segment)
            length = segment.end
    return _transcript(segments, length)


def _speak(chance: random.Random, text: str, at: float, label: str) -> Segment:
    words = []
    for word in text.split():
        took = WORD_S * chance.uniform(0.5, 1.0) + 0.012 * len(word)
        probability = 0.35 if chance.random() < 0.01 else 0.9
        words.append(Word(text=word, start=_ms(at), end=_ms(at + took), probability=probability))
        at += took
    return _segment(words, label)


def _segment(words: Sequence[Word], label: str | None) -> Segment:
    return Segment(
        start=words[0].start,
        end=words[-1].end,
        text=" ".join(word.text for word in words),
        words=tuple(words),
        speaker=label,
    )


def _transcript(segments: Sequence[Segment], length: float) -> Transcript:
    return Transcript(
        language="en", segments=tuple(segments), duration=_ms(length + 1), model="benchmark"
    )


def _ms(seconds: float) -> float:
    return round(seconds, 3)


def export_again(
    chance: random.Random,
    talk: Transcript,
    *,
    cut: tuple[float, float],
    put_in_at: float,
    put_in_s: float,
) -> Export:
    """The talk with a stretch cut out and another put in, heard again.

    Args:
        chance: of mishearing and of where segments end.
        talk: as it was.
        cut: from when to when, in seconds.
        put_in_at: when in the old talk something new is put in, in seconds.
        put_in_s: how long that is.
    """
    new = [
        s
        for s in make_talk(chance, 1 + put_in_s / 60, has_opening=False).segments
        if s.end < put_in_s
    ]
    heard: list[tuple[Word, str | None]] = []
    became: list[int | None] = []
    shifts: list[float] = []
    misheard = set()
    known = [word.text for segment in talk.segments for word in segment.words]
    is_in = False
    for segment in talk.segments:
        for word in segment.words:
            if not is_in and word.start >= put_in_at:
                shift = put_in_at - (cut[1] - cut[0] if put_in_at >= cut[1] else 0.0)
                heard += [
                    (_moved(said, shift), part.speaker) for part in new for said in part.words
                ]
                is_in = True
            late = (put_in_s if is_in else 0.0) - (cut[1] - cut[0] if word.start >= cut[0] else 0.0)
            shifts.append(late)
            if cut[0] <= word.start < cut[1]:
                became.append(None)
                continue
            if chance.random() < MISHEARD:
                misheard.add(len(became))
                word = replace(word, text=chance.choice(known))
            became.append(len(heard))
            heard.append((_moved(word, late, chance), segment.speaker))
    segments = list(_segments_anew(chance, heard))
    end = talk.duration + put_in_s - (cut[1] - cut[0])
    return Export(_transcript(segments, end), tuple(became), frozenset(misheard), tuple(shifts))


def _moved(word: Word, late: float, chance: random.Random | None = None) -> Word:
    """The word later, and heard a little otherwise."""
    off = [chance.uniform(-JITTER_S, JITTER_S) if chance else 0.0 for _ in range(2)]
    start = max(0.0, word.start + late + off[0])
    end = max(start + 0.02, word.end + late + off[1])
    return replace(word, start=_ms(start), end=_ms(end))


def _segments_anew(
    chance: random.Random, heard: Sequence[tuple[Word, str | None]]
) -> "list[Segment]":
    """The words in segments that end elsewhere; never across a change of speaker."""
    segments, words = [], []
    label: str | None = None
    for word, speaker in heard:
        is_end = bool(words) and (
            words[-1].text.endswith((".", "?", "!")) if chance.random() < 0.85 else len(words) > 12
        )
        if words and (speaker != label or is_end):
            segments.append(_segment(words, label))
            words = []
        words.append(word)
        label = speaker
    return [*segments, _segment(words, label)]
