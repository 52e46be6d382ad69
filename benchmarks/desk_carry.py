"""What becomes of an editor's decisions when the audio is replaced by a new export.

    python -m benchmarks.desk_carry

A talk of 30 minutes is drafted and reviewed (about 200 edits of every kind, through the desk's own
operations). Then 30 s are cut out and 20 s put in, 2 % of the words are heard otherwise, times
differ by up to 40 ms, segments end elsewhere, and the draft is made anew. An edit is untouched when
every word that it is about is still said and heard as it was, and the machine has the same beside
it. Printed are, for several places of the cut: how many of the untouched ones hold where they
belong, how far off in time any is, what is shown as a conflict, what is settled (the new draft
agrees, or what was left out is not there any more), and what is lost: neither holds nor is shown.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.desk_talk import Export, export_again, make_talk
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.review import Decision, same
from shownotes.core.review_checks import check_key
from shownotes.errors import ReviewError
from shownotes.model import Episode, Metadata, Transcript
from shownotes.settings import Settings
from shownotes.steps import attribute, compose, divide, identify
from shownotes.steps.deciding import decide
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.step import Walk

MINUTES, CUT_S, PUT_IN_S = 30.0, 30.0, 20.0
# When the cut begins and when the new stretch is put in, in seconds of the old talk.
PLACES = ((600.0, 1200.0), (900.0, 900.0), (0.0, 0.0), (1500.0, 300.0), (60.0, 1770.0))
NEAR_S, FLOOR = 0.2, 0.99
ABOUT_WORDS = ("word", "break", "start", "end", "voice", "sure")
WORDS = ("quite", "Marlowe", "perhaps", "forty-one", "harbour", "nevertheless")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one decision.

    Attributes:
        fate: `holds`, `conflict`, `settled` (there is nothing left to decide), `stale` (holds
            though its words were cut, or accepts words that are heard otherwise now) or `lost`.
        off_s: how far from where it belongs, in seconds; `None` where that is no question.
        is_untouched: the words that it is about are said and heard as they were, and the machine
            has the same there.
    """

    key: str
    fate: str
    off_s: float | None
    is_untouched: bool


def draft(root: Path, talk: Transcript) -> Walk:
    """The machine's draft of a talk."""
    (root / "shownotes.toml").write_text("", encoding="utf-8")
    folder = EpisodeFolder(root / "output" / "talk")
    folder.path.mkdir(parents=True, exist_ok=True)
    metadata = Metadata(title="A talk", show="The show", date="2026-10-01", number=7)
    walk = Walk(folder=folder, settings=Settings(root=root))
    episode = Episode(
        id="0" * 32, key="k", folder="talk", metadata=metadata, duration=talk.duration
    )
    folder.write("episode.json", episode, made_from={})
    folder.write("transcript.json", talk, made_from={})
    for step in (attribute, identify, divide, compose):
        step.STEP.run(walk)
    return walk


def review(walk: Walk, chance: random.Random) -> Reviewing:
    """Make the edits, one change each."""
    reviewing = open_review(walk)
    for op in [*_word_ops(reviewing, chance), *_note_ops(reviewing, chance)]:
        try:
            reviewing.change(decide([op]), by="Ada", label=str(op["op"]))
        except ReviewError:
            # Two edits met in one place; an editor would see that and choose another.
            continue
    return reviewing


