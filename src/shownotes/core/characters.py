"""Characters that no file may hold, whatever a transcript or a tag brings."""

import re

# Controls but tab and line feed, surrogates, and the noncharacters of the first plane. Those of the
# other planes are looked for only where there is something of them: it costs ten times more.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_OTHER_PLANES = re.compile("[\U00010000-\U0010ffff]")
_PLANES = range(0x10000, 0x110000, 0x10000)
_LAST_TWO = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in _PLANES)
_NONCHARACTERS = re.compile(f"[{_LAST_TWO}]")
# What a terminal obeys, and what has text read in another order than it stands in: a file's name
# may hold them. Line feeds and tabs are harmless.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Text with everything that a terminal would obey written out, as `\x1b` for an escape."""
    return _OBEYED.sub(lambda found: ascii(found[0])[1:-1], text)


def printable(text: str) -> str:
    """Text without control characters, halves of characters and noncharacters.

    Source: HTML Living Standard, "Preprocessing the input stream"; XML 1.0, production 2; RFC 3629.
    """
    text = _UNPRINTABLE.sub("", text)
    return _NONCHARACTERS.sub("", text) if _OTHER_PLANES.search(text) else text
