"""Exercises as a learner does them: code runs where the notebook's own definitions are, then is
checked.

conftest.py makes its fixtures known to all tests.
"""

import ast
import contextlib
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from helpers import connect
from notebooks import NOTEBOOKS, read, solutions, tagged


def definitions(name: str) -> dict:
    """What a notebook's cells before the exercises define.

    Imports, functions, classes and constants.
    """
    namespace: dict = {"__name__": "__main__"}
    for cell in read(NOTEBOOKS / f"{name}.ipynb").cells:
        if cell.cell_type != "code":
            continue
        if "exercise" in cell.metadata.get("tags", ()):
            break
        tree = ast.parse(cell.source)
        kept = [node for node in tree.body if _defines(node)]
        exec(compile(ast.Module(kept, []), name, "exec"), namespace)
    return namespace


def _defines(node: ast.stmt) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        is_model = ast.unparse(node.value).startswith("os.environ[")
        return is_model or node.targets[0].id.isupper() or node.targets[0].id in ("client", "v1")
    return isinstance(node, kinds)


@pytest.fixture(scope="module")
def notebook(request) -> Iterator[dict]:
    """The namespace of the notebook that the test module names in NOTEBOOK, in replay."""
    with contextlib.chdir(NOTEBOOKS), contextlib.redirect_stdout(io.StringIO()):
        connect.start(request.module.NOTEBOOK)
        namespace = definitions(request.module.NOTEBOOK)
    yield namespace
    connect.end()


@pytest.fixture
def attempt(notebook) -> Callable[[str], str]:
    """Run a learner's cell, and return what it printed, in one line however it was broken."""

    def run(source: str) -> str:
        printed = io.StringIO()
        with contextlib.chdir(NOTEBOOKS), contextlib.redirect_stdout(printed):
            exec(compile(source, "exercise", "exec"), dict(notebook))
        return " ".join(printed.getvalue().split())

    return run


Work = dict[int, dict[str, Any]]  # what learners write, by the exercise's number and a name


def exercise_tests(
    name: str, right: Work, wrong: Work, checks: dict[int, str], before: str = ""
) -> tuple[Callable[..., None], ...]:
    """The three tests of a notebook's exercises, for a module that names it in NOTEBOOK.

    Args:
        name: the notebook's.
        right: sources that solve an exercise.
        wrong: sources that do not, each with words of the next step that its learner is told.
        checks: the line that calls `check`, for each exercise.
        before: what every learner's cell begins with.
    """

    @pytest.mark.parametrize(("number", "source"), _cases(right))
    def test_right(number, source, attempt):
        printed = attempt(f"{before}{source}\n{checks[number]}")
        assert printed.startswith("✓ Right"), printed

    @pytest.mark.parametrize(("number", "source", "next_step"), _cases(wrong))
    def test_wrong(number, source, next_step, attempt):
        printed = attempt(f"{before}{source}\n{checks[number]}")
        assert printed.startswith("Not yet.") and next_step in printed, printed

    def test_untouched_cells_are_not_right_and_solutions_are(attempt):
        book = read(NOTEBOOKS / f"{name}.ipynb")
        untouched = [book.cells[at].source for at in tagged(book, "exercise")]
        assert len(untouched) == len(solutions(book)) == len(checks)
        for source in untouched:
            assert attempt(before + source).startswith("Not yet.")
        for source in solutions(book):
            assert attempt(before + source).startswith("✓ Right")

    return test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are


def _cases(work: Work) -> list:
    return [
        pytest.param(number, *(case if isinstance(case, tuple) else (case,)), id=f"{number}-{name}")
        for number, kinds in work.items()
        for name, case in kinds.items()
    ]
