"""The imports of a program that moves: the new ones, and the old ones that go."""

import ast
import re
from dataclasses import dataclass, field

import libcst as cst

from helpers.migration import sdk
from helpers.migration.kinds import walk
from helpers.migration.source import parsed

LONGEST = 88
OWN = ("azure.ai.inference", *sdk.CORE)


@dataclass
class Needs:
    """The names that the new code uses and has to import.

    Attributes:
        taken: the names that the program binds itself.
        imported: module, name (None for the module itself) and the name it goes by.
    """

    taken: set[str]
    present: set[tuple[str, str | None]]
    imported: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def name(self, module: str, name: str | None = None) -> str:
        """Return how the new code calls a name of a module, and remember that it is needed."""
        key = (module, name)
        if key in self.present:
            return name or module
        if key not in self.imported:
            plain = name or module
            clash = plain in self.taken or plain in self.imported.values()
            self.imported[key] = f"openai_{plain}" if clash else plain
        return self.imported[key]

    def statements(self) -> tuple[list[str], list[str]]:
        """Return the import statements: those of the standard library, and those of packages."""
        every = self.sorted_statements()
        third = [line for line in every if re.match(r"(import|from) (openai|azure)\b", line)]
        return [line for line in every if line not in third], third

    def sorted_statements(self) -> list[str]:
        plain: list[str] = []
        grouped: dict[str, list[str]] = {}
        for (module, name), local in sorted(
            self.imported.items(), key=lambda item: (item[0][0], item[0][1] or "")
        ):
            if name is None:
                plain.append(f"import {module}" + (f" as {local}" if local != module else ""))
            else:
                grouped.setdefault(module, []).append(
                    name + (f" as {local}" if local != name else "")
                )
        return plain + [from_import(module, names) for module, names in grouped.items()]


