"""Passages as transcripts."""

from __future__ import annotations

from shownotes.model import Segment, Transcript, Word

WORD_S, PAUSE_S = 0.35, 0.05


def to_transcript(text: str) -> Transcript:
    """A transcript of one segment, its words spread evenly."""
    step = WORD_S + PAUSE_S
    words = tuple(
        Word(text=word, start=i * step, end=i * step + WORD_S)
        for i, word in enumerate(text.split())
    )
    segment = Segment(start=0.0, end=len(words) * step, text=text, words=words)
    return Transcript(language="en", segments=(segment,), duration=segment.end, model="text")
