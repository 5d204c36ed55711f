"""Run notebooks headless and tell how it went; with --save, keep the outputs.

Usage: python tests/tools/run_notebooks.py [--save] [NAME]
"""

import sys

from nbclient.exceptions import CellExecutionError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from notebooks import ALL, name_in, read, run, text_of


def main(arguments: list[str]) -> int:
    save = "--save" in arguments
    names = [name_in(argument) for argument in arguments if argument != "--save"]
    known = {path.stem: path for path in ALL}
    if unknown := [name for name in names if name not in known]:
        print(f"There is no notebook {unknown[0]!r}. Known: {', '.join(known)}.", file=sys.stderr)
        return 2
    console, failures = Console(), []
    table = Table("Notebook", "Cells", "Answers replayed", "Seconds", "Result")
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
    )
    with bar:
        for name in names or known:
            path = known[name]
            cells = read(path).cells
            task = bar.add_task(name, total=len(cells))
            try:
                result = run(path, on_cell=lambda done, task=task: bar.update(task, completed=done))
            except CellExecutionError as error:
                failures.append((name, error))
                table.add_row(name, str(len(cells)), "", "", "[red]failed")
                continue
            if save:
                path.write_text(text_of(result.notebook), "utf-8")
            told = "saved" if save else "ok"
            table.add_row(
                name,
                str(len(cells)),
                str(sum(result.played.values())),
                f"{result.seconds:.1f}",
                told,
            )
    console.print(table)
    for name, error in failures:
        # The kernel colours its error. Only a terminal gets the colours.
        console.print(Text.assemble((name, "red"), ": ", Text.from_ansi(str(error))))
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped. A notebook that was not at its end is as it was.")
