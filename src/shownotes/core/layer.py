"""The decisions against the machine's draft as it is now: what holds, and what no longer fits."""

import bisect
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from shownotes.core.review import Decision, Value, same


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
    """The decisions, asked one by one for what holds; remembers the conflicts met on the way.

    Made anew when the decisions are others.
    """

    decisions: Mapping[str, Decision]
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    _keys: list[str] | None = None

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
        if self._keys is None:
            self._keys = sorted(self.decisions)
        found = []
        for index in range(bisect.bisect_left(self._keys, prefix), len(self._keys)):
            if not self._keys[index].startswith(prefix):
                break
            found.append(self.decisions[self._keys[index]])
        return found


def decisions_sha256(decisions: Mapping[str, Decision]) -> str:
    """Hash of what is decided, whoever decided it and when."""
    plain = [[key, decisions[key].value, decisions[key].machine] for key in sorted(decisions)]
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
