"""Scores pipeline and rules on the blind passages: `python -m training.names.evaluate [FOLDER]`.

Prints precision, recall and F1 of guests, hosts and organizations, and how often a matched guest's
title and organization are right. `--errors` prints what went wrong; it is meant for the training
passages, never for the blind ones.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shownotes.adapters.catalogue import load_catalogue
from shownotes.adapters.names import NamesPipeline, find_mentions, load_cues, load_pipeline
from shownotes.adapters.spelling import is_alike
from shownotes.core.cues import words_of
from shownotes.core.people import identify
from shownotes.model import Names, PersonRole, Transcript
from training.names.corpus import Passage, fill, read_templates
from training.names.documents import to_transcript
from training.names.lexicon import Lexicon

BLIND = Path(__file__).parent / "blind"
_STOPWORDS = frozenset({"the", "of", "for", "and", "a", "an", "in", "on"})
_HONORIFICS = frozenset({"dr", "doctor", "prof", "professor", "mr", "mrs", "ms", "sir", "lord"}) | {
    *("lady", "justice", "captain", "senator", "president")
}


Key = frozenset[str]


def gold_names(passage: Passage, role: str) -> list[tuple[frozenset[Key], str]]:
    """Every person with this role: the forms of the name, each as words, and the variable."""
    names: dict[str, set[Key]] = {}
    for person in passage.people:
        if person.role == role:
            key = person.variable or str(person.start)
            names.setdefault(key, set()).add(name_key(passage.text[person.start : person.end]))
    return [(_fullest(forms), variable) for variable, forms in names.items()]


def _fullest(forms: set[Key]) -> frozenset[Key]:
    """The forms with as many words as the longest: spellings of the full name."""
    longest = max(map(len, forms))
    return frozenset(form for form in forms if len(form) == longest)


def name_key(name: str) -> frozenset[str]:
    """The words of a name without honorifics and stopwords."""
    words = [w.removesuffix("'s") for w in words_of(name)]
    return frozenset(w for w in words if w not in _STOPWORDS | _HONORIFICS) or frozenset(words)


def is_same(found: frozenset[str], gold: frozenset[str]) -> bool:
    """Equal words, or one a subset of the other with at least two words."""
    smaller, larger = sorted((found, gold), key=len)
    return found == gold or (smaller <= larger and len(smaller) >= 2)


class Tally:
    """Counts of one kind of name over all passages."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, found: list[str], gold: list[frozenset[Key]], optional: list[Key]) -> str:
        """Counts a passage; returns what was missed and what was false.

        `gold` has for every name the forms that are right.
        """
        left = list(gold)
        false = []
        for name in found:
            key = name_key(name)
            hit = next((g for g in left if any(is_same(key, form) for form in g)), None)
            if hit is not None:
                left.remove(hit)
                self.counts["right"] += 1
            elif not any(is_same(key, form) for form in optional) and not any(
                is_same(key, form) for g in gold for form in g
            ):
                self.counts["false"] += 1
                false.append(name)
        self.counts["missed"] += len(left)
        missed = [" ".join(sorted(min(g, key=sorted))) for g in left]
        return f"missed {missed} false {false}" if missed or false else ""

    @property
    def f1(self) -> float:
        right = self.counts["right"]
        return 2 * right / max(1, 2 * right + self.counts["false"] + self.counts["missed"])

    def __str__(self) -> str:
        right, false, missed = (self.counts[k] for k in ("right", "false", "missed"))
        precision, recall = right / max(1, right + false), right / max(1, right + missed)
        counts = f"({right} right, {false} false, {missed} missed)"
        return f"P {precision:.3f} R {recall:.3f} F1 {self.f1:.3f}  {counts}"


KINDS = ("guests", "hosts", "organizations")


class Figures:
    """What a set gave.

    Attributes:
        facts: of matched guests, by ("title" or "organization") and ("said", "right", "invented");
            and passages without guest, "no guest", and those of them with one, "false guest".
        not_in_text: values that do not stand in the passage; there must be none.
    """

    def __init__(self) -> None:
        self.tallies = {kind: Tally() for kind in KINDS}
        self.facts: Counter[Any] = Counter()
        self.not_in_text: list[str] = []

    def f1(self, kind: str) -> float:
        return self.tallies[kind].f1

    def share_right(self, kind: str) -> float:
        return float(self.facts[kind, "right"]) / max(1, self.facts[kind, "said"])

    def lines(self) -> dict[str, str]:
        rows = {kind: str(tally) for kind, tally in self.tallies.items()}
        for kind in ("title", "organization"):
            rows[f"guest's {kind}"] = (
                f"right {self.facts[kind, 'right']} of {self.facts[kind, 'said']} said, "
                f"{self.facts[kind, 'invented']} given that nobody said"
            )
        rows["no-guest passages with a false guest"] = (
            f"{self.facts['false guest']} of {self.facts['no guest']}"
        )
        return rows


