"""Rewrite the imports of a program: the new ones come in, and the old ones go."""

import re

import libcst as cst

from helpers.migration import sdk
from helpers.migration.code import Comma, code_of, ending
from helpers.migration.comments import all_comments, lost_comments, with_comments
from helpers.migration.imports import OWN


class ImportMover(cst.CSTTransformer):
    """Drops old imports that nothing uses any more; the first gives its place to the new ones.

    Args:
        used: the names that the new code uses.
        rest: the new code without its imports, for `azure.ai.inference` written out.
        statements: the new import statements.
        before: the names that the old code used.
        keep_unused: whether to keep what nothing used before (in a package's __init__).
        handed: the names of the SDK that come from another file of the program.
    """

    def __init__(
        self,
        used: set[str],
        rest: str,
        statements: list[str],
        before: set[str],
        keep_unused: bool,
        handed: set[str],
    ):
        super().__init__()
        self.handed = handed & before - used
        self.used, self.rest, self.statements = used, rest, list(statements)
        self.before, self.keep_unused = before, keep_unused
        self.depth = 0
        self.checking = 0
        self.gone: dict[int, list[str]] = {}
        self.became: dict[int, cst.CSTNode] = {}

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode):  # type: ignore[override]
        new = super().on_leave(original_node, updated_node)
        if isinstance(original_node, cst.BaseStatement):
            if isinstance(new, cst.RemovalSentinel):
                self.gone[id(original_node)] = all_comments(original_node)
            else:
                self.became[id(original_node)] = first_of(new)
        elif isinstance(new, (cst.Module, cst.IndentedBlock)):
            return self.with_comments_of_gone(original_node, new)
        return new

    def with_comments_of_gone(
        self, old: cst.CSTNode, new: cst.Module | cst.IndentedBlock
    ) -> cst.Module | cst.IndentedBlock:
        """Return a block in which the comments of an import that is gone stand where it stood."""
        if not any(id(statement) in self.gone for statement in old.body):  # type: ignore[attr-defined]
            return new
        body, waiting = list(new.body), list[cst.EmptyLine]()
        for statement in old.body:  # type: ignore[attr-defined]
            for text in self.gone.get(id(statement), ()):
                waiting.append(cst.EmptyLine(comment=cst.Comment(text)))
            following = self.became.get(id(statement))
            if waiting and following is not None:
                place = next(n for n, one in enumerate(body) if one is following)
                lines = [*waiting, *following.leading_lines]  # type: ignore[attr-defined]
                body[place] = body[place].with_changes(leading_lines=lines)
                waiting = []
        return new.with_changes(body=body, footer=[*waiting, *new.footer])

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
        self.checking += "TYPE_CHECKING" in code_of(node.test)

    def leave_If(
        self, original_node: cst.If, updated_node: cst.If
    ) -> cst.BaseStatement | cst.RemovalSentinel:
        checking = "TYPE_CHECKING" in code_of(original_node.test)
        self.checking -= checking
        emptied = is_empty(updated_node.body) and not is_empty(original_node.body)
        if checking and emptied and not updated_node.orelse:
            return cst.RemoveFromParent()
        return updated_node

    def leave_Try(
        self, original_node: cst.Try, updated_node: cst.Try
    ) -> cst.BaseStatement | cst.RemovalSentinel:
        """Drop a try whose imports are gone, with what took their place where they failed."""
        kept = updated_node.orelse or updated_node.finalbody or not is_empty(updated_node.body)
        if kept or is_empty(original_node.body):
            return updated_node
        handled = [line for one in updated_node.handlers for line in statements(one.body)]
        gone = {name for line in statements(original_node.body) for name in bound_names(line)}
        stand_ins = all(
            isinstance(line, cst.Assign)
            and all(isinstance(one.target, cst.Name) for one in line.targets)
            and {code_of(one.target) for one in line.targets} <= gone - self.used
            for line in handled
        )
        return cst.RemoveFromParent() if stand_ins else updated_node

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
            old = old or is_old(statement) or kept is not statement
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
            body = [*body[:-1], last]
        left = updated_node.with_changes(body=body)
        updated_node = with_comments(updated_node, lost_comments(original_node, left))
        if body:
            new.append(left)
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
        if not isinstance(statement, cst.ImportFrom):
            return statement
        if isinstance(statement.names, cst.ImportStar):
            used = self.used & (sdk.MODEL_CLASSES | set(sdk.CLIENTS))
            return statement if used or not is_old(statement) else None
        names = [alias for alias in statement.names if self.stays(statement, bound_name(alias))]
        return rebuilt(statement, names) if len(names) < len(statement.names) else statement

    def stays(self, statement: cst.ImportFrom, bound: str) -> bool:
        """Whether a name that a statement imports is still needed, as far as it is of the SDK."""
        if is_old(statement):
            return self.wanted(dotted(statement.module), bound)
        return bound not in self.handed

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


def statements(body: cst.BaseSuite) -> list[cst.CSTNode]:
    """Return the small statements of a block, and its compound ones as they are."""
    found: list[cst.CSTNode] = []
    for line in body.body:
        found += line.body if isinstance(line, cst.SimpleStatementLine) else [line]
    return found


def first_of(new: cst.CSTNode | cst.FlattenSentinel) -> cst.CSTNode:
    """Return what a statement became, or the first of what it became."""
    return next(iter(new)) if isinstance(new, cst.FlattenSentinel) else new


def bound_names(statement: cst.CSTNode) -> list[str]:
    """Return the names that an import binds."""
    names = getattr(statement, "names", ())
    return [] if isinstance(names, cst.ImportStar) else [bound_name(alias) for alias in names]


def is_empty(body: cst.BaseSuite) -> bool:
    """Whether a block holds nothing, not even a comment."""
    comments = isinstance(body, cst.IndentedBlock) and any(line.comment for line in body.footer)
    return not body.body and not comments


def rebuilt(
    statement: cst.Import | cst.ImportFrom, names: list[cst.ImportAlias]
) -> cst.BaseSmallStatement | None:
    """Return an import of fewer names, or None if none is left."""
    if not names:
        return None
    end: Comma = cst.MaybeSentinel.DEFAULT
    if isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
        end = ending(names[-1].comma, statement.names[-1].comma)
    return statement.with_changes(names=[*names[:-1], names[-1].with_changes(comma=end)])


def bound_name(alias: cst.ImportAlias) -> str:
    """Return the name that an alias binds."""
    if alias.asname and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return dotted(alias.name).partition(".")[0]


def dotted(node: cst.BaseExpression | None) -> str:
    """Return a module's name as text."""
    return code_of(node).replace(" ", "") if node else ""


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
            if position is not None and getattr(statement, "leading_lines", ()):
                break  # another group, of packages
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
    return code_of(first) > line
