"""Who an episode is, and what its folder is called. Pure."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import fields, replace

from shownotes.model import Metadata

# Characters of a slug. With the date, the longest box name and a working folder before it the path
# stays under the 260 characters that Windows allows.
MAX_SLUG = 60
UNDATED = "undated"
_NAMELESS = "episode"
# Windows keeps these names for devices, with any ending.
RESERVED_NAMES = frozenset(
    {"con", "prn", "aux", "nul", "conin", "conout"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)
# Letters that Unicode does not take apart into a base letter and accents.
_PAIRS = """
æ=ae œ=oe ø=o đ=d ð=d ł=l þ=th ħ=h ı=i ŋ=ng ĸ=k ŧ=t &=-and- @=-at-
а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=c
ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g ј=j љ=lj њ=nj ћ=c ђ=dj џ=dz
α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch
ψ=ps ω=o
"""
_LETTERS = str.maketrans({pair[0]: pair[2:] for pair in _PAIRS.split()})
_APOSTROPHES = re.compile(r"['’ʼ`´]")
_BETWEEN = re.compile(r"[^a-z0-9]+")


def slug(text: str, *, max_length: int = MAX_SLUG) -> str:
    """ASCII lower-case letters, digits and single hyphens: a legal file name on every system.

    Returns:
        An empty string when nothing of `text` can be written in ASCII.
    """
    # The table knows whole letters; taking accents off first would lose й and ї.
    lowered = unicodedata.normalize("NFC", text).casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", lowered).translate(_LETTERS)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    name = _BETWEEN.sub("-", _APOSTROPHES.sub("", plain)).strip("-")
    if len(name) > max_length:
        whole_words = name[: max_length + 1].rpartition("-")[0]
        name = whole_words if len(whole_words) >= max_length // 2 else name[:max_length]
    return f"{name}-{_NAMELESS}" if name in RESERVED_NAMES else name


def folder_name(metadata: Metadata, stem: str, *, taken: Collection[str] = ()) -> str:
    """`<date or undated>-<slug of title or file name>`, with `-2` and so on when it is taken.

    Args:
        metadata: of the episode; its title and date are used.
        stem: the file's name without its ending.
        taken: names of other episodes' folders, in whatever case.
    """
    name = slug(metadata.title or "") or slug(stem) or _NAMELESS
    base = f"{metadata.date or UNDATED}-{name}"
    others = {other.casefold() for other in taken}
    candidate, number = base, 2
    while candidate in others:
        candidate, number = f"{base}-{number}", number + 1
    return candidate


def file_key(path: str) -> str:
    """The key of an episode of which nothing but its file's name is known.

    Args:
        path: relative to the working folder, with forward slashes.
    """
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    whole = f"{folder}/{stem}" if folder else stem
    return f"file:{unicodedata.normalize('NFC', whole)}"


def key(metadata: Metadata, path: str) -> str:
    """What an episode is recognised by: its feed's id, else show and number, else its file name."""
    if metadata.feed_id:
        return f"feed:{metadata.feed_id.strip()}"
    if metadata.show and metadata.number is not None:
        show = " ".join(unicodedata.normalize("NFC", metadata.show).casefold().split())
        season = "" if metadata.season is None else f"{metadata.season}."
        return f"show:{show}#{season}{metadata.number}"
    return file_key(path)


def merge(*layers: Metadata) -> Metadata:
    """One over the other, the last on top; what a layer does not say shows through.

    Glossaries are added up: a show's names are spoken in every episode.
    """
    merged = Metadata()
    for layer in layers:
        said = {
            item.name: value
            for item in fields(layer)
            if (value := getattr(layer, item.name)) is not None and value != ()
        }
        glossary = tuple(dict.fromkeys((*merged.glossary, *layer.glossary)))
        merged = replace(merged, **{**said, "glossary": glossary})
    return merged
