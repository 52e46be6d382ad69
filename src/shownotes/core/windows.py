"""Windows of an episode, cut in pauses, and packed so that long silences cost no transcription.

Windows keep memory flat and let an interrupted run resume; a cut in mid-word costs that word, so
the cut lies in the longest pause near the mark. Packing takes long silences out (recognisers
invent text in them) and remembers where every piece came from.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shownotes.model import Span

# Bounds of a window, in seconds. A recogniser needs about 450 MB at 60 s and 1040 MB at 600 s
# (measured with faster-whisper), and every window costs a start of its own.
MIN_WINDOW_S = 120.0
MAX_WINDOW_S = 600.0
# How wide the pause is searched for, around the mark, in seconds. Speakers breathe every few
# seconds; a minute nearly always holds a pause between sentences.
SEARCH_S = 60.0
# What a Whisper model listens to at once, in seconds.
LISTENS_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of the episode that is transcribed at once.

    Attributes:
        start: seconds; windows are contiguous, half-open, and cover the whole audio.
        speech: where somebody speaks, clipped to the window; empty when nobody does.
        track: of which of the episode's tracks; `None` for the mix.
    """

    index: int
    start: float
    end: float
    speech: tuple[Span, ...] = ()
    track: int | None = None

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of audio, and where it begins in the packed window."""

    audio_start: float
    audio_end: float
    packed_start: float

    @property
    def duration(self) -> float:
        """Length in seconds, the same in the audio and packed."""
        return self.audio_end - self.audio_start

    @property
    def packed_end(self) -> float:
        """Where it ends in the packed window."""
        return self.packed_start + self.duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """What of a window is handed to the recogniser: pieces of audio, one after the other."""

    pieces: tuple[Piece, ...]

    @property
    def duration(self) -> float:
        """Length of the packed audio in seconds."""
        return self.pieces[-1].packed_end if self.pieces else 0.0

    def to_audio(self, packed_time: float) -> float:
        """Seconds in the episode for seconds in the packed audio, clamped to its pieces.

        A time on the seam of two pieces is the start of the second.

        Raises:
            ValueError: nothing is packed.
        """
        piece = self._piece_at(packed_time)
        return _clamp(packed_time - piece.packed_start + piece.audio_start, piece)

    def span_to_audio(self, start: float, end: float) -> Span:
        """A word's or segment's place in the episode, within the piece in which it begins.

        Recognisers let a word reach over a seam, into audio that lies minutes later.

        Raises:
            ValueError: nothing is packed.
        """
        piece = self._piece_at(start)
        shift = piece.audio_start - piece.packed_start
        first = _clamp(start + shift, piece)
        return Span(start=first, end=max(first, _clamp(end + shift, piece)))

    def _piece_at(self, packed_time: float) -> Piece:
        if not self.pieces:
            raise ValueError("nothing was packed: the window has no speech")
        starts = [piece.packed_start for piece in self.pieces]
        return self.pieces[max(0, bisect_right(starts, packed_time) - 1)]


def cut_windows(speech: Sequence[Span], *, duration: float, target_s: float) -> tuple[Window, ...]:
    """Cut an episode into windows of about `target_s`, in the longest pause near each mark.

    Every window is at most `MAX_WINDOW_S` long and, unless the episode is shorter, at least
    `MIN_WINDOW_S`. Where nobody pauses near the mark the cut is at the mark.

    Args:
        speech: voice activity in order of time, not overlapping.
        duration: of the episode, in seconds.
        target_s: wanted length, `MIN_WINDOW_S` to `MAX_WINDOW_S`.

    Returns:
        Contiguous windows from 0 to `duration`; none when `duration` is 0.

    Raises:
        ValueError: `target_s` is out of bounds.
    """
    if not MIN_WINDOW_S <= target_s <= MAX_WINDOW_S:
        raise ValueError(f"a window of {target_s} s is not {MIN_WINDOW_S} to {MAX_WINDOW_S} s long")
    edges = [0.0]
    while edges[-1] < duration:
        edges.append(_next_cut(speech, start=edges[-1], duration=duration, target_s=target_s))
    return tuple(
        Window(index=index, start=start, end=end, speech=_clip(speech, start, end))
        for index, (start, end) in enumerate(pairwise(edges))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """The end of a window that was left to the next one.

    Attributes:
        start: seconds; it ends where the next window begins.
        speech: where somebody speaks in it.
    """

    start: float
    speech: tuple[Span, ...]


def rest_of(window: Window, start: float) -> Rest:
    """What of a window lies behind a time."""
    return Rest(start=start, speech=_clip(window.speech, start, window.end))


def with_rest(window: Window, rest: Rest) -> Window:
    """A window that begins with what was left of the one before it."""
    return replace(window, start=rest.start, speech=(*rest.speech, *window.speech))


def takes_rest(windows: Sequence[Window], index: int) -> bool:
    """Whether a window can begin with what is left of the one before it."""
    if not 0 < index < len(windows):
        return False
    before, window = windows[index - 1], windows[index]
    return before.track == window.track and bool(before.speech) and bool(window.speech)


def pack(window: Window, *, max_silence_s: float = 2.0, pad_s: float = 0.2) -> Packing:
    """Choose the pieces of a window that hold its speech.

    Args:
        window: with its speech.
        max_silence_s: the longest silence that is kept whole; a longer one is cut down to what
            the pads leave of it. Before the first and after the last speech only the pad stays.
        pad_s: audio kept on either side of speech, so that soft sounds at its edges survive.

    Returns:
        No pieces when nobody speaks in the window.
    """
    pieces: list[Piece] = []
    packed = 0.0
    for span in _join(window, max_gap_s=max(max_silence_s, 2 * pad_s)):
        start = max(window.start, span.start - pad_s)
        end = min(window.end, span.end + pad_s)
        pieces.append(Piece(audio_start=start, audio_end=end, packed_start=packed))
        packed += end - start
    return Packing(pieces=tuple(pieces))


def pieces_at_once(packing: Packing, speech: Sequence[Span]) -> tuple[Span, ...]:
    """Cut packed audio in pauses into pieces that a model can hear side by side.

    Args:
        packing: of a window.
        speech: of the same window, in episode time.

    Returns:
        Contiguous spans in packed time from 0 to its end. One is longer than `LISTENS_S` where
        nobody pauses for so long.
    """
    breaths = list(_breaths(packing, speech))
    edges = [0.0]
    while packing.duration - edges[-1] > LISTENS_S:
        near = [b for b in breaths if edges[-1] < b <= edges[-1] + LISTENS_S]
        far = next((b for b in breaths if b > edges[-1] + LISTENS_S), packing.duration)
        edges.append(near[-1] if near else far)
    if packing.duration > edges[-1]:
        edges.append(packing.duration)
    return tuple(Span(start=start, end=end) for start, end in pairwise(edges))


def _breaths(packing: Packing, speech: Sequence[Span]) -> Iterator[float]:
    """The middles of all pauses and seams, in packed time, in order."""
    for piece in packing.pieces:
        if piece.packed_start > 0:
            yield piece.packed_start
        inside = _clip(speech, piece.audio_start, piece.audio_end)
        for before, after in pairwise(inside):
            if after.start > before.end:
                middle = (before.end + after.start) / 2
                yield middle - piece.audio_start + piece.packed_start


def _next_cut(speech: Sequence[Span], *, start: float, duration: float, target_s: float) -> float:
    remaining = duration - start
    if remaining <= min(MAX_WINDOW_S, max(target_s + SEARCH_S, 2 * MIN_WINDOW_S)):
        return duration
    length = target_s
    if remaining - target_s < MIN_WINDOW_S + SEARCH_S:
        # Two equal windows rather than a whole one and a scrap.
        length = remaining / 2
    mark = start + length
    low = min(max(mark - SEARCH_S / 2, start + MIN_WINDOW_S), start + MAX_WINDOW_S - SEARCH_S)
    high = min(low + SEARCH_S, duration - MIN_WINDOW_S)
    pauses = list(_pauses(speech, low, high))
    if not pauses:
        return mark
    # Of equally long pauses the one nearest the mark.
    best = max(pauses, key=lambda pause: (pause.duration, -abs(_middle(pause) - mark)))
    return _middle(best)


def _pauses(speech: Sequence[Span], low: float, high: float) -> Iterator[Span]:
    """Stretches of `[low, high)` in which nobody speaks."""
    silent_from = low
    for span in _clip(speech, low, high):
        if span.start > silent_from:
            yield Span(start=silent_from, end=span.start)
        silent_from = span.end
    if high > silent_from:
        yield Span(start=silent_from, end=high)


def _clip(speech: Sequence[Span], start: float, end: float) -> tuple[Span, ...]:
    return tuple(
        Span(start=max(span.start, start), end=min(span.end, end))
        for span in speech
        if span.end > start and span.start < end
    )


def _join(window: Window, *, max_gap_s: float) -> Iterator[Span]:
    """Speech with the silences filled that are at most `max_gap_s` long."""
    current: Span | None = None
    for span in window.speech:
        if current is not None and span.start - current.end <= max_gap_s:
            current = Span(start=current.start, end=max(current.end, span.end))
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current


def _middle(span: Span) -> float:
    return (span.start + span.end) / 2


def _clamp(time: float, piece: Piece) -> float:
    return min(max(time, piece.audio_start), piece.audio_end)
