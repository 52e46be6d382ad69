"""A show's glossary as episodes fill it: who put which name there, so that it can be taken back.

The names that hold are those that were written by hand, and over them what episodes put there, one
after the other; without one of them, the rest is as if it had never been.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A name that an episode's editor put into the glossary, in place of what was heard.

    Attributes:
        episode: its id.
        is_withheld: a person has taken the name out by hand.
    """

    episode: str
    said: str
    term: str
    is_withheld: bool = False


@dataclass(slots=True)
class GlossaryBook:
    """The names that hold, in their order, and where they are from.

    Attributes:
        by_hand: those that a person wrote, with those that were corrected since.
        puts: what episodes put there, oldest first.
    """

    terms: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    puts: list[Put] = field(default_factory=list)

    @classmethod
    def read(
        cls, terms: Sequence[str], by_hand: Sequence[str] | None, puts: Iterable[Put]
    ) -> "GlossaryBook":
        """The book as it was written, with what a person has changed in the names since.

        `by_hand` is `None` where nothing but the names was written.
        """
        known = list(puts)
        before = list(terms if by_hand is None else by_hand)
        expected = _replay(before, known)
        taken_out = set(expected) - set(terms)
        own = [term for term in before if term not in taken_out]
        own += [term for term in terms if term not in expected]
        known = [replace(p, is_withheld=p.is_withheld or p.term in taken_out) for p in known]
        return cls(list(dict.fromkeys(terms)), own, known)

    def add(self, term: str, *, instead_of: str | None = None) -> None:
        """Add a name for good, in place of one that it corrects."""
        self.by_hand = [known for known in self.by_hand if known not in (term, instead_of)]
        self.by_hand.append(term)
        self._tidy()

    def settle(self, episode: str, wanted: Mapping[str, str]) -> bool:
        """Have an episode's names there, by what was heard, and none that it has taken back.

        Returns:
            Whether anything is different.
        """
        kept = [p for p in self.puts if p.episode != episode or wanted.get(p.said) == p.term]
        held = {put.said for put in kept if put.episode == episode}
        new = [
            Put(episode=episode, said=said, term=term)
            for said, term in wanted.items()
            if said not in held
        ]
        is_other = bool(new) or len(kept) != len(self.puts)
        self.puts = [*kept, *new]
        self._tidy()
        return is_other

    def _tidy(self) -> None:
        """The names that hold now, as far as they held before in the order that they had."""
        now = _replay(self.by_hand, self.puts)
        there = [term for term in self.terms if term in now]
        self.terms = [*there, *(term for term in now if term not in there)]


def _replay(by_hand: Sequence[str], puts: Iterable[Put]) -> list[str]:
    found = list(dict.fromkeys(by_hand))
    for put in puts:
        if put.said in found and put.said != put.term:
            found.remove(put.said)
        if put.term not in found and not put.is_withheld:
            found.append(put.term)
    return found
