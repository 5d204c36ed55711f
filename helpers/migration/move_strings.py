"""Rewrite strings: quoted types, the targets of patches, and f-strings."""

import ast
import re

import libcst as cst

from helpers.migration.annotations import annotation
from helpers.migration.code import code_of, expression
from helpers.migration.context import Context, in_annotation
from helpers.migration.move_mocks import moved_target
from helpers.migration.move_models import NEW_PARAMS, NEW_TYPES
from helpers.migration.names import PACKAGE


def moved_string(context: Context, new: cst.SimpleString, node: ast.Constant) -> cst.SimpleString:
    """Return what takes the place of a string: a quoted type, or a name that `patch` is given."""
    if not isinstance(node.value, str):
        return new
    target = moved_target(context, new, node)
    if target is not None and PACKAGE not in node.value:
        return target
    if PACKAGE in node.value and not isinstance(context.parent(node), (ast.Expr, type(None))):
        context.todo("a name in a string", "this string names the old package.")
    if not in_annotation(context, node) or not annotation(context.evaluator, node):
        return new
    code = new.value
    for symbol, (module, name) in {**NEW_PARAMS, **NEW_TYPES}.items():
        if re.search(rf"\b{symbol}\b", code):
            local = context.needs.name(module, name)
            code = re.sub(rf"(?:\b\w+\.)*\b{symbol}\b", local, code)
    return new.with_changes(value=code)


def in_quotes(
    string: cst.FormattedString, original: cst.FormattedString
) -> cst.FormattedString | None:
    """Return an f-string whose new expressions fit into it; None where they do not."""
    parts = list(string.parts)
    for number, (part, before) in enumerate(zip(parts, original.parts, strict=True)):
        if isinstance(part, cst.FormattedStringExpression) and isinstance(
            before, cst.FormattedStringExpression
        ):
            code, old = code_of(part.expression), code_of(before.expression)
            if code == old:
                continue
            if string.quote == '"' and '"' in code and '"' not in old:
                code = code.replace('"', "'")
            if string.quote in code or "\\" in code or ("\n" in code and len(string.quote) == 1):
                return None
            parts[number] = part.with_changes(expression=expression(code))
    return string.with_changes(parts=parts)
