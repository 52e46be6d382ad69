"""What every part of the desk is handed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shownotes.adapters import accounts
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import RunOptions
from shownotes.settings import Settings


class Render(Protocol):
    """A template of the desk into HTML."""

    def __call__(self, template: str, /, **context: object) -> str:
        """The page; everything from `context` is escaped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskContext:
    """The desk as its routes see it.

    Attributes:
        render: a template's name and what it is handed, into HTML.
        folder_of: the folder of an episode's id, `None` when there is no such episode.
        start_run: begins to process files, and comes back at once; `None` where nothing may run.
        host: address that the server listens on.
        port: of the server.
    """

    settings: Settings
    render: Render
    folder_of: Callable[[str], EpisodeFolder | None]
    start_run: Callable[[Sequence[Path], RunOptions], None] | None = None
    host: str = "127.0.0.1"
    port: int = 8765

    @property
    def root(self) -> Path:
        """The working folder."""
        return self.settings.root

    def has_accounts(self) -> bool:
        """Whether the desk asks for a password.

        Raises:
            AccountError: the accounts cannot be read.
        """
        return accounts.has_any(self.root)
