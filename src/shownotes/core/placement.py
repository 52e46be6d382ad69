"""Recognised words, put where they belong in the episode.

The recogniser hears packed audio (see `core.windows`) and stretches words over pauses. Here its
times are brought back to the episode: in order, inside the audio, and inside speech wherever the
word touches any.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from shownotes.core.windows import Packing, Window, pack
from shownotes.model import Flag, Segment, Span, Word

# Voice activity detection opens a little late and closes a little early, in seconds. The pads of
# `core.windows.pack` are as wide, so that no word is moved out of the audio it was heard in.
SPEECH_PAD_S = 0.2
# A language shows in half a minute of speech: what Whisper looks at in one go, in seconds.
STRETCH_S = 30.0


def place(
    segments: Iterable[Segment], packing: Packing, *, speech: Sequence[Span], end: float
) -> tuple[Segment, ...]:
    """Bring segments from packed time to episode time.

    Args:
        segments: in packed time, as recognised.
        packing: of the window.
        speech: where somebody speaks.
        end: of the window, in seconds; nothing lies beyond it.

    Returns:
        Segments whose words are in order and do not overlap; they lie inside speech (within
        `SPEECH_PAD_S`), unless the whole segment touches none. A segment begins with its first
        word and ends with its last. Text that came without words has estimated ones.
    """
    padded = _pad(speech)
    placed: list[Segment] = []
    last_end = packing.pieces[0].audio_start if packing.pieces else 0.0
    for segment in segments:
        timed = segment if segment.words else estimate_words(segment)
        words: list[Word] = []
        spans = [_to_audio(word, packing) for word in timed.words]
        touches = any(_touches(span, padded) for span in spans)
        for word, heard in zip(timed.words, spans, strict=True):
            # Text that touches no speech at all stays where it is, and will be flagged.
            span = _into_speech(heard, padded) if touches else heard
            start = min(max(span.start, last_end), end)
            last_end = min(max(span.end, start), end)
            words.append(replace(word, start=round(start, 3), end=round(last_end, 3)))
        if words:
            placed.append(
                replace(timed, words=tuple(words), start=words[0].start, end=words[-1].end)
            )
    return tuple(placed)


def estimate_words(segment: Segment, *, speech: Sequence[Span] = ()) -> Segment:
    """Give a segment words whose times are spread over it by their length, and mark them.

    Args:
        segment: with text and times.
        speech: where somebody speaks; words are spread over that part of the segment only, when
            there is any.
    """
    texts = segment.text.split()
    spans = clip(speech, segment.start, segment.end) or (
        Span(start=segment.start, end=segment.end),
    )
    total = sum(span.duration for span in spans)
    # A word takes its letters and a breath.
    weights = [len(text) + 1 for text in texts]
    scale = total / sum(weights) if weights else 0.0
    words: list[Word] = []
    done = 0
    for text, weight in zip(texts, weights, strict=True):
        start = _at(spans, done * scale)
        done += weight
        end = _at(spans, done * scale, is_end=True)
        words.append(
            Word(text=text, start=round(start, 3), end=round(max(start, end), 3), is_estimated=True)
        )
    flags = segment.flags
    if words and Flag.ESTIMATED_TIMES not in flags:
        flags = (*flags, Flag.ESTIMATED_TIMES)
    return replace(segment, words=tuple(words), flags=flags)


def clip(spans: Sequence[Span], start: float, end: float) -> tuple[Span, ...]:
    """The parts of the spans that lie in `[start, end)`."""
    return tuple(
        Span(start=max(span.start, start), end=min(span.end, end))
        for span in spans
        if span.end > start and span.start < end
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A stretch that was transcribed again: what stands in place of what overlapped it."""

    span: Span
    segments: tuple[Segment, ...]


def whole_segments(segments: Sequence[Segment], span: Span) -> Span:
    """The stretch widened to the segments that overlap it, so that no word is lost or doubled."""
    touched = [s for s in segments if s.end > span.start and s.start < span.end]
    return Span(
        start=min([span.start, *(s.start for s in touched)]),
        end=max([span.end, *(s.end for s in touched)]),
    )


