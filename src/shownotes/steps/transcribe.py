"""transcribe: what was said, word by word, out of the working audio -> transcript.json.

The episode is recognised in windows, each stored in `work/windows/` as it completes, so that an
interrupted run goes on at the window. A transcript that came with the episode is taken instead.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from shownotes.adapters import models, phrases
from shownotes.adapters.store import content_sha256
from shownotes.core import hallucinations, turns
from shownotes.core.placement import Replacement, clip, substitute, whole_segments
from shownotes.core.timecodes import clock, spoken_length
from shownotes.core.windows import Window
from shownotes.errors import ShowNotesError, TranscriptFileError
from shownotes.model import Episode, Metadata, Notice, Segment, Span, Transcript
from shownotes.settings import Settings
from shownotes.steps import prepare
from shownotes.steps.intray import is_transcript, merged_metadata, transcript_beside
from shownotes.steps.links import check_link
from shownotes.steps.model_choice import (
    DEMO_NOTICE,
    announce,
    choose_model,
    is_demo_unasked,
    model_key,
)
from shownotes.steps.recognition import (
    Recognized,
    Recognizer,
    asked_language,
    find_windows,
    forget_windows,
    glossary,
    read_redone,
    sidecar_or_settings,
    store_redone,
)
from shownotes.steps.step import Part, Step, Walk

IMPORTED = "imported"
_DRAFT_NOTICE = Notice(
    code="draft_profile",
    message="Transcribed quickly, with more mistakes than usual (speech.profile = draft). For the "
    "notes that are published, set it to usual and run again.",
)


# --------------------------------------------------------------------------- what it is made from


def _inputs(walk: Walk) -> Mapping[str, str]:
    """Hashes of what the text depends on: not the whole of episode.json, whose titles change."""
    if not walk.folder.has("episode.json"):
        return {}
    episode = walk.folder.read("episode.json", Episode)
    made_from = {"audio": _audio_key(episode), "language": asked_language(walk, episode) or ""}
    source = _source_key(episode)
    if source is not None:
        made_from["transcript"] = source
    elif episode.speech:
        made_from["model"] = model_key(walk, episode, box=STEP.box)
        made_from["glossary"] = content_sha256(glossary(walk, episode))
        if walk.settings.speech.profile == "draft":
            made_from["profile"] = "draft"
    redo = _redo(walk)
    return {**made_from, "redo": f"{redo.start}-{redo.end}" if redo else ""}


def _source_key(episode: Episode) -> str | None:
    """Hash of the transcript that came with the episode, `None` when there is none."""
    return None if episode.transcript_path is None else episode.transcript_sha256 or ""


def _audio_key(episode: Episode) -> str:
    packets = episode.audio.packets_sha256 if episode.audio else ""
    spans = [[round(span.start, 2), round(span.end, 2)] for span in episode.speech]
    told = [packets, round(episode.duration, 2), spans]
    each = [
        [track.speaker, *([round(s.start, 2), round(s.end, 2)] for s in track.speech)]
        for track in episode.tracks
    ]
    return content_sha256([*told, each] if each else told)


def _redo(walk: Walk) -> Span | None:
    """The stretch to be transcribed again, if there is a transcript of this audio to put it into.

    Another model or glossary does not make it a whole new transcription: to hear one name again,
    with a better model or with the name in the glossary, is what `--redo` is for.
    """
    stamp = walk.folder.stamp(STEP.box) if walk.redo else None
    if stamp is None or STEP.name in walk.forced:
        return None
    episode = walk.folder.read("episode.json", Episode)
    is_same = stamp.made_from.get("audio") == _audio_key(episode)
    is_same &= stamp.made_from.get("transcript") == _source_key(episode)
    return walk.redo if is_same else None


# --------------------------------------------------------------------------- piecemeal


def _parts(walk: Walk) -> Sequence[Part]:
    episode = walk.folder.read("episode.json", Episode)
    redo = _redo(walk)
    if redo is None and (episode.transcript_path is not None or not episode.speech):
        return ()
    choice = choose_model(walk, episode, box=STEP.box)
    announce(walk, episode, choice, duration=redo.duration if redo else episode.duration)
    if redo is not None:
        walk.progress.begin(STEP.name, redo.duration)
        return (Part(name=f"again {clock(redo.start)}-{clock(redo.end)}", index=0),)
    recognizer = Recognizer(walk, episode, choice)
    if STEP.name in walk.forced:
        forget_windows(walk)
    windows = find_windows(walk, episode)
    missing = [w for w in windows if w.speech and recognizer.stored(windows, w.index) is None]
    whole = episode.duration * max(1, len(episode.tracks))
    walk.progress.begin(STEP.name, whole)
    walk.progress.advance(_reached(missing[0], episode, at=missing[0].start) if missing else whole)
    return [Part(name=_window_name(w, windows), index=w.index) for w in missing]


def _window_name(window: Window, windows: Sequence[Window]) -> str:
    span = f"{clock(window.start)}-{clock(window.end)}"
    return f"window {window.index + 1} of {len(windows)}, {span}"


def _run_part(walk: Walk, part: Part) -> None:
    episode = walk.folder.read("episode.json", Episode)
    recognizer = Recognizer(walk, episode, choose_model(walk, episode, box=STEP.box))
    redo = _redo(walk)
    if redo is not None:
        _hear_again(walk, redo, recognizer)
        return
    windows = find_windows(walk, episode)
    window = windows[part.index]
    if recognizer.stored(windows, part.index) is None:
        recognizer.recognize(windows, part.index)
    walk.progress.advance(_reached(window, episode, at=window.end))


def _reached(window: Window, episode: Episode, *, at: float) -> float:
    """Seconds done when a window has come so far: track after track."""
    return (window.track or 0) * episode.duration + at


def _hear_again(walk: Walk, redo: Span, recognizer: Recognizer) -> None:
    episode = recognizer.episode
    transcript = walk.folder.read(STEP.box, Transcript)
    span = whole_segments(transcript.segments, _inside(redo, episode.duration))
    windows = [
        Window(
            index=0,
            start=span.start,
            end=span.end,
            speech=clip(speech, span.start, span.end),
            track=track,
        )
        for track, speech in _speech_by_track(episode)
    ]
    heard = [(window, recognizer.hear(window, is_again=True)) for window in windows]
    stamp = walk.folder.stamp(STEP.box)
    base = stamp.made_from.get("model", "") if stamp else ""
    replacement = Replacement(span=span, segments=_together(heard, episode))
    store_redone(walk, _base_key(episode, base), replacement)


def _speech_by_track(episode: Episode) -> list[tuple[int | None, tuple[Span, ...]]]:
    if not episode.tracks:
        return [(None, episode.speech)]
    return [(number, track.speech) for number, track in enumerate(episode.tracks)]


def _together(heard: Sequence[tuple[Window, Recognized]], episode: Episode) -> tuple[Segment, ...]:
    """The segments of all windows in order, those of tracks under their speakers."""
    if not episode.tracks:
        return tuple(segment for _, part in heard for segment in part.segments)
    return turns.interleave(
        [
            replace(segment, speaker=episode.tracks[window.track].speaker)
            for window, part in heard
            for segment in part.segments
            if window.track is not None
        ]
    )


def _base_key(episode: Episode, model: str) -> str:
    """Of the transcript a stretch was put into: in one by another model it has no place."""
    return content_sha256([_audio_key(episode), model])


def _inside(span: Span, duration: float) -> Span:
    start = min(span.start, duration)
    return Span(start=start, end=max(start, min(span.end, duration)))


# --------------------------------------------------------------------------- the whole


def _run(walk: Walk) -> None:
    episode = walk.folder.read("episode.json", Episode)
    if _redo(walk) is not None:
        _put_stretch(walk, episode)
        return
    if episode.transcript_path is not None:
        walk.progress.begin(STEP.name, 0)
        transcript = _import(walk, episode)
    elif not episode.speech:
        walk.progress.begin(STEP.name, 0)
        transcript = _nothing_said(walk, episode)
    else:
        transcript = _assemble(walk, episode)
    walk.folder.write(
        STEP.box,
        transcript,
        made_from=STEP.made_from(walk),
        made_with={
            **STEP.made_with(walk),
            "model_asked": sidecar_or_settings(walk, episode),
            "faster_whisper": version("faster-whisper"),
            "ctranslate2": version("ctranslate2"),
        },
    )


def _put_stretch(walk: Walk, episode: Episode) -> None:
    """Write the transcript with the stretch that was just heard again in its place.

    It stays made from what it was, but for the glossary, so that a redo with another model does
    not make the next run transcribe everything with the old one.
    """
    stamp = walk.folder.stamp(STEP.box)
    redone = read_redone(walk)
    if stamp is None or not redone:
        return
    transcript = walk.folder.read(STEP.box, Transcript)
    newest = redone[-1].replacement
    flagged = _flag(newest.segments, episode, transcript.language)
    segments = substitute(transcript.segments, replace(newest, segments=flagged))
    made_from = dict(stamp.made_from)
    if "glossary" in made_from:
        made_from["glossary"] = content_sha256(glossary(walk, episode))
    walk.folder.write(
        STEP.box,
        replace(transcript, segments=segments),
        made_from=made_from,
        made_with=stamp.made_with,
    )


def _assemble(walk: Walk, episode: Episode) -> Transcript:
    choice = choose_model(walk, episode, box=STEP.box)
    recognizer = Recognizer(walk, episode, choice)
    windows = find_windows(walk, episode)
    heard = [
        (
            window,
            recognizer.stored(windows, window.index) or recognizer.recognize(windows, window.index),
        )
        for window in windows
        if window.speech
    ]
    segments = _together(heard, episode)
    for redone in read_redone(walk):
        if redone.key == _base_key(episode, model_key(walk, episode, box=STEP.box)):
            segments = substitute(segments, redone.replacement)
    language, probability, language_notices = recognizer.language()
    flagged = _flag(segments, episode, language)
    return Transcript(
        language=language,
        language_probability=probability,
        segments=flagged,
        duration=episode.duration,
        model=Path(choice.name).name,
        is_demo=choice.is_demo,
        warnings=(
            *language_notices,
            *([_DRAFT_NOTICE] if walk.settings.speech.profile == "draft" else []),
            *([DEMO_NOTICE] if is_demo_unasked(episode, choice) else []),
            *_left_out([part for _, part in heard]),
            *_unheard(flagged, episode),
        ),
    )


def _import(walk: Walk, episode: Episode) -> Transcript:
    from shownotes.core.transcripts import decode, parse

    path = walk.settings.root / str(episode.transcript_path)
    check_link(path, walk.settings)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TranscriptFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    imported = parse(
        decode(data, name=str(path)),
        name=str(path),
        duration=episode.duration,
        speech=episode.speech,
    )
    asked = asked_language(walk, episode) or imported.language
    notices = () if asked else (_assumed_language(path),)
    language = asked or "en"
    duration = max([episode.duration, *(s.end for s in imported.segments[-1:])])
    return Transcript(
        language=language,
        segments=_flag(imported.segments, episode, language),
        duration=duration,
        model=IMPORTED,
        warnings=(*notices, *_unheard(imported.segments, episode)),
    )


def _nothing_said(walk: Walk, episode: Episode) -> Transcript:
    message = (
        f"Nobody speaks in {episode.folder}: no speech was found in "
        f"{spoken_length(episode.duration)} of audio. If that is wrong, put a transcript beside it."
    )
    walk.progress.say(message)
    return Transcript(
        language=asked_language(walk, episode) or "en",
        segments=(),
        duration=episode.duration,
        model="none",
        warnings=(Notice(code="no_speech", message=message),),
    )


def _flag(segments: Sequence[Segment], episode: Episode, language: str) -> tuple[Segment, ...]:
    return hallucinations.flag(
        segments, speech=episode.speech, phrases=phrases.load_stock_phrases(language)
    )


# --------------------------------------------------------------------------- notices


def _assumed_language(path: Path) -> Notice:
    return Notice(
        code="language_uncertain",
        message=f"{path.name} does not say its language; English was assumed. Write "
        'language = "..." into the sidecar if it is another.',
    )


def _left_out(heard: Sequence[Recognized]) -> list[Notice]:
    terms = next((part.left_out for part in heard if part.left_out), ())
    if not terms:
        return []
    message = (
        f"The glossary is too long for the speech model; these terms were left out: "
        f"{', '.join(terms)}. Put the most important ones first."
    )
    return [Notice(code="glossary_cut", message=message)]


def _unheard(segments: Sequence[Segment], episode: Episode) -> list[Notice]:
    gaps = hallucinations.unheard(segments, episode.speech)
    if not gaps:
        return []
    places = ", ".join(f"{clock(gap.start)}-{clock(gap.end)}" for gap in gaps[:10])
    more = f" and {len(gaps) - 10} more" if len(gaps) > 10 else ""
    message = f"Somebody seems to speak, and no text was found: {places}{more}. Listen there."
    return [Notice(code="speech_without_text", message=message)]


# --------------------------------------------------------------------------- before work begins


def ask_before_work(
    paths: Sequence[Path],
    settings: Settings,
    *,
    ask: Callable[[str], bool] | None,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Offer to fetch the models that the files need and this machine lacks.

    Without somebody to ask nothing is fetched here: the episode that needs the model fails by
    itself, with the command that gets it, and the others go on.

    Args:
        paths: audio files.
        settings: with `speech.download`.
        ask: puts a yes-or-no question to a person; `None` when nobody is there.
        report: told bytes done and in all while a model is fetched.

    Raises:
        ModelDownloadError: the person said yes, and it failed.
    """
    if ask is None or settings.speech.download != "ask":
        return
    for name in sorted({name for path in paths if (name := _lacking(path, settings))}):
        if ask(f"The speech model {name} is not here yet. Fetch {models.megabytes(name)} MB now?"):
            models.fetch(name, progress=report)


def _lacking(path: Path, settings: Settings) -> str | None:
    """The name of the model that this file needs and that is not here."""
    if is_transcript(path) or transcript_beside(path) is not None:
        return None
    # What is wrong with one episode is told when its turn comes.
    with suppress(ShowNotesError):
        folder = prepare.known(path, settings)
        if folder is not None and (stamp := folder.stamp(STEP.box)):
            walk = Walk(folder=folder, settings=settings)
            if dict(stamp.made_from) == STEP.made_from(walk):
                return None
        choice = models.choose(settings, merged_metadata(path, settings, Metadata()))
        if choice.path is None and not choice.is_demo:
            return choice.name
    return None


def warm_up(walk: Walk) -> None:
    """Start the engine's process if it will be needed, so that it loads while audio is prepared."""
    if walk.folder.has(STEP.box) and STEP.name not in walk.forced and not walk.redo:
        return
    if walk.folder.read("episode.json", Episode).audio is not None:
        Recognizer.warm_engine(walk).start()


STEP = Step(
    name="transcribe",
    box="transcript.json",
    version=1,
    settings_keys=("speech.beam_size", "speech.window_s"),
    inputs=_inputs,
    parts=_parts,
    run_part=_run_part,
    run=_run,
)
