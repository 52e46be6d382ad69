"""The quotes as the editor has them: the machine's, kept or dropped, and the editor's own.

A quote is named by the words that it begins and ends with. A re-run may end the same saying
elsewhere: what was decided of a quote goes with its words. The words of a quote that an editor
added are remembered with it, so that it does not come to say something else unseen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shownotes.core.alignment import key
from shownotes.core.anchors import MachineWords
from shownotes.core.edited_words import EditedSegment
from shownotes.core.item_readings import Reading
from shownotes.core.note_items import Item
from shownotes.core.review import Decision, Value
from shownotes.core.viewing import Viewing
from shownotes.model import Evidence, Quote

# A quote of whose words so many are those of one that was decided about is the same in substance.
SAME_SHARE = 0.5
# Sharing more than this of either's words, it is for the editor to say; a word or two at the edge
# of the sentence beside it is another quote.
TOUCHING_SHARE = 0.2
KIND = "quote/"


@dataclass(frozen=True, slots=True)
class _Decided:
    """What was decided of one quote.

    Attributes:
        owner: its key.
        extent: positions of what is left of its words.
    """

    owner: str
    by: Mapping[str, Decision]
    extent: range

    @property
    def is_dropped(self) -> bool:
        return self._keep is False

    @property
    def is_added(self) -> bool:
        return self._keep is True

    @property
    def _keep(self) -> Value:
        decision = self.by.get("keep")
        return None if decision is None else decision.value


def view_quotes(viewing: Viewing) -> Iterator[Item]:
    """Every quote, and what holds of it."""
    machine = viewing.machine
    quotes = [(machine_key(machine, quote), quote) for quote in viewing.notes.quotes]
    decided, known = _read_decided(viewing), {own for own, _ in quotes}
    others = {owner: one for owner, one in decided.items() if owner not in known}
    for own, quote in quotes:
        same = None if own in decided else _same(others, _extent(machine, own))
        if same is not None:
            del others[same]
        elif own not in decided:
            _tell_of_dropped(viewing, others, own, quote)
        is_printed_already = any(
            one.is_added and _share(_extent(machine, own), one.extent) >= SAME_SHARE
            for one in others.values()
        )
        yield _of_the_machine(viewing, same or own, own, quote, is_wanted=not is_printed_already)
    for one in others.values():
        if one.is_added:
            yield from _added(viewing, one)


def machine_key(machine: MachineWords, quote: Quote) -> str:
    """What a quote of the machine's is called: by its first and last word."""
    return f"{KIND}{machine.at(quote.start)}-{machine.before(quote.end)}"


def ends_of(owner: str) -> tuple[int, int] | None:
    """The ids of the first and the last word of a quote; `None` where there are no words."""
    first, _, last = owner.removeprefix(KIND).partition("-")
    return (int(first), int(last)) if first.isdigit() and last.isdigit() else None


def record_words(machine: MachineWords, owner: str) -> Value:
    """What is remembered of a quote that an editor adds: its words; `None` for no such words."""
    extent, ends = _extent(machine, owner), ends_of(owner)
    if not extent or ends is None or not set(ends) <= machine.position.keys():
        return None
    words = [machine.words[index] for index in extent]
    return {"text": " ".join(w.word.text for w in words), "words": [w.id for w in words]}


def left_of(machine: MachineWords, owner: str) -> tuple[int, int] | None:
    """The first and the last word that are left of a quote; `None` when all were cut."""
    extent = _extent(machine, owner)
    return (machine.words[extent[0]].id, machine.words[extent[-1]].id) if extent else None


def overlapping(machine: MachineWords, owner: str, quotes: Sequence[Quote]) -> list[str]:
    """The keys of the machine's quotes that have words of another one."""
    extent = _extent(machine, owner)
    keys = [machine_key(machine, quote) for quote in quotes]
    return [found for found in keys if _touches(_extent(machine, found), extent)]


# --------------------------------------------------------------------------- which is which


def _read_decided(viewing: Viewing) -> dict[str, _Decided]:
    by_owner: dict[str, dict[str, Decision]] = {}
    for decision in viewing.layer.under(KIND):
        owner, _, attribute = decision.key.rpartition("/")
        if ends_of(owner) is not None:
            by_owner.setdefault(owner, {})[attribute] = decision
    return {
        owner: _Decided(owner, by, _extent(viewing.machine, owner))
        for owner, by in by_owner.items()
    }


def _extent(machine: MachineWords, owner: str) -> range:
    """Positions of the words of a quote that are left."""
    ends = ends_of(owner)
    if ends is None:
        return range(0)
    low, high = machine.nearest(ends[0]), machine.nearest(ends[1])
    if low is None or high is None:
        return range(0)
    return range(low, high + (ends[1] in machine.position))


def _common(one: range, other: range) -> int:
    return max(0, min(one.stop, other.stop) - max(one.start, other.start))


