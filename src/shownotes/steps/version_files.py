"""All that lies in a published version's folder: pages and files for everybody, and the audio."""

import shutil
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from shownotes.adapters.store import EpisodeFolder, file_sha256
from shownotes.core.addresses import episode_page
from shownotes.core.characters import printable
from shownotes.core.page import Page
from shownotes.core.publication import Edition, make_edition
from shownotes.core.site import on_site
from shownotes.errors import EpisodeNotFoundError
from shownotes.model import Link, RenderedFile
from shownotes.settings import Settings
from shownotes.steps import audio_copies
from shownotes.steps.published import EDITION, PUBLIC_FILES, audio_url, folders_out, material_of
from shownotes.steps.step import Walk
from shownotes.steps.targets import PAGES, TEXTS, Material
from shownotes.steps.tracks import CONTAINER


def write_version(walk: Walk, draft: Material, work: Path) -> None:
    """Write everything but the record of who published it.

    Args:
        walk: the episode, whose claim the caller holds.
        draft: the notes and the transcript as they were approved.
        work: an empty folder.

    Raises:
        EpisodeNotFoundError: the audio is gone.
        ShowNotesError: a template, the audio or the disk.
        OSError: the disk.
    """
    audio = _write_audio(walk, draft, work)
    edition = make_edition(draft.episode, draft.notes, draft.sentences, audio=audio)
    _write_files(walk, edition, work)
    EpisodeFolder(work).write(EDITION, edition)


def list_files(work: Path) -> Iterator[RenderedFile]:
    """Every file of a version, with its hash."""
    for path in sorted(work.rglob("*")):
        if path.is_file():
            yield RenderedFile(name=path.relative_to(work).as_posix(), sha256=file_sha256(path))


def _write_audio(walk: Walk, draft: Material, work: Path) -> str | None:
    """The audio with chapters, and clips.

    Returns:
        The file that the page plays: the copy that browsers seek exactly where there is one, else
        the one with chapters, else the audio as it is.
    """
    audio = draft.episode.audio
    if not walk.settings.publish.audio or audio is None:
        return None
    has_file = audio.container != CONTAINER
    made = audio_copies.make_copies(walk, notes=draft.notes, into=work) if has_file else ()
    # What a copy was made of is of no interest once it is published.
    (work / audio_copies.BOX).unlink(missing_ok=True)
    with_chapters = next((p for p in made if p.parent.name == audio_copies.FOLDER), None)
    if draft.episode.listening_copy:
        source = walk.folder.path / draft.episode.listening_copy
    elif with_chapters is not None:
        return with_chapters.relative_to(work).as_posix()
    elif has_file:
        source = walk.settings.root / audio.path
    else:
        return None
    if not source.is_file():
        raise EpisodeNotFoundError(
            f"{source} is gone. Put it back, or make it again: "
            f"shownotes process {walk.folder.name} --from prepare"
        )
    played = work / audio_copies.FOLDER / printable(source.name)
    played.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, played)
    return played.relative_to(work).as_posix()


def _write_files(walk: Walk, edition: Edition, work: Path) -> None:
    """The texts, then the pages, which list those that are for everybody."""
    out, settings = folders_out(walk.settings), walk.settings
    for name, text in _files(edition, settings, name=walk.folder.name, out=out):
        _write(work / name, text)


def printed_texts(walk: Walk, draft: Material) -> dict[str, str]:
    """All files by name as they would be published, whatever their addresses and those of others.

    Where audio and site lie, and which other episodes are out, is not what anybody approves.
    """
    show = draft.show.model_copy(update={"site_url": None, "audio_url": None})
    shows = {**walk.settings.show, draft.episode.metadata.show or "": show}
    settings = walk.settings.model_copy(update={"show": shows})
    edition = make_edition(draft.episode, draft.notes, draft.sentences, audio=None)
    return dict(_files(edition, settings, name=walk.folder.name, out=()))


def _files(
    edition: Edition, settings: Settings, *, name: str, out: Collection[str]
) -> Iterator[tuple[str, str]]:
    material = material_of(edition, settings, name=name, out=out)
    url = audio_url(edition, settings, edition.audio)
    page = _public_page(material, out, url, files=())
    files = []
    for target in TEXTS:
        text = target.make(replace(material, page=page))
        if text is not None:
            yield target.name, text
            if target.name in PUBLIC_FILES:
                files.append((target.name, target.kind))
    page = replace(page, files=tuple(files))
    for target in PAGES:
        text = target.make(replace(material, page=page))
        if text is not None:
            yield target.name, text


def _public_page(
    material: Material,
    out: Collection[str],
    url: str | None,
    *,
    files: tuple[tuple[str, str], ...],
) -> Page:
    """The page as it stands by itself: other episodes are linked where the site has them."""
    page, site_url = material.page, material.show.site_url
    earlier = []
    for link in page.notes.earlier_episodes:
        if link.episode is None:
            earlier.append(link)
        elif site_url and link.episode in out:
            address = episode_page(site_url, link.episode)
            earlier.append(Link(text=link.text, url=address, evidence=link.evidence))
    page = replace(page, notes=replace(page.notes, earlier_episodes=tuple(earlier)))
    page = on_site(page, folders=frozenset(), is_preview=False, audio_url=url, files=files)
    return replace(page, site_index=None)


def _write(path: Path, text: str) -> None:
    path.write_text(printable(text), encoding="utf-8", newline="\n")
