"""The transcript as the editor has it: the machine's words under the decisions, in segments.

Words typed in place of others share those words' time and their id: together they are one unit.
A name that was fixed once is spelled so wherever it is said. Every segment is made of its own
words alone, so that a change anywhere costs the making of one segment.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from shownotes.core.anchors import MachineWords, PlacedWord
from shownotes.core.review import Decision, Layer
from shownotes.core.wording import bare
from shownotes.model import Flag, Segment, Transcript, Word

# A word below this is doubtful: on clean speech nearly all lie above; calibrated in core.checks.
SURE_WORD = 0.5
# What a word is, as one number.
DOUBTFUL, EDITED, SURE, NAME = 1, 2, 4, 8
# The shortest a word is made, in seconds.
SHORTEST_S = 0.02

# By the key of a wrong spelling's first word: all its keys, and the right words.
Spellings = dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]

_POSSESSIVE = re.compile(r"(['’]s?)?([^\w]*)$")
_LEADING = re.compile(r"^[^\w]*")


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


@dataclass(frozen=True, slots=True)
class Patch:
    """Words that stand in place of the machine's."""

    ids: tuple[int, ...]
    text: str


@dataclass(slots=True)
class Marks:
    """The decisions about words, sorted by what they do.

    Attributes:
        patches: by the id of the first word that they replace.
        inner: ids of the other words that they replace; no segment begins there.
        voices: by position, who speaks a word as decided; `None` for nobody known.
        spellings: by the key of a wrong spelling's first word: all its keys, and the right words.
        names: by the key of a name's first word: all its keys.
    """

    patches: dict[int, Patch] = field(default_factory=dict)
    inner: set[int] = field(default_factory=set)
    breaks: dict[int, bool] = field(default_factory=dict)
    starts: dict[int, float] = field(default_factory=dict)
    ends: dict[int, float] = field(default_factory=dict)
    voices: dict[int, str | None] = field(default_factory=dict)
    sure: frozenset[int] = frozenset()
    spellings: Spellings = field(default_factory=dict)
    names: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)

    def without_patches(self) -> "Marks":
        """The same with the machine's words alone."""
        return replace(self, patches={}, inner=set())


@functools.lru_cache(maxsize=100_000)
def key(word: str) -> str:
    """A word without case, punctuation and possessive, by which spellings are found."""
    plain = bare(word)
    return plain[:-2] if plain.endswith(("'s", "’s")) else plain


def read_marks(machine: MachineWords, layer: Layer, names: Iterable[str] = ()) -> Marks:
    """Sort the decisions about words; those that no longer fit become conflicts of the layer."""
    marks = Marks(sure=frozenset(_accepted(machine, layer)))
    taken: set[int] = set()
    for decision in sorted(layer.under("word/"), key=lambda d: -d.seq):
        patch = _fitting_patch(machine, layer, decision)
        if patch is None:
            continue
        if taken.isdisjoint(patch.ids):
            marks.patches[patch.ids[0]] = patch
            marks.inner.update(patch.ids[1:])
            taken.update(patch.ids)
        else:
            layer.object(
                replace(decision, value=patch.text),
                "other words that were put there",
                label="Words of the transcript",
                start=machine.start_of(patch.ids[0]),
            )
    for kind, into in (("start/", marks.starts), ("end/", marks.ends)):
        for decision in layer.under(kind):
            time = _carried_time(machine, layer, decision, is_start=kind == "start/")
            if time is not None:
                into[_number(decision.key)] = time
    for decision in layer.under("break/"):
        if _is_there(machine, layer, decision, "a cut between segments"):
            marks.breaks[_number(decision.key)] = bool(decision.value)
    for decision in sorted(layer.under("voice/"), key=lambda d: d.seq):
        if not _is_there(machine, layer, decision, "who speaks"):
            continue
        first = machine.position[_number(decision.key)]
        placed, label = machine.words[first], decision.value["label"]
        if placed.label in (decision.machine, label):
            last = machine.position.get(decision.value["to"], first)
            marks.voices.update(dict.fromkeys(range(first, last + 1), label))
        else:
            layer.object(
                replace(decision, value=label),
                placed.label,
                label="Who speaks",
                start=placed.word.start,
            )
    marks.spellings = read_spellings(layer)
    for name in names:
        keys = tuple(key(word) for word in name.split())
        if keys and all(keys):
            marks.names.setdefault(keys[0], []).append(keys)
    return marks


