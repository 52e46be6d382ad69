"""What is done at night: old working files, the trash, room on the disk, the derived index."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from shownotes.adapters import index
from shownotes.errors import EpisodeBusyError, ShowNotesError
from shownotes.settings import Settings
from shownotes.steps.cleaning import clean, finished_episodes, is_published
from shownotes.steps.trash import empty_trash


@dataclass(slots=True)
class Report:
    """What was done, and what a person should look at.

    Attributes:
        done: sentences.
        warnings: sentences.
    """

    done: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join([*self.warnings, *self.done]) or "Nothing was to be done."


def keep_house(settings: Settings, *, free_bytes: int | None = None) -> Report:
    """Do everything; one thing that goes wrong stops none of the others.

    Args:
        settings: of the working folder.
        free_bytes: room on the disk; looked for by default.
    """
    report = Report()
    for chore in (_remove_work, _empty_trash, _check_index):
        _attempt(report, settings, chore)
    _check_room(report, settings, free_bytes)
    return report


def _attempt(report: Report, settings: Settings, chore: Callable[[Report, Settings], None]) -> None:
    try:
        chore(report, settings)
    except (ShowNotesError, OSError) as error:
        report.warnings.append(str(error))


def _remove_work(report: Report, settings: Settings) -> None:
    """What can be made again of episodes that were published long ago."""
    freed, count = 0, 0
    for folder in finished_episodes(settings, older_than_days=settings.schedules.keep_work_days):
        if not is_published(folder):
            continue
        with suppress(EpisodeBusyError):
            room = clean(folder, settings)
            freed, count = freed + room, count + bool(room)
    if count:
        report.done.append(f"Working files of {count} published episodes removed: {_size(freed)}.")


def _empty_trash(report: Report, settings: Settings) -> None:
    gone = empty_trash(settings, older_than_days=settings.schedules.keep_trash_days)
    if gone:
        report.done.append(f"Gone from the trash for good: {', '.join(gone)}.")


def _check_index(report: Report, settings: Settings) -> None:
    if not index.check(settings.output_folder):
        report.done.append("The index of the list was damaged; it is made anew.")


def _check_room(report: Report, settings: Settings, free_bytes: int | None) -> None:
    with suppress(OSError):
        free = shutil.disk_usage(settings.root).free if free_bytes is None else free_bytes
        if free < settings.schedules.warn_free_gb * 1e9:
            report.warnings.append(
                f"Only {_size(free)} are free on the disk of {settings.root}. `shownotes clean` "
                "removes the working files of finished episodes."
            )


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
