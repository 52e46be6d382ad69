"""What is wrong with a template, in words for whoever wrote it: file, line and the nearest name.

Jinja2 (why it: see `adapters.pages`) tells which attribute of which Python object is missing; a
person wants to read what stands in the template. The expression is found again in the template's
own syntax tree.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes
from jinja2.utils import missing

from shownotes.errors import TemplateError

if TYPE_CHECKING:
    from jinja2 import Environment

# What a template can raise: Jinja2's own errors, and Python's where a value is not what it takes.
FAULTS = (
    jinja2.TemplateError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    OSError,
)
# An expression over several lines is told by its first: so far below it its parts are looked for.
EXPRESSION_LINES = 4
_UNKNOWN = re.compile(r"No (filter|test) named '(\w+)'")


class AbsentError(jinja2.UndefinedError):
    """A template asked for what is not there.

    Attributes:
        owner: what was asked; Jinja2's `missing` for a name that stands alone.
        name: for what.
    """

    def __init__(self, message: str | None = None, *, owner: object, name: object) -> None:
        super().__init__(message)
        self.owner, self.name = owner, name


class Absent(jinja2.StrictUndefined):
    """What stands in for a thing that is not there, and remembers what was asked for."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: Callable[..., jinja2.TemplateRuntimeError] = AbsentError,
    ) -> None:
        # Jinja2 only ever calls it, and says that it must be a class.
        told: Any = exc if hint else partial(AbsentError, owner=obj, name=name)
        if hint and exc is AbsentError:
            told = jinja2.UndefinedError
        super().__init__(hint, obj, name, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where a template was rendered.

    Attributes:
        template: the name that was asked for.
        folders: in the order in which they are looked through.
        root: files inside it are named from here.
        context: what the template received.
    """

    environment: "Environment"
    template: str
    folders: tuple[Path, ...]
    root: Path | None
    context: Mapping[str, object]

    def name(self, file: Path | str) -> str:
        """A file as a person knows it."""
        path = Path(file)
        if self.root is not None and path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return str(path)


def explain(error: Exception, setting: Setting) -> TemplateError:
    """One message: which file, which line, what is wrong, what was meant."""
    if isinstance(error, UnicodeDecodeError):
        files = ", ".join(setting.name(f) for f in _not_utf8(setting.folders)) or setting.template
        return TemplateError(f"{files}: this is not UTF-8 text. Save it as UTF-8.")
    if isinstance(error, jinja2.TemplateSyntaxError):
        file = setting.name(error.filename or error.name or setting.template)
        message = _plainly(error, setting.environment)
        return TemplateError(f"{file}, line {error.lineno}: {message}")
    if isinstance(error, OSError) and not isinstance(error, jinja2.TemplateError):
        file = setting.name(error.filename or setting.template)
        return TemplateError(f"{file} cannot be read: {error.strerror or error}.")
    file, line = _where(error, setting.folders)
    if isinstance(error, jinja2.TemplateNotFound):
        message = _not_found(error, setting)
        if not file:
            return TemplateError(f"T{message[1:]}")
    elif isinstance(error, RecursionError):
        message = "this includes or calls itself without end."
    elif isinstance(error, AbsentError):
        node = _expression(setting.environment, file, line, error.name)
        line = node.lineno if node else line
        message = _absent(error, node, setting, file)
    else:
        message = _plainly(error, setting.environment)
    return TemplateError(f"{setting.name(file) or setting.template}, line {line}: {message}")


def _where(error: Exception, folders: Iterable[Path]) -> tuple[str, int]:
    """The template's line that failed: Jinja2 puts it into the traceback."""
    found, line = "", 0
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if any(Path(name).is_relative_to(folder) for folder in folders):
            found, line = name, trace.tb_lineno
        trace = trace.tb_next
    return found, line


def _not_utf8(folders: Iterable[Path]) -> list[Path]:
    found = []
    for file in (f for folder in folders for f in sorted(folder.rglob("*")) if f.is_file()):
        try:
            file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            found.append(file)
    return found


def _plainly(error: Exception, environment: "Environment") -> str:
    """What Jinja2 or Python says, in words of ours where it is one of the usual slips."""
    message = str(getattr(error, "message", None) or error)
    if isinstance(error, TypeError) and "NoneType" in message:
        return "something here is empty for this episode; write {% if … %} around it."
    unknown = _UNKNOWN.search(message)
    if unknown is None:
        return message
    kind, name = unknown.groups()
    known = environment.filters if kind == "filter" else environment.tests
    return f"there is no {kind} `{name}`.{_suggest(name, known)}"


def _not_found(error: jinja2.TemplateNotFound, setting: Setting) -> str:
    looked = ", ".join(setting.name(folder) for folder in setting.folders)
    wanted = ", ".join(getattr(error, "templates", ())) or str(error.name)
    known = setting.environment.list_templates()
    return f"there is no template {wanted} in {looked}.{_suggest(wanted, known)}"


def _suggest(name: str, known: Iterable[str], before: str = "") -> str:
    """` Did you mean …?`, or nothing."""
    near = get_close_matches(name, list(known), n=1)
    return f" Did you mean `{before}{near[0]}`?" if near else ""


def _expression(
    environment: "Environment", file: str, line: int, name: object
) -> nodes.Expr | None:
    """What stands in the template where `name` was asked for."""
    try:
        tree = environment.parse(Path(file).read_text(encoding="utf-8-sig"))
    except (jinja2.TemplateError, OSError, ValueError):  # changed since
        return None
    found = [
        node
        for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.Name))
        if _asked(node) == name and line <= node.lineno < line + EXPRESSION_LINES
    ]
    texts = [node for node in tree.find_all(nodes.Const) if node.value == name]
    if any(node.lineno == line for node in texts) and not any(n.lineno == line for n in found):
        return None  # `map(attribute="name")`: no expression to show
    return min(found, key=lambda node: node.lineno, default=None)


