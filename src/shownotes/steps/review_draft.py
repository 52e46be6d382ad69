"""The machine's draft as a review sees it, and the words that decisions are made on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shownotes.adapters.review_log import NAME as LOG
from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder, content_sha256
from shownotes.core.anchors import Base, lay_base, move_base, spoken_words
from shownotes.core.sentences import split
from shownotes.core.turns import voiced
from shownotes.errors import FormatError
from shownotes.model import Episode, Metadata, Names, Sentence, ShowNotes, Transcript
from shownotes.steps.attribute import read_turns
from shownotes.steps.step import Walk

BASE = "review.base.json"
# A run writes its boxes within moments of each other; whoever meets it looks again so many times.
MOST_LOOKS = 5
_FIELDS_BEFORE = (
    "title", "show", "season", "number", "date", "language", "hosts", "guests", "glossary",
    "chapters", "tracks", "model", "feed_id", "sign_off",
)  # fmt: skip
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
    versions: tuple[str, ...]

    @property
    def version(self) -> str:
        """Hash of what the machine made."""
        return self.versions[0]


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
        versions=versions_of(episode, hashes),
    )


def _hashes(folder: EpisodeFolder) -> dict[str, str]:
    """By box, the hash of what it holds."""
    return {box: folder.content_sha256(box) for box in DRAFT_BOXES if folder.has(box)}


def draft_versions(folder: EpisodeFolder) -> tuple[str, ...]:
    """Hash of what the machine made, and as older programs have made it of the same."""
    return versions_of(folder.read("episode.json", Episode), _hashes(folder))


def versions_of(episode: Episode, hashes: Mapping[str, str]) -> tuple[str, ...]:
    """Hash of what is printed of an episode, but for the editor's part.

    Of what the metadata say, so that a program that knows more kinds of them makes the same hash;
    then as it was made before, by which older approvals go.
    """
    audio = episode.audio.packets_sha256 if episode.audio else ""
    return tuple(
        content_sha256([metadata, audio, episode.duration, list(hashes.values())])
        for metadata in (_said(asdict(episode.metadata)), _as_before(episode.metadata))
    )


def _said(value: Any) -> Any:
    """Plain data without what is empty."""
    if isinstance(value, dict):
        return {key: _said(one) for key, one in value.items() if one not in (None, "", ())}
    return [_said(one) for one in value] if isinstance(value, (list, tuple)) else value


def _as_before(metadata: Metadata) -> str:
    """The metadata as they were written when approvals went by that; newer kinds are left out."""
    told = ", ".join(f"{name}={getattr(metadata, name)!r}" for name in _FIELDS_BEFORE)
    return f"Metadata({told})"


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
