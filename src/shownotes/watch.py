"""Pages made again as their templates are edited (`shownotes render --watch`).

Why watchfiles: the system tells it of a change at once, on all systems that we run on, with editors
that save by renaming and folders that are made later; and it is in the tree already.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import watch

from shownotes import pipeline
from shownotes.adapters.store import beside, translate
from shownotes.errors import EpisodeBusyError, ShowNotesError, StoreError
from shownotes.settings import Settings
from shownotes.steps.render import kept_edits, template_roots, templates_hash
from shownotes.steps.step import Walk

# Templates are looked at this often even when nothing was reported, in ms: one may have changed
# while pages were being made, or lie where the system reports nothing (a folder on the network).
LOOK_EVERY_MS = 2000
PAGE = "notes.html"

# Called with a word (`watching`, `open`, `rendered`, `kept`, `error`) and what there is to say.
Tell = Callable[[str, str], None]


@dataclass(slots=True, kw_only=True)
class Watched:
    """Episodes whose templates are watched.

    Attributes:
        tried: hash of the templates that were last tried, by episode.
        told: what has been said since the last change, so that nothing is said over and over.
    """

    walks: Sequence[Walk]
    tell: Tell
    tried: dict[str, str] = field(default_factory=dict)
    told: set[tuple[str, str]] = field(default_factory=set)

    def look(self) -> None:
        """Render the episodes whose templates are not as they were at the last look."""
        for walk in self.walks:
            try:
                self._render_changed(walk)
            except ShowNotesError as error:
                if isinstance(error, EpisodeBusyError):
                    self.tried.pop(walk.folder.name, None)
                self.say("error", str(error))

    def _render_changed(self, walk: Walk) -> None:
        name, templates = walk.folder.name, templates_hash(walk)
        if self.tried.get(name) == templates:
            return
        self.tried[name] = templates
        pipeline.render_again(walk)
        self.told.clear()
        for edited in kept_edits(walk.folder):
            new = beside(Path(edited))
            self.say("kept", f"{name}: {edited} was edited by hand; the new one is {new}.")
        self.tell("rendered", str(walk.folder.path))

    def say(self, word: str, text: str) -> None:
        """Say something once."""
        if (word, text) not in self.told:
            self.told.add((word, text))
            self.tell(word, text)


def watch_templates(walks: Sequence[Walk], settings: Settings, *, tell: Tell) -> None:
    """Render the episodes now, and again with every change of a template; ends with Ctrl-C.

    Raises:
        StoreError: the templates' folder can be neither made nor watched.
    """
    watched = Watched(walks=walks, tell=tell)
    try:
        for folder in _folders(settings):
            is_own = folder.is_relative_to(settings.root)
            tell("watching", str(folder) if is_own else f"{folder} (the program's)")
        watched.look()
        for walk in walks:
            tell("open", _page(walk).as_uri())
        _follow(watched, settings)
    except KeyboardInterrupt:
        return


def _follow(watched: Watched, settings: Settings) -> None:
    reports = watch(*_folders(settings), rust_timeout=LOOK_EVERY_MS, yield_on_timeout=True)
    while True:
        try:
            changes = next(reports)
        # watchfiles' own error is a RuntimeError: the system watches no more files, for one.
        except (OSError, RuntimeError) as error:
            raise StoreError(
                f"{settings.templates_folder} cannot be watched: {error}. With "
                "WATCHFILES_FORCE_POLLING=1 in the environment it is looked at from time to time."
            ) from error
        if changes:
            watched.told.clear()
        watched.look()


def _folders(settings: Settings) -> tuple[Path, ...]:
    """What to watch: the working folder's templates, made if need be, and the program's."""
    try:
        settings.templates_folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise translate(error, settings.templates_folder) from error
    return tuple(folder for folder in template_roots(settings) if folder.is_dir())


def _page(walk: Walk) -> Path:
    """The page to look at: the new one where a person has edited the old one."""
    page = walk.folder.path / PAGE
    return beside(page) if PAGE in kept_edits(walk.folder) else page
