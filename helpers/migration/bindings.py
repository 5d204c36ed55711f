"""The names of a module: scopes, bindings, and which binding a use can see.

A binding dominates a use when its block is the use's own or encloses it; what comes before a
dominating binding cannot be seen. A function sees every binding of the scopes around it.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

Path = tuple[tuple[int, str], ...]  # the blocks around a statement: (id of the node, field)


@dataclass(frozen=True, eq=False)
class Binding:
    """One place that gives a name its value.

    Attributes:
        how: expr, annotation, iter, item, with, unpack, rest, except, param, function, class,
            import, from or unknown.
        node: the node that the value comes from.
        line: the line of the binding, and column, for the order within a scope.
        path: the blocks around it.
        extra: the name in `from m import name`, the place of an unpacked element, or the
            function of a parameter.
    """

    how: str
    node: ast.AST
    line: tuple[int, int]
    path: Path
    extra: object = None


@dataclass(eq=False)
class Scope:
    """A module, class, function, lambda or comprehension, and the names bound in it."""

    kind: str
    node: ast.AST
    parent: "Scope | None"
    names: dict[str, list[Binding]] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)  # global and nonlocal names

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding, to the module's scope where the name is global."""
        scope: Scope = self
        while name in scope.outer and scope.parent:
            scope = scope.parent
        scope.names.setdefault(name, []).append(binding)


@dataclass(eq=False)
class Module:
    """What a walk over a module found.

    Attributes:
        scope: the module's own scope.
        places: scope and blocks of each node that can be looked up, by id.
        returns: the values that each function returns or yields, by id of the function.
        calls: the calls by the last part of what they call.
        fields: what is assigned to `self.name`, by id of the class and name.
        parents: the parent of each node, by id.
        items: key and value of what is set by `name[key] = value`, by name.
        stored: targets and bindings of `owner.name = value` and `owner["name"] = value`, by path.
        puts: the calls that put something into a list, a dict or a queue, by its path.
    """

    tree: ast.Module
    scope: Scope
    places: dict[int, tuple[Scope, Path]] = field(default_factory=dict)
    returns: dict[int, list[tuple[str, ast.expr]]] = field(default_factory=dict)
    calls: dict[str, list[ast.Call]] = field(default_factory=dict)
    fields: dict[tuple[int, str], list[Binding]] = field(default_factory=dict)
    parents: dict[int, ast.AST] = field(default_factory=dict)
    items: dict[str, list[tuple[ast.expr, ast.expr]]] = field(default_factory=dict)
    stored: dict[str, list[tuple[ast.expr, Binding]]] = field(default_factory=dict)
    puts: dict[str, list[ast.Call]] = field(default_factory=dict)

    def visible(self, name: str, use: ast.AST) -> list[Binding]:
        """Return the bindings that a use of a name can see, the latest first."""
        scope, path = self.places[id(use)]
        line = (getattr(use, "lineno", 0), getattr(use, "col_offset", 0))
        here: Scope | None = scope
        while here:
            found = here.names.get(name)
            if found and (here is scope or here.kind != "class"):
                return _reaching(found, line, path) if here is scope else found
            here = here.parent
        return []

    def sees(self, name: str, use: ast.AST, bindings: Iterable[Binding]) -> bool:
        """Return whether a use of a name can see one of some bindings."""
        return not set(bindings).isdisjoint(self.visible(name, use))


def _reaching(bindings: list[Binding], line: tuple[int, int], path: Path) -> list[Binding]:
    """Return the bindings of one scope that reach a place in it."""
    found: list[Binding] = []
    for binding in sorted(bindings, key=lambda one: one.line, reverse=True):
        if binding.line >= line:
            continue
        found.append(binding)
        if path[: len(binding.path)] == binding.path:
            return found
    return found or bindings
