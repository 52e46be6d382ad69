"""What a template receives, as a contract: read off the dataclasses, printed as docs/templates.md.

python -m shownotes.template_contract > docs/templates.md
"""

import dataclasses
import enum
import inspect
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shownotes import template_guide
from shownotes.adapters.languages import load_wording
from shownotes.adapters.pages import FILTERS
from shownotes.core.page import Page
from shownotes.core.site import Site
from shownotes.workspace import shipped

# What templates receive beside `h`: every one but `show.html` the first, `show.html` the second.
ROOTS = (Page, Site)
PLAIN = {str: "text", bool: "yes or no", int: "a whole number", float: "a number"}
EXAMPLE = """\
# {{ notes.title }}

{% if notes.hook %}
**{{ notes.hook.value }}**
{% endif %}

{% for person in notes.guests %}
- {{ person.name }}, {{ person.title.value if person.title else h.guest }}
{% endfor %}

{% for chapter in notes.chapters %}
- {{ page.stamp(chapter.start) }} {{ chapter.title }}
{% endfor %}
"""
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {6,}.*)*)", re.MULTILINE)
_FIRST_COMMENT = re.compile(r"\{#\s*(.*?)\s*#\}", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A field of a noun, or something to call.

    Attributes:
        name: as a template writes it, with what it takes: `moment(seconds)`.
        hint: the type of its value.
        meaning: from the docstring; empty where it says nothing, which a test refuses.
    """

    name: str
    hint: object
    meaning: str


def members(noun: type) -> dict[str, Member]:
    """Everything public of a noun, by name, in the order of its definition."""
    hints = typing.get_type_hints(noun)
    told = _attributes(noun)
    found = {
        part.name: Member(name=part.name, hint=hints[part.name], meaning=told.get(part.name, ""))
        for part in dataclasses.fields(noun)
    }
    for name, value in vars(noun).items():
        if name.startswith("_") or name in found:
            continue
        function = value.fget if isinstance(value, property) else value
        if inspect.isfunction(function):
            found[name] = _function(name, function, is_called=not isinstance(value, property))
    return found


def _function(name: str, function: Callable[..., object], *, is_called: bool) -> Member:
    takes = ", ".join(list(inspect.signature(function).parameters)[1:])
    return Member(
        name=f"{name}({takes})" if is_called else name,
        hint=typing.get_type_hints(function)["return"],
        meaning=_first_sentence(function.__doc__),
    )


def _attributes(noun: type) -> dict[str, str]:
    """What the docstring's `Attributes:` says, by field."""
    section = inspect.cleandoc(noun.__doc__ or "").partition("Attributes:\n")[2]
    told = {name: _flat(text) for name, text in _ATTRIBUTE.findall(section)}
    return {name: text.replace("`None`", "empty") for name, text in told.items()}


def _flat(text: str) -> str:
    return " ".join(text.split())


def _first_sentence(docstring: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    first = inspect.cleandoc(docstring or "").partition("\n\n")[0]
    return _flat(first).replace("`None`", "empty")


def item_of(hint: object) -> object | None:
    """What a list holds; `None` for what is no list."""
    arguments = typing.get_args(hint)
    is_list = typing.get_origin(hint) is tuple and arguments[1:] == (Ellipsis,)
    return arguments[0] if is_list else None


def without_none(hint: object) -> object:
    """A type, or nothing -> the type."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        kept = [part for part in typing.get_args(hint) if part is not types.NoneType]
        return kept[0] if len(kept) == 1 else hint
    return hint


def nouns() -> tuple[type, ...]:
    """The nouns that a template can reach, each after the one that leads to it."""
    found: dict[type, None] = {}
    ahead: list[object] = list(ROOTS)
    while ahead:
        hint = ahead.pop(0)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            if hint not in found:
                found[hint] = None
                ahead += [member.hint for member in members(hint).values()]
        else:
            ahead += [part for part in typing.get_args(hint) if part is not Ellipsis]
    return tuple(found)


def describe(hint: object) -> str:
    """A type in words."""
    bare = without_none(hint)
    if bare != hint:
        return f"{describe(bare)}; or empty"
    item = item_of(hint)
    if item is not None:
        return f"list of {'pairs: ' if typing.get_origin(item) is tuple else ''}{describe(item)}"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return f"one of {', '.join(f'`{value.value}`' for value in hint)}"
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if typing.get_origin(hint) is tuple:
        return " and ".join(describe(part) for part in typing.get_args(hint))
    if typing.get_origin(hint) is Mapping:
        return "words by name"
    return PLAIN[typing.cast("type", hint)]


def template_files() -> dict[str, str]:
    """The files that come with the program, and what their first comments say they are."""
    files = sorted(path for path in (shipped("templates") / "notes").iterdir() if path.is_file())
    return {path.name: _comment(path) for path in files}


def _comment(path: Path) -> str:
    found = _FIRST_COMMENT.match(path.read_text(encoding="utf-8"))
    return _flat(found.group(1)) if found else ""


def _table(heads: tuple[str, ...], rows: typing.Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _noun(noun: type) -> Iterator[str]:
    yield f"### {noun.__name__}"
    yield ""
    yield _first_sentence(noun.__doc__)
    yield ""
    rows = [(f"`{m.name}`", describe(m.hint), m.meaning) for m in members(noun).values()]
    yield from _table(("Write", "It is", "Meaning"), rows)


def document() -> str:
    """The whole of docs/templates.md."""
    files = [(f"`{name}`", told) for name, told in template_files().items()]
    filters = [(f"`{name}`", _first_sentence(make.__doc__)) for name, make in FILTERS.items()]
    headings = [(f"`h.{name}`", text) for name, text in load_wording("en").headings.items()]
    lines = [
        template_guide.INTRO + EXAMPLE + template_guide.RULES,
        template_guide.FILES,
        *_table(("File", "What it is"), files),
        template_guide.FILTERS,
        *_table(("Filter", "What it makes"), filters),
        template_guide.FIELDS,
        *(line for noun in nouns() for line in _noun(noun)),
        template_guide.HEADINGS,
        *_table(("Write", "In English"), headings),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(document().encode())
