"""Any sequence of edits, other drafts, undos, redos and approvals ends consistent.

Two desks are open on one small episode, as two processes would be, and two editors work at each of
them in whatever order Hypothesis likes. After every step the disk alone has to say the same as
both desks; at the end everything is taken back, and what is left must be the machine's own draft.

    python -m tests.torture.edits [--count N] [--seed S]
"""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.captions import make_cues
from shownotes.core.edited_words import EditedSegment
from shownotes.core.layer import decisions_sha256
from shownotes.core.review import Change, ChangeKind, fold
from shownotes.core.sentences import split
from shownotes.errors import OutdatedChangeError, ReviewError
from shownotes.model import Segment, ShowNotes, State, Transcript, Word
from shownotes.settings import Settings
from shownotes.steps import compose, divide
from shownotes.steps.deciding import decide
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.reviews import BOX, ReviewBox, review_state
from shownotes.steps.step import Walk
from tests.episodes import lay_out
from tests.spoken import spoken
from tests.torture.arguments import Outcomes, arguments

SCRIPT = """ANN: Welcome to the River Show, I am Ann Lee.
BO: Thank you, I am Kofi Asante of the River Board.

ANN: So how much water is there in the river now?
BO: The River Board says there is half of what there was.
ANN: And who owns it? Nobody knows, says Kofi Asante.
"""
EDITORS = ("Ada", "Bo")
DESKS = (0, 1)
TYPED = ("river", "River", "Board", "Asante", "the", "a", "…", "water,", "half-way", "", "Kofi's")
VOICES = ("ANN", "BO", "OLA")
STEPS = 30

PLACES = st.integers(0, 60)
TEXTS = st.lists(st.sampled_from(TYPED), max_size=5).map(" ".join)


def ops_of(machine: "EditLayer", desk: Reviewing) -> st.SearchStrategy[dict[str, Any]]:
    """Operations on the episode as a desk shows it."""
    shown = [word for segment in desk.segments for word in segment.words]
    ids = st.sampled_from([word.id for word in shown] or [0])
    times = st.floats(0.0, desk.draft.transcript.duration, allow_nan=False).map(
        lambda value: round(value, 2)
    )
    view = desk.view()
    return st.one_of(
        st.builds(
            lambda at, length, text: {
                "op": "text",
                "first": shown[at % len(shown)].id if shown else 0,
                "last": shown[min(len(shown) - 1, at % len(shown) + length)].id if shown else 0,
                "text": text,
            },
            PLACES,
            st.integers(0, 5),
            TEXTS,
        ),
        st.builds(lambda op, at: {"op": op, "at": at}, st.sampled_from(["split", "join"]), ids),
        st.builds(
            lambda at, edge, to: {"op": "time", "at": at, "edge": edge, "to": to},
            ids,
            st.sampled_from(["start", "end"]),
            st.none() | times,
        ),
        st.builds(
            lambda at, label: {"op": "voice", "at": at, "label": label},
            ids,
            st.sampled_from(VOICES),
        ),
        st.builds(
            lambda label, name: {"op": "speaker", "label": label, "name": name},
            st.sampled_from(VOICES),
            st.sampled_from([None, "Ann Lee", "Ola Berg"]),
        ),
        st.builds(
            lambda one, other, is_sure: {
                "op": "sure",
                "first": min(one, other),
                "last": max(one, other),
                "is": is_sure,
            },
            ids,
            ids,
            st.booleans(),
        ),
        st.builds(
            lambda one, to: {"op": "spelling", "from": one, "to": to},
            st.sampled_from(["Kofi Asante", "River Board", "Ann Lee", "river"]),
            st.sampled_from([None, "Kofi Asanté", "River Bored", "Anne Lee", "the River"]),
        ),
        st.builds(
            lambda key, value: {"op": "set", "key": key, "value": value},
            st.sampled_from(["title", "hook", "sign_off"]),
            st.sampled_from([None, "", "One title", "Another"]),
        ),
        st.builds(
            lambda name, lines: {"op": "set", "key": name, "value": lines},
            st.sampled_from(["summary", "key_points", "questions"]),
            st.none()
            | st.lists(
                st.fixed_dictionaries({"text": TEXTS, "start": st.none() | times}), max_size=3
            ),
        ),
        st.builds(
            lambda owner, what: {"op": "set", "key": f"{owner}/{what[0]}", "value": what[1]},
            st.sampled_from([*(item.key for item in view.people), "person/+a1b2c3"]),
            st.sampled_from(
                [
                    ("name", "Kofi Asante"),
                    ("name", "Ola Berg"),
                    ("role", "guest"),
                    ("role", "mentioned"),
                    ("title", "hydrologist"),
                    ("title", None),
                    ("keep", False),
                    ("keep", None),
                    ("link", "https://example.org/"),
                ]
            ),
        ),
        st.builds(
            lambda owner, what: {"op": "set", "key": f"{owner}/{what[0]}", "value": what[1]},
            st.sampled_from([*(item.key for item in view.chapters), "chapter/+9", "chapter/+30"]),
            st.sampled_from(
                [
                    ("title", "One chapter"),
                    ("title", ""),
                    ("title", None),
                    ("start", 3),
                    ("start", 12),
                    ("start", None),
                    ("keep", False),
                    ("keep", None),
                ]
            ),
        ),
        st.builds(
            lambda owner, value: {"op": "set", "key": f"{owner}/keep", "value": value},
            st.sampled_from([*(item.key for item in view.quotes), "quote/0-4", "quote/9-12"]),
            st.sampled_from([True, False, None]),
        ),
        st.builds(
            lambda key, take: {"op": "resolve", "key": key, "take": take},
            st.sampled_from([*(c.key for c in desk.conflicts()), "title"]),
            st.sampled_from(["mine", "machine"]),
        ),
    )