def _word_ops(reviewing: Reviewing, chance: random.Random) -> Iterator[dict[str, Any]]:
    words = reviewing.machine.words
    places = iter(chance.sample(range(5, len(words) - 5), 170))

    def run(length: int) -> dict[str, Any]:
        at = next(places)
        return {"first": words[at].id, "last": words[at + length - 1].id}

    for index in range(60):
        yield {"op": "text", "text": WORDS[index % len(WORDS)], **run(1)}
    for index in range(10):
        yield {"op": "text", "text": " ".join(WORDS[index % 3 : index % 3 + 3]), **run(2)}
        yield {"op": "text", "text": "", **run(1 + index % 2)}
    for _ in range(25):
        yield {"op": "sure", "is": True, **run(1)}
    inside = (at for at in places if not reviewing.machine.opens[at])
    for _ in range(20):
        yield {"op": "split", "at": words[next(inside)].id}
    segments = chance.sample(reviewing.segments[2:-2], 40)
    for segment in segments[:10]:
        yield {"op": "join", "at": segment.at}
    for segment in segments[10:20]:
        yield {"op": "voice", "at": segment.at, "label": "Speaker 3"}
    for index, segment in enumerate(segments[20:]):
        edge, to = ("start", segment.start + 0.06) if index % 2 else ("end", segment.end - 0.06)
        yield {"op": "time", "at": segment.at, "edge": edge, "to": round(to, 3)}


def _note_ops(reviewing: Reviewing, chance: random.Random) -> Iterator[dict[str, Any]]:
    view, words = reviewing.view(), reviewing.machine.words
    yield {"op": "speaker", "label": "Speaker 1", "name": "Ines Duarte"}
    yield {"op": "speaker", "label": "Speaker 2", "name": "Tom Reyes"}
    for person in view.people[:3]:
        name = str(person.values["name"])
        yield {"op": "spelling", "from": name, "to": f"{name}e"}
        yield _set(f"{person.key}/title", "master of all trades")
        yield _set(f"{person.key}/role", "guest")
    for body in view.bodies[:3]:
        yield _set(f"{body.key}/description", "keeps an eye on things")
    for event in view.events[:1]:
        yield _set(f"{event.key}/keep", False)
    yield _set("title", "A talk about nearly everything")
    yield _set("hook", "What do a tuner and a bishop have in common?")
    yield _set("number", 8)
    yield _set("person/+a1b2c3/name", "Somebody Else")
    for name in ("summary", "questions"):
        yield _set(name, [{"text": "Rewritten from end to end.", "start": 120.0}])
    for chapter in view.chapters[1:6]:
        yield _set(f"{chapter.key}/title", f"{chapter.values['title']}, in short")
    for chapter in view.chapters[6:8]:
        at = reviewing.machine.at(float(chapter.values["seconds"]) + 8)
        yield _set(f"{chapter.key}/start", at)
    for _ in range(4):
        added = f"chapter/+{words[chance.randrange(100, len(words) - 100)].id}"
        yield _set(f"{added}/title", "An aside")
    for quote in view.quotes[:2]:
        yield _set(f"{quote.key}/keep", False)
    for _ in range(6):
        at = chance.randrange(50, len(words) - 50)
        yield _set(f"quote/{words[at].id}-{words[at + 12].id}/keep", True)
    for name, _, _ in view.checks[:5]:
        yield {"op": "seen", "check": name, "is": True}


def _set(key: str, value: Any) -> dict[str, Any]:
    return {"op": "set", "key": key, "value": value}


# --------------------------------------------------------------------------- what became of them


