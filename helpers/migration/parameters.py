"""What a parameter can be: by its annotation, its default, and what calls pass."""

import ast

from helpers.migration import sdk
from helpers.migration.annotations import annotation
from helpers.migration.bindings import Binding
from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import (
    NOTHING,
    Value,
    Values,
    elements,
    last_name,
    parameter_defaults,
    walk,
)
from helpers.migration.known_calls import call_parts
from helpers.migration.mocks import is_patch, makes_mock

# Functions that call another one, and which argument that is: its own arguments come after it.
HANDED_ON = {"map": 0, "filter": 0, "submit": 0, "to_thread": 0, "partial": 0, "run_in_executor": 1}


def parameter(evaluator: Evaluating, binding: Binding) -> Values:
    argument, function = binding.node, binding.extra
    assert isinstance(argument, ast.arg) and isinstance(function, ast.AST)
    key = id(argument)
    if key in evaluator.busy:
        evaluator.cut += 1
        return NOTHING
    evaluator.busy.add(key)
    try:
        owner = receiver(evaluator, argument, function) or patched_param(
            evaluator, argument, function
        )
        if owner:
            return owner
        values = annotation(evaluator, argument.annotation)
        closer = (*sdk.CLIENTS, *sdk.MADE_DICTS)
        if values and not any(v.name.removeprefix("aio.") in closer for v in values):
            return values
        passed_in = given(evaluator, argument, function)
        known = frozenset(v for v in passed_in if v.name in {one.name for one in values})
        if any(v.name in sdk.MADE_DICTS for v in known) and escapes(evaluator, function):
            return known | values  # others call it too, with what its type says
        return known or values or passed_in  # what is passed is known better than its type
    finally:
        evaluator.busy.discard(key)


def receiver(evaluator: Evaluating, argument: ast.arg, function: ast.AST) -> Values:
    """Return the instance that `self` is, if a parameter is one."""
    parent = evaluator.found.parents.get(id(function))
    if not isinstance(parent, ast.ClassDef) or not isinstance(
        function, (ast.FunctionDef, ast.AsyncFunctionDef)
    ):
        return NOTHING
    decorators = {getattr(one, "id", "") for one in function.decorator_list}
    first = [*function.args.posonlyargs, *function.args.args][:1]
    if first != [argument] or "staticmethod" in decorators:
        return NOTHING
    kind = "localclass" if "classmethod" in decorators else "instance"
    return frozenset([Value(kind, node=parent, home=evaluator)])


def patched_param(evaluator: Evaluating, argument: ast.arg, function: ast.AST) -> Values:
    """Return the stand-in that a decorator `@patch("module.Class")` hands to a parameter."""
    decorators = [
        one
        for one in reversed(getattr(function, "decorator_list", []))
        if isinstance(one, ast.Call) and is_patch(one) and makes_mock(one)
    ]
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    names = [one for one in arguments.args if one.arg != "self"]
    position = names.index(argument) if argument in names else len(decorators)
    return evaluator.patched(decorators[position]) if position < len(decorators) else NOTHING


def given(evaluator: Evaluating, argument: ast.arg, function: ast.AST) -> Values:
    """Return what the calls in this file, or the default, give a parameter."""
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    positional = [*arguments.posonlyargs, *arguments.args]
    position = positional.index(argument) if argument in positional else None
    found: set[Value] = set()
    name = getattr(function, "name", "")
    parent = evaluator.found.parents.get(id(function))
    if isinstance(function, ast.Lambda):
        return given_lambda(evaluator, parent)
    in_class = isinstance(parent, ast.ClassDef)
    called = parent.name if isinstance(parent, ast.ClassDef) and name == "__init__" else name
    for call in evaluator.found.calls.get(called, ()):
        offset = 1 if in_class else 0
        found |= passed(
            evaluator, call, argument.arg, None if position is None else position - offset
        )
    found |= evaluator.eval(parameter_defaults(function).get(argument))
    if position is not None:
        found |= handed_on(evaluator, function, position - int(in_class))
    if not found and evaluator.resolver and name and not in_class:
        for home, call in evaluator.resolver.callers(evaluator, function):
            found |= passed(home, call, argument.arg, position)
    if not found and name.startswith("test"):
        found |= fixture(evaluator, argument.arg, function)
    return frozenset(found)


def fixture(evaluator: Evaluating, name: str, test: ast.AST) -> Values:
    """Return what a fixture of pytest hands to a test, from this file or from conftest.py."""
    homes = [evaluator]
    if evaluator.resolver and (beside := evaluator.resolver.module(evaluator, "conftest", 0)):
        homes.append(beside)
    for home in homes:
        for one in home.found.scope.names.get(name, []):
            if one.how == "function" and one.node is not test:
                values = home.returned(one.node)
                return frozenset(v for v in values if v.kind != "list") | elements(values)
    return NOTHING


def handed_on(evaluator: Evaluating, function: ast.AST, position: int) -> Values:
    """Return what `map(function, …)`, `pool.submit(function, …)` and their like give it."""
    found: set[Value] = set()
    for how, first in HANDED_ON.items():
        for call in evaluator.found.calls.get(how, ()):
            place = first + 1 + position
            named = call.args[first] if len(call.args) > place else None
            if named and any(value.node is function for value in evaluator.eval(named)):
                values = evaluator.eval(call.args[place])
                found |= elements(values) if how in ("map", "filter") else values
    return frozenset(found)


def escapes(evaluator: Evaluating, function: ast.AST) -> bool:
    """Whether a function is handed on by its name, so that others may call it."""
    name, parents = getattr(function, "name", ""), evaluator.found.parents
    for node in walk(evaluator.found.tree):
        if last_name(node) == name and isinstance(node, (ast.Name, ast.Attribute)):
            parent = parents.get(id(node))
            if not (isinstance(parent, ast.Call) and parent.func is node):
                return True
    return False


def given_lambda(evaluator: Evaluating, parent: ast.AST | None) -> Values:
    """Return what `map`, `filter`, or the key of `sorted` and its like give a function."""
    above = evaluator.found.parents.get(id(parent)) if isinstance(parent, ast.keyword) else parent
    name, arguments = call_parts(above) if above else ("", [])
    if name in ("map", "filter"):
        return elements(evaluator.union(arguments[1:2]))
    return elements(evaluator.union(arguments[:1])) if name in ("sorted", "max", "min") else NOTHING


def passed(evaluator: Evaluating, call: ast.Call, name: str, position: int | None) -> Values:
    for keyword in call.keywords:
        if keyword.arg == name:
            return evaluator.eval(keyword.value)
    if position is None or not 0 <= position < len(call.args):
        return NOTHING
    if any(isinstance(one, ast.Starred) for one in call.args[: position + 1]):
        return NOTHING
    return evaluator.eval(call.args[position])
