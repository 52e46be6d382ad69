"""The editor's decisions: a layer of registers over the machine's draft, folded from a log.

A register is a key (`title`, `person/Kofi Asante/role`, `word/412`) with a value and, beside it,
what the machine had there when the editor decided. While the machine still has the same, the
decision holds. When a new draft has something else, the two are shown side by side: a conflict,
neither dropped nor applied. What the machine has come to by itself is no conflict.

Nothing is ever changed in place: undoing is a change of its own, and the log holds who, when,
before and after.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from shownotes.errors import OutdatedChangeError

# Plain data as JSON has it.
Value = Any


class ChangeKind(StrEnum):
    """What an entry of the log is."""

    CHANGE = "change"
    UNDO = "undo"
    REDO = "redo"
    APPROVE = "approve"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One register set anew.

    Attributes:
        before: its value so far; `None` when nothing was decided.
        after: its value from now on; `None` when nothing is decided any more.
        machine: what the machine has there, as the editor saw it.
        machine_before: the same for `before`.
    """

    key: str
    before: Value = None
    after: Value = None
    machine: Value = None
    machine_before: Value = None

    def reversed(self) -> "Edit":
        """What takes it back."""
        return Edit(
            key=self.key,
            before=self.after,
            after=self.before,
            machine=self.machine_before,
            machine_before=self.machine,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry of the log: what one person did at once.

    Attributes:
        id: given by whoever made it, so that the same change sent twice is done once.
        at: UTC, ISO 8601.
        by: the editor's name.
        label: what was done, for people.
        undoes: the number of the change that an undo or redo concerns.
        version: what an approval approves.
        publish_at: when an approval is to be published; ISO 8601 with offset.
    """

    seq: int
    id: str
    at: str
    by: str
    kind: ChangeKind = ChangeKind.CHANGE
    label: str = ""
    edits: tuple[Edit, ...] = ()
    undoes: int | None = None
    version: str | None = None
    publish_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A register's value as it stands."""

    key: str
    value: Value
    machine: Value
    by: str
    at: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved which version.

    Attributes:
        version: hash of the draft and the decisions that were approved.
        seq: its entry in the log.
        publish_at: when it is to be published; at once or by hand when `None`.
    """

    by: str
    at: str
    version: str
    seq: int
    publish_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """When a register was last set, to whatever value."""

    seq: int
    by: str
    at: str


@dataclass(slots=True)
class Review:
    """`review.json`: the log so far, folded.

    Attributes:
        seq: number of the last entry.
        decisions: the registers that hold a value.
        touched: every register that was ever set.
        applied: ids of changes by their numbers, to know one that is sent again.
        done: for each editor the numbers of changes that can be undone, the last one at the end.
        undone: for each editor those that can be done again.
    """

    seq: int = 0
    decisions: dict[str, Decision] = field(default_factory=dict)
    approval: Approval | None = None
    touched: dict[str, Touch] = field(default_factory=dict)
    applied: dict[str, int] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    done: dict[str, list[int]] = field(default_factory=dict)
    undone: dict[str, list[int]] = field(default_factory=dict)

    def value(self, key: str) -> Value:
        """What was decided, whatever the machine has now; `None` for nothing."""
        decision = self.decisions.get(key)
        return None if decision is None else decision.value

    def undoable(self, editor: str) -> Change | None:
        """The editor's last change that stands."""
        numbers = self.done.get(editor)
        return self.changes[numbers[-1]] if numbers else None

    def redoable(self, editor: str) -> Change | None:
        """The change that the editor undid last."""
        numbers = self.undone.get(editor)
        return self.changes[numbers[-1]] if numbers else None


def fold(changes: Iterable[Change]) -> Review:
    """The review after these entries of a log."""
    review = Review()
    for change in changes:
        apply(review, change)
    return review


def apply(review: Review, change: Change) -> None:
    """Take one more entry in."""
    review.seq = change.seq
    review.applied[change.id] = change.seq
    review.changes[change.seq] = change
    for edit in change.edits:
        review.touched[edit.key] = Touch(seq=change.seq, by=change.by, at=change.at)
        if edit.after is None:
            review.decisions.pop(edit.key, None)
        else:
            review.decisions[edit.key] = Decision(
                key=edit.key,
                value=edit.after,
                machine=edit.machine,
                by=change.by,
                at=change.at,
                seq=change.seq,
            )
    _count(review, change)


def _count(review: Review, change: Change) -> None:
    """Keep the approval and what can be undone."""
    done = review.done.setdefault(change.by, [])
    undone = review.undone.setdefault(change.by, [])
    if change.kind is ChangeKind.APPROVE:
        review.approval = Approval(
            by=change.by,
            at=change.at,
            version=change.version or "",
            seq=change.seq,
            publish_at=change.publish_at,
        )
    elif change.kind is ChangeKind.WITHDRAW:
        review.approval = None
    elif change.kind is ChangeKind.CHANGE:
        done.append(change.seq)
        undone.clear()
    elif change.undoes is not None:
        away, to = (done, undone) if change.kind is ChangeKind.UNDO else (undone, done)
        if change.undoes in away:
            away.remove(change.undoes)
        to.append(change.undoes)


def make_edits(review: Review, wanted: Mapping[str, tuple[Value, Value]]) -> tuple[Edit, ...]:
    """Edits that set registers, by key to the value and what the machine has; unchanged ones fall.

    A value that is the machine's own is no decision.
    """
    edits = []
    for key, (value, machine) in wanted.items():
        after = None if value is None or same(value, machine) else value
        held = review.decisions.get(key)
        before = None if held is None else held.value
        is_same = same(before, after) and (held is None or same(held.machine, machine))
        if not is_same:
            edits.append(
                Edit(
                    key=key,
                    before=before,
                    after=after,
                    machine=machine,
                    machine_before=None if held is None else held.machine,
                )
            )
    return tuple(edits)


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same plain data; lists of tuples and lists are alike."""
    return bool(_plain(one) == _plain(other))


def _plain(value: Value) -> Value:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def check_seen(review: Review, keys: Iterable[str], seen: int) -> None:
    """Refuse a change that was made without having seen the last one to the same registers.

    Raises:
        OutdatedChangeError: somebody else, or the same person in another tab, was there first.
    """
    newer = {key: review.touched[key] for key in keys if key in review.touched}
    newer = {key: touch for key, touch in newer.items() if touch.seq > seen}
    if newer:
        last = max(newer.values(), key=lambda touch: touch.seq)
        raise OutdatedChangeError(
            f"{last.by} changed this meanwhile ({last.at}). Nothing is lost: look at both and "
            "choose.",
            keys=tuple(newer),
        )


def take_back(review: Review, editor: str, *, is_redo: bool) -> tuple[Change, tuple[Edit, ...]]:
    """The editor's last change and the edits that undo it (or do it again).

    Raises:
        OutdatedChangeError: somebody else has changed the same since, or there is nothing.
    """
    change = review.redoable(editor) if is_redo else review.undoable(editor)
    if change is None:
        word = "do again" if is_redo else "undo"
        raise OutdatedChangeError(f"There is nothing to {word}.", keys=())
    edits = change.edits if is_redo else tuple(e.reversed() for e in reversed(change.edits))
    for edit in edits:
        if not same(review.value(edit.key), edit.before):
            touch = review.touched[edit.key]
            raise OutdatedChangeError(
                f"“{change.label}” cannot be taken back: {touch.by} has changed the same since "
                f"({touch.at}).",
                keys=(edit.key,),
            )
    _check_room(review, change, edits)
    return change, edits


def _check_room(review: Review, change: Change, edits: Sequence[Edit]) -> None:
    """Refuse to put words back where other words were put meanwhile."""
    touched = {edit.key for edit in edits}
    ids = {
        number
        for edit in edits
        if edit.key.startswith("word/") and edit.after is not None
        for number in edit.after["ids"]
    }
    for key, decision in review.decisions.items():
        if key.startswith("word/") and key not in touched and not ids.isdisjoint(
            decision.value["ids"]
        ):  # fmt: skip
            raise OutdatedChangeError(
                f"“{change.label}” cannot be taken back: {decision.by} has put other words there "
                f"since ({decision.at}).",
                keys=(key,),
            )


# --------------------------------------------------------------------------- against the machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A decision that no longer fits.

    Attributes:
        label: what it is about, for people.
        mine: what the editor decided.
        then: what the machine had at that time.
        now: what it has now; `None` when it is gone.
        start: where in the audio, in seconds.
    """

    key: str
    label: str
    mine: Value
    then: Value
    now: Value
    by: str
    at: str
    start: float | None = None


@dataclass(slots=True)
class Layer:
    """The decisions, asked one by one for what holds; remembers the conflicts met on the way."""

    decisions: Mapping[str, Decision]
    conflicts: dict[str, Conflict] = field(default_factory=dict)

    def get(
        self, key: str, machine: Value, *, label: str = "", start: float | None = None
    ) -> Value:
        """What holds for a register: the decision where it fits, else what the machine has."""
        decision = self.decisions.get(key)
        if decision is None or same(decision.value, machine):
            return machine
        if same(decision.machine, machine):
            return decision.value
        self.object(decision, machine, label=label or key, start=start)
        return machine

    def object(
        self, decision: Decision, now: Value, *, label: str, start: float | None = None
    ) -> None:
        """Note a conflict."""
        self.conflicts[decision.key] = Conflict(
            key=decision.key,
            label=label,
            mine=decision.value,
            then=decision.machine,
            now=now,
            by=decision.by,
            at=decision.at,
            start=start,
        )

    def under(self, prefix: str) -> list[Decision]:
        """The decisions whose keys begin so, in the order of keys."""
        return [self.decisions[key] for key in sorted(self.decisions) if key.startswith(prefix)]


def decisions_sha256(decisions: Mapping[str, Decision]) -> str:
    """Hash of what is decided, whoever decided it and when."""
    plain = [[key, decisions[key].value, decisions[key].machine] for key in sorted(decisions)]
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_record(change: Change) -> dict[str, Value]:
    """A change as a line of the log has it; what is empty is left out."""
    record = {key: value for key, value in asdict(change).items() if value not in (None, "", ())}
    record["edits"] = [
        {key: value for key, value in asdict(edit).items() if value is not None}
        for edit in change.edits
    ]
    return record


def from_record(record: Mapping[str, Value]) -> Change:
    """The change in a line of the log.

    Raises:
        TypeError, KeyError, ValueError: not such a line.
    """
    edits: Sequence[Mapping[str, Value]] = record.get("edits", ())
    rest = {key: value for key, value in record.items() if key not in ("edits", "kind")}
    return Change(
        **rest,
        kind=ChangeKind(record.get("kind", "change")),
        edits=tuple(Edit(**edit) for edit in edits),
    )
