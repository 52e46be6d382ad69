"""One sweep over the in-tray: a look at every file, and into those that have rested."""

import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from shownotes.adapters.intray_book import Book
from shownotes.adapters.open_files import find_writers
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.dropped import FileState, Look, Moment, Record, Result
from shownotes.core.outcomes import ask
from shownotes.core.readiness import (
    Act,
    Facts,
    Findings,
    Verdict,
    has_to_wait,
    is_just_taken,
    judge,
)
from shownotes.core.resting import Rules, forget_rest, is_rested, observe, wants_check
from shownotes.settings import Settings
from shownotes.steps.intray import Dropped, Tray, relative
from shownotes.steps.known_files import KnownFiles
from shownotes.steps.problem_files import problem_path, remove_problems, write_problem
from shownotes.steps.tray_company import Company
from shownotes.steps.tray_findings import find_faults, findings_of, has_living_run, why_unreadable
from shownotes.steps.tray_looks import (
    LEADS_OUT,
    fingerprint_of,
    look_at,
    sample_of,
    shown,
)

# A sweep looks into files for so long, in seconds; the others have their turn in the next one.
BUDGET_S = 5.0
# What is known of a file that has gone is kept for so long, in seconds.
GONE_S = 30 * 86_400.0
_STATES = {
    Result.DONE: FileState.DONE,
    Result.REFUSED: FileState.REFUSED,
    Result.SET_ASIDE: FileState.WAITING,
}
_CLOSED = "this folder may not be looked into: change its permissions"
_IN_CLOUD = "only its name is here, its content is in iCloud: download it in the Finder"


def rules_of(settings: Settings) -> Rules:
    """How long files rest."""
    drop = settings.drop
    return Rules(rest_s=drop.rest_s, looks=drop.looks, patience_s=drop.patience_s)


