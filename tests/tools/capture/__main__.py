"""Capture answers from your endpoint as recordings: python -m capture [--dry-run] [NOTEBOOK …]

Exit status: 0 if something was captured and every notebook was seen to its end; 1 if nothing was
captured, or a notebook could not be captured or saved; 2 if settings or arguments are wrong.
"""

import argparse
import sys

from nbclient.exceptions import CellControlSignal, DeadKernelError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from helpers.replay import CourseError
from notebooks import ALL, NOTEBOOKS, name_in, plays, read, solutions

from .notebook import Report, capture
from .save import STAGE, Changed, finish, is_pending, read_only
from .summary import lines_of, table_of
from .target import Target
from .upstream import NO_ANSWER

EXPECTED_ERRORS = (CourseError, OSError, Changed, DeadKernelError, CellControlSignal)
WRONG_USE, INCOMPLETE, SUCCESS = 2, 1, 0  # exit statuses


def main(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    known = [path.stem for path in ALL]
    names = [name_in(argument) for argument in options.notebook] or known
    if unknown := [name for name in names if name not in known]:
        print(f"There is no notebook {unknown[0]!r}. Known: {', '.join(known)}.", file=sys.stderr)
        return WRONG_USE
    try:
        target = Target.from_environment()
    except CourseError as error:
        print(f"{error}\nSet endpoint, key and model: see .env.example.", file=sys.stderr)
        return WRONG_USE
    console = Console()
    if not _can_save(options.dry_run) or not _clear_away(options.dry_run):
        return INCOMPLETE
    try:
        reports, failures = _capture_all(names, target, options.dry_run, console)
    except KeyboardInterrupt:
        _clear_away(options.dry_run)  # Ctrl-C may have come between two files that belong together
        print("Stopped. What was saved before stays; nothing else was changed.", file=sys.stderr)
        return INCOMPLETE
    console.print(table_of(reports, failures, options.dry_run))
    for line in lines_of(reports, failures, options.dry_run, target.keys):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    captured = any(report.after for report in reports.values())
    return SUCCESS if captured and not failures else INCOMPLETE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make record", description=__doc__)
    parser.add_argument("notebook", nargs="*", help="such as 02_streaming; all if none is given")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="ask your endpoint, say what would change, save nothing",
    )
    return parser


def _can_save(dry_run: bool) -> bool:
    """Whether answers can be saved, before your endpoint is asked for any."""
    if dry_run or not (found := read_only(NOTEBOOKS, NOTEBOOKS / "recordings")):
        return True
    print(
        f"You may not write in {found[0]}, so nothing can be saved. Copy the course to a folder of "
        "your own, or run make record ARGS=--dry-run.",
        file=sys.stderr,
    )
    return False


def _clear_away(dry_run: bool) -> bool:
    """Complete the saving of a run that was killed. Whether to go on."""
    if dry_run:
        if is_pending(NOTEBOOKS):
            print(f"A run was killed while it saved ({STAGE}). Without --dry-run, it is completed.")
        return True
    try:
        finish(NOTEBOOKS)
    except (Changed, OSError) as error:
        print(f"{error}. Start again to capture its answers.", file=sys.stderr)
        return False
    return True


def _capture_all(
    names: list[str], target: Target, dry_run: bool, console: Console
) -> tuple[dict[str, Report], dict[str, str]]:
    """The report on each notebook, and for each that could not be captured, why."""
    reports: dict[str, Report] = {}
    failures: dict[str, str] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        for name in names:
            book = read(NOTEBOOKS / f"{name}.ipynb")
            total = len(book.cells) + len(plays(book)) + len(solutions(book)) + 1
            task = bar.add_task(name, total=total)

            def progress(what: str, done: int, name: str = name, task: TaskID = task) -> None:
                bar.update(task, description=f"{name}: {what}", completed=done)

            try:
                reports[name] = capture(name, NOTEBOOKS, target, progress, dry_run)
            except EXPECTED_ERRORS as error:
                failures[name] = str(error) or type(error).__name__
            bar.remove_task(task)
            if name in reports and reports[name].is_silent:
                failures[name] = f"{NO_ANSWER}; the other notebooks were not tried"
                break
    return reports, failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
