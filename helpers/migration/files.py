"""Which files a scan looks at."""

import os
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".py", ".pyw", ".ipynb")
SKIPPED = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        "node_modules",
        "build",
        "dist",
        "__pycache__",
        "site-packages",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
        ".cache",
        ".idea",
        ".vscode",
    ]
)


def programs(paths: list[Path]) -> Iterator[Path]:
    """Yield the files to look at, each once: what is named, and the programs in named folders.

    Links to folders are not followed, so a loop cannot catch a scan. Version control, environments
    and build output are skipped, except where they are named themselves.
    """
    seen: set[str] = set()
    for path in paths:
        for found in folder(path) if path.is_dir() else [path]:
            real = os.path.realpath(found)
            if real not in seen:
                seen.add(real)
                yield found


def folder(path: Path) -> Iterator[Path]:
    """Yield the programs in a folder and below it, in order of their names."""
    waiting = [path]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue  # not ours to read
        below = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if not skipped(entry):
                    below.append(Path(entry.path))
            elif entry.name.endswith(SUFFIXES) and entry.is_file():
                yield Path(entry.path)
        waiting.extend(reversed(below))


def skipped(entry: os.DirEntry) -> bool:
    """Whether a folder holds nothing that anyone wrote."""
    if entry.name in SKIPPED or entry.name.endswith(".egg-info"):
        return True
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
