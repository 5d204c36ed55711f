"""Run a notebook in a fresh kernel and keep of the result what is the same on every machine."""

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOKS = Path(os.environ.get("COURSE_NOTEBOOKS", ROOT / "notebooks"))  # tests record in a copy
ALL = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ASK_PLAYED = """
import json
from helpers.connect import current
_session = current().session
print(json.dumps(_session.played if _session else {}))
"""
OF_A_COURSE = ("AZURE_", "OPENAI_", "HELPERS_")  # variables that decide where answers come from


@dataclass
class Run:
    """What one execution gave."""

    notebook: nbformat.NotebookNode  # as committed: no metadata of this machine
    extra: list[nbformat.NotebookNode]  # the extra cells, with their outputs
    played: dict[str, int]  # how often each recording answered
    seconds: float


def name_in(argument: str) -> str:
    """The notebook that a command's argument means, which may be a path or end in .ipynb."""
    return re.split(r"[/\\]", argument)[-1].removesuffix(".ipynb")


def texts(cell: nbformat.NotebookNode) -> str:
    """What a cell printed, on stdout and stderr."""
    return "".join(output.get("text", "") for output in cell.get("outputs", ()))


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook at a path, in format 4."""
    return nbformat.read(path, as_version=4)


def text_of(notebook: nbformat.NotebookNode) -> str:
    """A notebook as it is committed, byte for byte.

    As JupyterLab stores it, a line of source a line.
    """
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def run(
    path: Path,
    extra: Sequence[str] = (),
    on_cell: Callable[[int], None] | None = None,
    env: dict[str, str] | None = None,
    on_start: Callable[[int], None] | None = None,
    keep_going: bool = False,
    cell_seconds: int | None = None,
) -> Run:
    """Execute a notebook, then extra code cells, in one fresh kernel.

    Args:
        path: the notebook.
        extra: sources to run after its last cell.
        on_cell: called with the number of cells done so far.
        env: settings in place of those for replay.
        on_start: called with the position of each code cell before it runs.
        keep_going: go on after a cell that fails, whose error is among its outputs, and give each
            cell ten minutes before it is interrupted.
        cell_seconds: how long each cell may take, in place of ten minutes, or of one.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell failed.
        KeyboardInterrupt: somebody pressed Ctrl-C.
    """
    notebook = read(path)
    count = len(notebook.cells)
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in [*extra, ASK_PLAYED]]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None

    def executed(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
        if on_cell:
            on_cell(cell_index + 1)

    def started(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
        if on_start:
            on_start(cell_index)

    began = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=cell_seconds or (600 if keep_going else 60),
        interrupt_on_timeout=keep_going,
        allow_errors=keep_going,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=40"],
        store_widget_state=False,
        on_cell_execute=started if on_start else None,
        on_cell_executed=executed if on_cell else None,
    )
    own = {name: value for name, value in os.environ.items() if not name.startswith(OF_A_COURSE)}
    execute(client, own | (env or {"HELPERS_MODE": "replay", "HELPERS_PACE": "0"}))
    seconds = time.perf_counter() - began
    last = notebook.cells[-1].outputs[0]
    played = json.loads(last.text) if last.output_type == "stream" else {}  # else start failed
    extras = notebook.cells[count:-1]
    notebook.cells = notebook.cells[:count]
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            # A view without its kernel shows nothing; the text stays.
            output.get("data", {}).pop(WIDGET, None)
    notebook.metadata = nbformat.from_dict(METADATA)
    return Run(notebook, extras, played, seconds)


def execute(client: NotebookClient, env: dict[str, str]) -> None:
    """Execute a client's notebook. Raises KeyboardInterrupt where somebody pressed Ctrl-C.

    What the kernel itself has to say is said at the end. After Ctrl-C that is nothing: it would be
    a traceback, because nobody takes its last answer.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        try:
            client.execute(env=env, stderr=said)
        except BaseException:
            # On Ctrl-C, nbclient takes the kernel away in a task of its own, and then misses it.
            if hasattr(client, "_async_cleanup_kernel_future"):
                said.truncate(0)
                raise KeyboardInterrupt from None
            raise
        finally:
            said.seek(0)
            sys.stderr.write(said.read())


# Ask for each combination of what the form offers.
PLAY = """
from itertools import product
*_boxes, _button, _out = _form.children
for _values in product(*(box.options for box in _boxes)):
    _form.f(**dict(zip((box.description for box in _boxes), _values)))
"""


def tagged(book: nbformat.NotebookNode, tag: str) -> list[int]:
    """The places of the cells that have a tag."""
    return [at for at, cell in enumerate(book.cells) if tag in cell.metadata.get("tags", ())]


def solutions(book: nbformat.NotebookNode) -> list[str]:
    """The folded solution of each exercise."""
    code = r"<summary>Solution</summary>\s+```python\n(.*?)```"
    return [re.search(code, book.cells[at + 1].source, re.S)[1] for at in tagged(book, "exercise")]


def plays(book: nbformat.NotebookNode) -> list[str]:
    """For each form, its cell again with every choice made."""
    sources = [book.cells[at].source for at in tagged(book, "playground")]
    return [re.sub(r"^playground\(", "_form = playground(", s, flags=re.M) + PLAY for s in sources]
