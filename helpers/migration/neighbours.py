"""Files that belong together: those that a file imports, and those near it that import it."""

import ast
from collections.abc import Iterator

from helpers.migration import sdk
from helpers.migration.bindings import Binding
from helpers.migration.kinds import walk
from helpers.migration.values import Evaluator


def imported(evaluator: Evaluator) -> set[Evaluator]:
    """Return the files that a file imports something from."""
    homes = {value.home for one in imports(evaluator) for value in evaluator.bound(one)}
    return {home for home in homes if isinstance(home, Evaluator) and home is not evaluator}


def imports(evaluator: Evaluator) -> Iterator[Binding]:
    """Yield the bindings of a file's own imports."""
    for bindings in evaluator.found.scope.names.values():
        yield from (one for one in bindings if one.how in ("import", "from"))


def neighbours(evaluator: Evaluator) -> Iterator[Evaluator]:
    """Yield the files that a file imports, and those near it that import it."""
    yield from imported(evaluator)
    for other in evaluator.resolver.naming(evaluator) if evaluator.resolver else ():
        if isinstance(other, Evaluator) and evaluator in imported(other):
            yield other


def uses_old(evaluator: Evaluator) -> bool:
    """Whether a file imports the old SDK, or its names from another file."""
    package = sdk.MODULES[0]
    for node in walk(evaluator.found.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package):
            return True
        if isinstance(node, ast.Import) and any(a.name.startswith(package) for a in node.names):
            return True
    return bool(handed_on(evaluator))


def handed_on(evaluator: Evaluator) -> set[str]:
    """Return the names of the SDK that a file imports from another file of the program."""
    found: set[str] = set()
    for name, bindings in evaluator.found.scope.names.items():
        values = [value for one in bindings for value in evaluator.bound(one)]
        others = all(one.how == "from" and not from_azure(one.node) for one in bindings)
        if values and others and all(value.kind == "class" for value in values):
            found.add(name)
    return found


def from_azure(statement: ast.AST) -> bool:
    """Whether an import is from a package of Azure."""
    module = getattr(statement, "module", None) or ""
    return not getattr(statement, "level", 0) and module.partition(".")[0] == "azure"
