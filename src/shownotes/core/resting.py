"""How long a file has rested, by a clock that nobody can set. Pure."""

from dataclasses import dataclass, replace

from shownotes.core.dropped import Fault, Look, Moment, Record

# A clock that was set: by how much the time of day and the time since the machine's start may
# differ, in seconds and as a share of the time between two looks.
_DRIFT_S, _DRIFT_SHARE = 1.0, 0.05
# The longest time between two looks into a file that looks unfinished, in seconds.
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """`[drop]`: how long a file rests.

    Attributes:
        rest_s: seconds without a change.
        looks: at least so many looks without a change.
        patience_s: seconds of rest after which a file that looks unfinished is taken anyway.
    """

    rest_s: float = 10.0
    looks: int = 3
    patience_s: float = 600.0

    @property
    def doubt_s(self) -> float:
        """Seconds of rest for a file that may be unfinished."""
        return min(6 * self.rest_s, self.longest_s)

    @property
    def longest_s(self) -> float:
        """Seconds of rest after which nothing that is seen of a file counts against it."""
        return max(self.patience_s, self.rest_s)


def observe(record: Record, look: Look, now: Moment) -> Record:
    """The record after another look; a change, or a clock that jumped, begins the rest anew."""
    before = record.look
    if before is None or before.identity != look.identity or record.looked is None:
        return replace(forget_rest(record), look=look, looked=now)
    passed = _passed(record.looked, now)
    if passed is None:
        return replace(forget_rest(record), look=look, looked=now)
    after = replace(
        record,
        look=look,
        looked=now,
        looks=record.looks + 1,
        rested_s=record.rested_s + passed,
        still_s=record.still_s + passed,
    )
    if before.changed_ns == look.changed_ns:
        return after
    still_s = after.still_s
    return replace(forget_rest(after), still_s=still_s)


def forget_rest(record: Record) -> Record:
    """The record of a file that has only just been seen to change."""
    return replace(
        record,
        looks=1,
        rested_s=0.0,
        still_s=0.0,
        sample="",
        fingerprint="",
        fault=None,
        checked_s=0.0,
    )


def _passed(before: Moment, now: Moment) -> float | None:
    """Seconds between two looks; `None` when a clock was set, or the machine slept or restarted."""
    passed, shown = now.ticks - before.ticks, now.wall - before.wall
    if passed < 0 or abs(shown - passed) > _DRIFT_S + _DRIFT_SHARE * passed:
        return None
    return passed


def is_rested(record: Record, rules: Rules) -> bool:
    """Whether a file has not changed for long enough, over enough looks."""
    if record.looks >= rules.looks and record.rested_s >= rules.rest_s:
        return True
    # The time of change alone may change for ever: in the end what a finished file keeps decides.
    return record.still_s >= rules.longest_s


def wants_check(record: Record, rules: Rules) -> bool:
    """Whether to look into a rested file; less and less often while it looks unfinished."""
    if not record.checked_s:
        return True
    due_s = record.checked_s + rules.rest_s / 2
    if record.fault is not None:
        pause_s = min(max(rules.rest_s / 2, record.checked_s / 4), _LONGEST_PAUSE_S)
        due_s = min(record.checked_s + pause_s, wait_s(record.fault, rules))
    return record.still_s >= due_s


def wait_s(fault: Fault, rules: Rules) -> float:
    """Seconds of rest for a file with a fault, after which it is taken all the same."""
    return rules.longest_s if fault.is_sure else rules.doubt_s