@dataclass(frozen=True)
class Reader:
    """The product's way from a text to its names; parts can be left out, for ablations."""

    pipeline: NamesPipeline
    has_cues: bool = True
    has_signals: bool = True
    has_catalogue: bool = True
    has_grouping: bool = True

    def read(self, transcript: Transcript) -> Names:
        pipeline = self.pipeline if self.has_signals else replace(self.pipeline, signals=None)
        catalogue = load_catalogue() if self.has_catalogue else None
        return identify(
            transcript,
            find_mentions(transcript, pipeline=pipeline, catalogue=catalogue),
            cues=load_cues("en" if self.has_cues else "any"),
            signals=pipeline.signals,
            is_alike=is_alike if self.has_grouping else None,
            catalogue=catalogue,
        )


def measure(
    folder: Path, reader: Reader, *, seed: int = 1, show_errors: bool = False, every: int = 1
) -> Figures:
    """Scores every passage of a folder; slots are filled from the seed."""
    lexicon, rng = Lexicon(), random.Random(seed)
    figures = Figures()
    for name, template in read_templates(folder)[::every]:
        passage = fill(name, template, lexicon, rng)
        errors = _score(passage, reader.read(to_transcript(passage.text)), figures)
        if show_errors and errors:
            print(f"{name}: {passage.text}")
            print("    " + "\n    ".join(errors))
    return figures


def _score(passage: Passage, names: Names, figures: Figures) -> list[str]:
    errors = []
    organizations = [a for a in passage.annotations if a.label == "ORG"]
    keys = {name_key(passage.text[a.start : a.end]): a.is_optional for a in organizations}
    gold = {
        "guests": [forms for forms, _ in gold_names(passage, "guest")],
        "hosts": [forms for forms, _ in gold_names(passage, "host")],
        "organizations": [frozenset({k}) for k, is_optional in keys.items() if not is_optional],
    }
    found = {
        "guests": [p.name for p in names.with_role(PersonRole.GUEST)],
        "hosts": [p.name for p in names.with_role(PersonRole.HOST)],
        "organizations": [n for o in names.organizations for n in (o.name, o.acronym) if n],
    }
    optional = [key for key, is_optional in keys.items() if is_optional]
    for kind, tally in figures.tallies.items():
        message = tally.add(found[kind], gold[kind], optional)
        errors += [f"{kind}: {message}"] if message else []
    if not gold["guests"]:
        figures.facts["no guest"] += 1
        figures.facts["false guest"] += bool(found["guests"])
    said = " ".join(passage.text.lower().split())
    values = [o.name for o in names.organizations]
    values += [f.value for p in names.people for f in (p.title, p.organization) if f]
    figures.not_in_text += [value for value in values if value.lower() not in said]
    return errors + _score_facts(passage, names, figures.facts)


def _score_facts(passage: Passage, names: Names, facts: Counter[Any]) -> list[str]:
    errors = []
    for forms, variable in gold_names(passage, "guest"):
        person = next(
            (p for p in names.people if any(is_same(name_key(p.name), f) for f in forms)), None
        )
        if person is None:
            continue
        for kind, label in (("title", "ROLE"), ("organization", "ORG")):
            said = [
                passage.text[a.start : a.end]
                for a in passage.annotations
                if a.label == label and a.owner == variable
            ]
            fact = person.title if kind == "title" else person.organization
            given = fact.value if fact else None
            if not said:
                facts[kind, "invented"] += given is not None
                errors += [f"{kind} of {person.name} given: {given}"] if given else []
                continue
            facts[kind, "said"] += 1
            is_right = given is not None and any(_overlap(given, s) >= 0.5 for s in said)
            facts[kind, "right"] += is_right
            errors += [] if is_right else [f"{kind} of {person.name}: {given} for {said}"]
    return errors


def _overlap(found: str, gold: str) -> float:
    a, b = name_key(found), name_key(gold)
    return 2 * len(a & b) / max(1, len(a) + len(b))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=BLIND)
    parser.add_argument("--pipeline", default="names-en")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="every n-th passage, as --hold-out")
    parser.add_argument("--errors", action="store_true")
    arguments = parser.parse_args()
    figures = measure(
        arguments.folder,
        Reader(load_pipeline(arguments.pipeline)),
        seed=arguments.seed,
        show_errors=arguments.errors,
        every=arguments.every,
    )
    for name, value in figures.lines().items():
        print(f"{name:40} {value}")


if __name__ == "__main__":
    main()
