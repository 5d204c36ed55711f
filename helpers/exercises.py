"""Checks of exercises, which need no service."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, overload

from .connect import current, is_live, sent
from .failures import status_of
from .replay import CourseError, NoRecording, Recording, Request, differences, load
from .replay.matching import same_request


@overload
def check(exercise: str, /) -> AbstractContextManager[None]: ...
@overload
def check(exercise: str, first: Any, /, *more: Any) -> None: ...
def check(exercise: str, /, *work: Any) -> AbstractContextManager[None] | None:
    """Check an exercise, and print ✓ or the next thing to do.

    Args:
        exercise: its name, such as "exercise 1".
        work: what you wrote, such as a function. Without it, `with check("exercise 1"):` looks at
            the last request that is sent in the block; what the endpoint answers does not count.

    Raises:
        CourseError: there is no such exercise.
    """
    if not work:
        return _check_request(exercise)
    from .situations import NotYet

    function = _check_of(exercise)
    try:
        print(f"✓ {function(*work)}")
    except NotYet as next_step:
        print(f"Not yet. {next_step}")
    return None


def _check_of(exercise: str) -> Callable[..., str]:
    notebook = current().notebook
    name = exercise.replace(" ", "_")
    module = import_module(f".checks.{notebook.partition('_')[2]}", __package__)
    known = sorted(key for key in vars(module) if key.startswith("exercise_"))
    if name not in known:
        listed = ", ".join(key.replace("_", " ") for key in known)
        raise CourseError(f"there is no exercise {exercise!r} in this notebook. Known: {listed}.")
    return getattr(module, name)


@contextmanager
def _check_request(exercise: str) -> Iterator[None]:
    wanted = _recording_of(exercise).request
    before = len(sent())
    try:
        yield
    except NoRecording:
        pass
    except Exception as error:
        if status_of(error) is not None:
            _judge(sent()[before:], wanted)
        raise
    _judge(sent()[before:], wanted)


def _judge(requests: list[Request], wanted: Request) -> None:
    """Print what is to be said of an exercise's requests, of which the last counts."""
    if not requests:
        print("Not yet: no request was sent. Write the call inside the with block.")
        return
    request = _as_recorded(requests[-1], wanted) if is_live() else requests[-1]
    if same_request(request, wanted):
        print("✓ Right: this is the request that was asked for.")
    elif (request.method, request.path) != (wanted.method, wanted.path):
        print(
            f"Not yet: you sent {request.method} {request.path}; "
            f"asked is {wanted.method} {wanted.path}."
        )
    else:
        print("Not yet. Here your request differs from the one asked for:")
        print(differences(request.body, wanted.body, "asked"))


def _recording_of(exercise: str) -> Recording:
    recordings = load(current().recordings).recordings
    found = next((r for r in recordings if r.name == exercise), None)
    if found is None:
        known = ", ".join(r.name for r in recordings if r.name.startswith("exercise"))
        raise CourseError(f"there is no exercise {exercise!r} in this notebook. Known: {known}.")
    return found


def _as_recorded(request: Request, wanted: Request) -> Request:
    """A live request with the recorded model and its words in place of yours.

    They are yours, not the exercise's.
    """
    body, asked = request.body, wanted.body
    if not (isinstance(body, dict) and isinstance(asked, dict)):
        return request
    body = dict(body)
    if str(body.get("model")) in current().settings.stand_ins(asked.get("model")):
        body["model"] = asked["model"]
    messages, others = body.get("messages"), asked.get("messages")
    if isinstance(messages, list) and isinstance(others, list):
        body["messages"] = [
            others[at] if at < len(others) and _is_said_by_model(message, others[at]) else message
            for at, message in enumerate(messages)
        ]
    return Request(request.method, request.path, body)


def _is_said_by_model(message: Any, other: Any) -> bool:
    """Whether two messages come from a model, or a tool that it called: their words differ live."""
    if not (isinstance(message, dict) and isinstance(other, dict)):
        return False
    return message.get("role") == other.get("role") and message.get("role") in ("assistant", "tool")
