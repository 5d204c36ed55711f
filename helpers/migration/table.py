"""The table of old and new names, and which row answers for a name."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from helpers.migration.sdk import bases

HERE = Path(__file__).with_name("old_to_new.yaml")
PAGE = "notebooks/09_call_by_call.ipynb"


@dataclass(frozen=True)
class Row:
    """One old name, or a group of names that change in the same way.

    Attributes:
        old: what the program says.
        kind: import, class, client keyword, call keyword, method, attribute, item, enum,
            exception or package.
        new: what to write instead.
        changes: what behaves differently, or "nothing".
        safe: whether the rewrite moves it by itself.
        pair: the pair of cells in notebook 09 that shows both.
        symbols: the names that this row answers for.
    """

    old: str
    kind: str
    new: str
    changes: str
    safe: bool
    pair: str
    symbols: tuple[str, ...]

    @property
    def link(self) -> str:
        """Where it is explained: the notebook and its section."""
        return f"{PAGE}#{self.pair}"

    @property
    def same(self) -> bool:
        """Whether the name stays as it is."""
        return self.new.startswith("the same") and "," not in self.new


def expand(pattern: str) -> list[str]:
    """Return the names of a pattern, in which {a,b} stands for a and b."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    head, tail = pattern[: found.start()], pattern[found.end() :]
    return [name for choice in found[1].split(",") for name in expand(head + choice + tail)]


@cache
def load() -> tuple[Row, ...]:
    """Return the rows of the table, in its order."""
    rows = yaml.safe_load(HERE.read_text("utf-8"))
    for row in rows:
        row["symbols"] = tuple(name for part in row["symbols"].split() for name in expand(part))
    return tuple(Row(**row) for row in rows)


@cache
def index() -> dict[str, Row]:
    """Return the row of each symbol. Raise ValueError where two rows claim one."""
    found: dict[str, Row] = {}
    for row in load():
        for symbol in row.symbols:
            if symbol in found:
                raise ValueError(f"two rows for {symbol}")
            found[symbol] = row
    return found


def find(symbol: str) -> Row | None:
    """Return the row of a symbol, or of the same name in a base class; None if there is none.

    Args:
        symbol: `Class`, `Class.name`, `Class(keyword=)`, `Class.name(keyword=)` or
            `Class["item"]`.
    """
    rows = index()
    if symbol in rows:
        return rows[symbol]
    parts = re.match(r"((?:aio\.)?\w+)(.*)", symbol, re.DOTALL)
    if not parts:
        return None
    for base in bases(parts[1]):
        row = rows.get(base + parts[2])
        if row:
            return row
    if parts[2].startswith("[") and "Model" in bases(parts[1]):
        return rows["Model[*]"]
    return None
