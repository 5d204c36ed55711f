"""Rewrite what a program reads of errors."""

import ast

import libcst as cst

from helpers.migration import sdk
from helpers.migration.code import attribute, code_of, expression, quoted, wrapped
from helpers.migration.context import Context, is_test, objects
from helpers.migration.kinds import STREAM_ITEM, elements, last_name

GONE = (
    "reason",
    "inner_exception",
    "exc_type",
    "exc_value",
    "exc_traceback",
    "exc_msg",
    "continuation_token",
    "model",
)


def error_attribute(
    context: Context, new: cst.Attribute, node: ast.Attribute, name: str
) -> cst.BaseExpression:
    if name == "reason":
        return attribute(new.value, "response.reason_phrase")
    if name == "inner_exception":
        return attribute(new.value, "__cause__")
    if name in ("message", "args"):
        context.todo("AzureError.message", f"{name} has other words now.")
    elif name == "error":
        parent = context.parent(node)
        if isinstance(parent, ast.Attribute) and parent.attr in (
            "code",
            "message",
            "innererror",
            "details",
            "target",
        ):
            return new  # `detail_attribute` rewrites both
        return body_of(context, attribute(new.value, "body"), node)
    elif name in GONE:
        context.todo(f"AzureError.{name}", f"errors have no {name}.")
    return new


def body_of(context: Context, body: cst.BaseExpression, node: ast.AST) -> cst.BaseExpression:
    """Return the error's details: a dict, or None where the answer was none."""
    code = code_of(body)
    if is_test(context, node):
        return expression(f"isinstance({code}, dict)")
    made = expression(f"{code} if isinstance({code}, dict) else None")
    if isinstance(context.parent(node), (ast.Assign, ast.Return)):
        return made
    return made.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def detail_attribute(
    context: Context, new: cst.Attribute, node: ast.Attribute, name: str
) -> cst.BaseExpression:
    """Return what takes the place of `.code`, `.message` and so on of an error's details."""
    inner = new.value
    direct = (
        isinstance(node.value, ast.Attribute)
        and node.value.attr == "error"
        and isinstance(inner, cst.Attribute)
    )
    if name not in ("code", "message", "innererror", "details", "target"):
        return new
    if direct and isinstance(inner, cst.Attribute):
        if name == "code":
            return attribute(inner.value, "code")
        inner = attribute(inner.value, "body")
    read = f'{code_of(wrapped(inner))}.get("{name}"'
    if name == "details":  # services send null too, and even a string
        context.todo("ODataV4Format.details", "details is as the service sends it: check its type.")
        return expression(f"({read}) or [])")
    return expression(f"{read}, {{}})" if name == "innererror" else f"{read})")


def moved_getattr(context: Context, new: cst.Call, node: ast.Call) -> cst.BaseExpression:
    """Return what takes the place of getattr(error, "error", None) and hasattr(error, "error")."""
    if len(node.args) < 2 or not isinstance(node.args[1], ast.Constant):
        return new
    name = str(node.args[1].value)
    owners = {value.name for value in objects(context, node.args[0])}
    if "ODataV4Format" in owners:
        return detail_asked(new, node)
    if not owners & set(sdk.EXCEPTIONS):
        return new
    if name == "error":
        body = new.args[1].with_changes(value=quoted("body"))
        asked = new.with_changes(args=[new.args[0], body, *new.args[2:]])
        return body_of(context, asked, node) if len(new.args) == 3 else asked
    if name in ("message", "args"):
        context.todo("AzureError.message", f"{name} has other words now.")
    elif name in GONE:
        context.todo("AzureError.inner_exception", f"errors have no {name}.")
    return new


def detail_asked(new: cst.Call, node: ast.Call) -> cst.BaseExpression:
    """Return what takes the place of getattr(error.error, "code", None) and its like."""
    details, key = (code_of(argument.value) for argument in new.args[:2])
    if last_name(node.func) == "hasattr":
        return expression(f"({key} in ({details} or {{}}))")
    direct = isinstance(node.args[0], ast.Attribute) and node.args[0].attr == "error"
    default = code_of(new.args[2].value) if len(new.args) > 2 else "None"
    if direct and default == "None" and ast.unparse(node.args[1]) == "'code'":
        return expression(f"{ast.unparse(node.args[0].value)}.code")  # type: ignore[attr-defined]
    return expression(f"({details} or {{}}).get({key}, {default})")


def error_shown(context: Context, name: str) -> None:
    """Leave a TODO where an error, or its details, becomes a string."""
    if name == "ODataV4Format":
        context.todo("AzureError.error", "the details print as a dict now.")
    else:
        context.todo(
            "AzureError.message", "an error prints other words now; its code is in error.code."
        )


def response_attribute(
    context: Context, new: cst.Attribute, node: ast.Attribute, name: str
) -> cst.BaseExpression:
    """Return what takes the place of `error.response.reason` and its like."""
    if name == "reason":
        return attribute(new.value, "reason_phrase")
    if name == "content_type":
        return expression(f'{code_of(new.value)}.headers.get("content-type")')
    if name in ("internal_response", "block_size", "is_closed", "is_stream_consumed"):
        context.todo("HttpResponse.reason", f"the response is httpx's: look at {name}.")
    return new


def moved_response(context: Context, new: cst.Call, node: ast.Call) -> cst.BaseExpression:
    """Return what takes the place of error.response.text() and its like."""
    if not (isinstance(node.func, ast.Attribute) and isinstance(new.func, cst.Attribute)):
        return new
    owners = {value.name for value in objects(context, node.func.value)}
    renamed = {"text": "text", "body": "content"}.get(node.func.attr)
    if node.args or not renamed or "HttpResponse" not in owners:
        return new
    return attribute(new.func.value, renamed)


def handler(context: Context, node: ast.ExceptHandler) -> None:
    """Leave a TODO where a handler takes an answer that is no JSON, which raises nothing now."""
    parts = list(ast.walk(node.type)) if node.type else []
    named = {part.id for part in parts if isinstance(part, ast.Name)}
    named |= {part.attr for part in parts if isinstance(part, ast.Attribute)}
    old = [
        value
        for child in parts
        for value in context.values(child)
        if value.kind == "class" and value.name in sdk.EXCEPTIONS
    ]
    if old and named & {"ValueError", "JSONDecodeError", "DecodeError"}:
        context.todo(
            "DecodeError", "openai returns a page that is no JSON as a string: check for it."
        )
    caught = {value.name for value in old}
    around = context.parent(node)
    if "HttpResponseError" in caught and isinstance(around, ast.Try):
        broken_stream(context, around)


def broken_stream(context: Context, node: ast.Try) -> None:
    """Leave a TODO where nothing catches a stream that breaks off, as HttpResponseError did."""
    loops = (ast.For, ast.AsyncFor, ast.comprehension)
    iterated = [
        part.iter for body in node.body for part in ast.walk(body) if isinstance(part, loops)
    ]
    if not any(STREAM_ITEM in elements(context.values(one)) for one in iterated):
        return
    caught: set[str] = set()
    for one in node.handlers:
        parts = list(ast.walk(one.type)) if one.type else []
        caught |= {part.id for part in parts if isinstance(part, ast.Name)} or {"BaseException"}
        caught |= {sdk.EXCEPTIONS.get(v.name, "") for part in parts for v in context.values(part)}
    if not caught & {"APIConnectionError", "OpenAIError", "Exception", "BaseException"}:
        context.todo(
            "IncompleteReadError",
            "a stream that breaks off is an APIConnectionError: catch it too.",
        )
