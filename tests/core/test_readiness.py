"""Files that rest, by clocks that jump; judged over every course that Hypothesis can think of."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shownotes.core import outcomes
from shownotes.core.dropped import Fault, FileState, Look, Moment, Record, Result
from shownotes.core.outcomes import BACK_OFF_S, Failure
from shownotes.core.readiness import BEGUN_GRACE_S, GRACE_S, Act, Facts, Findings, Verdict, judge
from shownotes.core.resting import Rules, forget_rest, is_rested, observe, wants_check

RULES = Rules(rest_s=10.0, looks=3, patience_s=600.0)
LOOK = Look(size=1000, modified_ns=5, inode=7, blocks=2, changed_ns=5)
CUT = Fault(reason="it ends early")
SILENT = Fault(reason="it is silent", is_sure=False)


@dataclass
class Tray:
    """A file, looked at as a sweep does it, by clocks of the test's own."""

    record: Record = field(default_factory=lambda: Record(path="audio/a.mp3"))
    look: Look = LOOK
    ticks: float = 500.0
    ahead: float = 1_000_000.0
    facts: Facts = field(default_factory=Facts)
    findings: Findings = field(default_factory=lambda: Findings(fingerprint=""))

    @property
    def now(self) -> Moment:
        return Moment(wall=self.ticks + self.ahead, ticks=self.ticks)

    @property
    def fingerprint(self) -> str:
        return f"{self.look.size} {self.look.modified_ns}"

    def sweep(self, passed: float = 2.0) -> Verdict:
        self.ticks += passed
        before = self.record.look
        is_as_it_was = before is not None and before.identity == self.look.identity
        if not (self.record.is_settled and is_as_it_was):
            self.record = observe(self.record, self.look, self.now)
        found = None
        if is_rested(self.record, RULES) and wants_check(self.record, RULES):
            found = replace(self.findings, fingerprint=self.fingerprint)
        self.record, verdict = judge(self.record, self.facts, found, RULES, self.now)
        return verdict

    def sweep_until(self, act: Act, *, most: int = 3000) -> float:
        """Seconds that it took."""
        began = self.ticks
        for _ in range(most):
            if self.sweep().act is act:
                return self.ticks - began
        raise AssertionError(f"never {act}: {self.record}")

    def change(self) -> None:
        self.look = replace(self.look, size=self.look.size + 1)

    def ends(self, failure: Failure | None) -> None:
        self.record = outcomes.settle(self.record, failure, self.now)


def test_a_file_is_taken_after_its_rest_and_once() -> None:
    tray = Tray()
    assert tray.sweep_until(Act.TAKE) == 12.0
    assert tray.record.attempt == 1
    tray.facts = Facts(is_queued=True)
    assert {tray.sweep().state for _ in range(50)} == {FileState.QUEUED}
    tray.facts = Facts(is_processing=True)
    assert tray.sweep().state is FileState.PROCESSING
    tray.facts = Facts()
    tray.ends(None)
    assert {tray.sweep().state for _ in range(50)} == {FileState.DONE}


def test_rest_without_looks_and_looks_without_rest_are_not_enough() -> None:
    tray = Tray()
    assert [tray.sweep(60.0).act for _ in range(3)] == [Act.WAIT, Act.WAIT, Act.TAKE]
    tray = Tray()
    assert {tray.sweep(0.01).act for _ in range(900)} == {Act.WAIT}


@pytest.mark.parametrize(
    "changed",
    [
        replace(LOOK, size=1001),
        replace(LOOK, modified_ns=4),
        replace(LOOK, inode=8),
        replace(LOOK, blocks=3),
        replace(LOOK, beside="sidecar"),
        replace(LOOK, changed_ns=6),
    ],
)
def test_whatever_changes_begins_the_rest_anew(changed: Look) -> None:
    tray = Tray()
    for _ in range(5):
        tray.sweep()
    tray.look = changed
    assert tray.sweep_until(Act.TAKE) in (10.0, 12.0)


def test_what_cannot_rest_but_for_its_time_of_change_is_taken_in_the_end() -> None:
    tray = Tray()
    for step in range(302):
        tray.look = replace(LOOK, changed_ns=step)
        act = tray.sweep().act
        assert act is (Act.TAKE if tray.record.still_s >= RULES.patience_s else Act.WAIT)
        if act is Act.TAKE:
            return
    raise AssertionError("never taken")


