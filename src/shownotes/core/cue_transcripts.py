"""Transcripts in WebVTT and SRT: cues with times, speakers and, in some, times for words."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shownotes.core.speakers import Turn, split_speakers
from shownotes.model import Segment, Word

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^>]+)>")
_STAMP = re.compile(rf"<{_TIME}>")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|\{\\[^}]*\}")
_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\ufeff"))
# Lines looked at to tell what a file is; WebVTT may begin with notes and styles.
_FIRST_LINES = 200


@dataclass(frozen=True, slots=True)
class _Cue:
    start: float
    end: float
    lines: tuple[str, ...]


def looks_like(text: str) -> bool:
    """Whether the text is WebVTT or SRT."""
    return any(_TIMES.match(line) for line in text.splitlines()[:_FIRST_LINES])


def parse(text: str) -> tuple[Segment, ...]:
    """All cues as segments, in the order of the file."""
    cues = list(_without_rolling(list(_cues(text))))
    pieces = [piece for cue in cues for piece in _pieces(cue)]
    named = split_speakers([Turn(s.speaker, s.text) for s in pieces])
    return tuple(
        Segment(
            start=s.start, end=s.end, text=turn.text, words=_kept(s, turn), speaker=turn.speaker
        )
        for s, turn in zip(pieces, named, strict=True)
    )


def _kept(segment: Segment, turn: Turn) -> tuple[Word, ...]:
    """The words without those that turned out to be the speaker's name."""
    count = len(turn.text.split())
    return segment.words[-count:] if count and segment.words else ()


def _cues(text: str) -> Iterator[_Cue]:
    for block in re.split(r"\n[ \t]*\n", text.strip("\n")):
        lines = block.split("\n")
        for index, line in enumerate(lines[:3]):
            times = _TIMES.match(line)
            if times:
                start, end = _seconds(times.groups()[:4]), _seconds(times.groups()[4:])
                said = tuple(said for said in lines[index + 1 :] if said.strip())
                if said and end >= start:
                    yield _Cue(start, end, said)
                break


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return whole + float(f"0.{fraction}")


def _without_rolling(cues: Sequence[_Cue]) -> Iterator[_Cue]:
    """Captions made for live display repeat the line before: once is enough.

    They are told by their word times and by cues of no length that only hold the display.
    """
    shown: tuple[str, ...] = ()
    for cue in cues:
        plain = tuple(_plain(line) for line in cue.lines)
        lines = cue.lines
        has_stamps = any(_STAMP.search(line) for line in lines)
        if has_stamps and shown and plain[0] == shown[-1]:
            lines, plain = lines[1:], plain[1:]
        elif shown and plain == shown[-len(plain) :] and cue.end - cue.start < 0.05:
            lines = ()
        if lines:
            yield _Cue(cue.start, cue.end, lines)
            shown = plain


def _pieces(cue: _Cue) -> Iterator[Segment]:
    """A segment for every voice of a cue; their times share the cue's by length."""
    parts = _VOICE.split(" ".join(cue.lines))
    voices = [(None, parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    said = [(voice, part) for voice, part in voices if _plain(part)]
    total = sum(len(_plain(part)) for _, part in said)
    start = cue.start
    for voice, part in said:
        end = start + (cue.end - cue.start) * len(_plain(part)) / total
        name = html.unescape(voice).strip() if voice else None
        yield Segment(
            start=start, end=end, text=_plain(part), words=_words(part, start, end), speaker=name
        )
        start = end


def _words(text: str, start: float, end: float) -> tuple[Word, ...]:
    """Words with the times that stand between them; none when there are none."""
    parts = _STAMP.split(text)
    if len(parts) == 1:
        return ()
    stamps = [start, *(_seconds(parts[i : i + 4]) for i in range(1, len(parts), 5))]
    words: list[Word] = []
    for index, said in enumerate(parts[0::5]):
        following = stamps[index + 1] if index + 1 < len(stamps) else end
        tokens = _plain(said).split()
        for number, token in enumerate(tokens):
            step = (following - stamps[index]) / len(tokens)
            first = stamps[index] + number * step
            words.append(
                Word(text=token, start=first, end=first + step, is_estimated=len(tokens) > 1)
            )
    return tuple(words)


def _plain(text: str) -> str:
    without = _TAG.sub("", _STAMP.sub(" ", text))
    return " ".join(html.unescape(without).translate(_MARKS).replace("\xa0", " ").split())
