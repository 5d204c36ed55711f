"""The defaults that a client had for its calls, as arguments of each call."""

import ast

import libcst as cst

from helpers.migration.code import attribute, code_of, expression, keyword, quoted
from helpers.migration.context import CALL_DEFAULTS, EMBED_DEFAULTS, Context, defaults, is_none
from helpers.migration.extras import ended, split
from helpers.migration.formats import format_code
from helpers.migration.kinds import Value, walk
from helpers.migration.move_client import shortened
from helpers.migration.nullable import or_omit
from helpers.migration.options import keys

SAFE_NODES = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.List,
    ast.Dict,
    ast.UnaryOp,
    ast.BinOp,
    ast.BoolOp,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Call,
    ast.expr_context,
    ast.operator,
    ast.unaryop,
    ast.boolop,
)


class DefaultsMover:
    """Gives one call what its client was made with.

    Args:
        context: the state of the rewrite.
        node: the call in the syntax tree.
        symbol: what is called.
        clients: the clients that it can be called on.
    """

    def __init__(self, context: Context, node: ast.Call, symbol: str, clients: list[Value]):
        self.context, self.node, self.symbol, self.clients = context, node, symbol, clients
        self.chat = symbol.endswith("complete")

    def missing(self, call: cst.Call, given: set[str], perhaps: set[str]) -> list[cst.Arg]:
        """Return the arguments that the client had for the call, and model=.

        Args:
            given: what the call gives in every case.
            perhaps: what the dicts that it spreads have in some cases.
        """
        found: list[cst.Arg] = []
        names = CALL_DEFAULTS if self.chat else EMBED_DEFAULTS
        every = [defaults(self.context, client, names) for client in self.clients]
        spread = any(
            k.arg is None and keys(self.context.evaluator, k.value) is None
            for k in self.node.keywords
        )
        lost = [] if any(client.node for client in self.clients) else self.made_here(names, given)
        for name in names:
            if name in given or (name == "model_extras" and self.own_extras()):
                continue
            codes = {ast.unparse(one[name]) if name in one else "" for one in every}
            if name in perhaps:
                self.given_perhaps(name, codes - {""})
            elif codes - {""}:
                found += self.default(call, name, every, given, len(codes) > 1, spread)
            elif name == "model" and not spread and not lost:
                self.context.todo(
                    f"{self.symbol}(model=)", "openai demands model=: the name of your deployment."
                )
        if (
            not self.chat
            and "encoding_format" not in given
            and not any("encoding_format" in one for one in every)
        ):
            found.append(keyword("encoding_format", quoted("float")))
        return found

    def given_perhaps(self, name: str, codes: set[str]) -> None:
        """Leave a TODO for a default that the call's own options have in some cases."""
        symbol, where = f"{self.symbol}({name}=)", f"where these options have no {name}"
        if codes:
            code = f"{name}={shortened(min(codes))}"
            self.context.todo(symbol, f"{where}, the client's {code} belongs into this call.")
        elif name == "model":
            self.context.todo(symbol, f"{where}, openai demands model=: name your deployment.")

    def made_here(self, names: tuple[str, ...], given: set[str]) -> list[str]:
        """Return what the file's clients have for this call, with a TODO: one may be its own."""
        kinds = {client.name for client in self.clients}
        calls = [call for calls in self.context.evaluator.found.calls.values() for call in calls]
        found: list[str] = []
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            for value in self.context.values(call):
                if value.node is call and value.name in kinds:
                    found += [
                        f"{name}={ast.unparse(default)}"
                        for name, default in defaults(self.context, value, names).items()
                        if name not in given
                    ]
        if found:
            what = ", ".join(dict.fromkeys(found))
            self.context.todo(
                f"{self.symbol}(model=)",
                f"a client of this file has {what}: does this call need it?",
            )
        return found

    def own_extras(self) -> bool:
        """Whether the call gives extras, which take the place of all the client's."""
        return any(k.arg == "model_extras" and not is_none(k.value) for k in self.node.keywords)

    def default(
        self,
        call: cst.Call,
        name: str,
        every: list[dict[str, ast.expr]],
        given: set[str],
        differ: bool,
        spread: bool,
    ) -> list[cst.Arg]:
        """Return one default of the client as arguments of the call, or leave a TODO."""
        client = next(c for c, one in zip(self.clients, every, strict=True) if name in one)
        value = every[self.clients.index(client)][name]
        code = None if differ or spread else self.reach(client, value, call, name)
        if code is None:
            self.context.todo(
                f"{self.symbol}({name}=)",
                f"the client's {name}={shortened(ast.unparse(value))} belongs into this call.",
            )
            return []
        if name == "response_format":
            return [keyword(name, format_code(self.context, self.symbol, expression(code), value))]
        if name == "input_type":
            return [keyword("extra_body", expression(f'{{"input_type": {code}}}'))]
        if name != "model_extras":
            return [keyword(name, or_omit(self.context, expression(code), value))]
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
        values = [
            v
            for b in self.context.evaluator.found.visible("self", self.node)
            for v in self.context.evaluator.bound(b)
        ]
        return {v.node for v in values} == {v.node for v in self.context.values(part)} and bool(
            values
        )

    def kept(self, client: Value, value: ast.expr, call: cst.Call, name: str) -> str | None:
        """Return the attribute that keeps a default which this call cannot see."""
        if client.home is not self.context.evaluator:
            return None
        target, statement = self.context.evaluator.found, self.context.parent(client.node)
        if not (
            isinstance(statement, (ast.Assign, ast.AnnAssign))
            and isinstance(call.func, cst.Attribute)
        ):
            return None
        left = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        owner = call.func.value
        if not (
            isinstance(left, ast.Attribute)
            and isinstance(owner, cst.Attribute)
            and owner.attr.value == left.attr
        ):
            return None
        code = ast.unparse(value)
        function = target.places[id(statement)][0].node
        for other in walk(function):
            if (
                isinstance(other, ast.Assign)
                and ast.unparse(other.value) == code
                and other is not statement
            ):
                first = other.targets[0]
                if isinstance(first, ast.Attribute) and ast.unparse(first.value) == ast.unparse(
                    left.value
                ):
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
        if isinstance(part, ast.Call) and ast.unparse(part.func) not in (
            "os.getenv",
            "os.environ.get",
            "float",
            "int",
            "str",
        ):
            return None
    return (
        ast.unparse(value).replace("'", '"')
        if "\\" not in ast.unparse(value) and '"' not in ast.unparse(value)
        else ast.unparse(value)
    )
