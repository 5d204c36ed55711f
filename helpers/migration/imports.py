"""The imports that the new code needs, and the names that code uses."""

import ast
import re
from dataclasses import dataclass, field

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
