"""Checks of exercises, which need no service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .connect import current, is_live, sent
from .failures import status_of
from .replay import CourseError, NoRecording, Recording, Request, differences, load
from .replay.matching import same_request


@contextmanager
def check(exercise: str) -> Iterator[None]:
    """Check an exercise: does the last request of the `with` block mean what its recording does?

    It prints ✓ or what differs. What the endpoint answers does not count: where it refuses the
    request, its error is raised after the verdict.

    Raises:
        CourseError: there is no such exercise.
    """
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
