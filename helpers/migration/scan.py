"""Scan programs for the old SDK: a finding for each use, a problem for what is unreadable."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from helpers.migration.names import Use, uses
from helpers.migration.project import Project, may_read, old_text, promising
from helpers.migration.source import Document, Unreadable, load
from helpers.migration.table import find
from helpers.migration.values import Evaluator


@dataclass(frozen=True)
class Finding:
    """One use of the old SDK and its place.

    Attributes:
        path: the file.
        cell: the number of the cell in a notebook, from 1; None in a file.
        line: the line in the file or the cell, from 1.
        use: what is used there.
    """

    path: Path
    cell: int | None
    line: int
    use: Use


@dataclass(frozen=True)
class Problem:
    """What could not be judged, and why. A file can have several: one for each cell."""

    path: Path
    cell: int | None
    line: int
    reason: str


@dataclass
class Result:
    """What the scan of one file found."""

    path: Path
    findings: list[Finding] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def to_move(self) -> bool:
        """Whether something is to be moved, or looked at by a person."""
        return any(finding.use.row is None or not finding.use.row.same for finding in self.findings)


def evaluate(document: Document, project: Project) -> Evaluator:
    """Return the evaluator of a document. Raise Unreadable if it is no Python."""
    return kept(Evaluator(document.parse(), str(document.path), project), document, project)


def kept(evaluator: Evaluator, document: Document, project: Project) -> Evaluator:
    """Return an evaluator that the project knows as the one of its file."""
    if document.notebook is None:
        project.add(evaluator)
    return evaluator


def scan_file(path: Path, project: Project) -> Result:
    """Scan one file. Whatever is wrong with it becomes a problem of the result."""
    result = Result(path)
    sign = True
    try:
        data = path.read_bytes()
        sign = promising(data)
        if not sign and not may_read(data):
            return result
        document = load(path, data)
        found = list(uses(evaluate(document, project)))
    except OSError as error:
        result.problems.append(Problem(path, None, 0, f"cannot be read: {error.strerror or error}"))
        return result
    except (Unreadable, RecursionError) as error:
        if sign:  # elsewhere it does not matter
            why = Unreadable.by(error)
            result.problems.append(Problem(path, why.cell, why.line, why.reason))
        return result
    found += installs(document)
    for use in sorted(found, key=lambda one: (one.line, one.column, one.symbol)):
        cell, line = document.place(use.line)
        result.findings.append(Finding(path, cell, line, use))
    for cell in document.cells:
        problem = cell.problem
        if problem and old_text(cell.text):  # elsewhere it does not matter
            result.problems.append(Problem(path, problem.cell, problem.line, problem.reason))
    return result


def installs(document: Document) -> list[Use]:
    """Return the lines of a notebook that install the old package."""
    row, found = find("azure-ai-inference"), []
    for cell in document.cells:
        for number, line in cell.masked.items():
            if "pip install" in line and "azure-ai-inference" in line:
                found.append(Use("azure-ai-inference", line.strip(), row, cell.first + number, 1))
    return found


def scan(paths: list[Path]) -> Iterator[Result]:
    """Yield what each file holds, as soon as it is known. See `files.programs` for which files."""
    from helpers.migration.files import programs

    project = Project()
    for path in programs(paths):
        yield scan_file(path, project)
