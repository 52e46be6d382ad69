"""What a person types into the search field, as SQLite's full-text search understands it.

Whatever is typed is only ever words and phrases: every term is quoted, so that none of the query
language's own signs and words (`*`, `NEAR`, `-`, `:`) can mean anything.
"""

import re
import unicodedata
from dataclasses import dataclass

# Words are runs of these; marks belong to the letters that they stand on.
TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
# Stands between what is a word of its own in writing without spaces; never shown.
SEPARATOR = "\u200b"
# Marks that the index puts around what was found.
FOUND, FOUND_END = "\x02", "\x03"
MOST_TERMS = 20
MOST_CHARACTERS = 500

# Chinese characters, kana, and the letters of Thai, Lao, Burmese and Khmer.
_UNSPACED = re.compile(r"([ぁ-ヿ㐀-䶿一-鿿豈-﫿\U00020000-\U000323af฀-໿က-႟ក-៿])(?=\w)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_PHRASES = re.compile(r'"([^"]*)"|([^"\s]+)')
_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)


@dataclass(frozen=True, slots=True)
class Query:
    """Terms that must all be there: each alone, and all together."""

    terms: tuple[str, ...]

    @property
    def all(self) -> str:
        """Every term in one passage."""
        return " ".join(self.terms)

    @property
    def any(self) -> str:
        """At least one of the terms."""
        return " OR ".join(self.terms)


def indexable(text: str) -> str:
    """Text as it is indexed: one spelling a letter, words apart where writing does not do that."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    plain = _CONTROL.sub(" ", unicodedata.normalize("NFC", whole)).replace(SEPARATOR, "")
    return _UNSPACED.sub(rf"\1{SEPARATOR}", plain)


def readable(text: str) -> str:
    """Indexed text as people read it."""
    return text.replace(SEPARATOR, "")


def parse(typed: str) -> Query | None:
    """The terms of what was typed; `None` when there is nothing in it to look for.

    Words in quotes are a phrase. The last word may be the beginning of one.
    """
    text = indexable(typed[:MOST_CHARACTERS].translate(_QUOTES))
    if text.count('"') % 2:
        # A quote that was not closed yet: what follows is still being typed.
        text = " ".join(text.rsplit('"', 1))
    found: list[tuple[str, bool]] = []
    for match in _PHRASES.finditer(text):
        phrase, word = match[1], match[2]
        term = phrase if phrase is not None else word
        if any(_is_word_character(character) for character in term):
            found.append((term, word is not None))
    if not found:
        return None
    found = found[-MOST_TERMS:]
    terms = [f'"{term}"' for term, _ in found]
    if found[-1][1]:
        terms[-1] += "*"
    return Query(terms=tuple(terms))


def pieces(marked: str) -> tuple[tuple[str, bool], ...]:
    """Marked text as pieces, each with whether it is what was looked for."""
    parts = re.split(f"[{FOUND}{FOUND_END}]", readable(marked))
    return tuple((part, bool(index % 2)) for index, part in enumerate(parts) if part)


def _is_word_character(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or category in ("Co", "Mn", "Mc")
