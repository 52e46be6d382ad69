"""Recognition of one episode, window by window: what is stored, and the engine that is kept warm.

The working part of the transcribe step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from shownotes.adapters import models
from shownotes.adapters.glossaries import read_terms
from shownotes.adapters.speech import Request, SpeechEngine, read_packed
from shownotes.adapters.store import content_sha256
from shownotes.core.language import average
from shownotes.core.placement import Replacement, place, spread
from shownotes.core.windows import (
    Packing,
    Rest,
    Window,
    cut_windows,
    pack,
    pieces_at_once,
    rest_of,
    takes_rest,
    with_rest,
)
from shownotes.errors import FormatError, ModelBrokenError
from shownotes.model import Episode, Notice, Segment
from shownotes.steps.prepare import working_audio
from shownotes.steps.step import Walk

Kind = TypeVar("Kind")
ENGINE = "speech"
WINDOWS = "work/windows"
# Raised when windows are recognised differently, so that stored ones are not taken.
RECIPE = 2
# Half-minutes of speech listened to for the language. Three agree in practice; six bear a guest
# who speaks another language for a while.
LANGUAGE_STRETCHES = 6
# A window's shortest deadline, in seconds: a short window on a busy machine is no reason to kill.
MIN_DEADLINE_S = 60.0
# Half-minutes side by side, where nobody says how many: enough to keep a GPU busy.
AT_ONCE = 8
# How much wider the search is when a stretch is heard again: the same search finds the same text.
AGAIN_BEAM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognized:
    """`work/windows/NNNN.json`.

    Attributes:
        key: hash of all that the text was made from.
        segments: in episode time, not flagged yet.
        left_out: glossary terms that found no room.
        rest: its end, which was not listened to: the next window begins with it.
    """

    key: str
    start: float
    end: float
    segments: tuple[Segment, ...]
    left_out: tuple[str, ...] = ()
    rest: Rest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redone:
    """`work/windows/again-NNNN.json`: a stretch transcribed again."""

    key: str
    replacement: Replacement


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardLanguage:
    """`work/windows/language.json`."""

    key: str
    language: str
    probability: float


def sidecar_or_settings(walk: Walk, episode: Episode) -> str:
    """The speech model that was asked for."""
    return episode.metadata.model or walk.settings.speech.model


def asked_language(walk: Walk, episode: Episode) -> str | None:
    """The language that the sidecar, the show or the settings say, as ISO 639-1; else `None`."""
    said = episode.metadata.language or walk.settings.speech.language
    return said.replace("_", "-").split("-")[0].lower() if said else None


def glossary(walk: Walk, episode: Episode) -> tuple[str, ...]:
    """Names as the sidecar and the show spell them; the demo model was not taught to heed any."""
    if sidecar_or_settings(walk, episode) == models.DEMO:
        return ()
    return episode.metadata.glossary


def heard_terms(walk: Walk, episode: Episode) -> tuple[str, ...]:
    """The glossary, and the names that editors of the show have fixed.

    A name fixed today is no reason to transcribe the archive again: `glossary` decides that.
    """
    if sidecar_or_settings(walk, episode) == models.DEMO:
        return ()
    fixed = read_terms(walk.settings.root, episode.metadata.show)
    return tuple(dict.fromkeys((*episode.metadata.glossary, *fixed)))


def find_windows(walk: Walk, episode: Episode) -> tuple[Window, ...]:
    """The episode's windows; always the same from the same audio and settings."""
    target_s = walk.settings.speech.window_s
    if not episode.tracks:
        return cut_windows(episode.speech, duration=episode.duration, target_s=target_s)
    each = [
        replace(window, track=number)
        for number, track in enumerate(episode.tracks)
        for window in cut_windows(track.speech, duration=episode.duration, target_s=target_s)
    ]
    return tuple(replace(window, index=index) for index, window in enumerate(each))


