"""Which checks of the draft an editor has seen to, by saying so or by a decision."""

import bisect
import hashlib
from collections.abc import Iterator, Sequence

from shownotes.core.anchors import MachineWords
from shownotes.core.edited_words import EDITED, SURE, EditedSegment
from shownotes.core.layer import Layer
from shownotes.core.note_items import NotesView
from shownotes.core.viewing import Uncorrected, Viewing
from shownotes.model import Check

# Checks of a place: the same may be said of several.
_OF_PLACES = ("flagged_passage", "low_confidence")


def check_key(check: Check, machine: MachineWords) -> str:
    """A name for a check that outlives re-runs: of what it says and of which word, not of when."""
    of_place = check.code in _OF_PLACES and check.start is not None
    word = machine.at(check.start or 0.0) if of_place else ""
    return hashlib.sha256(f"{check.code}\n{check.message}\n{word}".encode()).hexdigest()[:12]


def view_checks(viewing: Viewing, view: NotesView) -> Iterator[tuple[str, Check, bool]]:
    """Every check, and whether the editor has seen to it.

    Those of the draft, and of texts that could not follow what was corrected in the transcript.
    """
    layer = viewing.layer
    uncorrected = (_about_correction(one) for one in viewing.uncorrected)
    for check in (*viewing.notes.checks, *uncorrected):
        name = check_key(check, viewing.machine)
        is_seen = layer.decisions.get(f"seen/{name}") is not None
        yield name, check, is_seen or _is_settled(check, layer, viewing.segments, view)


def _about_correction(one: Uncorrected) -> Check:
    said, right = " ".join(one.correction.said), " ".join(one.correction.right)
    now = f"reads “{right}” in the transcript now" if right else "was deleted from the transcript"
    return Check(
        code="uncorrected",
        message=f"{one.label}: “{one.text}” may still have “{said}”, which {now}.",
        start=one.start,
    )


def _is_settled(
    check: Check, layer: Layer, segments: Sequence[EditedSegment], view: NotesView
) -> bool:
    """Whether a decision has answered a check by itself."""
    if check.code in ("title_guessed", "missing_date", "no_hook", "no_sign_off"):
        name = {"title_guessed": "title", "missing_date": "date"}.get(check.code, check.code[3:])
        return view.fields[name].decision is not None
    if check.code in ("missing_title", "missing_organization", "missing_description"):
        attribute = check.code.partition("_")[2]
        return any(
            item.machine.get("name") and f" {item.machine['name']} " in f" {check.message} "
            and (item.text(attribute) is not None or not item.is_kept)
            for item in (*view.people, *view.bodies)
        )  # fmt: skip
    if check.code == "known_voice":
        label = check.message.partition(" sounds like ")[0]
        return layer.decisions.get(f"speaker/{label}") is not None
    if check.code in _OF_PLACES and check.start is not None:
        words = [
            word
            for segment in _between(segments, check.start, check.end or check.start)
            for word in segment.words
            if check.start - 0.011 <= word.start < (check.end or check.start)
        ]
        return all(word.bits & (EDITED | SURE) for word in words)
    return False


def _between(
    segments: Sequence[EditedSegment], start: float, end: float
) -> Iterator[EditedSegment]:
    at = max(0, bisect.bisect_right(segments, start, key=lambda s: s.start) - 1)
    while at < len(segments) and segments[at].start < end:
        yield segments[at]
        at += 1
