"""A show's static site: an index, a page an episode, and `feed.xml`; hosted anywhere.

Of published episodes only, and of what was published: pages are made of what lies in the version's
folder, and the files beside them are that folder's own. A preview of drafts is made apart from it,
marked, and closed to search engines. A site is built beside the old one and takes its place when
it is whole.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from shownotes.adapters.folders import locked, take_place
from shownotes.adapters.store import EpisodeFolder, episode_folders, translate
from shownotes.core.characters import printable
from shownotes.errors import SettingsError, StoreError
from shownotes.model import Episode
from shownotes.settings import Settings
from shownotes.steps.published import (
    PUBLIC_FILES,
    audio_url,
    folders_out,
    material_of,
    read_edition,
    read_publication,
    version_folder,
    versions_folder,
)
from shownotes.steps.render import gather
from shownotes.steps.site_folder import (
    Plan,
    SiteEpisode,
    missing_for_feed,
    site_name,
    write_site,
)
from shownotes.steps.step import Walk
from shownotes.steps.targets import TEXTS

SITE, PREVIEW = "site", "site-preview"
LOCK = ".site.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A show's site that was made.

    Attributes:
        missing: what a feed would need besides, in words; empty when there is one.
    """

    show: str
    folder: Path
    episodes: int
    has_feed: bool
    missing: str = ""


def build_previews(settings: Settings, *, show: str | None = None) -> list[Built]:
    """A preview of every show's site, of all drafts; or of one show.

    Raises:
        SettingsError: no drafts, or none of that show.
        StoreError: the site cannot be written.
    """
    shows: dict[str, list[EpisodeFolder]] = {}
    for folder in episode_folders(settings.output_folder):
        if folder.has("draft.json"):
            name = folder.read("episode.json", Episode).metadata.show or ""
            shows.setdefault(name, []).append(folder)
    chosen = {name: folders for name, folders in shows.items() if show in (None, name)}
    if not chosen:
        known = ", ".join(sorted(filter(None, shows))) or "none yet"
        raise SettingsError(f"There are no drafts to preview. Shows with drafts: {known}.")
    root = settings.output_folder / PREVIEW
    with locked(settings.output_folder / LOCK):
        return [
            _build(
                _plan(settings, name, folders, root, is_preview=True),
                (_draft(settings, folder) for folder in folders),
            )
            for name, folders in sorted(chosen.items())
        ]


def build_sites(settings: Settings, *, show: str | None = None) -> list[Built]:
    """Every show's site, of what is published; or one show's. One without episodes goes.

    Raises:
        FormatError: a published version is damaged; the site stays as it was.
        StoreError: the site cannot be written.
    """
    root = settings.output_folder / SITE
    with locked(settings.output_folder / LOCK):
        # Read while no other run builds: what it published meanwhile is among them.
        shows = _published_shows(settings)
        out = folders_out(settings)
        built = [
            _build(
                _plan(settings, name, folders, root, is_preview=False),
                (_published(settings, folder, version, out) for folder, version in folders.items()),
            )
            for name, folders in sorted(shows.items())
            if show in (None, name)
        ]
        _remove_others(root, {site_name(name) for name in shows}, show)
        return built


def _published_shows(settings: Settings) -> dict[str, dict[EpisodeFolder, int]]:
    """The published episodes by show, with the version that is out."""
    shows: dict[str, dict[EpisodeFolder, int]] = {}
    for folder in episode_folders(settings.output_folder):
        try:
            publication = read_publication(folder)
        except StoreError:
            # What was published must not go from the site because a file is damaged; what never
            # was is no reason to keep others waiting.
            if versions_folder(folder).path.exists():
                raise
            continue
        if publication is not None:
            shows.setdefault(publication.show or "", {})[folder] = publication.version
    return shows


def _remove_others(root: Path, kept: set[str], show: str | None) -> None:
    """Take away the sites of shows of which nothing is published any more."""
    there = [path.name for path in root.iterdir()] if root.is_dir() else []
    for name in there if show is None else [site_name(show)]:
        if name not in kept and not name.startswith(".") and (root / name).is_dir():
            gone = root / f".{name}.old"
            shutil.rmtree(gone, ignore_errors=True)
            try:
                (root / name).rename(gone)
            except OSError as error:
                raise translate(error, root / name) from error
            shutil.rmtree(gone, ignore_errors=True)


def _plan(
    settings: Settings, show: str, folders: Iterable[EpisodeFolder], root: Path, *, is_preview: bool
) -> Plan:
    return Plan(
        settings=settings,
        show=show,
        folders=frozenset(folder.name for folder in folders),
        place=root / site_name(show),
        is_preview=is_preview,
    )


def _build(plan: Plan, episodes: Iterator[SiteEpisode]) -> Built:
    """Make a site in place of the one before. The caller holds the lock."""
    work = plan.place.with_name(f".{plan.place.name}.new")
    try:
        shutil.rmtree(work, ignore_errors=True)
        site = write_site(plan, episodes, work)
        take_place(work, plan.place)
    except OSError as error:
        raise translate(error, plan.place) from error
    return Built(
        show=site.title,
        folder=plan.place,
        episodes=len(site.entries),
        has_feed=site.has_feed,
        missing=missing_for_feed(plan.told),
    )


def _draft(settings: Settings, folder: EpisodeFolder) -> SiteEpisode:
    """A draft as a preview has it: its files made now, the original audio played."""
    material = gather(Walk(folder=folder, settings=settings))
    made = ((t.name, t.kind, t.make(material)) for t in TEXTS if t.name in PUBLIC_FILES)
    episode, audio = material.episode, None
    if episode.listening_copy:
        audio = folder.path / episode.listening_copy
    elif episode.audio is not None:
        audio = settings.root / episode.audio.path
    texts = tuple((name, kind, printable(text)) for name, kind, text in made if text is not None)
    return SiteEpisode(folder=folder.name, material=material, texts=texts, audio=audio)


def _published(
    settings: Settings, folder: EpisodeFolder, version: int, out: frozenset[str]
) -> SiteEpisode:
    """A published version: its own files, and its audio where no host has it."""
    place, edition = version_folder(folder, version).path, read_edition(folder, version)
    hosted = audio_url(edition, settings, None)
    audio = place / edition.audio if edition.audio and hosted is None else None
    if audio is not None and not audio.is_file():
        raise StoreError(
            f"{audio} is not there. Copy it back, or `shownotes unpublish {folder.name}` and "
            "publish it again."
        )
    public = [(place / t.name, t.kind) for t in TEXTS if t.name in PUBLIC_FILES]
    return SiteEpisode(
        folder=folder.name,
        material=material_of(edition, settings, name=folder.name, out=out),
        texts=tuple(
            (path.name, kind, path.read_text(encoding="utf-8"))
            for path, kind in public
            if path.is_file()
        ),
        audio=audio,
        hosted=hosted,
    )