def read_spellings(layer: Layer) -> Spellings:
    """The names that were fixed, the longest wrong spellings first."""
    found: Spellings = {}
    for decision in layer.under("spelling/"):
        keys = tuple(key(word) for word in decision.key.partition("/")[2].split())
        if keys and all(keys) and decision.value:
            found.setdefault(keys[0], []).append((keys, tuple(str(decision.value).split())))
    for entries in found.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return found


def _accepted(machine: MachineWords, layer: Layer) -> Iterator[int]:
    """Ids of words that are right as they are: while they are the ones that were accepted."""
    for decision in layer.under("sure/"):
        index = machine.position.get(_number(decision.key))
        if index is None:
            continue
        word = machine.words[index].word
        if word.text == decision.machine:
            yield _number(decision.key)
        else:
            layer.object(
                replace(decision, value=decision.machine),
                word.text,
                label="A word that was accepted",
                start=word.start,
            )


def _number(register: str) -> int:
    return int(register.rpartition("/")[2])


def _fitting_patch(machine: MachineWords, layer: Layer, decision: Decision) -> Patch | None:
    """The patch, where its words are still there in a row and read as they did."""
    ids = tuple(decision.value["ids"])
    text = str(decision.value["text"])
    positions = [machine.position[n] for n in ids if n in machine.position]
    is_whole = len(positions) == len(ids) and positions[-1] - positions[0] == len(ids) - 1
    now = " ".join(machine.words[index].word.text for index in positions) if positions else None
    if is_whole and now == decision.machine:
        return Patch(ids, text)
    if now != text:
        layer.object(
            replace(decision, value=text),
            now,
            label="Words of the transcript",
            start=machine.start_of(ids[0]),
        )
    return None


def _carried_time(
    machine: MachineWords, layer: Layer, decision: Decision, *, is_start: bool
) -> float | None:
    """A time that was set, moved by as much as the machine's word has moved since."""
    if not _is_there(machine, layer, decision, "a time"):
        return None
    word = machine.words[machine.position[_number(decision.key)]].word
    now = word.start if is_start else word.end
    return round(now + float(decision.value) - float(decision.machine), 3)


def _is_there(machine: MachineWords, layer: Layer, decision: Decision, what: str) -> bool:
    number = _number(decision.key)
    if number in machine.position:
        return True
    layer.object(
        decision, None, label=f"{what.capitalize()}, where the audio was cut",
        start=machine.start_of(number),
    )  # fmt: skip
    return False


# --------------------------------------------------------------------------- segments


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
        """The words with none before a time that was set for the first, or after the last one's."""
        marks = self.marks
        if not any(word.id in marks.starts or word.id in marks.ends for word in shown):
            return shown
        ordered, begin, end = [], 0.0, shown[-1].end
        for word in shown:
            start = min(max(word.start, begin), max(begin, end - SHORTEST_S))
            until = max(min(word.end, end), round(start + SHORTEST_S, 3))
            ordered.append(word._replace(start=start, end=until))
            begin = start
        return ordered

    def _plain(self, placed: PlacedWord, index: int) -> EditedWord:
        word, marks = placed.word, self.marks
        is_sure = placed.id in marks.sure
        is_doubtful = word.probability is not None and word.probability < SURE_WORD
        start = marks.starts.get(placed.id, word.start)
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
        start = self.marks.starts.get(opening.id, opening.word.start)
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


