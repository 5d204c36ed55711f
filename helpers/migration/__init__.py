"""Move a program from azure-ai-inference to openai: a table, a scan and a rewrite.

`python -m helpers.migration PATH …` lists what a program uses of the old SDK, and what to write
instead; `--diff` shows what can be rewritten, `--write` rewrites it. Nothing is imported or run.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.migration.table import Row

__all__ = ["migrate", "rows"]


def migrate(*arguments: str) -> int:
    """Do what `python -m helpers.migration` does, in this process.

    Args:
        arguments: as on the command line, such as `"desk.py", "--diff"`.

    Returns:
        The exit status: 0 nothing to move, 1 something to move or to look at, 2 wrong usage.
    """
    from helpers.migration.__main__ import main

    return main(list(arguments))


def rows() -> "tuple[Row, ...]":
    """Return the table of old and new names, a row for a name or a group of names."""
    from helpers.migration.table import load

    return load()
