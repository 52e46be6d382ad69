"""What templates use of what they receive: a walk over their syntax trees, with types."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import get_args, get_origin

import jinja2
from jinja2 import nodes

from shownotes.core.page import Page
from shownotes.core.site import Site
from shownotes.model import ShowNotes
from shownotes.template_contract import PLAIN, item_of, members, without_none

Scope = dict[str, object]
# The type of what cannot be known from the template alone.
UNKNOWN = object()
EPISODE: Scope = {"page": Page, "notes": ShowNotes, "h": Mapping[str, str]}
INDEX: Scope = {"site": Site, "h": Mapping[str, str]}


@dataclass
class Uses:
    """What the templates of a folder use.

    Attributes:
        fields: nouns and names of their fields.
        headings: names asked of `h`.
        filters: names of filters.
        files: the templates that were walked through.
        faults: uses of what is not in the contract, with file and line.
    """

    folder: Path
    fields: set[tuple[type, str]] = field(default_factory=set)
    headings: set[str] = field(default_factory=set)
    filters: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    _file: str = ""
    _environment: jinja2.Environment = field(default_factory=jinja2.Environment)

    def walk(self, file: str, scope: Scope) -> None:
        """Go through a template and those that it includes."""
        outer, self._file = self._file, file
        self.files.add(file)
        text = (self.folder / file).read_text(encoding="utf-8")
        self._visit_all(self._environment.parse(text).body, scope)
        self._file = outer

    def _visit_all(self, found: Iterable[nodes.Node], scope: Scope) -> None:
        for node in found:
            self._visit(node, scope)

    def _visit(self, node: nodes.Node, scope: Scope) -> None:
        match node:
            case nodes.Expr():
                self.type(node, scope)
            case nodes.For():
                inner = {**scope, "loop": UNKNOWN}
                items = item_of(without_none(self.type(node.iter, scope)))
                self._bind(node.target, items or UNKNOWN, inner)
                self._visit_all([*([node.test] if node.test else []), *node.body], inner)
                self._visit_all(node.else_, scope)
            case nodes.Assign():
                self._bind(node.target, self.type(node.node, scope), scope)
            case nodes.Macro():
                scope[node.name] = UNKNOWN
                self._visit_all(node.body, {**scope, **{a.name: UNKNOWN for a in node.args}})
            case nodes.Include(template=nodes.Const(value=str(file))):
                self.walk(file, scope)
            case _:
                self._visit_all(node.iter_child_nodes(), scope)

    def _bind(self, target: nodes.Node, hint: object, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = hint
        elif isinstance(target, nodes.Tuple):
            parts = get_args(hint) if get_origin(hint) is tuple else ()
            for name, part in zip(target.items, parts or [UNKNOWN] * 9, strict=False):
                self._bind(name, part, scope)

    def type(self, node: nodes.Node, scope: Scope) -> object:
        """The type of an expression; every field on the way is noted."""
        match node:
            case nodes.Name(name=name):
                if name not in scope and name not in self._environment.globals:
                    self._fault(node, f"there is no {name}")
                return scope.get(name, UNKNOWN)
            case nodes.Getattr(node=owner, attr=attr):
                return self._ask(self.type(owner, scope), attr, node)
            case nodes.Getitem(node=owner):
                return item_of(without_none(self.type(owner, scope))) or UNKNOWN
            case nodes.Call(node=called):
                self._visit_all([*node.args, *node.kwargs], scope)
                return self.type(called, scope)
            case nodes.Filter():
                return self._filter(node, scope)
            case nodes.CondExpr(test=test, expr1=first, expr2=second):
                self._visit_all([test, *([second] if second else [])], scope)
                return self.type(first, scope)
            case nodes.BinExpr(left=left, right=right):
                self._visit(right, scope)
                return self.type(left, scope)
            case _:
                self._visit_all(node.iter_child_nodes(), scope)
                return UNKNOWN

    def _filter(self, node: nodes.Filter, scope: Scope) -> object:
        self.filters.add(node.name)
        hint = self.type(node.node, scope) if node.node else UNKNOWN
        self._visit_all(node.args, scope)
        items = item_of(without_none(hint))
        for keyword in node.kwargs:
            if keyword.key == "attribute" and isinstance(keyword.value, nodes.Const):
                for name in str(keyword.value.value).split("."):
                    items = self._ask(items, name, node)
                return tuple[items, ...]  # type: ignore[valid-type]
        return items if node.name in ("first", "last") and items else UNKNOWN

    def _ask(self, owner: object, name: str, node: nodes.Node) -> object:
        owner = without_none(owner)
        if isinstance(owner, type) and is_dataclass(owner):
            self.fields.add((owner, name))
            if name in members(owner):
                return members(owner)[name].hint
            self._fault(node, f"{owner.__name__} has no {name}")
        elif get_origin(owner) is Mapping:
            self.headings.add(name)
            return str
        elif owner in PLAIN or item_of(owner) is not None:
            self._fault(node, f"{owner} has no {name}")
        return UNKNOWN

    def _fault(self, node: nodes.Node, message: str) -> None:
        self.faults.append(f"{self._file}, line {node.lineno}: {message}")
