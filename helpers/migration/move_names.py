"""Rewrite the names of classes and methods that are not called where they stand."""

import ast

import libcst as cst

from helpers.migration import sdk
from helpers.migration.code import attribute, code_of
from helpers.migration.context import Context, in_annotation
from helpers.migration.kinds import is_dict
from helpers.migration.move_answers import READERS, reader_named
from helpers.migration.move_models import DICTS, NEW_PARAMS, moved_type, two_kinds


def named(
    context: Context, new: cst.BaseExpression, node: ast.Name | ast.Attribute
) -> cst.BaseExpression:
    """Return what takes the place of a class that is named."""
    parent = context.parent(node)
    called = isinstance(parent, ast.Call) and parent.func is node
    for value in context.values(node):
        if value.kind == "class" and not called and not isinstance(parent, ast.Attribute):
            return class_named(context, new, node, value.name)
    return new


def class_named(
    context: Context, new: cst.BaseExpression, node: ast.AST, symbol: str
) -> cst.BaseExpression:
    if symbol in sdk.EXCEPTIONS:
        if context.foreign:
            context.todo(
                symbol, f"where openai is called, this is openai.{sdk.EXCEPTIONS[symbol]}."
            )
            return new
        return context.name("openai", sdk.EXCEPTIONS[symbol])
    parent = context.parent(node)
    if isinstance(parent, ast.ClassDef) and symbol.removeprefix("aio.") in sdk.CLIENTS:
        context.todo(symbol, f"a class of your own is based on {code_of(new)}.")
        return new
    never_called = symbol in ("ChatRequestMessage", "ContentItem")
    alias = never_called and isinstance(parent, (ast.Assign, ast.AnnAssign))
    if isinstance(parent, ast.Call):
        two_kinds(context, parent, symbol)
    moved = moved_type(context, symbol, alias or in_annotation(context, node))
    if moved is not None:
        return moved
    if isinstance(parent, ast.Tuple):
        parent = context.parent(parent)
    asked = isinstance(parent, ast.Call) and getattr(parent.func, "id", "") == "isinstance"
    if asked and symbol in NEW_PARAMS:
        context.todo("isinstance", f"{code_of(new)} is a dict now: look at its role or type.")
    elif symbol in (
        *DICTS,
        *NEW_PARAMS,
        *sdk.GONE,
        *sdk.ENUMS,
        *sdk.OTHER_CLASSES,
        "ImageEmbeddingsClient",
        "ImageEmbeddingInput",
    ):
        context.todo(symbol, f"{code_of(new)} is gone.")
    return new


def method_named(context: Context, new: cst.Attribute, node: ast.Attribute) -> cst.BaseExpression:
    """Return what takes the place of a method that is passed on and not called here."""
    for value in context.values(node):
        owner, _, name = value.name.rpartition(".")
        if owner in sdk.ANSWERS and not any(map(is_dict, value.items)):
            if name in READERS:
                return reader_named(context, new, node)
            if name == "as_dict":
                return attribute(new.value, "to_dict")
            context.todo("Model.update", "answers are no mappings: set an attribute.")
        if name in ("complete", "embed"):
            if not isinstance(context.parent(node), ast.Attribute):  # a mock's has some
                context.todo(value.name, "whoever calls this gives model=, and openai's keywords.")
            if node.attr in sdk.METHODS:  # else it is a name of the program's own
                return attribute(new.value, sdk.METHODS[node.attr])
    return new
