"""Captured answers in the place of the recordings that they answer.

A recording gives its place to an exchange with the same request, or with one that differs only in
what the model said before, if the answer is of the same kind (`fits`). Its name and all other
recordings stay. A conversation is captured in all its rounds or in none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from helpers.replay import Recording
from helpers.replay.matching import same_request

from .candidates import Candidate
from .conversations import conversations, same_outline
from .fits import mismatch

NOT_ASKED = "not asked"
AGAIN = ", again"  # ends the name of what was said in a second way


@dataclass
class Merged:
    """What came of merging.

    Attributes:
        recordings: those of the file, in their order, then others that were captured too.
        cells: for each captured recording, by name, the positions of the cells that asked for it.
        reasons: for each other recording, by name, why it was not captured.
    """

    recordings: list[Recording]
    cells: dict[str, set[int]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def merge(
    old: Sequence[Recording], candidates: Iterable[Candidate], refused: Mapping[str, str]
) -> Merged:
    """Put in place what fits.

    Args:
        old: the recordings of the file.
        candidates: what was captured, in its order.
        refused: recordings, by name, that must stay as they are, each with the reason.
    """
    merged = Merged(list(old))
    for candidate in candidates:
        places = _places(old, candidate)
        fitting = [at for at in places if _fits(old[at], candidate, merged, refused)]
        if candidate.recording is not None and fitting:
            _put(old, candidate.recording, candidate, fitting, merged)
    _keep_whole_conversations(old, merged, refused)
    for recording in old:
        if recording.name in merged.cells:
            merged.reasons.pop(recording.name, None)
        else:
            merged.reasons.setdefault(recording.name, NOT_ASKED)
    return merged


def _places(old: Sequence[Recording], candidate: Candidate) -> list[int]:
    """The positions of the recordings that a candidate answers."""
    request = candidate.request
    exact = [at for at, recording in enumerate(old) if same_request(recording.request, request)]
    if exact:
        return exact[:1]  # what replay would find
    return [at for at, recording in enumerate(old) if same_outline(recording.request, request)]


def _fits(
    recording: Recording, candidate: Candidate, merged: Merged, refused: Mapping[str, str]
) -> bool:
    reason = refused.get(recording.name) or candidate.problem
    if not reason and candidate.recording is not None:
        reason = mismatch(recording, candidate.recording.answers[0])
    if not reason and candidate.failure:
        reason = f"its cell failed live: {candidate.failure}"
    if reason:
        merged.reasons.setdefault(recording.name, reason)
    return not reason


def _put(
    old: Sequence[Recording],
    captured: Recording,
    candidate: Candidate,
    fitting: Sequence[int],
    merged: Merged,
) -> None:
    """Put a captured recording in the first free place, or beside what is there already."""
    if same_request(old[fitting[0]].request, candidate.request):
        captured = replace(captured, request=old[fitting[0]].request)  # byte for byte
    name = old[fitting[0]].name
    free = [at for at in fitting if old[at].name not in merged.cells]
    there = [one for one in _captured(merged, old) if same_request(captured.request, one.request)]
    if there:  # asked again
        name = there[0].name.rpartition(AGAIN)[0] or there[0].name
    elif free:
        name = old[free[0]].name
        capture = old[free[0]].capture  # a note is said of the answer that goes
        merged.recordings[free[0]] = replace(captured, name=name, capture=capture)
    else:  # two libraries may say the same in two ways
        names = {recording.name for recording in merged.recordings}
        numbers = ["", *(f" {number}" for number in range(2, len(names) + 3))]
        again = next(f"{name}{AGAIN}{n}" for n in numbers if f"{name}{AGAIN}{n}" not in names)
        merged.recordings.append(replace(captured, name=again))
    merged.cells.setdefault(name, set()).add(candidate.cell)


def _captured(merged: Merged, old: Sequence[Recording]) -> list[Recording]:
    placed = [recording for recording in merged.recordings if recording.name in merged.cells]
    return [*placed, *merged.recordings[len(old) :]]


def _keep_whole_conversations(
    old: Sequence[Recording], merged: Merged, refused: Mapping[str, str]
) -> None:
    """Undo the rounds of each conversation of which a round was not captured."""
    for rounds in conversations(old):
        lost = [old[at].name for at in sorted(rounds) if old[at].name not in merged.cells]
        for at in sorted(rounds) if lost else ():
            if merged.cells.pop(old[at].name, None) is not None:
                reason = f'another round of its conversation stays, "{lost[0]}"'
                merged.recordings[at] = old[at]
                merged.reasons[old[at].name] = refused.get(old[at].name, reason)
    merged.recordings[len(old) :] = [
        recording
        for recording in merged.recordings[len(old) :]
        if recording.name.rpartition(AGAIN)[0] in merged.cells and recording.name not in refused
    ]
