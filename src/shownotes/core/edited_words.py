"""The words of a transcript as the editor has them, and the segments that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from shownotes.model import Flag, Segment, Transcript, Word

# What a word is, as one number.
DOUBTFUL, EDITED, SURE, NAME = 1, 2, 4, 8


class EditedWord(NamedTuple):
    """A word as it is shown; a tuple, because a long episode has 28,000.

    Attributes:
        id: of the first of the machine's words that it stands for.
        first: position of that word; `last` that of the last one.
        bits: `DOUBTFUL`, `EDITED`, `SURE`, `NAME`.
    """

    id: int
    first: int
    last: int
    text: str
    start: float
    end: float
    probability: float | None
    is_estimated: bool
    bits: int = 0

    def with_text(self, text: str) -> "EditedWord":
        """The same word reading otherwise."""
        return self._replace(text=text)


@dataclass(frozen=True, slots=True)
class EditedSegment:
    """Words in a row by one speaker.

    Attributes:
        at: id of the word that it begins with.
        first: position of the first of the machine's words; `last` that of the last one.
    """

    at: int
    first: int
    last: int
    label: str | None
    flags: tuple[Flag, ...]
    words: tuple[EditedWord, ...]

    @property
    def start(self) -> float:
        """When its first word begins."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """When its last word ends."""
        return self.words[-1].end

    @property
    def text(self) -> str:
        """Its words."""
        return " ".join(word.text for word in self.words)


def as_transcript(
    machine: Transcript, segments: Sequence[EditedSegment], names: Mapping[str, str | None]
) -> Transcript:
    """The edited segments as a transcript; who has no name goes by the label."""
    return replace(
        machine,
        segments=tuple(
            Segment(
                start=segment.start,
                end=segment.end,
                text=segment.text,
                speaker=names.get(segment.label, segment.label) if segment.label else None,
                flags=segment.flags,
                words=tuple(
                    Word(
                        text=word.text,
                        start=word.start,
                        end=word.end,
                        probability=word.probability,
                        is_estimated=word.is_estimated,
                    )
                    for word in segment.words
                ),
            )
            for segment in segments
        ),
    )
