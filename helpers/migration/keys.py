"""Keys in an AzureKeyCredential that has a name: where the name can stand for the key itself."""

import ast
from collections.abc import Iterator

from helpers.migration import sdk
from helpers.migration.bindings import Binding
from helpers.migration.context import Context
from helpers.migration.kinds import Value, last_name, walk
from helpers.migration.values import Evaluator


def is_bare(context: Context, credential: Value) -> bool:
    """Whether the name of a credential can hold its key: clients read it, and nothing else does."""
    key = id(credential.node)
    if key not in context.bare:
        context.bare[key] = _is_bare(credential)
    return context.bare[key]


def _is_bare(credential: Value) -> bool:
    home, call = credential.home, credential.node
    if not isinstance(home, Evaluator) or not isinstance(call, ast.Call):
        return False
    statement = home.found.parents.get(id(call))
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return False
    target = statement.targets[0]
    values = [*call.args, *(one.value for one in call.keywords)]
    if len(values) != 1 or isinstance(values[0], ast.Starred) or is_empty(values[0]):
        return False
    if ast.unparse(values[0]) == ast.unparse(target) or read_elsewhere(home, target):
        return False
    readers = list(reading(home, target, call))
    return bool(readers) and all(
        is_credential(home, reader)
        and home.eval(reader) == {credential}
        and [binding.node for binding in bindings(home, reader)] == [call]
        for reader in readers
    )


def is_empty(value: ast.expr) -> bool:
    """Whether a key is the empty string: then a header holds the key."""
    return isinstance(value, ast.Constant) and value.value == ""


def reading(
    home: Evaluator, target: ast.expr, value: ast.AST | None
) -> Iterator[ast.Name | ast.Attribute]:
    """Yield all that may read a value which is assigned to a name or an attribute."""
    for node in walk(home.found.tree):
        if (
            isinstance(node, (ast.Name, ast.Attribute))
            and isinstance(node.ctx, ast.Load)
            and (type(node), last_name(node)) == (type(target), last_name(target))
            and any(binding.node is value for binding in bindings(home, node))
        ):
            yield node


def bindings(home: Evaluator, reader: ast.Name | ast.Attribute) -> list[Binding]:
    """Return what a name can be bound to at its place, or an attribute of that name anywhere."""
    if isinstance(reader, ast.Name):
        return home.found.visible(reader.id, reader)
    return [
        one
        for (_, name), every in home.found.fields.items()
        for one in every
        if name == reader.attr
    ]


def read_elsewhere(home: Evaluator, target: ast.expr) -> bool:
    """Whether a file beside may read the name: it names this file too."""
    local = isinstance(target, ast.Name) and home.found.places[id(target)][0].kind == "function"
    return not local and bool(home.resolver and home.resolver.named(home, last_name(target)))


def is_credential(home: Evaluator, reader: ast.expr) -> bool:
    """Whether an expression is the credential of a client that moves."""
    call = home.found.parents.get(id(reader))
    if isinstance(call, ast.keyword):
        name, call = call.arg, home.found.parents.get(id(call))
    else:
        second = isinstance(call, ast.Call) and len(call.args) > 1 and call.args[1] is reader
        name = "credential" if second else ""
    return name == "credential" and is_client(home, call)


def is_client(home: Evaluator, call: ast.AST | None) -> bool:
    """Whether a call makes a client that moves."""
    if not isinstance(call, ast.Call):
        return False
    made = {value.name.removeprefix("aio.") for value in home.eval(call.func)}
    return bool(made) and made <= {*sdk.CLIENTS[:2], "load_client"}
