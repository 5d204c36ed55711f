"""What a run captured and what it did not, for people."""

from collections.abc import Iterable, Iterator, Mapping

from rich.table import Table

from helpers.replay import Answer, Recording
from helpers.secrets import without_secrets

from .kinds import kind_of_answer
from .notebook import Report

_MOST_CHARACTERS = 60
_LONGEST = 300  # characters of a line


def table_of(reports: Mapping[str, Report], failures: Mapping[str, str], dry_run: bool) -> Table:
    """A line a notebook: how many recordings were captured, how many stay, and the result."""
    table = Table("Notebook", "Captured", "As before", "Result")
    for name in dict.fromkeys((*reports, *failures)):
        report = reports.get(name, Report())
        result = "would change" if dry_run else "saved"
        result = result if report.after else "unchanged"
        counts = (str(len(report.after) + len(report.more)), str(len(report.reasons)))
        table.add_row(name, *counts, "not captured" if name in failures else result)
    return table


def lines_of(
    reports: Mapping[str, Report],
    failures: Mapping[str, str],
    dry_run: bool,
    keys: Iterable[str] = (),
) -> Iterator[str]:
    """For each notebook the recordings that were captured and, of the others, why they were not.

    No line holds one of `keys`, and none is long.
    """
    for line in _whole_lines_of(reports, failures, dry_run):
        line = without_secrets(line, keys)  # first: half a key is not found
        yield line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _whole_lines_of(
    reports: Mapping[str, Report], failures: Mapping[str, str], dry_run: bool
) -> Iterator[str]:
    for name, report in reports.items():
        verb = "would capture" if dry_run else "captured"
        if report.after:
            yield f"{name}: {verb}"
        for before, after in zip(report.before, report.after, strict=True):
            yield f"  {after.name}: {_said(before)} → {_said(after)}"
        for more in report.more:
            yield f"  {more} (beside it, as it was asked in a second way)"
        if report.reasons:
            yield f"{name}: as before"
        for recording, reason in report.reasons.items():
            yield f"  {recording}: {reason}"
        if report.failed:
            yield f"{name}: cells that failed live, counted from 0 (a cell that fails asks no more)"
        for cell, error in report.failed.items():
            yield f"  {cell}: {error}"
    for name, failure in failures.items():
        yield f"{name}: not captured: {failure}"


def _said(recording: Recording) -> str:
    """The beginning of an answer: its text, its tool calls or its error."""
    answer: Answer = recording.answers[0]
    kind = kind_of_answer(answer)
    text = " ".join((kind.text.strip() or ", ".join(kind.arguments)).split())
    if not text:
        return f"status {answer.status}" + (f", code {kind.code}" if kind.code else "")
    return repr(text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…")
