"""The transcript as the editor has it: the machine's words under the decisions, in segments.

Words typed in place of others share those words' time and their id: together they are one unit.
A name that was fixed once is spelled so wherever it is said. Every segment is made of its own
words alone, so that a change anywhere costs the making of one segment.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shownotes.core.anchors import MachineWords, PlacedWord
from shownotes.core.edited_words import DOUBTFUL, EDITED, SURE, EditedSegment, EditedWord
from shownotes.core.spellings import mark_names, spell
from shownotes.core.word_marks import Marks, Patch
from shownotes.model import Segment

# A word below this is doubtful: on clean speech nearly all lie above; calibrated in core.checks.
SURE_WORD = 0.5
# The shortest a word is made, in seconds.
SHORTEST_S = 0.02


@dataclass(slots=True)
class Editing:
    """All segments, and the means to make them."""

    machine: MachineWords
    segments: Sequence[Segment]
    marks: Marks

    def opens(self, index: int) -> bool:
        """Whether a segment begins with the word at a position."""
        if index == 0:
            return True
        if self.machine.words[index].id in self.marks.inner:
            return False
        decided = self.marks.breaks.get(self.machine.words[index].id)
        return self.machine.opens[index] if decided is None else decided

    def make(self, first: int = 0, end: int | None = None) -> Iterator[EditedSegment]:
        """Every segment that begins in a range of positions; one without words is left out."""
        words = self.machine.words
        stop = len(words) if end is None else end
        while first < stop:
            last = first
            while last + 1 < len(words) and not self.opens(last + 1):
                last += 1
            segment = self._segment(first, last)
            if segment.words:
                yield segment
            first = last + 1

    def around(self, index: int) -> int:
        """Where the segment begins that a position is in."""
        while not self.opens(index):
            index -= 1
        return index

    def end_of(self, index: int) -> int:
        """The position after the segment that a position is in."""
        index += 1
        while index < len(self.machine.words) and not self.opens(index):
            index += 1
        return index

    def _segment(self, first: int, last: int) -> EditedSegment:
        words = self.machine.words
        shown = self._in_order(list(self.words(first, last)))
        shown = mark_names(spell(shown, self.marks.spellings), self.marks.names)
        opening = words[first]
        is_settled = all(word.bits & (EDITED | SURE) for word in shown)
        return EditedSegment(
            at=opening.id,
            first=first,
            last=last,
            label=self._label(first),
            flags=() if is_settled else self.segments[opening.segment].flags,
            words=tuple(shown),
        )

    def _label(self, first: int) -> str | None:
        """Who speaks: as decided for the first word, else as heard."""
        return self.marks.voices.get(first, self.machine.words[first].label)

    def words(self, first: int, last: int) -> Iterator[EditedWord]:
        """The words of a range of positions, before names are spelled right."""
        words, marks = self.machine.words, self.marks
        index = first
        while index <= last:
            placed = words[index]
            patch = marks.patches.get(placed.id)
            if patch is None:
                yield self._plain(placed, index)
                index += 1
                continue
            until = index + len(patch.ids) - 1
            yield from self._patched(patch, index, until)
            index = until + 1

    def _in_order(self, shown: list[EditedWord]) -> list[EditedWord]:
        """The words with none before a time that was set for the first, or after the last one's.

        None goes on when the next segment has begun.
        """
        marks = self.marks
        if not shown or not (marks.starts or marks.ends):
            return shown
        ceiling = self._ceiling(shown)
        if not self._is_set(shown) and (ceiling is None or shown[-1].end <= ceiling):
            return shown
        ordered, begin, end = [], 0.0, min(shown[-1].end, ceiling or math.inf)
        for word in shown:
            start = min(max(word.start, begin), max(begin, end - SHORTEST_S))
            until = max(min(word.end, end), round(start + SHORTEST_S, 3))
            ordered.append(word._replace(start=start, end=until))
            begin = start
        return ordered

    def begins(self, index: int) -> float:
        """When the word at a position begins.

        Where it was set, but after the segment before it began: that is pressed together at most.
        """
        placed = self.machine.words[index]
        start = self.marks.starts.get(placed.id)
        if start is None:
            return placed.word.start
        before = self.shown_before(index)
        if before is None or self.machine.words[before].word.start > placed.word.start:
            return start
        first = self.machine.words[self._first_shown(self.around(before))]
        earliest = self.marks.starts.get(first.id, first.word.start)
        return max(start, round(earliest + SHORTEST_S, 3))

    def _first_shown(self, index: int) -> int:
        """The position of the first word from here on that is shown."""
        patch = self.marks.patches.get(self.machine.words[index].id)
        after = self.shown_after(index) if patch and not patch.text.split() else index
        return index if after is None else after

    def _ceiling(self, shown: Sequence[EditedWord]) -> float | None:
        """When the next segment begins; `None` where nothing holds these words.

        Two people on two tracks talk at once: what was heard so is left so, and so is what nobody
        has set a time of.
        """
        words, last = self.machine.words, shown[-1].last
        following = self.shown_after(last)
        if following is None:
            return None
        there = words[following]
        is_set = there.id in self.marks.starts or self._is_set(shown)
        if not is_set or words[last].word.end > there.word.start + SHORTEST_S:
            return None
        ceiling = self.begins(following)
        has_room = ceiling >= self.begins(shown[0].first) + SHORTEST_S
        return ceiling if has_room else None

    def _is_set(self, shown: Sequence[EditedWord]) -> bool:
        """Whether a time was set for any of these words."""
        words, marks = self.machine.words, self.marks
        return any(w.id in marks.starts or words[w.last].id in marks.ends for w in shown)

    def shown_after(self, index: int) -> int | None:
        """The position of the next word that is shown; `None` at the end."""
        words, patches, index = self.machine.words, self.marks.patches, index + 1
        while index < len(words):
            patch = patches.get(words[index].id)
            if patch is None or patch.text.split():
                return index
            index += len(patch.ids)
        return None

    def shown_before(self, index: int) -> int | None:
        """The position of the last word before that is shown, or of the first one of its unit."""
        words, marks = self.machine.words, self.marks
        while index > 0:
            index -= 1
            if words[index].id in marks.inner:
                continue
            patch = marks.patches.get(words[index].id)
            if patch is None or patch.text.split():
                return index
        return None

    def _plain(self, placed: PlacedWord, index: int) -> EditedWord:
        word, marks = placed.word, self.marks
        is_sure = placed.id in marks.sure
        is_doubtful = word.probability is not None and word.probability < SURE_WORD
        start = self.begins(index)
        end = marks.ends.get(placed.id, word.end)
        return EditedWord(
            id=placed.id,
            first=index,
            last=index,
            text=word.text,
            start=start,
            end=max(end, round(start + SHORTEST_S, 3)),
            probability=1.0 if is_sure and word.probability is not None else word.probability,
            is_estimated=word.is_estimated and placed.id not in marks.starts,
            bits=SURE if is_sure else DOUBTFUL if is_doubtful else 0,
        )

    def _patched(self, patch: Patch, first: int, last: int) -> Iterator[EditedWord]:
        """The words of a patch over the time of those that they stand for."""
        tokens = patch.text.split()
        opening, closing = self.machine.words[first], self.machine.words[last]
        start = self.begins(first)
        end = max(self.marks.ends.get(closing.id, closing.word.end), start + SHORTEST_S)
        length = sum(map(len, tokens)) or 1
        begun = 0
        for token in tokens:
            until = begun + len(token)
            yield EditedWord(
                id=opening.id,
                first=first,
                last=last,
                text=token,
                start=round(start + (end - start) * begun / length, 3),
                end=round(start + (end - start) * until / length, 3),
                # Whoever typed it heard it.
                probability=None if opening.word.probability is None else 1.0,
                is_estimated=opening.word.is_estimated or len(tokens) > 1,
                bits=EDITED,
            )
            begun = until
