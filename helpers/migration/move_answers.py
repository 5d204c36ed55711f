"""Rewrite what a program reads of answers."""

import ast

import libcst as cst

from helpers.migration import sdk
from helpers.migration.code import attribute, code_of, expression, quoted, wrapped
from helpers.migration.context import Context, is_none, objects
from helpers.migration.kinds import Value, is_dict
from helpers.migration.move_errors import (
    detail_attribute,
    error_attribute,
    error_shown,
    response_attribute,
)

DUMP = "model_dump(exclude_unset=True)"
READERS = ("get", "items", "keys", "values", "copy")
SHOWING = (
    *("print", "str", "repr", "format", "write", "echo", "secho", "fail", "exit", "SystemExit"),
    *("log", "debug", "info", "warning", "warn", "error", "exception", "critical", "fatal"),
)
DUMPING = ("dump", "dumps", "pformat", "pprint")
WRITERS = ("pop", "popitem", "clear", "update", "setdefault")


def dumped(owner: cst.BaseExpression) -> cst.BaseExpression:
    """Return the dict of an answer, with what was sent and nothing else."""
    return expression("x." + DUMP).with_changes(func=attribute(owner, "model_dump"))


def field_names(symbol: str) -> frozenset[str]:
    """Return the fields of a class; for a base class also those of the classes based on it."""
    if symbol in ("ChatRequestMessage", "ContentItem"):
        return frozenset(name for fields in sdk.REQUESTS.values() for name in fields)
    return frozenset(sdk.REQUESTS.get(symbol, sdk.ANSWERS.get(symbol, ())))


def is_answer(context: Context, node: ast.AST | None) -> bool:
    """Whether an expression is an answer or a part of one, and never a dict."""
    values = context.values(node)
    return bool(values) and all(
        value.kind == "object" and value.name in sdk.ANSWERS and not is_dict(value)
        for value in values
    )


def is_mixed(context: Context, node: ast.expr) -> bool:
    """Whether an expression is a dict at one time and an answer at another; a TODO says so."""
    values = [v for v in objects(context, node) if v.name in sdk.ANSWERS or v.name in sdk.REQUESTS]
    answers = [value for value in values if not is_dict(value)]
    if not answers or len(answers) == len(values):
        return False
    if isinstance(node, ast.Attribute) and is_mixed(context, node.value):
        return True  # which is said already
    what = f"{ast.unparse(node)} is a dict where this program makes it, else an object."
    context.todo(answers[0].name, what)
    return True


def moved_conversion(context: Context, new: cst.Call, node: ast.Call) -> cst.Call:
    """Return what takes the place of dict(answer) and its like: an object has no keys."""
    if not new.args or not is_answer(context, node.args[0]):
        return new
    first = new.args[0].with_changes(value=dumped(new.args[0].value))
    return new.with_changes(args=[first, *new.args[1:]])


def moved_attribute(
    context: Context, new: cst.Attribute, node: ast.Attribute
) -> cst.BaseExpression:
    """Return what takes the place of an attribute."""
    name = new.attr.value
    if not isinstance(node.ctx, ast.Load):
        dicts = [owner for owner in objects(context, node.value) if is_dict(owner)]
        return object_attribute(context, new, node, dicts[0], name) if dicts else new
    for value in context.values(node):
        if value.kind == "member":
            owner, _, member = value.name.partition(".")
            return quoted(sdk.ENUMS[owner][member])
    if is_mixed(context, node.value):
        return new
    for owner in context.values(node.value):
        if name in ("value", "name") and (
            owner.kind == "member" or (owner.name in sdk.ENUMS and owner.kind == "object")
        ):
            if name == "value":
                return new.value
            context.todo("ChatRole.value", "strings have no .name.")
            return new
        if owner.kind == "object":
            moved = object_attribute(context, new, node, owner, name)
            if moved is not new:
                return moved
    return new


