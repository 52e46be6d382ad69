"""render: the draft in every form that leaves the house -> notes.md, notes.html, captions, JSON.

A file that a person has edited is theirs: the new one goes beside it (`notes.new.md`).
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from shownotes.adapters.languages import load_wording, wordings_sha256
from shownotes.adapters.store import (
    EpisodeFolder,
    beside,
    content_sha256,
    file_sha256,
    write_text,
)
from shownotes.core import quotes
from shownotes.core.addresses import episode_page
from shownotes.core.captions import make_cues
from shownotes.core.checks import SURE_WORDS
from shownotes.core.episodes import slug
from shownotes.core.page import Page, build_page
from shownotes.core.sentences import split
from shownotes.errors import StoreError
from shownotes.model import (
    Episode,
    Names,
    Rendered,
    RenderedFile,
    Sentence,
    ShowNotes,
    Transcript,
)
from shownotes.settings import Settings, ShowSettings
from shownotes.steps.attribute import spoken
from shownotes.steps.reviewing import reviewed
from shownotes.steps.step import Step, Walk
from shownotes.steps.targets import TARGETS, Material, make_all
from shownotes.workspace import shipped

FILES = tuple(target.name for target in TARGETS)
BESIDE_PAGE = tuple((target.name, target.kind) for target in TARGETS if target.kind)
# What is about to be written, so that files of a run killed half-way are known as ours.
JOURNAL = Path("work") / "render.json"
# Folder of the templates that are one show's alone, in the templates' folder.
SHOWS = "shows"


def template_folders(walk: Walk) -> tuple[Path, ...]:
    """Where an episode's templates are looked for; the first folder that has a file wins."""
    show = walk.folder.read("episode.json", Episode).metadata.show
    return show_template_folders(walk.settings, show)


def show_template_folders(settings: Settings, show: str | None) -> tuple[Path, ...]:
    """Where a show's templates are looked for.

    The show's own come before the working folder's, and those before the program's.
    """
    roots = template_roots(settings)
    of_show = [found for root in roots if show and (found := _show_folder(root, show))]
    return (*of_show, *(root / "notes" for root in roots))


def template_roots(settings: Settings) -> tuple[Path, ...]:
    """The folders of templates: the working folder's, then the program's."""
    own = (settings.templates_folder, settings.root / "templates", shipped("templates"))
    return tuple(dict.fromkeys(own))


def _show_folder(templates: Path, show: str) -> Path | None:
    """`shows/<show>/`, named exactly like the show, else by its slug.

    Found among the folders that are there: a show's name may hold what no path should.
    """
    shows = templates / SHOWS
    there = {path.name: path for path in shows.iterdir()} if shows.is_dir() else {}
    found = there.get(show) or there.get(slug(show))
    return found if found is not None and found.is_dir() else None


def kept_edits(folder: EpisodeFolder) -> tuple[str, ...]:
    """Names of our output files that a person has edited."""
    known = _known(folder)
    return tuple(
        name
        for name in FILES
        if name in known and (folder.path / name).is_file() and not _is_ours(folder, name, known)
    )


def _known(folder: EpisodeFolder) -> dict[str, set[str]]:
    """The hashes that we have written, or were about to write, by file name."""
    known: dict[str, set[str]] = {}
    for file in _recorded(folder):
        known.setdefault(file.name, set()).add(file.sha256)
    with suppress(OSError, ValueError, AttributeError):
        journal = json.loads((folder.path / JOURNAL).read_text(encoding="utf-8"))
        for name, sha256 in journal.items():
            known.setdefault(str(name), set()).add(str(sha256))
    return known


def _recorded(folder: EpisodeFolder) -> tuple[RenderedFile, ...]:
    try:
        return folder.read("render.json", Rendered).files
    except (StoreError, OSError):
        return ()


def _is_ours(folder: EpisodeFolder, name: str, known: Mapping[str, set[str]]) -> bool:
    return file_sha256(folder.path / name) in known.get(name, set())


def _inputs(walk: Walk) -> Mapping[str, str]:
    episode = walk.folder.read("episode.json", Episode)
    show = walk.settings.show.get(episode.metadata.show or "", ShowSettings())
    missing = [f.name for f in _recorded(walk.folder) if f.name in FILES]
    missing = [name for name in missing if not (walk.folder.path / name).is_file()]
    return {
        "templates": templates_hash(walk),
        "language_files": wordings_sha256(),
        "audio": content_sha256([_audio_path(walk, episode), show.model_dump(mode="json")]),
        "missing_files": ", ".join(missing),
    }


def templates_hash(walk: Walk) -> str:
    """Hash of every template that could be used."""
    from shownotes.adapters.pages import templates_sha256

    return templates_sha256(template_folders(walk))


