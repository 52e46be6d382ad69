"""`<name>.problem.txt` beside a file: why nothing was made of it, and what to do.

For whoever only sees the folder. Our book knows the same; where the folder may not be written to,
nothing stands beside the file and nothing else is different. A file of that name that is not ours
is left alone.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from shownotes.adapters.store import write_text
from shownotes.core.file_names import MOST_BYTES
from shownotes.core.tray_names import PROBLEM_ENDING
from shownotes.errors import StoreError
from shownotes.steps.tray_looks import shown

_MARK = "Shownotes: "


def problem_path(path: Path) -> Path:
    """Where it is said what is wrong with a file; shortened where the name would be too long."""
    room = MOST_BYTES - len(PROBLEM_ENDING)
    name = shown(path.name).replace("\\", "_").encode()[:room].decode("utf-8", "ignore")
    return path.with_name(name + PROBLEM_ENDING)


def write_problem(path: Path, reason: str, *, since: float, until: float | None) -> None:
    """Say beside a file what is wrong with it; nothing where that cannot be written."""
    place = problem_path(path)
    if place.exists() and not _is_ours(place):
        return
    again = (
        f"It is tried again by itself, next at {_clock(until)}."
        if until is not None
        else "It is tried again as soon as the file changes, or on `shownotes retry`."
    )
    text = (
        f"{_MARK}nothing was made of {shown(path.name)} yet.\n\n"
        f"{_clock(since)}: {reason}\n\n{again}\n"
        "This note goes away by itself. Nothing was done to your file.\n"
    )
    with suppress(StoreError):
        write_text(place, text)


def remove_problems(found: Collection[Path], wanted: Collection[Path]) -> None:
    """Remove the notes that are about nothing any more."""
    for place in found:
        if place not in wanted and _is_ours(place):
            with suppress(OSError):
                place.unlink()


def _is_ours(place: Path) -> bool:
    try:
        if not place.is_file():
            return False
        with place.open("rb") as file:
            return file.read(len(_MARK)) == _MARK.encode()
    except OSError:
        return False


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