def object_attribute(
    context: Context, new: cst.Attribute, node: ast.Attribute, owner: Value, name: str
) -> cst.BaseExpression:
    plain = owner.name
    if is_dict(owner) and name in field_names(plain):
        return cst.Subscript(
            new.value, [cst.SubscriptElement(cst.Index(quoted(name)))], lpar=new.lpar, rpar=new.rpar
        )
    if plain in ("ChatCompletions", "StreamingChatCompletionsUpdate") and name == "created":
        context.todo(f"{plain}.created", "created is an integer now, not a datetime.")
    if plain == "EmbeddingsResult" and name == "id":
        context.todo("EmbeddingsResult.id", "embeddings have no id.")
    other_fields(context, owner, name)
    if plain in sdk.EXCEPTIONS:
        return error_attribute(context, new, node, name)
    if plain == "ODataV4Format":
        return detail_attribute(context, new, node, name)
    if plain == "HttpResponse":
        return response_attribute(context, new, node, name)
    return new


def moved_lookup(
    context: Context, new: cst.Call, node: ast.Call, name: str
) -> cst.BaseExpression | None:
    """Return what takes the place of getattr(message, "content") and its like; else None."""
    if len(node.args) < 2 or is_mixed(context, node.args[0]):
        return None
    values = objects(context, node.args[0])
    if not values or not all(is_dict(value) for value in values):
        return None
    key, *more = (code_of(argument.value) for argument in new.args[1:])
    owner = code_of(wrapped(new.args[0].value))
    if name == "setattr":
        context.todo("Model.update", f"{owner} is a dict now: set an item.")
        return new
    if name == "hasattr":
        return expression(f"({key} in {owner})")
    return expression(f"{owner}.get({key}, {more[0]})" if more else f"{owner}[{key}]")


def other_fields(context: Context, owner: Value, name: str) -> None:
    """Leave a TODO where a program reads a field that openai's class does not have."""
    if owner.name == "ModelInfo" and name in sdk.ANSWERS[owner.name]:
        what = "openai's Model has id, created and owned_by alone."
        context.todo(f"{owner.name}.{name}", what)


def moved_subscript(
    context: Context, new: cst.Subscript, node: ast.Subscript
) -> cst.BaseExpression:
    """Return what takes the place of answer["key"]."""
    if not isinstance(node.slice, (ast.Constant, ast.Slice)) and is_answer(context, node.value):
        return new.with_changes(value=dumped(new.value))  # the key is known only when it runs
    if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)):
        return new
    if is_mixed(context, node.value):
        return new
    for owner in objects(context, node.value):
        if owner.name in sdk.ANSWERS and not is_dict(owner):
            if not isinstance(node.ctx, ast.Load):
                context.todo("Model.update", "answers are no mappings: set an attribute.")
                return new
            key = node.slice.value
            other_fields(context, owner, key)
            if known(owner.name, key):
                return attribute(new.value, key)
            return new.with_changes(value=dumped(new.value))
    return new


def known(owner: str, key: str) -> bool:
    """Whether a field is an attribute of openai's class too."""
    return key in sdk.ANSWERS[owner] or (
        owner == "StreamingChatResponseToolCallUpdate" and key == "index"
    )


def moved_method(
    context: Context, new: cst.Call, node: ast.Call, method: Value
) -> cst.BaseExpression:
    """Return what takes the place of a method of an answer, a stream or a client."""
    owner, _, name = method.name.rpartition(".")
    assert isinstance(new.func, cst.Attribute)
    receiver = new.func.value
    if isinstance(node.func, ast.Attribute) and is_mixed(context, node.func.value):
        return new
    if any(is_dict(value) for value in method.items):
        return receiver if name == "as_dict" else new
    if name == "as_dict":
        return dumped(receiver)
    if name == "aclose":
        return new.with_changes(func=attribute(receiver, "close"))
    if name in READERS and owner in sdk.ANSWERS:
        return moved_reader(context, new, node, owner)
    if name in (*WRITERS, "get_model_info", "send_request") or owner.startswith(
        ("PromptTemplate", "AIInference")
    ):
        context.todo(method.name, f"{shortly(node)} has no direct successor.")
    return new


