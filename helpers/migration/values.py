"""What an expression can be, as far as it concerns the old SDK.

Values are found on demand, from the place where a name is used back to where it comes from:
assignments, loops, `with`, parameters (by annotation or by the calls in the same file), returns,
attributes of `self`, and other files of the same program.
"""

import ast
from collections.abc import Callable, Iterable

from helpers.migration import sdk
from helpers.migration.annotations import annotation
from helpers.migration.bindings import Binding, Module
from helpers.migration.bound import bound
from helpers.migration.evaluating import Resolver
from helpers.migration.kinds import (
    NOTHING,
    Value,
    Values,
    class_attribute,
    elements,
    is_known,
    key_name,
    last_name,
    mock_attribute,
    object_attribute,
    typed,
)
from helpers.migration.known_calls import known_call, may_hold
from helpers.migration.mocks import mocked
from helpers.migration.results import made_with, method_result
from helpers.migration.scopes import collect
from helpers.migration.stores import put_into, put_into_field, set_later, stored

LIMIT = 60_000  # evaluations per file, so that no program can keep a scan busy


class Evaluator:
    """Evaluates the expressions of one module.

    Args:
        tree: the module's syntax tree.
        path: where the file is, for imports of other files; "" if it is nowhere.
        resolver: finds other files; None if there are none.
    """

    def __init__(self, tree: ast.Module, path: str = "", resolver: Resolver | None = None):
        self.path, self.resolver = path, resolver
        self.found: Module = collect(tree)
        self.memo: dict[int, Values] = {}
        self.busy: set[int] = set()
        self.exporting: set[str] = set()
        self.cut = 0  # how often a cycle was cut
        self.count = 0

    def eval(self, node: ast.AST | None) -> Values:
        """Return what an expression can be; nothing if it does not concern the old SDK."""
        if node is None:
            return NOTHING
        key = id(node)
        if key in self.memo:
            return self.memo[key]
        method: Callable[[ast.AST], Values] | None = getattr(
            self, "eval_" + type(node).__name__, None
        )
        if not method:
            return NOTHING
        self.count += 1
        if key in self.busy or len(self.busy) > 150 or self.count > LIMIT:
            self.cut += 1
            return NOTHING
        self.busy.add(key)
        before = self.cut
        try:
            values = method(node)
        finally:
            self.busy.discard(key)
        if self.cut == before or not self.busy:
            self.memo[key] = values
        return values

    def union(self, nodes: Iterable[ast.AST | None]) -> Values:
        """Return what any of several expressions can be."""
        return frozenset(value for node in nodes for value in self.eval(node))

    # Names and what they are bound to.

    def eval_Name(self, node: ast.Name) -> Values:
        if id(node) not in self.found.places:
            return NOTHING
        bindings = self.found.visible(node.id, node) or self.starred(node.id)
        bound = frozenset(v for b in bindings for v in self.bound(b))
        return bound | set_later(self, node, bindings) | put_into(self, node)

    def starred(self, name: str) -> list[Binding]:
        """Return the bindings that a name has by `from … import *`."""
        stars = self.found.scope.names.get("*", [])
        return [Binding("from", star.node, star.line, star.path, name) for star in stars]

    def bound(self, binding: Binding) -> Values:
        """Return what a binding gives its name."""
        return bound(self, binding)

    def member(self, module: str, name: str) -> Values:
        """Return what a name of a module of the SDK is."""
        symbol = sdk.class_in(module, name)
        if symbol and symbol.removeprefix("aio.") == "load_client":
            return frozenset([Value("method", symbol)])
        if symbol:
            return frozenset([Value("class", symbol)])
        inner = f"{module}.{name}"
        known = [*sdk.MODULES, *sdk.CORE, *sdk.PROJECTS, "azure.identity", "azure.identity.aio"]
        if any(one == inner or one.startswith(inner + ".") for one in known):
            return frozenset([Value("module", inner)])
        return NOTHING

    def export(self, name: str) -> Values:
        """Return what another file gets that imports a name from this one."""
        if name in self.exporting:  # files that import each other
            self.cut += 1
            return NOTHING
        self.exporting.add(name)
        try:
            return self.exported(name)
        finally:
            self.exporting.discard(name)

    def exported(self, name: str) -> Values:
        bindings = self.found.scope.names.get(name, [])
        values = frozenset(v for b in bindings for v in self.bound(b))
        stars = [b for b in self.found.scope.names.get("*", []) if b.how == "from"]
        for star in stars if not bindings else ():
            assert isinstance(star.node, ast.ImportFrom)
            if not self.resolver:
                break
            other = self.resolver.module(self, star.node.module or "", star.node.level)
            if other and other is not self:
                values |= other.export(name)
        return values

    # Attributes and items.

    def eval_Attribute(self, node: ast.Attribute) -> Values:
        owners = self.eval(node.value)
        found = frozenset(v for owner in owners for v in self.attribute(owner, node.attr))
        return found if found or is_known(owners) else stored(self, node)

    def attribute(self, owner: Value, name: str) -> Values:
        """Return what an attribute of a value is."""
        if owner.kind == "module":
            return self.member(owner.name, name)
        if owner.kind == "file" and owner.home:
            return owner.home.export(name)
        if owner.kind in ("instance", "localclass") and owner.home:
            return owner.home.own_attribute(owner, name)
        if owner.kind == "class":
            return class_attribute(owner, name)
        if owner.kind == "object":
            return object_attribute(owner, name) or made_with(owner, name)
        return mock_attribute(owner, name) if owner.kind in ("mock", "method") else NOTHING

    def dotted(self, path: str) -> Values:
        """Return what a dotted path in a string means, as `patch` reads it."""
        parts = path.split(".")
        for end in range(len(parts) - 1, 0, -1):
            other = self.resolver.module(self, ".".join(parts[:end]), 0) if self.resolver else None
            if other:
                values = frozenset([Value("file", home=other)])
                for name in parts[end:]:
                    values = frozenset(v for one in values for v in self.attribute(one, name))
                return values
        return NOTHING

    def patched(self, node: ast.Call) -> Values:
        """Return the stand-in for a client's class that `patch("module.Class")` makes."""
        values = mocked(self, node)
        return frozenset(Value("mock", v.name) for v in values if v.kind == "class")

    def own_attribute(self, owner: Value, name: str, depth: int = 0) -> Values:
        """Return an attribute of a class of this file, or of its bases."""
        assert isinstance(owner.node, ast.ClassDef)
        found: set[Value] = set()
        put = put_into_field(self, owner.node, name)
        for binding in self.found.fields.get((id(owner.node), name), ()):
            if binding.how == "function":
                found |= self.own_method(owner, binding.node)
            else:
                found |= self.bound(binding)
        if found or depth > 5:
            return put | found
        for base in self.union(owner.node.bases):
            if base.kind == "localclass" and base.home and base.node is not owner.node:
                inherited = Value(owner.kind, node=base.node, home=base.home)
                found |= base.home.own_attribute(inherited, name, depth + 1)
            elif base.kind == "class":
                found |= object_attribute(Value("object", base.name), name)
        return put | found

    def own_method(self, owner: Value, function: ast.AST) -> Values:
        decorators = {last_name(one) for one in getattr(function, "decorator_list", ())}
        if decorators & {"property", "cached_property"}:
            return self.returned(function)
        return frozenset([Value("function", "bound", node=function, home=self)])

    def eval_Subscript(self, node: ast.Subscript) -> Values:
        found: set[Value] = set()
        owners = self.eval(node.value)
        if any(owner.kind == "dict" for owner in owners):  # no list then, but the dict's keys
            owners = frozenset(owner for owner in owners if owner.kind != "list")
        for owner in owners:
            if owner.kind == "list" and isinstance(node.slice, ast.Slice):
                found.add(owner)
            elif owner.kind == "list" or (owner.kind == "dict" and may_hold(owner, node.slice)):
                found |= owner.items
            elif owner.kind == "instance" and owner.home:  # a TypedDict, or a class like a list
                found |= self.own_item(owner, node)
            elif owner.kind == "object" and isinstance(node.slice, ast.Constant):
                name = str(node.slice.value)
                found |= typed(sdk.field_type(owner.name, name) or "") or made_with(owner, name)
        return frozenset(found) if found or is_known(owners) else stored(self, node)

    def own_item(self, owner: Value, node: ast.Subscript) -> Values:
        """Return an item of an object of a class of the program."""
        assert owner.home
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        if isinstance(key, str) and (values := owner.home.own_attribute(owner, key)):
            return values
        methods = owner.home.own_attribute(owner, "__getitem__")
        return frozenset(v for method in methods for v in self.result(method, node))

    # Calls.

    def eval_Call(self, node: ast.Call) -> Values:
        found: set[Value] = set()
        every = self.eval(node.func)
        for called in every:
            found |= self.result(called, node)
        own = any(called.kind in ("function", "localclass") for called in every)
        return frozenset(found) if found or own else known_call(self, node)

    def result(self, called: Value, node: ast.AST) -> Values:
        """Return what a call of a known value gives."""
        if called.kind == "class":
            return frozenset([Value("object", called.name, node=node, home=self)])
        if called.kind == "function" and called.home:
            return called.home.returned(called.node)
        if called.kind == "localclass":
            return frozenset([Value("instance", node=called.node, home=called.home)])
        if called.kind == "mock":
            return frozenset([Value("object", called.name)])
        if called.kind == "method" and isinstance(node, ast.Call):
            return method_result(self, called, node)
        return NOTHING

    def returned(self, function: ast.AST | None) -> Values:
        """Return what a function of this file returns."""
        key = id(function)
        if key in self.busy or function is None:
            self.cut += 1
            return NOTHING
        self.busy.add(key)
        try:
            found: set[Value] = set()
            for how, value in self.found.returns.get(key, ()):
                values = self.eval(value)
                if how == "yield" and values:
                    found.add(Value("list", items=values))
                elif how != "yield":
                    found |= values
            return frozenset(found) or annotation(self, getattr(function, "returns", None))
        finally:
            self.busy.discard(key)

    # Everything that passes its parts on.

    def eval_Await(self, node: ast.Await) -> Values:
        return self.eval(node.value)

    def eval_Starred(self, node: ast.Starred) -> Values:
        return elements(self.eval(node.value))

    def eval_NamedExpr(self, node: ast.NamedExpr) -> Values:
        return self.eval(node.value)

    def eval_IfExp(self, node: ast.IfExp) -> Values:
        return self.union([node.body, node.orelse])

    def eval_BoolOp(self, node: ast.BoolOp) -> Values:
        if isinstance(node.op, ast.And):
            return self.eval(node.values[-1])  # what comes before is given only where it is false
        return self.union(node.values)

    def eval_BinOp(self, node: ast.BinOp) -> Values:
        values = self.union([node.left, node.right])
        return frozenset(v for v in values if v.kind == "list")

    def eval_List(self, node: ast.List | ast.Tuple | ast.Set) -> Values:
        starred = [e.value for e in node.elts if isinstance(e, ast.Starred)]
        values = self.union(e for e in node.elts if not isinstance(e, ast.Starred))
        return self.holding(values | elements(self.union(starred)))

    eval_Tuple = eval_Set = eval_List

    def eval_ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Values:
        return self.holding(self.eval(node.elt))

    eval_GeneratorExp = eval_SetComp = eval_ListComp

    def eval_Lambda(self, node: ast.Lambda) -> Values:
        return frozenset([Value("function", node=node, home=self)])

    def eval_DictComp(self, node: ast.DictComp) -> Values:
        """Return the dict, and the list of its keys where these concern the SDK."""
        values = frozenset([Value("dict", items=self.eval(node.value))])
        return values | self.holding(self.eval(node.key))

    def eval_Dict(self, node: ast.Dict) -> Values:
        """Return a dict for each key that is written out, and one for all other keys."""
        found: set[Value] = set()
        for key, part in zip(node.keys, node.values, strict=True):
            if values := self.eval(part):
                found.add(Value("dict", key_name(key), items=values))
        return frozenset(found)

    def holding(self, values: Values) -> Values:
        return frozenset([Value("list", items=values)]) if values else NOTHING
