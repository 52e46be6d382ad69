"""The editor's decisions on disk: taken in, checked, written down.

The desk writes `review.log.jsonl` (every change, synced before it is acknowledged; it wins),
`review.json` (the log folded) and `review.base.json` (the words that decisions were made on).
The machine's boxes are only read.
"""

import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import now
from shownotes.core.anchors import Base, place
from shownotes.core.layer import decisions_sha256
from shownotes.core.review import (
    Approval,
    Change,
    ChangeKind,
    Edit,
    apply,
    fold,
    make_edits,
)
from shownotes.core.review_ops import Wanted
from shownotes.core.undo import check_seen, take_back
from shownotes.errors import ReviewError
from shownotes.model import ShowNotes, State, Transcript
from shownotes.steps.review_draft import BASE, current_base, read_draft, stamps_of
from shownotes.steps.reviewed_episode import ReviewedEpisode
from shownotes.steps.reviews import BOX, ReviewBox, box_seq, is_reviewed
from shownotes.steps.step import Walk

# What a change of these can do to the notes is nothing that could keep them from being drawn.
_OF_WORDS = ("word", "break", "start", "end", "sure", "seen")


@dataclass(slots=True, kw_only=True)
class Reviewing(ReviewedEpisode):
    """One episode under review.

    Made by `open_review`; hold `lock` while using it from several threads.
    """

    log: ReviewLog
    base: Base
    offset: int
    stamps: tuple[tuple[int, int], ...]
    log_inode: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def state(self) -> State:
        """Draft, in review, approved or changed since."""
        from shownotes.steps import approvals  # which reads reviews itself

        review = self.review
        if review.approval is not None:
            is_current = approvals.is_current(self, review.approval)
            return State.APPROVED if is_current else State.CHANGED_SINCE_APPROVAL
        return State.IN_REVIEW if review.seq else State.DRAFT

    # ------------------------------------------------------------------- keeping up

    def refresh(self) -> bool:
        """Take in what others have written: the pipeline a draft, another desk a change.

        Returns:
            Whether the draft is another one.
        """
        stamps = stamps_of(self.walk.folder)
        is_another_log = self._begin_again()
        is_new_draft = stamps != self.stamps or is_another_log
        changes, offset = self.log.read(self.offset)
        for change in changes:
            apply(self.review, change)
        self.offset = offset
        if is_new_draft:
            with self.log.locked():
                draft = read_draft(self.walk)
                base = current_base(self.walk.folder, draft)
            machine = place(draft.transcript, base)
            self.draft, self.base, self.machine, self.stamps = draft, base, machine, stamps
        if is_new_draft or changes:
            self.remake()
        return is_new_draft

    def _begin_again(self) -> bool:
        """Forget what was read when another log lies there: a backup was put back."""
        before, self.log_inode = self.log_inode, self.log.inode()
        if before in (0, self.log_inode):
            return False
        self.review, self.offset = fold(()), 0
        return True

    def keep_ids(self) -> None:
        """Have the words' ids on the disk before anybody is shown them."""
        with self.log.locked():
            if not self.walk.folder.has(BASE):
                self.walk.folder.write(BASE, self.base)

    # ------------------------------------------------------------------- deciding

    def change(
        self,
        want: Callable[["Reviewing", Wanted], None],
        *,
        by: str,
        label: str,
        seen: int | None = None,
        change_id: str | None = None,
    ) -> Change | None:
        """Have a change decided and on the disk.

        Args:
            want: says what registers to set, given the episode as it is now.
            by: the editor.
            label: what is done, for people.
            seen: the last change that the editor knew; `None` to look at nothing.
            change_id: the same for a change that is sent again, which is then not made again.

        Returns:
            The change; `None` when it changes nothing.

        Raises:
            OutdatedChangeError: somebody was there first; nothing was changed.
            ReviewError: it cannot be made.
        """
        with self.lock, self.log.locked():
            self.refresh()
            name = change_id or uuid.uuid4().hex
            if name in self.review.applied:
                return self.review.changes[self.review.applied[name]]
            wanted = Wanted()
            want(self, wanted)
            if seen is not None:
                check_seen(self.review, wanted.read, seen)
            edits = make_edits(self.review, wanted.values)
            if not edits:
                return None
            change = self._entry(name, by, ChangeKind.CHANGE, label=label, edits=edits)
            if any(edit.key.partition("/")[0] not in _OF_WORDS for edit in edits):
                self.try_out(change)
            self._record(change, wanted.positions)
            return change

    def take_back(self, *, by: str, is_redo: bool, change_id: str | None = None) -> Change:
        """Undo the editor's last change, or do it again.

        Raises:
            OutdatedChangeError: somebody else has changed the same since, or there is nothing.
        """
        with self.lock, self.log.locked():
            self.refresh()
            name = change_id or uuid.uuid4().hex
            if name in self.review.applied:
                return self.review.changes[self.review.applied[name]]
            undone, edits = take_back(self.review, by, is_redo=is_redo)
            kind = ChangeKind.REDO if is_redo else ChangeKind.UNDO
            change = self._entry(name, by, kind, label=undone.label, edits=edits)
            change = replace(change, undoes=undone.seq)
            self._record(change, None)
            return change

    def approve(
        self, *, by: str, publish_at: str | None = None, seen: int | None = None
    ) -> Approval:
        """Approve the episode as it is now.

        Raises:
            ReviewError: conflicts are open, or somebody has changed it since it was looked at.
        """
        from shownotes.steps import approvals  # which reads reviews itself

        with self.lock, self.log.locked():
            self.refresh()
            approvals.check_approvable(self, seen)
            change = replace(
                self._entry(uuid.uuid4().hex, by, ChangeKind.APPROVE, label="Approved"),
                version=self.version(),
                publish_at=publish_at,
                proof=approvals.take_proof(self),
            )
            self._record(change, ())
            approval = self.review.approval
            assert approval is not None
        approvals.remember_voices(self, by)
        return approval

    def withdraw(self, *, by: str) -> None:
        """Take an approval back."""
        with self.lock, self.log.locked():
            self.refresh()
            if self.review.approval is None:
                return
            name = uuid.uuid4().hex
            change = self._entry(name, by, ChangeKind.WITHDRAW, label="Approval withdrawn")
            self._record(change, ())

    def _entry(
        self,
        name: str,
        by: str,
        kind: ChangeKind,
        *,
        label: str,
        edits: tuple[Edit, ...] = (),
    ) -> Change:
        """The next entry of the log."""
        return Change(
            seq=self.review.seq + 1,
            id=name,
            at=now(),
            by=by,
            kind=kind,
            label=label[:200].encode("utf-8", "replace").decode(),
            edits=edits,
        )

    def _record(self, change: Change, positions: Iterable[int] | None) -> None:
        """Put a change on the disk, then let it hold."""
        self.keep_ids()
        self.offset = self.log.append(change, at=self.offset)
        self.log_inode = self.log.inode()
        apply(self.review, change)
        self.remake(positions)
        self.write_box()

    def write_box(self) -> None:
        """Write `review.json` as the log has it."""
        review, view = self.review, self.view()
        guests = [i for i in view.people if i.is_kept and i.values.get("role") == "guest"]
        box = ReviewBox(
            seq=review.seq,
            decided=decisions_sha256(review.decisions),
            decisions=tuple(review.decisions[key] for key in sorted(review.decisions)),
            approval=review.approval,
            title=str(view.fields["title"].value or ""),
            guests=tuple(str(item.values.get("name") or "") for item in guests)[:12],
            checks=sum(not is_seen for _, _, is_seen in view.checks),
            log_bytes=self.offset,
            conflicts=len(self.conflicts()),
        )
        self.walk.folder.write(BOX, box)