def _share(quote: range, decided: range) -> float:
    """How much of a quote is words of one that was decided about."""
    return _common(quote, decided) / len(quote) if quote else 0.0


def _touches(quote: range, decided: range) -> bool:
    shortest = min(len(quote), len(decided))
    return shortest > 0 and _common(quote, decided) > TOUCHING_SHARE * shortest


def _same(others: Mapping[str, _Decided], extent: range) -> str | None:
    """The quote decided about that this one is in substance: most of it is the same words."""
    shares = {
        owner: _share(extent, one.extent) for owner, one in others.items() if not one.is_added
    }
    best = max(shares, key=lambda owner: shares[owner], default=None)
    return best if best is not None and shares[best] >= SAME_SHARE else None


def _tell_of_dropped(
    viewing: Viewing, others: Mapping[str, _Decided], own: str, quote: Quote
) -> None:
    """A quote that has some words of one that was dropped, and more: the editor is to say."""
    extent = _extent(viewing.machine, own)
    for one in others.values():
        if one.is_dropped and _touches(extent, one.extent):
            viewing.layer.object(
                replace(one.by["keep"], value="dropped"),
                quote.text,
                label="A quote that was dropped; the new draft quotes more of that passage",
                start=quote.start,
            )


# --------------------------------------------------------------------------- reading them


def _of_the_machine(
    viewing: Viewing, register: str, own: str, quote: Quote, *, is_wanted: bool
) -> Item:
    """A quote of the machine's. One that the editor has added otherwise is not printed twice."""
    reading = Reading(viewing, register, "Quote", quote.start)
    reading.read("speaker", quote.speaker)
    reading.read("keep", is_wanted)
    reading.values |= {"text": quote.text, "start": quote.start, "end": quote.end}
    said = _said_anew(viewing, own)
    if said is not None:
        reading.values |= {"text": said.text, "start": said.start, "end": said.end}
    if not reading.values["text"]:
        reading.values["keep"] = False
    return reading.item(quote, Evidence(text=quote.text, start=quote.start, end=quote.end))


def _added(viewing: Viewing, one: _Decided) -> Iterator[Item]:
    """A quote that the editor added; with a conflict when its words are not what they were."""
    decision, machine = one.by["keep"], viewing.machine
    now = record_words(machine, one.owner)
    if now is None or not _is_as_it_was(decision, one.owner, now):
        left = [machine.words[index].word for index in one.extent]
        viewing.layer.object(
            replace(decision, value=_text_then(decision) or True),
            " ".join(word.text for word in left) or None,
            label="A quote of yours whose words are others now",
            start=left[0].start if left else machine.start_of((ends_of(one.owner) or (0, 0))[0]),
        )
    words = viewing.words_between(one.extent.start, one.extent.stop - 1) if now else []
    if not words:
        return
    said = Evidence(text=" ".join(w.text for w in words), start=words[0].start, end=words[-1].end)
    reading = Reading(viewing, one.owner, "Quote", said.start)
    reading.read("speaker", speaker_at(viewing.segments, one.extent.start))
    reading.machine["keep"] = now
    reading.values |= {"keep": True, "text": said.text, "start": said.start, "end": said.end}
    yield reading.item(None, said)


def _text_then(decision: Decision) -> str:
    """How a quote read when it was added; empty where that was not written down yet."""
    return str(decision.machine["text"]) if isinstance(decision.machine, Mapping) else ""


def _is_as_it_was(decision: Decision, owner: str, now: Mapping[str, Value]) -> bool:
    """Whether a quote has the words that it was added with."""
    then = decision.machine
    if isinstance(then, Mapping):
        texts = zip(then["text"].split(), now["text"].split(), strict=False)
        return list(then["words"]) == now["words"] and all(key(a) == key(b) for a, b in texts)
    # Added before words were remembered: those put in since have numbers of their own.
    first, last = ends_of(owner) or (0, 0)
    return all(min(first, last) <= number <= max(first, last) for number in now["words"])


def _said_anew(viewing: Viewing, own: str) -> Evidence | None:
    """The words of a quote, where they are no longer the machine's: a quote is word for word.

    Empty where all of them were deleted; `None` where nothing was changed.
    """
    extent = _extent(viewing.machine, own)
    if not extent:
        return None
    words = viewing.words_between(extent[0], extent[-1])
    said = [viewing.machine.words[index].word for index in extent]
    if [word.text for word in words] == [word.text for word in said]:
        return None
    if not words:
        return Evidence(text="", start=said[0].start, end=said[-1].end)
    text = " ".join(word.text for word in words)
    capital = text[:1].upper() + text[1:]
    return Evidence(text=capital, start=words[0].start, end=words[-1].end)


def speaker_at(segments: Sequence[EditedSegment], at: int | None) -> str | None:
    """Who says the word at a position: the label, which the caller has names for."""
    if at is None:
        return None
    return next((s.label for s in segments if s.first <= at <= s.last), None)
