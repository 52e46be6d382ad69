"""The hand that takes sentences out of an episode and into its notes, each one once.

Every choice is a sentence of the episode; what is printed is that sentence, lightly tidied, with
the time it was said.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shownotes.core import clutter, salience
from shownotes.core.salience import Vocabulary
from shownotes.core.wording import Wording
from shownotes.model import Chapter, Fact, Sentence

# Two sentences that share this much of the shorter one's words say the same.
SAME = 0.75
# A sentence that more likely than this runs the show (sponsors, credits) is not printed.
MOST_SERVICE = 0.5
# Next to a sponsor read, what runs the show more likely than this is part of it; so many at most.
PART_OF_READ, LONGEST_READ = 0.12, 7
# The show's own opening lies in the first sentences.
OPENING_SENTENCES = 14


@dataclass(slots=True)
class Draftsman:
    """The sentences of one episode and which of them are printed already.

    Attributes:
        flagged: sentences an editor must look at first; they are never chosen.
        people: names by which a speaker may be addressed.
        judged: what editors would say of every sentence (`core.worth`); empty in a language for
            which that was not learned.
    """

    sentences: Sequence[Sentence]
    vocabulary: Vocabulary
    flagged: frozenset[int] = frozenset()
    people: tuple[str, ...] = ()
    used: list[Sentence] = field(default_factory=list)
    judged: Sequence[Mapping[str, float]] = ()

    @property
    def wording(self) -> Wording:
        """The language's."""
        return self.vocabulary.wording

    def take(
        self, sentence: Sentence, *, text: str | None = None, stands_alone: bool = True
    ) -> Fact:
        """Print a sentence: tidied, with what says so; it is not chosen again."""
        self.used.append(sentence)
        tidied = clutter.tidy(
            text or sentence.text, wording=self.wording, stands_alone=stands_alone
        )
        return Fact(
            value=tidied,
            evidence=sentence.evidence,
        )

    def is_free(self, sentence: Sentence) -> bool:
        """Whether it may still be printed: not flagged, not said already in other words."""
        if sentence.index in self.flagged:
            return False
        return all(
            sentence.index != other.index and salience.likeness(sentence.text, other.text) < SAME
            for other in self.used
        )

    def odds(self, what: str, sentence: Sentence, *, least: float) -> float:
        """The logarithm of the odds that an editor would say so, against those of `least`.

        0 where nothing was learned: the rules decide alone then.
        """
        if not self.judged or what not in self.judged[sentence.index]:
            return 0.0
        likely = self.judged[sentence.index][what]
        return math.log(likely / (1 - likely)) - math.log(least / (1 - least))

    def is_plain(self, sentence: Sentence) -> bool:
        """Neither running the show nor talk between the speakers nor cut short."""
        text, wording = sentence.text, self.wording
        return (
            text.rstrip()[-1:] in '.?!”"'
            and not salience.is_housekeeping(text, wording)
            and not wording.starts("agenda", text)
            and not salience.is_run_on(text, wording)
            and salience.is_balanced(text)
            and self.odds("service", sentence, least=MOST_SERVICE) <= 0
        )


def sponsored(
    sentences: Sequence[Sentence], judged: Sequence[Mapping[str, float]], wording: Wording
) -> frozenset[int]:
    """Indices of the sentences of sponsor reads: where one is named, and what goes with it.

    On both sides of such a sentence the read goes on as long as sentences are likely enough to be
    part of one, by the same speaker; between two that are near each other all is part of it.
    """
    found: set[int] = set()
    naming = [s for s in sentences if wording.holds("sponsor", s.text)]
    for first, second in itertools.pairwise(naming):
        between = sentences[first.index : second.index]
        if len(between) <= LONGEST_READ and all(s.speaker == second.speaker for s in between):
            found.update(s.index for s in between)
    for sentence in naming:
        found.add(sentence.index)
        for step in (-1, 1):
            for distance in range(1, LONGEST_READ):
                at = sentence.index + step * distance
                if not 0 <= at < len(sentences) or sentences[at].speaker != sentence.speaker:
                    break
                if judged and judged[at].get("service", 0.0) < PART_OF_READ:
                    break
                if not judged and distance > 1:
                    break
                found.add(at)
    return frozenset(found)


def spread(
    worth: Iterable[tuple[float, Sentence]],
    chapters: Sequence[Chapter],
    *,
    most: int,
    a_chapter: int,
) -> list[Sentence]:
    """The best sentences, at most `a_chapter` from one chapter, in order of time."""
    ranked = sorted(worth, key=lambda entry: (-entry[0], entry[1].index))
    taken: dict[int, int] = {}
    chosen: list[Sentence] = []
    for _, sentence in ranked:
        place = _chapter_at(sentence.start, chapters)
        if len(chosen) == most:
            break
        if taken.get(place, 0) >= a_chapter:
            continue
        if any(salience.likeness(sentence.text, other.text) >= SAME for other in chosen):
            continue
        taken[place] = taken.get(place, 0) + 1
        chosen.append(sentence)
    return sorted(chosen, key=lambda sentence: sentence.index)


def _chapter_at(time: float, chapters: Sequence[Chapter]) -> int:
    return max((i for i, c in enumerate(chapters) if c.start <= time), default=0)
