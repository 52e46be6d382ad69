"""When segments begin and end, as an editor sets it: the border moves, and nothing overlaps."""

import math
from collections.abc import Mapping

from shownotes.core.edited_segments import Editing
from shownotes.core.edited_words import EditedSegment
from shownotes.core.review import Value
from shownotes.core.review_ops import Wanted, position_of, segment_at
from shownotes.errors import ReviewError

# What is left at least of a segment into which the one beside it is drawn, in seconds.
ROOM_S = 0.1
# Times nearer to each other than this are the same, in seconds.
SAME_S = 0.001


def set_time(editing: Editing, wanted: Wanted, op: Mapping[str, Value], duration: float) -> None:
    """`time`: a segment begins or ends at a time.

    The segment beside it makes room, in the same change. Where two people were heard at once, their
    segments overlap as before.
    """
    segment = segment_at(editing, position_of(editing, op.get("at")))
    is_start, to = op.get("edge") == "start", op.get("to")
    before, after = _before(editing, segment), _after(editing, segment)
    beside = before if is_start else after
    wanted.touch(segment.first)
    if to is None:
        _set(editing, wanted, segment, None, is_start=is_start)
        return
    at = _time(to)
    if is_start:
        _check_start(at, segment, beside)
    else:
        _check_end(at, segment, beside, duration)
    _set(editing, wanted, segment, at, is_start=is_start)
    if beside is not None and _meets(segment, beside, at, is_start=is_start):
        _set(editing, wanted, beside, at, is_start=not is_start)


def _set(
    editing: Editing, wanted: Wanted, segment: EditedSegment, to: float | None, *, is_start: bool
) -> None:
    words = editing.machine.words
    shown = segment.words[0] if is_start else segment.words[-1]
    placed = words[shown.first if is_start else shown.last]
    machine = placed.word.start if is_start else placed.word.end
    wanted.set(f"{'start' if is_start else 'end'}/{placed.id}", to, machine)


def _time(to: Value) -> float:
    if isinstance(to, bool) or not isinstance(to, (int, float)) or not math.isfinite(to):
        raise ReviewError("A segment must begin and end at a time in seconds.")
    return round(float(to), 3)


def _check_start(at: float, segment: EditedSegment, before: EditedSegment | None) -> None:
    is_right = 0.0 <= at < segment.end
    if before is not None and _overlap(before, segment):
        is_right = is_right and at > before.start
    elif before is not None and at < before.end:
        is_right = is_right and at >= before.start + ROOM_S
    if not is_right:
        raise ReviewError(
            "A segment must begin before it ends, and after the one before it begins. To give it "
            "all of that one, join them."
        )


def _check_end(
    at: float, segment: EditedSegment, after: EditedSegment | None, duration: float
) -> None:
    if not segment.start < at <= duration:
        raise ReviewError("A segment must end after it begins, and within the audio.")
    if after is not None and not _overlap(segment, after) and at > after.end - ROOM_S:
        raise ReviewError(
            "A segment must end before the next one ends. To give it all of that one, join them."
        )


def _overlap(one: EditedSegment, following: EditedSegment) -> bool:
    """Whether two people are heard at once there."""
    return following.start < one.end - SAME_S


def _meets(segment: EditedSegment, beside: EditedSegment, at: float, *, is_start: bool) -> bool:
    """Whether the segment beside one reaches over its new border, and did not before."""
    if is_start:
        return not _overlap(beside, segment) and beside.end > at
    return not _overlap(segment, beside) and beside.start < at


def _before(editing: Editing, segment: EditedSegment) -> EditedSegment | None:
    index = editing.shown_before(segment.first)
    return None if index is None else segment_at(editing, index)


def _after(editing: Editing, segment: EditedSegment) -> EditedSegment | None:
    index = editing.shown_after(segment.last)
    return None if index is None else segment_at(editing, index)
