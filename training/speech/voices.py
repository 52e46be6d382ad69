"""The espeak voices and settings of training, and those kept from it (`unseen.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

UNSEEN_PATH = Path(__file__).parent / "unseen.toml"

# Repeats are weights: American and southern British English are what the demo and the tests speak.
ACCENTS = ("en-us",) * 5 + ("en",) * 2 + ("en-gb-x-rp",) * 2 + ("en-us-nyc", "en-gb-scotland")
VARIANTS = (
    *("", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m8"),
    *("+f1", "+f2", "+f3", "+f4", "+f2", "+f3", "+f4"),
    *("+Andy", "+Annie", "+linda", "+Alicia", "+adam", "+david", "+john", "+anika", "+Lee"),
    # The more speakers training hears, the better it hears others. Namesakes of those kept from it
    # (steph2, mike2) are left out too.
    *("+Alex", "+Andrea", "+Diogo", "+Gene", "+Henrique", "+Hugo", "+Jacky", "+Marco", "+Mario"),
    *("+Nguyen", "+Reed", "+antonio", "+aunty", "+benjamin", "+boris", "+caleb", "+ed", "+edward"),
    *("+grandma", "+grandpa", "+gustave", "+ian", "+iven", "+marcelo", "+max", "+michel"),
    *("+miguel", "+norbert", "+pablo", "+pedro", "+quincy", "+rob", "+robert", "+sandro"),
    *("+shelby", "+travis", "+victor", "+zac", "+announcer"),
)
RATES_WPM = (130, 138, 147, 155, 163, 171, 179, 188, 198)
PITCHES = (30, 38, 44, 50, 56, 67)
PITCH_RANGES = (40, 50, 55, 60, 70)


@dataclass(frozen=True)
class Unseen:
    """Variants, rates and pitches outside the training lists but inside their range."""

    variants: tuple[str, ...]
    rates_wpm: tuple[int, ...]
    pitches: tuple[int, ...]
    final_test_seed: int


@dataclass(frozen=True)
class Setting:
    """How one speaker sounds; the fields are keyword arguments of `speak`."""

    voice: str
    rate_wpm: int
    pitch: int
    pitch_range: int


@cache
def load_unseen() -> Unseen:
    data = tomllib.loads(UNSEEN_PATH.read_text(encoding="utf-8"))
    return Unseen(
        tuple(data["variants"]),
        tuple(data["rates_wpm"]),
        tuple(data["pitches"]),
        data["final_test_seed"],
    )


def draw_setting(source: random.Random, *, unseen: bool = False) -> Setting:
    """Draw a speaker, of the kind training hears or (every property of it) not."""
    kept = load_unseen()
    return Setting(
        voice=source.choice(ACCENTS) + source.choice(kept.variants if unseen else VARIANTS),
        rate_wpm=source.choice(kept.rates_wpm if unseen else RATES_WPM),
        pitch=source.choice(kept.pitches if unseen else PITCHES),
        pitch_range=source.choice(PITCH_RANGES),
    )
