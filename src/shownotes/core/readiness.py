"""When a file in the in-tray is whole and may be taken. Pure.

Nothing tells for certain that a copy is finished. What can be seen is put together: the file has
rested, nobody has it open, its container ends where it says. What only looks unfinished is waited
for longer, and then taken all the same; no file is given up.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from shownotes.core.dropped import Fault, FileState, Moment, Record, Result
from shownotes.core.outcomes import Failure, is_early, lose, settle
from shownotes.core.resting import Rules, is_rested, wait_s

# A file handed out that no run has begun with, and of which there is none, was not submitted when
# so many seconds have passed: a busy server takes hundreds of files one after the other.
GRACE_S = 120.0
# A run that has begun and is seen nowhere so many seconds after is gone.
BEGUN_GRACE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is to be seen of every file without opening it.

    Attributes:
        never: why it can never be taken as it is (a device, a name that cannot be written).
        absent: why its content is not here (a cloud's placeholder, a link to nothing).
        is_queued: a run of it is scheduled, waiting or running.
        is_processing: somebody has its episode now.
    """

    never: str = ""
    absent: str = ""
    is_queued: bool = False
    is_processing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found by looking into a file that has rested.

    Attributes:
        fingerprint: of its content, its sidecar and its transcript.
        unreadable: why it cannot be read.
        opened_by: who has it open and may be writing into it.
        fault: why it does not look finished.
        held: what else it waits for (other files of its folder, the same file under another name).
        is_known_done: an episode has been made of exactly this.
        failure: how its episode's run failed, where that is to be seen and still holds: of a file
            that was handed out any failure, of another one what lasts.
        missing_model: name of the speech model that is not here.
        same_as: the file of which that episode was made, if it was another one.
    """

    fingerprint: str
    unreadable: str = ""
    opened_by: str = ""
    fault: Fault | None = None
    held: str = ""
    is_known_done: bool = False
    failure: Failure | None = None
    missing_model: str = ""
    same_as: str = ""


class Act(StrEnum):
    """What to do with a file."""

    TAKE = "take"
    WAIT = "wait"
    DONE = "done"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with a file, the state that people see, why, and until when.

    Attributes:
        is_problem: somebody should see to it.
    """

    act: Act
    state: FileState
    reason: str = ""
    until: float | None = None
    is_problem: bool = False


def judge(
    record: Record, facts: Facts, findings: Findings | None, rules: Rules, now: Moment
) -> tuple[Record, Verdict]:
    """What to do with a file.

    Args:
        record: after `observe`.
        facts: of every file.
        findings: of one that has rested, when it was looked into; `None` leaves things as they
            are until it is.
        rules: of the working folder.
        now: the time.

    Returns:
        The record as it is to be kept, and the verdict.
    """
    if findings is not None:
        record = replace(record, checked_s=record.still_s)
    record, verdict = _decide(record, facts, findings, rules, now)
    if (record.state, record.reason) != (verdict.state, verdict.reason):
        record = replace(record, state=verdict.state, reason=verdict.reason, since=now.wall)
    if (record.until, record.is_problem) != (verdict.until, verdict.is_problem):
        record = replace(record, until=verdict.until, is_problem=verdict.is_problem)
    return record, verdict


def _decide(
    record: Record, facts: Facts, findings: Findings | None, rules: Rules, now: Moment
) -> tuple[Record, Verdict]:
    if facts.never:
        return record, _refuse(facts.never)
    if facts.absent:
        return record, _wait(facts.absent)
    if facts.is_processing or facts.is_queued or is_just_taken(record, now):
        state = FileState.PROCESSING if facts.is_processing else FileState.QUEUED
        return record, Verdict(act=Act.WAIT, state=state)
    if record.is_settled:
        return record, _settled(record)
    if not is_rested(record, rules):
        return record, Verdict(
            act=Act.WAIT,
            state=FileState.ARRIVING,
            reason="it has not been still for long enough yet",
        )
    if has_to_wait(record, now):
        return record, _failed(record)
    if findings is not None:
        return _decide_rested(record, findings, rules, now)
    if record.state is FileState.WAITING:
        return record, replace(_wait(record.reason, record.until), is_problem=record.is_problem)
    reason = "its turn to be looked into comes"
    return record, Verdict(act=Act.WAIT, state=FileState.ARRIVING, reason=reason)


