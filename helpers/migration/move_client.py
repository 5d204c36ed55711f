"""Rewrite the making of a client: endpoint, credential and options."""

import ast
import re

import libcst as cst

from helpers.migration.code import (
    attribute,
    code_of,
    expression,
    keyword,
    quoted,
    renamed,
    replaced,
)
from helpers.migration.context import CALL_DEFAULTS, EMBED_DEFAULTS, Context, is_none
from helpers.migration.keys import is_bare

SCOPE = "https://ai.azure.com/.default"
PATHS = r"/(models|openai/deployments/[^/]+)/?$"
V1 = "/openai/v1"
OFF = re.compile(r"models\.github\.ai|models\.inference\.ai\.azure\.com|api\.github\.com")
SERVERLESS = re.compile(r"\.models\.ai\.azure\.com|\.inference\.ml\.azure\.com")
RENAMED = {"retry_total": "max_retries", "headers": "default_headers"}
DROPPED = ("api_version", "credential_scopes", *CALL_DEFAULTS, *EMBED_DEFAULTS)
NO_SUCCESSOR = {
    "retry_policy": "the retry policy is gone: openai has max_retries.",
    "per_call_policies": "the policies are gone: use http_client= with event hooks.",
    "per_retry_policies": "the policies are gone: use http_client= with event hooks.",
    "transport": "the transport is gone: use http_client=.",
    "proxies": "the proxies are gone: use http_client=DefaultHttpxClient(proxy=…).",
    "connection_verify": "connection_verify is gone: use http_client=DefaultHttpxClient(verify=…).",
    "connection_cert": "connection_cert is gone: use http_client=DefaultHttpxClient(cert=…).",
    "timeout": "the limit for all tries together is gone: timeout= is for each try.",
}


