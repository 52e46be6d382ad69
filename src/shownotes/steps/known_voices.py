"""Voices of approved episodes, kept for the show's next ones: `shows/<show>/voices.json`.

Written when an episode is approved, with the names that its editor left. The file is no input of
any step: an episode that is done is not done again for a voice that was learnt since.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from shownotes.adapters.folders import locked
from shownotes.adapters.glossaries import glossary_file
from shownotes.adapters.store import EpisodeFolder, now
from shownotes.core import known_voices
from shownotes.core.known_voices import KnownVoice, KnownVoices, Suggestion
from shownotes.errors import StoreError
from shownotes.model import Episode, Names, PersonRole, Turns, VoicePrint
from shownotes.settings import Settings
from shownotes.steps.attribute import read_turns
from shownotes.steps.prepare import WORKING_AUDIO
from shownotes.steps.reviewing import Reviewing, open_review
from shownotes.steps.step import Walk

FILE = "voices.json"
_LOCK = ".voices.lock"
Stamp = tuple[int, int]


def voices_folder(settings: Settings, show: str | None) -> EpisodeFolder:
    """Where a show's voices are kept: beside its glossary."""
    return EpisodeFolder(glossary_file(settings.root, show).parent)


def remember_voices(walk: Walk, *, by: str) -> None:
    """Keep how the named speakers of an approved episode sound.

    Raises:
        ReviewError: there is no draft.
        StoreError: the show's voices cannot be read or written.
        InputError: the audio cannot be read.
    """
    remember(open_review(walk), by=by)


def remember(reviewing: Reviewing, *, by: str) -> None:
    """The same for an episode whose review is open."""
    walk = reviewing.walk
    if not walk.settings.desk.remember_voices:
        return
    episode = reviewing.draft.episode
    fresh = tuple(_heard(reviewing, by))
    folder = voices_folder(walk.settings, episode.metadata.show)
    if not fresh and not folder.has(FILE):
        return
    with locked(folder.path / _LOCK):
        known = read_known(folder)
        kept = known_voices.remember(known, fresh, episode=episode.id)
        if kept != known:
            folder.write(FILE, KnownVoices(voices=kept))


def _heard(reviewing: Reviewing, by: str) -> Iterable[KnownVoice]:
    notes, episode, at = reviewing.notes(), reviewing.draft.episode, now()
    roles: dict[str, PersonRole] = {
        person.name.casefold(): person.role
        for person in (*notes.mentioned, *notes.guests, *notes.hosts)
    }
    named = {label: name for label, name in reviewing.names.items() if known_voices.has_name(name)}
    for voice in _prints(reviewing, named):
        name = named[voice.label]
        yield KnownVoice(
            name=name,
            role=roles.get(name.casefold()),
            episode=episode.id,
            folder=reviewing.walk.folder.name,
            title=notes.title,
            seconds=voice.seconds,
            at=at,
            by=by,
            sound=voice.sound,
        )


def _prints(reviewing: Reviewing, named: Mapping[str, str]) -> Sequence[VoicePrint]:
    """The named speakers' prints, as the editor has their turns."""
    # NumPy is loaded where voices are heard or compared, not for every command.
    from shownotes.adapters.voice_prints import hear_prints

    spoken = ((segment.label, segment.words) for segment in reviewing.segments)
    speech = {
        label: spans
        for label, spans in known_voices.speech_of(spoken).items()
        if label in named and sum(span.duration for span in spans) >= known_voices.LEAST_S
    }
    path_wav = reviewing.walk.folder.path / WORKING_AUDIO
    if path_wav.is_file():
        return hear_prints(path_wav, speech)
    # The work folder was cleaned: what was heard before the editor moved any turns.
    return [voice for voice in read_turns(reviewing.walk).voices if voice.label in speech]


def read_known(folder: EpisodeFolder) -> tuple[KnownVoice, ...]:
    """The voices of a show; none without a file.

    Raises:
        FormatError: the file is damaged.
    """
    return folder.read(FILE, KnownVoices).voices if folder.has(FILE) else ()


def suggest_voices(
    walk: Walk, named: Mapping[str, str | None] | None = None
) -> tuple[Suggestion, ...]:
    """Who the speakers without a name may be, by the show's earlier approved episodes.

    Args:
        walk: of an episode that was attributed.
        named: by label, what its speakers are called; as `names.json` has it when it is not given.

    Raises:
        FormatError: the show's voices, or a box of the episode, are damaged.
    """
    episode = walk.folder.read("episode.json", Episode)
    book = voices_folder(walk.settings, episode.metadata.show)
    if not book.has(FILE) or not walk.settings.desk.remember_voices:
        return ()
    if named is None:
        names = walk.folder.read("names.json", Names)
        named = {speaker.label: speaker.name for speaker in names.speakers}
    turns_path = walk.folder.path / "turns.json"
    return _suggest(
        (book.path, _stamp(book.path / FILE)),
        (walk.folder.path, _stamp(turns_path)),
        episode.id,
        tuple(sorted(named.items())),
    )


def suggestions_by_label(walk: Walk, named: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
    """What the desk offers: by label, `name` and `episode`; nothing when a file is damaged."""
    try:
        found = suggest_voices(walk, named)
    except (StoreError, OSError):
        # The page must open all the same; `process` says which file it is.
        return {}
    return {one.label: {"name": one.name, "episode": one.title} for one in found}


def _stamp(path: Path) -> Stamp:
    """By what it is seen that a file is another one."""
    try:
        told = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (told.st_mtime_ns, told.st_size)


@functools.lru_cache(maxsize=64)
def _suggest(
    book: tuple[Path, Stamp],
    turns: tuple[Path, Stamp],
    episode: str,
    named: tuple[tuple[str, str | None], ...],
) -> tuple[Suggestion, ...]:
    """The suggestions; a page asks for them with every change."""
    from shownotes.adapters.voice_prints import distance

    folder = EpisodeFolder(turns[0])
    told = folder.read("turns.json", Turns) if folder.has("turns.json") else Turns(turns=())
    known = read_known(EpisodeFolder(book[0]))
    found = known_voices.suggest(
        told.voices,
        # An episode's own voices are no evidence of anything.
        [voice for voice in known if voice.episode != episode],
        named=dict(named),
        distance=distance,
    )
    return tuple(_with_sample(one, told) for one in found)


def _with_sample(suggestion: Suggestion, turns: Turns) -> Suggestion:
    turn = known_voices.sample(turns.turns, suggestion.label)
    return replace(suggestion, start=turn.start, end=turn.end) if turn else suggestion
