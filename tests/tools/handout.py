"""Hand the notebooks out without their solutions, and check what comes back.

Usage: python tests/tools/handout.py [--to FOLDER]
       python tests/tools/handout.py check FILE_OR_FOLDER...

The first writes two copies of the folder notebooks, by default to build/handout: `learners`,
without solutions, and `with_solutions`. The second runs each learner's notebook in replay, and
lists what the check of each exercise says. It runs code that others wrote, with your rights.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient.exceptions import DeadKernelError
from rich.console import Console
from rich.table import Table
from rich.text import Text
from solution_hiding import FOR_TEACHERS, hide_solutions

from notebooks import ALL, NOTEBOOKS, ROOT, read, run, tagged, text_of, texts

HANDOUT = ROOT / "build" / "handout"
SECONDS = 30  # that a learner's cell may take
CHECK = re.compile(r"""^[^#\n]*\bcheck\(\s*["'](exercise \d+)["']""", re.M)
START = re.compile(r"""^\s*start\(\s*["'](\w+)["']""", re.M)
VERDICT = re.compile(r"^(?=✓ |Not yet)", re.M)

RIGHT, NOT_YET, NOT_BEGUN = "right", "not yet", "not begun"
FAILS, SAYS_NOTHING, MISSING, UNREADABLE = "fails", "says nothing", "missing", "not run"


# Hand out


def copy_course(folder: Path, leave_out: Iterable[str] = ()) -> None:
    """Copy what belongs to the folder notebooks, and nothing that an editor left there."""
    folder.mkdir(parents=True)
    for path in [*ALL, *NOTEBOOKS.glob("*.md")]:
        if path.name not in leave_out:
            shutil.copyfile(path, folder / path.name)
    for name in ("images", "recordings"):
        no_traces = shutil.ignore_patterns(".*", "__pycache__")
        shutil.copytree(NOTEBOOKS / name, folder / name, ignore=no_traces)


def hand_out(folder: Path) -> tuple[Path, Path]:
    """Write the copies `learners` and `with_solutions` into a folder. Return both."""
    learners, with_solutions = folder / "learners", folder / "with_solutions"
    for copy in (learners, with_solutions):
        shutil.rmtree(copy, ignore_errors=True)
    copy_course(with_solutions)
    copy_course(learners, leave_out=[FOR_TEACHERS])
    for path in ALL:
        book = read(path)
        hide_solutions(book)
        (learners / path.name).write_text(text_of(book), "utf-8", newline="\n")
    return learners, with_solutions


# Collect


@dataclass
class Result:
    """What became of one exercise in one file."""

    file: Path
    exercise: str
    verdict: str
    says: str = ""


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The notebooks among files and folders, without those that Jupyter keeps for itself."""
    found: list[Path] = []
    for path in paths:
        inner = sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]
        found += [file for file in inner if ".ipynb_checkpoints" not in file.parts]
    return found


def starts_of(book: nbformat.NotebookNode) -> dict[str, str]:
    """What each exercise of a notebook begins with, by its name."""
    sources = [book.cells[at].source for at in tagged(book, "exercise")]
    return {match[1]: source for source in sources for match in CHECK.finditer(source)}


def named_in(book: nbformat.NotebookNode) -> str:
    """The notebook of the course that a learner's file is a copy of. Raises ValueError."""
    for cell in book.cells:
        if cell.cell_type == "code" and (match := START.search(cell.source)):
            if match[1] in {path.stem for path in ALL}:
                return match[1]
            raise ValueError(f"the course has no notebook {match[1]!r}")
    raise ValueError('no cell has start("…"), so it is not a notebook of this course')


def check_file(path: Path, seconds: int = SECONDS) -> list[Result]:
    """Run a learner's notebook in replay, and return what the checks in it say.

    The file may have any name, and lie anywhere; it is not changed.

    Args:
        path: the notebook.
        seconds: how long each cell may take.
    """
    try:
        book = read(path)
        name = named_in(book)
    except Exception as error:  # nbformat raises many kinds
        return [Result(path, "", UNREADABLE, f"{type(error).__name__}: {error}")]
    asked = [at for at, cell in enumerate(book.cells) if is_exercise(cell)]
    begun_with = starts_of(read(NOTEBOOKS / f"{name}.ipynb"))
    if asked:
        book.cells = book.cells[: asked[-1] + 1]  # what comes after checks nothing
        try:
            book = executed(book, name, seconds)
        except DeadKernelError:
            return [Result(path, "", UNREADABLE, "its code ends the kernel")]
    results: dict[str, Result] = {}
    for cell in (book.cells[at] for at in asked):
        for exercise, verdict, says in verdicts(cell):
            unchanged = cell.source.strip() == begun_with.get(exercise, "").strip()
            if verdict == NOT_YET and unchanged:
                verdict = NOT_BEGUN
            before = results.get(exercise)
            if not (before and before.verdict == RIGHT):  # one right attempt is enough
                results[exercise] = Result(path, exercise, verdict, says)
    for exercise in begun_with:
        no_cell = f'no cell has check("{exercise}", …)'
        results.setdefault(exercise, Result(path, exercise, MISSING, no_cell))
    return [results[exercise] for exercise in sorted(results)]


def is_exercise(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell checks an exercise. Some editors drop tags, so the code decides."""
    return cell.cell_type == "code" and bool(CHECK.search(cell.source))


def executed(book: nbformat.NotebookNode, name: str, seconds: int) -> nbformat.NotebookNode:
    """Run a learner's notebook in a copy of the course's folder. Return it with its outputs."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary) / "notebooks"
        copy_course(folder)
        copy = folder / f"{name}.ipynb"
        nbformat.write(book, copy)
        return run(copy, keep_going=True, cell_seconds=seconds).notebook


def verdicts(cell: nbformat.NotebookNode) -> list[tuple[str, str, str]]:
    """Each exercise that a cell checks, its verdict, and what the check says."""
    said = [" ".join(text.split()) for text in VERDICT.split(texts(cell)) if VERDICT.match(text)]
    errors = [output for output in cell.outputs if output.output_type == "error"]
    found = []
    for at, match in enumerate(CHECK.finditer(cell.source)):
        if at < len(said):
            found.append((match[1], RIGHT if said[at].startswith("✓") else NOT_YET, said[at]))
        elif errors:
            says = f"{errors[0].ename}: {errors[0].evalue}"
            if errors[0].ename == "KeyboardInterrupt":
                says = "does not end"
            found.append((match[1], FAILS, says))
        else:
            found.append((match[1], SAYS_NOTHING, "the check was not reached"))
    return found


def show_results(results: list[Result], console: Console) -> None:
    """Print a table, a line for each exercise, and a sum."""
    table = Table()
    for heading in ("File", "Exercise", "Verdict", "What the check says"):
        table.add_column(heading, overflow="fold")
    for result in results:
        colour = {RIGHT: "green", NOT_BEGUN: "dim"}.get(result.verdict, "yellow")
        row = (str(result.file), result.exercise, result.verdict, result.says)
        # As Text: a str would lose what is in square brackets, which rich reads as its markup.
        table.add_row(*map(Text, row), style=colour)
    console.print(table)
    exercises = [result for result in results if result.exercise]
    right = [result for result in exercises if result.verdict == RIGHT]
    not_run = sum(result.verdict == UNREADABLE for result in results)
    more = f"; {not_run} not run" if not_run else ""
    console.print(f"{len(right)} of {len(exercises)} exercises are right{more}.", highlight=False)


def check_all(paths: list[Path]) -> int:
    """Check files and folders. Return 0 if every exercise is right, else 1; 2 if none was found."""
    files = files_in(paths)
    if not files:
        print("There is no notebook in what you named.", file=sys.stderr)
        return 2
    results: list[Result] = []
    console = Console()
    with console.status("") as status:
        for file in files:
            status.update(f"{file} ...")
            results += check_file(file)
    show_results(results, console)
    return 0 if all(result.verdict == RIGHT for result in results) else 1


def main(arguments: list[str]) -> int:
    """Run the command that the arguments name. Return its exit code."""
    if arguments[:1] == ["check"]:
        parser = argparse.ArgumentParser(prog="handout.py check", description=check_all.__doc__)
        parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
        return check_all(parser.parse_args(arguments[1:]).paths)
    parser = argparse.ArgumentParser(prog="handout.py", description=hand_out.__doc__)
    parser.add_argument("--to", type=Path, default=HANDOUT, metavar="FOLDER")
    learners, with_solutions = hand_out(parser.parse_args(arguments).to)
    print(f"For learners:     {learners}\nWith solutions:   {with_solutions}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
