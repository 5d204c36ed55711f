"""What a class gets and what comes back: tests/tools/handout.py."""

import io
import json
import re
import shutil
from pathlib import Path

import handout
import nbformat
import pytest
from handout import Result, check_file, files_in, hand_out
from rich.console import Console
from solution_hiding import hide_solutions, without_solutions

from notebooks import ALL, NOTEBOOKS, read, solutions, tagged

pytestmark = pytest.mark.usefixtures("quick_kernels")

NAMES = [path.stem for path in ALL]
BOOKS_WITH_EXERCISES = [path.stem for path in ALL if tagged(read(path), "exercise")]


@pytest.fixture(scope="module")
def copies(tmp_path_factory) -> tuple[Path, Path]:
    """The two folders that the command writes."""
    return hand_out(tmp_path_factory.mktemp("build") / "handout")


def files_under(folder: Path) -> dict[str, bytes]:
    """The visible files of a folder, by their path in it."""
    files = {file.relative_to(folder): file for file in folder.rglob("*") if file.is_file()}
    return {
        name.as_posix(): file.read_bytes()
        for name, file in files.items()
        if not any(part.startswith((".", "__")) for part in name.parts)
    }


# Hand out


@pytest.mark.parametrize("name", NAMES)
def test_a_learner_misses_the_solutions_and_nothing_else(copies, name):
    original = json.loads((NOTEBOOKS / f"{name}.ipynb").read_bytes())
    handed_out = json.loads((copies[0] / f"{name}.ipynb").read_bytes())
    taken_out = 0
    for old, new in zip(original["cells"], handed_out["cells"], strict=True):
        before, after = "".join(old.pop("source")), "".join(new.pop("source"))
        assert old == new  # its outputs, tags and id
        if before != after:
            removed = before.removeprefix(after)
            assert after + removed == before, "something before the solution was changed"
            assert re.fullmatch(
                r"\n\n<details><summary>Solution</summary>\n\n```python\n[^`]+```\n\n</details>",
                removed,
            )
            taken_out += 1
    assert taken_out == len(tagged(read(NOTEBOOKS / f"{name}.ipynb"), "exercise"))
    del original["cells"], handed_out["cells"]
    assert original == handed_out


@pytest.mark.parametrize("name", NAMES)
def test_lines_that_stay_are_the_same_bytes(copies, name):
    """A learner's file is the original without some lines; where a cell now ends, its last line
    lost its line break.
    """
    original = iter((NOTEBOOKS / f"{name}.ipynb").read_bytes().splitlines(keepends=True))
    for line in (copies[0] / f"{name}.ipynb").read_bytes().splitlines(keepends=True):
        same = {line, line.replace(b'"\n', b'\\n",\n')}
        assert any(candidate in same for candidate in original), line


@pytest.mark.parametrize("name", BOOKS_WITH_EXERCISES)
def test_hints_stay(copies, name):
    text = (copies[0] / f"{name}.ipynb").read_text("utf-8")
    exercises = tagged(read(NOTEBOOKS / f"{name}.ipynb"), "exercise")
    assert text.count("<summary>Hint</summary>") == len(exercises)
    assert "Solution" not in text
    assert "Not yet." in text


def test_the_copy_with_solutions_is_the_folder_as_it_is(copies):
    assert files_under(copies[1]) == files_under(NOTEBOOKS)


def test_a_learner_gets_what_the_cells_and_links_need_and_no_answers_for_teachers(copies):
    assert files_under(NOTEBOOKS).keys() - files_under(copies[0]).keys() == {"teaching.md"}
    for name, content in files_under(copies[0]).items():
        assert b"teaching.md" not in content, name


def test_what_an_editor_left_in_the_folder_is_not_handed_out(tmp_path, monkeypatch):
    left = tmp_path / "notebooks"
    shutil.copytree(NOTEBOOKS, left)
    for folder in (left, left / "images"):  # there already where JupyterLab was open
        (folder / ".ipynb_checkpoints").mkdir(exist_ok=True)
    for folder in (left, left / "images"):
        (folder / ".ipynb_checkpoints" / "01_basic-checkpoint.ipynb").touch()
    (left / "my_solutions.ipynb").touch()
    monkeypatch.setattr(handout, "NOTEBOOKS", left)
    learners, _ = hand_out(tmp_path / "handout")
    assert files_under(learners).keys() == files_under(NOTEBOOKS).keys() - {"teaching.md"}
    assert not list(learners.rglob("*checkpoint*"))


