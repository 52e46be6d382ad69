"""Reads the annotated passages and fills their slots.

One line of `passages/*.txt` is one passage; `#` begins a comment. Two kinds of mark-up:

    {guest:a}  {guest:a.first}  {role>a}  {agency>a}     slots, filled afresh each time
    [Maria Okafor|guest:a]  [the Grid Institute|ORG>a]     literal spans

`guest`, `host` and `mentioned` are people (label PERSON) and carry that role; `:a` names the
person, `>a` says that a title or organization belongs to that person, `#company` gives an
organization's kind. `NONE` marks text that looks like a name and is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from training.names.lexicon import Lexicon, PersonName

ROLES = ("host", "guest", "mentioned")
_ORGANIZATION_SLOTS = ("agency", "igo", "company", "sponsor", "university", "ngo", "media", "party")
_LABELS = dict.fromkeys(_ORGANIZATION_SLOTS, "ORG") | {
    "org": "ORG",
    "role": "ROLE",
    "event": "EVENT",
    "work": "WORK_OF_ART",
    "product": "PRODUCT",
    "law": "LAW",
    "loc": "LOC",
    "norp": "NORP",
    "date": "DATE",
    "city": "GPE",
    "country": "GPE",
    "state": "GPE",
    "place": "GPE",
    "known": "PERSON",
}
KNOWN_LABELS = frozenset({*_LABELS.values(), *ROLES, "NONE", "DESC"})
# What `{thing}` may be; the sentence around it does not tell.
_THINGS = ("org", "org", "org", "event", "event", "work", "product", "law", "loc", "place", "known")
_MARK = re.compile(
    r"\{(?P<slot>[a-z]+)(?::(?P<var>[a-z]))?(?:\.(?P<part>first|last))?(?:>(?P<owner>[a-z]))?\}"
    r"|\[(?P<text>[^|\]]+)\|(?P<label>[A-Za-z_]+)(?P<optional>\?)?(?:#(?P<kind>[a-z_]+))?"
    r"(?::(?P<lvar>[a-z]))?(?:>(?P<lowner>[a-z]))?\]"
)
_WITH_ARTICLE = ("agency", "igo", "ngo", "media", "party", "event", "law")
_WITHOUT_ARTICLE = frozenset(
    {"Parliament", "Congress", "NASA", "FEMA", "NOAA", "UNESCO", "UNICEF", "NATO", "ASEAN"}
)


@dataclass(frozen=True, slots=True)
class Annotation:
    """A labelled stretch of a filled passage; `end` is half-open."""

    start: int
    end: int
    label: str
    role: str | None = None
    variable: str | None = None
    owner: str | None = None
    kind: str | None = None
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """Text with its annotations, in order and not overlapping."""

    name: str
    text: str
    annotations: tuple[Annotation, ...]

    @property
    def people(self) -> tuple[Annotation, ...]:
        """The annotations that are people."""
        return tuple(a for a in self.annotations if a.label == "PERSON")


def read_templates(folder: Path) -> list[tuple[str, str]]:
    """Gives `(name, template)` of every passage in a folder, in a fixed order."""
    return [template for path in sorted(folder.glob("*.txt")) for template in read_file(path)]


def read_file(path: Path) -> list[tuple[str, str]]:
    """Gives `(name, template)` of every passage in a file."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    kept = [line for line in lines if line and not line.startswith("#")]
    return [(f"{path.stem}-{number:03d}", line) for number, line in enumerate(kept, 1)]


def fill(name: str, template: str, lexicon: Lexicon, rng: random.Random) -> Passage:
    """Fills a template's slots with fresh names."""
    people: dict[str, PersonName] = {}
    pieces: list[str] = []
    annotations: list[Annotation] = []
    length = position = 0
    for match in _MARK.finditer(template):
        plain = template[position : match.start()]
        pieces.append(plain)
        length += len(plain)
        prefix, text, annotation = _fill_mark(match, people, lexicon, rng, before=pieces)
        pieces += [prefix, text]
        start = length + len(prefix)
        length = start + len(text)
        if annotation is not None:
            annotations.append(replace(annotation, start=start, end=length))
        position = match.end()
    pieces.append(template[position:])
    return Passage(name, "".join(pieces), tuple(annotations))


def skeleton(template: str) -> list[list[str]]:
    """The words of a passage without its marked spans, in runs between them."""
    runs = re.split(r"\s*\x00\s*", _MARK.sub("\x00", template))
    return [re.findall(r"[a-z0-9']+", run.lower()) for run in runs]


def _fill_mark(
    match: re.Match[str],
    people: dict[str, PersonName],
    lexicon: Lexicon,
    rng: random.Random,
    *,
    before: list[str],
) -> tuple[str, str, Annotation | None]:
    if match["text"] is not None:
        return _fill_literal(match)
    slot = match["slot"]
    if slot in ROLES:
        variable = match["var"] or f"_{len(people)}"
        person = people.setdefault(variable, lexicon.compose_person(rng))
        text = {"first": person.first, "last": person.last}.get(match["part"] or "", person.full)
        return "", text, Annotation(0, 0, "PERSON", role=slot, variable=variable)
    if slot == "hon":
        return "", rng.choice(lexicon.honorifics), None
    if slot in ("code", "topic"):
        return "", lexicon.compose(slot, rng).lower(), None
    if slot == "thing":
        slot = rng.choice(_THINGS)
    kind = rng.choice(_ORGANIZATION_SLOTS[:3] + _ORGANIZATION_SLOTS[4:7]) if slot == "org" else slot
    text = lexicon.compose("city" if kind == "place" and rng.random() < 0.7 else kind, rng)
    role = "mentioned" if slot == "known" else None
    prefix = ""
    if text.startswith("the "):
        prefix, text = ("" if _ends_with_article(before) else "the "), text[4:]
    elif (
        kind in _WITH_ARTICLE
        and slot == "org"
        and text not in _WITHOUT_ARTICLE
        and rng.random() < 0.7
    ):
        prefix = "the "
    return prefix, text, Annotation(0, 0, _LABELS[slot], role, None, match["owner"], kind)


def _fill_literal(match: re.Match[str]) -> tuple[str, str, Annotation | None]:
    label, text = match["label"], match["text"]
    if label == "NONE":
        return "", text, None
    role = label if label in ROLES else None
    article = "the " if label == "ORG" and text.lower().startswith("the ") else ""
    annotation = Annotation(
        0,
        0,
        "PERSON" if role else label,
        role,
        match["lvar"] or (f"={text}" if role else None),
        match["lowner"],
        match["kind"],
        is_optional=bool(match["optional"]),
    )
    return text[: len(article)], text[len(article) :], annotation


def _ends_with_article(pieces: list[str]) -> bool:
    return "".join(pieces[-2:]).lower().endswith(("the ", " a ", " an ", "'s "))
