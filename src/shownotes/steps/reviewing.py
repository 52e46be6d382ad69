"""The editor's decisions on disk, and the episode as they make it.

The desk writes `review.log.jsonl` (every change, synced before it is acknowledged; it wins),
`review.json` (the log folded) and `review.base.json` (the words that decisions were made on).
The machine's boxes are only read.
"""

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder, content_sha256, now
from shownotes.core.anchors import Base, MachineWords, place
from shownotes.core.edited_words import (
    EditedSegment,
    Editing,
    Marks,
    as_transcript,
    read_marks,
    spell_text,
)
from shownotes.core.note_items import NotesView
from shownotes.core.printed_notes import apply_view
from shownotes.core.review import (
    Approval,
    Change,
    ChangeKind,
    Conflict,
    Decision,
    Edit,
    Layer,
    Review,
    Value,
    apply,
    check_seen,
    decisions_sha256,
    fold,
    make_edits,
    take_back,
)
from shownotes.core.review_ops import Wanted
from shownotes.core.reviewed_notes import Viewing, view_notes
from shownotes.errors import ReviewError, ShowNotesError, StoreError
from shownotes.model import ShowNotes, State, Transcript
from shownotes.steps.review_draft import BASE, Draft, current_base, read_draft, stamps_of
from shownotes.steps.reviews import BOX, ReviewBox, is_reviewed
from shownotes.steps.step import Walk

# More segments than this are made anew all together.
FEW_POSITIONS = 200
# So many words of a voice tell whether it is the same one in another draft.
SAMPLED_WORDS = 9
# What a change of these can do to the notes is nothing that could keep them from being drawn.
_OF_WORDS = ("word", "break", "start", "end", "sure", "seen")


