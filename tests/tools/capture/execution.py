"""A notebook run live through the proxy, and in replay on what was captured."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from helpers.replay import NoRecording
from notebooks import plays, read, run, solutions, tagged, text_of

from .exchanges import Exchange
from .forward import PATIENCE, Forwarder
from .save import STAGE
from .target import Target, kernel_environment

OnCell = Callable[[int], None]  # called with the number of cells that are done
REPLAY_ONLY, EXERCISE = "replay-only", "exercise"
NOT_YET = "Not yet"


@dataclass
class LiveRun:
    """What a live run gave.

    Attributes:
        exchanges: what was asked and answered.
        failed: for each cell that ended in an error, by position, the error in a few words.
    """

    exchanges: list[Exchange]
    failed: dict[int, str]


@dataclass
class ReplayRun:
    """What a replay gave.

    Attributes:
        text: the notebook as it is committed, with its outputs; "" where a cell failed.
        played: how often each recording answered, by name.
        failed_cell: the position of the cell that failed, None where none did.
        failure: its error in a few words.
    """

    text: str = ""
    played: dict[str, int] = field(default_factory=dict)
    failed_cell: int | None = None
    failure: str = ""


def run_live(name: str, notebooks: Path, folder: Path, target: Target, on_cell: OnCell) -> LiveRun:
    """Run a notebook against your endpoint, its exercises solved, every choice of its forms made.

    Args:
        name: of the notebook, such as "01_basic".
        notebooks: the folder of the notebooks, which stays as it is.
        folder: an empty folder to work in.
        target: your endpoint.
        on_cell: tells of progress.

    Raises:
        nbclient.exceptions.DeadKernelError: the kernel died.
    """
    path = _copy(name, notebooks, folder)
    book = read(path)
    for at, source in zip(tagged(book, EXERCISE), solutions(book), strict=True):
        book.cells[at].source = source
    extra = plays(book)
    for at in tagged(book, REPLAY_ONLY):
        book.cells[at].source = ""  # not left out: positions stay
    path.write_text(text_of(book), "utf-8")
    forwarder = Forwarder(target)
    patience = 0.0  # a run that was stopped needs no further answers

    def on_start(position: int) -> None:
        forwarder.cell = position

    try:
        environment = kernel_environment(forwarder.address)
        done = run(path, extra, on_cell, environment, on_start, keep_going=True)
        patience = PATIENCE
    finally:
        forwarder.close(patience)
    failures = {at: failure_of(cell) for at, cell in enumerate([*done.notebook.cells, *done.extra])}
    return LiveRun(forwarder.exchanges, {at: text for at, text in failures.items() if text})


def run_replay(
    name: str, notebooks: Path, folder: Path, recordings: str | None, on_cell: OnCell
) -> ReplayRun:
    """Run a notebook strictly in replay, then its forms and its solutions.

    Args:
        name: of the notebook.
        notebooks: the folder of the notebooks, which stays as it is.
        folder: an empty folder to work in.
        recordings: the text of the file to replay from; None for the one that is there.
        on_cell: tells of progress.
    """
    path = _copy(name, notebooks, folder)
    if recordings is not None:
        file = path.parent / "recordings" / f"{name}.yaml"
        file.write_text(recordings, "utf-8", newline="")
    book = read(path)
    exercises, choices = tagged(book, EXERCISE), plays(book)
    position = 0

    def on_start(at: int) -> None:
        nonlocal position
        position = at

    try:
        done = run(path, [*choices, *solutions(book)], on_cell, on_start=on_start)
    except CellExecutionError as error:
        first_solution = len(book.cells) + len(choices)
        if position >= first_solution:
            position = exercises[min(position - first_solution, len(exercises) - 1)]
        return ReplayRun(failed_cell=position, failure=_words(error.ename, error.evalue))
    for at, cell in zip(exercises, done.extra[len(choices) :], strict=True):
        if NOT_YET in _printed(cell):
            return ReplayRun(failed_cell=at, failure="the solution of its exercise is not accepted")
    return ReplayRun(text_of(done.notebook), done.played)


def failure_of(cell: NotebookNode) -> str:
    """The error that a cell ended in, in a few words; "" where it ended well."""
    errors = [output for output in cell.get("outputs", ()) if output.output_type == "error"]
    return _words(errors[0].ename, errors[0].evalue) if errors else ""


def _words(kind: str, message: str) -> str:
    if kind == NoRecording.__name__:
        return "its request differs from run to run"
    first = (message.strip().splitlines() or [""])[0]
    return f"{kind}: {first}" if first else kind


def _printed(cell: NotebookNode) -> str:
    return "".join(output.get("text", "") for output in cell.get("outputs", ()))


def _copy(name: str, notebooks: Path, folder: Path) -> Path:
    """A copy of the folder to work in, with a `.env` that is empty: no other is looked for."""
    work: Sequence[str] = (STAGE, ".ipynb_checkpoints", ".env")
    copied = folder / "notebooks"
    shutil.copytree(notebooks, copied, ignore=shutil.ignore_patterns(*work))
    (copied / ".env").touch()
    return copied / f"{name}.ipynb"
