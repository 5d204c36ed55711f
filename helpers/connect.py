"""start(): where a notebook's answers come from, from files or from your endpoint; and what was sent so far."""

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from . import endpoints
from .environment import enter_session
from .replay import HttpRequest, Request, Session, load, observe, replay
from .replay.errors import CourseError
from .settings import MODEL, RECORDED_MODELS, Settings

_ADVICE = (
    "Undo the change to get the recorded answer. To send anything you like, go live: see notebook 00.\n"
    "(To add a recording: CONTRIBUTING.md.)"
)


@dataclass
class Course:
    """What `start` began: a notebook, its settings, and what has been sent.

    Attributes:
        recordings: the notebook's file of recordings.
        session: what answers in replay; None when live.
        undo: ends it, and puts the environment and the HTTP libraries back.
    """

    notebook: str
    recordings: Path
    settings: Settings
    session: Session | None = None
    undo: ExitStack = field(default_factory=ExitStack)
    observed: list[Request] = field(default_factory=list)

    @property
    def sent(self) -> list[Request]:
        """Each request so far, in the form that recordings have."""
        return self.session.sent if self.session else self.observed


_course: Course | None = None


def start(notebook: str) -> None:
    """Say where the answers of `notebook` (such as "01_basic") come from: recordings, or the endpoint that you set.

    It provides the environment variables that the cells read. Call it again to read changed recordings or settings.

    Raises:
        CourseError: an unknown name, a broken recordings file, or settings that cannot work.
    """
    global _course
    path = _recordings_of(notebook)
    before = _course
    if before:
        before.undo.close()  # first, so that the settings are read from the learner's own environment
        _course = None
    try:
        course = Course(notebook, path, Settings.from_environment())
        message = _replay(course) if course.settings.mode == "replay" else _go_live(course)
    except CourseError:
        if before:
            _resume(before)
        raise
    _course = course
    print(message)


def end() -> None:
    """End what `start` began; environment and libraries are as before."""
    global _course
    if _course:
        _course.undo.close()
        _course = None


def current() -> Course:
    """What `start` began. Raises CourseError if it has not been called."""
    if _course is None:
        raise CourseError("run the notebook's first code cell, the one with start(…), before this one.")
    return _course


def is_live() -> bool:
    """Whether answers come from an endpoint, not from recordings."""
    return current().session is None


def sent() -> list[Request]:
    """The requests sent since `start`, by any library, the last one last. Each has `method`, `path` and `body`."""
    return list(current().sent)


def clock() -> float:
    """Seconds on the clock that streams arrive by: of the simulated pace in replay, of the computer when live."""
    session = current().session
    return session.clock / 1000 if session else time.perf_counter()


def _recordings_of(notebook: str) -> Path:
    here = Path.cwd() / "recordings"
    folder = here if here.is_dir() else Path(__file__).parents[1] / "notebooks" / "recordings"
    known = sorted(path.stem for path in folder.parent.glob("[0-9]*.ipynb"))
    if notebook not in known:
        raise CourseError(f"there is no notebook {notebook!r}. Known: {', '.join(known) or 'none in this folder'}.")
    return folder / f"{notebook}.yaml"


def _replay(course: Course) -> str:
    recordings = load(course.recordings).recordings
    course.session = Session(
        recordings, read=endpoints.reader(), pace=course.settings.pace, advice=_ADVICE
    )
    _resume(course)
    origins = Counter(recording.origin for recording in recordings)
    count = " and ".join(f"{origins[origin]} {origin}" for origin in sorted(origins))
    asked = {r.request.body.get("model") for r in recordings if isinstance(r.request.body, dict)}
    models = [name for name in RECORDED_MODELS.values() if name in asked]
    return (
        f"Replay: {count} answers, nothing is sent. Models: {', '.join(models) or 'none'}."
    )


def _go_live(course: Course) -> str:
    _resume(course)
    settings = course.settings
    models = ", ".join(settings.azure.models)
    told = f"{settings.mode.title()}: answers come from {_host(settings.azure.endpoint)}. Models: {models}."
    if settings.azure.model == RECORDED_MODELS[MODEL]:
        told += f" (Set {MODEL} to the name of your deployment.)"
    if _host(settings.v1.endpoint) != _host(settings.azure.endpoint):
        told += f"\nOpenAI v1: from {_host(settings.v1.endpoint)}, model {settings.v1.model}."
    return told


def _resume(course: Course) -> None:
    """Put in place what a course needs: its environment, and its hold on the HTTP libraries."""
    global _course
    enter_session(course.undo, course.settings)
    if course.session:
        course.undo.enter_context(replay(course.session))
    else:
        read = endpoints.reader([course.settings.azure.endpoint, course.settings.v1.endpoint])

        def tell(http: HttpRequest) -> str:
            course.observed.append(read(http))
            return endpoints.address_to_send_to(http.url)

        course.undo.enter_context(observe(tell))
        if course.settings.mode == "live":
            from .live_guard import keep_going

            notebook = course.recordings.parents[1] / f"{course.notebook}.ipynb"
            keep_going(course.undo, course.settings.keys, notebook)
    _course = course


def _host(endpoint: str) -> str:
    return urlsplit(endpoint).hostname or endpoint
