"""What an editor does to the transcript, as edits of registers.

Words that are typed over others are compared with them, so that only what was really changed is
decided and every other word stays the machine's, with its time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from shownotes.core.edited_segments import Editing
from shownotes.core.edited_words import EditedSegment, EditedWord
from shownotes.core.review import Decision, Review, Value
from shownotes.core.spellings import key, spell
from shownotes.errors import ReviewError

# A text of one run of words longer than this is none that somebody typed, in characters.
MOST_CHARACTERS = 20_000
# A word of a name shorter than this is not fixed by itself wherever it is said.
FEWEST_LETTERS = 4
# Registers of names that the show's next episodes are to be heard with, by what was heard here.
GLOSSARY = "glossary/"


@dataclass(slots=True)
class Wanted:
    """Registers to set, and what the editor must have seen of.

    Attributes:
        values: by key, the value and what the machine has there.
        read: keys whose last change the editor must know.
        positions: of the machine's words whose segments are to be made anew; `None` for all.
    """

    values: dict[str, tuple[Value, Value]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    positions: set[int] | None = field(default_factory=set)

    def set(self, register: str, value: Value, machine: Value) -> None:
        """Set a register."""
        self.values[register] = (value, machine)
        self.read.add(register)

    def touch(self, *positions: int) -> None:
        """Have the segments at these positions made anew."""
        if self.positions is not None:
            self.positions.update(positions)


def position_of(editing: Editing, number: Value) -> int:
    """Where a word is.

    Raises:
        ReviewError: there is no such word.
    """
    index = editing.machine.position.get(number) if isinstance(number, int) else None
    if index is None:
        raise ReviewError("That word is not in the transcript any more. Load the page again.")
    return index


def segment_at(editing: Editing, index: int) -> EditedSegment:
    """The segment that a position is in.

    Raises:
        ReviewError: all its words were deleted.
    """
    for segment in editing.make(editing.around(index), index + 1):
        return segment
    raise ReviewError("All words there were deleted. Undo that first.")


def write_text(editing: Editing, review: Review, wanted: Wanted, op: Mapping[str, Value]) -> None:
    """`text`: a run of shown words now reads so."""
    text = op.get("text")
    if not isinstance(text, str) or len(text) > MOST_CHARACTERS or "\n" in text:
        raise ReviewError("A run of words must be a text of one line.")
    first, last = _extent(editing, op)
    words = editing.machine.words
    for index in range(first, last + 1):
        wanted.read.add(f"word/{words[index].id}")
        if words[index].id in editing.marks.patches or f"word/{words[index].id}" in (
            review.decisions
        ):
            wanted.values[f"word/{words[index].id}"] = (None, words[index].word.text)
    for group in _changed(editing, first, last, text.split()):
        ids = [words[index].id for index in range(group.first, group.last + 1)]
        machine = " ".join(words[i].word.text for i in range(group.first, group.last + 1))
        wanted.set(f"word/{ids[0]}", {"text": group.text, "ids": ids}, machine)
    wanted.touch(*range(first, last + 1))


def _extent(editing: Editing, op: Mapping[str, Value]) -> tuple[int, int]:
    """The machine's words that a run of shown words stands for, units whole."""
    first, last = position_of(editing, op.get("first")), position_of(editing, op.get("last"))
    if last < first:
        raise ReviewError("The run of words ends before it begins.")
    shown = [
        word
        for segment in editing.make(editing.around(first), last + 1)
        for word in segment.words
        if word.last >= first and word.first <= last
    ]
    if not shown:
        return first, last
    return min(first, shown[0].first), max(last, max(word.last for word in shown))


@dataclass(frozen=True, slots=True)
class _Group:
    first: int
    last: int
    text: str


def _changed(editing: Editing, first: int, last: int, typed: list[str]) -> Iterator[_Group]:
    """The runs of the machine's words that read otherwise now, as short as can be."""
    plain = Editing(
        machine=editing.machine, segments=editing.segments, marks=editing.marks.without_patches()
    )
    units = _units(plain, first, last)
    texts = [unit.text for unit in units]
    matcher = SequenceMatcher(None, texts, typed, autojunk=False)
    # What stands in place of each unit; `None` where an earlier one stands for it too.
    becomes: list[list[str] | None] = [[text] for text in texts]
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "insert":
            at = max(0, i1 - 1)
            held = becomes[at] or []
            becomes[at] = [*held, *typed[j1:j2]] if i1 else [*typed[j1:j2], *held]
        elif tag == "replace" and i2 - i1 == j2 - j1:
            for step in range(i2 - i1):
                becomes[i1 + step] = [typed[j1 + step]]
        elif tag == "delete":
            becomes[i1:i2] = [[] for _ in range(i2 - i1)]
        elif tag == "replace":
            becomes[i1] = typed[j1:j2]
            becomes[i1 + 1 : i2] = [None] * (i2 - i1 - 1)
    for index, words in enumerate(becomes):
        if words is None or words == [texts[index]]:
            continue
        until = index
        while until + 1 < len(becomes) and becomes[until + 1] is None:
            until += 1
        yield _Group(units[index].first, units[until].last, " ".join(words))


