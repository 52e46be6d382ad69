"""The decisions about words, sorted by what they do; what no longer fits becomes a conflict."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from shownotes.core.anchors import MachineWords
from shownotes.core.layer import Layer
from shownotes.core.review import Decision
from shownotes.core.spellings import Spellings, key, read_spellings


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
