"""Rewrite the calls of a client: complete and embed, with the client's defaults."""

import ast

import libcst as cst

from helpers.migration import sdk
from helpers.migration.code import (
    attribute,
    broken,
    code_of,
    keyword,
    prepend,
    quoted,
    renamed,
    replaced,
)
from helpers.migration.context import Context, defaults, is_none, ordered
from helpers.migration.extras import ended, split
from helpers.migration.formats import format_code, is_schema
from helpers.migration.kinds import Value
from helpers.migration.known_calls import is_mock
from helpers.migration.move_client import shortened, timeout_code
from helpers.migration.move_defaults import DefaultsMover
from helpers.migration.nullable import none_possible, or_omit
from helpers.migration.options import NONE, Options, keys, options

TIMEOUTS = ("timeout", "read_timeout", "connection_timeout")
RENAMED = {"headers": "extra_headers", "params": "extra_query"}
HOOKS = (
    "raw_request_hook",
    "raw_response_hook",
    "cls",
    "content_type",
    "error_map",
    "api_version",
    "request_id",
)
OPTIONS = (*TIMEOUTS, *RENAMED, "retry_total", "logging_enable")
UNLIKE = (*TIMEOUTS, *HOOKS, "retry_total", "logging_enable")  # no body, and no other name


class CallMover:
    """Rewrites one call of `complete` or `embed`.

    Args:
        context: the state of the rewrite.
        node: the call in the syntax tree.
        methods: what is called; its items are the clients.
    """

    def __init__(self, context: Context, node: ast.Call, methods: list[Value]):
        self.context, self.node = context, node
        self.symbol = methods[0].name
        self.chat = self.symbol.endswith("complete")
        clients = [client for method in methods for client in ordered(method.items)]
        self.clients = [one for one in clients if not is_mock(one)] or clients
        self.waits: dict[str, cst.BaseExpression] = {}
        self.retries: cst.BaseExpression | None = None
        self.body = False

    def move(self, call: cst.Call) -> cst.Call:
        """Return the call of openai's client."""
        values = sorted(
            [*self.node.args, *[k.value for k in self.node.keywords]],
            key=lambda n: (n.lineno, n.col_offset),
        )
        arguments = [self.argument(a, value) for a, value in zip(call.args, values, strict=True)]
        self.timeout(arguments)
        moved = replaced(call, arguments)
        if not self.body:
            mover = DefaultsMover(self.context, self.node, self.symbol, self.clients)
            spread = self.spread_options()
            given = {a.keyword.value for a in moved.args if a.keyword} | spread.sure
            moved = prepend(moved, mover.missing(call, given, set(spread.items) - given))
        moved = moved.with_changes(func=self.function(call.func))
        long = len(moved.args) > len(call.args) and not self.context.strings
        return broken(moved) if long else moved

    def function(self, called: cst.BaseExpression) -> cst.BaseExpression:
        """Return the method of openai's client, with the spacing of what is called."""
        assert isinstance(called, cst.Attribute)
        owner, new = called.value, sdk.METHODS["complete" if self.chat else "embed"]
        if self.retries is not None:
            options = attribute(owner, "with_options")
            return attribute(cst.Call(options, [keyword("max_retries", self.retries)]), new)
        first, _, rest = new.partition(".")
        return attribute(called.with_changes(value=owner, attr=cst.Name(first)), rest)

    def spread_options(self) -> Options:
        """Return the options in the dicts that the call spreads, as far as they are known."""
        found = NONE
        for option in self.node.keywords:
            if option.arg is None:
                found = found.with_more(options(self.context.evaluator, option.value) or NONE)
        return found

    # One argument.

    def argument(self, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        """Return what takes the place of one argument."""
        name = argument.keyword.value if argument.keyword else ("**" if argument.star else "body")
        if name == "**":
            return self.spread(argument, value)
        if name == "body":
            self.body = True
            return [argument.with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT, star="**")]
        if name in ("model_extras", "input_type"):
            return self.extras(name, argument, value)
        if is_none(value):
            return []  # the old SDK sent nothing
        if name in OPTIONS or name in HOOKS:
            return self.option(name, argument, value)
        if name == "response_format":
            return [
                argument.with_changes(
                    value=format_code(self.context, self.symbol, argument.value, value)
                )
            ]
        optional = name not in ("messages", "model", "input", "stream")
        if optional and none_possible(self.context, value):
            return [self.or_default(name, argument, value)]
        return [argument]

    def option(self, name: str, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        """Return what takes the place of an argument that is not part of the request's body."""
        if name in RENAMED:
            return [renamed(argument, RENAMED[name])]
        if name in TIMEOUTS:
            self.waits["read_timeout" if name == "timeout" else name] = argument.value
            return [argument]  # taken out again by `timeout`
        if name == "retry_total":
            self.retries = argument.value
        elif not (isinstance(value, ast.Constant) and value.value is False):
            gone = f"{name}={shortened(code_of(argument.value))} is gone."
            self.context.todo(f"{self.symbol}({name}=)", gone)
        return []

    def or_default(self, name: str, argument: cst.Arg, value: ast.expr) -> cst.Arg:
        """Return an argument that can be None: the old SDK took the client's, or sent nothing."""
        for client in self.clients:
            if default := defaults(self.context, client, (name,)).get(name):
                code = f"{name}={shortened(ast.unparse(default))}"
                self.context.todo(
                    f"{self.symbol}({name}=)",
                    f"where {name} is None, the client's {code} belongs into this call.",
                )
                break
        return argument.with_changes(value=or_omit(self.context, argument.value, value))

    def spread(self, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        items = keys(self.context.evaluator, value)
        symbol = f"{self.symbol}(**=)"
        if items is None:
            names = "model_extras, response_format, headers and params"
            self.context.todo(symbol, f"openai has other names for {names}.")
            return [argument]
        other = {*RENAMED, *HOOKS, *OPTIONS, "model_extras", "input_type"}
        form = items.get("response_format")
        if (
            form is not None
            and not isinstance(form, ast.Dict)
            and not is_schema(self.context, form)
        ):
            other.add("response_format")
        empty = [
            key
            for key, item in items.items()
            if key not in other and (is_none(item) or none_possible(self.context, item))
        ]
        if empty:
            self.context.todo(
                symbol, f"leave out {', '.join(empty)} where it is None: openai sends null."
            )
        if other & set(items) and id(value) not in self.context.spread:
            names = ", ".join(sorted(other & set(items)))
            self.context.todo(symbol, f"in these options, change {names}.")
        return [argument]

    def extras(self, name: str, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        """Return the named arguments, and extra_body= for the rest, of model_extras=."""
        if is_none(value):
            return []
        body = argument.value
        if name == "input_type":
            made = cst.Dict([cst.DictElement(quoted("input_type"), body)])
            if any(k.arg == "model_extras" for k in self.node.keywords):
                self.context.todo(
                    f"{self.symbol}(input_type=)",
                    f"put input_type={code_of(body)} into extra_body=.",
                )
                return []
            return [renamed(argument, "extra_body", made)]
        if not isinstance(body, cst.Dict) or not self.chat:
            return [renamed(argument, "extra_body")]
        named, rest = split(body)
        result = [keyword(key, element.value) for key, element in named]
        if rest:
            result.append(renamed(argument, "extra_body", body.with_changes(elements=ended(rest))))
        return result

    def timeout(self, arguments: list[list[cst.Arg]]) -> None:
        made = timeout_code(self.context, self.waits) if self.waits else None
        for number, new in enumerate(arguments):
            name = new[0].keyword.value if new and new[0].keyword else ""
            if name in TIMEOUTS and self.waits:
                arguments[number] = [renamed(new[0], "timeout", made)] if made else []
                made = None
