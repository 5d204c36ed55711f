"""The folder that Sphinx makes pages of: notebooks, pages and README, adapted where it must be."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

NOTEBOOK = "[0-9][0-9]_*.ipynb"
PICTURES = ("image/png", "image/svg+xml", "image/jpeg")


def jupyter_anchor(heading: str) -> str:
    """A heading's anchor as Jupyter makes it, since links in the notebooks use that form."""
    return heading.replace(" ", "-")


def notebooks(course: Path) -> list[Path]:
    """The course's notebooks, in order."""
    return sorted((course / "notebooks").glob(NOTEBOOK))


def pages(course: Path) -> list[Path]:
    """The pages beside the notebooks: in the README's order, then those that it does not name."""
    readme = (course / "README.md").read_text("utf-8")
    linked = re.findall(r"\]\(notebooks/(\w+\.md)[)#]", readme)
    order = {name: place for place, name in reversed(list(enumerate(linked)))}
    found = (course / "notebooks").glob("*.md")
    return sorted(found, key=lambda page: (order.get(page.name, len(order) + 99), page.name))


def prepare(course: Path, folder: Path) -> None:
    """Write what Sphinx reads into a new folder."""
    shutil.rmtree(folder, ignore_errors=True)
    leave_out = shutil.ignore_patterns("recordings", "sources", ".*")
    shutil.copytree(course / "notebooks", folder, ignore=leave_out)
    for name in ("CONTRIBUTING.md", "LICENSE"):
        text = (course / name).read_text("utf-8")
        (folder / name).write_text(text.replace("](notebooks/", "]("), "utf-8")
    for page in folder.glob("*.md"):
        text = page.read_text("utf-8").replace("](../README.md", "](index.md")
        page.write_text(text.replace("](../", "]("), "utf-8")
    (folder / "index.md").write_text(_index(course), "utf-8")
    for path in folder.glob(NOTEBOOK):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            _keep_alt_text(cell)
            if cell["cell_type"] == "markdown":
                source = "".join(cell["source"])
                source = source.replace("](../README.md", "](index.md").replace("](../", "](")
                cell["source"] = source
        path.write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")


def _index(course: Path) -> str:
    """The README as first page, with the list of all pages, which the side bar shows."""
    readme = (course / "README.md").read_text("utf-8").replace("](notebooks/", "](")
    names = [path.stem for path in [*notebooks(course), *pages(course)]]
    listed = "\n".join([*names, "CONTRIBUTING"])
    return f"{readme}\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"


def _keep_alt_text(cell: dict[str, Any]) -> None:
    """Put a picture's alt text and width where myst-nb looks for them."""
    for output in cell.get("outputs", ()):
        for kind in PICTURES:
            described = output.get("metadata", {}).get(kind, {})
            if "alt" in described:
                picture = {"alt": described["alt"]}
                if "width" in described:
                    picture["width"] = f"{described['width']}px"
                cell["metadata"]["mystnb"] = {"image": picture}