def spell_text(text: str, spellings: Spellings) -> str:
    """A text with every name that was fixed spelled so."""
    words = text.split()
    if not spellings:
        return text
    keys = [key(word) for word in words]
    shown: list[str] = []
    index = 0
    while index < len(words):
        found = _wrong_name(keys, index, spellings)
        if found is None:
            shown.append(words[index])
            index += 1
        else:
            shown += respell_texts(words[index : index + found[0]], found[1])
            index += found[0]
    return text if shown == words else " ".join(shown)


def spell(
    words: Sequence[EditedWord],
    spellings: Spellings,
) -> list[EditedWord]:
    """The words with every name that was fixed spelled so; punctuation around it is kept."""
    if not spellings:
        return list(words)
    shown: list[EditedWord] = []
    index = 0
    keys = [key(word.text) for word in words]
    while index < len(words):
        found = _wrong_name(keys, index, spellings)
        if found is None:
            shown.append(words[index])
            index += 1
            continue
        count, right = found
        shown += _respelled(words[index : index + count], right)
        index += count
    return shown


def _wrong_name(
    keys: Sequence[str],
    index: int,
    spellings: Spellings,
) -> tuple[int, tuple[str, ...]] | None:
    """How many words spell a name wrong from here on, and how it is right."""
    for wrong, right in spellings.get(keys[index], ()):
        if tuple(keys[index : index + len(wrong)]) != wrong:
            continue
        right_keys = [key(word) for word in right]
        is_right = any(
            keys[max(0, index - back) : max(0, index - back) + len(right_keys)] == right_keys
            for back in range(len(right_keys))
            if index - back >= 0
        )
        # “Kofi” for “Kofi Asante” is not put before an “Asante” that is there already.
        if not is_right or len(right_keys) <= len(wrong):
            return len(wrong), right
    return None


def _respelled(words: Sequence[EditedWord], right: Sequence[str]) -> Iterator[EditedWord]:
    texts = respell_texts([word.text for word in words], right)
    if len(words) == len(right):
        for word, text in zip(words, texts, strict=True):
            yield word if word.text == text else _edited(word, text)
        return
    start, end = words[0].start, words[-1].end
    length = sum(map(len, texts)) or 1
    begun = 0
    for text in texts:
        until = begun + len(text)
        yield EditedWord(
            id=words[0].id,
            first=words[0].first,
            last=words[-1].last,
            text=text,
            start=round(start + (end - start) * begun / length, 3),
            end=round(start + (end - start) * until / length, 3),
            probability=None if words[0].probability is None else 1.0,
            is_estimated=True,
            bits=EDITED,
        )
        begun = until


def _edited(word: EditedWord, text: str) -> EditedWord:
    return word._replace(
        text=text,
        bits=EDITED,
        probability=None if word.probability is None else 1.0,
    )


def respell_texts(texts: Sequence[str], right: Sequence[str]) -> list[str]:
    """The right words with what stood before and after the wrong ones, such as `(…)` and `'s,`."""
    leading = _LEADING.match(texts[0])
    before = leading.group() if leading else ""
    tail = _POSSESSIVE.search(texts[-1])
    after = tail.group() if tail else ""
    if right[-1].lower().endswith(("'s", "’s")) and tail and tail.group(1):
        after = tail.group(2)
    words = list(right)
    words[0] = before + words[0]
    words[-1] += after
    return words


def mark_names(
    words: Sequence[EditedWord], names: Mapping[str, Sequence[tuple[str, ...]]]
) -> list[EditedWord]:
    """The words with those marked that are somebody's name."""
    shown = list(words)
    if not names:
        return shown
    keys = [key(word.text) for word in words]
    for index, first in enumerate(keys):
        for name in names.get(first, ()):
            if tuple(keys[index : index + len(name)]) == name:
                for place in range(index, index + len(name)):
                    shown[place] = shown[place]._replace(bits=shown[place].bits | NAME)
    return shown


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
