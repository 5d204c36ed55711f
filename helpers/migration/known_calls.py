"""What calls of well-known functions give: of Python, of asyncio, of mocks."""

import ast

from helpers.migration import sdk
from helpers.migration.annotations import annotation
from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import NOTHING, Value, Values, elements, key_name, last_name
from helpers.migration.mocks import is_patch

PASS_ON = frozenset(
    (
        "list",
        "sorted",
        "reversed",
        "iter",
        "as_completed",
        "tuple",
        "set",
        "deepcopy",
        "copy",
        "deque",
        "islice",
        "partial",
        "closing",
        "aclosing",
        "run",
        "wait_for",
        "create_task",
        "ensure_future",
        "run_until_complete",
        "shield",
        "cast",
        "enter_context",
        "enter_async_context",
    )
)
MOCKS = ("Mock", "MagicMock", "AsyncMock", "create_autospec")


def may_hold(owner: Value, key: ast.AST | None) -> bool:
    """Whether a dict can hold its items at a key."""
    return not owner.name or owner.name == (key_name(key) or owner.name)


def is_client(value: Value) -> bool:
    """Whether a value is a client of the SDK."""
    return value.kind == "object" and value.name.removeprefix("aio.") in sdk.CLIENTS


def is_mock(client: Value) -> bool:
    """Whether a client is one that `unittest.mock` makes."""
    return last_name(getattr(client.node, "func", None)) in MOCKS


def call_parts(node: ast.AST) -> tuple[str, list[ast.expr]]:
    """Return the last part of what is called, and the arguments; "" for what is no call."""
    if not isinstance(node, ast.Call):
        return "", []
    return last_name(node.func), node.args


def known_call(evaluator: Evaluating, node: ast.Call) -> Values:
    """Return what a call of a well-known function gives."""
    name = last_name(node.func)
    first = node.args[0] if node.args else None
    if name == "cast" and len(node.args) == 2:
        return annotation(evaluator, node.args[0]) or evaluator.eval(node.args[1])
    if name in PASS_ON:
        own = isinstance(node.func, ast.Attribute) and not node.args  # as in `messages.copy()`
        return evaluator.eval(node.func.value if own else first)  # type: ignore[attr-defined]
    if name in MOCKS:
        specs = [keyword.value for keyword in node.keywords if keyword.arg in ("spec", "spec_set")]
        made = annotation(evaluator, specs[0] if specs else first)
        return frozenset(Value("object", v.name, node=node) if is_client(v) else v for v in made)
    if is_patch(node):
        return evaluator.patched(node)
    if name == "result" and isinstance(node.func, ast.Attribute):
        return evaluator.eval(node.func.value)
    if name in ("Depends", "to_thread", "submit", "map"):
        values = [v for called in evaluator.eval(first) for v in evaluator.result(called, node)]
        return evaluator.holding(frozenset(values)) if name == "map" else frozenset(values)
    if name == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
        key, owners = str(node.args[1].value), evaluator.eval(first)
        return frozenset(v for owner in owners for v in evaluator.attribute(owner, key))
    return collection_call(evaluator, node, name, first)


def collection_call(
    evaluator: Evaluating, node: ast.Call, name: str, first: ast.expr | None
) -> Values:
    """Return what a call gives that makes a collection, or takes something out of one."""
    if name == "wait":  # a pair of collections
        return evaluator.holding(evaluator.eval(first))
    if name in ("next", "anext", "max", "min", "pop", "get", "setdefault", "values", "popleft"):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else first
        values = evaluator.eval(owner)
        keyed = name in ("get", "pop", "setdefault")
        key = first if keyed else None
        dicts = [v for v in values if v.kind == "dict" and may_hold(v, key)]
        inner = frozenset(i for v in dicts for i in v.items) | elements(values)
        if keyed:
            inner |= evaluator.union(node.args[1:2])
        return evaluator.holding(inner) if name == "values" else inner
    if name == "from_iterable":
        return evaluator.holding(elements(elements(evaluator.eval(first))))
    if name == "dict":
        return made_dict(evaluator, node)
    if name in ("enumerate", "zip", "items", "gather", "chain"):
        every = evaluator.union(node.args)
        return evaluator.holding(elements(every) or every)
    return NOTHING


def made_dict(evaluator: Evaluating, node: ast.Call) -> Values:
    """Return what `dict(…)` gives: a copy, a dict of pairs, or one with the names as keys."""
    values = evaluator.union(node.args[:1])
    found = {value for value in values if value.kind == "dict"}
    if pairs := elements(values):
        found.add(Value("dict", items=pairs))
    for option in node.keywords:
        if items := evaluator.eval(option.value):
            found.add(Value("dict", f"[{option.arg!r}]", items=items))
    return frozenset(found)
