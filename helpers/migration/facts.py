"""What the analysis knows of a piece of code, found by its position in the text."""

import ast
import re
import sys

import libcst as cst
from libcst.metadata import CodeRange, PositionProvider

from helpers.migration.kinds import Values, walk
from helpers.migration.source import Unreadable
from helpers.migration.values import Evaluator

Span = tuple[int, int, int, int]


class Facts:
    """Finds the syntax tree's node, and its values, for a node of libcst.

    Args:
        evaluator: the analysis of the whole document.
        text: the document's text.
    """

    def __init__(self, evaluator: Evaluator, text: str):
        self.evaluator = evaluator
        self.lines = re.split(r"\r\n|\r|\n", text)  # splitlines knows more ends than Python
        self.nodes: dict[tuple[Span, str], ast.AST] = {}
        for node in walk(evaluator.found.tree):
            if isinstance(node, (ast.expr, ast.stmt, ast.ExceptHandler)):
                self.nodes.setdefault((self.span(node), type(node).__name__), node)

    def column(self, line: int, offset: int) -> int:
        """Return the column in characters for an offset in UTF-8 bytes."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))

    def span(self, node: ast.expr | ast.stmt | ast.ExceptHandler) -> Span:
        end, end_offset = node.end_lineno or node.lineno, node.end_col_offset or 0
        return (
            node.lineno,
            self.column(node.lineno, node.col_offset),
            end,
            self.column(end, end_offset),
        )

    def find(self, where: CodeRange, first: int, kind: str) -> ast.AST | None:
        """Return the node of a kind at a place in the cell that starts at line `first`."""
        shift = first - 1
        span = (
            where.start.line + shift,
            where.start.column,
            where.end.line + shift,
            where.end.column,
        )
        return self.nodes.get((span, kind))

    def values(self, node: ast.AST | None) -> Values:
        """Return what a node can be."""
        return self.evaluator.eval(node)


def place_in_strings(tree: ast.Module, text: str) -> None:
    """Give the expressions in f-strings their right places, which Python before 3.12 does not.

    Raises:
        Unreadable: an f-string cannot be taken apart.
    """
    if sys.version_info >= (3, 12):
        return
    for node in outermost(tree):
        place_in_string(node, text)


def outermost(tree: ast.AST) -> list[ast.JoinedStr]:
    """Return the f-strings of a tree that are in no other f-string."""
    every = [node for node in walk(tree) if isinstance(node, ast.JoinedStr)]
    inner = {id(below) for node in every for below in ast.walk(node) if below is not node}
    return [node for node in every if id(node) not in inner]


def place_in_string(node: ast.JoinedStr, text: str) -> None:
    segment = ast.get_source_segment(text, node)
    if segment is None:
        raise Unreadable("an f-string that cannot be found", node.lineno)
    try:
        wrapper = cst.MetadataWrapper(cst.parse_module(f"({segment})"))
    except (cst.ParserSyntaxError, RecursionError):
        raise Unreadable("an f-string that cannot be taken apart", node.lineno) from None
    places = wrapper.resolve(PositionProvider)
    parts = Expressions()
    wrapper.module.visit(parts)
    found = parts.found
    values = sorted_values(node)
    for value, part in zip(values, found, strict=True):
        where = places[part.expression].start
        code = wrapper.module.code_for_node(part.expression)
        if part.expression.lpar:  # the place is inside of the parentheses
            code = wrapper.module.code_for_node(part.expression.with_changes(lpar=(), rpar=()))
        line = node.lineno + where.line - 1
        prefix = "".join(segment.split("\n")[where.line - 1][: where.column - (where.line == 1)])
        column = len(prefix.encode()) + (node.col_offset if where.line == 1 else 0)
        value.value = moved(code, line, column)
        for inner in outermost(value.value):
            place_in_string(inner, text)


class Expressions(cst.CSTVisitor):
    """Collects the expressions of an f-string and its formats, not of strings within."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[cst.FormattedStringExpression] = []

    def visit_FormattedStringExpression(self, node: cst.FormattedStringExpression) -> bool:
        self.found.append(node)
        for part in node.format_spec or ():
            part.visit(self)
        return False


def sorted_values(node: ast.JoinedStr) -> list[ast.FormattedValue]:
    """Return the expressions of an f-string and its formats, in the order of the source."""
    found: list[ast.FormattedValue] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            found.append(part)
            if isinstance(part.format_spec, ast.JoinedStr):
                found += sorted_values(part.format_spec)
    return found


def moved(code: str, line: int, column: int) -> ast.expr:
    """Return the tree of an expression as if it stood at a place."""
    expression = ast.parse(f"({code})", mode="eval").body
    for part in ast.walk(expression):
        if hasattr(part, "lineno"):
            place: ast.expr = part  # type: ignore[assignment]
            if place.lineno == 1:
                place.col_offset += column - 1
            if place.end_lineno == 1 and place.end_col_offset is not None:
                place.end_col_offset += column - 1
            place.lineno += line - 1
            place.end_lineno = (place.end_lineno or 1) + line - 1
    return expression
