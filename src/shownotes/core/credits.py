"""Who made the episode besides those who speak: from the show's settings and from what is said."""

import re
from collections.abc import Iterator, Mapping, Sequence

from shownotes.core.wording import Wording
from shownotes.model import Credit, Sentence

# Credits are read at the end, now and then at the beginning: so many sentences of each.
FIRST, LAST = 12, 16
_WORD = r"[A-Z][\w'’-]+"
_NAME = rf"{_WORD}(?: (?:{_WORD}|[A-Z]\.|(?:de|del|van|von|der|den|bin|al|la|le)(?= [A-Z])))*"
_NAMES = rf"{_NAME}(?:(?:, and | and |, ){_NAME})*"
_SPLIT = re.compile(r", and | and |, ")


def find_credits(
    sentences: Sequence[Sentence], given: Mapping[str, str], wording: Wording
) -> tuple[Credit, ...]:
    """Everybody who is credited, the show's own list first; nobody twice for one role."""
    found = [Credit(role=role, name=name) for role, name in given.items()]
    last = max(FIRST, len(sentences) - LAST)
    for sentence in (*sentences[:FIRST], *sentences[last:]):
        for role, name in _said(sentence.text, wording):
            if not any(c.role.lower() == role.lower() and c.name == name for c in found):
                found.append(Credit(role=role, name=name, evidence=sentence.evidence))
    return tuple(found)


def _said(text: str, wording: Wording) -> Iterator[tuple[str, str]]:
    """Roles and names: `produced and edited by Ann Lee`, `our producer is Ann Lee`."""
    for role, cues in wording.credits.items():
        for match in cues.finditer(text):
            names = re.match(rf",? ({_NAMES})", text[match.end() :])
            if names is None:
                continue
            for name in _SPLIT.split(names.group(1)):
                if not wording.has("stop_words", name):
                    yield role, name
