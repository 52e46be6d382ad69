"""What fills the slots: people from given and family names, things from patterns."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shownotes.adapters.catalogue import BUNDLED, THINGS, WELL_KNOWN, read_listed

if TYPE_CHECKING:
    import random

_FOLDER = Path(__file__).parent / "lists"
# Share of names in slots that are taken from the product's lists of well-known ones.
KNOWN_SHARE = 0.4
_SLOTS = {
    "company": "company",
    "university": "university",
    "media": "media",
    "ngo": "ngo",
    "political": "party",
    "government_agency": "agency",
    "intergovernmental": "igo",
    "GPE": "city",
    "LOC": "loc",
    "PRODUCT": "product",
    "WORK_OF_ART": "work",
    "EVENT": "event",
    "LAW": "law",
}
_PART = re.compile(r"<([a-z]+)>")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A composed name and the two short forms in which it is said later."""

    full: str
    first: str
    last: str


class Lexicon:
    """Composes names; every draw comes from the generator handed in."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self.given = _read_words(folder / "given.txt")
        self.family = _read_words(folder / "family.txt")
        self.vocabulary = _read_words(folder / "vocabulary.txt")
        data: dict[str, Any] = tomllib.loads((folder / "lexicon.toml").read_text(encoding="utf-8"))
        self.honorifics: list[str] = data["honorifics"]["list"]
        self._lists: dict[str, list[str]] = {**data["parts"], **data["slots"]}
        self._lists |= {
            "given": self.given,
            "family": self.family,
            "known": data["known"]["mentioned"],
        }
        self._lists["field"] = _read_lines(folder / "fields.txt")
        self._lists["role"] = [*self._lists["role"], *_read_lines(folder / "roles.txt")]
        self._known = _read_known()
        self._lists["place"] = data["parts"]["country"] + data["parts"]["state"]
        self._lists["code"] = [word.upper() for word in data["parts"]["coined"]]

    def compose(self, slot: str, rng: random.Random) -> str:
        """Composes a name of this kind, its parts in `<>` filled in turn, or takes a known one."""
        if slot in self._known and rng.random() < KNOWN_SHARE:
            return rng.choice(self._known[slot])
        pattern = text = rng.choice(self._lists[slot])
        # A part may have parts of its own ("mayor of <city>", "New <family>").
        while _PART.search(text):
            text = _PART.sub(lambda match: rng.choice(self._lists[match[1]]), text)
        return re.sub(r"\b(the|of|on|and) the\b", r"\1", text) if pattern != text else text

    def compose_word(self, rng: random.Random) -> str:
        """An ordinary word, inflected or blended so that most are seen once only."""
        word = rng.choice(self.vocabulary)
        kind = rng.random()
        if kind < 0.25:
            return _blend(word, rng.choice(self.vocabulary))
        if kind < 0.5:
            return word.rstrip("ey") + rng.choice(
                ("s", "ed", "ing", "ly", "er", "ness", "less", "able")
            )
        return word

    def compose_person(self, rng: random.Random) -> PersonName:
        """Composes a person's name, mostly given name and family name."""
        given, family = rng.choice(self.given), rng.choice(self.family)
        kind = rng.random()
        if kind < 0.05:
            return PersonName(f"{given} {rng.choice('ABCDEFGHJKLMPRSTW')}. {family}", given, family)
        if kind < 0.10:
            double = f"{family}-{rng.choice(self.family)}"
            return PersonName(f"{given} {double}", given, double)
        if kind < 0.14:
            return PersonName(f"{given} {rng.choice(self.given)} {family}", given, family)
        if kind < 0.18:
            return PersonName(f"{family} {given}", given, family)
        if kind < 0.21:
            return PersonName(_misspell(f"{given} {family}", rng), given, family)
        if kind < 0.24:
            invented = _blend(given, rng.choice(self.given))
            return PersonName(
                f"{invented} {_blend(family, rng.choice(self.family))}", invented, family
            )
        if kind < 0.32:
            # Many are only ever called by one name.
            return PersonName(given, given, given)
        if kind < 0.345:
            # What a recogniser makes of a family name it does not know: ordinary words.
            misheard = rng.choice(self.vocabulary)
            if rng.random() < 0.5:
                misheard = misheard.capitalize()
            return PersonName(f"{given} {misheard}", given, misheard)
        return PersonName(f"{given} {family}", given, family)


def _read_known() -> dict[str, list[str]]:
    """The product's own lists of well-known names, by slot."""
    known: dict[str, list[str]] = {}
    for path in (*WELL_KNOWN, THINGS):
        for kind, names in read_listed(path).items():
            if kind in _SLOTS and names:
                known.setdefault(_SLOTS[kind], []).extend(names)
    for body in tomllib.loads(BUNDLED.read_text(encoding="utf-8"))["body"]:
        slot = _SLOTS.get(body["kind"])
        if slot:
            known.setdefault(slot, []).extend([body["name"], *body["aliases"]])
    return known


def _read_words(path: Path) -> list[str]:
    lines = _read_lines(path)
    return sorted({word.replace("_", " ") for line in lines for word in line.split()})


def _read_lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _misspell(name: str, rng: random.Random) -> str:
    """Misspells a name as a recogniser does: a letter doubled, dropped or swapped."""
    likely = {
        "c": "k",
        "k": "c",
        "i": "y",
        "y": "i",
        "ph": "f",
        "v": "w",
        "w": "v",
        "s": "z",
        "z": "s",
        "e": "a",
        "a": "e",
        "o": "u",
        "u": "o",
    }
    at = rng.randrange(1, len(name))
    letter = name[at]
    if not letter.isalpha() or letter.isupper():
        return name
    return name[:at] + rng.choice([letter * 2, "", likely.get(letter, letter)]) + name[at + 1 :]


def _blend(first: str, second: str) -> str:
    """Makes a name that nobody has from the head of one and the tail of another."""
    cut_first, cut_second = max(2, len(first) // 2), len(second) // 2
    return first[:cut_first] + second[cut_second:].lower().lstrip("- ")
