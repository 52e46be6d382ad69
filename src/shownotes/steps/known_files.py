"""Which episodes there are, by their files: `admission.known` for thousands of files at once."""

from pathlib import Path
from typing import TYPE_CHECKING

from shownotes.adapters.store import EpisodeFolder
from shownotes.settings import Settings
from shownotes.steps.admission import SeenFile, all_known, files_of, is_unchanged
from shownotes.steps.intray import relative

if TYPE_CHECKING:
    from shownotes.model import AudioFile


class KnownFiles:
    """The files of all episodes as they were when they were first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._by_name: dict[str, list[tuple[EpisodeFolder, AudioFile | SeenFile | None]]] | None
        self._by_name = None

    def find(self, path: Path) -> EpisodeFolder | None:
        """The folder of a file that was admitted and has not changed."""
        if self._by_name is None:
            self._by_name = {}
            for episode in all_known(self._settings):
                for file in files_of(episode):
                    self._by_name.setdefault(file.path, []).append((episode.folder, file))
                if episode.transcript_path:
                    entry = (episode.folder, None)
                    self._by_name.setdefault(episode.transcript_path, []).append(entry)
        for folder, known in self._by_name.get(relative(path, self._settings), ()):
            if known is None or is_unchanged(path, known):
                return folder
        return None
