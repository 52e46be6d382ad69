"""Copies of an episode's audio to publish: with chapters, at one loudness, and its soundbites.

Not a step of the walk: they are made when an episode is published, or when they are asked for. A
copy is made again when what it was made of has changed; one that a person has edited is theirs,
and the new one goes beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shownotes.adapters.chapter_tags import MOST_CHAPTERS, copy_ending, copy_with_chapters
from shownotes.adapters.ledger import Ledger, Order, making
from shownotes.adapters.levelling import TARGET_LUFS, level, measure
from shownotes.adapters.sound import scan
from shownotes.adapters.store import EpisodeFolder, content_sha256, file_sha256
from shownotes.adapters.stretches import write_clip
from shownotes.core.characters import printable
from shownotes.core.episodes import slug
from shownotes.errors import EpisodeNotFoundError, NoAudioError
from shownotes.model import Episode, ShowNotes, Soundbite
from shownotes.steps.step import Walk
from shownotes.steps.tracks import CONTAINER

FOLDER = "audio"
CLIPS = "clips"
BOX = "audio.json"
# Raised when copies are to be made anew although nothing that they are made of has changed.
COPIES_VERSION = 1
# Tags of the audio that a levelled copy has as well; others tell of one file and its encoder.
_KEPT_TAGS = (
    "title",
    "artist",
    "album",
    "album_artist",
    "date",
    "track",
    "genre",
    "comment",
    "copyright",
    "publisher",
)
# File systems take 255 bytes; this leaves room for endings.
_STEM_BYTES = 200
# Of a levelled copy, at 96 kb/s a channel.
_LEVELLED_BYTES_A_SECOND = 24_000
# A copy that is this far below the target is told of, in LU.
_TOLD_LU = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What copies are made of.

    Attributes:
        sha256: of the whole audio file, its tags included.
        stem: of the audio's name, as long as a file name may be.
        ending: of a copy with chapters; `None` where the container cannot hold any.
    """

    walk: Walk
    episode: Episode
    notes: ShowNotes
    path: Path
    sha256: str
    stem: str
    ending: str | None

    @property
    def chapters(self) -> list[list[object]]:
        """What a copy says of the chapters."""
        return [[c.start, c.end, c.title] for c in self.notes.chapters]

    def hash_with(self, *parts: object) -> str:
        """Hash of the audio together with what else a copy is made of."""
        return content_sha256([COPIES_VERSION, self.sha256, *parts])


def make_copies(
    walk: Walk,
    *,
    with_loudness: bool = False,
    notes: ShowNotes | None = None,
    into: Path | None = None,
) -> tuple[Path, ...]:
    """Make the copies that are missing or out of date. The caller holds the episode's claim.

    Args:
        walk: of a finished draft.
        with_loudness: make one at the platforms' loudness as well, which takes a while.
        notes: whose chapters and soundbites; the draft's by default.
        into: the folder that they are for; the episode's by default.

    Returns:
        The files that were written; none when all were there.

    Raises:
        NoAudioError: the episode has no audio, or tracks without a mix.
        EpisodeNotFoundError: its audio is gone.
        InputError: the audio or its tags cannot be read.
        StoreError: a copy cannot be written, e.g. because the disk is full.
    """
    folder = walk.folder if into is None else EpisodeFolder(into)
    source, ledger = _source(walk, notes), Ledger(folder, BOX)
    levelled = _levelled(source)
    orders = [*_chaptered(source), *_clips(source), *([levelled] if with_loudness else [])]
    # A levelled copy that was not asked for this time stays where it is.
    wanted, made = [levelled.name], []
    for order in orders:
        path = ledger.find(order)
        if path is None and (path := ledger.make(order)) is not None:
            made.append(path)
        if path is not None:
            wanted.append(path.relative_to(folder.path).as_posix())
    ledger.drop_all_but(wanted)
    if not with_loudness and ledger.is_stale(levelled):
        walk.progress.say(f"{levelled.name} is out of date; --loudness makes it again.")
    return tuple(made)


