"""Options of a client or a call that are kept in a dict: they get their new names there."""

import ast
from collections.abc import Collection

import libcst as cst

from helpers.migration.code import keyword, quoted, renamed, replaced
from helpers.migration.context import Context, is_none
from helpers.migration.formats import format_code
from helpers.migration.keys import bindings, is_client, read_elsewhere, reading
from helpers.migration.kinds import last_name
from helpers.migration.move_call import RENAMED as RENAMED_OF_CALLS, UNLIKE
from helpers.migration.move_client import DROPPED, RENAMED, ClientMover
from helpers.migration.options import keys, made_once

WAITS = {"read_timeout", "connection_timeout"}
SUCCESSORS = {
    **RENAMED,
    **dict.fromkeys(WAITS, "timeout"),
    "credential": "api_key",
    "endpoint": "base_url",
    "retry_policy": "max_retries",
    "user_agent": "default_headers",
}


# The options of a call that have other names or values; the rest stays as it is.
OF_CALLS = {
    **RENAMED_OF_CALLS,
    "response_format": "response_format",
    "model_extras": "extra_body",
}


def note_options(context: Context) -> None:
    """Note the dicts that a document takes options from, where all of it can move."""
    evaluator = context.evaluator
    calls = [call for every in evaluator.found.calls.values() for call in every]
    for call in calls:
        for option in call.keywords:
            if option.arg is None:
                method = method_of(context, call)
                if method or is_client(evaluator, call):
                    note_dict(context, call, option.value, method)


def method_of(context: Context, call: ast.AST | None) -> str:
    """Return the method of the SDK that a call is of, such as `ChatCompletionsClient.complete`."""
    values = context.values(call.func) if isinstance(call, ast.Call) else []
    names = {value.name for value in values if value.kind == "method"}
    name = next(iter(names), "")
    return name if len(names) == 1 and name.endswith((".complete", ".embed")) else ""


def note_dict(context: Context, call: ast.Call, value: ast.expr, method: str) -> None:
    """Note what stands behind `**` in a call, if it can move. `method` is "" in making a client."""
    evaluator, statements = context.evaluator, []
    made = made_once(evaluator, value) if isinstance(value, ast.Name) else value
    items, together = keys(evaluator, value), keys(evaluator, made)
    if items is None or together is None or not written_out(made):
        return
    if made is not value:
        statements = setting(context, made, method)
    if statements is None or not all_move(call, method, list(items), together):
        return
    context.options |= {id(node): call for node in (made, *statements)}
    context.spread.add(id(value))


def all_move(call: ast.Call, method: str, names: list[str], together: Collection[str]) -> bool:
    """Whether each option in a dict has a successor there, and some of them another name."""
    if method:
        return bool(set(names) & set(OF_CALLS)) and not set(names) & {*UNLIKE, "input_type"}
    beside = [option.arg for option in call.keywords if option.arg]
    return not clash([*names, *beside], together)


def written_out(made: ast.AST | None) -> bool:
    """Whether a dict is made of keys that stand in it, and of nothing else."""
    if isinstance(made, ast.Dict):
        return None not in made.keys
    if not isinstance(made, ast.Call) or last_name(made.func) != "dict" or made.args:
        return False
    return all(option.arg for option in made.keywords)


def clash(names: list[str], together: Collection[str]) -> bool:
    """Whether two options have one successor, other than the two waits where they are together."""
    successors = [SUCCESSORS.get(name, name) for name in names]
    return len(successors) - len(set(successors)) > (set(together) >= WAITS)


def setting(context: Context, made: ast.AST | None, method: str) -> list[ast.Assign] | None:
    """Return the statements that set items of a dict; None if anything else reads the dict."""
    home = context.evaluator
    statement = home.found.parents.get(id(made))
    target = named_by(statement)
    if not isinstance(target, ast.Name) or read_elsewhere(home, target):
        return None
    found: list[ast.Assign] = []
    for reader in reading(home, target, made):
        parent = home.found.parents.get(id(reader))
        above = home.found.parents.get(id(parent))
        if [one.node for one in bindings(home, reader) if one.how != "annotation"] != [made]:
            return None
        if isinstance(above, ast.Assign) and above.targets == [parent]:
            if not can_move(context, above, statement, method):
                return None
            found.append(above)
        elif not is_taken(context, parent, above, method):
            return None
    return found


def is_taken(context: Context, parent: ast.AST | None, above: ast.AST | None, method: str) -> bool:
    """Whether a reader of a dict gives it to a call like the one that is known."""
    if not (isinstance(parent, ast.keyword) and not parent.arg):
        return False
    return method_of(context, above) == method if method else is_client(context.evaluator, above)


