"""The editor's decisions: a layer of registers over the machine's draft, folded from a log.

A register is a key (`title`, `person/Kofi Asante/role`, `word/412`) with a value and, beside it,
what the machine had there when the editor decided. While the machine still has the same, the
decision holds. When a new draft has something else, the two are shown side by side: a conflict,
neither dropped nor applied. What the machine has come to by itself is no conflict.

Nothing is ever changed in place: undoing is a change of its own, and the log holds who, when,
before and after.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

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
class Proof:
    """What the printed pages depend on besides draft and decisions, at the time of an approval.

    Attributes:
        texts: hash of all files as they would be published; empty where they could not be made.
        show: hash of the show's settings that are printed.
        drafted: hash of those that come into print by way of the draft.
        templates: hash of all templates that could be used.
        own_templates: hash of those of them that are not the program's.
        program: its version.
        scheme: which hashes these are; others say nothing about them.
    """

    texts: str
    show: str
    drafted: str
    templates: str
    own_templates: str
    program: str
    scheme: int = 1


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
        proof: how what an approval approves looks in print.
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
    proof: Proof | None = None


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
        proof: how it looked in print; `None` where that was not kept yet.
    """

    by: str
    at: str
    version: str
    seq: int
    publish_at: str | None = None
    proof: Proof | None = None


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
            proof=change.proof,
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
    proof: Mapping[str, Value] | None = record.get("proof")
    rest = {key: value for key, value in record.items() if key not in ("edits", "kind", "proof")}
    return Change(
        **rest,
        kind=ChangeKind(record.get("kind", "change")),
        proof=None if proof is None else Proof(**proof),
        edits=tuple(Edit(**edit) for edit in edits),
    )
