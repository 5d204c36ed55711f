"""What the parts of the analysis ask of each other."""

import ast
from collections.abc import Iterable
from typing import Protocol

from helpers.migration.bindings import Binding, Module
from helpers.migration.kinds import Home, Value, Values


class Evaluating(Home, Protocol):
    """Evaluates the expressions of one module.

    Attributes:
        path: where the file is; "" if it is nowhere.
        found: the module's names and where they are bound.
        resolver: finds other files; None if there are none.
        memo: what is known already, by id of the node.
        busy: what is being evaluated, by id of the node.
        cut: how often a cycle was cut.
    """

    path: str
    found: Module
    resolver: "Resolver | None"
    memo: dict[int, Values]
    busy: set[int]
    cut: int

    def eval(self, node: ast.AST | None) -> Values:
        """Return what an expression can be; nothing if it does not concern the old SDK."""
        ...

    def bound(self, binding: Binding) -> Values:
        """Return what a binding gives its name."""
        ...

    def member(self, module: str, name: str) -> Values:
        """Return what a name of a module of the SDK is."""
        ...

    def attribute(self, owner: Value, name: str) -> Values:
        """Return what an attribute of a value is."""
        ...

    def dotted(self, path: str) -> Values:
        """Return what a dotted path in a string means, as `patch` reads it."""
        ...

    def patched(self, node: ast.Call) -> Values:
        """Return the stand-in for a client's class that `patch("module.Class")` makes."""
        ...

    def result(self, called: Value, node: ast.AST) -> Values:
        """Return what a call of a known value gives."""
        ...

    def holding(self, values: Values) -> Values:
        """Return a list of values; nothing where there are none."""
        ...


class Resolver(Protocol):
    """Finds other files of the same program."""

    def module(self, home: Evaluating, name: str, level: int) -> Evaluating | None:
        """Return the file that an import in `home` means, or None."""
        ...

    def callers(self, home: Evaluating, function: ast.AST) -> Iterable[tuple[Evaluating, ast.Call]]:
        """Return the calls of a function of `home` in the files beside it."""
        ...

    def naming(self, home: Evaluating) -> Iterable[Evaluating]:
        """Return the files near `home` that name it."""
        ...

    def named(self, home: Evaluating, name: str) -> bool:
        """Return whether a file beside `home` holds a name, and names `home` as well."""
        ...
