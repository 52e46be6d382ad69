"""Whose voices a show knows from its approved episodes, and who in a new one sounds like them.

A suggestion is made when it is nearly sure, by the sound and by how often the person speaks in the
show: a host is likelier to be heard again than a guest. It is never more than a suggestion.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shownotes.core.turns import is_unnamed
from shownotes.model import PersonRole, Span, Turn, VoicePrint

# Of so many episodes a voice is kept.
EPISODES_A_NAME = 5
# Who speaks less than this in an episode is not remembered, in seconds.
LEAST_S = 60.0
# How much likelier it is one voice than two at a distance, as a logarithm: found on half of the
# synthetic voices of training, and kept below what those gave, because real voices of different
# people lie closer together (recordings of one man against 168 others: every hundredth pair below
# -1.16, half of all his own pairs below -1.82).
_SLOPE, _EVEN_AT = 4.0, -0.9
# What is surer than this is said.
SURE = 0.95
# Somebody unknown speaks at least this often.
_LEAST_UNKNOWN = 0.05
# A pause that belongs to what is said around it, and a turn that is enough to know a voice by.
_GAP_S, _SAMPLE_S, _SURE_TURN = 0.2, 5.0, 0.9
_ROLES = frozenset(
    {"host", "co-host", "cohost", "guest", "interviewer", "interviewee", "narrator", "caller"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVoice:
    """How somebody sounded in one approved episode.

    Attributes:
        episode: its id.
        folder: what it was called then; `title` likewise.
        seconds: how long they spoke in it.
        at: when it was approved, and `by` whom.
    """

    name: str
    role: PersonRole | None
    episode: str
    folder: str
    title: str
    seconds: float
    at: str
    by: str
    sound: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVoices:
    """`shows/<show>/voices.json`."""

    voices: tuple[KnownVoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Whose voice a speaker's may be.

    Attributes:
        folder: of the last approved episode in which that person speaks; `title` likewise.
        confidence: from 0 to 1.
        start: when a piece begins by which to judge; `end` when it ends.
    """

    label: str
    name: str
    folder: str
    title: str
    confidence: float
    start: float | None = None
    end: float | None = None


class Timed(Protocol):
    """A word, whoever wrote it."""

    @property
    def start(self) -> float:
        """When it begins."""

    @property
    def end(self) -> float:
        """When it ends."""


def has_name(speaker: str | None) -> bool:
    """Whether a label says who it is, and not only a number or a part."""
    return (
        speaker is not None and not is_unnamed(speaker) and speaker.strip().casefold() not in _ROLES
    )


def speech_of(spoken: Iterable[tuple[str | None, Sequence[Timed]]]) -> dict[str, list[Span]]:
    """When each label speaks: its words, those that follow each other as one stretch."""
    found: dict[str, list[Span]] = {}
    for label, words in spoken:
        if label is None:
            continue
        spans = found.setdefault(label, [])
        for word in words:
            if spans and 0 <= word.start - spans[-1].end <= _GAP_S:
                spans[-1] = Span(start=spans[-1].start, end=max(word.end, spans[-1].end))
            else:
                spans.append(Span(start=word.start, end=word.end))
    return found


def remember(
    known: Sequence[KnownVoice], fresh: Sequence[KnownVoice], *, episode: str
) -> tuple[KnownVoice, ...]:
    """The known voices with an episode's in place of its earlier ones; the oldest are dropped."""
    every = [*(voice for voice in known if voice.episode != episode), *fresh]
    every.sort(key=lambda voice: voice.at, reverse=True)
    kept: list[KnownVoice] = []
    for voice in every:
        if sum(other.name == voice.name for other in kept) < EPISODES_A_NAME:
            kept.append(voice)
    return tuple(kept)


def suggest(
    prints: Sequence[VoicePrint],
    known: Sequence[KnownVoice],
    *,
    named: Mapping[str, str | None],
    distance: Callable[[str, str], float],
) -> tuple[Suggestion, ...]:
    """Who the speakers without a name may be, each name for one of them at most.

    Args:
        prints: of the episode's speakers.
        known: voices of the show's other episodes.
        named: by label, what the speakers are called.
        distance: how far apart two prints are.
    """
    taken = {name.casefold() for name in named.values() if name is not None and has_name(name)}
    speakers = max(2, len(prints))
    found: dict[str, Suggestion] = {}
    for voice in prints:
        if has_name(named.get(voice.label) or voice.label):
            continue
        odds = _weigh(voice, known, speakers, distance)
        name = max(odds, key=odds.__getitem__, default=None)
        if name is None or name.casefold() in taken:
            continue
        confidence = odds[name] / (sum(odds.values()) + _unknown(known, speakers))
        if confidence >= SURE and (name not in found or found[name].confidence < confidence):
            found[name] = _suggestion(voice.label, name, known, confidence)
    return tuple(sorted(found.values(), key=lambda one: one.label))


def _suggestion(
    label: str, name: str, known: Sequence[KnownVoice], confidence: float
) -> Suggestion:
    last = max((voice for voice in known if voice.name == name), key=lambda voice: voice.at)
    return Suggestion(
        label=label,
        name=name,
        folder=last.folder,
        title=last.title,
        confidence=round(confidence, 3),
    )


def _weigh(
    voice: VoicePrint,
    known: Sequence[KnownVoice],
    speakers: int,
    distance: Callable[[str, str], float],
) -> dict[str, float]:
    """By name, how likely it is that person by how often they speak, and by the sound."""
    shares = _shares(known)
    odds = {}
    for name, share in shares.items():
        apart = [distance(voice.sound, one.sound) for one in known if one.name == name]
        # The mean, for one recording may be alike by its room.
        gain = _SLOPE * (_EVEN_AT - sum(apart) / len(apart))
        odds[name] = share / speakers * math.exp(gain)
    return odds


def _shares(known: Sequence[KnownVoice]) -> dict[str, float]:
    """By name, how likely they are to speak: by the last approved episodes."""
    episodes: dict[str, str] = {}
    for voice in known:
        episodes[voice.episode] = max(voice.at, episodes.get(voice.episode, ""))
    last = set(sorted(episodes, key=lambda episode: episodes[episode])[-EPISODES_A_NAME:])
    spoke: dict[str, set[str]] = {}
    for voice in known:
        spoke.setdefault(voice.name, set()).update({voice.episode} & last)
    return {name: (len(where) + 0.5) / (len(last) + 1) for name, where in spoke.items()}


def _unknown(known: Sequence[KnownVoice], speakers: int) -> float:
    """How likely it is that a speaker is nobody whose voice is known."""
    return max(_LEAST_UNKNOWN, 1.0 - sum(_shares(known).values()) / speakers)


def sample(turns: Sequence[Turn], label: str) -> Turn | None:
    """A turn by which to judge whose voice it is."""
    own = [turn for turn in turns if turn.speaker == label]
    for turn in own:
        if turn.end - turn.start >= _SAMPLE_S and turn.confidence >= _SURE_TURN:
            return turn
    return max(own, key=lambda turn: turn.end - turn.start, default=None)
