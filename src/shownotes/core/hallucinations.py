"""Text that was probably never said: found and flagged for the editor, never deleted.

Recognisers invent text in silence and music, fall into loops, and write the phrases their training
subtitles ended with. Confidence alone does not show it (loops come with high confidence), so each
kind has a detector of its own.

Source: openai/whisper's own thresholds for compression and log-probability; arXiv 2501.11378 for
the "bag of hallucinations" (a few stock phrases make up most of the invented text).
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from shownotes.core.placement import clip
from shownotes.model import Flag, Segment, Span

# The same four words this often within this many seconds are a loop. A refrain or a slogan comes
# three times in half a minute; measured loops come five times and more.
LOOP_LENGTH = 4
LOOP_COUNT = 4
LOOP_WITHIN_S = 30.0
# One to three words said so many times in a row.
STUTTER_COUNT = 6
# Above this, text says the same again and again (openai/whisper). Short text compresses badly, so
# that it needs no lower bound on length.
MAX_COMPRESSION_RATIO = 2.4
# Words and characters a second that nobody speaks: conversation has 2 to 4 words, an auctioneer 6.
MAX_WORDS_PER_S = 7.0
MAX_CHARACTERS_PER_S = 35.0
MIN_WORDS_FOR_SPEED = 5
# Below these the recogniser was guessing (openai/whisper; the second is a mean over words).
MIN_AVG_LOGPROB = -1.0
MIN_WORD_PROBABILITY = 0.4
# A passage in another language, or in a voice that the model does not understand, comes as words of
# which each may pass, but half are guesses. Chosen with the demo model on fourteen foreign
# languages (0.41 to 0.66 in the mean of a passage; what it understands: 0.92 and more), held on six
# more. The passage is what lies within so many seconds of a segment; a sentence in it that was
# heard well is not blamed.
MIN_PASSAGE_PROBABILITY = 0.68
PASSAGE_WITHIN_S = 15.0
MIN_WORDS_FOR_PASSAGE = 5
SURE_ENOUGH = 0.9
# A segment with less of its time in speech than this is text in silence. Padded on either side, in
# seconds, because voice activity detection clips the edges of words.
MIN_SPEECH_SHARE = 0.3
SPEECH_PAD_S = 0.3
# Speech this long without any text is a gap that the editor should know of, in seconds.
MIN_UNHEARD_S = 10.0
# A "thank you" with nothing else said this near, in seconds, was probably not said either.
ALONE_S = 4.0

_NOT_WORDS = re.compile(r"[^\w']+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPhrases:
    """A language's phrases that recognisers write without hearing them, lower case, no punctuation.

    Attributes:
        whole: a segment that says exactly this.
        starts: a short segment that begins with this.
        alone: a segment that says exactly this, where nothing else is said for some seconds.
    """

    whole: frozenset[str] = frozenset()
    starts: tuple[str, ...] = ()
    alone: frozenset[str] = frozenset()

    def match(self, text: str, *, is_alone: bool) -> bool:
        """Whether the whole text is one of them."""
        said = normalise(text)
        if said in self.whole or (is_alone and said in self.alone):
            return True
        return len(said.split()) <= 8 and any(said.startswith(start) for start in self.starts)


def normalise(text: str) -> str:
    """Lower case without punctuation, single spaces."""
    return " ".join(_NOT_WORDS.sub(" ", text.casefold()).split())


def flag(
    segments: Sequence[Segment], *, speech: Sequence[Span], phrases: StockPhrases
) -> tuple[Segment, ...]:
    """The same segments with flags; what is flagged already stays so.

    Args:
        segments: in order of time, in episode time.
        speech: where somebody speaks; empty when that is not known.
        phrases: of the language.
    """
    looping, guessed = _looping(segments), _guessed(segments)
    padded = [Span(start=s.start - SPEECH_PAD_S, end=s.end + SPEECH_PAD_S) for s in speech]
    flagged: list[Segment] = []
    first = 0
    for index, segment in enumerate(segments):
        while first < len(padded) and padded[first].end <= segment.start - LOOP_WITHIN_S:
            first += 1
        near = _until(padded, first, segment.end)
        found = {
            Flag.TEXT_IN_SILENCE: bool(padded) and _is_in_silence(segment, near),
            Flag.LOOP: index in looping or _repeats_itself(segment),
            Flag.STOCK_PHRASE: phrases.match(segment.text, is_alone=_is_alone(segments, index)),
            Flag.TOO_FAST: _is_too_fast(segment),
            Flag.LOW_CONFIDENCE: index in guessed or _is_doubtful(segment),
        }
        new = tuple(f for f, is_so in found.items() if is_so and f not in segment.flags)
        flagged.append(replace(segment, flags=(*segment.flags, *new)) if new else segment)
    return tuple(flagged)


def unheard(segments: Sequence[Segment], speech: Sequence[Span]) -> tuple[Span, ...]:
    """Stretches of speech of at least `MIN_UNHEARD_S` in which no text lies."""
    gaps: list[Span] = []
    edges = [Span(start=s.start, end=s.end) for s in segments]
    end_of_all = max([s.end for s in speech], default=0.0)
    silent_from = 0.0
    for edge in [*edges, Span(start=end_of_all, end=end_of_all)]:
        if edge.start - silent_from >= MIN_UNHEARD_S:
            spoken = clip(speech, silent_from, edge.start)
            if sum(span.duration for span in spoken) >= MIN_UNHEARD_S:
                gaps.append(Span(start=spoken[0].start, end=spoken[-1].end))
        silent_from = max(silent_from, edge.end)
    return tuple(gaps)


def _until(spans: Sequence[Span], first: int, end: float) -> list[Span]:
    near: list[Span] = []
    for span in spans[first:]:
        if span.start >= end:
            break
        near.append(span)
    return near


def _is_alone(segments: Sequence[Segment], index: int) -> bool:
    before = segments[index - 1].end if index else -ALONE_S
    after = segments[index + 1].start if index + 1 < len(segments) else float("inf")
    segment = segments[index]
    return segment.start - before >= ALONE_S and after - segment.end >= ALONE_S


def _is_in_silence(segment: Segment, speech: Sequence[Span]) -> bool:
    parts: Iterable[Segment | Span]
    parts = [Span(start=w.start, end=w.end) for w in segment.words] or [segment]
    total = spoken = 0.0
    for part in parts:
        # Words may have no length; they still are somewhere.
        end = max(part.end, part.start + 0.01)
        total += end - part.start
        spoken += sum(span.duration for span in clip(speech, part.start, end))
    return total > 0 and spoken / total < MIN_SPEECH_SHARE


def _looping(segments: Sequence[Segment]) -> set[int]:
    """Indices of the segments with words said again and again in a short time."""
    stream = [
        (said, word.start, index)
        for index, segment in enumerate(segments)
        for word in segment.words
        if (said := normalise(word.text))
    ]
    seen: dict[tuple[str, ...], list[tuple[float, int, int]]] = defaultdict(list)
    found: set[int] = set()
    for position in range(len(stream) - LOOP_LENGTH + 1):
        group = stream[position : position + LOOP_LENGTH]
        times = seen[tuple(said for said, _, _ in group)]
        times.append((group[0][1], group[0][2], group[-1][2]))
        recent = times[-LOOP_COUNT:]
        if len(recent) == LOOP_COUNT and recent[-1][0] - recent[0][0] <= LOOP_WITHIN_S:
            found.update(index for _, first, last in recent for index in (first, last))
    return found


def _repeats_itself(segment: Segment) -> bool:
    # Of its own text: the engine's figure is that of a whole half-minute, and would put the blame
    # of one looping segment on all its neighbours.
    if _compression_ratio(segment.text) > MAX_COMPRESSION_RATIO:
        return True
    said = normalise(segment.text).split()
    return any(_longest_run(said, size) >= STUTTER_COUNT for size in (1, 2, 3))


def _compression_ratio(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def _longest_run(said: Sequence[str], size: int) -> int:
    """How many times in a row a group of `size` words comes, at most."""
    longest = run = 0
    for position in range(size, len(said)):
        run = run + 1 if said[position] == said[position - size] else 0
        longest = max(longest, run)
    return longest // size + 1 if said else 0


def _is_too_fast(segment: Segment) -> bool:
    words = segment.words
    if len(words) < MIN_WORDS_FOR_SPEED or any(word.is_estimated for word in words):
        return False
    length = max(words[-1].end - words[0].start, 0.01)
    characters = sum(len(word.text) for word in words)
    # In scripts without spaces a "word" is a character, and eight a second are ordinary.
    has_long_words = characters / len(words) >= 2
    return characters / length > MAX_CHARACTERS_PER_S or (
        has_long_words and len(words) / length > MAX_WORDS_PER_S
    )


def _is_doubtful(segment: Segment) -> bool:
    if segment.avg_logprob is not None and segment.avg_logprob < MIN_AVG_LOGPROB:
        return True
    sure = _probabilities(segment)
    return bool(sure) and fmean(sure) < MIN_WORD_PROBABILITY


def _guessed(segments: Sequence[Segment]) -> set[int]:
    """Indices of the segments in passages that are guesses all along."""
    every = [_probabilities(segment) for segment in segments]
    found: set[int] = set()
    first = last = count = 0
    total = 0.0
    for index, segment in enumerate(segments):
        while last < len(segments) and segments[last].start <= segment.end + PASSAGE_WITHIN_S:
            total += sum(every[last])
            count += len(every[last])
            last += 1
        while segments[first].end < segment.start - PASSAGE_WITHIN_S:
            total -= sum(every[first])
            count -= len(every[first])
            first += 1
        if count < MIN_WORDS_FOR_PASSAGE or total / count >= MIN_PASSAGE_PROBABILITY:
            continue
        if every[index] and fmean(every[index]) < SURE_ENOUGH:
            found.add(index)
    return found


def _probabilities(segment: Segment) -> list[float]:
    return [word.probability for word in segment.words if word.probability is not None]
