"""What becomes of a file after an attempt, and when the next one is made. Pure."""

from dataclasses import dataclass, replace

from shownotes.core.dropped import Moment, Record, Result

# How long the next attempt waits after each failure in a row, in seconds; the last one for ever.
BACK_OFF_S = (60.0, 300.0, 900.0, 3600.0)
# A run that ends without a trace (killed, the machine switched off) is seldom the file's fault:
# the next one begins at once, so many times.
FREE_CRASHES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How an attempt failed.

    Attributes:
        kind: `REFUSED` (the file's fault), `FAILED`, `NEEDS_MODEL` or `SET_ASIDE`.
        is_retryable: the same may succeed within minutes.
    """

    why: str
    kind: Result = Result.FAILED
    is_retryable: bool = True


def settle(record: Record, failure: Failure | None, now: Moment) -> Record:
    """The record after its attempt came to an end, well (`None`) or not."""
    after = replace(record, tried=record.taken or record.tried, taken="", retry_at=None)
    if failure is None:
        return replace(after, result=Result.DONE, why="", failures=0)
    if failure.kind in (Result.REFUSED, Result.SET_ASIDE):
        return replace(after, result=failure.kind, why=failure.why)
    failures = record.failures + 1
    delay_s = delay_after(failures) if failure.is_retryable else BACK_OFF_S[-1]
    return replace(
        after,
        result=failure.kind,
        why=failure.why,
        failures=failures,
        retry_at=now.wall + delay_s,
    )


def begin(record: Record, episode: str, now: Moment) -> Record:
    """The record when a run has begun with it."""
    taken_at = now if record.taken else record.taken_at
    return replace(record, episode=episode, taken_at=taken_at, has_begun=True)


def lose(record: Record, now: Moment) -> Record:
    """The record after its run has vanished, or never was."""
    failures = record.failures + 1
    delay_s = 0.0 if failures <= FREE_CRASHES else delay_after(failures - FREE_CRASHES)
    return replace(
        record,
        tried=record.taken,
        taken="",
        result=Result.FAILED,
        why="the run that had it ended without a word",
        failures=failures,
        retry_at=now.wall + delay_s,
    )


def ask(record: Record) -> Record:
    """Somebody wants it tried now, whatever became of it."""
    return replace(
        record,
        tried="",
        taken="",
        result=Result.NONE,
        why="",
        retry_at=None,
        failures=0,
        noted="",
        checked_s=0.0,
    )


def set_aside(record: Record, why: str) -> Record:
    """Somebody wants it left alone until it changes."""
    return replace(
        record,
        tried=record.fingerprint or record.tried,
        taken="",
        result=Result.SET_ASIDE,
        why=why,
        retry_at=None,
    )


def is_early(record: Record, now: Moment) -> bool:
    """Whether the next attempt is still to come; a clock that was set back makes none later."""
    if record.retry_at is None:
        return False
    return now.wall < record.retry_at <= now.wall + BACK_OFF_S[-1]


def delay_after(failures: int) -> float:
    """Seconds to the next attempt."""
    return BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1]