class ClientMover:
    """Rewrites one call that makes a client.

    Args:
        context: the state of the rewrite.
        node: the call in the syntax tree.
        symbol: which client it makes.
    """

    def __init__(self, context: Context, node: ast.Call, symbol: str):
        self.context, self.node, self.symbol = context, node, symbol
        self.is_async = symbol.startswith("aio.")
        self.waits: dict[str, cst.BaseExpression] = {}

    def move(self, call: cst.Call) -> cst.Call:
        """Return the call that makes an openai client."""
        names = ["endpoint", "credential"]
        arguments: list[list[cst.Arg]] = []
        asts = [*self.node.args, *[k.value for k in self.node.keywords]]
        for argument, value in zip(call.args, self.in_order(call, asts), strict=True):
            name = argument.keyword.value if argument.keyword else ""
            if not name and not argument.star and names:
                name = names.pop(0)
            arguments.append(self.option(name or "**", argument, value))
        self.timeout(arguments)
        moved = replaced(call, arguments)
        return moved.with_changes(
            func=self.context.name("openai", "AsyncOpenAI" if self.is_async else "OpenAI")
        )

    def in_order(self, call: cst.Call, asts: list[ast.expr]) -> list[ast.expr]:
        """Return the values of the syntax tree in the order of the source."""
        return sorted(asts, key=lambda node: (node.lineno, node.col_offset))

    def option(self, name: str, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        """Return what takes the place of one argument."""
        if is_none(value) and name not in ("endpoint", "credential"):
            return []
        if name == "endpoint":
            return [renamed(argument, "base_url", self.base_url(argument.value, value))]
        if name == "credential":
            return [renamed(argument, "api_key", self.api_key(argument.value, value))]
        if name in ("read_timeout", "connection_timeout"):
            self.waits[name] = argument.value
            return [argument]  # taken out again by `timeout`
        if name == "retry_policy":
            return self.policy(argument, value)
        if name in RENAMED:
            return [renamed(argument, RENAMED[name])]
        if name in DROPPED:
            return []
        return self.odd(name, argument, value)

    def odd(self, name: str, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        """Return what takes the place of an argument that has no exact successor."""
        symbol = f"{self.symbol}({name}=)"
        if name == "user_agent":
            header = cst.Dict([cst.DictElement(quoted("User-Agent"), argument.value)])
            if any(k.arg == "headers" for k in self.node.keywords):
                self.context.todo(symbol, "put the user agent into default_headers=.")
                return []
            return [renamed(argument, "default_headers", header)]
        if name == "logging_enable":
            if not (isinstance(value, ast.Constant) and value.value is False):
                self.context.todo(
                    symbol, "set the environment variable OPENAI_LOG=debug to log requests."
                )
            return []
        if name == "**":
            if id(value) not in self.context.spread:
                what = "look at each key of these options: openai has other names."
                self.context.todo(symbol, what)
            return [argument]
        what = NO_SUCCESSOR.get(name, f"{name}= has no successor.")
        self.context.todo(symbol, f"{what} It was {name}={shortened(code_of(argument.value))}.")
        return []

    def policy(self, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        """Return max_retries= for a retry policy; a policy of the program's own keeps a TODO."""
        total = None
        call = argument.value
        if isinstance(call, cst.Call):
            total = next(
                (a for a in call.args if a.keyword and a.keyword.value == "retry_total"), None
            )
        plain = any(
            v.name in ("RetryPolicy", "AsyncRetryPolicy") for v in self.context.values(value)
        )
        if not (plain and total and isinstance(call, cst.Call) and len(call.args) == 1):
            self.odd("retry_policy", argument, value)
        return [renamed(argument, "max_retries", total.value)] if total else []

    def timeout(self, arguments: list[list[cst.Arg]]) -> None:
        """Put timeout= in the place of the first of the two old options."""
        if not self.waits:
            return
        made = timeout_code(self.context, self.waits)
        for number, new in enumerate(arguments):
            name = new[0].keyword.value if new and new[0].keyword else ""
            if name in ("read_timeout", "connection_timeout"):
                arguments[number] = [renamed(new[0], "timeout", made)] if made else []
                made = None

    # The address.

    def base_url(self, value: cst.BaseExpression, node: ast.expr) -> cst.BaseExpression:
        """Return the address of the v1 API for an endpoint."""
        known = self.constant(node)
        if known is not None and OFF.search(known):
            self.context.todo(
                "Client(endpoint=)", "GitHub Models is off: name your own resource's /openai/v1."
            )
            return value
        if known is not None and SERVERLESS.search(known):
            self.context.todo(
                "Client(endpoint=)", "this host may have no /openai/v1: check the address."
            )
            return value
        if (
            isinstance(node, ast.Constant)
            and known is not None
            and isinstance(value, cst.SimpleString)
        ):
            moved = moved_address(known)
            return value if moved == known else quoted(moved)
        re_sub = attribute(self.context.name("re"), "sub")
        return expression(f'{code_of(re_sub)}(r"{PATHS}", "{V1}", endpoint)').with_changes(
            args=[
                cst.Arg(
                    expression(f'r"{PATHS}"'),
                    comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")),
                ),
                cst.Arg(quoted(V1), comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))),
                cst.Arg(value),
            ]
        )

    def constant(self, node: ast.expr) -> str | None:
        """Return the text of a string that is written out, here or where the name is bound."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.JoinedStr):
            return "".join(
                p.value
                for p in node.values
                if isinstance(p, ast.Constant) and isinstance(p.value, str)
            )
        if isinstance(node, ast.Name):
            bindings = self.context.evaluator.found.visible(node.id, node)
            if (
                len(bindings) == 1
                and bindings[0].how == "expr"
                and isinstance(bindings[0].node, ast.Constant)
            ):
                return self.constant(bindings[0].node)
        return None

    # The key or the token.

    def api_key(self, value: cst.BaseExpression, node: ast.expr) -> cst.BaseExpression:
        """Return the key, or the function that fetches a token, for a credential."""
        if isinstance(value, cst.IfExp) and isinstance(node, ast.IfExp):
            return value.with_changes(
                body=self.api_key(value.body, node.body),
                orelse=self.api_key(value.orelse, node.orelse),
            )
        kinds = {v.name for v in self.context.values(node)}
        keyed, token = (
            "AzureKeyCredential" in kinds,
            bool(kinds & {"TokenCredential", "aio.TokenCredential"}),
        )
        if keyed and not token:
            return self.key(value, node)
        if token and not keyed:
            return self.provider(value, kinds)
        if keyed and token and isinstance(value, (cst.Name, cst.Attribute)):
            of_key = code_of(attribute(value, "key"))
            key_class = self.context.needs.name("azure.core.credentials", "AzureKeyCredential")
            is_key = f"isinstance({code_of(value)}, {key_class})"
            return expression(f"{of_key} if {is_key} else {code_of(self.provider(value, kinds))}")
        self.context.todo(
            "Client(credential=)",
            "api_key= takes the key as a string, or a function that returns a token.",
        )
        return value

    def key(self, value: cst.BaseExpression, node: ast.expr) -> cst.BaseExpression:
        if all(is_bare(self.context, credential) for credential in self.context.values(node)):
            return value
        if isinstance(value, cst.Call) and isinstance(node, ast.Call) and len(value.args) == 1:
            made = {v.node for v in self.context.values(node)} == {node}
            inner = value.args[0].value
            if made and isinstance(inner, cst.SimpleString) and inner.evaluated_value == "":
                return self.header_key() or inner
            if made and not value.args[0].star:
                return inner
        return attribute(value, "key")

    def header_key(self) -> cst.BaseExpression | None:
        """Return the key that a header holds, for clients with an empty credential."""
        for option in self.node.keywords:
            if option.arg == "headers" and isinstance(option.value, ast.Dict):
                for name, value in zip(option.value.keys, option.value.values, strict=True):
                    if isinstance(name, ast.Constant) and str(name.value).lower() == "api-key":
                        return expression(ast.unparse(value))
        return None

    def provider(self, value: cst.BaseExpression, kinds: set[str]) -> cst.BaseExpression:
        asynchronous = "aio.TokenCredential" in kinds or (
            self.is_async and kinds == {"AsyncTokenCredential"}
        )
        module = "azure.identity.aio" if asynchronous else "azure.identity"
        made = cst.Call(self.context.name(module, "get_bearer_token_provider"))
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        return made.with_changes(args=[cst.Arg(value, comma=comma), cst.Arg(quoted(SCOPE))])


def timeout_code(context: Context, waits: dict[str, cst.BaseExpression]) -> cst.BaseExpression:
    """Return what timeout= takes for the two old options."""
    read, connect = waits.get("read_timeout"), waits.get("connection_timeout")
    if connect is None and read is not None:
        return read
    made = cst.Call(context.name("openai", "Timeout"))
    first = cst.Arg(
        read or cst.Integer("600"), comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    )
    assert connect is not None
    return made.with_changes(args=[first, keyword("connect", connect)])


def moved_address(address: str) -> str:
    """Return the v1 address for an address that is written out."""
    moved = re.sub(PATHS, V1, address)
    if moved == address and re.search(r"//[^/]+\.(services\.ai|openai)\.azure\.com/?$", address):
        return address.rstrip("/") + V1
    return moved


def shortened(code: str) -> str:
    """Return code in one line of at most 40 characters."""
    line = " ".join(code.split())
    return line if len(line) <= 40 else line[:39] + "…"
