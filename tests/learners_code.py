"""Exercises as a learner does them: code runs where the notebook's own definitions are, then is
checked.

conftest.py makes its fixtures known to all tests.
"""

import ast
import contextlib
import io
from collections.abc import Callable, Iterator

import pytest

from helpers import connect
from notebooks import NOTEBOOKS, read


def definitions(name: str) -> dict:
    """What a notebook's cells before the exercises define.

    Imports, functions, classes and constants.
    """
    namespace: dict = {}
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
        return node.targets[0].id.isupper() or node.targets[0].id in ("client", "v1")
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
    """Run a learner's cell, and return what it printed."""

    def run(source: str) -> str:
        printed = io.StringIO()
        with contextlib.chdir(NOTEBOOKS), contextlib.redirect_stdout(printed):
            exec(compile(source, "exercise", "exec"), dict(notebook))
        return printed.getvalue()

    return run