@dataclass(slots=True)
class Reviewing:
    """One episode under review: its draft, its decisions and what comes of both.

    Made by `open_review`; hold `lock` while using it from several threads.
    """

    walk: Walk
    log: ReviewLog
    draft: Draft
    base: Base
    machine: MachineWords
    review: Review
    offset: int
    stamps: tuple[tuple[int, int], ...]
    lock: threading.RLock = field(default_factory=threading.RLock)
    editing: Editing = field(init=False)
    segments: list[EditedSegment] = field(init=False)
    words_layer: Layer = field(init=False)
    _notes: tuple[NotesView, Layer] | None = None

    def __post_init__(self) -> None:
        self._remake()

    # ------------------------------------------------------------------- what comes of it

    def _remake(self, positions: Iterable[int] | None = None) -> None:
        """Make the segments anew: those around some positions, or all."""
        self._notes = None
        self.words_layer = Layer(self.review.decisions)
        marks = read_marks(self.machine, self.words_layer, self._known_names())
        before = None if positions is None else self.editing
        self.editing = Editing(self.machine, self.draft.transcript.segments, marks)
        chosen = None if positions is None else set(positions)
        if before is None or chosen is None or len(chosen) > FEW_POSITIONS:
            self.segments = list(self.editing.make())
        elif chosen:
            self._remake_around(before, chosen)

    def _remake_around(self, before: Editing, positions: set[int]) -> None:
        """Replace the segments that were or are around these positions."""
        last = len(self.machine.words) - 1
        for position in sorted(positions):
            first = min(before.around(position), self.editing.around(position))
            end = position + 1
            while end <= last and not (before.opens(end) and self.editing.opens(end)):
                end += 1
            low = next((i for i, s in enumerate(self.segments) if s.last >= first), None)
            low = len(self.segments) if low is None else low
            high = low
            while high < len(self.segments) and self.segments[high].first < end:
                high += 1
            self.segments[low:high] = self.editing.make(first, end)

    def _known_names(self) -> set[str]:
        """Names that the transcript marks, as they are spelled by now."""
        notes, decisions = self.draft.notes, self.review.decisions
        spellings = read_marks(self.machine, Layer(_only(decisions, "spelling/"))).spellings
        people = (*notes.hosts, *notes.guests, *notes.mentioned)
        named = [*(p.name for p in people), *(b.name for b in notes.agencies)]
        named += [b.name for b in notes.organizations]
        decided = [
            str(d.value)
            for d in decisions.values()
            if d.key.endswith("/name") and d.key.startswith(("person/", "body/"))
        ]
        return {spell_text(name, spellings) for name in named} | set(decided)

    @property
    def speakers(self) -> dict[str, str | None]:
        """By label, who it is; `None` where nobody is told apart."""
        labels = dict.fromkeys(s.label for s in self.segments if s.label)
        layer = Layer(self.review.decisions)
        spellings = self.editing.marks.spellings
        named: dict[str, str | None] = {}
        for label in labels:
            name = self._name_of(label, layer)
            named[label] = spell_text(name, spellings) if name else label
        for decision in layer.under("speaker/"):
            label = decision.key.partition("/")[2]
            if label not in labels and decision.machine["words"]:
                layer.object(
                    decision, None, label=f"Who {label} is; the new draft has no such voice"
                )
        self.words_layer.conflicts |= {
            key: replace(conflict, then=conflict.then["name"])
            for key, conflict in layer.conflicts.items()
        }
        is_one = len(named) == 1 and not self.draft.speakers
        if is_one and not any(f"speaker/{label}" in self.review.decisions for label in named):
            return dict.fromkeys(named)
        return named

    def voice_of(self, label: str) -> dict[str, Value]:
        """What the machine says of a voice: its name, and some of the words that it speaks."""
        words = [placed.id for placed in self.machine.words if placed.label == label]
        step = max(1, len(words) // SAMPLED_WORDS)
        return {"name": self.draft.speakers.get(label), "words": words[::step][:SAMPLED_WORDS]}

    def _name_of(self, label: str, layer: Layer) -> str | None:
        """Who a voice is: as decided while it is the same voice, else as the machine heard."""
        machine = self.draft.speakers.get(label)
        decision = layer.decisions.get(f"speaker/{label}")
        if decision is None or decision.value == machine:
            return machine
        position, words = self.machine.position, self.machine.words
        there = [position[number] for number in decision.machine["words"] if number in position]
        its_own = sum(words[index].label == label for index in there)
        if decision.machine["name"] == machine and 2 * its_own >= len(there):
            return str(decision.value)
        layer.object(decision, machine or label, label=f"Who {label} is")
        return machine

    @property
    def names(self) -> dict[str, str]:
        """By label, the speakers who have a name of their own."""
        return {label: name for label, name in self.speakers.items() if name is not None}

    @property
    def marks(self) -> Marks:
        """The decisions about words."""
        return self.editing.marks

    def transcript(self) -> Transcript:
        """The transcript as the editor has it."""
        return as_transcript(self.draft.transcript, self.segments, self.speakers)

    def viewing(self) -> Viewing:
        """What the notes are looked at with."""
        return Viewing(
            notes=self.draft.notes,
            machine=self.machine,
            layer=Layer(self.review.decisions),
            marks=self.marks,
            sentences=self.draft.sentences,
            segments=self.segments,
        )

    def view(self) -> NotesView:
        """The notes with what was decided of them."""
        if self._notes is None:
            viewing = self.viewing()
            self._notes = (view_notes(viewing), viewing.layer)
        return self._notes[0]

    def conflicts(self) -> list[Conflict]:
        """Every decision that no longer fits, in order of time."""
        self.view()
        # Asked for, the speakers' names say which of them no longer fit.
        _ = self.speakers
        found = dict(self.words_layer.conflicts)
        if self._notes is not None:
            found |= self._notes[1].conflicts
        # A decision is about words or about notes, and each was only asked by one of the two.
        return sorted(found.values(), key=lambda c: (c.start is None, c.start or 0.0, c.key))

    def notes(self) -> ShowNotes:
        """The notes as they would be printed."""
        return apply_view(self.viewing(), self.view(), self.names)

    def version(self) -> str:
        """Hash of what would be published: the draft and the decisions."""
        return content_sha256([self.draft.version, decisions_sha256(self.review.decisions)])

    @property
    def state(self) -> State:
        """Draft, in review, approved or changed since."""
        review = self.review
        if review.approval is not None:
            is_current = review.approval.version == self.version()
            return State.APPROVED if is_current else State.CHANGED_SINCE_APPROVAL
        return State.IN_REVIEW if review.seq else State.DRAFT

    # ------------------------------------------------------------------- keeping up

    def refresh(self) -> bool:
        """Take in what others have written: the pipeline a draft, another desk a change.

        Returns:
            Whether the draft is another one.
        """
        stamps = stamps_of(self.walk.folder)
        is_new_draft = stamps != self.stamps
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
            self._remake()
        return is_new_draft

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
                self._try(change)
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
            change = self._entry(name, by, kind, label=undone.label, edits=edits, undoes=undone.seq)
            self._record(change, None)
            return change

    def approve(
        self, *, by: str, publish_at: str | None = None, seen: int | None = None
    ) -> Approval:
        """Approve the episode as it is now.

        Raises:
            ReviewError: conflicts are open, or somebody has changed it since it was looked at.
        """
        with self.lock, self.log.locked():
            self.refresh()
            self._check_finished()
            open_conflicts = self.conflicts()
            if open_conflicts:
                raise ReviewError(
                    f"{self.walk.folder.name}: {len(open_conflicts)} decisions no longer fit the "
                    "draft. Look at each in the desk and keep yours or take the machine's."
                )
            if seen is not None and seen != self.review.seq:
                raise ReviewError(
                    "The episode was changed since you looked at it. Look again, then approve."
                )
            change = self._entry(
                uuid.uuid4().hex,
                by,
                ChangeKind.APPROVE,
                label="Approved",
                version=self.version(),
                publish_at=publish_at,
            )
            self._record(change, ())
            approval = self.review.approval
            assert approval is not None
        self._remember_voices(by)
        return approval

    def _remember_voices(self, by: str) -> None:
        from shownotes.steps.known_voices import remember  # which reads reviews itself

        try:
            with self.lock:
                remember(self, by=by)
        except (ShowNotesError, OSError, ValueError) as error:
            # The approval is on the disk and stands: without prints nobody is suggested, no more.
            self.walk.progress.say(f"The voices were not kept: {error}")

    def _check_finished(self) -> None:
        """Refuse a draft that was made of something else than what lies there now.

        Raises:
            ReviewError: a run was cut off, failed or is at work.
        """
        folder = self.walk.folder
        stamp = folder.stamp("draft.json")
        made_from = stamp.made_from if stamp else {}
        stale = [box for box, sha in self.draft.hashes.items() if made_from.get(box, sha) != sha]
        if stale:
            raise ReviewError(
                f"{folder.name}: the draft was made before {stale[0]} changed; a run is at work, "
                f"or was cut off. When it is through, or after `shownotes process {folder.name}`, "
                "look again and approve."
            )

    def withdraw(self, *, by: str) -> None:
        """Take an approval back."""
        with self.lock, self.log.locked():
            self.refresh()
            if self.review.approval is None:
                return
            change = self._entry(
                uuid.uuid4().hex, by, ChangeKind.WITHDRAW, label="Approval withdrawn"
            )
            self._record(change, ())

    def _try(self, change: Change) -> None:
        """See whether the notes can be drawn with a change, before it is on the disk for good.

        Raises:
            ReviewError: they cannot.
        """
        decisions = dict(self.review.decisions)
        for edit in change.edits:
            decisions.pop(edit.key, None)
            if edit.after is not None:
                decisions[edit.key] = Decision(
                    key=edit.key,
                    value=edit.after,
                    machine=edit.machine,
                    by="",
                    at="",
                    seq=change.seq,
                )
        layer = Layer(decisions)
        try:
            marks = read_marks(self.machine, layer)
            view_notes(replace(self.viewing(), layer=layer, marks=marks, keys=set()))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ReviewError(f"That cannot be done to this episode: {error}.") from error

    def _entry(
        self,
        name: str,
        by: str,
        kind: ChangeKind,
        *,
        label: str,
        edits: tuple[Edit, ...] = (),
        undoes: int | None = None,
        version: str | None = None,
        publish_at: str | None = None,
    ) -> Change:
        return Change(
            seq=self.review.seq + 1,
            id=name,
            at=now(),
            by=by,
            kind=kind,
            label=label[:200].encode("utf-8", "replace").decode(),
            edits=edits,
            undoes=undoes,
            version=version,
            publish_at=publish_at,
        )

    def _record(self, change: Change, positions: Iterable[int] | None) -> None:
        """Put a change on the disk, then let it hold."""
        self.keep_ids()
        self.offset = self.log.append(change, at=self.offset)
        apply(self.review, change)
        self._remake(positions)
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


def _only(decisions: Mapping[str, Decision], prefix: str) -> dict[str, Decision]:
    return {key: value for key, value in decisions.items() if key.startswith(prefix)}


def _box_seq(folder: EpisodeFolder) -> int | None:
    """The last change that `review.json` knows; `None` when it cannot be read."""
    try:
        return folder.read(BOX, ReviewBox).seq
    except (StoreError, OSError):
        return None


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
    reviewing = Reviewing(
        walk=walk,
        log=log,
        draft=draft,
        base=base,
        machine=place(draft.transcript, base),
        review=fold(changes),
        offset=offset,
        stamps=stamps,
    )
    if log.exists() and _box_seq(folder) != reviewing.review.seq:
        with log.locked():
            reviewing.write_box()
    return reviewing


# --------------------------------------------------------------------------- for the other steps


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
