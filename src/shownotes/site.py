"""A show's static site: an index, a page an episode, and `feed.xml`; hosted anywhere.

Published episodes only. A preview of drafts is made apart from it, marked, and closed to search
engines. A site is built beside the old one and takes its place when it is whole.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shownotes.adapters.languages import load_wording
from shownotes.adapters.store import episode_folders, translate
from shownotes.core.addresses import audio_file
from shownotes.core.chapter_files import xml_document
from shownotes.core.episodes import slug
from shownotes.core.feed import CHAPTERS, TRANSCRIPTS, Channel, feed
from shownotes.core.page import encode_path
from shownotes.core.site import Entry, Site, in_order, on_site
from shownotes.errors import SettingsError
from shownotes.model import Episode, Link
from shownotes.settings import Settings, ShowSettings
from shownotes.steps.render import gather
from shownotes.steps.step import Walk
from shownotes.steps.targets import TEXTS, Material, feed_item

SITE, PREVIEW = "site", "site-preview"
INDEX, FEED = "index.html", "feed.xml"
# What lies beside an episode's page for everybody.
PUBLIC_FILES = (
    *(name for name, *_ in TRANSCRIPTS),
    CHAPTERS[0],
    "chapters.psc.xml",
    "chapters.txt",
)


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
    shows: dict[str, list[Walk]] = {}
    for folder in episode_folders(settings.output_folder):
        if folder.has("draft.json"):
            name = folder.read("episode.json", Episode).metadata.show or ""
            shows.setdefault(name, []).append(Walk(folder=folder, settings=settings))
    chosen = {name: walks for name, walks in shows.items() if show in (None, name)}
    if not chosen:
        known = ", ".join(sorted(filter(None, shows))) or "none yet"
        raise SettingsError(f"There are no drafts to preview. Shows with drafts: {known}.")
    return [build(settings, name, walks, is_preview=True) for name, walks in sorted(chosen.items())]


def build(settings: Settings, show: str, walks: Sequence[Walk], *, is_preview: bool) -> Built:
    """One show's site of these episodes, in place of the one before."""
    place = settings.output_folder / (PREVIEW if is_preview else SITE) / (slug(show) or "show")
    told = settings.show.get(show, ShowSettings())
    materials = {walk.folder.name: gather(walk) for walk in walks}
    work = place.with_name(f".{place.name}.new")
    try:
        shutil.rmtree(work, ignore_errors=True)
        entries = [
            _write_episode(work, place, walk, materials, is_preview=is_preview) for walk in walks
        ]
        cover = _copy_cover(settings, told, work)
        missing = _missing(told)
        site = Site(
            title=show or "Show notes",
            publication=told.publication,
            description=told.description,
            language=told.language or _language(materials),
            cover=cover,
            has_feed=not missing,
            is_preview=is_preview,
            entries=in_order(entries),
            links=tuple(Link(text=text, url=url) for text, url in told.links.items()),
        )
        if site.has_feed:
            _write(work / FEED, _feed(site, told, materials))
        _write_index(work, site, materials)
        _take_place(work, place)
    except OSError as error:
        raise translate(error, place) from error
    return Built(
        show=site.title,
        folder=place,
        episodes=len(entries),
        has_feed=site.has_feed,
        missing=missing,
    )


def _write_episode(
    work: Path,
    place: Path,
    walk: Walk,
    materials: Mapping[str, Material],
    *,
    is_preview: bool,
) -> Entry:
    from shownotes.adapters.pages import render_notes

    name = walk.folder.name
    material, folder = materials[name], work / name
    files = []
    for target in TEXTS:
        text = target.make(material) if target.name in PUBLIC_FILES else None
        if text is not None:
            _write(folder / target.name, text)
            files.append((target.name, target.kind))
    page = on_site(
        material.page,
        folders=frozenset(materials),
        is_preview=is_preview,
        audio_url=_audio(walk, material, place / name, folder, is_preview=is_preview),
        files=files,
    )
    text = render_notes(page, "notes.html", material.folders, root=material.root)
    _write(folder / INDEX, text)
    return Entry(folder=name, page=page)


def _audio(
    walk: Walk, material: Material, page_folder: Path, folder: Path, *, is_preview: bool
) -> str | None:
    """From the page to its audio: the host's, else a copy; a preview plays the original."""
    episode = material.episode
    if episode.audio is None:
        return None
    name = Path(episode.audio.path).name
    hosted = audio_file(material.show.audio_url, name)
    if hosted and not is_preview:
        return hosted
    if episode.listening_copy:
        source = walk.folder.path / episode.listening_copy
    else:
        source = walk.settings.root / episode.audio.path
    if is_preview:
        return encode_path(Path(os.path.relpath(source, page_folder)).as_posix())
    shutil.copyfile(source, folder / source.name)
    return encode_path(source.name)


def _language(materials: Mapping[str, Material]) -> str:
    return next((m.notes.language for m in materials.values()), "en")


def _copy_cover(settings: Settings, show: ShowSettings, work: Path) -> str | None:
    """The cover beside the index; `None` for one on the web, or when it is not there."""
    if not show.cover or "://" in show.cover:
        return show.cover
    source = settings.root / show.cover
    if not source.is_file():
        raise SettingsError(f"{source}: there is no such cover. Mend [show.<name>] cover.")
    shutil.copyfile(source, work / f"cover{source.suffix.lower()}")
    return f"cover{source.suffix.lower()}"


def _missing(show: ShowSettings) -> str:
    """What a feed cannot do without, in words."""
    wanted = {"audio_url": show.audio_url, "site_url": show.site_url}
    return ", ".join(name for name, value in wanted.items() if not value)


def _feed(site: Site, show: ShowSettings, materials: Mapping[str, Material]) -> str:
    root = str(show.site_url).rstrip("/")
    cover = site.cover
    channel = Channel(
        title=site.title,
        description=site.description or site.title,
        language=site.language,
        site_url=f"{root}/",
        feed_url=f"{root}/{FEED}",
        cover_url=cover if cover is None or "://" in cover else f"{root}/{cover}",
        category=show.category,
        author=show.author or show.publication,
        owner_email=show.owner_email,
        is_explicit=show.explicit,
        is_blocked=site.is_preview,
        hosts=tuple((host.name, host.link) for host in show.hosts),
    )
    items = [feed_item(materials[entry.folder]) for entry in site.entries]
    return xml_document(feed(channel, items))


def _write_index(work: Path, site: Site, materials: Mapping[str, Material]) -> None:
    from shownotes.adapters.pages import render_site

    first = next(iter(materials.values()))
    headings = load_wording(site.language).headings
    _write(work / INDEX, render_site(site, headings, first.folders, root=first.root))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _take_place(work: Path, place: Path) -> None:
    """Put the new site where the old one was, which goes when the new one is there."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    try:
        work.rename(place)
    except OSError:
        with suppress(OSError):
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
