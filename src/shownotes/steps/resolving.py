"""Conflicts: the editor's decision is put against the draft as it is now, or given up."""

import zlib
from collections.abc import Mapping
from typing import Any

from shownotes.core import reviewed_quotes
from shownotes.core.review import Decision
from shownotes.core.review_ops import Wanted
from shownotes.errors import ReviewError
from shownotes.model import PersonRole
from shownotes.steps.reviewing import Reviewing


def resolve(reviewing: Reviewing, wanted: Wanted, op: Mapping[str, Any]) -> None:
    """`resolve`: the editor's decision, against the draft as it is now, or the machine's."""
    decision = reviewing.review.decisions.get(str(op.get("key")))
    if decision is None:
        raise ReviewError("That was settled meanwhile.")
    if op.get("take") == "machine":
        wanted.set(decision.key, None, decision.machine)
    elif op.get("take") == "mine":
        _keep_mine(reviewing, wanted, decision)
    else:
        raise ReviewError("Take mine or the machine's.")
    wanted.positions = None


def _keep_mine(reviewing: Reviewing, wanted: Wanted, decision: Decision) -> None:
    kind, _, rest = decision.key.partition("/")
    machine = reviewing.machine
    if kind == "word":
        _keep_words(reviewing, wanted, decision)
    elif kind == "sure" and int(rest) in machine.position:
        # Accepted was what the machine had: it takes the place of what it has now.
        placed = machine.words[machine.position[int(rest)]]
        value = {"text": decision.machine, "ids": [placed.id]}
        wanted.set(decision.key, None, decision.machine)
        wanted.set(f"word/{placed.id}", value, placed.word.text)
    elif kind in ("break", "start", "end", "voice"):
        if int(rest) not in machine.position:
            raise ReviewError("That part of the audio was cut; there is nothing to keep it on.")
        if kind != "voice":
            raise ReviewError("That was settled meanwhile.")
        label = machine.words[machine.position[int(rest)]].label
        wanted.set(decision.key, decision.value, label)
    elif kind == "quote" and rest.endswith("/keep"):
        _keep_quote(reviewing, wanted, decision)
    elif kind == "speaker":
        wanted.set(decision.key, decision.value, reviewing.voices.record(rest))
    else:
        _keep_item(reviewing, wanted, decision)


def _keep_words(reviewing: Reviewing, wanted: Wanted, decision: Decision) -> None:
    machine = reviewing.machine
    positions = [machine.position[n] for n in decision.value["ids"] if n in machine.position]
    if not positions:
        raise ReviewError("The words that this replaced were cut from the audio.")
    first, last = min(positions), max(positions)
    held = {n for d in reviewing.marks.patches.values() for n in d.ids}
    if any(machine.words[index].id in held for index in range(first, last + 1)):
        raise ReviewError("Other words were put there meanwhile. Look at them, and choose again.")
    ids = [machine.words[index].id for index in range(first, last + 1)]
    now = " ".join(machine.words[index].word.text for index in range(first, last + 1))
    wanted.read.update(f"word/{number}" for number in ids)
    wanted.set(decision.key, None, decision.machine)
    wanted.set(f"word/{ids[0]}", {"text": decision.value["text"], "ids": ids}, now)


def _keep_quote(reviewing: Reviewing, wanted: Wanted, decision: Decision) -> None:
    """A dropped quote is dropped as the machine has it now; one's own stands as it reads now."""
    machine, view = reviewing.machine, reviewing.view()
    owner = decision.key.removesuffix("/keep")
    if decision.value is not True:
        for quote in reviewed_quotes.overlapping(machine, owner, reviewing.draft.notes.quotes):
            key = f"{quote}/keep"
            wanted.set(key, False, view.machine_value(key))
        wanted.set(decision.key, None, decision.machine)
        return
    left = reviewed_quotes.left_of(machine, owner)
    if left is None:
        raise ReviewError("The words of this quote were cut; there is nothing left to keep.")
    now = f"quote/{left[0]}-{left[1]}"
    for other in _of(reviewing, owner) if now != owner else ():
        attribute = other.key.rpartition("/")[2]
        wanted.set(other.key, None, other.machine)
        wanted.set(f"{now}/{attribute}", other.value, other.machine)
    wanted.set(f"{now}/keep", True, reviewed_quotes.record_words(machine, now))


def _keep_item(reviewing: Reviewing, wanted: Wanted, decision: Decision) -> None:
    """A field goes on with the machine's new value beside it; a lost item becomes an added one."""
    view = reviewing.view()
    owner, slash, attribute = decision.key.rpartition("/")
    if not slash or view.find(owner) is not None:
        wanted.set(decision.key, decision.value, view.machine_value(decision.key))
        return
    kind, _, name = owner.partition("/")
    if kind == "chapter" and name.isdigit() and int(name) in reviewing.machine.position:
        title = reviewing.review.value(f"{owner}/title")
        if title is None:
            raise ReviewError(
                "The new draft has no such chapter. Add one where it belongs, and take the "
                "machine's here."
            )
        start = reviewing.review.value(f"{owner}/start")
        for other in _of(reviewing, owner):
            wanted.set(other.key, None, other.machine)
        wanted.set(f"chapter/+{name if start is None else start}/title", title, None)
    elif kind in ("person", "body"):
        marked = f"+{zlib.crc32(name.encode()):08x}"[:7]
        for other in _of(reviewing, owner):
            wanted.set(other.key, None, other.machine)
            wanted.set(f"{kind}/{marked}/{other.key.rpartition('/')[2]}", other.value, None)
        if reviewing.review.value(f"{owner}/name") is None:
            wanted.set(f"{kind}/{marked}/name", name, None)
        if kind == "person" and reviewing.review.value(f"{owner}/role") is None:
            # What they were is gone with the draft; a guest is not to be made of anybody.
            wanted.set(f"{kind}/{marked}/role", PersonRole.MENTIONED.value, None)
    else:
        raise ReviewError(
            f"The new draft has no such {kind}. Add it anew where it belongs, and take the "
            f"machine's here ({attribute})."
        )


def _of(reviewing: Reviewing, owner: str) -> list[Decision]:
    decisions = reviewing.review.decisions
    return [d for key, d in decisions.items() if key.rpartition("/")[0] == owner]
