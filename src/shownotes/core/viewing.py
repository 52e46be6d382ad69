"""What the notes are looked at with: the machine's draft, its words, and what was decided."""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from shownotes.core.anchors import MachineWords
from shownotes.core.corrections import Correction, correct
from shownotes.core.edited_words import EditedSegment, EditedWord
from shownotes.core.layer import Layer
from shownotes.core.review import Value
from shownotes.core.spellings import spell_text
from shownotes.core.word_marks import Marks
from shownotes.model import Evidence, Sentence, ShowNotes


@dataclass(frozen=True, slots=True)
class Uncorrected:
    """A text that may still say what was corrected in its sentence.

    Attributes:
        label: whose it is, for people.
        text: as it stands.
        start: of the corrected words, in seconds.
    """

    label: str
    text: str
    correction: Correction
    start: float


@dataclass(slots=True)
class Viewing:
    """What the notes are looked at with.

    Attributes:
        sentences: the machine's.
        segments: the transcript as the editor has it.
        keys: of the items that were read.
        uncorrected: texts that could not follow a correction, as far as they were read.
    """

    notes: ShowNotes
    machine: MachineWords
    layer: Layer
    marks: Marks
    sentences: Sequence[Sentence]
    segments: Sequence[EditedSegment]
    keys: set[str] = field(default_factory=set)
    uncorrected: dict[Uncorrected, None] = field(default_factory=dict)
    _sentence_starts: list[float] = field(init=False)
    _patches: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = field(init=False)
    _longest: int = field(init=False)

    def __post_init__(self) -> None:
        self._sentence_starts = [sentence.start for sentence in self.sentences]
        self._patches = sorted(self._read_patches())
        self._longest = max((len(said) for _, said, _ in self._patches), default=0)

    def _read_patches(self) -> Iterator[tuple[int, tuple[str, ...], tuple[str, ...]]]:
        """Of every word or words that read otherwise: their position, what was said, what is."""
        words = self.machine.words
        for patch in self.marks.patches.values():
            first = self.machine.position[patch.ids[0]]
            said = tuple(words[i].word.text for i in range(first, first + len(patch.ids)))
            yield first, said, tuple(patch.text.split())

    def fixed(self, text: str, evidence: Evidence | None, *, label: str = "") -> str:
        """A text of the machine's with the corrections of its sentence, and names spelled right.

        One with a label is remembered when it could not follow them.
        """
        if evidence is not None and self._patches:
            within = self.machine.within(evidence.start, evidence.end)
            corrections = self._corrections(within)
            if corrections:
                sentence = [self.machine.words[index].word.text for index in within]
                text, left = correct(text, sentence, corrections)
                for correction in left if label else ():
                    at = self.machine.words[within.start + correction.at].word.start
                    self.uncorrected[Uncorrected(label, self.spelled(text), correction, at)] = None
        return self.spelled(text)

    def _corrections(self, within: range) -> list[Correction]:
        """What was corrected among the words at these positions."""
        at = bisect.bisect_left(self._patches, within.start - self._longest, key=lambda p: p[0])
        found = []
        while at < len(self._patches) and self._patches[at][0] < within.stop:
            first, said, right = self._patches[at]
            if first + len(said) > within.start:
                found.append(Correction(first - within.start, said, right))
            at += 1
        return found

    def spelled(self, text: str) -> str:
        """A text with names spelled right."""
        return spell_text(text, self.marks.spellings)

    def evidence(self, evidence: Evidence | None) -> Evidence | None:
        """What says so, with its own words corrected."""
        if evidence is None:
            return None
        return replace(evidence, text=self.fixed(evidence.text, evidence))

    def sentence_at(self, word: Value) -> Evidence | None:
        """The sentence that a word is in."""
        start = self.machine.start_of(word) if isinstance(word, int) else None
        if start is None or not self.sentences:
            return None
        at = bisect.bisect_right(self._sentence_starts, start + 0.011) - 1
        return self.evidence(self.sentences[max(0, at)].evidence)

    def words_between(self, low: int, high: int) -> list[EditedWord]:
        """The shown words that stand for the machine's from one position to another."""
        return [
            word
            for segment in self.segments
            if segment.last >= low and segment.first <= high
            for word in segment.words
            if word.last >= low and word.first <= high
        ]