def from_import(module: str, names: list[str]) -> str:
    """Return an import of names, with a line for each where one line is too long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LONGEST:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def needs(tree: ast.Module) -> Needs:
    """Return the needs of a program, empty as yet."""
    found = Needs(set(), set())
    for node in walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            note_import(found, node, node in tree.body)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.taken.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.taken.add(node.name)
        elif isinstance(node, ast.arg):
            found.taken.add(node.arg)
    return found


def note_import(found: Needs, node: ast.Import | ast.ImportFrom, top: bool) -> None:
    """Note the names that an import takes, and what every function can see already."""
    if isinstance(node, ast.Import):
        found.taken |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        if top:
            found.present |= {(alias.name, None) for alias in node.names if not alias.asname}
        return
    module = node.module or ""
    if node.level or not module.startswith(OWN):
        found.taken |= {alias.asname or alias.name for alias in node.names}
    if top and not node.level:
        found.present |= {(module, alias.name) for alias in node.names if not alias.asname}


def names_used(code: str) -> tuple[set[str], str]:
    """Return the names that code uses outside of imports, and that code without its imports."""
    tree = parsed(code)
    loads = [node for node in walk(tree) if isinstance(node, ast.Name)]
    names = {node.id for node in loads if not isinstance(node.ctx, ast.Store)}
    strings = [
        node.value
        for node in walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    for text in strings:  # quoted annotations and __all__
        if len(text) < 200 and re.fullmatch(r"[\w\[\], .|]+", text):
            names |= set(re.findall(r"[A-Za-z_]\w*", text))
    rest = "\n".join(line for line in code.split("\n") if not re.match(r"\s*(import|from)\s", line))
    return names, rest


class ImportMover(cst.CSTTransformer):
    """Drops old imports that nothing uses any more; the first gives its place to the new ones.

    Args:
        used: the names that the new code uses.
        rest: the new code without its imports, for `azure.ai.inference` written out.
        statements: the new import statements.
        before: the names that the old code used.
        keep_unused: whether to keep what nothing used before (in a package's __init__).
    """

    def __init__(
        self, used: set[str], rest: str, statements: list[str], before: set[str], keep_unused: bool
    ):
        super().__init__()
        self.used, self.rest, self.statements = used, rest, list(statements)
        self.before, self.keep_unused = before, keep_unused
        self.depth = 0
        self.checking = 0

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.depth += 1

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        self.depth -= 1
        return updated_node

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.depth += 1

    def leave_ClassDef(
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        self.depth -= 1
        return updated_node

    def visit_If(self, node: cst.If) -> None:
        self.checking += "TYPE_CHECKING" in cst.Module([]).code_for_node(node.test)

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.BaseStatement:
        self.checking -= "TYPE_CHECKING" in cst.Module([]).code_for_node(original_node.test)
        return updated_node

    def wanted(self, module: str, bound: str) -> bool:
        """Whether an imported name is still needed."""
        if bound in self.used:
            return True
        was_used = bound in self.before
        if was_used:
            return False
        core = not module.startswith("azure.ai.inference")
        return core or self.keep_unused

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement] | cst.RemovalSentinel:
        body, old = [], False
        for statement in updated_node.body:
            kept = self.kept(statement)
            old = old or is_old(statement)
            if kept is not None:
                body.append(kept)
        if not old:
            return updated_node
        new: list[cst.BaseStatement] = []
        if self.statements and not self.depth and not self.checking:
            new = [cst.parse_statement(line) for line in self.statements]
            self.statements = []
        if body:
            last = body[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
            new.append(updated_node.with_changes(body=[*body[:-1], last]))
        if not new:
            return cst.RemoveFromParent()
        first = new[0]
        assert isinstance(first, cst.SimpleStatementLine)
        new[0] = first.with_changes(leading_lines=updated_node.leading_lines)
        for number in range(1, len(new)):
            new[number] = new[number].with_changes(leading_lines=[])
        end = new[-1]
        assert isinstance(end, cst.SimpleStatementLine)
        if not body:
            new[-1] = end.with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(new)

    def kept(self, statement: cst.BaseSmallStatement) -> cst.BaseSmallStatement | None:
        """Return what is left of an import; any other statement as it is."""
        if isinstance(statement, cst.Import):
            names = [alias for alias in statement.names if not self.plain_gone(alias)]
            return rebuilt(statement, names) if len(names) < len(statement.names) else statement
        if isinstance(statement, cst.ImportFrom) and is_old(statement):
            module = dotted(statement.module)
            if isinstance(statement.names, cst.ImportStar):
                return statement if self.used & (sdk.MODEL_CLASSES | set(sdk.CLIENTS)) else None
            names = [alias for alias in statement.names if self.wanted(module, bound_name(alias))]
            return rebuilt(statement, names) if len(names) < len(statement.names) else statement
        return statement

    def plain_gone(self, alias: cst.ImportAlias) -> bool:
        name = dotted(alias.name)
        if not name.startswith(OWN):
            return False
        if alias.asname:
            return not self.wanted(name, bound_name(alias))
        package = "azure.ai.inference" if name.startswith("azure.ai.inference") else "azure.core"
        if package == "azure.core" and "azure" not in self.before:
            return False
        return not re.search(rf"\b{re.escape(package)}\b", self.rest)


def rebuilt(
    statement: cst.Import | cst.ImportFrom, names: list[cst.ImportAlias]
) -> cst.BaseSmallStatement | None:
    """Return an import of fewer names, or None if none is left."""
    if not names:
        return None
    end = cst.MaybeSentinel.DEFAULT
    if isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
        end = statement.names[-1].comma
        if names[-1] is statement.names[-1]:
            end = names[-1].comma
    return statement.with_changes(names=[*names[:-1], names[-1].with_changes(comma=end)])


def bound_name(alias: cst.ImportAlias) -> str:
    """Return the name that an alias binds."""
    if alias.asname and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return dotted(alias.name).partition(".")[0]


def dotted(node: cst.BaseExpression | None) -> str:
    """Return a module's name as text."""
    return cst.Module([]).code_for_node(node).replace(" ", "") if node else ""


def is_old(statement: cst.CSTNode) -> bool:
    """Whether a statement imports from the old SDK, or from azure.core what goes with it."""
    if isinstance(statement, cst.Import):
        return any(dotted(alias.name).startswith(OWN) for alias in statement.names)
    if isinstance(statement, cst.ImportFrom) and not statement.relative:
        module = dotted(statement.module)
        names = statement.names
        star = isinstance(names, cst.ImportStar)
        inference = not star and any(
            bound_name(alias) == "inference" or dotted(alias.name) == "inference" for alias in names
        )
        own = module.startswith(OWN) or module == "azure.core"
        return own or (module == "azure.ai" and inference)
    return False


def with_standard(module: cst.Module, statements: list[str]) -> cst.Module:
    """Return a module with imports after its first plain imports, or at its start."""
    position, docstring = None, 0
    for number, statement in enumerate(module.body):
        first = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if isinstance(first, cst.Import) and not is_old(first):
            position = number + 1
        elif isinstance(first, cst.ImportFrom):
            docstring = number + 1 if dotted(first.module) == "__future__" else docstring
            if position is not None:
                break
        elif isinstance(first, cst.Pass) or (number == 0 and isinstance(first, cst.Expr)):
            docstring = number + 1  # a docstring, or a line of a notebook that is no Python
        elif position is not None or not isinstance(first, cst.Import):
            break
    place = position if position is not None else docstring
    body = list(module.body)
    for line in reversed(statements):
        at = place
        while line.startswith("import") and at > docstring and comes_after(body[at - 1], line):
            at -= 1
        body.insert(at, cst.parse_statement(line))
    return module.with_changes(body=body)


def comes_after(statement: cst.CSTNode, line: str) -> bool:
    """Whether a plain import without comments belongs after another one, by its name."""
    first = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    if not isinstance(first, cst.Import) or getattr(statement, "leading_lines", ()):
        return False
    return cst.Module([]).code_for_node(first) > line
