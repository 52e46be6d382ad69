"""What is published of an episode, as everybody reads it, and pages made of nothing else.

`published.json` is the only thing that readers trust: a version that it does not name is not out,
whatever lies on the disk. Pages of a published version are made of what was kept with it, so that
no later edit of the draft can be seen in them.
"""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from shownotes.adapters.languages import load_wording
from shownotes.adapters.store import EpisodeFolder, episode_folders
from shownotes.core.addresses import audio_file, episode_page
from shownotes.core.captions import make_cues
from shownotes.core.feed import CHAPTERS, TRANSCRIPTS
from shownotes.core.page import build_page, encode_path
from shownotes.core.publication import Deliveries, Edition, Publication, Published
from shownotes.errors import StoreError
from shownotes.settings import Settings, ShowSettings
from shownotes.steps.render import show_template_folders
from shownotes.steps.targets import Material

BOX, FOLDER = "published.json", "published"
# In a version's folder: who published it and its files' hashes; what pages are made of.
RECORD, EDITION = "publication.json", "notes.json"
DELIVERIES = "deliveries.json"
# What lies beside an episode's page for everybody.
PUBLIC_FILES = (
    *(name for name, *_ in TRANSCRIPTS),
    CHAPTERS[0],
    "chapters.psc.xml",
    "chapters.txt",
)


def versions_folder(folder: EpisodeFolder) -> EpisodeFolder:
    """Where an episode's published versions lie."""
    return EpisodeFolder(folder.path / FOLDER)


def version_folder(folder: EpisodeFolder, version: int) -> EpisodeFolder:
    """Where one published version lies."""
    return EpisodeFolder(folder.path / FOLDER / str(version))


def read_published(folder: EpisodeFolder) -> Published:
    """What is out and how it came to be.

    Raises:
        FormatError: `published.json` is damaged.
    """
    return folder.read(BOX, Published) if folder.has(BOX) else Published()


def read_publication(folder: EpisodeFolder) -> Publication | None:
    """The version that is out, `None` when none is."""
    current = read_published(folder).current
    return None if current is None else version_folder(folder, current).read(RECORD, Publication)


def last_publication(folder: EpisodeFolder) -> Publication | None:
    """The version that the last event is about, out or taken back; `None` without a history."""
    history = read_published(folder).history
    return (
        version_folder(folder, history[-1].version).read(RECORD, Publication) if history else None
    )


def read_edition(folder: EpisodeFolder, version: int) -> Edition:
    """What pages of a published version are made of."""
    return version_folder(folder, version).read(EDITION, Edition)


def read_deliveries(folder: EpisodeFolder) -> Deliveries:
    """Who was told of what."""
    versions = versions_folder(folder)
    return versions.read(DELIVERIES, Deliveries) if versions.has(DELIVERIES) else Deliveries()


def folders_out(settings: Settings) -> frozenset[str]:
    """Names of the folders of all published episodes."""
    names = set()
    for folder in episode_folders(settings.output_folder):
        with suppress(StoreError):
            if read_published(folder).current is not None:
                names.add(folder.name)
    return frozenset(names)


def address_of(edition: Edition, settings: Settings, name: str) -> str | None:
    """The public address of an episode's page, by its folder's name; `None` without a site."""
    return episode_page(_show(edition, settings).site_url, name)


def audio_url(edition: Edition, settings: Settings, local: str | None) -> str | None:
    """Where a published page finds its audio: at the host's, else at `local` beside the page."""
    audio = edition.episode.audio
    hosted = audio_file(
        _show(edition, settings).audio_url, Path(audio.path).name if audio else None
    )
    return hosted or (encode_path(local) if local else None)


def material_of(
    edition: Edition, settings: Settings, *, name: str, out: Collection[str]
) -> Material:
    """What files of a published version are made of; links lead to published episodes only.

    Args:
        edition: of the version.
        settings: for the show's addresses and templates.
        name: of the episode's folder.
        out: names of the folders of published episodes.
    """
    episode, notes, show = edition.episode, edition.notes, _show(edition, settings)
    wording = load_wording(notes.language)
    page = build_page(
        notes,
        edition.sentences,
        wording=wording,
        audio_path=edition.audio or (episode.audio.path if episode.audio else None),
        files=(),
        publication=show.publication,
        address=episode_page(show.site_url, name),
        archive_address=lambda other: episode_page(show.site_url, other) if other in out else None,
    )
    return Material(
        notes=notes,
        sentences=edition.sentences,
        cues=make_cues(edition.sentences),
        page=page,
        episode=episode,
        show=show,
        wording=wording,
        folders=show_template_folders(settings, episode.metadata.show),
        root=settings.root,
    )


def _show(edition: Edition, settings: Settings) -> ShowSettings:
    return settings.show.get(edition.episode.metadata.show or "", ShowSettings())
