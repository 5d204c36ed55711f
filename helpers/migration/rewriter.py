"""Rewrite the code of a cell: what is safe, and a TODO above each statement where it is not."""

import ast

import libcst as cst
from libcst.metadata import CodeRange, PositionProvider

from helpers.migration import sdk
from helpers.migration.calls import moved_call
from helpers.migration.code import code_of
from helpers.migration.comments import lost_comments, with_comments
from helpers.migration.context import Context, objects
from helpers.migration.mocks import stands_in
from helpers.migration.move_answers import (
    dumped,
    is_answer,
    moved_attribute,
    moved_subscript,
    shown,
    shown_in_format,
)
from helpers.migration.move_errors import handler
from helpers.migration.move_mocks import mock_asked
from helpers.migration.move_models import (
    exported,
    stand_in_name,
)
from helpers.migration.move_names import method_named, named
from helpers.migration.move_options import moved_dict, moved_item
from helpers.migration.move_streams import first_choice, moved_comprehension, moved_loop
from helpers.migration.move_strings import in_quotes, moved_string

STATEMENTS = (
    "SimpleStatementLine",
    "If",
    "For",
    "While",
    "With",
    "Try",
    "TryStar",
    "FunctionDef",
    "ClassDef",
    "ExceptHandler",
    "ExceptStarHandler",
    "Match",
)