def open_review(walk: Walk) -> Reviewing:
    """An episode whose draft is finished, with its decisions.

    Raises:
        ReviewError: there is no draft yet.
        FormatError: the log or a box is damaged.
    """
    folder = walk.folder
    if not folder.has("draft.json"):
        raise ReviewError(
            f"{folder.name} has no draft yet. `shownotes process {folder.name}` makes one."
        )
    log = ReviewLog(folder.path)
    stamps = stamps_of(folder)
    draft = read_draft(walk)
    with log.locked():
        base = current_base(folder, draft)
        changes, offset = log.read()
        inode = log.inode()
    reviewing = Reviewing(
        walk=walk,
        log=log,
        draft=draft,
        base=base,
        machine=place(draft.transcript, base),
        review=fold(changes),
        offset=offset,
        stamps=stamps,
        log_inode=inode,
    )
    if log.exists() and box_seq(folder) != reviewing.review.seq:
        with log.locked():
            reviewing.write_box()
    return reviewing


def reviewed(walk: Walk) -> tuple[ShowNotes, Transcript] | None:
    """Notes and transcript as the editor has them; `None` when nobody has decided anything."""
    if not is_reviewed(walk.folder):
        return None
    reviewing = open_review(walk)
    return reviewing.notes(), reviewing.transcript()


def approve(walk: Walk, *, by: str, publish_at: str | None = None) -> Approval:
    """Approve an episode as it is now.

    Raises:
        ReviewError: there is no draft, or decisions that no longer fit it.
    """
    return open_review(walk).approve(by=by, publish_at=publish_at)
