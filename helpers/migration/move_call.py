"""Rewrite the calls of a client: complete and embed, with the client's defaults."""

import ast

import libcst as cst

from helpers.migration.code import attribute, broken, code_of, expression, keyword, prepend, quoted, renamed, replaced
from helpers.migration.context import CALL_DEFAULTS, EMBED_DEFAULTS, Context, defaults, is_none, none_possible, ordered
from helpers.migration.move_client import shortened, timeout_code
from helpers.migration.values import Value, walk

# Keywords that openai has and the old SDK took in model_extras.
NAMED = frozenset(
    """audio function_call functions logit_bias logprobs max_completion_tokens metadata modalities n
    parallel_tool_calls prediction prompt_cache_key reasoning_effort safety_identifier service_tier store
    stream_options top_logprobs user verbosity web_search_options""".split()
)
RENAMED = {"headers": "extra_headers", "params": "extra_query"}
HOOKS = ("raw_request_hook", "raw_response_hook", "cls", "content_type", "error_map", "api_version", "request_id")
SAFE_NODES = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.List, ast.Dict, ast.UnaryOp, ast.BinOp,
              ast.BoolOp, ast.JoinedStr, ast.FormattedValue, ast.Call, ast.expr_context, ast.operator, ast.unaryop,
              ast.boolop)  # fmt: skip


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
        self.clients = [client for method in methods for client in ordered(method.items)]
        self.waits: dict[str, cst.BaseExpression] = {}
        self.retries: cst.BaseExpression | None = None
        self.body = False

    def move(self, call: cst.Call) -> cst.Call:
        """Return the call of openai's client."""
        values = sorted([*self.node.args, *[k.value for k in self.node.keywords]], key=lambda n: (n.lineno, n.col_offset))
        arguments = [self.argument(a, value) for a, value in zip(call.args, values, strict=True)]
        self.timeout(arguments)
        moved = replaced(call, arguments)
        given = {a.keyword.value for a in moved.args if a.keyword} | self.spread_keys()
        if not self.body:
            moved = prepend(moved, self.missing(call, given))
        moved = moved.with_changes(func=self.function(call.func))
        long = len(moved.args) > len(call.args) and not self.context.strings
        return broken(moved) if long else moved

    def function(self, called: cst.BaseExpression) -> cst.BaseExpression:
        assert isinstance(called, cst.Attribute)
        owner = called.value
        if self.retries is not None:
            options = cst.Call(attribute(owner, "with_options"), [keyword("max_retries", self.retries)])
            return attribute(options, "chat.completions.create" if self.chat else "embeddings.create")
        last = "create"
        middle = ("chat", "completions") if self.chat else ("embeddings",)
        for part in middle:
            owner = cst.Attribute(owner, cst.Name(part), dot=called.dot if part == middle[0] else cst.Dot())
        return called.with_changes(value=owner, attr=cst.Name(last), dot=cst.Dot())

    def spread_keys(self) -> set[str]:
        """Return the keys of the dicts that the call spreads, as far as they are written out."""
        found: set[str] = set()
        for option in self.node.keywords:
            if option.arg is None:
                found |= set(self.context.evaluator.keys(option.value) or ())
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
        if name == "response_format":
            return [argument.with_changes(value=self.format(argument.value, value))]
        if name in RENAMED:
            return [renamed(argument, RENAMED[name])]
        if name in ("timeout", "read_timeout", "connection_timeout"):
            self.waits["read_timeout" if name == "timeout" else name] = argument.value
            return [argument]
        if name == "retry_total":
            self.retries = argument.value
            return []
        if name == "logging_enable" or name in HOOKS:
            if not (isinstance(value, ast.Constant) and value.value is False):
                self.context.todo(f"{self.symbol}({name}=)", f"{name}={shortened(code_of(argument.value))} is gone.")
            return []
        if none_possible(self.context, value) and name not in ("messages", "model", "input", "stream"):
            return [argument.with_changes(value=self.or_omit(argument.value))]
        return [argument]

    def or_omit(self, value: cst.BaseExpression) -> cst.BaseExpression:
        """Return a value that is left out where it is None, as the old SDK did."""
        omit = self.context.needs.name("openai", "omit")
        code = code_of(value)
        return expression(f"{omit} if {code} is None else {code}")

    def spread(self, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        keys = self.context.evaluator.keys(value)
        changed = {"model_extras", "response_format", *RENAMED, *HOOKS, "retry_total", "read_timeout", "input_type"}
        if keys is None:
            self.context.todo(f"{self.symbol}(**=)", "openai has other names for model_extras, response_format, headers and params.")
        elif changed & set(keys):
            names = ", ".join(sorted(changed & set(keys)))
            self.context.todo(f"{self.symbol}(**=)", f"in these options, change {names}.")
        return [argument]

    def extras(self, name: str, argument: cst.Arg, value: ast.expr) -> list[cst.Arg]:
        """Return the named arguments, and extra_body= for the rest, of model_extras=."""
        if is_none(value):
            return []
        body = argument.value
        if name == "input_type":
            made = cst.Dict([cst.DictElement(quoted("input_type"), body)])
            if any(k.arg == "model_extras" for k in self.node.keywords):
                self.context.todo(f"{self.symbol}(input_type=)", f"put input_type={code_of(body)} into extra_body=.")
                return []
            return [renamed(argument, "extra_body", made)]
        if not isinstance(body, cst.Dict) or not self.chat:
            return [renamed(argument, "extra_body")]
        named, rest = split(body)
        result = [keyword(key, element.value) for key, element in named]
        if rest:
            result.append(renamed(argument, "extra_body", body.with_changes(elements=ended(rest))))
        return result

    def format(self, value: cst.BaseExpression, node: ast.expr) -> cst.BaseExpression:
        """Return the dict that response_format= takes."""
        if isinstance(value, cst.IfExp) and isinstance(node, ast.IfExp):
            return value.with_changes(body=self.format(value.body, node.body), orelse=self.format(value.orelse, node.orelse))
        if is_none(node):
            return self.context.name("openai", "omit")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return expression(f'{{"type": "{node.value}"}}')
        if isinstance(value, cst.Dict) or self.is_schema(node):
            return value
        if isinstance(value, (cst.Name, cst.Attribute, cst.Subscript)):
            code, omit = code_of(value), self.context.needs.name("openai", "omit")
            return expression(f'{{"type": {code}}} if isinstance({code}, str) else {code} or {omit}')
        self.context.todo(f"{self.symbol}(response_format=)", "response_format= takes a dict.")
        return value

    def is_schema(self, node: ast.expr) -> bool:
        """Whether an expression is always a schema that the program makes itself."""
        if isinstance(node, ast.Call):
            return any(v.kind == "object" for v in self.context.values(node))
        if isinstance(node, ast.Name):
            bindings = self.context.evaluator.found.visible(node.id, node)
            return bool(bindings) and all(b.how == "expr" and isinstance(b.node, ast.Call) and self.is_schema(b.node) for b in bindings)
        return False

    def timeout(self, arguments: list[list[cst.Arg]]) -> None:
        made = timeout_code(self.context, self.waits) if self.waits else None
        for number, new in enumerate(arguments):
            name = new[0].keyword.value if new and new[0].keyword else ""
            if name in ("timeout", "read_timeout", "connection_timeout") and self.waits:
                arguments[number] = [renamed(new[0], "timeout", made)] if made else []
                made = None

    # The client's defaults.

    def missing(self, call: cst.Call, given: set[str]) -> list[cst.Arg]:
        """Return the arguments that the client had for the call, and model=."""
        found: list[cst.Arg] = []
        names = CALL_DEFAULTS if self.chat else EMBED_DEFAULTS
        every = [defaults(client, names) for client in self.clients]
        spread = any(k.arg is None and self.context.evaluator.keys(k.value) is None for k in self.node.keywords)
        for name in names:
            if name in given or (name == "model_extras" and self.own_extras()):
                continue
            codes = {ast.unparse(one[name]) if name in one else "" for one in every}
            if codes - {""}:
                found += self.default(call, name, every, given, len(codes) > 1, spread)
            elif name == "model" and not spread:
                self.context.todo(f"{self.symbol}(model=)", "openai demands model=: the name of your deployment.")
        if not self.chat and "encoding_format" not in given and not any("encoding_format" in one for one in every):
            found.append(keyword("encoding_format", quoted("float")))
        return found

    def own_extras(self) -> bool:
        """Whether the call gives extras, which take the place of all the client's."""
        return any(k.arg == "model_extras" and not is_none(k.value) for k in self.node.keywords)

    def default(
        self, call: cst.Call, name: str, every: list[dict[str, ast.expr]], given: set[str], differ: bool, spread: bool
    ) -> list[cst.Arg]:
        """Return one default of the client as arguments of the call, or leave a TODO."""
        client = next(c for c, one in zip(self.clients, every, strict=True) if name in one)
        value = every[self.clients.index(client)][name]
        code = None if differ or spread else self.reach(client, value, call, name)
        if code is None:
            self.context.todo(f"{self.symbol}({name}=)", f"the client's {name}={shortened(ast.unparse(value))} belongs into this call.")
            return []
        if name == "response_format":
            return [keyword(name, self.format(expression(code), value))]
        if name == "input_type":
            return [keyword("extra_body", expression(f'{{"input_type": {code}}}'))]
        if name != "model_extras":
            return [keyword(name, expression(code))]
        body = expression(code)
        if not isinstance(body, cst.Dict):
            return [keyword("extra_body", body)]
        named, rest = split(body)
        found = [keyword(key, element.value) for key, element in named if key not in given]
        if rest and "extra_body" not in given:
            found.append(keyword("extra_body", body.with_changes(elements=ended(rest))))
        return found

    def reach(self, client: Value, value: ast.expr, call: cst.Call, name: str) -> str | None:
        """Return the code of a default as the call can write it, or None if it cannot."""
        code = plain_code(value)
        if code is not None and client.home is self.context.evaluator and self.same_names(value):
            return code
        if code is not None and client.home is not self.context.evaluator:
            names = {n.id for n in walk(value) if isinstance(n, ast.Name)}
            if names <= {"os"}:
                if names:
                    self.context.needs.name("os")
                return code
            return None
        return self.kept(client, value, call, name) if code is not None else None

    def same_names(self, value: ast.expr) -> bool:
        """Whether the names of a default mean the same at this call."""
        found = self.context.evaluator.found
        for part in walk(value):
            if isinstance(part, ast.Name):
                found.places.setdefault(id(self.node), (found.scope, ()))
                there, here = found.visible(part.id, part), found.visible(part.id, self.node)
                both_self = part.id == "self" and self.methods_of_one_class(part)
                if there != here and not both_self:
                    return False
        return True

    def methods_of_one_class(self, part: ast.AST) -> bool:
        values = [v for b in self.context.evaluator.found.visible("self", self.node) for v in self.context.evaluator.bound(b)]
        return {v.node for v in values} == {v.node for v in self.context.values(part)} and bool(values)

    def kept(self, client: Value, value: ast.expr, call: cst.Call, name: str) -> str | None:
        """Return the attribute beside the client that keeps a default which this call cannot see."""
        if client.home is not self.context.evaluator:
            return None
        target, statement = self.context.evaluator.found, self.context.parent(client.node)
        if not (isinstance(statement, (ast.Assign, ast.AnnAssign)) and isinstance(call.func, cst.Attribute)):
            return None
        left = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        owner = call.func.value
        if not (isinstance(left, ast.Attribute) and isinstance(owner, cst.Attribute) and owner.attr.value == left.attr):
            return None
        code = ast.unparse(value)
        function = target.places[id(statement)][0].node
        for other in walk(function):
            if isinstance(other, ast.Assign) and ast.unparse(other.value) == code and other is not statement:
                first = other.targets[0]
                if isinstance(first, ast.Attribute) and ast.unparse(first.value) == ast.unparse(left.value):
                    return code_of(attribute(owner.value, first.attr))
        kept = f"{left.attr}_{name}"
        line = f"{ast.unparse(left.value)}.{kept} = {code}"
        lines = self.context.hoisted.setdefault(statement.lineno, [])
        if line not in lines:
            lines.append(line)
        return code_of(attribute(owner.value, kept))


def plain_code(value: ast.expr) -> str | None:
    """Return the code of an expression without effects, or None for any other."""
    for part in walk(value):
        if not isinstance(part, SAFE_NODES):
            return None
        if isinstance(part, ast.Call) and ast.unparse(part.func) not in ("os.getenv", "os.environ.get", "float", "int", "str"):
            return None
    return ast.unparse(value).replace("'", '"') if "\\" not in ast.unparse(value) and '"' not in ast.unparse(value) else ast.unparse(value)


def split(body: cst.Dict) -> tuple[list[tuple[str, cst.DictElement]], list[cst.BaseDictElement]]:
    """Return the elements of a dict that openai has keywords for, and the others."""
    named: list[tuple[str, cst.DictElement]] = []
    rest: list[cst.BaseDictElement] = []
    for element in body.elements:
        key = element.key if isinstance(element, cst.DictElement) else None
        text = key.evaluated_value if isinstance(key, cst.SimpleString) else None
        if isinstance(element, cst.DictElement) and isinstance(text, str) and text in NAMED:
            named.append((text, element))
        else:
            rest.append(element)
    return named, rest


def ended(elements: list[cst.BaseDictElement]) -> list[cst.BaseDictElement]:
    """Return elements without a comma that a removed neighbour needed."""
    last = elements[-1]
    if isinstance(last.comma, cst.Comma) and not isinstance(last.comma.whitespace_after, cst.ParenthesizedWhitespace):
        last = last.with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return [*elements[:-1], last]
