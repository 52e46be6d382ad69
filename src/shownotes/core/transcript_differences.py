"""Where a transcript from elsewhere says other words than ours, minute by minute. Pure.

Words are compared without case and punctuation, in order, not by their times: advertisements that
are put in for each listener move everything behind them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shownotes.core.alignment import align
from shownotes.core.timecodes import clock
from shownotes.model import Check, Segment, Transcript, Word

MINUTE_S = 60.0
# Two good transcripts of the same speech differ in 5 to 15 % of their words (numbers, fillers,
# names); a minute is worth an editor's time from here on.
WORTH_A_LOOK = 0.25
# Differing so much in all, it is another recording's, or another language's.
ANOTHER = 0.7
# Minutes that are named, the worst first.
MOST_MINUTES = 5
# Fewer words than this in a minute say nothing.
_FEWEST_WORDS = 20
_SAMPLE_WORDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A minute of ours.

    Attributes:
        start: in seconds; `end` likewise.
        words: ours or theirs, whichever are more.
        differing: how many of them the other does not have.
        ours: the longest stretch of ours that they do not have, and `theirs` in its place.
    """

    start: float
    end: float
    words: int
    differing: int
    ours: str = ""
    theirs: str = ""

    @property
    def share(self) -> float:
        """Of the words that differ."""
        return self.differing / self.words if self.words else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours against theirs: each minute in which anybody speaks, in order."""

    minutes: tuple[Difference, ...] = ()

    @property
    def share(self) -> float:
        """Of all words, of those that differ."""
        words = sum(minute.words for minute in self.minutes)
        return sum(minute.differing for minute in self.minutes) / words if words else 0.0


@dataclass(slots=True)
class _Minute:
    """Indices of the words in a minute, and the stretches without a counterpart."""

    ours: int = 0
    theirs: int = 0
    lone_ours: int = 0
    lone_theirs: int = 0
    longest: tuple[range, range] = (range(0), range(0))


def compare(transcript: Transcript, segments: Sequence[Segment]) -> Comparison:
    """Compare.

    Args:
        transcript: ours, whose times count.
        segments: theirs.
    """
    words = [word for segment in transcript.segments for word in segment.words]
    said = [text for segment in segments for text in segment.text.split()]
    found = align([word.text for word in words], said)
    minutes: dict[int, _Minute] = {}
    for ours, theirs in _stretches(found, len(words)):
        is_equal = len(ours) == len(theirs) == 1 and found[theirs.start] == ours.start
        for number, own, other in _by_minute(ours, theirs, words):
            minute = minutes.setdefault(number, _Minute())
            minute.ours += len(own)
            minute.theirs += len(other)
            if is_equal:
                continue
            minute.lone_ours += len(own)
            minute.lone_theirs += len(other)
            if len(own) + len(other) > sum(map(len, minute.longest)):
                minute.longest = (own, other)
    return Comparison(
        minutes=tuple(
            Difference(
                start=number * MINUTE_S,
                end=max(min((number + 1) * MINUTE_S, transcript.duration), number * MINUTE_S),
                words=max(minute.ours, minute.theirs),
                differing=max(minute.lone_ours, minute.lone_theirs),
                ours=" ".join(words[i].text for i in minute.longest[0][:_SAMPLE_WORDS]),
                theirs=" ".join(said[j] for j in minute.longest[1][:_SAMPLE_WORDS]),
            )
            for number, minute in sorted(minutes.items())
        )
    )


def _by_minute(
    ours: range, theirs: range, words: Sequence[Word]
) -> Iterator[tuple[int, range, range]]:
    """A stretch, cut where our minutes end; what they say instead is shared out alike."""
    if not ours:
        # What only they have is where our next word is.
        at = words[min(ours.start, len(words) - 1)].start if words else 0.0
        yield int(at // MINUTE_S), ours, theirs
        return
    begin = ours.start
    for index in ours:
        number = int(words[begin].start // MINUTE_S)
        if index + 1 < ours.stop and int(words[index + 1].start // MINUTE_S) == number:
            continue
        first, last = (
            theirs.start + len(theirs) * (place - ours.start) // len(ours)
            for place in (begin, index + 1)
        )
        yield number, range(begin, index + 1), range(first, last)
        begin = index + 1


def _stretches(found: Sequence[int | None], n_ours: int) -> Iterator[tuple[range, range]]:
    """Both texts from front to back: a word that both have, or a stretch that differs."""
    i = j = 0
    for index, match in enumerate([*found, n_ours]):
        if match is None:
            continue
        if match > i or index > j:
            yield range(i, match), range(j, index)
        if index < len(found):
            yield range(match, match + 1), range(index, index + 1)
        i, j = match + 1, index + 1


def list_differences(comparison: Comparison) -> tuple[Check, ...]:
    """What an editor should look at: the minutes that differ most, in order."""
    if not comparison.minutes:
        return ()
    if comparison.share >= ANOTHER:
        told = f"{comparison.share:.0%} of the words differ"
        message = f"The publisher's transcript seems to be of another recording: {told}."
        return (Check(code="publisher_other", message=message),)
    worth = [
        minute
        for minute in comparison.minutes
        if minute.words >= _FEWEST_WORDS and minute.share >= WORTH_A_LOOK
    ]
    worst = sorted(worth, key=lambda minute: -minute.share)[:MOST_MINUTES]
    return tuple(
        Check(
            code="publisher_differs",
            message=f"The publisher's transcript differs in {minute.share:.0%} of the words from "
            f"{clock(minute.start)} to {clock(minute.end)}: ours “{minute.ours or '–'}”, theirs "
            f"“{minute.theirs or '–'}”.",
            start=minute.start,
            end=minute.end,
        )
        for minute in sorted(worst, key=lambda minute: minute.start)
    )
