"""Output in several forms, on a card: a ground and a rim of its own, so that any theme shows it."""

from typing import Any

GROUND, RIM, INK, SOFT_INK = "#f8fafc", "#64748b", "#0f172a", "#475569"
WIDTH = 760  # pixels at most
COLUMNS = 88  # of text: JupyterLab breaks longer lines in the middle of a word
CARD = (
    f"background:{GROUND};color:{INK};border:1px solid {RIM};border-radius:6px;"
    f"padding:8px 10px;max-width:{WIDTH}px;box-sizing:border-box;overflow-x:auto"
)


class Output:
    """An output in several forms: a page takes the best that it can show, a terminal the text.

    Args:
        data: the output by MIME type, `text/plain` among them.
        metadata: for each MIME type what else a page may use, such as alt text.
    """

    def __init__(self, data: dict[str, str], metadata: dict[str, Any]):
        self.data, self.metadata = data, metadata

    def __repr__(self) -> str:
        return self.data["text/plain"]

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        return self.data, self.metadata


def display_output(data: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
    """Show an output below the cell, or print its text where there is no notebook."""
    from IPython.display import display

    display(Output(data, metadata or {}))