class Rewriter(cst.CSTTransformer):
    """Rewrites one cell of a document.

    Args:
        context: the state of the rewrite of the document.
        first: the line of the document's text at which the cell starts.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, context: Context, first: int):
        super().__init__()
        self.context, self.first = context, first

    def node(self, node: cst.CSTNode, kind: str) -> ast.AST | None:
        """Return the node of the syntax tree at the place of a node of libcst."""
        return self.context.facts.find(self.place(node), self.first, kind)

    def place(self, node: cst.CSTNode) -> CodeRange:
        """Return where a node is in its cell."""
        where = self.get_metadata(PositionProvider, node)
        assert isinstance(where, CodeRange)
        return where

    # Statements: their TODOs, and what is set beside a client.

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.Import, cst.ImportFrom)):
            return False
        if type(node).__name__ in STATEMENTS:
            self.context.todos.append([])
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode):  # type: ignore[override]
        new = super().on_leave(original_node, updated_node)
        if type(original_node).__name__ not in STATEMENTS:
            return new
        todos = [*lost_comments(original_node, new), *self.context.todos.pop()]
        if isinstance(new, cst.SimpleStatementLine) and not new.body:
            return cst.RemoveFromParent()
        if todos and isinstance(new, cst.CSTNode) and hasattr(new, "leading_lines"):
            new = with_comments(new, todos)
        if isinstance(original_node, cst.SimpleStatementLine) and isinstance(
            new, cst.SimpleStatementLine
        ):
            line = self.place(original_node).start.line + self.first - 1
            hoisted = self.context.hoisted.get(line)
            if hoisted:
                return cst.FlattenSentinel([new, *(cst.parse_statement(code) for code in hoisted)])
        return new

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom:
        node = self.node(original_node, "ImportFrom")
        if isinstance(node, ast.ImportFrom):
            exported(self.context, node)
        return updated_node

    # Names and attributes.

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        node = self.node(original_node, "Name")
        if not isinstance(node, ast.Name):
            return updated_node
        if isinstance(node.ctx, ast.Store):
            return stand_in_name(self.context, updated_node, node)
        if isinstance(node.ctx, ast.Load):
            return named(self.context, updated_node, node)
        return updated_node

    def leave_Attribute(
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        node = self.node(original_node, "Attribute")
        if not isinstance(node, ast.Attribute):
            return updated_node
        mock_asked(self.context, node)
        parent = self.context.parent(node)
        if isinstance(parent, ast.Call) and parent.func is node:
            if not objects(self.context, node):
                return updated_node  # leave_Call sees to methods
        elif any(value.kind == "method" for value in self.context.values(node)):
            return method_named(self.context, updated_node, node)
        if isinstance(node.ctx, ast.Load):
            new = named(self.context, updated_node, node)
            if new is not updated_node:
                return new
        return moved_attribute(self.context, updated_node, node)

    def leave_SimpleString(
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        node = self.node(original_node, "Constant")
        if (
            not isinstance(node, ast.Constant)
            or not isinstance(node.value, str)
            or len(node.value) > 100
        ):
            return updated_node
        return moved_string(self.context, updated_node, node)

    def leave_Subscript(
        self, original_node: cst.Subscript, updated_node: cst.Subscript
    ) -> cst.BaseExpression:
        node = self.node(original_node, "Subscript")
        if not isinstance(node, ast.Subscript):
            return updated_node
        first_choice(self.context, node)
        return moved_subscript(self.context, updated_node, node)

    def leave_Comparison(
        self, original_node: cst.Comparison, updated_node: cst.Comparison
    ) -> cst.BaseExpression:
        node = self.node(original_node, "Compare")
        if not isinstance(node, ast.Compare):
            return updated_node
        targets = list(updated_node.comparisons)
        for number, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            target = targets[number]
            member = any(value.kind == "member" for value in self.context.values(right))
            if member and isinstance(operator, (ast.Is, ast.IsNot)):
                equal = cst.Equal() if isinstance(operator, ast.Is) else cst.NotEqual()
                targets[number] = target.with_changes(operator=equal)
            answers = [
                v for v in objects(self.context, right) if v.name in sdk.ANSWERS and v.node is None
            ]
            if answers and isinstance(operator, (ast.In, ast.NotIn)):
                targets[number] = target.with_changes(comparator=dumped(target.comparator))
        return updated_node.with_changes(comparisons=targets)

    # Answers that are read as the mappings that they were.

    def mapping(self, new: cst.BaseExpression, old: cst.BaseExpression) -> cst.BaseExpression:
        """Return the dict of an answer, and any other expression as it is."""
        node = self.node(old, type(old).__name__)
        plain = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
        return dumped(new) if plain and is_answer(self.context, node) else new

    def leave_StarredDictElement(
        self, original_node: cst.StarredDictElement, updated_node: cst.StarredDictElement
    ) -> cst.StarredDictElement:
        value = self.mapping(updated_node.value, original_node.value)
        return updated_node.with_changes(value=value)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        if original_node.star != "**":
            return updated_node
        value = self.mapping(updated_node.value, original_node.value)
        return updated_node.with_changes(value=value)

    # Options of a client that are kept in a dict.

    def leave_Dict(self, original_node: cst.Dict, updated_node: cst.Dict) -> cst.Dict:
        node = self.node(original_node, "Dict")
        if isinstance(node, ast.Dict) and id(node) in self.context.options:
            return moved_dict(self.context, updated_node, node)
        return updated_node

    def leave_Assign(
        self, original_node: cst.Assign, updated_node: cst.Assign
    ) -> cst.Assign | cst.RemovalSentinel:
        node = self.node(original_node, "Assign")
        if isinstance(node, ast.Assign) and id(node) in self.context.options:
            return moved_item(self.context, updated_node, node)
        return updated_node

    def leave_BinaryOperation(
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BinaryOperation:
        node = self.node(original_node, "BinOp")
        if isinstance(node, ast.BinOp):
            shown_in_format(self.context, node)
        return updated_node

    # Calls.

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        node = self.node(original_node, "Call")
        if not isinstance(node, ast.Call):
            return updated_node
        return moved_call(self.context, updated_node, node)

    def leave_FormattedStringExpression(
        self,
        original_node: cst.FormattedStringExpression,
        updated_node: cst.FormattedStringExpression,
    ) -> cst.FormattedStringExpression:
        kind = type(original_node.expression).__name__
        node = self.node(original_node.expression, kind)
        if node is not None:
            shown(self.context, node)
        return updated_node

    def leave_FormattedString(
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.FormattedString:
        self.context.strings -= 1
        moved = in_quotes(updated_node, original_node)
        if moved is None:
            self.context.todo(
                "ChatCompletionsClient.complete", "move what this f-string calls out of it first."
            )
        return moved or original_node

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        self.context.strings += 1

    def leave_ExceptHandler(
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler:
        node = self.node(original_node, "ExceptHandler")
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            handler(self.context, node)
        caught, before = updated_node.type, original_node.type
        fewer = isinstance(before, cst.Tuple) and len(before.elements) > 1
        if fewer and isinstance(caught, cst.Tuple) and len(caught.elements) == 1:
            return updated_node.with_changes(
                type=caught.elements[0].value,
                whitespace_after_except=cst.SimpleWhitespace(" "),
            )
        return updated_node

    def leave_Tuple(self, original_node: cst.Tuple, updated_node: cst.Tuple) -> cst.Tuple:
        """Return a tuple with each exception once: several old ones have one successor."""
        codes = [code_of(element.value) for element in updated_node.elements]
        if len(set(codes)) == len(codes) or not set(codes) & set(sdk.EXCEPTIONS.values()):
            return updated_node
        first = {codes.index(code) for code in codes}
        kept = [e for number, e in enumerate(updated_node.elements) if number in first]
        end = cst.Comma() if len(kept) == 1 else updated_node.elements[-1].comma
        return updated_node.with_changes(elements=[*kept[:-1], kept[-1].with_changes(comma=end)])

    # Stand-ins of a client that a program writes itself.

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        kind = "AsyncFunctionDef" if original_node.asynchronous else "FunctionDef"
        node = self.node(original_node, kind)
        if node and stands_in(node, self.context.parent(node)):
            name = original_node.name.value
            what = f"if this class stands for an old client, {name} is {sdk.METHODS[name]}."
            self.context.todo(sdk.METHOD_SYMBOLS[name], what)
        return updated_node

    # Loops over a stream.

    indent = "    "

    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.BaseStatement:
        iterated = self.mapping(updated_node.iter, original_node.iter)
        updated_node = updated_node.with_changes(iter=iterated)
        node = self.node(original_node, "AsyncFor" if original_node.asynchronous else "For")
        if not isinstance(node, (ast.For, ast.AsyncFor)):
            return updated_node
        return moved_loop(self.context, updated_node, node, self.indent)

    def leave_CompFor(self, original_node: cst.CompFor, updated_node: cst.CompFor) -> cst.CompFor:
        iterated = self.mapping(updated_node.iter, original_node.iter)
        node = self.node(original_node.iter, type(original_node.iter).__name__)
        updated_node = updated_node.with_changes(iter=iterated)
        return moved_comprehension(
            self.context, updated_node, node if isinstance(node, ast.expr) else None
        )