def _audio_path(walk: Walk, episode: Episode) -> str | None:
    """From the episode's folder to what its page plays: the listening copy, else the audio."""
    if episode.listening_copy:
        return episode.listening_copy
    if episode.audio is None:
        return None
    audio = walk.settings.root / episode.audio.path
    try:
        return Path(os.path.relpath(audio, walk.folder.path)).as_posix()
    except ValueError:  # Windows: another drive
        return audio.resolve().as_uri()


def _run(walk: Walk) -> None:
    walk.progress.begin("render", 0)
    made = dict(make_all(gather(walk)))
    contents = {name: text for name, text in made.items() if text is not None}
    known = _known(walk.folder)
    for name in made.keys() - contents.keys():
        _remove_stale(walk.folder.path / name, known)
    journal = {name: _sha256(text) for name, text in contents.items()}
    write_text(walk.folder.path / JOURNAL, json.dumps(journal))
    files: list[RenderedFile] = []
    for name, text in contents.items():
        files += _write(walk.folder, name, text, known)
    walk.folder.write(
        STEP.box,
        Rendered(files=tuple(files)),
        made_from={**STEP.made_from(walk), "missing_files": ""},
        made_with=STEP.made_with(walk),
    )
    (walk.folder.path / JOURNAL).unlink(missing_ok=True)


def _write(
    folder: EpisodeFolder, name: str, text: str, known: Mapping[str, set[str]]
) -> Iterator[RenderedFile]:
    """Write one file, or its new version beside a person's; tells what is ours now."""
    path, wanted = folder.path / name, _sha256(text)
    found = file_sha256(path) if path.is_file() else None
    if found == wanted or found is None or found in known.get(name, set()):
        if found != wanted:
            write_text(path, text)
        yield RenderedFile(name=name, sha256=wanted)
        _remove_stale(beside(path), known)
        return
    # A person's. What we last wrote under this name stays on record, so that it stays theirs.
    for sha256 in sorted(known.get(name, set()) or {wanted})[:1]:
        yield RenderedFile(name=name, sha256=sha256)
    new = _free_name(beside(path), wanted, known)
    if not new.is_file() or file_sha256(new) != wanted:
        write_text(new, text)
    yield RenderedFile(name=new.name, sha256=wanted)


def _free_name(path: Path, wanted: str, known: Mapping[str, set[str]]) -> Path:
    """The first of `notes.new.md`, `notes.new.new.md` … that is not a person's."""
    while path.is_file() and file_sha256(path) not in known.get(path.name, set()) | {wanted}:
        path = beside(path)
    return path


def _remove_stale(path: Path, known: Mapping[str, set[str]]) -> None:
    """Take away a new version that is no longer needed, if it is as we left it."""
    if path.is_file() and file_sha256(path) in known.get(path.name, set()):
        path.unlink()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def gather(walk: Walk) -> Material:
    """Everything the files are made of: the draft, as the editor has it."""
    episode = walk.folder.read("episode.json", Episode)
    edited = reviewed(walk)
    if edited is None:
        notes = walk.folder.read("draft.json", ShowNotes)
        transcript = spoken(walk, walk.folder.read("names.json", Names).speakers)
    else:
        notes, transcript = edited
    return materialize(walk, episode, notes, transcript)


def materialize(walk: Walk, episode: Episode, notes: ShowNotes, transcript: Transcript) -> Material:
    """Everything the files of these notes are made of."""
    sentences = split(transcript)
    return Material(
        notes=notes,
        sentences=sentences,
        cues=make_cues(sentences),
        page=_page(walk, episode, notes, transcript, sentences),
        episode=episode,
        show=walk.settings.show.get(episode.metadata.show or "", ShowSettings()),
        wording=load_wording(notes.language),
        folders=template_folders(walk),
        root=walk.settings.root,
    )


def _page(
    walk: Walk,
    episode: Episode,
    notes: ShowNotes,
    transcript: Transcript,
    sentences: tuple[Sentence, ...],
) -> Page:
    show = walk.settings.show.get(episode.metadata.show or "", ShowSettings())
    flags = [segment.flags for segment in transcript.segments]
    return build_page(
        notes,
        sentences,
        wording=load_wording(notes.language),
        audio_path=_audio_path(walk, episode),
        files=BESIDE_PAGE,
        doubtful=quotes.doubtful(sentences, flags, floor=SURE_WORDS),
        publication=show.publication,
        address=episode_page(show.site_url, walk.folder.name),
        archive_address=lambda folder: episode_page(show.site_url, folder),
    )


STEP = Step(
    name="render",
    box="render.json",
    version=1,
    needs=("draft.json", "transcript.json", "turns.json", "names.json", "review.json"),
    inputs=_inputs,
    run=_run,
)
