"""Stand-ins of clients in tests: what `patch` names, and what a mock is asked."""

import ast

from helpers.migration import sdk
from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import NOTHING, Value, Values

# What only a mock's method has, and which of it compares the arguments of calls.
ARGUMENTS = frozenset(
    [
        "assert_any_call",
        "assert_awaited_once_with",
        "assert_awaited_with",
        "assert_called_once_with",
        "assert_called_with",
        "assert_has_calls",
        "await_args",
        "call_args",
        "call_args_list",
        "mock_calls",
    ]
)
MOCKED = ARGUMENTS | frozenset(
    [
        "assert_awaited",
        "assert_awaited_once",
        "assert_called",
        "assert_called_once",
        "assert_not_called",
        "await_count",
        "call_count",
        "called",
        "reset_mock",
        "return_value",
        "side_effect",
    ]
)


def is_patch(node: ast.Call) -> bool:
    """Whether a call is one of `patch`, `patch.object` or `monkeypatch.setattr`."""
    called = node.func
    if isinstance(called, ast.Name):
        return called.id == "patch"
    if not isinstance(called, ast.Attribute):
        return False
    owner = ast.unparse(called.value).rpartition(".")[2]
    return called.attr == "patch" or (owner, called.attr) in (
        ("patch", "object"),
        ("monkeypatch", "setattr"),
    )


def makes_mock(node: ast.Call) -> bool:
    """Whether `patch` makes the stand-in itself, and hands it over."""
    name = target(node)
    return name is not None and name is node.args[-1] and all(k.arg != "new" for k in node.keywords)


def target(node: ast.Call) -> ast.Constant | None:
    """Return the string that names what `patch` replaces."""
    for one in node.args[:2]:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            return one
    return None


def mocked(evaluator: Evaluating, node: ast.Call) -> Values:
    """Return what `patch` replaces: a class, a method or a client."""
    name = target(node)
    if name is None:
        return NOTHING
    path = str(name.value)
    if name is node.args[0]:
        last = path.rpartition(".")[2]
        plain = frozenset([Value("class", last)]) if last in sdk.CLIENTS else NOTHING
        return evaluator.dotted(path) or plain
    return frozenset(
        v for owner in evaluator.eval(node.args[0]) for v in evaluator.attribute(owner, path)
    )


def client_named(node: ast.Call) -> str:
    """Return the client's class that the string of a `patch` names; else ""."""
    name = target(node)
    parts = str(name.value).split(".") if name else []
    return next((part for part in parts if part in sdk.CLIENTS), "")


def mocked_method(node: ast.AST) -> str:
    """Return the method that code as `client.complete.return_value` stands for; else ""."""
    if not (isinstance(node, ast.Attribute) and node.attr in MOCKED):
        return ""
    method = node.value
    return method.attr if isinstance(method, ast.Attribute) and method.attr in sdk.METHODS else ""


def stands_in(node: ast.AST, around: ast.AST | None) -> bool:
    """Whether a method of a class looks like a client's, and does not call one."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    if not (isinstance(node, functions) and isinstance(around, ast.ClassDef)):
        return False
    named = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    return (
        node.name in sdk.METHODS
        and (sdk.KEYWORDS[node.name] in named or node.args.kwarg is not None)
        and not any(getattr(called, "attr", "") in sdk.METHODS for called in calls)
    )
