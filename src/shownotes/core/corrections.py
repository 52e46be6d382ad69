"""What was corrected in the transcript, corrected in the texts that were made of it.

A text is the machine's and has its sentence behind it. Where the text stands in its sentence word
by word, it is known which of its words were corrected. Where the machine shortened the sentence,
equal words are counted: as many in the text as in the sentence are the same ones. What is neither
is left as it is and told of, for the wrong word must not be changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shownotes.core.spellings import key

_ENDS = '.,;:!?…”"'


@dataclass(frozen=True, slots=True)
class Correction:
    """Words of a sentence that read otherwise now.

    Attributes:
        at: which word of the sentence is the first of them; negative when they begin before it.
        right: what they read now; empty when they were deleted.
    """

    at: int
    said: tuple[str, ...]
    right: tuple[str, ...]


def correct(
    text: str, sentence: Sequence[str], corrections: Sequence[Correction]
) -> tuple[str, tuple[Correction, ...]]:
    """A text as its sentence is corrected, and the corrections of which that is not certain.

    Args:
        text: made of the sentence: a part of it, or all of it, shortened.
        sentence: its words as the machine heard them.
        corrections: of the sentence, in order.
    """
    if not corrections:
        return text, ()
    words = text.split()
    keys, heard = [key(word) for word in words], [key(word) for word in sentence]
    offsets = _places(heard, keys)
    if offsets:
        known, left = _of_a_part(offsets, len(keys), corrections)
    else:
        known, left = _of_a_shortened(keys, heard, corrections)
    for at, correction in sorted(known, key=lambda entry: -entry[0]):
        words = _put(words, at, len(correction.said), correction.right)
    return (" ".join(words) if known else text), tuple(left)


Known = list[tuple[int, Correction]]


def _of_a_part(
    offsets: Sequence[int], length: int, corrections: Sequence[Correction]
) -> tuple[Known, list[Correction]]:
    """Those of a text that stands in its sentence as it is, once or several times."""
    found = [dict(_inside(offset, length, corrections)) for offset in offsets]
    everywhere = [
        (at, correction)
        for at, correction in found[0].items()
        if all(at in other and other[at].right == correction.right for other in found[1:])
    ]
    certain = {at for at, _ in everywhere}
    left = [c for one in found for at, c in one.items() if at not in certain]
    cut = [c for c in corrections if any(_is_cut(c, offset, length) for offset in offsets)]
    return everywhere, list(dict.fromkeys([*left, *cut]))


def _inside(
    offset: int, length: int, corrections: Sequence[Correction]
) -> Iterator[tuple[int, Correction]]:
    for correction in corrections:
        at = correction.at - offset
        if at >= 0 and at + len(correction.said) <= length:
            yield at, correction


def _is_cut(correction: Correction, offset: int, length: int) -> bool:
    """Whether the text has some of the words that were corrected, and not all."""
    first, end = correction.at - offset, correction.at - offset + len(correction.said)
    is_inside = first >= 0 and end <= length
    return not is_inside and first < length and end > 0


def _of_a_shortened(
    keys: Sequence[str], heard: Sequence[str], corrections: Sequence[Correction]
) -> tuple[Known, list[Correction]]:
    """Those of a text that leaves words of its sentence out, by how often they are said."""
    known: Known = []
    left = []
    for correction in corrections:
        wanted = [key(word) for word in correction.said]
        places, in_sentence = _places(keys, wanted), _places(heard, wanted)
        if places and len(places) == len(in_sentence) and correction.at in in_sentence:
            known.append((places[in_sentence.index(correction.at)], correction))
        elif places or _has_wrong_words(keys, correction):
            left.append(correction)
    return known, left


def _has_wrong_words(keys: Sequence[str], correction: Correction) -> bool:
    """Whether a text has some of the words of several that were put right together."""
    wrong = {key(word) for word in correction.said} - {key(word) for word in correction.right}
    return len(correction.said) > 1 and not wrong.isdisjoint(keys)


def _places(words: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where words stand in a row among others."""
    count = len(wanted)
    rows = range(len(words) - count + 1) if count else ()
    return [at for at in rows if words[at : at + count] == wanted]


def _put(words: list[str], at: int, count: int, right: Sequence[str]) -> list[str]:
    """Words in place of others, with the capital and the punctuation that stood there."""
    found, new = words[at : at + count], list(right)
    if new and at == 0 and found[0][:1].isupper():
        new[0] = new[0][:1].upper() + new[0][1:]
    tail = found[-1][len(found[-1].rstrip(_ENDS)) :]
    if new and tail and not new[-1].endswith(tuple(".,;:!?…")):
        new[-1] += tail
    elif new and found[-1][-1:].isalnum() and at + count == len(words):
        new[-1] = new[-1].rstrip(".,;:")
    return [*words[:at], *new, *words[at + count :]]
