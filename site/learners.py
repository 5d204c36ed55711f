"""What a site without solutions is built from."""

import json
import re
import shutil
import sys
from pathlib import Path

from pages import notebooks

PARTS = ("CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml", "requirements.lock")


def copy_for_learners(course: Path, folder: Path) -> Path:
    """Copy the course without its solutions and the page for teachers, as `make handout` does.

    Args:
        course: the repository's folder.
        folder: where the copy goes; what it held is removed.
    """
    sys.path.append(str(course / "tests" / "tools"))
    from solution_hiding import FOR_TEACHERS, hide_solutions

    shutil.rmtree(folder, ignore_errors=True)
    no_traces = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(course / "helpers", folder / "helpers", ignore=no_traces)
    shutil.copytree(course / "notebooks", folder / "notebooks", ignore=no_traces)
    for name in PARTS:
        shutil.copy(course / name, folder)
    (folder / "notebooks" / FOR_TEACHERS).unlink()
    readme = folder / "README.md"
    readme.write_text(without_item(readme.read_text("utf-8"), FOR_TEACHERS), "utf-8")
    for path in notebooks(folder):
        notebook = json.loads(path.read_text("utf-8"))
        hide_solutions(notebook)
        path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), "utf-8")
    return folder


def without_item(text: str, page: str) -> str:
    """Markdown without the item of a list that links to a page."""
    rest = r"(?:.|\n(?!- |\n))*"  # of an item: up to the next one, or an empty line
    return re.sub(rf"(?m)^- {rest}{re.escape(page)}\){rest}\n", "", text)
