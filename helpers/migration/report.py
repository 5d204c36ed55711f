"""Print what a scan finds, as it is found: as text for people and CI logs, or as JSON."""

import json
import sys
from pathlib import Path
from typing import Protocol

from helpers.migration.scan import Finding, Problem, Result


def printable(text: object) -> str:
    """Return a text in one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def place(path: Path, cell: int | None, line: int, column: int = 0) -> str:
    """Return file, cell, line and column in the form that editors open."""
    where = printable(path) + (f":cell {cell}" if cell else "")
    return ":".join([where, *(str(number) for number in (line, column) if number)])


class Report(Protocol):
    """Something that takes results one by one, and comes to an end."""

    def add(self, result: Result) -> None:
        """Take the result of one file."""

    def end(self) -> None:
        """Say what it all came to."""


class Count:
    """What a scan came to.

    Attributes:
        files: how many files were looked at.
        moving: how many of them have something to move.
        uses: how many uses were found, and how many of them cannot be judged.
        problems: how many files or cells could not be judged.
    """

    def __init__(self) -> None:
        self.files = self.moving = self.uses = self.unknown = self.problems = 0

    def add(self, result: Result) -> None:
        self.files += 1
        self.moving += result.to_move
        self.uses += len(result.findings)
        self.unknown += sum(finding.use.row is None for finding in result.findings)
        self.problems += len(result.problems)

    @property
    def status(self) -> int:
        """The exit status: 0 if nothing is to be moved, 1 if something is, or may be."""
        return int(bool(self.moving or self.problems))

    def __str__(self) -> str:
        return (
            f"Files looked at: {self.files}. To move: {self.moving}. Uses of the old SDK: "
            f"{self.uses}, not judged: {self.unknown}. Files or cells not judged: {self.problems}."
        )


class TextReport:
    """One line for each use: place, old, new, and where it is explained.

    Args:
        brief: leave out what stays the same.
    """

    def __init__(self, brief: bool = False):
        self.brief, self.count = brief, Count()

    def add(self, result: Result) -> None:
        self.count.add(result)
        for finding in result.findings:
            row = finding.use.row
            if not (self.brief and row and row.same):
                print(self.line(finding))
        for problem in result.problems:
            where = place(problem.path, problem.cell, problem.line)
            print(f"{where}: not judged: {printable(problem.reason)}")
        if result.findings or result.problems:
            sys.stdout.flush()

    def line(self, finding: Finding) -> str:
        use = finding.use
        where = place(finding.path, finding.cell, finding.line, use.column)
        if use.row is None:
            return f"{where}: {printable(use.old)}: not judged: {use.reason}"
        new = use.row.new if not use.row.same else "stays"
        return f"{where}: {printable(use.old)} -> {new} [{use.row.link}]"

    def end(self) -> None:
        print(self.count)


def finding_json(finding: Finding) -> dict:
    """Return a finding as JSON has it."""
    row, use = finding.use.row, finding.use
    found = {
        "path": str(finding.path),
        "cell": finding.cell,
        "line": finding.line,
        "column": use.column,
    }
    found |= {"symbol": use.symbol, "old": use.old}
    if row is None:
        return {**found, "judged": False, "reason": use.reason}
    explained = {"kind": row.kind, "row": row.old, "new": row.new, "changes": row.changes}
    return {
        **found,
        "judged": True,
        **explained,
        "same": row.same,
        "safe": row.safe,
        "link": row.link,
    }


def problem_json(problem: Problem) -> dict:
    """Return a problem as JSON has it."""
    return {
        "path": str(problem.path),
        "cell": problem.cell,
        "line": problem.line,
        "reason": problem.reason,
    }


class JsonReport:
    """One JSON object with the keys findings, problems and summary, written as it is found."""

    def __init__(self) -> None:
        self.count, self.problems, self.first = Count(), [], True
        print('{"findings": [')

    def add(self, result: Result) -> None:
        self.count.add(result)
        self.problems += [problem_json(problem) for problem in result.problems]
        for finding in result.findings:
            print(("" if self.first else ",") + json.dumps(finding_json(finding)))
            self.first = False
        if result.findings:
            sys.stdout.flush()

    def end(self) -> None:
        summary = {"files": self.count.files, "to_move": self.count.moving, "uses": self.count.uses}
        summary |= {"not_judged": self.count.unknown + self.count.problems}
        print("],")
        print(f'"problems": {json.dumps(self.problems)},')
        print(f'"summary": {json.dumps(summary)}}}')
