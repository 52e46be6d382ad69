"""The catalogue of public bodies: canonical names, kinds and links of agencies that are mentioned.

It never says that a body was mentioned; it says what is known of one that was.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from shownotes.core.cues import words_of
from shownotes.model import CatalogueEntry


@dataclass(frozen=True)
class Catalogue:
    """Bodies by every form of their names; see `make_catalogue`."""

    by_words: Mapping[str, Sequence[CatalogueEntry]] = field(default_factory=dict)
    by_letters: Mapping[str, Sequence[CatalogueEntry]] = field(default_factory=dict)
    # Well-known names that are neither bodies nor people, with their label (or NONE), lower case.
    things: Mapping[str, str] = field(default_factory=dict)

    @property
    def long_forms(self) -> Iterable[str]:
        """Names of two words and more, in lower case: no ordinary words."""
        return self.by_words.keys()

    @property
    def short_forms(self) -> Iterable[str]:
        """Single words and acronyms, which mean the body only as they are written here."""
        return self.by_letters.keys()

    def label_thing(self, text: str) -> str | None:
        """The label of a well-known name that is neither a body nor a person; NONE for no name."""
        key = text.strip(" ,.").removesuffix("'s").removesuffix("’s").casefold()
        return self.things.get(key.removeprefix("the "))

    def candidates(self, name: str) -> Sequence[CatalogueEntry]:
        """All bodies that a name may mean."""
        short = name.replace(".", "") if "." in name and " " not in name else name
        return self.by_letters.get(short) or self.by_words.get(_key(name), ())

    def choose(self, name: str, heard: Mapping[str, int]) -> CatalogueEntry | None:
        """The body that a name means, in an episode that speaks of these jurisdictions.

        Returns:
            `None` when there is none, or several and the episode does not tell which.
        """
        found = self.candidates(name)
        if len(found) <= 1:
            return found[0] if found else None
        weights = [heard.get(entry.jurisdiction.split("-")[0], 0) for entry in found]
        best = max(weights)
        return found[weights.index(best)] if best and weights.count(best) == 1 else None

    def count_jurisdictions(self, names: Iterable[str]) -> Counter[str]:
        """How often bodies of a jurisdiction are among names that mean one body only."""
        counts: Counter[str] = Counter()
        for name in names:
            found = self.candidates(name)
            if len(found) == 1:
                counts[found[0].jurisdiction.split("-")[0]] += 1
        return counts


def make_catalogue(
    bodies: Iterable[tuple[CatalogueEntry, Sequence[str]]],
    *,
    well_known: Iterable[CatalogueEntry] = (),
    things: Mapping[str, str] | None = None,
) -> Catalogue:
    """A catalogue of bodies with their aliases; of two with one name the later one counts.

    Well-known bodies, of which only name and kind are told, give way to all others.
    """
    named = {entry.name: (entry, aliases) for entry, aliases in bodies}
    by_words: dict[str, list[CatalogueEntry]] = {}
    by_letters: dict[str, list[CatalogueEntry]] = {}
    for entry, aliases in named.values():
        for form in (entry.name, *aliases):
            if " " in form:
                by_words.setdefault(_key(form), []).append(entry)
            else:
                by_letters.setdefault(form.replace(".", ""), []).append(entry)
    known = {text.casefold(): label for text, label in (things or {}).items()}
    for entry in well_known:
        # What is a body and a thing (a platform, say), the recogniser must tell.
        if known.pop(entry.name.casefold(), None):
            continue
        if " " in entry.name:
            by_words.setdefault(_key(entry.name), [entry])
        else:
            by_letters.setdefault(entry.name.replace(".", ""), [entry])
    return Catalogue(by_words, by_letters, known)


def _key(name: str) -> str:
    return " ".join(words_of(name)).removeprefix("the ").removesuffix("'s")
