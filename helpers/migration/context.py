"""What every part of the rewrite shares: the analysis, the new imports and the TODOs."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

import libcst as cst

from helpers.migration.annotations import GENERIC
from helpers.migration.facts import Facts
from helpers.migration.imports import Needs
from helpers.migration.kinds import Value, last_name, walk
from helpers.migration.options import keys
from helpers.migration.table import find
from helpers.migration.values import Evaluator

MARK = "# TODO(openai-v1): "
LOST = "has no direct successor."
CALL_DEFAULTS = (
    "model",
    "temperature",
    "top_p",
    "max_tokens",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "seed",
    "response_format",
    "tools",
    "tool_choice",
    "model_extras",
)
EMBED_DEFAULTS = ("model", "dimensions", "encoding_format", "input_type", "model_extras")


@dataclass
class Context:
    """The state of the rewrite of one document.

    Attributes:
        facts: the analysis.
        needs: the names that the new code imports.
        todos: the TODOs of the statements around the current place, innermost last.
        hoisted: for each statement (by line) that makes a client, the attributes to set after it.
        foreign: whether the program uses other packages of Azure, which raise the same exceptions.
        strings: how many f-strings the current place is in.
        bare: which credentials' names hold the key alone in the new code, by id of the making.
        options: the making of the client that takes its options from a dict which is written out,
            by id of that dict, or of a statement that sets one of its items.
        spread: the ids of such dicts, and of their names, behind `**`.
    """

    facts: Facts
    needs: Needs
    todos: list[list[str]] = field(default_factory=lambda: [[]])
    hoisted: dict[int, list[str]] = field(default_factory=dict)
    foreign: bool = False
    strings: int = 0
    bare: dict[int, bool] = field(default_factory=dict)
    options: dict[int, ast.Call] = field(default_factory=dict)
    spread: set[int] = field(default_factory=set)

    @property
    def evaluator(self) -> Evaluator:
        """The analysis of the document."""
        return self.facts.evaluator

    def values(self, node: ast.AST | None) -> list[Value]:
        """Return what a node can be, in an order that is the same in every run."""
        return ordered(self.facts.values(node))

    def todo(self, symbol: str, what: str) -> None:
        """Ask for a TODO above the current statement, with the link of a symbol's row."""
        row = find(symbol)
        text = f"{MARK}{what}" + (f" See {row.link}" if row else "")
        again = what.endswith(LOST) and any(
            LOST in one and one.endswith(text[-20:]) for one in self.todos[-1]
        )
        if text not in self.todos[-1] and not again:
            self.todos[-1].append(text)

    def name(self, module: str, name: str | None = None) -> cst.BaseExpression:
        """Return the expression for a name that is imported from a module."""
        return cst.parse_expression(self.needs.name(module, name))

    def parent(self, node: ast.AST | None) -> ast.AST | None:
        """Return the parent of a node of the syntax tree."""
        return self.evaluator.found.parents.get(id(node))


def objects(context: Context, node: ast.AST | None) -> list[Value]:
    """Return the objects of the SDK that an expression can be."""
    return [value for value in context.values(node) if value.kind == "object"]


def ordered(values: Iterable[Value]) -> list[Value]:
    """Return values in an order that is the same in every run."""
    return sorted(
        values,
        key=lambda v: (
            v.kind,
            v.name,
            getattr(v.node, "lineno", 0),
            getattr(v.node, "col_offset", 0),
        ),
    )


def defaults(context: Context, origin: Value, names: tuple[str, ...]) -> dict[str, ast.expr]:
    """Return the defaults that a client was made with, by the name of the call's keyword."""
    node = origin.node
    if not isinstance(node, ast.Call):
        return {}
    given: dict[str, ast.expr] = {}
    for option in node.keywords:
        if option.arg:
            given[option.arg] = option.value
        elif id(option.value) in context.spread:
            given |= keys(context.evaluator, option.value) or {}
    found = {name: value for name, value in given.items() if name in names and not is_none(value)}
    if origin.name.endswith("Client") and "model" not in found and "model_name" in given:
        found["model"] = given["model_name"]
    return found


def is_none(node: ast.AST) -> bool:
    """Whether an expression is None, written out."""
    return isinstance(node, ast.Constant) and node.value is None


def in_annotation(context: Context, node: ast.AST) -> bool:
    """Whether an expression is (part of) an annotation."""
    here, parent = node, context.parent(node)
    while isinstance(parent, (ast.Subscript, ast.BinOp, ast.Tuple, ast.List, ast.Attribute)):
        here, parent = parent, context.parent(parent)
    if here is not node and names_type(here):
        return True
    if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return here not in parent.decorator_list and here not in (
            *parent.args.defaults,
            *parent.args.kw_defaults,
        )
    call = context.parent(parent) if isinstance(parent, ast.keyword) else parent
    if isinstance(call, ast.Call):
        named = last_name(call.func)
        return named in ("TypeVar", "NewType") or (named == "cast" and here is call.args[0])
    if isinstance(parent, ast.AnnAssign):
        return here is parent.annotation or last_name(parent.annotation) == "TypeAlias"
    return isinstance(parent, ast.arg) or type(parent).__name__ == "TypeAlias"


def names_type(node: ast.AST) -> bool:
    """Whether an expression can only be a type, such as `Sequence[Message]` or `Message | None`."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr)
    return isinstance(node, ast.Subscript) and last_name(node.value) in GENERIC


def is_test(context: Context, node: ast.AST) -> bool:
    """Whether only the truth of an expression matters."""
    parent = context.parent(node)
    if isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
        return True
    if isinstance(parent, (ast.If, ast.IfExp, ast.While)):
        return node is parent.test
    if isinstance(parent, ast.BoolOp):  # its value is that of a part
        return is_test(context, parent)
    return isinstance(parent, ast.comprehension) and node in parent.ifs


def other_packages(tree: ast.Module) -> bool:
    """Whether a program imports packages of Azure besides those that the rewrite knows."""
    known = ("azure.ai.inference", "azure.ai.projects", "azure.core", "azure.identity")
    for node in walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        if any(name.startswith("azure.") and not name.startswith(known) for name in names):
            return True
    return False