def _source(walk: Walk, notes: ShowNotes | None) -> _Source:
    episode = walk.folder.read("episode.json", Episode)
    audio = episode.audio
    if audio is None:
        raise NoAudioError(
            f"{walk.folder.name} is a transcript alone, so there is no audio to copy. Put the "
            "audio beside the transcript, under the same name, and process it again."
        )
    if audio.container == CONTAINER:
        raise NoAudioError(
            f"{walk.folder.name} is a folder of tracks, and its mix is not here. Copies are made "
            "of an episode's finished audio; put it into the in-tray as an episode."
        )
    path = walk.settings.root / audio.path
    if not path.exists():
        raise EpisodeNotFoundError(f"{path} is gone. Put it back and try again.")
    ending = copy_ending(path)
    return _Source(
        walk=walk,
        episode=episode,
        notes=notes or walk.folder.read("draft.json", ShowNotes),
        path=path,
        sha256=file_sha256(path),
        stem=printable(path.stem).encode()[:_STEM_BYTES].decode(errors="ignore"),
        ending=ending,
    )


def _chaptered(source: _Source) -> Iterator[Order]:
    """The audio as it is, with the chapters in its tags."""
    name, notes = source.path.name, source.notes
    if not notes.chapters:
        source.walk.progress.say(f"{name}: the notes have no chapters, so no copy with chapters.")
        return
    if source.ending is None:
        source.walk.progress.say(
            f"{name}: files of this kind cannot hold chapters. MP3 and M4A can; the chapters are "
            "in chapters.podcast.json as well."
        )
        return

    def make(path: Path) -> bool:
        if len(notes.chapters) > MOST_CHAPTERS:
            source.walk.progress.say(
                f"{name}: an audio file holds {MOST_CHAPTERS} chapters; "
                f"{len(notes.chapters) - MOST_CHAPTERS} at the end are left out."
            )
        copy_with_chapters(source.path, path, notes.chapters)
        return True

    yield Order(
        name=f"{FOLDER}/{source.stem}{source.ending}",
        made_from=source.hash_with(source.chapters),
        needed_bytes=source.path.stat().st_size,
        make=make,
    )


def _clips(source: _Source) -> Iterator[Order]:
    """The soundbites, each a file of its own."""
    for number, bite in enumerate(source.notes.soundbites, 1):
        title = " ".join(printable(bite.title).split())
        yield Order(
            name=f"{FOLDER}/{CLIPS}/{number:02d}-{slug(title) or 'clip'}.mp3",
            made_from=source.hash_with(bite.start, bite.end, title, source.notes.show),
            needed_bytes=0,
            make=partial(_write_clip, source, bite, title),
        )


def _write_clip(source: _Source, bite: Soundbite, title: str, path: Path) -> bool:
    tags = {"title": title, "album": printable(source.notes.show or "")}
    if write_clip(source.path, path, start=bite.start, end=bite.end, tags=tags):
        return True
    source.walk.progress.say(f"No clip of \u201c{title}\u201d: the audio ends before it.")
    return False


def _levelled(source: _Source) -> Order:
    """An MP3 at the platforms' loudness, with the chapters as well."""
    return Order(
        name=f"{FOLDER}/{source.stem}.{TARGET_LUFS:.0f}lufs.mp3",
        made_from=source.hash_with(source.chapters, TARGET_LUFS),
        needed_bytes=round(2 * source.episode.duration * _LEVELLED_BYTES_A_SECOND),
        make=partial(_write_levelled, source),
    )


def _write_levelled(source: _Source, path: Path) -> bool:
    progress, name = source.walk.progress, source.path.name
    progress.begin("loudness", source.episode.duration)
    before = measure(source.path, advance=progress.advance)
    if before is None:
        progress.say(f"{name} is silent, so there is no copy at {TARGET_LUFS:.0f} LUFS.")
        return False
    tags = scan(source.path).tags
    with making(path.parent, ".levelled.mp3") as bare:
        after = level(
            source.path,
            bare,
            before=before,
            tags={key: tags[key] for key in _KEPT_TAGS if tags.get(key)},
            advance=progress.advance,
        )
        copy_with_chapters(bare, path, source.notes.chapters)
    if after.integrated_lufs < TARGET_LUFS - _TOLD_LU:
        progress.say(
            f"{name}: its peaks stand so high that the copy came to {after.integrated_lufs} LUFS."
        )
    return True
