"""Decisions over a demo episode, and its draft made anew."""

from dataclasses import replace
from typing import Any

from shownotes.model import Transcript
from shownotes.steps import compose, divide, render
from shownotes.steps.deciding import decide
from shownotes.steps.reviewing import Reviewing
from shownotes.steps.step import Walk


def do(reviewing: Reviewing, *ops: dict[str, Any], by: str = "Ada", seen: int | None = None) -> Any:
    return reviewing.change(decide(ops), by=by, label="test", seen=seen)


def put(key: str, value: Any) -> dict[str, Any]:
    return {"op": "set", "key": key, "value": value}


def word(reviewing: Reviewing, text: str, nth: int = 0) -> int:
    found = [w.id for s in reviewing.segments for w in s.words if w.text.strip(".,?") == text]
    return found[nth]


def again(walk: Walk, change: Any) -> None:
    """The pipeline's draft made anew from another transcript."""
    transcript = walk.folder.read("transcript.json", Transcript)
    walk.folder.write("transcript.json", change(transcript), made_from={})
    for step in (divide.STEP, compose.STEP, render.STEP):
        step.run(walk)


def with_words(transcript: Transcript, change: Any) -> Transcript:
    segments = []
    for segment in transcript.segments:
        words = tuple(w for word in segment.words for w in change(word))
        if words:
            text = " ".join(w.text for w in words)
            segments.append(
                replace(segment, words=words, text=text, start=words[0].start, end=words[-1].end)
            )
    return replace(transcript, segments=tuple(segments), duration=segments[-1].end)
