"""The machine's draft as a review sees it, and the words that decisions are made on."""

from collections.abc import Mapping
from dataclasses import dataclass

from shownotes.adapters.store import EpisodeFolder, content_sha256
from shownotes.core.anchors import Base, lay_base, move_base
from shownotes.core.sentences import split
from shownotes.core.turns import voiced
from shownotes.model import Episode, Names, Sentence, ShowNotes, Transcript
from shownotes.steps.attribute import read_turns
from shownotes.steps.step import Walk

BASE = "review.base.json"
DRAFT_BOXES = ("transcript.json", "turns.json", "names.json", "draft.json")


@dataclass(frozen=True, slots=True)
class Draft:
    """The machine's boxes, as they were read."""

    episode: Episode
    transcript: Transcript
    names: Names
    notes: ShowNotes
    sentences: tuple[Sentence, ...]
    speakers: Mapping[str, str]
    hashes: Mapping[str, str]
    version: str


def read_draft(walk: Walk) -> Draft:
    """The boxes as they are now."""
    folder = walk.folder
    names = folder.read("names.json", Names)
    plain = folder.read("transcript.json", Transcript)
    transcript = voiced(plain, read_turns(walk).turns)
    speakers = {speaker.label: speaker.name for speaker in names.speakers}
    return Draft(
        episode=folder.read("episode.json", Episode),
        transcript=transcript,
        names=names,
        notes=folder.read("draft.json", ShowNotes),
        sentences=split(voiced(plain, read_turns(walk).turns, speakers)),
        speakers=speakers,
        hashes=(hashes := _hashes(folder)),
        version=content_sha256(list(hashes.values())),
    )


def _hashes(folder: EpisodeFolder) -> dict[str, str]:
    """By box, the hash of what it holds."""
    return {box: folder.content_sha256(box) for box in DRAFT_BOXES if folder.has(box)}


def draft_version(folder: EpisodeFolder) -> str:
    """Hash of what the machine made."""
    return content_sha256(list(_hashes(folder).values()))


def stamps_of(folder: EpisodeFolder) -> tuple[tuple[int, int], ...]:
    """By what it is seen, without reading, that a box was written anew."""
    found = []
    for box in (*DRAFT_BOXES, "episode.json"):
        try:
            told = (folder.path / box).stat()
        except FileNotFoundError:
            found.append((0, 0))
        else:
            found.append((told.st_mtime_ns, told.st_size))
    return tuple(found)


def current_base(folder: EpisodeFolder, draft: Draft) -> Base:
    """The base of the draft as it is; moved, and written, when it was of another one."""
    found = draft.hashes["transcript.json"] + draft.hashes.get("turns.json", "")
    if not folder.has(BASE):
        return lay_base(draft.transcript, found)
    base = folder.read(BASE, Base)
    if base.draft == found:
        return base
    moved = move_base(base, draft.transcript, found)
    folder.write(BASE, moved)
    return moved
