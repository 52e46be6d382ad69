"""Plain text as editors export it: with times and names on lines of their own, inline, or without.

[00:01:02] Ann Lee: So how did it begin?      Descript, Sonix, many others
Ann Lee  1:02                                 Otter; the text follows on the next lines
Ann Lee (01:02.480)                           Riverside
00:01:02:11 - 00:01:09:03                     Premiere; then the speaker, then the text
Ann Lee: So how did it begin?                 anybody
"""

import re
from dataclasses import dataclass, field, replace

from shownotes.core.speakers import Turn, split_speakers
from shownotes.model import Segment

_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3}|[:;]\d{2})?"
# `[00:01:02] text`, `(1:02) text`, `00:01:02 text`, `00:01:02 - 00:01:09 text`
_FIRST = re.compile(
    rf"^\s*[\[(]?(?P<start>{_CLOCK})[\])]?(?:\s*(?:-->|-|–|—)\s*[\[(]?(?P<end>{_CLOCK})[\])]?)?"
    r"\s*[-–—|]?\s*(?P<rest>.*)$"
)
# `Ann Lee  1:02`, `Ann Lee (01:02.480)`, `Ann Lee [00:01:02]: text`
_LAST = re.compile(
    rf"^\s*(?P<name>[^\W\d_][^\[\]():]{{0,60}}?)\s*[\[(]?(?P<start>{_CLOCK})[\])]?\s*:?\s*(?P<rest>.*)$"
)
# Characters a second of ordinary speech, for text without any times and without audio.
CHARACTERS_PER_S = 15.0
# Frames a second of editors' time codes; a mistake of one frame does not matter.
_FRAMES_PER_S = 25.0
_TURN_AT_MOST = 80


@dataclass(slots=True)
class _Passage:
    start: float | None = None
    end: float | None = None
    speaker: str | None = None
    lines: list[str] = field(default_factory=list)


def parse(text: str, *, duration: float) -> tuple[Segment, ...]:
    """Passages as segments; those without times share out the time there is, by length."""
    passages = [p for p in _passages(text) if any(line.strip() for line in p.lines)]
    turns = split_speakers([Turn(p.speaker, " ".join(p.lines)) for p in passages])
    if not turns:
        return ()
    total = duration or sum(len(turn.text) for turn in turns) / CHARACTERS_PER_S
    starts = _starts([p.start for p in passages], [len(t.text) for t in turns], total)
    segments: list[Segment] = []
    for index, (passage, turn) in enumerate(zip(passages, turns, strict=True)):
        following = starts[index + 1] if index + 1 < len(starts) else max(total, starts[index])
        if index + 1 == len(starts) and not duration:
            following = starts[index] + len(turn.text) / CHARACTERS_PER_S
        end = following if passage.end is None else passage.end
        segments.append(Segment(start=starts[index], end=end, text=turn.text, speaker=turn.speaker))
    return tuple(replace(s, end=max(s.end, s.start)) for s in segments)


def _passages(text: str) -> list[_Passage]:
    lines = text.splitlines()
    has_times = sum(1 for line in lines if _head(line)) >= 1
    passages: list[_Passage] = []
    current = _Passage()
    is_after_head = False
    for line in lines:
        head = _head(line) if has_times else None
        if head is not None:
            passages.append(current)
            current, is_after_head = head, not head.lines
        elif not line.strip():
            if current.lines and (not has_times or current.start is None):
                passages.append(current)
                current = _Passage()
        elif is_after_head and current.end is not None and current.speaker is None:
            # Premiere: the speaker has a line of their own under the times.
            current.speaker, is_after_head = line.strip(), False
        else:
            current.lines.append(line.strip())
            is_after_head = False
    return [*passages, current]


def _head(line: str) -> _Passage | None:
    """A line that begins a passage with its time, or `None`."""
    first = _FIRST.match(line)
    if first:
        rest = first["rest"].strip()
        end = _clock(first["end"]) if first["end"] else None
        passage = _Passage(start=_clock(first["start"]), end=end)
        if rest:
            passage.lines.append(rest)
        return passage
    last = _LAST.match(line)
    if last and len(line) <= _TURN_AT_MOST + len(last["rest"]):
        words = last["name"].split()
        if 0 < len(words) <= 5 and words[0][0].isupper() and _is_head(last):
            passage = _Passage(start=_clock(last["start"]), speaker=last["name"].strip(" -–—|"))
            if last["rest"].strip():
                passage.lines.append(last["rest"].strip())
            return passage
    return None


def _is_head(match: "re.Match[str]") -> bool:
    """A time that ends the line or stands in brackets; `We left at 5:30 sharp` is a sentence."""
    before = match.string[: match.start("start")]
    return not match["rest"].strip() or before.rstrip().endswith(("[", "("))


def _clock(text: str) -> float:
    """`1:02`, `00:01:02.480`, or `00:01:02:11` with frames, in seconds."""
    parts = re.split(r"[:;]", text.replace(",", "."))
    if len(parts) == 4:
        hours, minutes, seconds, frames = (float(part) for part in parts)
        return hours * 3600 + minutes * 60 + seconds + frames / _FRAMES_PER_S
    total = 0.0
    for part in parts:
        total = total * 60 + float(part)
    return total


def _starts(known: list[float | None], lengths: list[int], total: float) -> list[float]:
    """A start for every passage: its own, or by length between those around it that have one."""
    starts = [0.0 if time is None else time for time in known]
    index = 0
    while index < len(known):
        if known[index] is not None:
            index += 1
            continue
        stop = next((i for i in range(index, len(known)) if known[i] is not None), len(known))
        low = starts[index - 1] if index else 0.0
        high = total if stop == len(known) else starts[stop]
        first = index - 1 if index else index
        weight = sum(lengths[first:stop]) or 1
        done = 0
        for position in range(first, stop):
            if position >= index:
                starts[position] = low + max(0.0, high - low) * done / weight
            done += lengths[position]
        index = stop
    return starts