def _units(editing: Editing, first: int, last: int) -> list[EditedWord]:
    """The shown words of a range, one for each unit (words of one unit joined)."""
    units: list[EditedWord] = []
    shown = spell(list(editing.words(first, last)), editing.marks.spellings)
    for word in shown:
        if units and units[-1].first == word.first:
            joined = f"{units[-1].text} {word.text}"
            units[-1] = word.with_text(joined)
        else:
            units.append(word)
    return units


def split(editing: Editing, wanted: Wanted, op: Mapping[str, Value], *, is_split: bool) -> None:
    """`split`, `join`: a segment begins with a word, or no longer does."""
    index = position_of(editing, op.get("at"))
    if index == 0:
        raise ReviewError("Before the first word there is nothing to split or join.")
    machine = editing.machine
    wanted.set(f"break/{machine.words[index].id}", is_split, machine.opens[index])
    wanted.touch(index - 1, index)


def give_voice(editing: Editing, wanted: Wanted, op: Mapping[str, Value]) -> None:
    """`voice`: a segment is spoken by somebody else."""
    label = op.get("label")
    if not isinstance(label, str) or not label.strip() or len(label) > 128:
        raise ReviewError("Name the speaker, in at most 128 characters.")
    segment = segment_at(editing, position_of(editing, op.get("at")))
    words = editing.machine.words
    placed, last = words[segment.first], words[segment.last]
    wanted.set(f"voice/{placed.id}", {"label": label.strip(), "to": last.id}, placed.label)
    wanted.touch(segment.first)


def accept(editing: Editing, wanted: Wanted, op: Mapping[str, Value]) -> None:
    """`sure`: words are right as they are, however they were heard."""
    first, last = _extent(editing, op)
    is_sure = op.get("is") is not False
    for index in range(first, last + 1):
        placed = editing.machine.words[index]
        register = f"sure/{placed.id}"
        wanted.set(register, True if is_sure else None, placed.word.text)
        wanted.read.discard(register)
    wanted.touch(*range(first, last + 1))


def fix_spelling(
    wanted: Wanted,
    op: Mapping[str, Value],
    *,
    variants: Mapping[str, tuple[str, ...]],
    names: tuple[str, ...],
    decisions: Mapping[str, Decision],
) -> None:
    """`spelling`: a name is spelled so everywhere.

    `variants` are, by a name, how else the transcript spells it; `names` are everybody's, so that a
    word that is part of another name is left alone. Taking it back takes back what was fixed with
    it, and what this put into the show's glossary.
    """
    wrong, right = op.get("from"), op.get("to")
    if not isinstance(wrong, str) or not _tokens(wrong) or len(wrong) > 200:
        raise ReviewError("Which name is to be spelled differently?")
    if right is not None and (not isinstance(right, str) or not right.strip() or len(right) > 200):
        raise ReviewError("How is the name spelled?")
    said = " ".join(wrong.split())
    fixed = None if right is None else " ".join(right.split())
    pairs: dict[str, str | None] = {said: fixed}
    for variant in variants.get(said, ()):
        if not set(_tokens(variant)) <= set(_tokens(fixed or said)):
            pairs[variant] = fixed
    if fixed is not None:
        pairs |= _parts(said, fixed, names)
    elif (held := decisions.get(f"spelling/{said}")) is not None:
        pairs |= {
            other.key.partition("/")[2]: None
            for other in decisions.values()
            if other.seq == held.seq and other.key.startswith("spelling/")
        }
    for one, other in pairs.items():
        wanted.set(f"spelling/{one}", other, None)
        if f"{GLOSSARY}{one}" in decisions:
            wanted.set(f"{GLOSSARY}{one}", None, None)
    if fixed is not None and op.get("glossary"):
        wanted.set(f"{GLOSSARY}{said}", fixed, None)
    wanted.positions = None


def glossary_terms(decisions: Mapping[str, Decision]) -> dict[str, str]:
    """What this episode's fixed names put into the show's glossary, by what was heard."""
    return {
        register.removeprefix(GLOSSARY): str(decision.value)
        for register, decision in sorted(decisions.items())
        if register.startswith(GLOSSARY)
    }


def _parts(said: str, fixed: str, names: tuple[str, ...]) -> dict[str, str | None]:
    """The words of a name that changed, by themselves: people are called by their surnames."""
    old, new = said.split(), fixed.split()
    others = {key(word) for name in names if name != said for word in name.split()}
    if len(old) < 2 or len(old) != len(new):
        return {}
    return {
        one: other
        for one, other in zip(old, new, strict=True)
        if key(one) != key(other)
        and len(key(one)) >= FEWEST_LETTERS
        and one[:1].isupper()
        and key(one) not in others
    }


def _tokens(text: str) -> list[str]:
    return [token for word in text.split() if (token := key(word))]
