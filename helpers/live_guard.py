"""Live, a cell that fails says so in a few lines and Run All goes on: models differ, and so do endpoints.

The last cell of the notebook ends with a line that counts what happened.
"""

import ast
import json
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any

from .replay.errors import CourseError
from .secrets import without_keys

_PAGE = "when_it_goes_wrong.md"
_MOST_CHARACTERS = 300


class LiveGuard:
    """Tells of failures and counts them.

    Args:
        shell: the interactive shell.
        keys: what no output may hold.
        last_source: the source of the notebook's last code cell, after which the counts are printed.
    """

    def __init__(self, shell: Any, keys: Iterable[str], last_source: str = ""):
        self._shell, self._keys, self._last_source = shell, set(keys), last_source.strip()
        self._cells = 0
        self._failures: Counter[str] = Counter()
        self._refused = 0
        self._missing: set[str] = set()  # names that a cell which failed would have defined
        self._failed_now = False

    def told(
        self, shell: Any, kind: type[Exception], error: Exception, trace: TracebackType, tb_offset: Any = None
    ) -> None:
        """Print a failure; the shell calls this in place of its traceback."""
        self._failed_now = True
        if isinstance(error, CourseError):
            self._failures["a setting or a name to put right"] += 1
            print(without_keys(f"{kind.__name__}: {error}", self._keys))
            return
        name = getattr(error, "name", None)
        if isinstance(error, NameError) and name in self._missing:
            self._failures["it needs a cell above, which failed"] += 1
            print(f"Live: this cell needs `{name}` of a cell above, which failed.\nMend that cell first, or read on.")
            return
        status = status_of(error)
        self._refused += status is not None
        self._failures[f"{status}" if status is not None else kind.__name__] += 1
        lines = [number for _, number in walk_tb(trace)]
        line = lines[1] if len(lines) > 1 else lines[0]
        text = without_keys(str(error).strip(), self._keys).partition("\n")[0][:_MOST_CHARACTERS]
        print(f"Live, line {line}: {kind.__name__}: {text}\n{_advice(error, status)}")

    def before(self, info: Any) -> None:
        """A cell begins."""
        self._failed_now = False

    def after(self, result: Any) -> None:
        """A cell has ended: count it, forgive its error, and after the last one print the counts."""
        source = result.info.raw_cell or ""
        self._cells += 1
        if isinstance(result.error_in_exec, Exception):
            result.error_in_exec = None
        defined = set(self._shell.user_ns)
        if self._failed_now:
            self._missing |= _names_defined_by(source) - defined
        self._missing -= defined
        if self._last_source and source.strip() == self._last_source:
            print(self.summary())

    def summary(self) -> str:
        """One line: how many cells ran, how many the endpoint refused, and why."""
        failed = sum(self._failures.values())
        if not failed:
            return f"Live: {self._cells} cells ran, none failed."
        reasons = ", ".join(f"{count} × {reason}" for reason, count in self._failures.most_common())
        return (
            f"Live: {self._cells} cells ran; in {failed} something was refused or missing "
            f"({self._refused} by the endpoint): {reasons}."
        )


def keep_going(undo: ExitStack, keys: Iterable[str], notebook: Path | None = None) -> None:
    """Guard the cells of the running notebook, if there is one, until `undo` is closed."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None:
        return
    guard = LiveGuard(shell, keys, last_source_of(notebook) if notebook else "")
    shell.set_custom_exc((Exception,), guard.told)
    undo.callback(shell.set_custom_exc, (), None)
    for event, function in (("pre_run_cell", guard.before), ("post_run_cell", guard.after)):
        shell.events.register(event, function)
        undo.callback(shell.events.unregister, event, function)


def last_source_of(notebook: Path) -> str:
    """The source of a notebook's last code cell, "" where the file cannot be read."""
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        return next("".join(c["source"]) for c in reversed(cells) if c["cell_type"] == "code")
    except (OSError, ValueError, KeyError, StopIteration):
        return ""


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error carries, whichever library raised it."""
    response = getattr(error, "response", None)
    for holder in (error, response):
        status = getattr(holder, "status_code", None) or getattr(holder, "status", None)
        if isinstance(status, int):
            return status
    return None


def _advice(error: Exception, status: int | None) -> str:
    if status is not None:
        return f"Your endpoint refused this request (status {status}): see {_PAGE}."
    module = type(error).__module__.partition(".")[0]
    if module in ("azure", "openai", "requests", "httpx", "httpx2", "aiohttp", "urllib3"):
        return f"No whole answer came from your endpoint: see {_PAGE}."
    return f"Your endpoint or model answered otherwise than the recording: see {_PAGE}."


def _names_defined_by(source: str) -> set[str]:
    """The names that a cell binds at its top level, by assignment, definition, import, loop or `with`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names
