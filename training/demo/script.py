"""Read the demo episodes' text and what is true about them from `episodes.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

EPISODES_PATH = Path(__file__).parent / "episodes.toml"


@dataclass(frozen=True)
class Line:
    """A sentence, who says it, and whether a new topic begins with it."""

    speaker: str
    text: str
    is_turn: bool


@dataclass(frozen=True)
class Voice:
    """How a speaker sounds; all but the gain are keyword arguments of `speak`."""

    voice: str
    rate_wpm: int
    pitch: int
    pitch_range: int
    gain_db: float


@dataclass(frozen=True)
class Script:
    """One demo episode: its text, its tags and its gold."""

    show: str
    title: str
    number: int
    date: datetime.date
    slug: str
    language: str
    glossary: tuple[str, ...]
    lines: tuple[Line, ...]
    gold: dict[str, Any]

    @property
    def stem(self) -> str:
        """The name of its files, as a producer would give it."""
        return f"{self.date.isoformat()}-{self.slug}"


def _read_lines(text: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    is_turn = False
    for raw in text.strip().splitlines():
        if not raw.strip():
            is_turn = True
            continue
        speaker, sentence = raw.split(": ", 1)
        lines.append(Line(speaker, sentence, is_turn))
        is_turn = False
    return tuple(lines)


def read_scripts() -> tuple[Script, ...]:
    data = tomllib.loads(EPISODES_PATH.read_text(encoding="utf-8"))
    return tuple(
        Script(
            show=data["show"],
            title=episode["title"],
            number=episode["number"],
            date=episode["date"],
            slug=episode["slug"],
            language=data["language"],
            glossary=tuple(episode["glossary"]),
            lines=_read_lines(episode["text"]),
            gold=episode["gold"],
        )
        for episode in data["episodes"]
    )


def read_voices() -> dict[str, Voice]:
    data = tomllib.loads(EPISODES_PATH.read_text(encoding="utf-8"))
    return {speaker: Voice(**voice) for speaker, voice in data["voices"].items()}
