"""Read and write programs: Python files in any encoding, and the code cells of notebooks.

A document is a list of cells (a Python file has one). All cells together are one text for the
analysis; what is no Python in a notebook (magics, shell lines) is masked in it, line by line.
"""

import ast
import io
import json
import os
import re
import tempfile
import tokenize
import warnings
from dataclasses import dataclass, field
from pathlib import Path

MAGIC = re.compile(r"^(\s*)(?:[%!?]|[\w.]+\?{1,2}\s*$|[\w.,\s]+=\s*[!%])")
CELL_MAGICS = ("%%time", "%%capture", "%%timeit", "%%prun")
MASK = "pass  # masked line"


class Unreadable(Exception):
    """A file that cannot be judged. Its text says why, in one line."""

    def __init__(self, reason: str, line: int = 0, cell: int | None = None):
        super().__init__(reason)
        self.reason, self.line, self.cell = reason, line, cell

    @classmethod
    def by(cls, error: "Unreadable | RecursionError") -> "Unreadable":
        """Return why a file cannot be judged, by what was raised."""
        return error if isinstance(error, Unreadable) else cls("nested too deeply")


@dataclass
class Cell:
    """A piece of code: a whole file, or one code cell.

    Attributes:
        number: the cell's place in the notebook, from 1; None for a file.
        text: the code as it is written.
        first: the line of the document's text at which it starts, from 1.
        masked: the lines that are no Python, by their number within the cell from 0.
        problem: why it cannot be judged, if so.
    """

    number: int | None
    text: str
    first: int = 1
    masked: dict[int, str] = field(default_factory=dict)
    problem: Unreadable | None = None

    @property
    def code(self) -> str:
        """The cell as Python: masked where it is none, empty where it cannot be judged."""
        lines = self.text.split("\n")
        if self.problem:
            return "\n" * (len(lines) - 1)
        for number, line in self.masked.items():
            indent = line[: len(line) - len(line.lstrip())]
            lines[number] = indent + MASK
        return "\n".join(lines)

    def unmask(self, code: str) -> str:
        """Return code with the lines that are no Python put back, in their order."""
        originals = iter(self.masked[number] for number in sorted(self.masked))
        lines = [next(originals) if line.strip() == MASK else line for line in code.split("\n")]
        return "\n".join(lines)


@dataclass
class Document:
    """A program on disk.

    Attributes:
        path: where it is.
        cells: its code, in order.
        encoding: how it is encoded, with "utf-8-sig" for UTF-8 with a byte order mark.
        notebook: the parsed notebook, or None for a Python file.
        style: how the notebook's JSON is indented, and whether it ends in a line end.
    """

    path: Path
    cells: list[Cell]
    encoding: str = "utf-8"
    notebook: dict | None = None
    style: tuple[int | None, str, bool] = (1, "\n", False)

    @property
    def text(self) -> str:
        """All cells as one text of Python."""
        return "\n".join(cell.code for cell in self.cells)

    def parse(self) -> ast.Module:
        """Return the syntax tree of all cells. Raise Unreadable where there is none."""
        return parsed(self.text)

    def place(self, line: int) -> tuple[int | None, int]:
        """Return the cell and the line within it of a line of the whole text."""
        for cell in reversed(self.cells):
            if line >= cell.first:
                return cell.number, line - cell.first + 1
        return None, line

    def encode(self) -> bytes:
        """Return the document as bytes, in its own encoding and form."""
        if self.notebook is None:
            return self.cells[0].text.encode(self.encoding)
        codes = [cell for cell in self.notebook["cells"] if cell.get("cell_type") == "code"]
        for cell, raw in zip(self.cells, codes, strict=True):
            if cell.text != "".join(raw["source"]):
                whole = isinstance(raw["source"], str)
                raw["source"] = cell.text if whole else cell.text.splitlines(keepends=True)
        indent, newline, ends = self.style
        text = json.dumps(self.notebook, indent=indent, ensure_ascii=False) + ("\n" if ends else "")
        return text.replace("\n", newline).encode(self.encoding)


def parsed(text: str) -> ast.Module:
    """Return the syntax tree of a text. Raise Unreadable where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes are the program's own affair
            return ast.parse(text)
    except SyntaxError as error:
        raise Unreadable(f"not Python 3: {error.msg}", error.lineno or 0) from None
    except (RecursionError, MemoryError):
        raise Unreadable("nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"not Python 3: {error}") from None


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a Python file and its encoding. Raise Unreadable if it is no text."""
    if b"\0" in data:
        raise Unreadable("null bytes: not a text file, or UTF-16")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding), encoding
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise Unreadable(f"cannot be decoded: {error}") from None


def read(path: Path) -> Document:
    """Read a Python file or a notebook. Raise Unreadable where that cannot be."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None
    return load(path, data)


def load(path: Path, data: bytes) -> Document:
    """Make a document of what was read from a path. Raise Unreadable where that cannot be."""
    if path.suffix == ".ipynb":
        return load_notebook(path, data)
    text, encoding = decode(data)
    return Document(path, [Cell(None, text)], encoding)


def load_notebook(path: Path, data: bytes) -> Document:
    encoding = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        text = data.decode(encoding)
        notebook = json.loads(text)
        raw = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
        sources = ["".join(cell["source"]) for cell in raw]
        numbers = [
            number
            for number, cell in enumerate(notebook["cells"], 1)
            if cell.get("cell_type") == "code"
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"not a notebook: {str(error).splitlines()[0]}") from None
    cells, first = [], 1
    for number, source in zip(numbers, sources, strict=True):
        cell = code_cell(number, source, first)
        cells.append(cell)
        first += source.count("\n") + 1
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = re.match(r"\{\r?\n( +|\t+)", text)
    style = (len(indent[1]) if indent else None, newline, text.endswith("\n"))
    return Document(path, cells, encoding, notebook, style)


def code_cell(number: int, source: str, first: int) -> Cell:
    """Return a code cell whose magics are masked, or which says why it cannot be judged."""
    cell = Cell(number, source, first)
    lines = source.split("\n")
    opening = source.lstrip()
    if opening.startswith("%%") and not opening.startswith(CELL_MAGICS):
        cell.problem = Unreadable(f"a cell of {opening.split()[0]}", 1, number)
        return cell
    try:
        parsed(source)
        return cell
    except Unreadable:
        cell.masked = {n: line for n, line in enumerate(lines) if MAGIC.match(line)}
    try:
        parsed(cell.code)
    except Unreadable as error:
        error.cell = number
        cell.problem = error
    return cell


def write(document: Document) -> None:
    """Write a document in one step: the old file stays whole until the new one is. Its mode stays.

    Raises:
        OSError: nothing was changed.
    """
    path = Path(os.path.realpath(document.path))
    data, mode = document.encode(), path.stat().st_mode
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