class Recognizer:
    """Recognises windows of one episode with one model, and stores them."""

    def __init__(self, walk: Walk, episode: Episode, choice: models.ModelChoice) -> None:
        self.walk, self.episode, self.choice = walk, episode, choice
        path = models.require(choice)
        audio = episode.audio.packets_sha256 if episode.audio else ""
        language = asked_language(walk, episode) or ""
        self._base = [RECIPE, audio, language, choice.name, models.fingerprint(path)]

    # ------------------------------------------------------------------ windows

    def key(self, window: Window) -> str:
        """Hash of all that the window's text is made from."""
        spans = [[round(s.start, 3), round(s.end, 3)] for s in window.speech]
        terms = heard_terms(self.walk, self.episode)
        track = [] if window.track is None else [window.track]
        how = [self._beam_size, *([["at once"]] if self._batch_size > 1 else [])]
        return content_sha256([*self._base, window.start, window.end, spans, terms, *how, *track])

    @property
    def _beam_size(self) -> int:
        speech = self.walk.settings.speech
        return 1 if speech.profile == "draft" else speech.beam_size

    @property
    def _batch_size(self) -> int:
        """How many pieces are heard side by side the first time; 1: one after the other."""
        speech = self.walk.settings.speech
        is_meant_for_it = self.choice.device == "cuda" or speech.profile == "draft"
        return speech.batch_size or (AT_ONCE if is_meant_for_it else 1)

    def stored(self, windows: Sequence[Window], index: int) -> Recognized | None:
        """A window as an earlier run left it, if it was made from the same."""
        recognized = _read(self.walk, _box(windows[index]), Recognized)
        if recognized and recognized.key == self.key(self._with_rest(windows, index)):
            return recognized
        return None

    def recognize(self, windows: Sequence[Window], index: int) -> Recognized:
        """Hear a window, those before it being stored, and store it."""
        window = self._with_rest(windows, index)
        recognized = self.hear(window, may_leave_rest=takes_rest(windows, index + 1))
        # No `made_from`: a window is nobody's to edit, and is simply replaced.
        self.walk.folder.write(_box(window), recognized)
        return recognized

    def _with_rest(self, windows: Sequence[Window], index: int) -> Window:
        """A window that begins with what the one before it has left."""
        window = windows[index]
        if takes_rest(windows, index):
            before = _read(self.walk, _box(windows[index - 1]), Recognized)
            if before is not None and before.rest is not None:
                return with_rest(window, before.rest)
        return window

    def hear(
        self, window: Window, *, may_leave_rest: bool = False, is_again: bool = False
    ) -> Recognized:
        """Recognise a window.

        Args:
            window: with what the one before it has left.
            may_leave_rest: whether its end may be left to the next one.
            is_again: whether to search wider than the first time.

        Raises:
            EngineError: retryable; windows that are stored stay so.
            ModelBrokenError: the model cannot be loaded.
        """
        packing = pack(window)
        key = self.key(window)
        if not packing.pieces:
            return Recognized(key=key, start=window.start, end=window.end, segments=())
        language, _, _ = self.language()
        at_once = 1 if is_again else self._batch_size
        request = Request(
            language=language,
            beam_size=min(20, self._beam_size + AGAIN_BEAM * is_again),
            seed=int(key[:7], 16),
            terms=heard_terms(self.walk, self.episode),
            may_leave_rest=may_leave_rest and at_once == 1,
            pieces=pieces_at_once(packing, window.speech) if at_once > 1 else (),
            batch_size=at_once,
        )
        recognition = self._engine().transcribe(
            read_packed(self._audio(window.track), packing),
            request,
            deadline_s=self._deadline_s(window.duration),
            on_progress=lambda packed_s: self._advance(window, packing, packed_s, is_again),
        )
        rest = recognition.rest_from
        return Recognized(
            key=key,
            start=window.start,
            end=window.end,
            segments=place(recognition.segments, packing, speech=window.speech, end=window.end),
            left_out=recognition.left_out,
            rest=None if rest is None else rest_of(window, round(packing.to_audio(rest), 3)),
        )

    def _deadline_s(self, duration: float) -> float:
        return max(MIN_DEADLINE_S, self.walk.settings.speech.deadline_factor * duration)

    def _advance(self, window: Window, packing: Packing, packed_s: float, is_again: bool) -> None:
        reached = min(packing.to_audio(packed_s), window.end)
        before = (window.track or 0) * self.episode.duration
        self.walk.progress.advance(reached - window.start if is_again else before + reached)

    # ------------------------------------------------------------------ language

    def language(self) -> tuple[str, float | None, tuple[Notice, ...]]:
        """The episode's language, how probable it is if it was heard, and what to say of it."""
        asked = asked_language(self.walk, self.episode)
        if self.choice.is_demo or self.choice.name.endswith(".en"):
            return "en", None, self._only_english(asked)
        if asked is not None:
            return asked, None, ()
        heard = self._hear_language()
        floor = self.walk.settings.speech.min_language_probability
        if heard.probability >= floor:
            return heard.language, heard.probability, ()
        message = (
            f"The language is most probably {heard.language!r}, but that is not certain "
            f"({heard.probability:.0%}, asked for {floor:.0%}). If it is another, write "
            'language = "..." into the sidecar.'
        )
        return (
            heard.language,
            heard.probability,
            (Notice(code="language_uncertain", message=message),),
        )

    def _only_english(self, asked: str | None) -> tuple[Notice, ...]:
        if asked in (None, "en"):
            return ()
        message = (
            f"The speech model {self.choice.name} knows only English, and the language was said to "
            f"be {asked!r}. Set speech.model to one without `.en`."
        )
        return (Notice(code="language_not_known", message=message),)

    def _hear_language(self) -> HeardLanguage:
        box = f"{WINDOWS}/language.json"
        key = content_sha256(self._base)
        stored = _read(self.walk, box, HeardLanguage)
        if stored is not None and stored.key == key:
            return stored
        engine = self._engine()
        if not engine.is_multilingual:
            return HeardLanguage(key=key, language="en", probability=1.0)
        stretches = spread(self.episode.speech, count=LANGUAGE_STRETCHES)
        guesses = engine.detect_language(
            [read_packed(self._audio(), packing) for packing in stretches],
            deadline_s=self._deadline_s(sum(packing.duration for packing in stretches)),
        )
        code, probability = average(guesses)
        heard = HeardLanguage(key=key, language=code, probability=round(probability, 4))
        self.walk.folder.write(box, heard)
        return heard

    # ------------------------------------------------------------------ engine

    @staticmethod
    def warm_engine(walk: Walk) -> SpeechEngine:
        """The engine that is kept between windows and episodes; not started by this."""
        engine = walk.kept_warm.get(ENGINE)
        if not isinstance(engine, SpeechEngine):
            engine = SpeechEngine(threads=walk.settings.speech.threads)
            walk.kept_warm[ENGINE] = engine
        return engine

    def _engine(self) -> SpeechEngine:
        """The engine with this model loaded; on the CPU when the GPU will not have it."""
        engine = self.warm_engine(self.walk)
        path = str(models.require(self.choice).resolve())
        try:
            engine.load(path, self.choice.device)
        except ModelBrokenError as error:
            if self.choice.device == "cpu":
                raise
            self.walk.progress.say(f"On the CPU instead of the GPU: {error}")
            self.choice = replace(self.choice, device="cpu")
            engine.load(path, "cpu")
        return engine

    def _audio(self, track: int | None = None) -> Path:
        """The mix, or one of the tracks."""
        mix = working_audio(self.walk)
        if track is None:
            return mix
        return self.walk.folder.path / self.episode.tracks[track].working_audio


