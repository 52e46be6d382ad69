"""The language data files that come with the program: `languages/<code>_notes.toml` and others.

Why files and not code: a speaker of a language can add it without reading Python.
"""

import functools
import json
import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path

from shownotes.adapters.store import content_sha256, file_sha256
from shownotes.core.salience import stem
from shownotes.core.wording import Wording, from_data, neutral
from shownotes.errors import FormatError

FALLBACK = "en"
MOST_FIELDS = 2


def _path(language: str) -> Path:
    return Path(str(resources.files("shownotes"))) / "languages" / f"{language}_notes.toml"


def _code(language: str) -> str:
    """`en` for `en-GB`; nothing that could lead out of the folder."""
    code = language.lower().replace("_", "-").split("-")[0]
    return code if code.isalpha() else ""


@functools.cache
def load_wording(language: str) -> Wording:
    """The wording of a language; a neutral one where there is no file.

    Raises:
        FormatError: the file is not what it should be.
    """
    code = _code(language)
    path = _path(code)
    if not code or not path.is_file():
        return neutral(language, load_wording(FALLBACK).headings)
    try:
        wording = from_data(code, tomllib.loads(path.read_text(encoding="utf-8")))
        return replace(
            wording,
            fields=_fields(path.with_name(f"{code}_fields.txt")),
            worth=_worth(path.with_name(f"{code}_worth.json")),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} is not a language file of Shownotes: {error}.") from error


def _fields(path: Path) -> dict[str, tuple[str, ...]]:
    """The subjects of every stem; one that speaks of more than `MOST_FIELDS` speaks of none."""
    if not path.is_file():
        return {}
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, colon, words = line.partition(": ")
        if not colon or line.startswith("#"):
            continue
        for word in words.split():
            names = found.setdefault(stem(word), [])
            if name not in names:
                names.append(name)
    return {key: tuple(names) for key, names in found.items() if len(names) <= MOST_FIELDS}


def _worth(path: Path) -> dict[str, dict[str, float]]:
    """What was learned of sentences' worth; nothing where there is no file."""
    if not path.is_file():
        return {}
    loaded: dict[str, dict[str, float]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@functools.cache
def wordings_sha256() -> str:
    """Hash of all language files: cheaper than finding out which one an episode needs."""
    folder = Path(str(resources.files("shownotes"))) / "languages"
    return content_sha256([[path.name, file_sha256(path)] for path in sorted(folder.glob("*"))])