class Judge:
    """Compares the decisions before with the review of the new draft, by what is known."""

    def __init__(self, before: Reviewing, after: Reviewing, export: Export) -> None:
        self._old, self._new, self._export = before, after, export
        self._conflicts = {conflict.key for conflict in after.conflicts()}
        self._marks = after.marks
        view = after.view()
        self._items = {item.key: item for item in view.items()}
        self._fields, self._checks = view.fields, {name: seen for name, _, seen in view.checks}
        self._known_checks = {check_key(check, after.machine) for check in after.draft.notes.checks}

    def outcome(self, decision: Decision) -> Outcome:
        """What became of a decision."""
        ids = self._words(decision)
        positions = [self._old.machine.position[number] for number in ids]
        became = [self._export.became[position] for position in positions]
        is_said = None not in became and not self._export.misheard & set(positions)
        is_untouched = is_said and self._is_same_draft(decision)
        off = self._off(decision, positions) if ids and None not in became else None
        fate = self._fate(decision)
        is_sure = decision.key.startswith("sure/")
        if fate == "holds" and (None in became or (is_sure and not is_said)):
            fate = "stale"
        return Outcome(decision.key, fate, off, is_untouched)

    def _is_same_draft(self, decision: Decision) -> bool:
        """Whether the machine has beside a decision about the notes what it had."""
        kind, slash, rest = decision.key.partition("/")
        if kind in ABOUT_WORDS or kind in ("spelling", "seen") or rest.startswith("+"):
            return True
        if kind == "speaker":
            return same(self._new.draft.speakers.get(rest), decision.machine)
        view = self._new.view()
        owner = decision.key.rpartition("/")[0]
        is_there = not slash or owner in self._items
        if kind == "chapter" and is_there:
            # One that is known again by its title begins elsewhere.
            is_there = view.machine_value(f"{owner}/start") == int(owner.partition("/")[2])
        return is_there and same(view.machine_value(decision.key), decision.machine)

    def _words(self, decision: Decision) -> list[int]:
        """The words that a decision is about."""
        kind, _, rest = decision.key.partition("/")
        if kind == "word":
            return [int(number) for number in decision.value["ids"]]
        if kind in ("break", "start", "end", "voice", "sure"):
            return [int(rest)]
        if kind == "chapter":
            chapter, _, attribute = rest.partition("/")
            own = [int(chapter.removeprefix("+"))]
            return [*own, int(decision.value)] if attribute == "start" else own
        if kind == "quote":
            first, last = (int(number) for number in rest.partition("/")[0].split("-"))
            position = self._old.machine.position
            run = range(position[first], position[last] + 1)
            return [self._old.machine.words[index].id for index in run]
        return []

    def _fate(self, decision: Decision) -> str:
        if decision.key in self._conflicts:
            return "conflict"
        if self._holds(decision):
            return "holds"
        return "settled" if self._is_settled(decision) else "lost"

    def _holds(self, decision: Decision) -> bool:
        kind, _, rest = decision.key.partition("/")
        marks, position = self._marks, self._new.machine.position
        if kind == "word":
            return int(rest) in marks.patches
        times = {"break": marks.breaks, "start": marks.starts, "end": marks.ends}
        if kind in times:
            return int(rest) in times[kind]
        if kind == "voice":
            return position.get(int(rest)) in marks.voices
        if kind == "sure":
            return int(rest) in position and int(rest) in marks.sure
        if kind == "spelling":
            return any(rest.split()[0].casefold() in found for found in marks.spellings)
        if kind == "speaker":
            return self._new.speakers.get(rest) == decision.value
        if kind == "seen":
            return self._checks.get(rest, False)
        if decision.key in self._fields:
            return self._fields[decision.key].decision is not None
        owner, _, attribute = decision.key.rpartition("/")
        item = self._items.get(owner)
        return item is not None and (attribute in item.edited or item.is_added)

    def _is_settled(self, decision: Decision) -> bool:
        """Whether there is nothing to decide any more: it agrees, or what it was about is gone."""
        kind, _, rest = decision.key.partition("/")
        if kind == "seen":
            return rest not in self._known_checks
        if kind == "sure":
            return int(rest) not in self._new.machine.position
        if kind == "word":
            first = self._new.machine.position.get(int(rest))
            said = decision.value["text"].split()
            now = [w.word.text for w in self._new.machine.words[first : (first or 0) + len(said)]]
            return first is not None and now == said
        owner, _, attribute = decision.key.rpartition("/")
        item = self._items.get(owner)
        if item is None:
            return attribute == "keep" and decision.value is False
        return item.values.get(attribute) == decision.value

    def _off(self, decision: Decision, positions: list[int]) -> float | None:
        """How far a decision that is about words is from where these are said now."""
        kind, _, rest = decision.key.partition("/")
        shift, marks = self._export.shift[positions[-1]], self._marks
        if kind in ("start", "end"):
            held = (marks.starts if kind == "start" else marks.ends).get(int(rest))
            return None if held is None else abs(held - (float(decision.value) + shift))
        if kind == "chapter":
            item = self._items.get(decision.key.rpartition("/")[0])
            if item is None:
                return None
            began = self._old.machine.words[positions[-1]].word.start
            return abs(float(item.values["seconds"]) - (began + shift))
        index = self._new.machine.position.get(self._old.machine.words[positions[0]].id)
        if index is None:
            return None
        began = self._old.machine.words[positions[0]].word.start
        return abs(self._new.machine.words[index].word.start - began - shift)


