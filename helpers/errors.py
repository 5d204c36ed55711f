"""The errors that a learner can cause. A notebook shows each as one message, without a traceback."""


class CourseError(Exception):
    """Something to put right: a setting, a name, a recording. The message names the cure."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for this in place of a traceback
        return [f"{type(self).__name__}: {self}"]


class NoRecording(CourseError):
    """In replay, a request was sent that has no recorded answer."""