def another(transcript: Transcript, how: str, at: int) -> Transcript:
    """The transcript as another model, other settings or another export would have it."""
    words = [word for segment in transcript.segments for word in segment.words]
    at %= max(1, len(words))
    doubled = {"drop": [], "say": [words[at]], "twice": [words[at], words[at]]}
    if how == "later":
        return _mapped(transcript, lambda index, word: [_moved(word, 7.5)])
    if how == "hear":
        return _mapped(
            transcript,
            lambda index, word: [replace(word, text="Water") if index == at else word],
        )
    if how == "one":
        first, *rest = transcript.segments
        whole = tuple(word for segment in transcript.segments for word in segment.words)
        joined = replace(first, words=whole, end=whole[-1].end, text=_said(whole))
        return replace(transcript, segments=(joined,)) if rest else transcript
    if how == "swap":
        other = {"ANN": "BO", "BO": "ANN"}
        swapped = tuple(
            replace(s, speaker=other.get(s.speaker or "", s.speaker)) for s in transcript.segments
        )
        return replace(transcript, segments=swapped)
    if how == "cut":
        return _mapped(
            transcript, lambda index, word: [] if at <= index < at + 8 else [word], keep_one=True
        )
    return _mapped(
        transcript,
        lambda index, word: doubled.get(how, [word]) if index == at else [word],
        keep_one=True,
    )


HOW = st.sampled_from(["same", "later", "hear", "one", "swap", "cut", "drop", "twice"])


def _moved(word: Word, by: float) -> Word:
    return replace(word, start=round(word.start + by, 3), end=round(word.end + by, 3))


