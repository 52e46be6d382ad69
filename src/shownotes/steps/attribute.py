"""attribute: who speaks when -> turns.json.

By what is surest: the speakers of a transcript that came with the episode; separate tracks, or
channels with one person each; else the voices of the mix. Names come later, from what is said
(`identify`).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shownotes.adapters.ahead import Ahead, GoOn
from shownotes.core import turns as core_turns
from shownotes.core.known_voices import speech_of
from shownotes.model import (
    Episode,
    Notice,
    Span,
    Speaker,
    SpeakersFrom,
    Transcript,
    Turn,
    Turns,
    Word,
)
from shownotes.steps import prepare
from shownotes.steps.step import Step, Walk

if TYPE_CHECKING:
    from shownotes.adapters.voices import Features

_FEATURES = "work/voices.bin"
# What is kept warm of it.
_AHEAD = "voices"
# A turn of less confidence than this is worth a look.
DOUBTFUL = 0.9
# Voices are told apart by seconds of words; below this there is nothing to tell.
LEAST_WORDS = 30


def spoken(walk: Walk, speakers: tuple[Speaker, ...] = ()) -> Transcript:
    """The transcript with every word under its speaker, named where the name is known.

    Args:
        walk: of an episode that was attributed.
        speakers: of `names.json`.
    """
    transcript = walk.folder.read("transcript.json", Transcript)
    turns = read_turns(walk).turns
    if len({turn.speaker for turn in turns}) == 1 and not speakers:
        # One voice and nobody knows whose: a label on every line says nothing.
        return transcript
    return core_turns.voiced(transcript, turns, {s.label: s.name for s in speakers})


def read_turns(walk: Walk) -> Turns:
    """`turns.json`; no turns for an episode made before speakers were told apart."""
    return walk.folder.read(STEP.box, Turns) if walk.folder.has(STEP.box) else Turns(turns=())


def _inputs(walk: Walk) -> Mapping[str, str]:
    if not walk.folder.has("episode.json"):
        return {}
    audio = walk.folder.read("episode.json", Episode).audio
    return {"audio": audio.packets_sha256 if audio else ""}


def _run(walk: Walk) -> None:
    walk.progress.begin("attribute", 0)
    transcript = walk.folder.read("transcript.json", Transcript)
    turns = _attribute(walk, transcript)
    audio = walk.folder.path / prepare.WORKING_AUDIO
    if turns.turns and not turns.voices and audio.is_file() and _is_to_remember(walk):
        from shownotes.adapters.voice_prints import hear_prints

        turns = replace(turns, voices=hear_prints(audio, _speech(transcript, turns.turns)))
    walk.folder.write(
        STEP.box, turns, made_from=STEP.made_from(walk), made_with=STEP.made_with(walk)
    )


def _is_to_remember(walk: Walk) -> bool:
    """Whether prints are wanted; no input of the step, as nothing else is made of them."""
    return walk.settings.desk.remember_voices


def _speech(transcript: Transcript, turns: Sequence[Turn]) -> dict[str, list[Span]]:
    """When everybody speaks."""
    segments = core_turns.voiced(transcript, turns).segments
    return speech_of((segment.speaker, segment.words) for segment in segments)


def _attribute(walk: Walk, transcript: Transcript) -> Turns:
    episode = walk.folder.read("episode.json", Episode)
    labelled = core_turns.from_labels(transcript)
    if labelled:
        is_heard = bool(episode.tracks) and episode.transcript_path is None
        return Turns(turns=labelled, source=_apart(episode) if is_heard else SpeakersFrom.LABELS)
    words = core_turns.words_of(transcript)
    if episode.audio is None or len(words) < LEAST_WORDS:
        return Turns(turns=())
    if episode.tracks:
        # A transcript that came with tracks, and without speakers.
        return Turns(turns=core_turns.from_tracks(words, episode.tracks), source=_apart(episode))
    if not walk.settings.speakers.tell_apart:
        return Turns(turns=())
    return _by_voice(walk, transcript)


def _apart(episode: Episode) -> SpeakersFrom:
    """Whether people were recorded on tracks of their own, or on two channels of one."""
    paths = {track.path for track in episode.tracks}
    return SpeakersFrom.TRACKS if len(paths) == len(episode.tracks) else SpeakersFrom.STEREO


def _by_voice(walk: Walk, transcript: Transcript) -> Turns:
    from shownotes.adapters.voice_prints import prints_of
    from shownotes.adapters.voices import tell_apart

    speakers = walk.settings.speakers
    if speakers.segmentation_model:
        return _by_engine(walk, core_turns.words_of(transcript))
    path = walk.folder.path / _FEATURES
    try:
        features = _features(walk, path)
        words = core_turns.words_of(transcript)
        found = tell_apart(features, words, most_voices=walk.settings.speakers.most or None)
        turns = core_turns.from_words(words, found.voices, found.margins)
        is_wanted = _is_to_remember(walk)
        prints = prints_of(features, _speech(transcript, turns)) if is_wanted else ()
        del features
    finally:
        path.unlink(missing_ok=True)
    return Turns(
        turns=turns, source=SpeakersFrom.VOICES, warnings=tuple(_warn(turns)), voices=prints
    )


def hear_ahead(walk: Walk) -> None:
    """Begin to listen to the voices while the speech engine listens to the words."""
    episode = walk.folder.read("episode.json", Episode)
    speakers = walk.settings.speakers
    is_needed = speakers.tell_apart and not speakers.segmentation_model and not episode.tracks
    if is_needed and episode.audio is not None and _AHEAD not in walk.kept_warm:
        working, path = prepare.working_audio(walk), walk.folder.path / _FEATURES
        walk.kept_warm[_AHEAD] = Ahead(lambda go_on: _hear(working, path, go_on))


def let_go(walk: Walk) -> None:
    """Stop what was begun ahead and nobody needs; take away what a killed run left of it."""
    ahead = walk.kept_warm.pop(_AHEAD, None)
    if ahead is not None:
        ahead.close()
    (walk.folder.path / _FEATURES).unlink(missing_ok=True)


def _features(walk: Walk, path: Path) -> "Features":
    ahead = walk.kept_warm.pop(_AHEAD, None)
    if isinstance(ahead, Ahead):
        # What went wrong there is tried again here, where it can be told.
        with suppress(Exception):
            features: Features = ahead.result()
            return features
    return _hear(prepare.working_audio(walk), path)


def _hear(working: Path, path: Path, go_on: GoOn = lambda _done: None) -> "Features":
    from shownotes.adapters.audio import read_chunks
    from shownotes.adapters.voices import hear

    return hear(read_chunks(working), path, go_on)


def _by_engine(walk: Walk, words: Sequence[Word]) -> Turns:
    """By the models that the settings name."""
    from shownotes.adapters import diarization

    speakers = walk.settings.speakers
    heard = diarization.find_turns(
        prepare.working_audio(walk),
        segmentation=walk.settings.root / speakers.segmentation_model,
        embedding=walk.settings.root / speakers.embedding_model,
        most_voices=speakers.most or None,
    )
    found = diarization.assign(words, heard)
    turns = core_turns.from_words(words, found.voices, found.margins)
    return Turns(turns=turns, source=SpeakersFrom.VOICES, warnings=tuple(_warn(turns)))


def _warn(turns: tuple[Turn, ...]) -> list[Notice]:
    count = len({turn.speaker for turn in turns})
    doubtful = [turn for turn in turns if turn.confidence < DOUBTFUL]
    if count < 2 or not doubtful:
        return []
    message = (
        f"{count} voices were told apart by their sound; of {len(turns)} turns {len(doubtful)} are "
        "doubtful. Where it matters who says something, listen."
    )
    return [Notice(code="speakers_doubtful", message=message)]


STEP = Step(
    name="attribute",
    box="turns.json",
    version=1,
    needs=("transcript.json",),
    settings_keys=("speakers",),
    inputs=_inputs,
    run=_run,
)
