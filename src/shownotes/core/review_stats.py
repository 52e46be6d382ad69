"""What review costs: editor time, how much of the draft stayed, how long until it was published.

All of it is counted from what is written anyway: the log of changes, the draft and the reviewed
notes, and the history of what was published.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from shownotes.core.review import Change, Decision
from shownotes.model import ShowNotes

# Whoever changes nothing for longer than this is taken to do something else, in seconds. An editor
# who listens changes something every minute or two.
BREAK_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewStats:
    """The figures of one episode, or of several together.

    Attributes:
        audio_s: length of the audio, in seconds.
        editor_s: seconds at work, by editor.
        sentences: sentences that the machine's notes have.
        sentences_kept: those of them that stand unchanged in the reviewed notes.
        names_corrected: names of people and bodies that were put right.
        words: words of the machine's transcript.
        words_corrected: those of them that read otherwise now.
        to_published_s: from the drop of the audio to its first publication; one an episode.
    """

    audio_s: float = 0.0
    editor_s: Mapping[str, float] = field(default_factory=dict)
    sentences: int = 0
    sentences_kept: int = 0
    names_corrected: int = 0
    words: int = 0
    words_corrected: int = 0
    to_published_s: tuple[float, ...] = ()

    @property
    def editor_minutes(self) -> float:
        """Minutes at work, of all editors."""
        return sum(self.editor_s.values()) / 60

    @property
    def minutes_an_hour(self) -> float | None:
        """Editor minutes an hour of audio."""
        return self.editor_minutes / (self.audio_s / 3600) if self.audio_s else None

    @property
    def share_kept(self) -> float | None:
        """Share of the machine's sentences that stand unchanged."""
        return self.sentences_kept / self.sentences if self.sentences else None

    @property
    def corrected_in_1000(self) -> float | None:
        """Corrected words in 1,000."""
        return 1000 * self.words_corrected / self.words if self.words else None

    @property
    def median_to_published_s(self) -> float | None:
        """From drop to published, in seconds."""
        return median(self.to_published_s) if self.to_published_s else None


def add_up(several: Sequence[ReviewStats]) -> ReviewStats:
    """The figures of several episodes together; long episodes weigh more."""
    editor_s: defaultdict[str, float] = defaultdict(float)
    for stats in several:
        for editor, seconds in stats.editor_s.items():
            editor_s[editor] += seconds
    return ReviewStats(
        audio_s=sum(stats.audio_s for stats in several),
        editor_s=dict(editor_s),
        sentences=sum(stats.sentences for stats in several),
        sentences_kept=sum(stats.sentences_kept for stats in several),
        names_corrected=sum(stats.names_corrected for stats in several),
        words=sum(stats.words for stats in several),
        words_corrected=sum(stats.words_corrected for stats in several),
        to_published_s=tuple(s for stats in several for s in stats.to_published_s),
    )


def time_at_work(changes: Iterable[Change]) -> dict[str, float]:
    """Seconds at work, by editor: the time between each entry of theirs and their next one.

    A gap longer than `BREAK_S` is a break and counts nothing. So does what comes before the first
    entry of a sitting: an editor who only listens is not seen. Entries of other editors in between
    change nothing, and undoing and approving are work as well.
    """
    times: defaultdict[str, list[datetime]] = defaultdict(list)
    for change in changes:
        at = parse_time(change.at)
        if at is not None:
            times[change.by].append(at)
    spent = {}
    for editor, own in times.items():
        gaps = ((after - before).total_seconds() for before, after in pairwise(sorted(own)))
        spent[editor] = sum(gap for gap in gaps if gap <= BREAK_S)
    return spent


def sentences_of(notes: ShowNotes) -> list[str]:
    """The sentences that the machine writes: hook, summaries, narrative, points and quotes."""
    facts = (*notes.summary, *notes.long_summary, *notes.narrative)
    facts += (*notes.questions, *notes.key_points)
    hook = [notes.hook.value] if notes.hook else []
    return [*hook, *(fact.value for fact in facts), *(quote.text for quote in notes.quotes)]


def count_kept(machine: Iterable[str], reviewed: Iterable[str]) -> int:
    """How many of the machine's sentences the reviewed notes have, letter by letter."""
    return (Counter(machine) & Counter(reviewed)).total()


def count_names(decisions: Mapping[str, Decision]) -> int:
    """How many names were put right.

    A name that was fixed everywhere is one, though its surname was fixed alongside; so is one that
    was changed in the notes, unless it is one of those. Somebody who was added is no correction.
    """
    everywhere = [d for d in decisions.values() if d.key.startswith("spelling/") and d.value]
    right = {str(decision.value) for decision in everywhere}
    in_notes = [
        decision
        for decision in decisions.values()
        if decision.key.startswith(("person/", "body/"))
        and not decision.key.startswith(("person/+", "body/+"))
        and decision.key.endswith("/name")
        and str(decision.value) not in right
    ]
    return len({decision.seq for decision in everywhere}) + len(in_notes)


def count_words(decisions: Mapping[str, Decision]) -> int:
    """How many of the machine's words read otherwise; names that were fixed everywhere apart."""
    ids: set[int] = set()
    for decision in decisions.values():
        if decision.key.startswith("word/") and isinstance(decision.value, Mapping):
            ids.update(decision.value.get("ids", ()))
    return len(ids)


def seconds_to_published(dropped: Sequence[str | None], published: str | None) -> float | None:
    """From the drop of the audio to the first publication.

    Args:
        dropped: when the audio was first seen, as far as is known: the first of these that is not
            after the publication counts, as later ones are of a later version.
        published: when it was first published.
    """
    end = parse_time(published)
    if end is None:
        return None
    starts = (parse_time(text) for text in dropped)
    return next(((end - at).total_seconds() for at in starts if at and at <= end), None)


def parse_time(text: str | None) -> datetime | None:
    """A time as our files have it; `None` when it is none."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
