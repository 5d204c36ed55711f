"""What learners do not get before they have tried: solutions, and the page for teachers."""

import re
from typing import Any

FOR_TEACHERS = "teaching.md"  # holds the answers to the questions that you ask
OPENING = re.compile(r"\s*<details[^>]*>\s*<summary>\s*Solution\s*</summary>")


def without_solutions(source: str) -> str:
    """The Markdown of a cell without its folded solutions; hints and everything else stay.

    Raises:
        ValueError: a solution is not closed, or is folded in a form that is not known here.
    """
    kept: list[str] = []
    inside = fenced = False
    for line in source.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if not inside and not fenced and OPENING.match(line):
            inside = True
            while kept and not kept[-1].strip():
                kept.pop()
        elif inside and not fenced and line.strip() == "</details>":
            inside = False
        elif not inside and (kept or line.strip()):
            kept.append(line)
    result = "\n".join(kept)
    if inside or re.search(r"Solution\s*</summary>", result):
        raise ValueError(f"a solution that this script cannot take out: {source[:60]!r}")
    return result


def hide_solutions(notebook: dict[str, Any]) -> None:
    """Take the solutions out of a notebook's cells. A cell that holds nothing else goes."""
    cells = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])  # a file has a list of lines, nbformat a string
        if cell["cell_type"] == "markdown" and OPENING.search(source):
            cell["source"] = without_solutions(source)
            if not cell["source"]:
                continue
        cells.append(cell)
    notebook["cells"] = cells