def forget_windows(walk: Walk) -> None:
    """Throw away what is stored: a run was asked to hear everything again."""
    for path in (walk.folder.path / WINDOWS).glob("*.json"):
        path.unlink()


def store_redone(walk: Walk, key: str, replacement: Replacement) -> None:
    """Keep a stretch, so that it is there when the windows are put together anew.

    Args:
        walk: of the episode.
        key: of the transcript it was put into.
        replacement: the stretch.
    """
    number = len(read_redone(walk)) + 1
    box = f"{WINDOWS}/again-{number:04d}.json"
    walk.folder.write(box, Redone(key=key, replacement=replacement))


def read_redone(walk: Walk) -> Sequence[Redone]:
    """The stretches transcribed again, oldest first."""
    folder = walk.folder.path / WINDOWS
    names = sorted(path.name for path in folder.glob("again-*.json"))
    found = (_read(walk, f"{WINDOWS}/{name}", Redone) for name in names)
    return [redone for redone in found if redone is not None]


def _box(window: Window) -> str:
    return f"{WINDOWS}/{window.index:04d}.json"


def _read(walk: Walk, box: str, kind: type[Kind]) -> Kind | None:
    if not walk.folder.has(box):
        return None
    try:
        return walk.folder.read(box, kind)
    except FormatError:
        return None
