"""Speakers written into the text, as in `Ann Lee: So how did it begin?`."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# Up to four words before a colon; what speakers are called, not `So here is the thing:`.
_NAMED = re.compile(
    r"^(?:[-–—]\s*|>>\s*)?[\[(]?(?P<name>[^\W\d_][\w.'’-]*(?: [\w.'’&#-]+){0,3}?)[\])]?"
    r"\s*:\s+(?P<text>\S.*)$",
    re.DOTALL,
)
_GENERIC = re.compile(
    r"^(?:speaker|host|guest|interviewer|narrator|sprecher|invité)\b", re.IGNORECASE
)
_BULLET = re.compile(r"^(?:>>+|[-–—])\s+")
# A name that begins a line is a speaker's when it does so at least this often.
MIN_TIMES = 2


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody says; `speaker` is `None` when nothing tells who."""

    speaker: str | None
    text: str


def split_speakers(turns: Sequence[Turn]) -> list[Turn]:
    """Take the names out of the texts that begin with one, where the file names speakers so.

    `Note: this matters` once in an episode is a sentence; the same word before a colon again and
    again is somebody's name. Where speakers are named so, a text without a name goes on with the
    last one, unless the file named the speaker otherwise.
    """
    found = [_NAMED.match(turn.text) if turn.speaker is None else None for turn in turns]
    counts = Counter(match["name"] for match in found if match)
    names = {n for n, count in counts.items() if count >= MIN_TIMES or _GENERIC.match(n)}
    result: list[Turn] = []
    current: str | None = None
    for turn, match in zip(turns, found, strict=True):
        if match and match["name"] in names and _is_name(match["name"]):
            current = match["name"]
            result.append(Turn(current, match["text"].strip()))
        else:
            speaker = turn.speaker or current
            text = turn.text if turn.speaker else _BULLET.sub("", turn.text)
            result.append(Turn(speaker, text))
    return result


def _is_name(text: str) -> bool:
    """Every word of it begins with a capital or a digit, as names do (`Speaker 1`)."""
    words = text.split()
    return all(word[0].isupper() or word[0].isdigit() or word in _SMALL for word in words)


_SMALL = frozenset(
    {"de", "van", "von", "der", "den", "da", "di", "la", "le", "bin", "al", "y", "#"}
)
