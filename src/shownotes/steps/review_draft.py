"""The machine's draft as a review sees it, and the words that decisions are made on."""

from collections.abc import Mapping
from dataclasses import dataclass

from shownotes.adapters.review_log import NAME as LOG
from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder, content_sha256
from shownotes.core.anchors import Base, lay_base, move_base, spoken_words
from shownotes.core.sentences import split
from shownotes.core.turns import voiced
from shownotes.errors import FormatError
from shownotes.model import Episode, Names, Sentence, ShowNotes, Transcript
from shownotes.steps.attribute import read_turns
from shownotes.steps.step import Walk

BASE = "review.base.json"
# A run writes its boxes within moments of each other; whoever meets it looks again so many times.
MOST_LOOKS = 5
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
    """The boxes as they are now, all of one time: a run may be writing them meanwhile."""
    before = stamps_of(walk.folder)
    for _ in range(MOST_LOOKS):
        draft = _read(walk)
        after = stamps_of(walk.folder)
        if after == before:
            break
        before = after
    return draft


def _read(walk: Walk) -> Draft:
    folder = walk.folder
    names = folder.read("names.json", Names)
    plain = folder.read("transcript.json", Transcript)
    transcript = voiced(plain, read_turns(walk).turns)
    speakers = {speaker.label: speaker.name for speaker in names.speakers}
    episode, hashes = folder.read("episode.json", Episode), _hashes(folder)
    return Draft(
        episode=episode,
        transcript=transcript,
        names=names,
        notes=folder.read("draft.json", ShowNotes),
        sentences=split(voiced(plain, read_turns(walk).turns, speakers)),
        speakers=speakers,
        hashes=hashes,
        version=version_of(episode, hashes),
    )


def _hashes(folder: EpisodeFolder) -> dict[str, str]:
    """By box, the hash of what it holds."""
    return {box: folder.content_sha256(box) for box in DRAFT_BOXES if folder.has(box)}


def draft_version(folder: EpisodeFolder) -> str:
    """Hash of what the machine made."""
    return version_of(folder.read("episode.json", Episode), _hashes(folder))


def version_of(episode: Episode, hashes: Mapping[str, str]) -> str:
    """Hash of what is printed of an episode, but for the editor's part."""
    audio = episode.audio.packets_sha256 if episode.audio else ""
    return content_sha256([repr(episode.metadata), audio, episode.duration, list(hashes.values())])


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
        if ReviewLog(folder.path).exists():
            raise FormatError(
                f"{folder.path / BASE} is gone, without which nobody knows which words the "
                f"decisions in {LOG} are about. Put it back from a backup."
            )
        return lay_base(draft.transcript, found)
    base = folder.read(BASE, Base)
    words = sum(1 for _ in spoken_words(draft.transcript))
    if base.draft == found and len(base.ids) == words:
        return base
    moved = move_base(base, draft.transcript, found)
    folder.write(BASE, moved)
    return moved