def test_writing_again_replaces_what_was_there(tmp_path):
    learners, _ = hand_out(tmp_path)
    (learners / "01_basic.ipynb").write_text("scribbled over", "utf-8")
    (learners / "old.ipynb").touch()
    (tmp_path / "mine.txt").touch()  # beside the copies, it is not ours
    hand_out(tmp_path)
    assert read(learners / "01_basic.ipynb").cells
    assert not (learners / "old.ipynb").exists() and (tmp_path / "mine.txt").exists()


HINT = "<details><summary>Hint</summary>\n\nThink.\n\n</details>"


@pytest.mark.parametrize(
    ("source", "left"),
    [
        (f"{HINT}\n\n<details><summary>Solution</summary>\n\nx\n\n</details>", HINT),
        (f"<details><summary>Solution</summary>\n\nx\n\n</details>\n\n{HINT}", HINT),
        (
            f"a\n\n<details open><summary> Solution </summary>\nx\n</details>\n\n{HINT}",
            f"a\n\n{HINT}",
        ),
        ("<details><summary>Solution</summary>\n\nx\n\n</details>", ""),
        # What closes the fold in the solution's code does not close the solution.
        (
            "a\n\n<details><summary>Solution</summary>\n\n```\n</details>\n```\n\n</details>\nb",
            "a\nb",
        ),
        # Code that shows how a solution is written is no solution.
        ("a\n\n```\n<details>\n```\n\nb\n", "a\n\n```\n<details>\n```\n\nb\n"),
        ("Solution", "Solution"),
    ],
)
def test_a_solution_is_found_in_each_of_its_forms(source, left):
    assert without_solutions(source) == left


@pytest.mark.parametrize(
    "source",
    [
        "<details><summary>Solution</summary>\n\nno end",
        "<details>\n<summary>Solution</summary>\n\nx\n\n</details>",
        "<details><summary>Solution</summary>x</details>",
    ],
)
def test_a_solution_that_cannot_be_taken_out_stops_the_hand_out(source):
    with pytest.raises(ValueError, match="cannot take out"):
        without_solutions(source)


# Collect


def exercise_cells(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [book.cells[at] for at in tagged(book, "exercise")]


def checked(book: nbformat.NotebookNode, path: Path, **more) -> dict[str, tuple[str, str]]:
    """What the check says of a learner's notebook, saved at a path: verdict and words."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)
    return {result.exercise: (result.verdict, result.says) for result in check_file(path, **more)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["00_start_here", "07_vision"])
def test_exercises_that_were_handed_out_check(copies, tmp_path, name):
    """Solved in the learners' copy, each is right; left as it is, each is not begun."""
    book = read(copies[0] / f"{name}.ipynb")
    begun = checked(book, tmp_path / "Bo" / f"{name}.ipynb")
    assert {verdict for verdict, _ in begun.values()} == {"not begun"}
    assert all(says.startswith("Not yet. ") for _, says in begun.values())
    answers = solutions(read(NOTEBOOKS / f"{name}.ipynb"))
    for cell, solution in zip(exercise_cells(book), answers, strict=True):
        cell.source = solution
    solved = checked(book, tmp_path / "Ada" / "renamed (2).ipynb")
    assert solved.keys() == begun.keys() and len(solved) == len(answers)
    assert {verdict for verdict, _ in solved.values()} == {"right"}


@pytest.mark.slow
def test_every_way_to_leave_exercises(copies, tmp_path):
    """Wrong, broken, endless, gone: each is told apart, and no one spoils the next."""
    book = read(copies[0] / "06_content_safety.ipynb")
    first, second, third = exercise_cells(book)
    first.metadata.pop("tags")  # some editors drop them
    first.source = first.source.replace("return SORRY if", "return [] if")
    second.source = "def noticed(response:\n    pass\n\n\n" + 'check("exercise 2", noticed)'
    third.source = "while True:\n    pass\n" + 'check("exercise 3", reply)'
    said = checked(book, tmp_path / "06.ipynb", seconds=4)
    assert {exercise: verdict for exercise, (verdict, _) in said.items()} == {
        "exercise 1": "not yet",
        "exercise 2": "fails",
        "exercise 3": "fails",
    }
    assert said["exercise 2"][1].startswith("SyntaxError: ")
    assert said["exercise 3"][1] == "does not end"


@pytest.mark.slow
def test_a_right_attempt_counts_beside_a_wrong_one_and_a_cell_that_is_gone_is_missed(
    copies, tmp_path
):
    book = read(copies[0] / "01_basic.ipynb")
    solution, _ = solutions(read(NOTEBOOKS / "01_basic.ipynb"))
    first, second = exercise_cells(book)
    attempt = nbformat.v4.new_code_cell(solution)
    book.cells.insert(book.cells.index(first), attempt)
    book.cells.remove(second)
    commented = nbformat.v4.new_code_cell('# check("exercise 2", one_line)')
    book.cells.append(commented)
    book.cells.append(nbformat.v4.new_code_cell("import os\n\nos._exit(1)"))  # is not run
    said = checked(book, tmp_path / "01.ipynb")
    assert said["exercise 1"][0] == "right"
    assert said["exercise 2"] == ("missing", 'no cell has check("exercise 2", …)')


@pytest.mark.slow
def test_code_that_ends_the_kernel_ends_nothing_else(copies, tmp_path):
    book = read(copies[0] / "00_start_here.ipynb")
    exercise_cells(book)[0].source = 'import os\n\nos._exit(1)\ncheck("exercise 1", greet)'
    assert checked(book, tmp_path / "00.ipynb") == {"": ("not run", "its code ends the kernel")}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "NotJSONError"),
        ("{}", ""),
        (nbformat.writes(nbformat.v4.new_notebook()), 'no cell has start("…")'),
        (
            nbformat.writes(
                nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('start("99_other")')])
            ),
            "no notebook '99_other'",
        ),
    ],
)
def test_a_file_that_is_no_notebook_of_the_course_is_named(tmp_path, text, says):
    path = tmp_path / "01_basic.ipynb"
    path.write_text(text, "utf-8")
    (result,) = check_file(path)
    assert (result.file, result.verdict) == (path, "not run")
    assert says in result.says