def _said(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _mapped(transcript: Transcript, change: Any, *, keep_one: bool = False) -> Transcript:
    segments: list[Segment] = []
    index = 0
    for segment in transcript.segments:
        words: list[Word] = []
        for word in segment.words:
            for new in change(index, word):
                if words and new.start < words[-1].end:
                    middle = round((words[-1].start + words[-1].end) / 2, 3)
                    new = replace(new, start=middle, end=words[-1].end)
                    words[-1] = replace(words[-1], end=middle)
                words.append(new)
            index += 1
        if words:
            segments.append(
                replace(
                    segment,
                    words=tuple(words),
                    text=_said(words),
                    start=words[0].start,
                    end=words[-1].end,
                )
            )
    if not segments and keep_one:
        return transcript
    end = max(transcript.duration, segments[-1].end + 1)
    return replace(transcript, segments=tuple(segments), duration=end)


@functools.cache
def _finished() -> Path:
    """The episode as the pipeline leaves it, made once."""
    root = Path(tempfile.mkdtemp(prefix="edits-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    walk = lay_out(root, "one", spoken(SCRIPT, with_speakers=True))
    for step in (divide.STEP, compose.STEP):
        step.run(walk)
    return root


class EditLayer(RuleBasedStateMachine):
    """Two editors at two desks over one episode."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="edits-"))
        shutil.copytree(_finished() / "output", self.root / "output")
        self.walk = Walk(EpisodeFolder(self.root / "output" / "one"), Settings(root=self.root))
        self.desks = [open_review(self.walk), open_review(self.walk)]
        self.seen = dict.fromkeys(EDITORS, 0)
        # Ids of what was acknowledged, in order, and which of the changes stand.
        self.acknowledged: list[str] = []
        self.standing: list[Change] = []
        self.count = 0

    def teardown(self) -> None:
        try:
            self.take_everything_back()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)

    @property
    def last(self) -> Reviewing:
        """A desk that knows the latest."""
        desk = self.desks[0]
        desk.refresh()
        return desk

    def name(self) -> str:
        self.count += 1
        return f"change-{self.count:06d}"

    def acknowledge(self, change: Change) -> None:
        self.acknowledged.append(change.id)
        if change.kind is ChangeKind.CHANGE:
            self.standing.append(change)
        elif change.kind is ChangeKind.UNDO:
            self.standing = [c for c in self.standing if c.seq != change.undoes]
        elif change.kind is ChangeKind.REDO:
            self.standing.append(self.last.review.changes[change.undoes or 0])

    # ------------------------------------------------------------------- what is done

    @rule(
        data=st.data(),
        desk=st.sampled_from(DESKS),
        by=st.sampled_from(EDITORS),
        several=st.integers(1, 3),
        has_looked=st.booleans(),
        again=st.booleans(),
    )
    def change(
        self, data: st.DataObject, desk: int, by: str, several: int, has_looked: bool, again: bool
    ) -> None:
        """Decide something, having seen the last of it or not; sent twice it is done once."""
        at = self.desks[desk]
        at.refresh()
        ops = [data.draw(ops_of(self, at), label="op") for _ in range(several)]
        if has_looked:
            self.seen[by] = at.review.seq
        name, seen = self.name(), self.seen[by]
        try:
            done = at.change(decide(ops), by=by, label="test", seen=seen, change_id=name)
        except (ReviewError, OutdatedChangeError) as refused:
            note(f"refused: {refused}")
            return
        if done is None:
            return
        self.acknowledge(done)
        if again:
            other = self.desks[1 - desk]
            once_more = other.change(decide(ops), by=by, label="test", seen=seen, change_id=name)
            assert once_more is not None
            assert once_more.seq == done.seq

    @rule(desk=st.sampled_from(DESKS), by=st.sampled_from(EDITORS), is_redo=st.booleans())
    def take_back(self, desk: int, by: str, is_redo: bool) -> None:
        try:
            done = self.desks[desk].take_back(by=by, is_redo=is_redo, change_id=self.name())
        except OutdatedChangeError as refused:
            note(f"refused: {refused}")
            return
        self.acknowledge(done)

    @rule(desk=st.sampled_from(DESKS), by=st.sampled_from(EDITORS))
    def approve(self, desk: int, by: str) -> None:
        at = self.desks[desk]
        try:
            at.approve(by=by, seen=at.review.seq)
        except ReviewError as refused:
            note(f"refused: {refused}")
            return
        assert at.state is State.APPROVED
        self.acknowledged.append(at.review.changes[at.review.seq].id)

    @rule(desk=st.sampled_from(DESKS), by=st.sampled_from(EDITORS))
    def withdraw(self, desk: int, by: str) -> None:
        at = self.desks[desk]
        at.refresh()
        has_approval = at.review.approval is not None
        at.withdraw(by=by)
        assert at.review.approval is None
        if has_approval:
            self.acknowledged.append(at.review.changes[at.review.seq].id)

    @rule(how=HOW, at=PLACES)
    def run_again(self, how: str, at: int) -> None:
        """The pipeline makes another draft."""
        folder = self.walk.folder
        transcript = folder.read("transcript.json", Transcript)
        folder.write("transcript.json", another(transcript, how, at), made_from={})
        for step in (divide.STEP, compose.STEP):
            step.run(self.walk)

    @rule(desk=st.sampled_from(DESKS))
    def open_anew(self, desk: int) -> None:
        """A desk is started again."""
        self.desks[desk] = open_review(self.walk)

    @rule(desk=st.sampled_from(DESKS), length=st.integers(1, 40))
    def power_cut(self, desk: int, length: int) -> None:
        """A line of the log torn before it was acknowledged, and the fold lost."""
        log = self.walk.folder.path / "review.log.jsonl"
        if not log.exists():
            return
        with log.open("ab") as file:
            file.write(b'{"seq":999,"id":"torn","at":"2026-01-01T00:00:00Z"'[:length])
        (self.walk.folder.path / BOX).unlink(missing_ok=True)
        self.desks[desk] = open_review(self.walk)

    # ------------------------------------------------------------------- what must hold

    @invariant()
    def times_rise(self) -> None:
        transcript = self.last.transcript()
        for segment in transcript.segments:
            assert segment.words
            assert all(0 <= w.start < w.end for w in segment.words), segment
            assert all(a.start <= b.start for a, b in pairwise(segment.words)), segment
            assert all(a.end <= b.end for a, b in pairwise(segment.words)), segment
        assert all(a.start <= b.start for a, b in pairwise(transcript.segments))
        cues = make_cues(split(transcript))
        assert all(cue.start < cue.end for cue in cues)
        assert all(a.end <= b.start for a, b in pairwise(cues))

    @invariant()
    def notes_can_be_printed(self) -> None:
        notes = self.last.notes()
        assert notes.title
        assert all(c.start < c.end for c in notes.chapters)
        assert all(a.end == b.start for a, b in pairwise(notes.chapters))
        assert not notes.chapters or notes.chapters[0].start == 0.0
        assert all(q.start < q.end and q.text for q in notes.quotes)

    @invariant()
    def the_disk_says_the_same(self) -> None:
        held, anew = self.last, open_review(self.walk)
        assert anew.review == held.review
        assert _differing(anew.segments, held.segments) == []
        assert anew.notes() == held.notes()
        assert anew.transcript() == held.transcript()
        assert anew.conflicts() == held.conflicts()
        assert anew.version() == held.version()

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        changes, _ = ReviewLog(self.walk.folder.path).read()
        assert [change.id for change in changes] == self.acknowledged
        assert [change.seq for change in changes] == list(range(1, len(changes) + 1))
        assert fold(changes) == fold(changes)
        if changes:
            box = self.walk.folder.read(BOX, ReviewBox)
            review = fold(changes)
            assert box.seq == review.seq
            assert {d.key: d for d in box.decisions} == review.decisions
            assert box.decided == decisions_sha256(review.decisions)
            assert box.approval == review.approval
            state = review_state(self.walk.folder)
            assert state is self.last.state

    def take_everything_back(self) -> None:
        """Everything that stands, the last first: what is left is the machine's draft."""
        desk = self.last
        for change in reversed(self.standing):
            undoable = desk.review.undoable(change.by)
            assert undoable is not None
            assert undoable.seq == change.seq
            desk.take_back(by=change.by, is_redo=False, change_id=self.name())
        assert desk.review.decisions == {}
        assert desk.notes() == self.walk.folder.read("draft.json", ShowNotes)
        assert desk.conflicts() == []
        machine = open_review(self.walk)
        assert _words(desk.transcript()) == list(_words(machine.draft.transcript))


def _differing(one: Sequence[EditedSegment], other: Sequence[EditedSegment]) -> list[str]:
    """What two lists of segments do not have in common, short enough to be read."""
    words = [
        f"{a} is not {b}"
        for first, second in zip_longest(one, other)
        if first != second
        for a, b in zip_longest(first.words if first else (), second.words if second else ())
        if a != b
    ]
    return words if words or one == other else [f"{one} is not {other}"]


def _words(transcript: Transcript) -> list[Word]:
    return [word for segment in transcript.segments for word in segment.words]


def try_edits(*, count: int, number: int, steps: int = STEPS) -> None:
    """Run so many sequences; short ones that fail are made shorter, which takes its time."""
    phases = [Phase.generate, Phase.shrink] if steps < STEPS else [Phase.generate]
    run_state_machine_as_test(
        seed(number)(EditLayer),
        settings=settings(
            max_examples=count,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
            report_multiple_bugs=False,
            phases=phases,
        ),
    )


if __name__ == "__main__":
    given = arguments("edits", count=2000)
    with Outcomes("edits", given) as outcomes:
        try_edits(count=given.count, number=given.seed)
        outcomes.count("sequences that end consistent", given.count)
