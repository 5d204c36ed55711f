"""Live, a cell that fails says so in two lines, and Run All goes on: models and endpoints differ.

The notebook's last cell ends with a line that counts what happened.
"""

import ast
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from .failures import failure_of
from .output_guard import Outputs, interactive_shell
from .replay.patching import replace
from .secrets import without_secrets

_LONGEST = 400  # characters of a line


@dataclass(frozen=True)
class LastCell:
    """A notebook's last code cell. An editor tells a cell's id, other programs its source alone."""

    source: str
    cell_id: str

    def is_run_by(self, info: Any) -> bool:
        """Whether `info`, of the interactive shell, tells of this cell."""
        same_id = self.cell_id and getattr(info, "cell_id", None) == self.cell_id
        return bool(same_id or self.source.strip() == (info.raw_cell or "").strip())


class LiveGuard:
    """Tells of failures and counts them.

    Args:
        shell: the interactive shell.
        outputs: where to say it.
        secrets: what no output may hold.
        last: the cell after which the counts are printed.
    """

    def __init__(self, shell: Any, outputs: Outputs, secrets: Iterable[str], last: LastCell | None):
        self._shell, self._outputs, self._last = shell, outputs, last
        self._secrets = frozenset(secrets)
        self._cells, self._refused = 0, 0
        self._failures: Counter[str] = Counter()
        self._missing: set[str] = set()  # names that cells which failed would have defined

    def tell(
        self, shell: Any, kind: type[BaseException], error: BaseException,
        trace: TracebackType | None, tb_offset: int | None = None,
    ) -> None:  # fmt: skip
        """Print a failure; the shell calls this in place of showing its traceback."""
        failure = failure_of(error, trace, self._missing)
        self._failures[failure.why] += 1
        self._refused += failure.refused
        for line in failure.lines:
            line = without_secrets(line, self._secrets)  # first: half a key is not found
            cut = len(line) > _LONGEST and "\n" not in line
            self._outputs.say(f"{line[:_LONGEST]}…" if cut else line)

    def end_cell(self, result: Any) -> None:
        """A cell has ended: count it, forgive its error, and after the last print the counts."""
        if not result.info.store_history:
            return
        self._cells += 1
        if isinstance(result.error_in_exec, (Exception, SystemExit)):
            result.error_in_exec = None
            self._missing |= names_defined_by(self._shell.transform_cell(result.info.raw_cell))
        if self._last and self._last.is_run_by(result.info):
            self._outputs.say(self.summary())

    def summary(self) -> str:
        """One line: how many cells ran, how many the endpoint refused, and why."""
        failed = sum(self._failures.values())
        if not failed:
            return f"Live: {self._cells} cells ran, none failed."
        reasons = ", ".join(f"{count} × {why}" for why, count in self._failures.most_common())
        return (
            f"Live: {self._cells} cells ran. Your endpoint refused {self._refused}, "
            f"{failed - self._refused} failed otherwise: {reasons}."
        )


def guard_cells(undo: ExitStack, outputs: Outputs, secrets: Iterable[str], notebook: Path) -> None:
    """Guard the cells of the running notebook, if there is one, until `undo` is closed."""
    shell = interactive_shell()
    if shell is None:
        return
    guard = LiveGuard(shell, outputs, secrets, last_cell_of(notebook))
    undo.callback(shell.set_custom_exc, (), None)
    shell.set_custom_exc((Exception,), guard.tell)
    shell.events.register("post_run_cell", guard.end_cell)
    undo.callback(shell.events.unregister, "post_run_cell", guard.end_cell)
    show_traceback = shell.showtraceback

    def show(*arguments: Any, **options: Any) -> None:
        kind, error, trace = sys.exc_info()
        if not isinstance(error, SystemExit):  # the one that set_custom_exc does not get
            show_traceback(*arguments, **options)
        elif kind is not None and error.code not in (None, 0):
            guard.tell(shell, kind, error, trace)

    replace(undo, shell, "showtraceback", show)
    undo.enter_context(warnings.catch_warnings())
    warnings.filterwarnings("ignore", "To exit: use")  # what the shell says to each SystemExit


def last_cell_of(notebook: Path) -> LastCell | None:
    """A notebook's last code cell; None where the file cannot be read."""
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        return LastCell("".join(code[-1]["source"]), code[-1].get("id", ""))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def names_defined_by(source: str) -> set[str]:
    """The names that a cell binds at its top level: by assignment, definition, import, loop."""
    try:
        return set(_bound(ast.parse(source)))
    except SyntaxError:
        return set()


def _bound(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
        elif isinstance(child, ast.alias):
            yield (child.asname or child.name).partition(".")[0]
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        elif not isinstance(child, (ast.Lambda, ast.comprehension)):
            yield from _bound(child)
