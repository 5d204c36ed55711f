"""Rewrite programs on disk, or show what a rewrite would change."""

import difflib
from pathlib import Path

from helpers.migration.context import MARK
from helpers.migration.project import Project, may_read, old_text, promising
from helpers.migration.report import place, printable
from helpers.migration.source import Document, Unreadable, load, write


class Mover:
    """Moves files one by one.

    Args:
        writing: whether to write; otherwise the differences are printed.
    """

    def __init__(self, writing: bool):
        self.writing, self.project = writing, Project()
        self.waiting: list[Document] = []
        self.files = self.changed = self.todos = self.problems = 0

    def add(self, path: Path) -> None:
        """Move one file. Whatever is wrong with it costs one line."""
        self.files += 1
        sign = True
        try:
            data = path.read_bytes()
            sign = promising(data)
            if sign or may_read(data):
                self.move(path, data)
        except OSError as error:
            self.problem(path, Unreadable(f"cannot be read or written: {error.strerror or error}"))
        except (Unreadable, RecursionError) as error:
            if sign:  # elsewhere it does not matter
                self.problem(path, Unreadable.by(error))

    def problem(self, path: Path, error: Unreadable) -> None:
        self.problems += 1
        print(f"{place(path, error.cell, error.line)}: not moved: {printable(error.reason)}")

    def move(self, path: Path, data: bytes) -> None:
        from helpers.migration.rewrite import rewrite

        document = load(path, data)
        before = [cell.text for cell in document.cells]
        changed = rewrite(document, self.project)
        self.todos += count(document)
        for cell in document.cells:
            if cell.problem and old_text(cell.text):
                self.problem(path, cell.problem)
        if changed:
            self.changed += 1
            self.show(document, before)

    def show(self, document: Document, before: list[str]) -> None:
        """Print what changes, or keep it until all files are known: they look at each other."""
        if self.writing:
            self.waiting.append(document)
            return
        for cell, old in zip(document.cells, before, strict=True):
            print_difference(place(document.path, cell.number, 0), old, cell.text)

    def save(self, document: Document) -> None:
        try:
            write(document)
        except OSError as error:
            self.changed -= 1
            self.problem(document.path, Unreadable(f"cannot be written: {error.strerror or error}"))
            return
        left = count(document)
        print(
            f"{printable(document.path)}: rewritten"
            + (f", {left} TODO(openai-v1) left" if left else "")
        )

    @property
    def status(self) -> int:
        """The exit status: 1 if something is left to do or could not be moved, or would change."""
        left = self.changed if not self.writing else 0
        return int(bool(left or self.todos or self.problems))

    def end(self) -> None:
        """Write what waits, and say what it all came to."""
        for document in self.waiting:
            self.save(document)
        verb = "Rewritten" if self.writing else "To rewrite"
        print(
            f"Files looked at: {self.files}. {verb}: {self.changed}. "
            f"TODO(openai-v1): {self.todos}. Not moved: {self.problems}."
        )


def count(document: Document) -> int:
    """Return how many TODOs a document holds."""
    return sum(cell.text.count(MARK) for cell in document.cells)


def print_difference(name: str, old: str, new: str) -> None:
    """Print the unified difference of two texts."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), f"{name} (old)", f"{name} (new)", lineterm=""
    )
    for line in lines:
        print(
            "".join(
                c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line
            )
        )
