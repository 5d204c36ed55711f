"""What a binding gives its name: assignments, loops, `with`, imports and the rest."""

import ast
from collections.abc import Callable

from helpers.migration.annotations import annotation
from helpers.migration.bindings import Binding
from helpers.migration.evaluating import Evaluating
from helpers.migration.kinds import NOTHING, Value, Values, elements
from helpers.migration.known_calls import PASS_ON, call_parts
from helpers.migration.parameters import parameter


def bound(evaluator: Evaluating, binding: Binding) -> Values:
    """Return what a binding gives its name; nothing where that is not known."""
    how = BOUND.get(binding.how)
    return how(evaluator, binding) if how else NOTHING


def bound_expr(evaluator: Evaluating, binding: Binding) -> Values:
    parent = evaluator.found.parents.get(id(binding.node))
    declared = parent.annotation if isinstance(parent, ast.AnnAssign) else None
    return evaluator.eval(binding.node) or annotation(evaluator, declared)


def bound_annotation(evaluator: Evaluating, binding: Binding) -> Values:
    return annotation(evaluator, binding.node)


def bound_iter(evaluator: Evaluating, binding: Binding) -> Values:
    return elements(evaluator.eval(binding.node))


def bound_item(evaluator: Evaluating, binding: Binding) -> Values:
    """Return what one name gets in `for number, one in enumerate(…)` and its like."""
    node, number = binding.node, binding.extra
    name, arguments = call_parts(node)
    if name in PASS_ON and arguments:
        passed = Binding("item", arguments[0], binding.line, binding.path, number)
        return bound_item(evaluator, passed)
    if name == "zip" and isinstance(number, int) and number < len(arguments):
        return elements(evaluator.eval(arguments[number]))
    if name == "enumerate" and number == 1 and arguments:
        return elements(evaluator.eval(arguments[0]))
    if name == "items" and number == 1 and isinstance(node, ast.Call):
        dicts = evaluator.eval(getattr(node.func, "value", None))
        return frozenset(i for v in dicts if v.kind == "dict" for i in v.items)
    return NOTHING


def bound_with(evaluator: Evaluating, binding: Binding) -> Values:
    values = evaluator.eval(binding.node)
    return frozenset(v for v in values if v.kind != "list") | elements(values)


def bound_unpack(evaluator: Evaluating, binding: Binding) -> Values:
    return elements(evaluator.eval(binding.node))


def bound_rest(evaluator: Evaluating, binding: Binding) -> Values:
    return evaluator.holding(elements(evaluator.eval(binding.node)))


def bound_except(evaluator: Evaluating, binding: Binding) -> Values:
    classes = evaluator.eval(binding.node)
    return frozenset(
        Value("object", v.name) for v in [*classes, *elements(classes)] if v.kind == "class"
    )


def bound_function(evaluator: Evaluating, binding: Binding) -> Values:
    return frozenset([Value("function", node=binding.node, home=evaluator)])


def bound_class(evaluator: Evaluating, binding: Binding) -> Values:
    return frozenset([Value("localclass", node=binding.node, home=evaluator)])


def bound_import(evaluator: Evaluating, binding: Binding) -> Values:
    alias = binding.node
    assert isinstance(alias, ast.alias)
    name = alias.name if alias.asname else alias.name.partition(".")[0]
    if name.partition(".")[0] == "azure":
        return frozenset([Value("module", name)])
    other = evaluator.resolver.module(evaluator, name, 0) if evaluator.resolver else None
    return frozenset([Value("file", home=other)]) if other else NOTHING


def bound_import_from(evaluator: Evaluating, binding: Binding) -> Values:
    statement, name = binding.node, str(binding.extra)
    assert isinstance(statement, ast.ImportFrom)
    module = statement.module or ""
    if not statement.level and module.partition(".")[0] == "azure":
        return evaluator.member(module, name)
    if not evaluator.resolver:
        return NOTHING
    other = evaluator.resolver.module(evaluator, module, statement.level)
    if other and (values := other.export(name)):
        return values
    below = evaluator.resolver.module(evaluator, f"{module}.{name}".strip("."), statement.level)
    return frozenset([Value("file", home=below)]) if below else NOTHING


BOUND: dict[str, Callable[[Evaluating, Binding], Values]] = {
    "param": parameter,
    "expr": bound_expr,
    "annotation": bound_annotation,
    "iter": bound_iter,
    "item": bound_item,
    "with": bound_with,
    "unpack": bound_unpack,
    "rest": bound_rest,
    "except": bound_except,
    "function": bound_function,
    "class": bound_class,
    "import": bound_import,
    "from": bound_import_from,
}
