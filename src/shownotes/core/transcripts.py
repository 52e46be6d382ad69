"""Transcripts that are already there: WebVTT, SRT, JSON of several makers, and plain text.

What a file says is taken: words, speakers, times. What it does not say is estimated and marked.

Source: W3C WebVTT; Podcasting 2.0 transcripts (JSON, version 1.0.0); openai/whisper, whisper.cpp
and WhisperX result files; exports of Descript, Otter, Premiere, Riverside, Rev and AssemblyAI.
"""

import codecs
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shownotes.core import cue_transcripts, json_transcripts, plain_transcripts
from shownotes.core.characters import printable
from shownotes.core.placement import estimate_words
from shownotes.core.timecodes import MOST_TIME_S
from shownotes.errors import TranscriptFileError
from shownotes.model import Flag, Segment, Span, Word

# One word a segment, as some exports have it, is joined to segments of at most this many seconds.
MAX_SEGMENT_S = 15.0
# A pause that ends such a segment, in seconds.
PAUSE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A transcript as it was found. `language` is `None` when the file does not say it."""

    segments: tuple[Segment, ...]
    language: str | None = None


def decode(data: bytes, *, name: str) -> str:
    """The text of a file in UTF-8, UTF-16 with a byte-order mark, or Windows-1252.

    Raises:
        TranscriptFileError: it is not text.
    """
    encodings = ["utf-8-sig", "cp1252"]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise TranscriptFileError(f"{name} is not text. Save the transcript as UTF-8.")


def parse(text: str, *, name: str, duration: float, speech: Sequence[Span] = ()) -> Imported:
    """Read a transcript, by what is in it rather than by its name's ending.

    Args:
        text: of the file.
        name: of the file, for messages.
        duration: of the audio in seconds; 0 when there is none.
        speech: where somebody speaks, for estimates.

    Raises:
        TranscriptFileError: nothing that was said could be found in it.
    """
    found = _read(text, name=name, duration=duration)
    if any(max(segment.start, segment.end) > MOST_TIME_S for segment in found.segments):
        raise TranscriptFileError(
            f"{name}: it has times after a thousand hours. Export it again, in seconds."
        )
    segments = _tidy(map(_printable, found.segments), duration=duration)
    if not segments:
        raise TranscriptFileError(
            f"{name}: no spoken text was found in it. Known are WebVTT, SRT, Podcasting 2.0 and "
            "Whisper JSON, and plain text."
        )
    return replace(found, segments=tuple(_with_words(s, speech) for s in segments))


def _read(text: str, *, name: str, duration: float) -> Imported:
    stripped = text.lstrip()
    if stripped.startswith(("{", "[{", "[\n")) and name.lower().endswith(".json"):
        return _read_json(text, name=name)
    if cue_transcripts.looks_like(stripped):
        return Imported(segments=cue_transcripts.parse(text))
    if name.lower().endswith((".vtt", ".srt")):
        raise TranscriptFileError(f"{name}: there is no cue with times in it. Export it again.")
    if name.lower().endswith(".json"):
        raise TranscriptFileError(f"{name} is not JSON. Export it again.")
    return Imported(segments=plain_transcripts.parse(text, duration=duration))


def _read_json(text: str, *, name: str) -> Imported:
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise TranscriptFileError(
            f"{name} is not whole JSON (line {error.lineno}: {error.msg}). Export it again."
        ) from error
    except (ValueError, RecursionError) as error:
        # Numbers of thousands of digits, and what is nested a thousand deep.
        raise TranscriptFileError(f"{name} cannot be read ({error}). Export it again.") from error
    try:
        segments, language = json_transcripts.parse(data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise TranscriptFileError(
            f"{name}: not a JSON transcript of a kind that is known ({error!r}). Known are "
            "Podcasting 2.0, Whisper, WhisperX, whisper.cpp, Rev and AssemblyAI."
        ) from error
    return Imported(segments=_join_words(segments), language=language)


def _join_words(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """One-word segments joined to sentences; ordinary ones as they are."""
    lengths = [len(segment.text.split()) for segment in segments]
    if len(lengths) < 4 or statistics.mean(lengths) > 1.5:
        return tuple(segments)
    joined: list[Segment] = []
    group: list[Segment] = []
    for segment in segments:
        if group and _begins_anew(group, segment):
            joined.append(_joined(group))
            group = []
        group.append(segment)
    return (*joined, _joined(group))


def _begins_anew(group: Sequence[Segment], segment: Segment) -> bool:
    last = group[-1]
    return (
        segment.speaker != last.speaker
        or segment.start - last.end > PAUSE_S
        or last.text.endswith((".", "?", "!"))
        or segment.end - group[0].start > MAX_SEGMENT_S
    )


def _joined(group: Sequence[Segment]) -> Segment:
    words = tuple(word for s in group for word in (s.words or estimate_words(s).words))
    if all(len(s.text.split()) == 1 and not s.words for s in group):
        # The file's own times: nothing was spread.
        words = tuple(replace(word, is_estimated=False) for word in words)
    return Segment(
        start=group[0].start,
        end=group[-1].end,
        text=" ".join(s.text for s in group),
        words=words,
        speaker=group[0].speaker,
    )


def _printable(segment: Segment) -> Segment:
    """Without what no file may hold: JSON can write control characters and halves of others."""
    words = tuple(
        word if (text := printable(word.text)) == word.text else replace(word, text=text.strip())
        for word in segment.words
    )
    return replace(
        segment,
        text=printable(segment.text),
        words=tuple(word for word in words if word.text),
        speaker=(printable(segment.speaker).strip() or None) if segment.speaker else None,
    )


def _tidy(segments: Iterable[Segment], *, duration: float) -> list[Segment]:
    """In order of time, inside the audio, not overlapping, without empty ones."""
    limit = duration or float("inf")
    tidy: list[Segment] = []
    for segment in sorted((s for s in segments if s.text.strip()), key=lambda s: s.start):
        start = min(max(segment.start, 0.0), limit)
        end = min(max(segment.end, start), limit)
        if tidy and tidy[-1].end > start:
            if tidy[-1].words:
                start = min(max(start, tidy[-1].words[-1].end), limit)
            tidy[-1] = replace(tidy[-1], end=start)
            end = max(end, start)
        text = " ".join(segment.text.split())
        tidy.append(replace(segment, start=start, end=end, text=text))
    return tidy


def _with_words(segment: Segment, speech: Sequence[Span]) -> Segment:
    if not segment.words:
        return estimate_words(segment, speech=speech)
    last = segment.start
    words: list[Word] = []
    for word in segment.words:
        start = min(max(word.start, last), segment.end)
        last = min(max(word.end, start), segment.end)
        words.append(replace(word, start=round(start, 3), end=round(last, 3)))
    flags = segment.flags
    if any(word.is_estimated for word in words) and Flag.ESTIMATED_TIMES not in flags:
        flags = (*flags, Flag.ESTIMATED_TIMES)
    return replace(segment, words=tuple(words), flags=flags)
