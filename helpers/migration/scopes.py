"""Walk a module once, and note where each of its names is bound."""

import ast

from helpers.migration.bindings import Binding, Module, Path, Scope
from helpers.migration.kinds import last_name
from helpers.migration.stores import PUTTERS, path_of

Function = ast.FunctionDef | ast.AsyncFunctionDef
PARTS = {"expr": "unpack", "unpack": "unpack", "iter": "item"}  # how a target's part is bound


class Collector(ast.NodeVisitor):
    """Walks a module once and collects scopes, bindings, returns and calls."""

    def __init__(self, tree: ast.Module):
        self.scope = Scope("module", tree, None)
        self.module = Module(tree, self.scope)
        self.path: Path = ()
        self.functions: list[ast.AST] = []
        self.classes: list[ast.ClassDef] = []
        for child in tree.body:
            self.visit(child)

    # Walking: every child is remembered with its parent, scope and blocks.

    def visit(self, node: ast.AST) -> None:
        self.module.places[id(node)] = (self.scope, self.path)
        method = getattr(self, "visit_" + type(node).__name__, None)
        if method:
            method(node)
        else:
            self.children(node)

    def children(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                block = bool(value) and isinstance(
                    value[0], (ast.stmt, ast.ExceptHandler, ast.match_case)
                )
                outer = self.path
                if block:
                    self.path = (*outer, (id(node), name))
                for child in value:
                    self.child(node, child)
                self.path = outer
            else:
                self.child(node, value)

    def child(self, parent: ast.AST, node: object) -> None:
        if isinstance(node, ast.AST):
            self.module.parents[id(node)] = parent
            self.visit(node)

    def inside(self, kind: str, node: ast.AST) -> Scope:
        self.scope = Scope(kind, node, self.scope)
        return self.scope

    def bind(self, name: str, how: str, node: ast.AST, at: ast.AST, extra: object = None) -> None:
        line = (getattr(at, "end_lineno", 0), getattr(at, "end_col_offset", 0))
        if how in ("param", "iter", "item", "with", "except", "function", "class"):
            line = (getattr(at, "lineno", 0), getattr(at, "col_offset", 0))
        self.scope.bind(name, Binding(how, node, line, self.path, extra))

    # What binds a name.

    def target(
        self, target: ast.AST, how: str, node: ast.AST, at: ast.AST, extra: object = None
    ) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, how, node, at, extra)
        elif isinstance(target, ast.Starred):
            self.target(target.value, "rest" if how == "unpack" else "unknown", node, at)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for number, element in enumerate(target.elts):
                inner = node.elts[number] if self.alike(target, node) and how == "expr" else None  # type: ignore
                if inner is not None:
                    self.target(element, "expr", inner, at)
                else:
                    self.target(
                        element,
                        PARTS.get(how, "unknown"),
                        node,
                        at,
                        number,
                    )
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            value = node if isinstance(node, ast.expr) else target.slice
            self.module.items.setdefault(target.value.id, []).append((target.slice, value))
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            line = (getattr(at, "end_lineno", 0), getattr(at, "end_col_offset", 0))
            binding = Binding(how, node, line, self.path, extra)
            owner = getattr(target.value, "id", "")
            if owner in ("self", "cls") and self.classes and isinstance(target, ast.Attribute):
                key = (id(self.classes[-1]), target.attr)
                self.module.fields.setdefault(key, []).append(binding)
            elif path := path_of(target):
                self.module.stored.setdefault(path, []).append((target, binding))

    @staticmethod
    def alike(target: ast.Tuple | ast.List, node: ast.AST) -> bool:
        return (
            isinstance(node, (ast.Tuple, ast.List))
            and len(node.elts) == len(target.elts)
            and not any(isinstance(element, ast.Starred) for element in [*target.elts, *node.elts])
        )

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self.target(target, "expr", node.value, node)
        self.children(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.target(node.target, "expr", node.value, node)
        self.target(node.target, "annotation", node.annotation, node)
        self.children(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        outer = self.path
        self.path = (*outer, (id(node), "value"))  # what the name held before is still in it
        self.target(node.target, "expr", node.value, node)
        self.path = outer
        self.children(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.target(node.target, "expr", node.value, node)
        self.children(node)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.target(node.target, "iter", node.iter, node)
        self.children(node)

    visit_AsyncFor = visit_For

    def visit_withitem(self, node: ast.withitem) -> None:
        if node.optional_vars:
            self.target(node.optional_vars, "with", node.context_expr, node.context_expr)
        self.children(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name and node.type:
            self.path = (*self.path, (id(node), "body"))
            self.bind(node.name, "except", node.type, node)
            self.path = self.path[:-1]
        self.children(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0], "import", alias, node)
        self.children(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name, "from", node, node, alias.name)
        self.children(node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        self.scope.outer.update(node.names)

    visit_Nonlocal = visit_Global

    # What opens a scope.

    def visit_FunctionDef(self, node: Function) -> None:
        self.bind(node.name, "function", node, node)
        for part in [*node.decorator_list, *([node.returns] if node.returns else [])]:
            self.child(node, part)
        outer, path = self.scope, self.path
        self.parameters(node.args, node)
        self.functions.append(node)
        self.module.returns[id(node)] = []
        self.path = (*path, (id(node), "body"))
        for statement in node.body:
            self.child(node, statement)
        self.functions.pop()
        self.scope, self.path = outer, path

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        outer = self.scope
        self.parameters(node.args, node)
        self.module.returns[id(node)] = [("return", node.body)]
        self.child(node, node.body)
        self.scope = outer

    def parameters(self, arguments: ast.arguments, function: ast.AST) -> None:
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for part in [*arguments.defaults, *arguments.kw_defaults]:
            self.child(function, part)
        for argument in [*every, arguments.vararg, arguments.kwarg]:
            if argument and argument.annotation:
                self.child(function, argument.annotation)
        self.inside("function", function)
        for argument in every:
            self.bind(argument.arg, "param", argument, argument, function)
        for argument in (arguments.vararg, arguments.kwarg):
            if argument:
                self.bind(argument.arg, "unknown", argument, argument)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name, "class", node, node)
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.child(node, part)
        outer, path = self.scope, self.path
        self.inside("class", node)
        self.classes.append(node)
        self.path = (*path, (id(node), "body"))
        for statement in node.body:
            self.child(node, statement)
        self.classes.pop()
        for name, bindings in self.scope.names.items():
            self.module.fields.setdefault((id(node), name), []).extend(bindings)
        self.scope, self.path = outer, path

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        outer = self.scope
        self.inside("comprehension", node)
        for generator in node.generators:
            self.module.parents[id(generator)] = node
            self.child(generator, generator.iter)
            self.target(generator.target, "iter", generator.iter, generator.iter)
            self.child(generator, generator.target)
            for test in generator.ifs:
                self.child(generator, test)
        for part in (getattr(node, name, None) for name in ("elt", "key", "value")):
            self.child(node, part)
        # Everything in a comprehension sees its targets, wherever they are written.
        self.scope.names = {
            name: [Binding(b.how, b.node, (0, 0), b.path, b.extra) for b in bindings]
            for name, bindings in self.scope.names.items()
        }
        self.scope = outer

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    # What is remembered besides.

    def visit_Return(self, node: ast.Return) -> None:
        if node.value and self.functions:
            self.module.returns[id(self.functions[-1])].append(("return", node.value))
        self.children(node)

    def visit_Yield(self, node: ast.Yield) -> None:
        if node.value and self.functions:
            self.module.returns[id(self.functions[-1])].append(("yield", node.value))
        self.children(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        if self.functions:
            self.module.returns[id(self.functions[-1])].append(("from", node.value))
        self.children(node)

    def visit_Call(self, node: ast.Call) -> None:
        self.module.calls.setdefault(last_name(node.func), []).append(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in PUTTERS:
            self.module.puts.setdefault(path_of(node.func.value), []).append(node)
        self.children(node)


def collect(tree: ast.Module) -> Module:
    """Return the scopes and bindings of a module."""
    return Collector(tree).module