@pytest.mark.parametrize("jump", [-86_400.0, -30.0, 30.0, 86_400.0])
def test_a_clock_that_was_set_begins_the_rest_anew(jump: float) -> None:
    tray = Tray()
    for _ in range(5):
        tray.sweep()
    tray.ahead += jump
    assert tray.sweep_until(Act.TAKE) == 12.0


def test_a_machine_that_started_again_begins_the_rest_anew() -> None:
    tray = Tray()
    for _ in range(5):
        tray.sweep()
    tray.ticks -= 480.0
    tray.ahead += 490.0
    assert tray.sweep_until(Act.TAKE) == 12.0


def test_a_machine_set_back_to_an_earlier_moment_begins_the_rest_anew() -> None:
    tray = Tray()
    for _ in range(5):
        tray.sweep()
    tray.ticks -= 300.0
    assert tray.sweep_until(Act.TAKE) == 12.0


@pytest.mark.parametrize(("fault", "rest_s"), [(CUT, 600.0), (SILENT, 60.0)])
def test_what_looks_unfinished_is_waited_for_and_then_taken(fault: Fault, rest_s: float) -> None:
    tray = Tray(findings=Findings(fingerprint="", fault=fault))
    told = [tray.sweep() for _ in range(8)][-1]
    assert (told.state, told.reason) == (FileState.WAITING, fault.reason)
    assert told.until is not None
    left_s = told.until - tray.now.wall
    assert tray.sweep_until(Act.TAKE) == pytest.approx(left_s, abs=4.1)
    assert tray.record.still_s == pytest.approx(rest_s, abs=4.1)


def test_a_copy_that_goes_on_after_a_pause_is_waited_for_anew() -> None:
    tray = Tray(findings=Findings(fingerprint="", fault=CUT))
    for _ in range(200):
        tray.sweep()
    tray.change()
    tray.findings = Findings(fingerprint="")
    assert tray.sweep_until(Act.TAKE) == 12.0


@pytest.mark.parametrize(
    "findings",
    [
        Findings(fingerprint="", opened_by="cp has it open"),
        Findings(fingerprint="", unreadable="it may not be read"),
        Findings(fingerprint="", held="the others are arriving"),
    ],
)
def test_what_is_in_the_way_is_told_and_waited_for(findings: Findings) -> None:
    tray = Tray(findings=findings)
    told = [tray.sweep() for _ in range(1000)][-1]
    reason = findings.opened_by or findings.unreadable or findings.held
    assert (told.act, told.state, told.reason) == (Act.WAIT, FileState.WAITING, reason)
    assert told.is_problem == bool(findings.unreadable)
    tray.findings = Findings(fingerprint="")
    assert tray.sweep_until(Act.TAKE) <= RULES.rest_s / 2 + 2.0


def test_what_can_never_be_taken_is_refused_at_once_and_placeholders_wait() -> None:
    assert Tray(facts=Facts(never="a pipe")).sweep().act is Act.REFUSE
    tray = Tray(facts=Facts(absent="in the cloud"))
    assert {tray.sweep().state for _ in range(100)} == {FileState.WAITING}
    tray.facts = Facts()
    assert tray.sweep_until(Act.TAKE) <= 12.0


def test_an_episode_that_is_there_already_is_done_without_a_run() -> None:
    tray = Tray(findings=Findings(fingerprint="", is_known_done=True, same_as="audio/b.mp3"))
    tray.sweep_until(Act.DONE)
    assert tray.record.attempt == 0
    assert tray.record.reason == "the same as audio/b.mp3"


def test_what_was_handed_out_and_not_submitted_is_handed_out_again() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    first = tray.record.taken
    assert tray.sweep_until(Act.TAKE) == GRACE_S
    assert (tray.record.taken, tray.record.attempt) == (first, 2)


def test_a_file_that_crashes_its_runs_is_tried_later_and_later() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    waits = []
    for _ in range(7):
        tray.record = outcomes.begin(tray.record, "2026-01-01-a", tray.now)
        waits.append(tray.sweep_until(Act.TAKE))
    pauses = [round(wait - BEGUN_GRACE_S) for wait in waits]
    assert pauses == [0, 0, 60, 300, 900, 3600, 3600]


