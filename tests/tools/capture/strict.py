"""Which captured recordings do not survive a strict replay: no cell fails, none is unused."""

from collections.abc import Callable, Sequence

from helpers.replay import CourseError, Recording

from .conversations import messages_of
from .execution import ReplayRun
from .merge import Merged

UNUSED = "with it, the notebook asks for nothing more of"


def refusals(
    old: Sequence[Recording],
    merged: Merged,
    replay: ReplayRun,
    as_it_was: Callable[[], ReplayRun],
) -> dict[str, str]:
    """Captured recordings, by name, that must go back to what they were, each with the reason.

    Args:
        old: the recordings as they were.
        merged: the recordings that were replayed, some of them captured.
        replay: what came of it.
        as_it_was: replays the recordings as they were.

    Raises:
        CourseError: the notebook does not replay even as it was.
    """
    if replay.failed_cell is not None:
        return _of_failed_cell(merged, replay, as_it_was)
    unused = [one.name for one in merged.recordings if one.name not in replay.played]
    added = {recording.name for recording in merged.recordings[len(old) :]}
    found = {name: "nothing asks for it in replay" for name in unused if name in added}
    lost = [name for name in unused if name not in added]
    if not lost or found:
        return found
    played_before = as_it_was().played
    lost = [name for name in lost if name in played_before]
    asked = {recording.name: _question(recording) for recording in old}
    for name in lost:
        near = [one for one in merged.cells if asked[one] == asked[name]] or list(merged.cells)
        found |= dict.fromkeys(near, f'{UNUSED} "{name}"')
    return found


def _of_failed_cell(
    merged: Merged, replay: ReplayRun, as_it_was: Callable[[], ReplayRun]
) -> dict[str, str]:
    """The recordings of the cell that failed, else of the nearest cell above that has some."""
    cells = {cell for asked in merged.cells.values() for cell in asked}
    above = [cell for cell in cells if cell <= (replay.failed_cell or 0)]
    reason = f"its cell failed in replay: {replay.failure}"
    if above:
        return {name: reason for name, asked in merged.cells.items() if max(above) in asked}
    before = as_it_was()
    if before.failed_cell is not None:
        raise CourseError(f"the notebook does not replay even as it was: {before.failure}")
    return dict.fromkeys(merged.cells, reason)


def _question(recording: Recording) -> object:
    """The first message of a user."""
    messages = messages_of(recording.request)
    return next((one for one in messages if isinstance(one, dict) and one.get("role") == "user"), 0)
