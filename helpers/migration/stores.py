"""What a program puts into lists, dicts and queues, and into attributes of objects of others.

A path names such a place: `st.session_state.messages` and `st.session_state["messages"]` have the
same one, and `histories[user]` has the path `histories.*`.
"""

import ast

from helpers.migration.bindings import Binding
from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import NOTHING, Value, Values, elements, key_name, last_name

ADDING = ("append", "appendleft", "add", "insert", "put", "put_nowait")
PUTTERS = (*ADDING, "extend", "setdefault", "update")
MAPPINGS = ("dict", "defaultdict", "OrderedDict")


def path_of(node: ast.AST) -> str:
    """Return the path of a name, an attribute or an item; "" for any other expression."""
    if isinstance(node, ast.Name):
        return node.id
    if not isinstance(node, (ast.Attribute, ast.Subscript)):
        return ""
    owner = path_of(node.value)
    if isinstance(node, ast.Attribute):
        name = node.attr
    else:
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        name = key if isinstance(key, str) else "*"
    return f"{owner}.{name}" if owner else ""


def root(node: ast.AST) -> ast.Name:
    """Return the name at which a path begins."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    assert isinstance(node, ast.Name)
    return node


def same_place(evaluator: Evaluating, one: ast.AST, other: ast.AST) -> bool:
    """Whether two expressions with one path begin at the same object."""
    first, second = root(one), root(other)
    places = evaluator.found.places
    if first.id in ("self", "cls"):
        return class_around(evaluator, first) is class_around(evaluator, second)
    if id(first) not in places or id(second) not in places:
        return False
    bindings = evaluator.found.visible(first.id, first)
    others = evaluator.found.visible(second.id, second)
    return bindings == others or not set(bindings).isdisjoint(others)


def class_around(evaluator: Evaluating, node: ast.AST | None) -> ast.AST | None:
    """Return the class that a node is in."""
    while node and not isinstance(node, ast.ClassDef):
        node = evaluator.found.parents.get(id(node))
    return node


def stored(evaluator: Evaluating, node: ast.Attribute | ast.Subscript) -> Values:
    """Return what a program itself stores at an attribute or an item of an unknown object."""
    path = path_of(node)
    if not path:
        return NOTHING
    found = put_into(evaluator, node)
    for target, binding in evaluator.found.stored.get(path, ()):
        if same_place(evaluator, target, node):
            found |= evaluator.bound(binding)
    return found


def put_into(evaluator: Evaluating, node: ast.Name | ast.Attribute | ast.Subscript) -> Values:
    """Return the lists and dicts of what calls put into a place."""
    found: set[Value] = set()
    for call in evaluator.found.puts.get(path_of(node), ()):
        if isinstance(call.func, ast.Attribute) and same_place(evaluator, call.func.value, node):
            found |= put(evaluator, call)
    return frozenset(found)


def put_into_field(evaluator: Evaluating, owner: ast.AST, name: str) -> Values:
    """Return the lists and dicts of what the methods of a class put into an attribute."""
    found: set[Value] = set()
    for path in (f"self.{name}", f"cls.{name}"):
        for call in evaluator.found.puts.get(path, ()):
            if class_around(evaluator, call) is owner:
                found |= put(evaluator, call)
    return frozenset(found)


def put(evaluator: Evaluating, call: ast.Call) -> Values:
    """Return a list or a dict of what one call puts into its owner."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in ADDING:
        return evaluator.holding(evaluator.union(call.args[-1:]))
    values = evaluator.union(call.args[:1])
    if name == "extend":
        return evaluator.holding(elements(values))
    if name == "setdefault":
        values = evaluator.union(call.args[1:2])
        return of_key(key_name(call.args[0]), values) if values else NOTHING
    for keyword in call.keywords:
        values |= of_key(f"[{keyword.arg!r}]", evaluator.eval(keyword.value))
    return values


def of_key(key: str, values: Values) -> Values:
    """Return a dict that holds values at a key."""
    return frozenset([Value("dict", key, items=values)]) if values else NOTHING


def set_later(evaluator: Evaluating, node: ast.Name, bindings: list[Binding]) -> Values:
    """Return what a dict holds by `name[key] = value`, besides what it is made with."""
    if not any(may_be_dict(binding) for binding in bindings):
        return NOTHING
    found: set[Value] = set()
    for key, value in evaluator.found.items.get(node.id, ()):
        if evaluator.found.sees(node.id, key, bindings):
            found |= of_key(key_name(key), evaluator.eval(value))
    return frozenset(found)


def may_be_dict(binding: Binding) -> bool:
    """Whether a name can be bound to a dict of the program."""
    made = binding.node
    if isinstance(made, ast.Call):
        return last_name(made.func) in MAPPINGS
    return isinstance(made, ast.Dict) or binding.how == "param"
