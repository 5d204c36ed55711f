"""Other files of the same program: what a scan follows an import into."""

import os
import re
from pathlib import Path

from helpers.migration.source import Unreadable, decode, parsed
from helpers.migration.values import Evaluator

# What a file must hold before it is worth parsing: the package's name, or a call that looks like its own.
OLD = re.compile(rb"azure\.ai\.(?:inference|projects)|azure-ai-inference|from\s+azure\.ai\s+import")
CALL = re.compile(rb"\.(?:complete|embed)\s*\(")
UP = 6  # how many folders above a file an absolute import is looked for in


def promising(data: bytes) -> bool:
    """Whether a file can hold a call of the old SDK."""
    return bool(OLD.search(data) or CALL.search(data))


class Project:
    """Finds and keeps the other files that imports mean."""

    def __init__(self) -> None:
        self.files: dict[str, Evaluator | None] = {}

    def module(self, home: Evaluator, name: str, level: int) -> Evaluator | None:
        """Return the file that an import in `home` means, or None if it is not one of the program's."""
        if not home.path or (not name and not level):
            return None
        folder = Path(home.path).parent
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
                    return self.file(path)
        return None

    def file(self, path: str) -> Evaluator | None:
        """Return the evaluator of a file, or None if it is no Python."""
        path = os.path.realpath(path)
        if path not in self.files:
            self.files[path] = None  # so that files that import each other come to an end
            try:
                text, _ = decode(Path(path).read_bytes())
                self.files[path] = Evaluator(parsed(text), path, self)
            except (Unreadable, OSError, RecursionError):
                pass
        return self.files[path]