def _asked(node: nodes.Node) -> object:
    """The name that an expression asks for."""
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem):
        return node.arg.value if isinstance(node.arg, nodes.Const) else None
    return node.name if isinstance(node, nodes.Name) else None


def _written(node: nodes.Node) -> str:
    """An expression as it stands in the template, as far as it is made of names."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        key = node.arg.value if isinstance(node.arg, nodes.Const) else "…"
        return f"{_written(node.node)}[{key!r}]" if key != "…" else f"{_written(node.node)}[…]"
    if isinstance(node, nodes.Call):
        return f"{_written(node.node)}(…)"
    if isinstance(node, nodes.Filter) and node.node is not None:
        return f"({_written(node.node)} | {node.name})"
    return "(…)"


def _absent(error: AbsentError, node: nodes.Node | None, setting: Setting, file: str) -> str:
    owner, name = error.owner, str(error.name)
    if owner is missing:
        return _no_name(name, setting, file)
    base = node.node if isinstance(node, nodes.Getattr | nodes.Getitem) else None
    whole, before = (_written(base), f"{_written(base)}.") if base else ("", "")
    if owner is None:
        if not whole:
            return f"`{name}` is asked of something that is empty for this episode."
        return f"`{whole}` is empty for this episode; write {{% if {whole} %}} around it."
    shown = f"`{whole}`" if whole else "this"
    if isinstance(owner, str | int | float):
        kind = "text" if isinstance(owner, str) else "a number"
        return f"there is no `{before}{name}`: {shown} is {kind} already."
    if isinstance(owner, tuple | list):
        return _no_item(owner, name, shown, whole)
    known = _names(owner)
    told = _suggest(name, known, before) or f" There are {', '.join(f'`{k}`' for k in known)}."
    return f"there is no `{before}{name}`.{told}"


def _no_item(owner: tuple[Any, ...] | list[Any], name: str, shown: str, whole: str) -> str:
    if not name.lstrip("-").isdigit():
        walk = f"{{% for one in {whole or '…'} %}}"
        return f"there is no `{name}` in a list: {shown} is one; go through it with {walk}."
    if owner:
        return f"{shown} has {len(owner)}, so there is no [{name}] in it; they count from 0."
    return f"{shown} is empty for this episode; write {{% if {whole or '…'} %}} around it."


def _no_name(name: str, setting: Setting, file: str) -> str:
    """A name that stands alone: a slip, or a field without what it belongs to."""
    for owner, value in setting.context.items():
        if name in _names(value):
            return f"there is no `{name}`. Did you mean `{owner}.{name}`?"
    try:
        tree = setting.environment.parse(Path(file).read_text(encoding="utf-8-sig"))
    except (jinja2.TemplateError, OSError, ValueError):
        tree = nodes.Template([], lineno=1)
    own = [node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"]
    own += [node.name for node in tree.find_all(nodes.Macro)]
    received = ", ".join(f"`{key}`" for key in setting.context)
    told = _suggest(name, [*setting.context, *own]) or f" A template receives {received}."
    return f"there is no `{name}`.{told}"


def _names(owner: object) -> list[str]:
    """What can be asked of a thing."""
    if isinstance(owner, Mapping):
        return [str(key) for key in owner]
    return [name for name in dir(owner) if not name.startswith("_")]
