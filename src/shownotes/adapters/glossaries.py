"""`shows/<show>/glossary.toml`: names that editors fixed, for the show's next episodes.

Written by the desk alone; what a person adds by hand is kept.
"""

import json
import tomllib
from pathlib import Path

from shownotes.adapters.store import write_text
from shownotes.core.episodes import slug
from shownotes.errors import SettingsError

FILE = "glossary.toml"
_HEAD = "# Names that editors fixed. The show's next episodes are heard and spelled with them.\n"


def glossary_file(root: Path, show: str | None) -> Path:
    """Where a show's fixed names are; those of episodes without a show lie beside the shows."""
    shows = root / "shows"
    return shows / (slug(show) or "show") / FILE if show else shows / FILE


def read_terms(root: Path, show: str | None) -> tuple[str, ...]:
    """The names, in the order in which they were fixed; none without a file.

    Raises:
        SettingsError: the file is not one of ours.
    """
    path = glossary_file(root, show)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Mend it or delete it.") from error
    terms = data.get("terms", [])
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise SettingsError(f'{path}: write terms = ["Ann Lee", "Port Ellery"].')
    return tuple(terms)


def add_term(root: Path, show: str | None, term: str, *, instead_of: str | None = None) -> None:
    """Add a name, in place of one that it corrects."""
    terms = [known for known in read_terms(root, show) if known not in (term, instead_of)]
    terms.append(" ".join(term.split()))
    lines = "".join(f"  {json.dumps(known, ensure_ascii=False)},\n" for known in terms)
    write_text(glossary_file(root, show), f"{_HEAD}terms = [\n{lines}]\n")