def has_to_wait(record: Record, now: Moment) -> bool:
    """Whether an attempt has failed that is not to be repeated yet."""
    is_of_this = bool(record.fingerprint) and record.tried == record.fingerprint
    return is_of_this and record.result is Result.FAILED and is_early(record, now)


def is_just_taken(record: Record, now: Moment) -> bool:
    """Whether a run may still be made of what was handed out."""
    if not record.taken or record.taken_at is None:
        return False
    grace_s = BEGUN_GRACE_S if record.has_begun else GRACE_S
    return 0 <= now.ticks - record.taken_at.ticks < grace_s


def _decide_rested(
    record: Record, findings: Findings, rules: Rules, now: Moment
) -> tuple[Record, Verdict]:
    if findings.unreadable:
        return record, replace(_wait(findings.unreadable), is_problem=True)
    if findings.opened_by:
        return record, _wait(findings.opened_by)
    record = _resolve(replace(record, fingerprint=findings.fingerprint), findings, now)
    if record.is_settled:
        return record, _settled(record)
    if record.tried == findings.fingerprint:
        if record.result is Result.NEEDS_MODEL and findings.missing_model:
            # Once it is here the next attempt begins at once.
            record = replace(record, failures=0, retry_at=None)
            return record, _wait(_model_reason(findings.missing_model))
        if is_early(record, now):
            return record, _failed(record)
    elif not record.tried and findings.failure is not None:
        # A run that was not started from here came to an end that lasts.
        record = settle(replace(record, taken=findings.fingerprint), findings.failure, now)
        return _decide_rested(record, findings, rules, now)
    if findings.is_known_done:
        done = settle(replace(record, taken=findings.fingerprint), None, now)
        if findings.same_as:
            done = replace(done, why=f"the same as {findings.same_as}")
        return done, _settled(done)
    return _take_unless_doubtful(record, findings, rules, now)


def _resolve(record: Record, findings: Findings, now: Moment) -> Record:
    """An attempt without an outcome: its run has vanished, or could not tell how it ended."""
    if not record.taken:
        return record
    if findings.failure is not None:
        return settle(record, findings.failure, now)
    if findings.is_known_done:
        return replace(record, taken="")
    return lose(record, now)


def _take_unless_doubtful(
    record: Record, findings: Findings, rules: Rules, now: Moment
) -> tuple[Record, Verdict]:
    record = replace(record, fault=findings.fault)
    if findings.fault is not None:
        left_s = wait_s(findings.fault, rules) - record.still_s
        if left_s > 0:
            return record, _wait(findings.fault.reason, now.wall + left_s)
    if findings.held:
        return record, _wait(findings.held)
    is_same = record.tried == findings.fingerprint
    taken = replace(
        record,
        taken=findings.fingerprint,
        taken_at=now,
        has_begun=False,
        attempt=record.attempt + 1,
        # Another content is another matter: earlier failures do not count against it.
        failures=record.failures if is_same else 0,
        retry_at=None,
    )
    return taken, Verdict(act=Act.TAKE, state=FileState.QUEUED)


def _settled(record: Record) -> Verdict:
    if record.result is Result.REFUSED:
        return _refuse(record.why)
    if record.result is Result.SET_ASIDE:
        return _wait(record.why)
    return Verdict(act=Act.DONE, state=FileState.DONE, reason=record.why)


def _failed(record: Record) -> Verdict:
    return replace(_wait(record.why, record.retry_at), is_problem=True)


def _refuse(reason: str) -> Verdict:
    return Verdict(act=Act.REFUSE, state=FileState.REFUSED, reason=reason, is_problem=True)


def _wait(reason: str, until: float | None = None) -> Verdict:
    return Verdict(act=Act.WAIT, state=FileState.WAITING, reason=reason, until=until)


def _model_reason(name: str) -> str:
    return f"it waits for the speech model {name}: shownotes models fetch {name}"