def test_a_failure_that_may_pass_is_tried_later_and_later_for_ever() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    waits = []
    for _ in range(6):
        tray.ends(Failure(why="no room on the disk"))
        told = tray.sweep()
        assert (told.state, told.reason, told.is_problem) == (
            FileState.WAITING,
            "no room on the disk",
            True,
        )
        waits.append(round(tray.sweep_until(Act.TAKE) + 2.0))
    assert waits == [*map(round, BACK_OFF_S), 3600, 3600]


def test_a_failure_with_no_hope_for_minutes_is_tried_every_hour() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    tray.ends(Failure(why="the template is wrong", is_retryable=False))
    assert round(tray.sweep_until(Act.TAKE)) == 3600


def test_a_clock_set_back_makes_no_attempt_later() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    tray.ends(Failure(why="no room"))
    tray.ahead -= 10 * 86_400.0
    assert tray.sweep_until(Act.TAKE) <= 12.0


def test_what_is_the_files_fault_stays_refused_until_it_changes_or_somebody_asks() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    tray.ends(Failure(why="no audio", kind=Result.REFUSED))
    assert {tray.sweep(3600.0).act for _ in range(1000)} == {Act.REFUSE}
    tray.record = outcomes.ask(tray.record)
    assert tray.sweep().act is Act.TAKE
    tray.ends(Failure(why="no audio", kind=Result.REFUSED))
    assert tray.sweep().act is Act.REFUSE
    tray.change()
    assert tray.sweep_until(Act.TAKE) == 12.0
    assert tray.record.attempt == 3


def test_touching_permissions_of_a_refused_file_is_no_change() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    tray.ends(Failure(why="no audio", kind=Result.REFUSED))
    tray.look = replace(tray.look, changed_ns=99)
    assert {tray.sweep().act for _ in range(20)} == {Act.REFUSE}


def test_a_missing_model_is_waited_for_and_its_coming_noticed_at_once() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    tray.ends(Failure(why="not here", kind=Result.NEEDS_MODEL))
    tray.findings = Findings(fingerprint="", missing_model="small")
    told = [tray.sweep() for _ in range(1000)][-1]
    assert told.reason == "it waits for the speech model small: shownotes models fetch small"
    tray.findings = Findings(fingerprint="")
    assert tray.sweep_until(Act.TAKE) <= RULES.rest_s / 2 + 2.0


def test_what_somebody_set_aside_is_left_alone_until_it_changes_or_is_asked_for() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    tray.record = outcomes.set_aside(tray.record, "cancelled by Ann")
    told = [tray.sweep() for _ in range(1000)][-1]
    assert (told.act, told.state, told.reason) == (Act.WAIT, FileState.WAITING, "cancelled by Ann")
    tray.change()
    tray.sweep_until(Act.TAKE)
    tray.record = outcomes.ask(outcomes.set_aside(tray.record, "cancelled by Ann"))
    assert tray.sweep().act is Act.TAKE


def test_a_new_version_of_a_file_in_work_waits_for_the_run_and_is_taken_then() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    tray.facts = Facts(is_processing=True)
    tray.change()
    assert {tray.sweep().state for _ in range(20)} == {FileState.PROCESSING}
    tray.ends(None)
    tray.facts = Facts()
    assert tray.sweep().act is Act.TAKE
    assert tray.record.attempt == 2


def test_a_run_that_told_nobody_is_judged_by_its_episode() -> None:
    tray = Tray()
    tray.sweep_until(Act.TAKE)
    why = Failure(why="no audio", kind=Result.REFUSED)
    tray.findings = Findings(fingerprint="", failure=why)
    tray.sweep_until(Act.REFUSE)
    assert tray.record.why == "no audio"


# --------------------------------------------------------------------------- whatever happens

EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.floats(0.05, 30.0)),
        st.tuples(st.just("write"), st.floats(0.05, 30.0)),
        st.tuples(st.just("touch"), st.floats(0.05, 30.0)),
        st.tuples(st.just("set clock"), st.floats(-1e5, 1e5)),
        st.tuples(st.just("sleep"), st.floats(1.0, 1e5)),
        st.tuples(st.just("restart"), st.floats(0.0, 400.0)),
        st.tuples(st.just("mend or break"), st.sampled_from([None, CUT, SILENT])),
        st.tuples(st.just("open or close"), st.sampled_from(["", "cp has it open"])),
        st.tuples(st.just("queue"), st.booleans()),
        st.tuples(st.just("begin"), st.none()),
        st.tuples(st.just("end"), st.sampled_from([None, *Result])),
    ),
    max_size=60,
)


