"""Words with ids that outlive re-runs and new exports, so that decisions stay where they were made.

A word's id is its place in the first draft that was reviewed. When the draft is made anew, old and
new words are aligned: aligned words keep their ids, and so does a word that is merely heard
differently in the same place. New words get new ids; what was cut is remembered with its ids.
"""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shownotes.core.alignment import align_timed, pair_by_time
from shownotes.model import Transcript, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneWord:
    """A word that the draft no longer has.

    Attributes:
        before: id of the word that follows where it stood; `None` at the end.
    """

    id: int
    text: str
    start: float
    end: float
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """`review.base.json`: the draft's words as the decisions were made on, with their ids.

    Attributes:
        draft: hash of the transcript.
        next_id: the first id that was never given.
        gone: words of earlier drafts that were cut.
    """

    draft: str
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    starts: tuple[float, ...]
    ends: tuple[float, ...]
    next_id: int
    gone: tuple[GoneWord, ...] = ()


class PlacedWord(NamedTuple):
    """A word of the machine's transcript.

    Attributes:
        segment: index of its segment.
        label: who speaks, as the machine tells them apart.
    """

    id: int
    word: Word
    segment: int
    label: str | None


@dataclass(slots=True)
class MachineWords:
    """The machine's words in order, found by id and by time.

    Attributes:
        opens: for each word, whether a segment begins with it.
    """

    words: tuple[PlacedWord, ...]
    gone: dict[int, GoneWord] = field(default_factory=dict)
    position: dict[int, int] = field(init=False)
    starts: list[float] = field(init=False)
    opens: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        self.position = {placed.id: index for index, placed in enumerate(self.words)}
        self.starts = [placed.word.start for placed in self.words]
        self.opens = [
            index == 0 or placed.segment != self.words[index - 1].segment
            for index, placed in enumerate(self.words)
        ]

    def at(self, seconds: float) -> int | None:
        """Id of the word that begins here, else of the next one; the last word's at the end."""
        if not self.words:
            return None
        index = bisect.bisect_left(self.starts, seconds - 0.011)
        return self.words[min(index, len(self.words) - 1)].id

    def before(self, seconds: float) -> int | None:
        """Id of the last word that begins before this time."""
        index = bisect.bisect_left(self.starts, seconds - 0.011) - 1
        return self.words[max(0, index)].id if self.words else None

    def within(self, start: float, end: float) -> range:
        """Positions of the words that begin in a stretch."""
        return range(
            bisect.bisect_left(self.starts, start - 0.011),
            bisect.bisect_left(self.starts, end - 0.001),
        )

    def start_of(self, number: int) -> float | None:
        """When a word begins; where it was cut, when the word after it does."""
        index = self.position.get(number)
        if index is not None:
            return self.words[index].word.start
        gone = self.gone.get(number)
        if gone is None or gone.before is None:
            return self.words[-1].word.end if gone and self.words else None
        return self.start_of(gone.before)


def spoken_words(transcript: Transcript) -> Iterator[tuple[int, Word, str | None]]:
    """Every word that is not blank, with its segment's index and speaker."""
    for index, segment in enumerate(transcript.segments):
        for word in segment.words:
            if word.text.strip():
                yield index, word, segment.speaker


def lay_base(transcript: Transcript, draft: str) -> Base:
    """The base of a draft that nobody has reviewed yet."""
    words = [word for _, word, _ in spoken_words(transcript)]
    return _base(words, range(len(words)), draft=draft, next_id=len(words), gone=())


def _base(
    words: Sequence[Word],
    ids: Sequence[int],
    *,
    draft: str,
    next_id: int,
    gone: Sequence[GoneWord],
) -> Base:
    return Base(
        draft=draft,
        ids=tuple(ids),
        texts=tuple(word.text for word in words),
        starts=tuple(word.start for word in words),
        ends=tuple(word.end for word in words),
        next_id=next_id,
        gone=tuple(gone),
    )


def place(transcript: Transcript, base: Base) -> MachineWords:
    """The transcript's words under the ids of a base that was made of it."""
    placed = tuple(
        PlacedWord(number, word, segment, label)
        for number, (segment, word, label) in zip(base.ids, spoken_words(transcript), strict=True)
    )
    return MachineWords(placed, {word.id: word for word in base.gone})


def move_base(base: Base, transcript: Transcript, draft: str) -> Base:
    """The base of a new draft: what is the same keeps its id."""
    words = [word for _, word, _ in spoken_words(transcript)]
    old = list(zip(base.texts, base.starts, base.ends, strict=True))
    new = [(word.text, word.start, word.end) for word in words]
    matches = pair_by_time(old, new, align_timed(old, new))
    ids, next_id = [], base.next_id
    for match in matches:
        ids.append(next_id if match is None else base.ids[match])
        next_id += match is None
    gone = [*_still_gone(base, frozenset(ids)), *_newly_gone(base, matches, ids)]
    return _base(words, ids, draft=draft, next_id=next_id, gone=gone)


def _newly_gone(
    base: Base, matches: Sequence[int | None], ids: Sequence[int]
) -> Iterator[GoneWord]:
    kept = {match: index for index, match in enumerate(matches) if match is not None}
    following: int | None = None
    found = []
    for old in reversed(range(len(base.ids))):
        if old in kept:
            following = ids[kept[old]]
        else:
            found.append(
                GoneWord(
                    id=base.ids[old],
                    text=base.texts[old],
                    start=base.starts[old],
                    end=base.ends[old],
                    before=following,
                )
            )
    yield from reversed(found)


def _still_gone(base: Base, present: frozenset[int]) -> Iterator[GoneWord]:
    """Words cut before, each before a word that is there."""
    order = {number: index for index, number in enumerate(base.ids)}
    for word in base.gone:
        before = word.before
        while before is not None and before not in present:
            following = order[before] + 1 if before in order else len(base.ids)
            before = base.ids[following] if following < len(base.ids) else None
        yield GoneWord(id=word.id, text=word.text, start=word.start, end=word.end, before=before)
