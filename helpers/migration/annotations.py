"""What a value is by its annotation."""

import ast

from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import NOTHING, Value, Values, last_name

WRAPPERS = frozenset(
    (
        "Iterable",
        "Iterator",
        "Generator",
        "AsyncIterable",
        "AsyncIterator",
        "AsyncGenerator",
        "List",
        "list",
        "Sequence",
        "tuple",
        "Tuple",
        "set",
        "Set",
        "Collection",
        "MutableSequence",
    )
)
TRANSPARENT = (
    "Optional",
    "Union",
    "Annotated",
    "Awaitable",
    "Coroutine",
    "Type",
    "ClassVar",
    "Final",
    "Required",
    "NotRequired",
    "ReadOnly",
    "SkipValidation",
    "InstanceOf",
)
MAPPINGS = ("Dict", "dict", "Mapping", "MutableMapping", "DefaultDict", "defaultdict")
GENERIC = frozenset((*WRAPPERS, *TRANSPARENT, *MAPPINGS, "Callable", "Generic", "Protocol"))


def annotation(evaluator: Evaluating, node: ast.AST | None) -> Values:
    """Return what a value is by its annotation."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return quoted(evaluator, node)
    if isinstance(node, (ast.Name, ast.Attribute)):
        values = frozenset(
            instance_of(evaluator, value)
            for value in evaluator.eval(node)
            if value.kind in ("class", "localclass")
        )
        return values or alias(evaluator, node)
    if isinstance(node, ast.BinOp):
        return annotation(evaluator, node.left) | annotation(evaluator, node.right)
    if isinstance(node, ast.Tuple):
        return frozenset(v for part in node.elts for v in annotation(evaluator, part))
    if isinstance(node, ast.Subscript):
        outer = last_name(node.value)
        inner = annotation(evaluator, node.slice)
        if outer in TRANSPARENT or not inner:
            return inner
        if outer in MAPPINGS:
            return frozenset([Value("dict", items=inner)])
        return frozenset([Value("list", items=inner)]) if outer in WRAPPERS else NOTHING
    return NOTHING


def alias(evaluator: Evaluating, node: ast.Name | ast.Attribute) -> Values:
    """Return what a name for a type stands for, as in `Client = Annotated[…]`."""
    if not isinstance(node, ast.Name) or id(node) not in evaluator.found.places:
        return NOTHING
    for binding in evaluator.found.visible(node.id, node):
        if binding.how == "expr" and isinstance(binding.node, (ast.Subscript, ast.BinOp)):
            return annotation(evaluator, binding.node)
    return NOTHING


def quoted(evaluator: Evaluating, node: ast.Constant) -> Values:
    try:
        inner = ast.parse(str(node.value), mode="eval").body
    except (SyntaxError, ValueError):
        return NOTHING
    place = evaluator.found.places.get(id(node))
    if not place:
        return NOTHING
    for part in ast.walk(inner):
        evaluator.found.places[id(part)] = place
        ast.copy_location(part, node)
    values = annotation(evaluator, inner)
    for part in ast.walk(inner):
        evaluator.found.places.pop(id(part), None)
        evaluator.memo.pop(id(part), None)
    return values


def instance_of(evaluator: Evaluating, value: Value) -> Value:
    if value.kind == "localclass":
        return Value("instance", node=value.node, home=value.home)
    return Value("object", value.name)
