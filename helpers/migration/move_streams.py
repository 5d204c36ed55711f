"""Rewrite the loops over a stream."""

import ast
from collections.abc import Iterator

import libcst as cst

from helpers.migration.code import expression
from helpers.migration.context import Context
from helpers.migration.kinds import STREAM_ITEM, elements, last_name

ASYNC_STREAM = "AsyncStreamingChatCompletions"
LEAVES = (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom)
CLOSERS = ("close", "aclose", "aclosing", "enter_async_context", "push_async_exit")
NO_CHOICES = "the first chunk can have no choices."


def moved_loop(
    context: Context, new: cst.For, node: ast.For | ast.AsyncFor, indent: str
) -> cst.For | cst.With:
    """Return a loop that skips chunks without choices, and closes a stream that it may leave."""
    if STREAM_ITEM not in elements(context.values(node.iter)):
        return new
    guarded = with_guard(context, new, node, indent)
    if isinstance(node, ast.AsyncFor) and may_leave(node) and open_stream(context, node):
        return closing(context, guarded, node, indent)
    return guarded


def with_guard(
    context: Context, new: cst.For, node: ast.For | ast.AsyncFor, indent: str
) -> cst.For:
    """Return a loop that skips chunks without choices, where its body does not."""
    name = node.target.id if isinstance(node.target, ast.Name) else ""
    body = ast.Module(body=node.body, type_ignores=[])
    if not name or not unguarded(body, name):
        return new
    if not isinstance(new.body, cst.IndentedBlock):
        context.todo("StreamingChatCompletionsUpdate.choices", NO_CHOICES)
        return new
    more = f" and not {name}.usage" if reads_usage(body, name) else ""
    guard = f"if not {name}.choices{more}:\n    continue\n"
    statement = cst.parse_statement(guard.replace("    ", new.body.indent or indent))
    return new.with_changes(body=new.body.with_changes(body=[statement, *new.body.body]))


def moved_comprehension(context: Context, new: cst.CompFor, node: ast.expr | None) -> cst.CompFor:
    """Return the loop of a comprehension that skips chunks without choices."""
    name = new.target.value if isinstance(new.target, cst.Name) else ""
    if not name or node is None or STREAM_ITEM not in elements(context.values(node)):
        return new
    parent = context.parent(context.parent(node))
    if parent is None or not unguarded(parent, name):
        return new
    test = cst.CompIf(expression(f"{name}.choices"), whitespace_before=cst.SimpleWhitespace(" "))
    return new.with_changes(ifs=[test, *new.ifs])


# Streams that a loop leaves before their end.


APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def own_statements(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what a loop runs: its body, without the functions and classes that it defines."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, APART):
            yield node
            waiting += ast.iter_child_nodes(node)


def may_leave(node: ast.AsyncFor) -> bool:
    """Whether a loop may end before its stream does; one that yields ends when its reader does."""
    inner = {
        id(part)
        for loop in own_statements(node.body)
        if isinstance(loop, (ast.For, ast.AsyncFor, ast.While))
        for part in own_statements(loop.body)
        if isinstance(part, ast.Break)
    }
    return any(
        isinstance(part, LEAVES) and id(part) not in inner for part in own_statements(node.body)
    )


def open_stream(context: Context, node: ast.AsyncFor) -> bool:
    """Whether a loop runs over a stream that nothing in its function closes."""
    values = context.values(node.iter)
    if not values or any(value.name != ASYNC_STREAM for value in values):
        return False
    if isinstance(node.iter, ast.Await):
        return True
    where: ast.AST = context.evaluator.found.places[id(node)][0].node
    if isinstance(node.iter, ast.Attribute):
        where = context.evaluator.found.tree  # another method may close it
    elif not isinstance(node.iter, ast.Name):
        return False
    name = ast.unparse(node.iter)
    if any(closes(part, name) for part in ast.walk(where)):
        return False
    if isinstance(node.iter, ast.Attribute):
        what = f"close {name} where this loop ends before it does."
        context.todo("AsyncStreamingChatCompletions.aclose", what)
        return False
    return True


def closes(node: ast.AST, name: str) -> bool:
    """Whether code closes what has a name, as `async with name` and `await name.close()` do."""
    if isinstance(node, ast.withitem):
        targets = (node.context_expr, node.optional_vars)
        return any(one is not None and ast.unparse(one) == name for one in targets)
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    owner = [called.value] if isinstance(called, ast.Attribute) else []
    return last_name(called) in CLOSERS and any(
        ast.unparse(one) == name for one in [*owner, *node.args]
    )


def closing(context: Context, new: cst.For, node: ast.AsyncFor, indent: str) -> cst.For | cst.With:
    """Return a loop within `async with`, which closes its stream."""
    stream, alias = new.iter, None
    if not isinstance(node.iter, ast.Name):
        name = next(n for n in ("stream", "chunks", "openai_stream") if free(context, node, n))
        alias = cst.AsName(cst.Name(name), whitespace_before_as=cst.SimpleWhitespace(" "))
        new = new.with_changes(iter=cst.Name(name))
    return cst.With(
        [cst.WithItem(stream, alias)],
        cst.IndentedBlock([new.with_changes(leading_lines=[])]),
        asynchronous=cst.Asynchronous(),
        leading_lines=new.leading_lines,
    )


def free(context: Context, node: ast.AST, name: str) -> bool:
    """Whether no code in the function around a node, or in its module, has a name."""
    around: ast.AST = context.evaluator.found.places[id(node)][0].node
    names = {part.id for part in ast.walk(around) if isinstance(part, ast.Name)}
    names |= {part.arg for part in ast.walk(around) if isinstance(part, ast.arg)}
    return name == "openai_stream" or name not in names


# Chunks without choices.


def first_choice(context: Context, node: ast.Subscript) -> None:
    """Leave a TODO at `update.choices[0]` where no loop can skip an update without choices."""
    choices = node.value
    if not (isinstance(choices, ast.Attribute) and choices.attr == "choices"):
        return
    if STREAM_ITEM not in context.values(choices.value):
        return
    name = ast.unparse(choices.value)
    if isinstance(choices.value, ast.Name):
        bindings = context.evaluator.found.visible(name, choices.value)
        around = context.evaluator.found.places[id(node)][0].node
        if any(binding.how == "iter" for binding in bindings) or not unguarded(around, name):
            return
    context.todo("StreamingChatCompletionsUpdate.choices", NO_CHOICES)


def unguarded(node: ast.AST, name: str) -> bool:
    """Whether code reads the first choice of an update without asking whether there is one."""
    reads = asks = False
    for part in ast.walk(node):
        for child in ast.iter_child_nodes(part):
            if (
                isinstance(child, ast.Attribute)
                and child.attr == "choices"
                and getattr(child.value, "id", "") == name
            ):
                indexed = isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant)
                reads, asks = reads or indexed, asks or not indexed
    return reads and not asks


def reads_usage(node: ast.AST, name: str) -> bool:
    """Whether code reads the usage of an update."""
    return any(
        isinstance(part, ast.Attribute)
        and part.attr == "usage"
        and getattr(part.value, "id", "") == name
        for part in ast.walk(node)
    )
