"""What a learner is told: errors whose message says what is wrong and how to put it right."""


class CourseError(Exception):
    """Something to put right: a setting, a name, a recording. The message names the remedy."""

    def _render_traceback_(self) -> list[str]:
        """What an interactive shell shows in place of a traceback."""
        return [f"{type(self).__name__}: {self}"]


class NoRecording(CourseError):
    """In replay, a request was sent that has no recorded answer.

    Attributes:
        draft: the request as a recording to fill in, in the file format; "" where it is unknown.
    """

    def __init__(self, message: str, draft: str = ""):
        super().__init__(message)
        self.draft = draft