def substitute(segments: Sequence[Segment], replacement: Replacement) -> tuple[Segment, ...]:
    """The segments with those that overlap the stretch replaced; all others are untouched.

    When one person said all that is replaced, the new segments are theirs too.
    """
    span = replacement.span
    before = [s for s in segments if s.end <= span.start]
    after = [s for s in segments if s.end > span.start and s.start >= span.end]
    replaced = [s for s in segments if s.end > span.start and s.start < span.end]
    speakers = {s.speaker for s in replaced}
    fresh = replacement.segments
    if len(speakers) == 1:
        fresh = tuple(replace(s, speaker=next(iter(speakers))) for s in fresh)
    return (*before, *fresh, *after)


def spread(speech: Sequence[Span], *, count: int) -> tuple[Packing, ...]:
    """Half-minutes of speech spread evenly over the episode, packed.

    They lie at equal steps of *speech*, so that music at the start, which is not speech, and a
    jingle that is, weigh little.
    """
    total = sum(span.duration for span in speech)
    chosen: list[Packing] = []
    last = -1.0
    for index in range(min(count, max(1, int(total / STRETCH_S)))):
        start = max(last, _at(speech, total * (index + 0.5) / count) if total > STRETCH_S else 0.0)
        end = start + STRETCH_S if total > STRETCH_S else speech[-1].end if speech else 0.0
        window = Window(index=index, start=start, end=end, speech=clip(speech, start, end))
        packing = pack(window)
        if packing.pieces:
            chosen.append(packing)
        last = end
    return tuple(chosen)


def _to_audio(word: Word, packing: Packing) -> Span:
    """A word's place, in the piece in which its middle lies.

    Not in that of its start: the first word after a long silence often begins a little before the
    seam, and would land before the silence.
    """
    middle = (word.start + word.end) / 2
    piece = next((p for p in packing.pieces if middle < p.packed_end), packing.pieces[-1])
    shift = piece.audio_start - piece.packed_start
    start = min(max(word.start + shift, piece.audio_start), piece.audio_end)
    return Span(start=start, end=min(max(word.end + shift, start), piece.audio_end))


def _touches(span: Span, speech: Sequence[Span]) -> bool:
    return next(_overlaps(span, speech), None) is not None


def _into_speech(span: Span, speech: Sequence[Span]) -> Span:
    """Cut to the stretch of speech it shares most with; else to the nearest edge of speech."""
    shared = list(_overlaps(span, speech))
    if shared:
        return max(shared, key=lambda part: part.duration)
    edges = (edge for spoken in speech for edge in (spoken.start, spoken.end))
    nearest = min(edges, key=lambda edge: min(abs(edge - span.start), abs(edge - span.end)))
    return Span(start=nearest, end=nearest)


def _overlaps(span: Span, speech: Sequence[Span]) -> Iterator[Span]:
    for spoken in speech:
        if spoken.start > span.end:
            return
        if spoken.end >= span.start:
            yield Span(start=max(span.start, spoken.start), end=min(span.end, spoken.end))


def _pad(speech: Sequence[Span]) -> list[Span]:
    padded: list[Span] = []
    for span in speech:
        start, end = max(0.0, span.start - SPEECH_PAD_S), span.end + SPEECH_PAD_S
        if padded and start <= padded[-1].end:
            padded[-1] = Span(start=padded[-1].start, end=end)
        else:
            padded.append(Span(start=start, end=end))
    return padded


def _at(spans: Sequence[Span], offset: float, *, is_end: bool = False) -> float:
    """Where `offset` seconds into the spans lies; on a seam, the end of the first for an end."""
    for span in spans:
        if offset < span.duration or (is_end and offset <= span.duration + 1e-9):
            return span.start + offset
        offset -= span.duration
    return spans[-1].end if spans else 0.0