@dataclass
class Truth:
    """What really happened to the file, kept apart from what the record believes."""

    since_change_s: float = 0.0
    looks: int = 0
    handed_out: str = ""
    is_queued: bool = False


def happen(tray: Tray, truth: Truth, kind: str, what: object) -> None:
    """One event."""
    match kind, what:
        case "look", float(passed):
            look_once(tray, truth, passed)
        case (("write" | "touch"), float(passed)):
            tray.ticks += passed
            if kind == "write":
                tray.change()
            else:
                tray.look = replace(tray.look, changed_ns=tray.look.changed_ns + 1)
            truth.since_change_s, truth.looks = 0.0, 0
        case "set clock", float(jump):
            tray.ahead += jump
        case "sleep", float(slept):
            # Time passes that this machine does not count.
            tray.ahead += slept
        case "restart", float(uptime):
            tray.ahead += tray.ticks - uptime
            tray.ticks = uptime
        case "mend or break", (None | Fault()) as fault:
            tray.findings = replace(tray.findings, fault=fault)
        case "open or close", str(opener):
            tray.findings = replace(tray.findings, opened_by=opener)
        case "queue", bool(is_queued):
            tray.facts = Facts(is_queued=is_queued)
        case "begin", _:
            tray.record = outcomes.begin(tray.record, "2026-01-01-a", tray.now)
        case "end", result:
            if tray.record.taken:
                is_well = result in (None, Result.NONE, Result.DONE)
                tray.ends(None if is_well else Failure(why="so", kind=Result(str(result))))


def look_once(tray: Tray, truth: Truth, passed: float) -> None:
    truth.since_change_s += passed
    truth.looks += 1
    was_taken = tray.record.taken
    was_at, had_begun = tray.record.taken_at, tray.record.has_begun
    verdict = tray.sweep(passed)
    assert verdict.reason or verdict.state in (
        FileState.QUEUED,
        FileState.PROCESSING,
        FileState.DONE,
    )
    if verdict.act is not Act.TAKE:
        return
    # Permissions that change for ever do not keep a file that is otherwise still.
    if tray.record.still_s < RULES.longest_s:
        assert truth.since_change_s >= RULES.rest_s - 1e-6
        assert truth.looks >= RULES.looks
    assert not tray.findings.opened_by
    assert not tray.facts.is_queued
    fault = tray.findings.fault
    if fault is not None:
        least_s = RULES.patience_s if fault.is_sure else RULES.doubt_s
        assert tray.record.still_s >= least_s - 1e-6
    if was_taken == tray.record.taken and was_at is not None:
        away_s = tray.ticks - was_at.ticks
        assert away_s < 0 or away_s >= (BEGUN_GRACE_S if had_begun else GRACE_S)


@given(EVENTS)
def test_never_early_never_twice_whatever_happens(events: list[tuple[str, object]]) -> None:
    tray, truth = Tray(), Truth()
    for kind, what in events:
        happen(tray, truth, kind, what)


@given(EVENTS)
def test_never_lost_whatever_happened(events: list[tuple[str, object]]) -> None:
    tray, truth = Tray(), Truth()
    for kind, what in events:
        happen(tray, truth, kind, what)
    # Left in peace, every file is taken in the end, or somebody is told why not.
    tray.facts = Facts()
    tray.findings = replace(tray.findings, opened_by="")
    for _ in range(4000):
        verdict = tray.sweep()
        if verdict.act is not Act.WAIT:
            break
        is_set_aside = tray.record.result is Result.SET_ASIDE and tray.record.is_settled
        if is_set_aside:
            break
    else:
        raise AssertionError(f"lost: {tray.record}")
    assert verdict.act is not Act.DONE or tray.record.tried == tray.fingerprint
    assert verdict.act is not Act.REFUSE or verdict.reason


def test_rest_is_forgotten_with_all_that_was_seen_of_it() -> None:
    tray = Tray(findings=Findings(fingerprint="", fault=CUT))
    for _ in range(10):
        tray.sweep()
    after = forget_rest(tray.record)
    assert (after.rested_s, after.still_s, after.looks, after.fault) == (0.0, 0.0, 1, None)
    assert (after.sample, after.fingerprint) == ("", "")
