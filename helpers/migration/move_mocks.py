"""Rewrite the stand-ins of clients in tests."""

import ast
from itertools import pairwise

import libcst as cst

from helpers.migration import sdk
from helpers.migration.context import Context, ordered
from helpers.migration.mocks import ARGUMENTS, client_named, is_patch, mocked, mocked_method, target


def method_in_string(context: Context, node: ast.Call) -> None:
    """Leave a TODO where a call names a method in a string, as mocks and `getattr` do."""
    for owner, name in pairwise(node.args):
        if isinstance(name, ast.Constant) and name.value in sdk.METHODS:
            clients = [v.name for v in context.values(owner) if v.name.endswith("Client")]
            for client in clients[:1]:
                new = sdk.METHODS[name.value]
                context.todo(f"{client}.{name.value}", f'"{name.value}" is {new} now.')


def moved_target(
    context: Context, new: cst.SimpleString, node: ast.Constant
) -> cst.SimpleString | None:
    """Return the string that names to `patch` what it replaces; None for any other string."""
    call = context.parent(node)
    if not (isinstance(call, ast.Call) and is_patch(call) and target(call) is node):
        return None
    path, _, last = str(node.value).rpartition(".")
    found = ordered(mocked(context.evaluator, call))
    if path and not context.evaluator.dotted(str(node.value)):
        found = []
    for value in found:
        plain = value.name.removeprefix("aio.")
        if value.kind == "class" and plain in sdk.CLIENTS[:2] and last == plain:
            name = "AsyncOpenAI" if value.name.startswith("aio.") else "OpenAI"
            return renamed(new, last, name)
        if value.kind == "method" and last in sdk.METHODS and path:
            return renamed(new, last, sdk.METHODS[last])
    if symbol := client_named(call):
        what = "the module that it names has OpenAI or AsyncOpenAI in place of this class."
        context.todo(symbol, what)
    return new


def renamed(string: cst.SimpleString, old: str, new: str) -> cst.SimpleString:
    """Return a string whose last word is another."""
    head, _, tail = string.value.rpartition(old)
    return string.with_changes(value=f"{head}{new}{tail}")


def mock_asked(context: Context, node: ast.Attribute) -> None:
    """Leave a TODO at a mock that may stand for a client, and where it compares arguments."""
    made = [v.name for v in context.values(node.value) if v.kind == "mock"]
    if made and node.attr in ARGUMENTS:
        context.todo(made[0], f"{node.attr}: a client is made with base_url= and api_key= alone.")
    method = mocked_method(node)
    if not (method and isinstance(node.value, ast.Attribute)):
        return
    if not context.values(node.value):
        owner, new = ast.unparse(node.value.value), sdk.METHODS[method]
        what = f"if {owner} stands for an old client, {method} is {new}."
        context.todo(sdk.METHOD_SYMBOLS[method], what)
    elif node.attr in ARGUMENTS:
        what = f"{node.attr}: calls name model=, and messages are dicts."
        context.todo(sdk.METHOD_SYMBOLS[method], what)
