"""What a value can be: of the old SDK, or of the program itself."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from helpers.migration import sdk


class Home(Protocol):
    """The file of a class or function: what its values are asked for."""

    def export(self, name: str) -> "Values":
        """Return what another file gets that imports a name from this one."""
        ...

    def own_attribute(self, owner: "Value", name: str, depth: int = 0) -> "Values":
        """Return an attribute of a class of this file, or of its bases."""
        ...

    def union(self, nodes: Iterable[ast.AST | None]) -> "Values":
        """Return what any of several expressions can be."""
        ...

    def returned(self, function: ast.AST | None) -> "Values":
        """Return what a function of this file returns."""
        ...


@dataclass(frozen=True)
class Value:
    """One thing that an expression can be.

    Attributes:
        kind: module, class, object, member (of an enum), method, list, dict, function,
            localclass, instance, file or mock (what stands for a class in a test).
        name: the symbol, for what belongs to the SDK; the qualified name of a module.
        items: what a list or dict holds, or the owner of a method.
        node: where a client is made, or the function or class of this program.
        home: the file that `node` is in.
    """

    kind: str
    name: str = ""
    items: "frozenset[Value]" = frozenset()
    node: ast.AST | None = None
    home: Home | None = field(default=None, repr=False)


Values = frozenset[Value]
NOTHING: Values = frozenset()
STREAM_ITEM = Value("object", "StreamingChatCompletionsUpdate")


def is_known(values: Values) -> bool:
    """Whether values are of the SDK, so that their attributes and items are known."""
    return any(value.kind in ("object", "class", "module", "member") for value in values)


def is_dict(value: Value) -> bool:
    """Whether a value of the SDK is a dict after the move."""
    return value.name in sdk.REQUESTS or (value.name in sdk.MADE_DICTS and value.node is not None)


def typed(name: str) -> Values:
    """Return the value of a field's type: a class, "[class]" or ""."""
    if not name:
        return NOTHING
    if name.startswith("["):
        return frozenset([Value("list", items=typed(name[1:-1]))])
    return frozenset([Value("object", name)])


def elements(values: Iterable[Value]) -> Values:
    """Return what iterating over values gives."""
    found: set[Value] = set()
    for value in values:
        if value.kind == "list":
            found |= value.items
        elif value.kind == "object" and value.name in sdk.STREAMS:
            found.add(STREAM_ITEM)
    return frozenset(found)


MODEL_METHODS = (
    "as_dict",
    "get",
    "items",
    "keys",
    "values",
    "copy",
    "pop",
    "popitem",
    "clear",
    "update",
    "setdefault",
)
STREAM_METHODS = (
    "close",
    "aclose",
    "__enter__",
    "__exit__",
    "__aenter__",
    "__aexit__",
    "__iter__",
    "__next__",
)
ENTERED = ("__enter__", "__aenter__")
CLIENT_METHODS = ("complete", "embed", "close", "get_model_info", "send_request")


def class_attribute(owner: Value, name: str) -> Values:
    """Return what an attribute of a class of the SDK is."""
    if name in sdk.ENUMS.get(owner.name, ()):
        return frozenset([Value("member", f"{owner.name}.{name}")])
    if name in ("load", "from_prompty", "from_string", "from_connection_string"):
        return frozenset([Value("method", f"{owner.name}.{name}")])
    return NOTHING


def mock_attribute(owner: Value, name: str) -> Values:
    """Return what an attribute of a stand-in is, which is made by `unittest.mock`."""
    if name != "return_value":
        return NOTHING
    if owner.kind == "mock":
        return frozenset([Value("object", owner.name)])
    return owner.items if owner.name.endswith(ENTERED) else NOTHING


def object_attribute(owner: Value, name: str) -> Values:
    """Return what an attribute of an object of the SDK is."""
    plain = owner.name.removeprefix("aio.")
    own = frozenset([owner])
    if name == ("embed" if plain == "ChatCompletionsClient" else "complete"):
        return NOTHING  # of the other kind of client
    if plain in sdk.CLIENTS and name in (*CLIENT_METHODS, *ENTERED):
        return frozenset([Value("method", f"{owner.name}.{name}", items=own)])
    if plain == "AIProjectClient":
        prefix = "aio." if owner.name.startswith("aio.") else ""
        return (
            frozenset([Value("object", f"{prefix}Inference")]) if name == "inference" else NOTHING
        )
    if plain == "Inference" and name in sdk.PROJECT_METHODS:
        return frozenset([Value("method", f"{owner.name}.{name}")])
    if plain in sdk.REQUESTS or plain in sdk.ANSWERS:
        if name in MODEL_METHODS:
            return frozenset([Value("method", f"{owner.name}.{name}", items=own)])
        values = typed(sdk.field_type(plain, name) or "")
        if plain in sdk.MADE_DICTS and owner.node:  # what is in a dict is a dict as well
            return frozenset(replace(value, node=owner.node, home=owner.home) for value in values)
        return values
    if plain in sdk.OTHER_CLASSES or (plain in sdk.STREAMS and name in STREAM_METHODS):
        return frozenset([Value("method", f"{plain}.{name}", items=own)])
    return typed(sdk.field_type(plain, name) or "")


def last_name(node: ast.AST | None) -> str:
    """Return the last part of a name, such as `c` of `a.b.c`; "" for what is no name."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def key_name(key: ast.AST | None) -> str:
    """Return the name of a dict that holds what is at one key; "" where the key is not known."""
    return f"[{key.value!r}]" if isinstance(key, ast.Constant) else ""


def parameter_defaults(function: ast.AST) -> dict[ast.arg, ast.expr]:
    """Return the default of each parameter that has one."""
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    positional = [*arguments.posonlyargs, *arguments.args]
    found = dict(zip(positional[::-1], arguments.defaults[::-1], strict=False))
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found | {argument: default for argument, default in named if default}


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree in the order of the source."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(list(ast.iter_child_nodes(node))))