def carry(seed: int, place: tuple[float, float]) -> tuple[list[Outcome], float]:
    """Review a talk, replace it, and judge; and how long the review took to open again."""
    chance = random.Random(seed)
    talk = make_talk(chance, MINUTES)
    cut = (place[0], place[0] + CUT_S)
    export = export_again(chance, talk, cut=cut, put_in_at=place[1], put_in_s=PUT_IN_S)
    with tempfile.TemporaryDirectory() as name:
        walk = draft(Path(name), talk)
        before = review(walk, chance)
        decisions = list(before.review.decisions.values())
        after_walk = replace(draft(Path(name), export.transcript), folder=walk.folder)
        began = time.perf_counter()
        after = open_review(after_walk)
        took = time.perf_counter() - began
        judge = Judge(before, after, export)
        missing = {d.key for d in decisions} - after.review.decisions.keys()
        outcomes = [judge.outcome(decision) for decision in decisions]
    assert not missing, f"decisions that are gone from the review: {missing}"
    return outcomes, took


def show(name: str, outcomes: list[Outcome]) -> bool:
    """Print one line, and whether it is within the floor."""
    untouched = [o for o in outcomes if o.is_untouched]
    done = [o for o in untouched if o.fate in ("holds", "settled")]
    right = [o for o in done if (o.off_s or 0.0) <= NEAR_S]
    offs = sorted(o.off_s for o in outcomes if o.fate == "holds" and o.off_s is not None)
    fates = Counter(o.fate for o in outcomes)
    share = len(right) / len(untouched) if untouched else 1.0
    high = statistics.quantiles(offs, n=100)[98] if len(offs) > 1 else 0.0
    print(
        f"{name:<34} {len(outcomes):5} {len(untouched):9} {share:8.2%} {high:7.3f} {offs[-1]:7.3f}"
        f" {fates['conflict']:9} {fates['settled']:7} {fates['stale']:5} {fates['lost']:5}"
    )
    return share >= FLOOR and not fates["lost"]


def main() -> None:
    """Print a line a place of the cut, and one a kind of decision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--verbose", action="store_true", help="Every edit that does not hold.")
    wanted = parser.parse_args()
    print(
        f"{'cut at, put in at':<34} {'edits':>5} {'untouched':>9} {'carried':>8} {'99th s':>7}"
        f" {'max s':>7} {'conflicts':>9} {'settled':>7} {'stale':>5} {'lost':>5}"
    )
    everything: list[Outcome] = []
    for number, place in enumerate(PLACES):
        outcomes, took = carry(wanted.seed + number, place)
        everything += outcomes
        show(f"{place[0]:.0f} s, {place[1]:.0f} s (opened in {took:.2f} s)", outcomes)
        for outcome in outcomes if wanted.verbose else ():
            if outcome.fate not in ("holds", "settled") or (outcome.off_s or 0.0) > NEAR_S:
                print("   ", outcome)
    is_good = show("all", everything)
    print()
    for kind in sorted({o.key.partition("/")[0] for o in everything}):
        of_kind = [o for o in everything if o.key.partition("/")[0] == kind]
        fates = Counter(o.fate for o in of_kind)
        print(f"  {kind:<14} {len(of_kind):5}  {dict(sorted(fates.items()))}")
    told = "met" if is_good else "MISSED"
    print(f"\nfloor: {FLOOR:.0%} of the untouched within {NEAR_S} s, none lost: {told}")


if __name__ == "__main__":
    main()
