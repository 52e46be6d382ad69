"""Which mentions of people belong to one person, and how that person is spelled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from shownotes.core.cues import NameCues, words_of
from shownotes.model import Mention

# Whether two words of names are one word, spelled in two ways.
Alike = Callable[[str, str], bool]


@dataclass
class Somebody:
    """The mentions of one person, while they are collected.

    Attributes:
        words: the words of the fullest name, lower case, without honorifics.
        name: how that name is spelled.
        variants: every spelling in the transcript, with how often it stands there.
    """

    words: list[str]
    name: str
    mentions: list[Mention] = field(default_factory=list)
    variants: dict[str, int] = field(default_factory=dict)


def group_people(
    mentions: Sequence[Mention],
    cues: NameCues,
    *,
    given: Sequence[str] = (),
    is_alike: Alike | None = None,
) -> list[Somebody]:
    """Put the mentions of one person together: full names first, then short ones.

    Names in `given` are spelled right, and mentions spelled like one join it; without `is_alike`
    only equal words are the same. In order of first mention; given names that nobody says first.
    """
    people = [m for m in mentions if m.label == "PERSON" and _is_name(m, cues)]
    somebodies = [Somebody(words_of(name), name) for name in given]
    full = [m for m in people if len(name_words(m, cues)) > 1]
    short = [m for m in people if len(name_words(m, cues)) == 1]
    # An hour's talk says the same names again and again: whose they are is looked for once.
    known: dict[tuple[str, ...], Somebody] = {}
    for mention in full:
        words = name_words(mention, cues)
        somebody = known.get(tuple(words)) or next(
            (s for s in somebodies if _is_same(s.words, words, is_alike)), None
        )
        if somebody is None:
            somebody = Somebody(words, spelled(mention, words))
            somebodies.append(somebody)
        elif not somebody.mentions and somebody.name not in given:
            somebody.words = max(somebody.words, words, key=len)
        known[tuple(words)] = somebody
        somebody.mentions.append(mention)
    fitting: dict[str, list[Somebody]] = {}
    for mention in short:
        _place_short(mention, name_words(mention, cues), somebodies, fitting, is_alike)
    for somebody in somebodies:
        somebody.mentions.sort(key=lambda m: (m.sentence, m.start_char))
        for mention in somebody.mentions:
            text = spelled(mention, name_words(mention, cues))
            somebody.variants[text] = somebody.variants.get(text, 0) + 1
    return sorted(somebodies, key=lambda s: s.mentions[0].start if s.mentions else -1.0)


def best_spelling(somebody: Somebody) -> str:
    """The fullest spelling; of those, the one that stands there most often, else first."""
    first = list(somebody.variants)
    return max(
        somebody.variants,
        key=lambda v: (len(words_of(v)), somebody.variants[v], -first.index(v)),
    )


def spell(name: str, glossary: Sequence[str], is_alike: Alike | None) -> str:
    """A name as the glossary spells it: the whole of it, or single words of it.

    The name itself when the glossary has nothing like it.
    """
    words = name.split()
    for term in glossary:
        parts = term.split()
        if len(parts) == len(words) and all(map(_like(is_alike), words, parts)):
            return term
    single = [term for term in glossary if len(term.split()) == 1 and term[:1].isupper()]
    known = {term.casefold() for term in single}
    return " ".join(
        word
        if word.casefold() in known
        else next((term for term in single if _like(is_alike)(word, term)), word)
        for word in words
    )


def _like(is_alike: Alike | None) -> Alike:
    """Words of one name: the same letters, or spelled alike; articles and short words only same."""

    def like(first: str, second: str) -> bool:
        a, b = first.casefold(), second.casefold()
        return a == b or (is_alike is not None and is_alike(a, b))

    return like


def name_words(mention: Mention, cues: NameCues) -> list[str]:
    """The words of a name without honorifics, lower case."""
    words = [word.removesuffix("'s") for word in words_of(mention.text)]
    while len(words) > 1 and words[0] in cues.honorifics:
        words = words[1:]
    return words


def spelled(mention: Mention, words: Sequence[str]) -> str:
    """A mention's text without honorifics and possessive, capitals added if there were none."""
    text = mention.text.strip(" ,.").removesuffix("'s").removesuffix("’s")
    text = " ".join(text.split()[-len(words) :]) if words else text
    return text.title() if text.islower() else text


def _is_name(mention: Mention, cues: NameCues) -> bool:
    """Whether more than a title of address is there."""
    return not set(words_of(mention.text)) <= cues.honorifics


def _is_same(known: Sequence[str], words: Sequence[str], is_alike: Alike | None) -> bool:
    """Whether two full names are one person's: the same words, or words spelled alike."""
    if set(words) <= set(known) or set(known) <= set(words):
        return True
    if len(known) != len(words) or is_alike is None:
        return False
    return all(a == b or is_alike(a, b) for a, b in zip(known, words, strict=True))


@lru_cache(maxsize=20_000)
def _parts(words: tuple[str, ...]) -> frozenset[str]:
    """The words of a name, and what stands before and after their hyphens."""
    return frozenset(part for word in words for part in (word, *word.split("-")))


def _place_short(
    mention: Mention,
    words: Sequence[str],
    somebodies: list[Somebody],
    fitting: dict[str, list[Somebody]],
    is_alike: Alike | None,
) -> None:
    """Give a single name to the person named nearest before it, else after it.

    `fitting` keeps who may be meant by a word, until somebody new is found.
    """
    word = words[0]

    def fits(somebody: Somebody) -> bool:
        parts = _parts(tuple(somebody.words))
        if word in parts:
            return True
        is_begun = len(somebody.words) > 1 and any(part.startswith(word) for part in parts)
        return len(word) > 3 and is_begun

    def sounds_like(somebody: Somebody) -> bool:
        return is_alike is not None and any(is_alike(word, part) for part in somebody.words)

    def distance(somebody: Somebody) -> tuple[bool, float]:
        gaps = [mention.sentence - m.sentence for m in somebody.mentions] or [0]
        before = [gap for gap in gaps if gap >= 0]
        return (not before, min(before) if before else -max(gaps))

    candidates = fitting.get(word)
    if candidates is None:
        candidates = [s for s in somebodies if fits(s)]
        candidates = candidates or [s for s in somebodies if sounds_like(s)]
        fitting[word] = candidates
    if candidates:
        min(candidates, key=distance).mentions.append(mention)
    else:
        somebodies.append(Somebody([word], spelled(mention, words), [mention]))
        fitting.clear()