def moved_reader(context: Context, new: cst.Call, node: ast.Call, owner: str) -> cst.BaseExpression:
    """Return what takes the place of answer.get("key") and its like."""
    assert isinstance(new.func, cst.Attribute) and isinstance(node.func, ast.Attribute)
    receiver, name = new.func.value, node.func.attr
    alone = len(node.args) == 1 or (len(node.args) == 2 and is_none(node.args[1]))
    key = node.args[0] if name == "get" and alone else None
    field = str(key.value) if isinstance(key, ast.Constant) else ""
    if not known(owner, field):
        return new.with_changes(func=reader_named(context, new.func, node.func))
    if there := without_dict(receiver):
        return expression(f'getattr({code_of(there)}, "{field}", None)')
    if isinstance(receiver, cst.Name) and can_be_dict(context, node.func.value):
        # Its parts are read as objects.
        return expression(f"({receiver.value}.{field} if {receiver.value} else None)")
    return attribute(receiver, field)


def reader_named(context: Context, new: cst.Attribute, node: ast.Attribute) -> cst.BaseExpression:
    """Return what takes the place of answer.get and its like, called here or passed on."""
    receiver, name = new.value, new.attr.value
    if there := without_dict(receiver):
        return attribute(dumped_if_there(there), name)
    if isinstance(receiver, cst.Name) and can_be_dict(context, node.value):
        return attribute(dumped_if_there(receiver), name)
    return attribute(dumped(receiver), name)


def can_be_dict(context: Context, node: ast.expr) -> bool:
    """Whether a name is bound to a dict too, as by `usage = response.get("usage") or {}`."""
    if not isinstance(node, ast.Name):
        return False
    for binding in context.evaluator.found.visible(node.id, node):
        last = binding.node if binding.how == "expr" else None
        if isinstance(last, ast.BoolOp):
            last = last.values[-1]
        elif isinstance(last, ast.IfExp):
            last = last.orelse
        if isinstance(last, ast.Dict):
            return True
    return False


def without_dict(receiver: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the answer of `(answer or {})`, where `{}` stands for none; else None."""
    if not (
        isinstance(receiver, cst.BooleanOperation)
        and isinstance(receiver.operator, cst.Or)
        and isinstance(receiver.right, cst.Dict)
        and not receiver.right.elements
    ):
        return None
    return receiver.left.with_changes(lpar=[], rpar=[])


def dumped_if_there(owner: cst.BaseExpression) -> cst.BaseExpression:
    """Return the dict of an answer, or an empty one where there is a dict, None or nothing."""
    made = expression(f"x.{DUMP} if x else {{}}")
    assert isinstance(made, cst.IfExp)
    return made.with_changes(
        body=dumped(wrapped(owner)),
        test=wrapped(owner),
        lpar=[cst.LeftParen()],
        rpar=[cst.RightParen()],
    )


def shortly(node: ast.Call) -> str:
    """Return the code of what is called."""
    return f"{ast.unparse(node.func)}(…)"


def shown(context: Context, node: ast.AST) -> None:
    """Leave a TODO where an answer, an error or an enum is turned into a string."""
    for value in objects(context, node):
        if value.name in (*sdk.EXCEPTIONS, "ODataV4Format"):
            error_shown(context, value.name)
        elif value.name in ("ChatCompletions", "EmbeddingsResult"):
            context.todo(f"{value.name}.__str__", "an answer prints as Python now, not as JSON.")
        elif value.name in ("CompletionsFinishReason", "ChatRole"):
            context.todo(
                f"{value.name}.value", "this prints the plain word now, such as stop or assistant."
            )
        elif value.name in sdk.ANSWERS and not is_dict(value):
            context.todo("Model.as_dict", "this prints an openai object now, not a dict.")


def shown_in_call(context: Context, node: ast.Call, name: str) -> None:
    """Leave a TODO where a call prints or logs what it gets, or makes an exception of it."""
    if name in DUMPING and node.args and is_answer(context, node.args[0]):
        shown(context, node.args[0])
    if name in SHOWING or name.endswith(("Error", "Exception")):
        for value in [*node.args, *[keyword.value for keyword in node.keywords]]:
            shown(context, value)


def shown_in_format(context: Context, node: ast.BinOp) -> None:
    """Leave a TODO where `"…%s" % value` turns a value into a string."""
    texts = (ast.Constant, ast.JoinedStr)
    if isinstance(node.op, ast.Mod) and isinstance(node.left, texts):
        right = node.right
        for value in right.elts if isinstance(right, ast.Tuple) else [right]:
            shown(context, value)
