"""What response_format= takes: a dict, where the old SDK took a string or a schema."""

import ast

import libcst as cst

from helpers.migration.code import code_of, expression
from helpers.migration.context import Context, is_none


def format_code(
    context: Context, symbol: str, value: cst.BaseExpression, node: ast.expr
) -> cst.BaseExpression:
    """Return the dict that response_format= takes."""
    if isinstance(value, cst.IfExp) and isinstance(node, ast.IfExp):
        return value.with_changes(
            body=format_code(context, symbol, value.body, node.body),
            orelse=format_code(context, symbol, value.orelse, node.orelse),
        )
    if is_none(node):
        return context.name("openai", "omit")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return expression(f'{{"type": "{node.value}"}}')
    if isinstance(value, cst.Dict) or is_schema(context, node):
        return value
    if isinstance(value, (cst.Name, cst.Attribute, cst.Subscript)):
        code, omit = code_of(value), context.needs.name("openai", "omit")
        return expression(f'{{"type": {code}}} if isinstance({code}, str) else {code} or {omit}')
    context.todo(f"{symbol}(response_format=)", "response_format= takes a dict.")
    return value


def is_schema(context: Context, node: ast.expr) -> bool:
    """Whether an expression is always a schema that the program makes itself."""
    if isinstance(node, ast.Call):
        return any(v.kind == "object" for v in context.values(node))
    if isinstance(node, ast.Name):
        bindings = context.evaluator.found.visible(node.id, node)
        return bool(bindings) and all(
            b.how == "expr" and isinstance(b.node, ast.Call) and is_schema(context, b.node)
            for b in bindings
        )
    return False
