"""The stock phrases of a language: `languages/<code>_transcript.toml`.

Why files and not code: a speaker of a language can add it without reading Python.
"""

import functools
import tomllib
from importlib import resources
from pathlib import Path

from shownotes.core.hallucinations import StockPhrases
from shownotes.errors import FormatError


@functools.cache
def load_stock_phrases(language: str) -> StockPhrases:
    """What recognisers invent in a language; empty where there is no file for it.

    Raises:
        FormatError: the file is not what it should be.
    """
    code = language.lower().replace("_", "-").split("-")[0]
    path = Path(str(resources.files("shownotes"))) / "languages" / f"{code}_transcript.toml"
    if not code.isalpha() or not path.is_file():
        return StockPhrases()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return StockPhrases(
            whole=frozenset(data["whole"]),
            starts=tuple(data["starts"]),
            alone=frozenset(data["alone"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path} is not a language file of Shownotes: {error}.") from error
