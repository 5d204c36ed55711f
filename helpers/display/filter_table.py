"""The content filter's results as a table, whatever their form: blocklists, citations, prompts."""

from dataclasses import dataclass, fields
from html import escape
from typing import Any

from .answers import as_dict, plain_data, printable_xml
from .output import CARD, GROUND, INK, RIM

BLOCKED = "#fee2e2"  # the ground of a blocked row, which also says "yes" in bold type

_HOLDERS = ("content_filter_results", "content_filter_result", "prompt_filter_results", "choices")
_OF_AN_ANSWER = ("finish_reason", "delta", "model")  # keys of what holds results, or could
_SEVERITIES = ("safe", "low", "medium", "high")
_UNLABELLED = ("citation", "details", "sub_categories", "id", "sub_category", "message")
_SAID_ELSEWHERE = ("filtered", "detected", "severity")  # in columns of their own


@dataclass(frozen=True)
class Row:
    """What the filter found in one category of one prompt or answer.

    `prompt` is its number where results of several prompts come together, else "", and `details`
    is "" if there is no more to say.
    """

    prompt: str
    category: str
    severity: str
    blocked: str
    details: str


def filter_table(results: Any) -> dict[str, str] | None:
    """The results as `text/html` and `text/plain`; None if there are none.

    Args:
        results: a dict of categories, the list `prompt_filter_results`, or a dict that holds one
            of these, such as an answer, a choice or a refusal's `innererror`.
    """
    groups = _groups(plain_data(results))
    rows = [
        _row(prompt if len(groups) > 1 else "", category, result)
        for prompt, categories in groups
        for category, result in categories.items()
        if result is not None
    ]
    return {"text/html": _as_html(rows), "text/plain": _as_text(rows)} if rows else None


def _groups(data: Any) -> list[tuple[str, dict[str, Any]]]:
    """Each set of categories in `data`, with the number of its prompt or ""."""
    if isinstance(data, list):
        holders = [item for item in map(as_dict, data) if any(key in item for key in _HOLDERS)]
        if not holders:  # what a blocklist matched, without the category's name
            if any(key in as_dict(item) for item in data for key in _OF_AN_ANSWER):
                return []
            return [("", {"custom_blocklists": data})] if data else []
        return [
            (str(item.get("prompt_index", number)), categories)
            for number, item in enumerate(holders)
            for _, categories in _groups(item)
        ]
    if not isinstance(data, dict):
        return []
    holder = next((key for key in _HOLDERS if key in data), None)
    if holder is None:
        return [] if any(key in data for key in _OF_AN_ANSWER) else [("", data)]
    return _groups(data[holder])


def _row(prompt: str, category: str, result: Any) -> Row:
    """One category's row. `result` is a dict, a list of what matched, or something unknown."""
    if isinstance(result, list):
        is_filtered = any(as_dict(item).get("filtered") for item in result)
        result = {"filtered": is_filtered, "details": result}
    if not isinstance(result, dict):
        result = {"details": str(result)}
    filtered = result.get("filtered")
    blocked = "unknown" if filtered is None else "yes" if filtered else "no"
    words = (prompt, str(category), _severity(result), blocked, _describe(result))
    return Row(*map(printable_xml, words))


def _severity(result: dict[str, Any]) -> str:
    """How severe it is; or, where there is no scale, whether it was detected."""
    if result.get("severity"):
        return str(result["severity"])
    found = result.get("detected", result.get("filtered"))
    return "not judged" if found is None else "detected" if found else "not detected"


def _describe(value: Any) -> str:
    """What else a result says: the name of a blocklist, a citation, an error."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_describe, filter(_is_found, value))))
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    words = {key: _describe(item) for key, item in value.items() if key not in _SAID_ELSEWHERE}
    return ", ".join(
        word if key in _UNLABELLED else f"{key} {word}" for key, word in words.items() if word
    )


def _is_found(item: Any) -> bool:
    """Whether something was found here: results may also name a blocklist that did not match."""
    data = as_dict(item)
    return data.get("filtered") is not False or bool(data.get("detected"))


def _columns(rows: list[Row]) -> list[str]:
    """The columns with something in them."""
    return [field.name for field in fields(Row) if any(getattr(row, field.name) for row in rows)]


def _as_text(rows: list[Row]) -> str:
    columns = _columns(rows)
    lines = [columns, *([getattr(row, column) for column in columns] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _as_html(rows: list[Row]) -> str:
    columns = _columns(rows)
    head = "".join(f'<th scope="col" style="{_style(GROUND)}">{name}</th>' for name in columns)
    body = "".join(_row_as_html(row, columns) for row in rows)
    return (
        f'<div style="{CARD}"><table style="border-collapse:collapse;margin:0;color:{INK}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _style(ground: str) -> str:
    edge = f"border-bottom:1px solid {RIM};vertical-align:top"
    return f"text-align:left;padding:3px 8px 3px 4px;{edge};background:{ground};color:{INK}"


def _row_as_html(row: Row, columns: list[str]) -> str:
    """A row. A severity has a meter, whose place on the scale the word beside it says."""
    is_blocked = row.blocked == "yes"
    words = {column: escape(getattr(row, column)) for column in columns}
    words["category"] = words["category"].replace("_", "_<wbr>")  # long names, on a phone
    if row.severity in _SEVERITIES:
        level = _SEVERITIES.index(row.severity)
        meter = "■" * level + "□" * (len(_SEVERITIES) - 1 - level)
        words["severity"] = f'<span aria-hidden="true">{meter}</span>&nbsp;{words["severity"]}'
    if is_blocked:
        words |= {column: f"<b>{words[column]}</b>" for column in ("category", "blocked")}
    style = _style(BLOCKED if is_blocked else GROUND)
    cells = "".join(f'<td style="{style}">{words[column]}</td>' for column in columns)
    return f"<tr>{cells}</tr>"
