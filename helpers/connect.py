"""start(): where a notebook's answers come from, files or your endpoint; and what was sent."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from . import endpoints
from .body_meaning import meaning
from .course import Course
from .course_files import recordings_of
from .dotenv_file import read_dotenv, values_as_written
from .output_guard import Outputs
from .replay import CourseError, Request, Session
from .secrets import secrets_in, without_secrets
from .settings import Settings
from .where_from import live_message, replay_message

_ADVICE = (
    "Undo the change to get the recorded answer. To send anything you like, go live: see notebook "
    "00.\n(To add a recording: CONTRIBUTING.md.)"
)

_course: Course | None = None
_hiding = ExitStack()  # hides keys from a start that failed until the next start
_start_refused = False


def start(notebook: str) -> None:
    """Say where the answers of `notebook` (such as "01_basic") come from: files, or your endpoint.

    It provides the environment variables that the cells read. Call it again to read changed
    recordings or settings.

    Raises:
        CourseError: an unknown name, a broken recordings file, or settings that cannot work.
    """
    if _start_refused:
        raise CourseError("leave start(…) out of what is checked: the first code cell has it.")
    before = _course
    path = recordings_of(notebook)
    end()  # first, so that the settings are read from the learner's own environment
    file, secrets = _read_env()
    Outputs(_hiding, secrets)
    try:
        course = Course(notebook, path, Settings.from_environment(file), secrets)
        if course.settings.mode == "replay":
            message = _replay(course)
        else:
            message = live_message(course.settings)
    except BaseException:  # who interrupts it keeps what was there before, too
        if before:
            _resume(before)
        raise
    _hiding.close()
    _resume(course)
    print(message)


def end() -> None:
    """End what `start` began; environment and libraries are as before."""
    global _course
    if _course:
        _course.undo.close()
        _course = None
    _hiding.close()


@contextmanager
def without_start() -> Iterator[None]:
    """Refuse start while a check answers what a learner's code asks: start would take over."""
    global _start_refused
    before, _start_refused = _start_refused, True
    try:
        yield
    finally:
        _start_refused = before


def current() -> Course:
    """What `start` began. Raises CourseError if it has not been called."""
    if _course is None:
        raise CourseError(
            "run the notebook's first code cell, the one with start(…), before this one."
        )
    return _course


def is_live() -> bool:
    """Whether answers come from an endpoint, not from recordings."""
    return current().session is None


def sent() -> list[Request]:
    """The requests sent since `start`, by any library, the last one last.

    Each has `method`, `path` and `body`.
    """
    return list(current().sent)


def without_keys(text: str) -> str:
    """A text that may be broken into lines: half a key would not be found in an output."""
    return without_secrets(text, _course.secrets) if _course else text


def clock() -> float:
    """Seconds on the clock that streams arrive by: simulated in replay, the computer's live."""
    session = current().session
    return session.clock / 1000 if session else time.perf_counter()


def _read_env() -> tuple[dict[str, str] | None, set[str]]:
    """The variables of `.env`, and what it and the environment hold of secrets, valid or not."""
    try:
        file = values = read_dotenv()
    except CourseError:  # Settings.from_environment reads it too, and says what is wrong with it
        file, values = None, values_as_written()
    return file, secrets_in(values) | secrets_in(os.environ)


def _replay(course: Course) -> str:
    recordings = course.loaded
    read, pace = endpoints.reader(), course.settings.pace
    course.session = Session(recordings, read=read, meaning=meaning, pace=pace, advice=_ADVICE)
    return replay_message(recordings)


def _resume(course: Course) -> None:
    global _course
    course.hold()
    _course = course
