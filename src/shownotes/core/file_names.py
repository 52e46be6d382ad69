"""Names of files that come from somebody else's machine. Pure."""

import re
import unicodedata
from collections.abc import Collection

from shownotes.core.episodes import RESERVED_NAMES
from shownotes.errors import UploadError

# What every file system in use allows for one name.
MOST_BYTES = 255
# What Windows refuses and others allow; a working folder may be copied there.
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# Zero-width joiners belong to the spelling of some languages; what else cannot be seen is there to
# deceive ("3pm.exe" written from right to left).
_JOINERS = "\u200c\u200d"


def clean_file_name(name: str, *, endings: Collection[str]) -> str:
    """A name under which an uploaded file may be stored: one path component, visible, portable.

    Args:
        name: as the browser gave it.
        endings: that are allowed, lower case, with their dots.

    Raises:
        UploadError: it cannot be used; the message says what to do.
    """
    if "/" in name or "\\" in name:
        raise UploadError(f"{name!r} is a path. Send the file under its own name alone.")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise UploadError(f"{name!r} holds control characters. Rename the file and try again.")
    seen = (c for c in name if unicodedata.category(c) not in {"Cf", "Cn", "Co"} or c in _JOINERS)
    whole = _FORBIDDEN.sub("_", " ".join(unicodedata.normalize("NFC", "".join(seen)).split()))
    stem, dot, ending = whole.rpartition(".")
    stem, ending = stem.rstrip(" ."), (dot + ending).strip().lower()
    if ending not in endings:
        told = ", ".join(sorted(endings)[:4]) if len(endings) < 5 else ".mp3, .m4a, .wav, .flac"
        raise UploadError(
            f"{whole!r} is not named as an audio file. {told} and others of the kind are taken.",
            status=415,
        )
    if not stem or stem[0] in ".~":
        raise UploadError(f"{whole!r} would be a hidden file. Rename it and try again.")
    if stem.partition(".")[0].strip().casefold() in RESERVED_NAMES:
        raise UploadError(f"{whole!r} is the name of a device on Windows. Rename it and try again.")
    cleaned = stem + ending
    if len(cleaned.encode()) > MOST_BYTES:
        raise UploadError(
            f"The name has {len(cleaned.encode())} bytes, and file systems allow {MOST_BYTES}. "
            "Shorten it and try again."
        )
    return cleaned


def numbered(name: str, number: int) -> str:
    """`a.mp3` as `a (2).mp3`, shortened where that would be too long."""
    stem, dot, ending = name.rpartition(".")
    mark = f" ({number}){dot}{ending}"
    room = MOST_BYTES - len(mark.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + mark
