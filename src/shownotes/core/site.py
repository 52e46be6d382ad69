"""A show's site: its index and what the index lists."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shownotes.core.page import Page, moment
from shownotes.model import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An episode in the index.

    Attributes:
        folder: name of its folder beside the index.
        page: what its own page receives.
    """

    folder: str
    page: Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Everything the template of a show's index may use.

    Attributes:
        title: the show's name.
        publication: who publishes it.
        description: what it is about.
        language: of the index's own words.
        cover: name of the cover picture beside the index.
        has_feed: whether `feed.xml` lies beside the index.
        is_preview: drafts, not for the public; search engines are told to stay away.
        entries: newest first.
        links: the show's.
    """

    title: str
    publication: str | None
    description: str | None
    language: str
    cover: str | None
    has_feed: bool
    is_preview: bool
    entries: tuple[Entry, ...]
    links: tuple[Link, ...] = ()


def in_order(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Newest first; those without a date last, by number and title."""

    def rank(entry: Entry) -> tuple[str, int, str]:
        notes = entry.page.notes
        return notes.date or "", notes.number or 0, notes.title

    return tuple(sorted(entries, key=rank, reverse=True))


def on_site(
    page: Page,
    *,
    folders: frozenset[str],
    is_preview: bool,
    audio_url: str | None,
    files: Sequence[tuple[str, str]],
) -> Page:
    """An episode's page as it stands on the site: without the editor's marks.

    Links to episodes that are not on the site are taken out.

    Args:
        page: the page as it lies in the episode's folder.
        folders: names of the folders of all episodes on the site.
        is_preview: whether these are drafts.
        audio_url: from the page on the site to the audio.
        files: names and kinds of the files beside the page.
    """
    notes = page.notes
    kept = tuple(
        replace(link, url=f"../{link.episode}/index.html") if link.episode else link
        for link in notes.earlier_episodes
        if link.episode is None or link.episode in folders
    )
    return replace(
        page,
        notes=replace(notes, earlier_episodes=kept, checks=(), warnings=()),
        audio_url=audio_url,
        paragraphs=tuple(
            replace(p, moment=moment(float(p.moment.seconds), audio_url)) for p in page.paragraphs
        ),
        files=tuple(files),
        for_editor=False,
        is_preview=is_preview,
        site_index="../index.html",
        findings=(),
    )
