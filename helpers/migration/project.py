"""Other files of the same program: what a scan follows an import into."""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.migration import sdk
from helpers.migration.evaluating import Evaluating
from helpers.migration.source import Unreadable, decode, parsed
from helpers.migration.values import Evaluator

# What a file must hold to be worth parsing: the package's name, or a call like its own.
OLD = re.compile(
    rb"azure\.ai\.(?:inference|projects)|azure-ai-inference|from\s+azure\.ai\s+import"
    rb"|\b(?:ChatCompletions|Embeddings)Client\b"
)
CALL = re.compile(rb"\.(?:complete|embed)\s*[(.\"']|\bdef\s+(?:complete|embed)\b")
# What it can hold besides: an answer that another file asked for, an error, a class handed on.
READ = re.compile(
    rb"\bazure\.core\.exceptions\b|\bget_model_info\b"
    rb"|\.(?:choices|finish_reason|tool_calls|as_dict|embedding)\b"
    rb"|\b(?:" + "|".join(sorted({*sdk.REQUESTS, *sdk.ANSWERS, *sdk.ENUMS})).encode() + rb")\b"
)
MANY = 100  # how many files of a folder are looked at for callers
UP = 6  # how many folders above a file an absolute import is looked for in


def promising(data: bytes) -> bool:
    """Whether a file can hold a call of the old SDK."""
    return bool(OLD.search(data) or CALL.search(data))


def may_read(data: bytes) -> bool:
    """Whether a file can hold what a file with such a call gives it."""
    return bool(READ.search(data))


def old_text(text: str) -> bool:
    """Whether a text names the old package."""
    return bool(OLD.search(text.encode(errors="replace")))


def packages(folder: Path) -> list[Path]:
    """Return the packages in a folder: what they hold may import what is in the folder."""
    return sorted(path.parent for path in folder.glob("*/__init__.py"))[:MANY]


@dataclass(frozen=True)
class Beside:
    """A file beside another one, and its text."""

    path: Path
    source: str


def found_file(folder: Path, name: str, level: int) -> str:
    """Return the real path of the file that an import in a folder means; "" if there is none."""
    starts = [folder]
    if level:
        for _ in range(level - 1):
            folder = folder.parent
        starts = [folder]
    else:
        starts += list(folder.parents)[:UP]
    parts = [part for part in name.split(".") if part]
    for start in starts:
        base = os.path.join(start, *parts)
        for path in (f"{base}.py", os.path.join(base, "__init__.py")):
            if os.path.isfile(path):
                return os.path.realpath(path)
    return ""


class Project:
    """Finds and keeps the other files that imports mean."""

    def __init__(self) -> None:
        self.files: dict[str, Evaluator | None] = {}
        self.folders: dict[str, list[Beside]] = {}
        self.found: dict[tuple[str, str, int], str] = {}

    def module(self, home: Evaluating, name: str, level: int) -> Evaluator | None:
        """Return the file that an import in `home` means, or None if it is another's."""
        if not home.path or (not name and not level):
            return None
        asked = (os.path.dirname(home.path), name, level)
        if asked not in self.found:
            self.found[asked] = found_file(Path(home.path).parent, name, level)
        path = self.found[asked]
        return self.file(path) if path else None

    def file(self, path: str) -> Evaluator | None:
        """Return the evaluator of a file, by its real path, or None if it is no Python."""
        if path not in self.files:
            self.files[path] = None  # so that files that import each other come to an end
            try:
                text, _ = decode(Path(path).read_bytes())
                self.files[path] = Evaluator(parsed(text), path, self)
            except (Unreadable, OSError, RecursionError):
                pass
        return self.files[path]

    def callers(self, home: Evaluating, function: ast.AST) -> Iterator[tuple[Evaluator, ast.Call]]:
        """Yield the calls of a function of `home` in the files beside it."""
        name = getattr(function, "name", "")
        for other in self.holding(home, name):
            evaluator = self.file(os.path.realpath(other.path))
            if evaluator is None or evaluator is home:
                continue
            for call in evaluator.found.calls.get(name, ()):
                if any(value.node is function for value in evaluator.eval(call.func)):
                    yield evaluator, call

    def naming(self, home: Evaluating) -> Iterator[Evaluator]:
        """Yield the files near `home` whose text names it."""
        own = Path(home.path)
        for folder in (own.parent, *packages(own.parent)) if home.path else ():
            for other in self.inside(folder):
                named = other.path != own and own.stem in other.source
                if named and (evaluator := self.file(os.path.realpath(other.path))):
                    yield evaluator

    def named(self, home: Evaluating, name: str) -> bool:
        """Return whether a file beside `home` holds a name, and names `home` as well."""
        words = [rf"\b{re.escape(word)}\b" for word in (Path(home.path).stem, name)]
        return any(
            all(re.search(word, other.source) for word in words)
            for other in self.holding(home, name)
        )

    def holding(self, home: Evaluating, name: str) -> "Iterator[Beside]":
        """Yield the files beside `home` whose text holds a name, and that of `home` as well."""
        own = Path(home.path)
        for other in self.inside(own.parent) if home.path else ():
            if other.path != own and own.stem in other.source and name in other.source:
                yield other

    def inside(self, path: Path) -> "list[Beside]":
        """Return the Python files in a folder, up to a number."""
        folder = str(path)
        if folder not in self.folders:
            found = []
            for other in sorted(path.glob("*.py"))[:MANY]:
                try:
                    found.append(Beside(other, decode(other.read_bytes())[0]))
                except (OSError, Unreadable):
                    continue
            self.folders[folder] = found
        return self.folders[folder]

    def add(self, evaluator: Evaluator) -> None:
        """Keep the evaluator of a file that is scanned, so that no file has two."""
        self.files[os.path.realpath(evaluator.path)] = evaluator
