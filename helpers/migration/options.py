"""The dicts that the options of a call are kept in."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.migration.bindings import Binding
from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import last_name

COPIES = ("copy", "deepcopy")


@dataclass(frozen=True)
class Options:
    """The items of a dict.

    Attributes:
        items: each key that it can have, with a value.
        sure: the keys that it has in every case.
    """

    items: dict[str, ast.expr]
    sure: frozenset[str]

    def with_more(self, more: "Options", in_every_case: bool = True) -> "Options":
        """Return the options with others put in."""
        sure = self.sure | more.sure if in_every_case else self.sure
        return Options({**self.items, **more.items}, sure)

    def instead(self, other: "Options") -> "Options":
        """Return what holds for these options, or for others in their place."""
        return Options({**self.items, **other.items}, self.sure & other.sure)


NONE = Options({}, frozenset())


def keys(evaluator: Evaluating, node: ast.AST | None) -> dict[str, ast.expr] | None:
    """Return the items that a dict can have, or None where it cannot be followed."""
    found = options(evaluator, node)
    return None if found is None else found.items


def options(
    evaluator: Evaluating, node: ast.AST | None, busy: frozenset[int] = frozenset()
) -> Options | None:
    """Return the options in a dict, or None where it cannot be followed."""
    if id(node) in busy:
        return None
    busy |= {id(node)}
    if isinstance(node, ast.Dict):
        return of_pairs(evaluator, zip(node.keys, node.values, strict=True), busy)
    if isinstance(node, ast.Call):
        return of_call(evaluator, node, busy)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return together(evaluator, [node.left, node.right], busy)
    if isinstance(node, (ast.IfExp, ast.BoolOp)):
        both = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
        return one_of([options(evaluator, part, busy) for part in both])
    if isinstance(node, ast.Name) and id(node) in evaluator.found.places:
        return of_name(evaluator, node, busy)
    return None


def together(
    evaluator: Evaluating, parts: Iterable[ast.AST], busy: frozenset[int]
) -> Options | None:
    """Return the options of several dicts in one."""
    found = NONE
    for part in parts:
        more = options(evaluator, part, busy)
        if more is None:
            return None
        found = found.with_more(more)
    return found


def one_of(every: list[Options | None]) -> Options | None:
    """Return what holds whichever of some dicts it is."""
    found = every[0] if every else None
    for other in every[1:]:
        found = None if found is None or other is None else found.instead(other)
    return found


def of_pairs(
    evaluator: Evaluating,
    pairs: Iterable[tuple[ast.expr | None, ast.expr]],
    busy: frozenset[int],
) -> Options | None:
    """Return the options of a dict that is written out, with those of dicts that it spreads."""
    found = NONE
    for key, value in pairs:
        more = options(evaluator, value, busy) if key is None else one(key, value)
        if more is None:
            return None
        found = found.with_more(more)
    return found


def one(key: ast.expr, value: ast.expr) -> Options | None:
    """Return one option; None where its key is not written out."""
    if not isinstance(key, ast.Constant):
        return None
    return Options({str(key.value): value}, frozenset([str(key.value)]))


def of_call(evaluator: Evaluating, node: ast.Call, busy: frozenset[int]) -> Options | None:
    """Return the options that `dict(…)`, a copy, or a function of the program gives."""
    name = last_name(node.func)
    if name == "dict" and isinstance(node.func, ast.Name) and len(node.args) < 2:
        return given(evaluator, node, busy)
    if name in COPIES and len(node.args) < 2:
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return options(evaluator, node.args[0] if node.args else owner, busy)
    functions = [value for value in evaluator.eval(node.func) if value.kind == "function"]
    returned = [
        (how, value)
        for function in functions
        for how, value in evaluator.found.returns.get(id(function.node), ())
    ]
    if len(functions) != 1 or any(how != "return" for how, _ in returned):
        return None
    return one_of([options(evaluator, value, busy) for _, value in returned])


def given(evaluator: Evaluating, node: ast.Call, busy: frozenset[int]) -> Options | None:
    """Return the options that a call of `dict` or `update` is given."""
    found = together(evaluator, node.args, busy)
    pairs = [(ast.Constant(k.arg) if k.arg else None, k.value) for k in node.keywords]
    more = of_pairs(evaluator, pairs, busy)
    return None if found is None or more is None else found.with_more(more)


def made_once(evaluator: Evaluating, node: ast.Name) -> ast.AST | None:
    """Return what a name is bound to, if that is one expression, and not another name."""
    made = [
        one
        for one in evaluator.found.visible(node.id, node)
        if one.how != "annotation" and not is_changing(evaluator, one)
    ]
    once = len(made) == 1 and made[0].how == "expr"
    return made[0].node if once and not isinstance(made[0].node, ast.Name) else None


def is_changing(evaluator: Evaluating, binding: Binding) -> bool:
    """Whether a binding only puts more into a dict: `options |= {…}`."""
    statement = evaluator.found.parents.get(id(binding.node))
    return isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.BitOr)


def of_name(evaluator: Evaluating, node: ast.Name, busy: frozenset[int]) -> Options | None:
    """Return the options in a dict that has a name, with those that are put in later."""
    made = made_once(evaluator, node)
    found = options(evaluator, made, busy) if made else None
    if found is None or changed_by_function(evaluator, node):
        return None
    for place, more in later(evaluator, node, busy):
        if more is None:
            return None
        found = found.with_more(more, always_before(evaluator, place, node))
    return Options(found.items, found.sure - popped(evaluator, node))


def popped(evaluator: Evaluating, node: ast.Name) -> set[str]:
    """Return the keys that a program takes out of a dict that has a name."""
    return {
        str(call.args[0].value)
        for call in evaluator.found.calls.get("pop", ())
        if getattr(getattr(call.func, "value", None), "id", "") == node.id
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def later(
    evaluator: Evaluating, node: ast.Name, busy: frozenset[int]
) -> Iterable[tuple[ast.AST, Options | None]]:
    """Yield where options are put into a dict that has a name, and which."""
    found = evaluator.found
    bindings = set(found.visible(node.id, node))
    for key, value in found.items.get(node.id, ()):
        if found.sees(node.id, key, bindings):
            yield key, one(key, value)
    for binding in bindings:
        if is_changing(evaluator, binding):
            yield binding.node, options(evaluator, binding.node, busy)
    for call in found.puts.get(node.id, ()):
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if owner is None or not found.sees(node.id, owner, bindings):
            continue
        if last_name(call.func) == "setdefault" and len(call.args) == 2:
            yield call, one(*call.args)
        else:
            yield call, given(evaluator, call, busy)


def always_before(evaluator: Evaluating, first: ast.AST, then: ast.AST) -> bool:
    """Whether one place is always passed before another one."""
    scope, path = evaluator.found.places.get(id(first), (None, ()))
    other, below = evaluator.found.places[id(then)]
    earlier = getattr(first, "lineno", 0) <= getattr(then, "lineno", 0)
    return scope is other and below[: len(path)] == path and earlier


def changed_by_function(evaluator: Evaluating, node: ast.Name) -> bool:
    """Whether a dict that has a name is passed to a function of the program that changes it."""
    found = evaluator.found
    bindings = found.visible(node.id, node)
    for call in (one for every in found.calls.values() for one in every):
        names = {k.arg: k.value for k in call.keywords if k.arg}
        passed = [one for one in [*call.args, *names.values()] if getattr(one, "id", "") == node.id]
        if not any(found.sees(node.id, one, bindings) for one in passed):
            continue
        for function in evaluator.eval(call.func):
            if function.kind == "function" and function.node and changes(evaluator, function.node):
                return True
    return False


def changes(evaluator: Evaluating, function: ast.AST) -> bool:
    """Whether a function puts something into a dict that it is given."""
    arguments: ast.arguments = function.args  # type: ignore[attr-defined]
    for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        owners = [key for key, _ in evaluator.found.items.get(one.arg, ())]
        owners += evaluator.found.puts.get(one.arg, ())
        for owner in owners:
            if any(b.node is one for b in evaluator.found.visible(one.arg, owner)):
                return True
    return False
