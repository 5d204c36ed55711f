"""Every use of the old SDK in a module, with the symbol that its row answers for."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.migration import sdk
from helpers.migration.annotations import annotation
from helpers.migration.kinds import Value, last_name, walk
from helpers.migration.mocks import client_named, is_patch, mocked, mocked_method, stands_in
from helpers.migration.neighbours import imported, neighbours, uses_old
from helpers.migration.table import Row, find
from helpers.migration.values import Evaluator

LONGEST = 60
PACKAGE = "azure.ai.inference"
OF_CORE = frozenset(name for names in sdk.CORE.values() for name in names)
NO_SIGN = OF_CORE | {"TokenCredential", "isinstance"}


@dataclass(frozen=True)
class Use:
    """One use of the old SDK.

    Attributes:
        symbol: what is used.
        old: the code, shortened.
        row: the row that answers for it; None where it cannot be judged.
        line: the line in the document's text, from 1.
        column: the column, from 1.
        reason: why it cannot be judged.
    """

    symbol: str
    old: str
    row: Row | None
    line: int
    column: int
    reason: str = ""


def shorten(node: ast.AST) -> str:
    """Return a node's code in one line, shortened."""
    try:
        code = " ".join(ast.unparse(node).split())
    except (ValueError, RecursionError):
        return type(node).__name__
    return code if len(code) <= LONGEST else code[: LONGEST - 1] + "…"


