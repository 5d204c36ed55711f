"""Values that can be None: the old SDK leaves them out of a request, openai sends null."""

import ast

import libcst as cst

from helpers.migration.bindings import Binding
from helpers.migration.code import code_of, expression
from helpers.migration.context import Context, is_none
from helpers.migration.kinds import last_name, parameter_defaults, walk

LOOKUPS = {"get": 1, "getenv": 1, "pop": 2, "getattr": 3}  # with None after that many arguments


def or_omit(context: Context, value: cst.BaseExpression, node: ast.expr) -> cst.BaseExpression:
    """Return the value of an argument, which is left out where it is None."""
    if is_none(node):
        return expression(context.needs.name("openai", "omit"))
    if isinstance(value, cst.IfExp) and isinstance(node, ast.IfExp):
        return value.with_changes(
            body=in_parentheses(or_omit(context, value.body, node.body), value.body),
            orelse=or_omit(context, value.orelse, node.orelse),
        )
    if (
        isinstance(value, cst.BooleanOperation)
        and isinstance(node, ast.BoolOp)
        and isinstance(node.op, ast.Or)
    ):
        return value.with_changes(right=or_omit(context, value.right, node.values[-1]))
    if not none_possible(context, node):
        return value
    code, omit = code_of(value), context.needs.name("openai", "omit")
    return expression(f"{omit} if {code} is None else {code}")


def in_parentheses(new: cst.BaseExpression, old: cst.BaseExpression) -> cst.BaseExpression:
    """Return a part that changed in parentheses, as it may be a condition now."""
    if new is old or isinstance(new, cst.Name):
        return new
    return new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def none_possible(context: Context, node: ast.expr) -> bool:
    """Whether a value can be None, as far as the program says so."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and tested(context, node):
        return False
    if isinstance(node, ast.IfExp):
        return any(is_none(n) or none_possible(context, n) for n in (node.body, node.orelse))
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        return is_none(node.values[-1]) or none_possible(context, node.values[-1])
    if isinstance(node, ast.Name):
        found = context.evaluator.found
        return any(binding_none(b) for b in found.visible(node.id, node))
    if isinstance(node, ast.Attribute):
        return attribute_none(context, node)
    return isinstance(node, ast.Call) and lookup_none(node)


def binding_none(binding: Binding) -> bool:
    """Whether a binding says that its name can be None."""
    if binding.how == "param":
        return param_none(binding.node, binding.extra)
    if binding.how == "annotation":
        return optional(binding.node)
    return binding.how == "expr" and is_none(binding.node)


def optional(annotation: ast.AST | None) -> bool:
    """Whether an annotation allows None."""
    text = ast.unparse(annotation) if annotation else ""
    return "None" in text or "Optional" in text


def param_none(argument: object, function: object) -> bool:
    """Whether a parameter's default or annotation says that it can be None."""
    assert isinstance(argument, ast.arg) and isinstance(function, ast.AST)
    default = parameter_defaults(function).get(argument)
    return optional(argument.annotation) or (default is not None and is_none(default))


def attribute_none(context: Context, node: ast.Attribute) -> bool:
    """Whether an attribute of a class of the program, or an option of argparse, can be None."""
    found = context.evaluator.found
    for owner in context.values(node.value):
        if owner.kind == "instance" and owner.home is context.evaluator:
            bindings = found.fields.get((id(owner.node), node.attr), ())
            return any(binding_none(b) or passed_none(context, b) for b in bindings)
    if not isinstance(node.value, ast.Name):
        return False
    made = found.visible(node.value.id, node.value)
    parsed = any(b.how in ("param", "unpack") or is_parsed(b.node) for b in made)
    return parsed and option_none(found.calls.get("add_argument", []), node.attr)


def is_parsed(node: ast.AST) -> bool:
    """Whether an expression is what argparse read from the command line."""
    return isinstance(node, ast.Call) and last_name(node.func) in ("parse_args", "parse_known_args")


def tested(context: Context, node: ast.expr) -> bool:
    """Whether a value is used only where a test found it: `if seed: options["seed"] = seed`."""
    code, here = ast.unparse(node), context.parent(node)
    below: ast.AST = node
    while here and not isinstance(here, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        body = here.body if isinstance(here, (ast.If, ast.IfExp)) else []
        inside = below in body if isinstance(body, list) else below is body
        if inside and isinstance(here, (ast.If, ast.IfExp)) and finds(here.test, code):
            return True
        below, here = here, context.parent(here)
    return False


def finds(test: ast.expr, code: str) -> bool:
    """Whether a test that is true says that an expression is not None."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(finds(part, code) for part in test.values)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.IsNot, ast.NotEq)):
        return ast.unparse(test.left) == code and is_none(test.comparators[0])
    return ast.unparse(test) == code


def passed_none(context: Context, binding: Binding) -> bool:
    """Whether an attribute is set to a parameter that can be None."""
    return isinstance(binding.node, ast.Name) and none_possible(context, binding.node)


def option_none(options: list[ast.Call], name: str) -> bool:
    """Whether an option of argparse is None where the command line does not give it."""
    for option in options:
        flags = [one.value for one in option.args if isinstance(one, ast.Constant)]
        keywords = {keyword.arg: keyword.value for keyword in option.keywords}
        if name in flags and keywords.get("nargs"):  # an argument that may be missing
            return ast.unparse(keywords["nargs"]) == "'?'" and "default" not in keywords
        if f"--{name.replace('_', '-')}" in flags or f"--{name}" in flags:
            given = keywords.get("default") or keywords.get("required") or keywords.get("action")
            return given is None or is_none(given)
    return False


def lookup_none(node: ast.Call) -> bool:
    """Whether a call looks something up that may be missing, as `options.get("seed")` does."""
    plain = LOOKUPS.get(last_name(node.func))
    given = len(node.args)
    if plain is None or node.keywords or not given:
        return False
    if plain == 1:
        return given == 1 or (given == 2 and is_none(node.args[1]))
    return given == plain and is_none(node.args[-1])


def asked_for(context: Context, node: ast.expr, name: str) -> bool:
    """Whether a test in the function around a node, or in its module, names something."""
    around: ast.AST = context.evaluator.found.places[id(node)][0].node
    tests = [n.test for n in walk(around) if isinstance(n, (ast.If, ast.IfExp, ast.While))]
    return any(name in ast.unparse(test).lower() for test in tests)
