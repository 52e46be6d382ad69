"""Words with ids that outlive re-runs and new exports, so that decisions stay where they were made.

A word's id is its place in the first draft that was reviewed. When the draft is made anew, old and
new words are aligned: aligned words keep their ids, and so does a word that is merely heard
differently in the same place. What was cut is remembered with its ids and gets them again when it
comes back where it was (`core.returning`); other new words get new ids.
"""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from shownotes.core.alignment import Timed, align_timed, pair_by_time
from shownotes.core.returning import find_returned
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
        gone: words of earlier drafts that were cut, in the order in which they would be said.
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

    def nearest(self, number: int) -> int | None:
        """Position of a word, or of the one that follows where it was cut; `None` if unknown."""
        index = self.position.get(number)
        if index is not None:
            return index
        gone = self.gone.get(number)
        if gone is None:
            return None
        return len(self.words) if gone.before is None else self.nearest(gone.before)

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
    """The base of a new draft: what is the same keeps its id, and what returns has it again."""
    words = [word for _, word, _ in spoken_words(transcript)]
    old = list(zip(base.texts, base.starts, base.ends, strict=True))
    new = [(word.text, word.start, word.end) for word in words]
    matches = pair_by_time(old, new, align_timed(old, new))
    kept = [None if match is None else base.ids[match] for match in matches]
    known = _all_known(base)
    ids, next_id = [], base.next_id
    for number in _with_returned(kept, new, known, frozenset(base.ids)):
        ids.append(next_id if number is None else number)
        next_id += number is None
    return _base(words, ids, draft=draft, next_id=next_id, gone=_gone(known, frozenset(ids)))


def _all_known(base: Base) -> list[GoneWord]:
    """Every word there is or was, in order: those that were cut before the word that follows."""
    cut: dict[int | None, list[GoneWord]] = {}
    for word in base.gone:
        cut.setdefault(word.before, []).append(word)
    known: list[GoneWord] = []
    present = zip(base.ids, base.texts, base.starts, base.ends, strict=True)
    for number, text, start, end in present:
        known += cut.pop(number, ())
        known.append(GoneWord(id=number, text=text, start=start, end=end, before=None))
    return [*known, *(word for words in cut.values() for word in words)]


def _with_returned(
    kept: Sequence[int | None],
    new: Sequence[Timed],
    known: Sequence[GoneWord],
    present: frozenset[int],
) -> list[int | None]:
    """The ids of the new words, those with them that were cut before and are there again.

    Args:
        kept: ids of the new words that the last draft had, too.
        new: the new words.
        known: every word there is or was.
        present: ids of the words of the last draft.
    """
    ids, still = list(kept), frozenset(kept)
    waiting: list[GoneWord] = []
    gaps: dict[int | None, list[GoneWord]] = {}
    for word in known:
        if word.id in still:
            gaps[word.id], waiting = waiting, []
        elif word.id not in present:
            waiting.append(word)
    gaps[None] = waiting
    first = 0
    for index, following in enumerate([*kept, None]):
        if following is None and index < len(kept):
            continue
        gone = gaps.get(following, [])
        if gone and first < index:
            timed = [(word.text, word.start, word.end) for word in gone]
            for place, match in enumerate(find_returned(timed, new[first:index])):
                ids[first + place] = None if match is None else gone[match].id
        first = index + 1
    return ids


def _gone(known: Sequence[GoneWord], present: frozenset[int]) -> list[GoneWord]:
    """The words that are not there, each before one that is."""
    found: list[GoneWord] = []
    following: int | None = None
    for word in reversed(known):
        if word.id in present:
            following = word.id
        else:
            found.append(replace(word, before=following))
    return found[::-1]