def named_by(statement: ast.AST | None) -> ast.expr | None:
    """Return what a statement binds, if that is one thing."""
    if isinstance(statement, ast.AnnAssign):
        return statement.target
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return statement.targets[0]
    return None


def can_move(context: Context, statement: ast.Assign, made: ast.AST | None, method: str) -> bool:
    """Whether a statement that sets an item has one as its successor, or can go."""
    name, value = item_name(statement), statement.value
    if is_none(value) or not name:
        return False
    if method:
        return True
    if name in DROPPED:
        places = context.evaluator.found.places
        return places[id(statement)] == places[id(made)] and not commented(context, statement)
    if name == "retry_policy":
        return isinstance(value, ast.Call) and "retry_total" in {k.arg for k in value.keywords}
    return name in SUCCESSORS and name not in ("user_agent", "connection_timeout")


def item_name(statement: ast.Assign) -> str:
    """Return the key that a statement sets, where it is written out."""
    target = statement.targets[0]
    key = target.slice if isinstance(target, ast.Subscript) else None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def commented(context: Context, statement: ast.stmt) -> bool:
    """Whether a statement has a comment, beside it or in the line above it."""
    above, *own = context.facts.lines[statement.lineno - 2 : statement.end_lineno]
    return above.lstrip().startswith("#") or any("#" in line for line in own)


def moved(
    context: Context, call: ast.Call, arguments: list[cst.Arg], values: list[ast.expr]
) -> list[list[cst.Arg]]:
    """Return what takes the place of each option, as arguments of the client or the call."""
    if method := method_of(context, call):
        pairs = zip(arguments, values, strict=True)
        return [[of_call(context, method, argument, value)] for argument, value in pairs]
    symbols = sorted(value.name for value in context.values(call.func))
    mover = ClientMover(context, call, symbols[0])
    found = [
        mover.option(argument.keyword.value if argument.keyword else "", argument, value)
        for argument, value in zip(arguments, values, strict=True)
    ]
    mover.timeout(found)
    return found


def of_call(context: Context, method: str, argument: cst.Arg, value: ast.expr) -> cst.Arg:
    """Return what takes the place of one option of a call."""
    name = argument.keyword.value if argument.keyword else ""
    if name == "response_format":
        return argument.with_changes(value=format_code(context, method, argument.value, value))
    return renamed(argument, OF_CALLS.get(name, name))


def moved_keywords(context: Context, new: cst.Call, node: ast.Call) -> cst.Call:
    """Return a call of `dict` with the options of an openai client."""
    values = [option.value for option in node.keywords]
    return replaced(new, moved(context, context.options[id(node)], list(new.args), values))


def moved_dict(context: Context, new: cst.Dict, node: ast.Dict) -> cst.Dict:
    """Return a dict with the options of an openai client."""
    names = [str(key.value) for key in node.keys if isinstance(key, ast.Constant)]
    old = [keyword(name, element.value) for name, element in zip(names, new.elements, strict=True)]
    elements: list[cst.BaseDictElement] = []
    for element, arguments in zip(
        new.elements, moved(context, context.options[id(node)], old, node.values), strict=True
    ):
        for argument in arguments:
            assert isinstance(element, cst.DictElement) and argument.keyword
            key = renamed_key(element.key, argument.keyword.value)
            elements.append(element.with_changes(key=key, value=argument.value))
    if elements and len(elements) < len(new.elements):
        elements[-1] = elements[-1].with_changes(comma=new.elements[-1].comma)
    return new.with_changes(elements=elements)


def moved_item(
    context: Context, new: cst.Assign, node: ast.Assign
) -> cst.Assign | cst.RemovalSentinel:
    """Return the statement that sets an option of an openai client, if it has one."""
    old = keyword(item_name(node), new.value)
    (arguments,) = moved(context, context.options[id(node)], [old], [node.value])
    if not arguments:
        return cst.RemoveFromParent()
    (argument,) = arguments
    subscript = new.targets[0].target
    assert isinstance(subscript, cst.Subscript) and argument.keyword
    index = subscript.slice[0].slice
    assert isinstance(index, cst.Index)
    key = index.with_changes(value=renamed_key(index.value, argument.keyword.value))
    slices = [subscript.slice[0].with_changes(slice=key)]
    target = new.targets[0].with_changes(target=subscript.with_changes(slice=slices))
    return new.with_changes(targets=[target], value=argument.value)


def renamed_key(key: cst.BaseExpression, name: str) -> cst.BaseExpression:
    """Return a key with another name, in the quotes that it has."""
    single = isinstance(key, cst.SimpleString) and key.quote == "'"
    return cst.SimpleString(f"'{name}'") if single else quoted(name)
