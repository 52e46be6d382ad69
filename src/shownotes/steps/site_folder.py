"""One show's site in a folder: index, pages, files beside them, feed."""

import os
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shownotes.adapters.languages import load_wording
from shownotes.core.chapter_files import xml_document
from shownotes.core.episodes import slug
from shownotes.core.feed import Channel, Item, feed
from shownotes.core.page import encode_path
from shownotes.core.site import Entry, Site, in_order, on_site
from shownotes.errors import SettingsError
from shownotes.model import Link
from shownotes.settings import Settings, ShowSettings
from shownotes.steps.render import show_template_folders
from shownotes.steps.targets import Material, feed_item

INDEX, FEED = "index.html", "feed.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEpisode:
    """An episode on its way to a site.

    Attributes:
        folder: the episode's, by name.
        texts: name, kind and text of the files beside the page.
        audio: the file that its page plays, where that is ours to give.
        hosted: where the audio is, for everybody.
    """

    folder: str
    material: Material
    texts: Sequence[tuple[str, str, str]]
    audio: Path | None = None
    hosted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which site is to be made.

    Attributes:
        show: the show's name; empty for episodes of none.
        folders: names of the folders of all its episodes.
        place: where it will lie, which links to outside depend on.
        is_preview: of drafts.
    """

    settings: Settings
    show: str
    folders: Collection[str]
    place: Path
    is_preview: bool

    @property
    def told(self) -> ShowSettings:
        """The show's settings."""
        return self.settings.show.get(self.show, ShowSettings())


def site_name(show: str) -> str:
    """The name of a show's folder among the sites."""
    return slug(show) or "show"


def missing_for_feed(show: ShowSettings) -> str:
    """What a feed cannot do without, in words."""
    wanted = {"audio_url": show.audio_url, "site_url": show.site_url}
    return ", ".join(name for name, value in wanted.items() if not value)


def write_site(plan: Plan, episodes: Iterable[SiteEpisode], work: Path) -> Site:
    """Write a site into `work`, one episode after the other.

    Raises:
        SettingsError: the cover is not there.
        OSError: the disk.
    """
    told, entries, items = plan.told, [], {}
    for episode in episodes:
        entries.append(_write_episode(plan, episode, work))
        items[episode.folder] = feed_item(episode.material)
    site = Site(
        title=plan.show or "Show notes",
        publication=told.publication,
        description=told.description,
        language=told.language or next((e.page.notes.language for e in entries), "en"),
        cover=_copy_cover(plan, work),
        has_feed=not missing_for_feed(told),
        is_preview=plan.is_preview,
        entries=in_order(entries),
        links=tuple(Link(text=text, url=url) for text, url in told.links.items()),
    )
    if site.has_feed:
        _write(work / FEED, _feed(site, told, [items[entry.folder] for entry in site.entries]))
    _write_index(plan, site, work)
    return site


def _write_episode(plan: Plan, episode: SiteEpisode, work: Path) -> Entry:
    from shownotes.adapters.pages import render_notes

    folder, material = work / episode.folder, episode.material
    for name, _, text in episode.texts:
        _write(folder / name, text)
    page = on_site(
        material.page,
        folders=frozenset(plan.folders),
        is_preview=plan.is_preview,
        audio_url=_audio(plan, episode, folder),
        files=[(name, kind) for name, kind, _ in episode.texts],
    )
    text = render_notes(page, "notes.html", material.folders, root=material.root)
    _write(folder / INDEX, text)
    return Entry(folder=episode.folder, page=page)


def _audio(plan: Plan, episode: SiteEpisode, folder: Path) -> str | None:
    """From the page to its audio: the host's, else the version's; a preview's own."""
    if episode.audio is None:
        return episode.hosted
    if plan.is_preview:
        path = os.path.relpath(episode.audio, plan.place / episode.folder)
        return encode_path(Path(path).as_posix())
    _link(episode.audio, folder / episode.audio.name)
    return encode_path(episode.audio.name)


def _link(source: Path, target: Path) -> None:
    """The same file in a second place: a site does not take its audio's room once more."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)


def _copy_cover(plan: Plan, work: Path) -> str | None:
    """The cover beside the index; `None` for one on the web, or when it is not there."""
    cover = plan.told.cover
    if not cover or "://" in cover:
        return cover
    source = plan.settings.root / cover
    if not source.is_file():
        raise SettingsError(f"{source}: there is no such cover. Mend [show.<name>] cover.")
    shutil.copyfile(source, work / f"cover{source.suffix.lower()}")
    return f"cover{source.suffix.lower()}"


def _feed(site: Site, show: ShowSettings, items: Sequence[Item]) -> str:
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
    return xml_document(feed(channel, items))


def _write_index(plan: Plan, site: Site, work: Path) -> None:
    from shownotes.adapters.pages import render_site

    headings = load_wording(site.language).headings
    folders = show_template_folders(plan.settings, plan.show or None)
    _write(work / INDEX, render_site(site, headings, folders, root=plan.settings.root))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
