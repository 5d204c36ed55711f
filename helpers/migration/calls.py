"""Rewrite a call: of a class, of a method, or of a function that takes an old object."""

import ast

import libcst as cst

from helpers.migration import sdk
from helpers.migration.code import attribute, code_of
from helpers.migration.context import Context
from helpers.migration.keys import is_bare
from helpers.migration.kinds import Value, last_name
from helpers.migration.move_answers import (
    moved_conversion,
    moved_lookup,
    moved_method,
    shown_in_call,
)
from helpers.migration.move_call import CallMover
from helpers.migration.move_client import ClientMover
from helpers.migration.move_errors import moved_getattr, moved_response
from helpers.migration.move_mocks import method_in_string
from helpers.migration.move_models import (
    DICTS,
    NEW_TYPES,
    moved_answer,
    moved_load,
    moved_model,
)
from helpers.migration.move_options import moved_keywords
from helpers.migration.names import looks_old


def moved_call(context: Context, new: cst.Call, node: ast.Call) -> cst.BaseExpression:
    """Return what takes the place of a call."""
    called = sorted(context.values(node.func), key=lambda value: value.name)
    classes = [value.name for value in called if value.kind == "class"]
    methods = [value for value in called if value.kind == "method"]
    if len(set(classes)) > 1:
        context.todo(classes[0], f"{code_of(new)} makes one of several classes.")
        return new
    if classes:
        return constructed(context, new, node, classes[0])
    if methods and isinstance(new.func, cst.Attribute):
        return moved_by_method(context, new, node, methods)
    if methods:  # load_client(…)
        return loaded(context, new, node, methods[0])
    return other_call(context, new, node)


def constructed(context: Context, new: cst.Call, node: ast.Call, symbol: str) -> cst.BaseExpression:
    """Return what takes the place of making an object of a class of the SDK."""
    plain = symbol.removeprefix("aio.")
    if plain in ("ChatCompletionsClient", "EmbeddingsClient"):
        return ClientMover(context, node, symbol).move(new)
    if symbol == "AzureKeyCredential":
        made = [value for value in context.values(node) if value.node is node]
        return new.args[0].value if made and is_bare(context, made[0]) else new
    if symbol in DICTS:
        return moved_model(context, new, node, symbol)
    if symbol == "ChatCompletionsResponseFormatJsonSchema" and len(new.args) == 1:
        return new.args[0].value
    if symbol in sdk.ENUMS and len(new.args) == 1:
        return new.args[0].value
    if symbol in sdk.ANSWERS and symbol in NEW_TYPES:
        return moved_answer(context, new, node, symbol)
    if symbol in sdk.EXCEPTIONS:
        made = f"{sdk.EXCEPTIONS[symbol]}(message, response=httpx.Response(…), body=…)"
        context.todo(symbol, f"{code_of(new.func)}(…) is made in another way: {made}.")
    elif symbol in (*sdk.ANSWERS, *sdk.REQUESTS, *sdk.OTHER_CLASSES, "ImageEmbeddingsClient"):
        context.todo(symbol, f"{code_of(new.func)}(…) has no direct successor.")
    return new


def moved_by_method(
    context: Context, new: cst.Call, node: ast.Call, methods: list[Value]
) -> cst.BaseExpression:
    owner, _, name = methods[0].name.rpartition(".")
    plain = owner.removeprefix("aio.")
    if (plain, name) in (("ChatCompletionsClient", "complete"), ("EmbeddingsClient", "embed")):
        return CallMover(context, node, methods).move(new)
    if name == "load" and plain in ("ImageUrl", "InputAudio"):
        return moved_load(context, new, plain)
    if plain == "Inference":
        return project_client(context, new, name)
    if plain in ("ImageEmbeddingInput", "ImageEmbeddingsClient", "PromptTemplate"):
        context.todo(methods[0].name, f"{ast.unparse(node.func)}(…) has no direct successor.")
        return new
    return moved_method(context, new, node, methods[0])


def project_client(context: Context, new: cst.Call, name: str) -> cst.BaseExpression:
    """Return the openai client of a project in place of its clients of the old SDK."""
    if name == "get_image_embeddings_client":
        context.todo(name, "image embeddings have no successor.")
        return new
    context.todo(name, "get_openai_client() needs azure-ai-projects 2.x.")
    assert isinstance(new.func, cst.Attribute)
    inference = new.func.value
    owner = inference.value if isinstance(inference, cst.Attribute) else inference
    return new.with_changes(func=attribute(owner, "get_openai_client"), args=[])


def loaded(context: Context, new: cst.Call, node: ast.Call, method: Value) -> cst.BaseExpression:
    symbol = (
        "aio.ChatCompletionsClient" if method.name.startswith("aio.") else "ChatCompletionsClient"
    )
    if not method.name.endswith("load_client"):
        return new
    context.todo("load_client", "load_client chose the kind of client: this one can do both.")
    return ClientMover(context, node, symbol).move(new)


def other_call(context: Context, new: cst.Call, node: ast.Call) -> cst.BaseExpression:
    name = last_name(node.func)
    if id(node) in context.options:
        return moved_keywords(context, new, node)
    shown_in_call(context, node, name)
    method_in_string(context, node)
    if name in ("getattr", "hasattr", "setattr"):
        found = moved_lookup(context, new, node, name)
        return found or (new if name == "setattr" else moved_getattr(context, new, node))
    if name in ("dict", "len", "list", "set", "sorted", "tuple") and len(node.args) == 1:
        return moved_conversion(context, new, node)
    keywords = {keyword.arg for keyword in node.keywords}
    if isinstance(node.func, ast.Attribute) and not context.values(node.func):
        if name in sdk.PROJECT_METHODS:
            return project_client(context, new, name)
        if not context.values(node.func.value) and looks_old(name, keywords):
            owner = ast.unparse(node.func.value)
            symbol = sdk.METHOD_SYMBOLS.get(name, f"Client.{name}")
            context.todo(symbol, f"if {owner} is an old client, move this call.")
    return moved_response(context, new, node)
