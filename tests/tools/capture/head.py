"""The comment at the head of a file of recordings: it must stay true when some are captured."""

import re
from collections.abc import Sequence

from helpers.replay import Recording

from .candidates import CAPTURED

_CLAIM = re.compile(r"(?m)^# None of these answers was captured .*$")
_SOME = (
    "# Answers whose origin is `captured` are what a service sent: `after` says which, and when.\n"
    "# The others are constructed: `after` says what their form follows. What follows is of them."
)


def honest_head(head: str, recordings: Sequence[Recording]) -> str:
    """The head without the claim that nothing was captured, where something was."""
    captured = any(recording.origin == CAPTURED for recording in recordings)
    return _CLAIM.sub(_SOME, head) if captured else head
