"""An episode as its editor has it: what comes of a draft and of the decisions about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shownotes.adapters.store import content_sha256
from shownotes.core.anchors import MachineWords
from shownotes.core.edited_segments import Editing
from shownotes.core.edited_words import EditedSegment, as_transcript
from shownotes.core.layer import Conflict, Layer, decisions_sha256
from shownotes.core.note_items import NotesView
from shownotes.core.printed_notes import apply_view
from shownotes.core.review import Change, Decision, Review
from shownotes.core.reviewed_notes import view_notes
from shownotes.core.reviewed_speakers import Voices
from shownotes.core.spellings import read_spellings, spell_text
from shownotes.core.viewing import Viewing
from shownotes.core.word_marks import Marks, read_marks
from shownotes.errors import ReviewError
from shownotes.model import ShowNotes, Transcript
from shownotes.steps.review_draft import Draft
from shownotes.steps.step import Walk

# More segments than this are made anew all together.
FEW_POSITIONS = 200


@dataclass(slots=True, kw_only=True)
class ReviewedEpisode:
    """A draft, the decisions about it, and what comes of both; call `remake` when either changes.

    Attributes:
        machine: the draft's words under their ids.
    """

    walk: Walk
    draft: Draft
    machine: MachineWords
    review: Review
    editing: Editing = field(init=False)
    segments: list[EditedSegment] = field(init=False)
    words_layer: Layer = field(init=False)
    _notes: tuple[NotesView, Layer] | None = None

    def __post_init__(self) -> None:
        self.remake()

    def remake(self, positions: Iterable[int] | None = None) -> None:
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
            self._remake_around(before, chosen | self._beside(before, chosen))

    def _beside(self, before: Editing, positions: set[int]) -> set[int]:
        """Positions in the segments beside, which may be pressed together where times were set."""
        editings = (before, self.editing)
        if not any(one.marks.starts or one.marks.ends for one in editings):
            return set()
        found = set()
        for position in positions:
            first = min(one.around(position) for one in editings)
            end = max(one.end_of(position) for one in editings)
            found |= {max(0, first - 1), min(end, len(self.machine.words) - 1)}
        return found

    def _remake_around(self, before: Editing, positions: set[int]) -> None:
        """Replace the segments that were or are around these positions."""
        last = len(self.machine.words) - 1
        for position in sorted(positions):
            # From where a segment began and begins to where one began and begins again.
            first, end = position, position + 1
            while not (before.opens(first) and self.editing.opens(first)):
                first -= 1
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
        spellings = read_spellings(Layer(decisions))
        people = (*notes.hosts, *notes.guests, *notes.mentioned)
        named = [*(p.name for p in people), *(b.name for b in notes.agencies)]
        named += [b.name for b in notes.organizations]
        decided = [
            str(d.value)
            for d in decisions.values()
            if d.key.endswith("/name") and d.key.startswith(("person/", "body/"))
        ]
        return {spell_text(name, spellings) for name in named} | set(decided)

    # ------------------------------------------------------------------- what comes of it

    @property
    def voices(self) -> Voices:
        """The voices of the draft."""
        return Voices(self.machine, self.draft.speakers)

    @property
    def speakers(self) -> dict[str, str | None]:
        """By label, who it is; `None` where nobody is told apart."""
        layer = Layer(self.review.decisions)
        named = self.voices.name(self.segments, layer, self.marks.spellings)
        self.words_layer.conflicts |= {
            key: replace(conflict, then=conflict.then["name"])
            for key, conflict in layer.conflicts.items()
        }
        return named

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

    def viewing(self, decisions: Mapping[str, Decision] | None = None) -> Viewing:
        """What the notes are looked at with; with other decisions, to see what would come of them.

        Raises:
            ValueError, KeyError, TypeError, IndexError: nothing can.
        """
        layer = Layer(self.review.decisions if decisions is None else decisions)
        return Viewing(
            notes=self.draft.notes,
            machine=self.machine,
            layer=layer,
            marks=self.marks if decisions is None else read_marks(self.machine, layer),
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
        return self.versions()[0]

    def versions(self) -> tuple[str, ...]:
        """The same, and as older programs have made it: an approval of any of them is of this."""
        decided = decisions_sha256(self.review.decisions)
        return tuple(content_sha256([version, decided]) for version in self.draft.versions)

    def try_out(self, change: Change) -> None:
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
        try:
            view_notes(self.viewing(decisions))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise ReviewError(f"That cannot be done to this episode: {error}.") from error
