"""Notebook 09, a reference: every pair of the table once, and what both cells of a pair send.

The notebook shows two calls. That they ask the same and read the same is for these tests.
"""

import ast
import contextlib
import inspect
import io
import re
from dataclasses import dataclass
from functools import cache

import pytest

from helpers import connect, start
from helpers.body_meaning import meaning
from helpers.migration import rows
from notebooks import NOTEBOOKS, read

NAME = "09_call_by_call"
PAIRS = list(dict.fromkeys(row.pair for row in rows()))
CELLS = read(NOTEBOOKS / f"{NAME}.ipynb").cells
HEADING = re.compile(r"## ([a-z-]+)\n\n(.+)")

# Pairs whose requests differ, each with the reason.
OTHER_REQUESTS = {
    "load-client": "the old function asks for the model's kind first",
    "model-info": "another operation, with other fields",
    "client-entra": "another scope is asked for",
}
# Pairs whose cells print something else, each with the reason.
OTHER_OUTPUT = {
    "model-info": "other fields",
    "logging": "each library's own loggers",
    "tracing": "each library's own package is missing",
}
NO_REQUEST = {"projects": "a package that is no part of the course"}


@dataclass
class Done:
    """What a cell sent and printed."""

    requests: list[tuple]
    printed: str


@cache
def places() -> dict[str, int]:
    """The place of each pair's heading. A pair has a heading and two cells of code."""
    found = {}
    for at, cell in enumerate(CELLS):
        heading = HEADING.fullmatch(cell.source) if cell.cell_type == "markdown" else None
        if heading:
            assert heading[1] not in found, f"{heading[1]} is there twice"
            found[heading[1]] = at
    return found


async def run_cell(source: str, space: dict) -> str:
    """Run a cell as a notebook does, `await` at its top included. Return what it prints."""
    printed = io.StringIO()
    code = compile(source, NAME, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(printed):
        waiting = eval(code, space)
        if inspect.isawaitable(waiting):
            await waiting
    return printed.getvalue()


async def run_all() -> dict[str, tuple[Done, Done]]:
    space: dict = {}
    done: dict[str, tuple[Done, Done]] = {}
    pair_of = {at + step: pair for pair, at in places().items() for step in (1, 2)}
    for at, cell in enumerate(CELLS):
        if cell.cell_type != "code":
            continue
        before = len(connect.sent()) if at > 1 else 0
        printed = await run_cell(cell.source, space)
        if at in pair_of:
            requests = [(r.method, r.path, meaning(r.body)) for r in connect.sent()[before:]]
            done[pair_of[at]] = (*done.get(pair_of[at], ()), Done(requests, printed))  # type: ignore[assignment]
    return done


@pytest.fixture(scope="module")
def executed():
    """What both cells of each pair sent and printed."""
    import asyncio

    patch = pytest.MonkeyPatch()
    patch.chdir(NOTEBOOKS)
    try:
        yield asyncio.run(run_all())
    finally:
        connect.end()
        patch.undo()


def test_every_pair_has_its_heading_once_and_in_order():
    """The heading is the pair's id: JupyterLab and GitHub make the same anchor of it."""
    assert list(places()) == PAIRS


def test_a_pair_is_a_line_and_two_cells():
    for pair, at in places().items():
        line = HEADING.fullmatch(CELLS[at].source)[2]
        assert len(line) <= 150, pair
        kinds = [cell.cell_type for cell in CELLS[at : at + 4]]
        assert kinds == ["markdown", "code", "code", "markdown"], pair
        tags = [cell.metadata.get("tags", []) for cell in CELLS[at + 1 : at + 3]]
        assert tags[0] == tags[1] and set(tags[0]) <= {"replay-only"}, pair


def test_there_is_no_other_prose():
    others = [
        cell
        for at, cell in enumerate(CELLS)
        if cell.cell_type == "markdown" and at not in places().values()
    ]
    assert len(others) == 4  # the opening, the search, the table, the way on
    assert sum(len(cell.source.split()) for cell in others) < 200


def test_the_cells_fit_a_page():
    for cell in CELLS:
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            assert len(lines) <= 26 and max(map(len, lines)) <= 88, cell.id
            shown = sum(len(o.get("text", "").splitlines()) for o in cell.outputs)
            assert shown <= len(PAIRS), cell.id


@pytest.mark.parametrize("pair", PAIRS)
def test_both_cells_send_the_same(pair, executed):
    old, new = executed[pair]
    assert bool(old.requests) == bool(new.requests) == (pair not in NO_REQUEST)
    if pair in OTHER_REQUESTS:
        assert old.requests != new.requests, f"{pair} needs no exception"
    else:
        assert new.requests == old.requests


@pytest.mark.parametrize("pair", PAIRS)
def test_both_cells_read_the_same(pair, executed):
    old, new = executed[pair]
    assert old.printed.strip()
    if pair in OTHER_OUTPUT:
        assert old.printed != new.printed, f"{pair} needs no exception"
    else:
        assert new.printed == old.printed


def test_each_cell_uses_its_own_sdk():
    """No import of the old package is left in a new cell, and no `openai` in an old one."""
    for pair, at in places().items():
        old, new = CELLS[at + 1].source, CELLS[at + 2].source
        assert "azure.ai.inference" not in new and "azure.core" not in new, pair
        assert "openai" not in old.lower().replace("openai_v2", ""), pair


def test_the_search_finds_every_row(capsys, monkeypatch):
    monkeypatch.chdir(NOTEBOOKS)
    source = next(cell.source for cell in CELLS if "def find(" in cell.source)
    space: dict = {}
    try:
        start(NAME)
        exec(source, space)
        capsys.readouterr()
        space["find"]("")
        everything = capsys.readouterr().out
        assert everything.count("\n    → ") == len(rows())
        for row in rows():
            assert f"{row.old}\n    → {row.new}\n    {row.pair}" in everything
        space["find"]("HTTPRESPONSEERROR")
        assert "openai.APIStatusError" in capsys.readouterr().out
        space["find"]("no such name")
        assert capsys.readouterr().out == "No row has it.\n"
    finally:
        connect.end()
