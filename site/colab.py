"""Copies of the notebooks for Google Colab: each begins with a cell that fetches the course."""

import json
import tomllib
from pathlib import Path

from pages import notebooks

THERE_ALREADY = ("jupyter", "jupyterlab")  # Colab's own must stay


def first_cell(course: Path, repository: str) -> str:
    """The code that makes a fresh Colab ready: the packages, the course, its folder."""
    project = tomllib.loads((course / "pyproject.toml").read_text("utf-8"))["project"]
    packages = [
        package
        for package in project["dependencies"]
        if package.split(">")[0].split("=")[0] not in THERE_ALREADY
    ]
    quoted = " ".join(f'"{package}"' for package in packages)
    return "\n".join(
        [
            "# Colab only: get the course and what it imports.",
            f"%pip install --quiet {quoted}",
            f"!git clone --quiet --depth 1 {repository} course",
            "%pip install --quiet --no-deps ./course",
            "%cd -q course/notebooks",
        ]
    )


def write_copies(course: Path, folder: Path, repository: str) -> None:
    """Write the copies into a folder.

    Args:
        course: the repository's folder.
        folder: where the copies go.
        repository: its address, such as https://github.com/owner/name.
    """
    folder.mkdir(parents=True)
    source = first_cell(course, repository).splitlines(keepends=True)
    for path in notebooks(course):
        notebook = json.loads(path.read_text("utf-8"))
        cell = {"cell_type": "code", "execution_count": None, "id": "colab", "metadata": {}}
        notebook["cells"].insert(0, cell | {"outputs": [], "source": source})
        text = json.dumps(notebook, ensure_ascii=False, indent=1)
        (folder / path.name).write_text(text + "\n", "utf-8")
