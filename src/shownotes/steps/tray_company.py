"""What a file in the in-tray has to do with the others: its folder's, and its own copies."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from shownotes.core.dropped import Fault, FileState, Record
from shownotes.core.resting import Rules, is_rested
from shownotes.core.tray_names import is_track
from shownotes.steps.intray import Dropped

if TYPE_CHECKING:
    from pathlib import Path

_UNDER_WAY = (FileState.QUEUED, FileState.PROCESSING)


class Company:
    """The other files of a sweep."""

    def __init__(
        self, seen: Mapping[str, Dropped], records: Mapping[str, Record], rules: Rules
    ) -> None:
        self._rules = rules
        self._records = records
        self._under_way: dict[tuple[int, str], str] = {}
        self._folders: dict[Path, list[str]] = {}
        for name, found in seen.items():
            if found.may_be_track:
                self._folders.setdefault(found.folder, []).append(name)
            record = records[name]
            if record.taken or record.state in _UNDER_WAY:
                self.add(record)

    def add(self, record: Record) -> None:
        """A file is being processed from now on."""
        if record.look is not None and record.sample:
            self._under_way[record.look.size, record.sample] = record.path

    def doubt(self, found: Dropped) -> Fault | None:
        """A file that is named as a track and lies alone is perhaps the first one to come."""
        others = self._of_folder(found)
        if not found.may_be_track or len(others) > 1 or not is_track(found.name):
            return None
        return Fault(reason="it is named as one of several tracks, and is alone", is_sure=False)

    def why_held(self, record: Record, found: Dropped) -> str:
        """What a file that could be taken waits for."""
        others = [name for name in self._of_folder(found) if name != record.path]
        are_new = not any(self._records[o].tried or self._records[o].taken for o in others)
        if others and are_new and record.still_s < self._rules.longest_s:
            for other in others:
                if not is_rested(self._records[other], self._rules):
                    return f"{other} in the same folder is still arriving"
        size = record.look.size if record.look else 0
        twin = self._under_way.get((size, record.sample))
        if twin is not None and twin != record.path:
            return f"it looks the same as {twin}, which is being processed"
        return ""

    def _of_folder(self, found: Dropped) -> list[str]:
        return self._folders.get(found.folder, []) if found.may_be_track else []