class Finder:
    """Finds the uses in one module."""

    def __init__(self, evaluator: Evaluator):
        self.evaluator = evaluator
        self.uses: list[Use] = []
        self.seen: set[tuple[int, int, str]] = set()
        self.mocks = False

    def run(self) -> list[Use]:
        """Return all uses, in the order of the source; none if nothing is of the old SDK."""
        for node in walk(self.evaluator.found.tree):
            method = getattr(self, "find_" + type(node).__name__, None)
            if method:
                method(node)
        signs = [use for use in self.uses if not self.weak(use)] or self.of_another()
        return (
            sorted(self.uses, key=lambda use: (use.line, use.column, use.symbol)) if signs else []
        )

    def of_another(self) -> bool:
        """Whether a file serves one that uses the old SDK, with mocks or with its exceptions."""
        evaluator = self.evaluator
        if self.mocks and any(uses_old(one) for one in imported(evaluator)):
            return True
        caught = any(use.symbol.partition(".")[0] in sdk.EXCEPTIONS for use in self.uses)
        return caught and any(uses_old(one) for one in neighbours(evaluator))

    @staticmethod
    def weak(use: Use) -> bool:
        """Whether a use alone does not show that a program uses the old SDK."""
        name = re.split(r"[.(\[]", use.symbol.removeprefix("aio."), maxsplit=1)[0]
        return name in NO_SIGN or (use.row is None and not use.symbol.startswith(PACKAGE))

    def add(self, symbol: str, node: ast.AST, old: str = "", reason: str = "") -> None:
        row = find(symbol)
        if row is None and not reason:
            reason = "not in the table"
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        if (line, column, symbol) not in self.seen:
            self.seen.add((line, column, symbol))
            self.uses.append(Use(symbol, old or shorten(node), row, line, column, reason))

    # Imports and names in strings.

    def find_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name == PACKAGE or alias.name.startswith(PACKAGE + "."):
                self.add(alias.name, node, f"import {alias.name}")

    def find_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            return
        if module == "azure.ai" and any(alias.name == "inference" for alias in node.names):
            self.add(PACKAGE, node)
        if module != PACKAGE and not module.startswith(PACKAGE + "."):
            return
        self.add(module, node)
        for alias in node.names:
            if alias.name != "*" and not self.evaluator.member(module, alias.name):
                self.add(f"{module}.{alias.name}", alias, alias.name)

    def find_Constant(self, node: ast.Constant) -> None:
        if not isinstance(node.value, str):
            return
        parent = self.evaluator.found.parents.get(id(node))
        if isinstance(parent, (ast.arg, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef)):
            for value in annotation(self.evaluator, node):
                for part in [value, *value.items]:
                    if part.kind == "object":
                        self.add(part.name, node)
        elif PACKAGE in node.value and len(node.value) < 200 and not isinstance(parent, ast.Expr):
            self.add("a name in a string", node, reason="a string names the package")

    # Classes and members.

    def find_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.reference(node)

    def reference(self, node: ast.Name | ast.Attribute) -> None:
        """Note a class that is named and not called: in an annotation, an `except` and so on."""
        parent = self.evaluator.found.parents.get(id(node))
        if isinstance(parent, ast.Call) and parent.func is node:
            return
        for value in self.evaluator.eval(node):
            if value.kind == "class" and not isinstance(parent, ast.Attribute):
                self.class_named(value, node, parent)
            elif value.kind == "method" and isinstance(node, ast.Attribute):
                self.add(self.method_symbol(value), node)
            elif value.kind == "member" and getattr(node, "attr", "") not in ("value", "name"):
                self.add(value.name, node)

    def class_named(self, value: Value, node: ast.AST, parent: ast.AST | None) -> None:
        if value.name.endswith(("TokenCredential", "AIProjectClient")):
            return
        if isinstance(parent, ast.Tuple):
            parent = self.evaluator.found.parents.get(id(parent))
        asks = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "isinstance"
        if asks and value.name in sdk.REQUESTS:
            self.add("isinstance", node, f"isinstance(…, {shorten(node)})")
        else:
            self.add(value.name, node)

    def find_Attribute(self, node: ast.Attribute) -> None:
        self.reference(node)
        method = mocked_method(node)
        if method and not self.evaluator.eval(node.value):
            self.mocks = True
            owner = shorten(node.value).removesuffix(f".{method}")
            self.add(f"?.{method}", node, reason=f"what does {owner} stand for?")
        parent = self.evaluator.found.parents.get(id(node))
        called = isinstance(parent, ast.Call) and parent.func is node
        for owner in self.evaluator.eval(node.value):
            self.attribute(owner, node, called)

    def attribute(self, owner: Value, node: ast.Attribute, called: bool) -> None:
        if owner.kind == "member" and node.attr in ("value", "name"):
            self.add(f"{owner.name.partition('.')[0]}.{node.attr}", node)
        elif owner.kind == "module" and owner.name.startswith(PACKAGE):
            if not self.evaluator.member(owner.name, node.attr):
                self.add(f"{owner.name}.{node.attr}", node)
        elif owner.kind == "object" and not self.evaluator.attribute(owner, node.attr):
            self.plain(owner, node, called)
        elif owner.kind == "object" and not owner.name.endswith("Inference"):
            values = self.evaluator.attribute(owner, node.attr)
            if "method" not in {value.kind for value in values}:
                self.plain(owner, node, called)

    def plain(self, owner: Value, node: ast.Attribute, called: bool) -> None:
        """Note an attribute that is no method of the SDK."""
        symbol = f"{owner.name}.{node.attr}"
        plain = owner.name.removeprefix("aio.")
        private = node.attr.startswith(("__", "model_dump"))  # the latter is openai's
        if find(symbol):
            self.add(symbol, node)
        elif (
            plain in ("AIProjectClient", "Inference", "TokenCredential")
            or private
            or plain in sdk.ENUMS
            or node.attr in sdk.METHODS  # of the other kind of client
        ):
            return
        elif plain in sdk.CLIENTS or plain in sdk.ANSWERS or plain in sdk.REQUESTS:
            self.add(symbol, node)

    def find_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            for owner in self.evaluator.eval(node.value):
                if owner.kind == "object" and (
                    owner.name in sdk.ANSWERS or owner.name in sdk.REQUESTS
                ):
                    self.add(f'{owner.name}["{node.slice.value}"]', node)

    # Calls.

    def find_Call(self, node: ast.Call) -> None:
        called = self.evaluator.eval(node.func)
        for value in called:
            if value.kind == "class":
                self.construct(value.name, node)
            elif value.kind == "method":
                self.call(value, node)
        name = last_name(node.func)
        if name in ("str", "print", "repr", "format"):
            self.shown(node)
        if is_patch(node):
            self.patch(node)
        if not called and isinstance(node.func, ast.Attribute):
            self.unknown(node, name)

    def construct(self, symbol: str, node: ast.Call) -> None:
        plain = symbol.removeprefix("aio.")
        if plain in ("TokenCredential", "AIProjectClient"):
            return
        self.add(symbol, node, f"{shorten(node.func)}(…)")
        client = plain in sdk.CLIENTS
        if client:
            for name, argument in zip(("endpoint", "credential"), node.args, strict=False):
                self.client_keyword(symbol, name, argument, node)
        for keyword in node.keywords:
            name = keyword.arg or "**"
            if client:
                self.client_keyword(symbol, name, keyword.value, node)
            elif keyword.arg:
                self.keyword(symbol, name, keyword.value, node)

    def client_keyword(self, symbol: str, name: str, value: ast.expr, node: ast.Call) -> None:
        kinds = {v.name.removeprefix("aio.") for v in self.evaluator.eval(value)}
        if name == "credential" and "TokenCredential" in kinds:
            self.add("TokenCredential", value, f"{shorten(node.func)}(credential={shorten(value)})")
            if "AzureKeyCredential" not in kinds:
                return
        self.keyword(symbol, name, value, node)

    def keyword(self, symbol: str, name: str, value: ast.expr, node: ast.Call) -> None:
        """Note a keyword, unless the row of what is called answers for it as well."""
        row = find(f"{symbol}({name}=)")
        if symbol.endswith(".create_messages") or symbol in OF_CORE:
            return  # its keywords are the program's own, or part of what has a row
        if row is None or row is not find(symbol):
            self.add(
                f"{symbol}({name}=)", value, f"{shorten(node.func)}({name}=)".replace("**=", "**")
            )

    def method_symbol(self, value: Value) -> str:
        owner, _, name = value.name.rpartition(".")
        return name if owner.removeprefix("aio.") == "Inference" else value.name

    def call(self, value: Value, node: ast.Call) -> None:
        symbol = self.method_symbol(value)
        owner, _, name = symbol.rpartition(".")
        if owner.endswith("AIProjectClient"):
            return
        key = node.args[0] if node.args else None
        if name == "get" and isinstance(key, ast.Constant):
            item = f'{owner}["{key.value}"]'
            self.add(item if find(item) is not find(f"{owner}[*]") else symbol, node)
            return
        self.add(symbol, node, f"{shorten(node.func)}(…)")
        if name in ("complete", "embed") and node.args:
            self.keyword(symbol, "body", node.args[0], node)
        for keyword in node.keywords:
            self.keyword(symbol, keyword.arg or "**", keyword.value, node)

    def patch(self, node: ast.Call) -> None:
        """Note a class or a method that a test replaces by its name."""
        found = mocked(self.evaluator, node)
        for value in found:
            if value.kind in ("class", "method") and find(value.name):
                self.add(value.name, node)
        client = client_named(node)
        if client and not found:
            self.add(client, node)

    def shown(self, node: ast.Call) -> None:
        for argument in node.args:
            for value in self.evaluator.eval(argument):
                if value.kind == "object" and value.name in ("ChatCompletions", "EmbeddingsResult"):
                    self.add(f"{value.name}.__str__", argument, shorten(node))

    def unknown(self, node: ast.Call, name: str) -> None:
        """Note a call that looks like one of the SDK's, on an object that cannot be followed."""
        keywords = {keyword.arg for keyword in node.keywords}
        if name in sdk.PROJECT_METHODS:
            self.add(name, node, f"{shorten(node.func)}(…)")
            for keyword in node.keywords:
                self.keyword(name, keyword.arg or "**", keyword.value, node)
        elif looks_old(name, keywords) or (name == "complete" and None in keywords):
            owner = shorten(node.func.value) if isinstance(node.func, ast.Attribute) else ""
            self.add(f"?.{name}", node, f"{shorten(node.func)}(…)", f"what is {owner}?")

    def find_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if stands_in(node, self.evaluator.found.parents.get(id(node))):
            self.mocks = True
            self.add(f"?.{node.name}", node, f"def {node.name}(…)", "does it stand for a client?")

    find_AsyncFunctionDef = find_FunctionDef


def looks_old(name: str, keywords: set[str | None]) -> bool:
    """Whether a call on an unknown object looks like one of the old SDK's."""
    return sdk.KEYWORDS.get(name) in keywords - {None} or name == "get_model_info"


def uses(evaluator: Evaluator) -> Iterator[Use]:
    """Yield the uses of the old SDK in a module."""
    yield from Finder(evaluator).run()
