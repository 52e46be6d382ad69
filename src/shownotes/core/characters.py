"""Characters that no file may hold, whatever a transcript or a tag brings."""

import re

_PLANES = range(0x10000, 0x110000, 0x10000)
# Controls but tab and line feed, surrogates, and noncharacters of the first and the other planes.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in _PLANES)
    + "]"
)


def printable(text: str) -> str:
    """Text without control characters, halves of characters and noncharacters.

    Source: HTML Living Standard, "Preprocessing the input stream"; XML 1.0, production 2; RFC 3629.
    """
    return _UNPRINTABLE.sub("", text)