@dataclass(slots=True)
class Sweeper:
    """One sweep.

    Attributes:
        queued: paths of which a run is scheduled, waiting or running.
        seen: what lies in the tray, by its name in the book.
    """

    settings: Settings
    book: Book
    queued: Collection[str]
    now: Moment
    seen: dict[str, Dropped] = field(default_factory=dict)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _rules: Rules = field(init=False)
    _known: KnownFiles = field(init=False)

    def __post_init__(self) -> None:
        self._rules = rules_of(self.settings)
        self._known = KnownFiles(self.settings)

    def sweep(self, tray: Tray) -> list[Record]:
        """Look at every file; the records of those that are to be taken."""
        episodes = _names_in(self.settings.output_folder)
        candidates = [
            name for found in tray.dropped if (name := self._look(found, episodes)) is not None
        ]
        for path in tray.in_cloud:
            self._note(path, Facts(absent=_IN_CLOUD))
        for path in tray.foreign:
            self._note(path, Facts(never=LEADS_OUT))
        for path in tray.closed:
            self._note(path, Facts(absent=_CLOSED))
        self._forget_gone()
        # Those that nobody has looked into yet come first, so that all have their turn.
        candidates.sort(key=lambda name: (bool(self.book.records[name].fingerprint), name))
        return self._look_into_all(candidates)

    def _note(self, path: Path, facts: Facts) -> None:
        recorded = relative(path, self.settings)
        name = shown(recorded)
        self.seen[name] = Dropped(path.parent, path.name, recorded)
        self._facts[name] = facts
        self._judge(self._record(name), None)

    def _record(self, name: str) -> Record:
        record = self.book.records.get(name)
        if record is None:
            return Record(path=name, first_seen=self.now.wall, since=self.now.wall)
        return record if record.gone_since is None else replace(record, gone_since=None)

    def _judge(self, record: Record, findings: Findings | None) -> Verdict:
        facts = self._facts[record.path]
        record, verdict = judge(record, facts, findings, self._rules, self.now)
        self._keep(record)
        return verdict

    def _keep(self, record: Record) -> None:
        if self.book.records.get(record.path) is not record:
            self.book.records[record.path] = record

    # ----------------------------------------------------------------------- looking

    def _look(self, found: Dropped, episodes: Collection[str]) -> str | None:
        """Look at a file; its name when it is to be looked into."""
        name = shown(found.recorded)
        self.seen[name] = found
        record = self._record(name)
        look, facts = look_at(found)
        is_done = record.result is Result.DONE
        if is_done and record.episode and record.episode not in episodes:
            # Its episode was removed by hand, to be made again.
            record = replace(ask(record), episode=None)
        if self._is_as_it_was(found, record, look):
            self._keep(record if record.look == look else replace(record, look=look))
            return None
        facts = replace(
            facts, is_queued=name in self.queued, is_processing=self._has_living_run(record)
        )
        self._facts[name] = facts
        if look is not None:
            record = self._observe(found, record, look)
        if self._is_to_be_looked_into(record, facts):
            self._keep(record)
            return name
        self._judge(record, None)
        return None

    def _is_as_it_was(self, found: Dropped, record: Record, look: Look | None) -> bool:
        """Whether a file that nothing is to be done about has not changed."""
        before = record.look
        if not record.is_settled or record.state is not _STATES[record.result]:
            return False
        if look is None or before is None or before.identity != look.identity:
            return False
        if record.path in self.queued and record.result is not Result.DONE:
            return False
        # Its permissions, its name in a backup; or what was written by one that sets times back.
        return before.changed_ns == look.changed_ns or self._has_same_content(found, record)

    def _has_same_content(self, found: Dropped, record: Record) -> bool:
        try:
            return sample_of(found) == record.sample
        except OSError:
            return False

    def _has_living_run(self, record: Record) -> bool:
        if record.episode is None or not (record.taken or record.path in self.queued):
            return False
        return has_living_run(EpisodeFolder(self.settings.output_folder / record.episode))

    def _observe(self, found: Dropped, record: Record, look: Look) -> Record:
        record = observe(record, look, self.now)
        if record.sample or is_rested(record, self._rules):
            return record
        if record.rested_s < self._rules.rest_s / 2 or self._facts[record.path].absent:
            return record
        try:
            return replace(record, sample=sample_of(found))
        except OSError:
            return record

    def _is_to_be_looked_into(self, record: Record, facts: Facts) -> bool:
        if facts != Facts() or is_just_taken(record, self.now) or record.is_settled:
            return False
        if not is_rested(record, self._rules) or not wants_check(record, self._rules):
            return False
        return not has_to_wait(record, self.now)

    def _forget_gone(self) -> None:
        for name, record in list(self.book.records.items()):
            if name in self.seen:
                continue
            if record.gone_since is None and (record.tried or record.taken):
                # A network's disk comes back, and with it what was refused or set aside.
                self.book.records[name] = replace(record, gone_since=self.now.wall, looked=None)
            elif record.gone_since is None or self.now.wall - record.gone_since > GONE_S:
                del self.book.records[name]

    # ----------------------------------------------------------------------- looking into

    def _look_into_all(self, names: Collection[str]) -> list[Record]:
        """Open the files that have rested, and take those that are ready."""
        if not names:
            return []
        files = [self.seen[name] for name in names]
        writers = find_writers([p for f in files for p in (*f.files, *f.files_beside)])
        company = Company(self.seen, self.book.records, self._rules)
        began, taken = time.monotonic(), []
        for name in names:
            record, found = self.book.records[name], self.seen[name]
            if time.monotonic() - began > BUDGET_S:
                self._judge(record, None)
                continue
            record, findings = self._look_into(record, found, writers, company)
            if self._judge(record, findings).act is Act.TAKE:
                taken.append(self.book.records[name])
                company.add(self.book.records[name])
        return taken

    def _look_into(
        self, record: Record, found: Dropped, writers: Mapping[Path, str], company: Company
    ) -> tuple[Record, Findings | None]:
        """What is to be found in a file, and its record; nothing yet while its content changes."""
        try:
            unreadable = why_unreadable(found)
            opened_by = next((_told(p, writers) for p in found.files if p in writers), "")
            if unreadable or opened_by:
                return record, Findings(
                    fingerprint=record.fingerprint, unreadable=unreadable, opened_by=opened_by
                )
            if not record.fingerprint or record.fault is not None:
                sample = sample_of(found)
                if not record.sample:
                    # Seen once is not seen to stay.
                    return replace(record, sample=sample), None
                if sample != record.sample:
                    return forget_rest(record), None
            record = self._with_fingerprint(record, found)
            folder = self._known.find(found.path)
            if folder is not None:
                record = replace(record, episode=folder.name)
                if has_living_run(folder):
                    self._facts[record.path] = Facts(is_processing=True)
                    return record, None
            findings = findings_of(folder, found, record, self.settings)
            if not findings.is_known_done:
                fault = find_faults(found) or company.doubt(found)
                findings = replace(findings, fault=fault, held=company.why_held(record, found))
            if look_at(found)[0] != record.look:
                # It changed while it was looked into: what was found is of both.
                return forget_rest(record), None
        except OSError as error:
            why = f"it cannot be read: {error.strerror or error}"
            return record, Findings(fingerprint=record.fingerprint, unreadable=why)
        return record, findings

    def _with_fingerprint(self, record: Record, found: Dropped) -> Record:
        if record.fingerprint or record.look is None:
            return record
        return replace(record, fingerprint=fingerprint_of(found, record.look, record.sample))

    # ----------------------------------------------------------------------- telling

    def waiting(self) -> list[Record]:
        """What is not done, by path."""
        records = (self.book.records[name] for name in sorted(self.seen))
        return [record for record in records if record.state is not FileState.DONE]

    def write_problems(self, tray: Tray) -> None:
        """Say what is wrong beside the files that somebody should see to, and beside no others."""
        wanted: set[Path] = set()
        for name, found in self.seen.items():
            record = self.book.records[name]
            if not record.is_problem:
                if record.noted:
                    self.book.records[name] = replace(record, noted="")
                continue
            wanted.add(problem_path(found.path))
            told = f"{record.until or ''} {record.reason}"
            if record.noted != told:
                write_problem(found.path, record.reason, since=record.since, until=record.until)
                self.book.records[name] = replace(record, noted=told)
        remove_problems(tray.problems, wanted)


def _told(path: Path, writers: Mapping[Path, str]) -> str:
    return f"{writers[path]} has {shown(path.name)} open and may still be writing into it"


def _names_in(folder: Path) -> set[str]:
    with os.scandir(folder) as entries:
        return {entry.name for entry in entries}
