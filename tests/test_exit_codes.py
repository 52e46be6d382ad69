"""docs/operating.md says what every error makes a command leave with."""

import re
from pathlib import Path

from shownotes import errors
from shownotes.cli import INTERRUPTED
from shownotes.errors import ShowNotesError

ROW = re.compile(r"^\| (\d+) \|([^|]*)\|([^|]+)\|$", re.MULTILINE)
DOCS = Path(__file__).parents[1] / "docs" / "operating.md"


def kinds(base: type[ShowNotesError] = ShowNotesError) -> set[type[ShowNotesError]]:
    """An error and all its kinds that errors.py has."""
    found = {base}
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            found |= kinds(kind)
    return found


def table() -> dict[int, set[str]]:
    """By code, the errors named in the table."""
    text = DOCS.read_text(encoding="utf-8")
    rows = {int(code): set(re.findall(r"`(\w+)`", named)) for code, named, _ in ROW.findall(text)}
    assert len(rows) > 10
    return rows


def test_every_code_is_in_the_table_with_the_errors_that_bring_it() -> None:
    wanted: dict[int, set[str]] = {}
    for kind in kinds():
        # A kind of error is named where its code is not that of the kind above it.
        above = kind.__mro__[1]
        if getattr(above, "exit_code", None) != kind.exit_code:
            wanted.setdefault(kind.exit_code, set()).add(kind.__name__)
    documented = {code: named for code, named in table().items() if named}
    assert documented == wanted


def test_codes_without_an_error_are_those_of_shells() -> None:
    assert {code for code, named in table().items() if not named} == {0, INTERRUPTED}


def test_the_tree_in_the_docstring_names_every_error() -> None:
    drawn = re.findall(r"^[│├└─ ]*(\w+Error)\b", str(errors.__doc__), re.MULTILINE)
    assert sorted(drawn) == sorted(kind.__name__ for kind in kinds())
