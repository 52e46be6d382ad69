"""Names that were fixed once: spelled so wherever they are said or written."""

import functools
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from shownotes.core.edited_words import EDITED, NAME, EditedWord
from shownotes.core.layer import Layer
from shownotes.core.wording import bare

# By the key of a wrong spelling's first word: all its keys, and the right words.
Spellings = dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]]

_POSSESSIVE = re.compile(r"(['’]s?)?([^\w]*)$")
_LEADING = re.compile(r"^[^\w]*")


@functools.lru_cache(maxsize=100_000)
def key(word: str) -> str:
    """A word without case, punctuation and possessive, by which spellings are found."""
    plain = bare(word)
    return plain[:-2] if plain.endswith(("'s", "’s")) else plain


def read_spellings(layer: Layer) -> Spellings:
    """The names that were fixed, the longest wrong spellings first."""
    found: Spellings = {}
    for decision in layer.under("spelling/"):
        keys = tuple(key(word) for word in decision.key.partition("/")[2].split())
        if keys and all(keys) and decision.value:
            found.setdefault(keys[0], []).append((keys, tuple(str(decision.value).split())))
    for entries in found.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return found


def spell_text(text: str, spellings: Spellings) -> str:
    """A text with every name that was fixed spelled so."""
    words = text.split()
    if not spellings:
        return text
    keys = [key(word) for word in words]
    shown: list[str] = []
    index = 0
    while index < len(words):
        found = _wrong_name(keys, index, spellings)
        if found is None:
            shown.append(words[index])
            index += 1
        else:
            shown += respell_texts(words[index : index + found[0]], found[1])
            index += found[0]
    return text if shown == words else " ".join(shown)


def spell(
    words: Sequence[EditedWord],
    spellings: Spellings,
) -> list[EditedWord]:
    """The words with every name that was fixed spelled so; punctuation around it is kept."""
    if not spellings:
        return list(words)
    shown: list[EditedWord] = []
    index = 0
    keys = [key(word.text) for word in words]
    while index < len(words):
        found = _wrong_name(keys, index, spellings)
        if found is None:
            shown.append(words[index])
            index += 1
            continue
        count, right = found
        following = words[index + count].start if index + count < len(words) else math.inf
        before = shown[-1].end if shown else 0.0
        shown += _respelled(words[index : index + count], right, before, following)
        index += count
    return shown


def _wrong_name(
    keys: Sequence[str],
    index: int,
    spellings: Spellings,
) -> tuple[int, tuple[str, ...]] | None:
    """How many words spell a name wrong from here on, and how it is right."""
    for wrong, right in spellings.get(keys[index], ()):
        if tuple(keys[index : index + len(wrong)]) != wrong:
            continue
        right_keys = [key(word) for word in right]
        is_right = any(
            keys[max(0, index - back) : max(0, index - back) + len(right_keys)] == right_keys
            for back in range(len(right_keys))
            if index - back >= 0
        )
        # “Kofi” for “Kofi Asante” is not put before an “Asante” that is there already.
        if not is_right or len(right_keys) <= len(wrong):
            return len(wrong), right
    return None


def _respelled(
    words: Sequence[EditedWord], right: Sequence[str], before: float, following: float
) -> Iterator[EditedWord]:
    """The name in its words' place.

    None ends before the word that is `before` it does, or begins after the `following` one does.
    """
    texts = respell_texts([word.text for word in words], right)
    if len(words) == len(right):
        for word, text in zip(words, texts, strict=True):
            yield word if word.text == text else _edited(word, text)
        return
    start, end = words[0].start, words[-1].end
    length = sum(map(len, texts)) or 1
    begun = 0
    for text in texts:
        until = begun + len(text)
        yield EditedWord(
            id=words[0].id,
            first=words[0].first,
            last=words[-1].last,
            text=text,
            # Words that are pressed together begin and end together.
            start=min(round(start + (end - start) * begun / length, 3), max(start, following)),
            end=max(round(start + (end - start) * until / length, 3), min(end, before)),
            probability=None if words[0].probability is None else 1.0,
            is_estimated=True,
            bits=EDITED,
        )
        begun = until


def _edited(word: EditedWord, text: str) -> EditedWord:
    return word._replace(
        text=text,
        bits=EDITED,
        probability=None if word.probability is None else 1.0,
    )


def respell_texts(texts: Sequence[str], right: Sequence[str]) -> list[str]:
    """The right words with what stood before and after the wrong ones, such as `(…)` and `'s,`."""
    leading = _LEADING.match(texts[0])
    before = leading.group() if leading else ""
    tail = _POSSESSIVE.search(texts[-1])
    after = tail.group() if tail else ""
    if right[-1].lower().endswith(("'s", "’s")) and tail and tail.group(1):
        after = tail.group(2)
    words = list(right)
    words[0] = before + words[0]
    words[-1] += after
    return words


def mark_names(
    words: Sequence[EditedWord], names: Mapping[str, Sequence[tuple[str, ...]]]
) -> list[EditedWord]:
    """The words with those marked that are somebody's name."""
    shown = list(words)
    if not names:
        return shown
    keys = [key(word.text) for word in words]
    for index, first in enumerate(keys):
        for name in names.get(first, ()):
            if tuple(keys[index : index + len(name)]) == name:
                for place in range(index, index + len(name)):
                    shown[place] = shown[place]._replace(bits=shown[place].bits | NAME)
    return shown
