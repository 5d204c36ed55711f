"""What a learner is told: errors whose message says what is wrong and how to put it right."""

from collections.abc import Callable
from functools import cached_property


class CourseError(Exception):
    """Something to put right: a setting, a name, a recording. The message names the remedy."""

    def _render_traceback_(self) -> list[str]:
        """What an interactive shell shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class NoRecording(CourseError):
    """In replay, a request was sent that has no recorded answer.

    Args:
        message: what is said.
        write_draft: what writes the draft. With a large picture, that takes seconds.
    """

    def __init__(self, message: str, write_draft: Callable[[], str] = str):
        super().__init__(message)
        self._write_draft = write_draft

    @cached_property
    def draft(self) -> str:
        """The request as a recording to fill in, in the file format; "" where it is unknown."""
        return self._write_draft()
