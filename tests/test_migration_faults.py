"""The old SDK's cells to copy, moved by the rewrite, under every fault that the cells meet.

The moved program keeps the promise of the case, and prints what the old one printed. Where it does
not, it carries a TODO whose link names the pair that explains why.
"""

import os
import re
import time
from functools import cache

import pytest
import test_copy_cells as cells
from test_copy_cells import fresh, service  # noqa: F401  (fixtures)
from test_migration_rewrite import MARK, moved

# Faults that the moved program does not meet as the old one did, and the pair of the TODO.
UNLIKE = {
    # `openai` waits up to two minutes, and the old program's own policy is gone.
    "come back in a minute": "retries",
    # str(error) holds no code.
    "unknown model": "errors",
    "a filtered prompt is not sent again": "errors",
    "no deployment": "errors",
    "extra refused in a string": "errors",
    **{
        f"prompt filtered, {name}": "errors"
        for name in ("no results", "null", "hate", "list", "dict")
    },
    # An answer that is no JSON is a string, not an exception.
    "200, a page": "errors-network",
    "200, empty text": "errors-network",
}
PRINTS = "this prints"  # the TODO where the old program printed an object of the old SDK
OTHERWISE = {"stream with an error", "page instead of a stream"}  # the same end, in other words
original = cells.cell


@cache
def moved_cell(number: str, sdk: str) -> str:
    return moved(original(number, "azure"))


# What a program stops at, and the words of the TODO that says so.
STOPS = {
    "does not support item assignment": "answers are no mappings",
}


def stops_at_its_todo(number: str, error: str) -> bool:
    """Whether a program ends at what a TODO asks to look at, as it says that it would."""
    words = [todo for stop, todo in STOPS.items() if stop in error]
    return any(word in todo for word in words for todo in todos(number))


def todos(number: str) -> list[str]:
    return re.findall(f"{re.escape(MARK)}.*", moved_cell(number, ""))


# The second cell of 11 uses no SDK: the old one has no Responses API.
NUMBERS = [number for number in cells.NUMBERS if number != "11"]
ROWS = [(case, number) for case in cells.CASES for number in case.numbers if number in NUMBERS]


@pytest.mark.parametrize("case, number", ROWS, ids=[f"{n}-{c.name}" for c, n in ROWS])
def test_the_moved_program_meets_a_fault_as_the_old_one_did(case, number, fresh, monkeypatch):  # noqa: F811
    base = list(cells.PATHS)[cells.CASES.index(case) % len(cells.PATHS)]

    def run(sdk: str):
        fresh.reset()
        fresh.text = cells.SAID.get(number, "About 7,000.")
        fresh.faults, fresh.forever, fresh.refuses = case.faults, case.forever, case.refuses
        fresh.dialect = case.dialect
        begun = time.perf_counter()
        done = cells.run(
            number, sdk, fresh.address + base, monkeypatch, REQUEST_TIMEOUT=str(case.timeout)
        )
        return done, len(fresh.seen), time.perf_counter() - begun

    old, _, _ = run("azure")
    monkeypatch.setattr(cells, "cell", moved_cell)
    done, sent, seconds = run("moved")
    if stops_at_its_todo(number, done.err):
        return
    assert done.status == old.status
    try:
        cells.judge(case, number, done, sent, seconds)
    except AssertionError:
        pair = UNLIKE.get(case.name)
        assert pair, f"{done.out}\n{done.err}"
        assert any(todo.endswith(f"#{pair}") for todo in todos(number)), todos(number)
    if done.out != old.out and case.name not in OTHERWISE:
        assert any(PRINTS in todo for todo in todos(number)), f"{old.out}\n---\n{done.out}"


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing_of_the_old_sdk_is_left_but_what_a_todo_names(number):
    text = moved_cell(number, "")
    assert "azure.ai.inference" not in text and "# pip install openai" in text
    left = re.findall(r"^(?:from|import) azure\.(?!identity)\S+.*$", text, re.M)
    policies = ["from azure.core.pipeline.policies import RetryPolicy"]
    assert left in (policies, ["from azure.core import pipeline"])
    assert any("RetryPolicy" in todo or "retry policy" in todo for todo in todos(number))


@pytest.mark.parametrize("number", NUMBERS)
def test_on_the_recordings_both_send_and_print_the_same(number, monkeypatch, capsys):
    """In replay, with the recordings of the cell's own notebook."""
    from helpers import connect, sent, start
    from helpers.body_meaning import meaning
    from notebooks import NOTEBOOKS

    monkeypatch.chdir(NOTEBOOKS)
    results = []
    for source in (original(number, "azure"), moved_cell(number, "")):
        try:
            start(next(NOTEBOOKS.glob(f"{number}_*.ipynb")).stem)
            capsys.readouterr()
            names = {"__name__": "__main__"}
            try:
                exec(compile(source, f"{number}.py", "exec"), names)
            except (SystemExit, TypeError) as end:
                assert stops_at_its_todo(number, str(end))
                return
            results.append((capsys.readouterr().out, [(r.path, meaning(r.body)) for r in sent()]))
        finally:
            connect.end()
    (old_text, old_requests), (text, requests) = results
    assert old_requests and requests == old_requests
    assert text.count("\n") == old_text.count("\n") > 0
    if not any(PRINTS in todo for todo in todos(number)):
        assert text == old_text
    assert os.getcwd() == str(NOTEBOOKS)