def test_files_and_folders_are_found_without_what_jupyter_keeps(tmp_path):
    for name in (
        "Ada/01.ipynb",
        "Ada/.ipynb_checkpoints/01-checkpoint.ipynb",
        "Bo/02.ipynb",
        "x.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = files_in([tmp_path / "Ada", tmp_path / "Bo" / "02.ipynb"])
    assert [file.relative_to(tmp_path).as_posix() for file in found] == [
        "Ada/01.ipynb",
        "Bo/02.ipynb",
    ]


def test_the_table_shows_what_a_check_says_brackets_too():
    console = Console(width=120, record=True, file=io.StringIO())
    results = [
        Result(Path("Ada/01.ipynb"), "exercise 1", "not yet", "Not yet. Put [cut] behind it."),
        Result(Path("Ada/01.ipynb"), "exercise 2", "right", "✓ Right."),
        Result(Path("Bo/01.ipynb"), "", "not run", "NotJSONError: it is empty"),
    ]
    handout.show_results(results, console)
    text = console.export_text()
    assert "Put [cut] behind it." in text and "Ada/01.ipynb" in text
    assert "1 of 2 exercises are right; 1 not run." in text


def test_exit_codes(tmp_path, monkeypatch, capsys):
    assert handout.main(["check", str(tmp_path)]) == 2
    assert "no notebook" in capsys.readouterr().err
    (tmp_path / "01.ipynb").touch()
    for verdict, code in (("right", 0), ("not yet", 1), ("not run", 1)):
        result = Result(tmp_path / "01.ipynb", "exercise 1", verdict)
        monkeypatch.setattr(handout, "check_file", lambda file, result=result: [result])
        assert handout.main(["check", str(tmp_path)]) == code
    assert handout.main(["--to", str(tmp_path / "out")]) == 0
    assert str(tmp_path / "out" / "learners") in capsys.readouterr().out


def test_a_cell_that_holds_a_solution_alone_goes():
    solution = "<details><summary>Solution</summary>\n\nx\n\n</details>"
    text, code = {"cell_type": "markdown", "source": ["a\n", solution]}, {"cell_type": "code"}
    cells = [text, {"cell_type": "markdown", "source": solution}, {**code, "source": [solution]}]
    notebook = {"cells": cells}
    hide_solutions(notebook)
    assert [cell["source"] for cell in notebook["cells"]] == ["a", [solution]]
