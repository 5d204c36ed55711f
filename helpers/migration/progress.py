"""A progress bar on stderr, where someone watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Protocol


class Bar(Protocol):
    """What a loop over files tells its progress bar."""

    def step(self, path: Path) -> None:
        """Say which file is next."""


class NoBar:
    """No bar: nobody watches, or rich is not installed."""

    def step(self, path: Path) -> None:
        pass


@contextmanager
def bar() -> Iterator[Bar]:
    """Show a bar while the block runs, if stderr is a terminal."""
    with rich_bar() if sys.stderr.isatty() else nullcontext(NoBar()) as shown:
        yield shown


@contextmanager
def rich_bar() -> Iterator[Bar]:
    try:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
    except ImportError:
        yield NoBar()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed} files"),
        BarColumn(20),
        TextColumn("{task.description}"),
    )
    both = sys.stdout.isatty()  # one terminal for both: the bar makes room for each line
    with Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=both
    ) as progress:
        task = progress.add_task("", total=None)

        class RichBar:
            def step(self, path: Path) -> None:
                progress.update(task, advance=1, description=escape(path.name))

        yield RichBar()
