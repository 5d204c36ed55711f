"""What checks of exercises work with.

Recorded situations, and a safe way to call what a learner wrote.
"""

import asyncio
import inspect
import io
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import FrameType
from typing import Any

from . import connect
from .endpoints import reader
from .environment import enter_session
from .replay import Answer, Request, Session, replay
from .replay.differences import content_text, messages_of
from .settings import replay_settings
from .streamed_answers import as_stream

MOST_REQUESTS = 30  # in a situation; who asks more often never ends


class Endless(BaseException):
    """The learner's code asks without an end. No `except Exception` of a loop may catch it.

    Attributes:
        caught: how often a bare `except` of the learner's has caught it before.
    """

    def __init__(self, caught: int):
        super().__init__(f"it has asked {MOST_REQUESTS + caught} times")
        self.caught = caught


class NotYet(Exception):
    """An exercise is not done. The message says the next thing to do."""


class Patience:
    """Counts what a learner's code asks, and ends it where it asks without an end."""

    def __init__(self) -> None:
        self._asked = 0

    def wear(self) -> None:
        """Count one question. Raises Endless if there are too many."""
        self._asked += 1
        caught = self._asked - MOST_REQUESTS - 1
        if caught < 0:
            return
        if caught:
            _raise_at_a_later_line(caught)
        raise Endless(caught)


def _raise_at_a_later_line(number: int) -> None:
    """Raise Endless in the learner's code once more, before the line of this number from now.

    A bare `except` catches what is raised within its `try`. But each time that it does, the number
    grows, until the line is one outside: a loop's own, or the `try` itself.
    """
    left = number

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if "__file__" in frame.f_globals:  # a library's: what a learner types is in no file
            return None
        left -= event == "line"
        if not left:
            raise Endless(number)
        return trace

    frame = sys._getframe(1)
    while frame:
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(trace)


class Situation(Session):
    """Answers every request, whatever it asks, with the next of some answers; the last one again
    and again.

    Attributes:
        sent: the requests that the learner's code sent.
        model: a model's name to ask for; any other is answered too.
    """

    model = "mistral-large-2407"

    def __init__(self, answers: Sequence[Answer]):
        super().__init__([], read=reader(), pace=0)
        self._answers = answers
        self._patience = Patience()

    def answer(self, request: Request) -> Answer:
        self.sent.append(request)
        self._patience.wear()
        answer = self._answers[min(len(self.sent), len(self._answers)) - 1]
        wants_stream = isinstance(request.body, dict) and request.body.get("stream") is True
        return as_stream(answer) if wants_stream else answer

    @cached_property
    def client(self) -> Any:
        """The old SDK's client, retries off."""
        from azure.ai.inference import ChatCompletionsClient
        from azure.core.credentials import AzureKeyCredential

        settings = replay_settings().azure
        return ChatCompletionsClient(
            settings.endpoint, AzureKeyCredential(settings.key), model=self.model, retry_total=0
        )

    @cached_property
    def openai(self) -> Any:
        """The client of the package `openai`, retries off."""
        from openai import OpenAI

        settings = replay_settings().v1
        return OpenAI(base_url=settings.endpoint, api_key=settings.key, max_retries=0)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the requests that were sent; empty where one is no JSON object."""
        bodies = [request.body for request in self.sent]
        return [body if isinstance(body, dict) else {} for body in bodies]


@contextmanager
def answering(*answers: Answer) -> Iterator[Situation]:
    """A situation in which every request gets the next of these answers, live too.

    Nothing is sent.
    """
    situation = Situation(answers)
    with connect.without_start(), ExitStack() as undo:
        enter_session(undo, replay_settings())
        undo.enter_context(replay(situation))
        yield situation


def recorded(name: str) -> tuple[Answer, ...]:
    """The answers of one recording of the running notebook, by its name."""
    course = connect.current()
    answers = next(r for r in course.loaded if r.name == name).answers
    if course.session:
        course.session.played[name] += 1
    return tuple(answers)


WORDS = "Words prove nothing: key, model, quota, address, filtered, content_filter."


def in_other_words(answers: Sequence[Answer]) -> list[Answer]:
    """Refusals whose messages all say the same: status and code alone tell them apart."""
    reworded = []
    for answer in answers:
        body = answer.body
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            body = {**body, "error": {**body["error"], "message": WORDS}}
        elif isinstance(body, dict) and "message" in body:
            body = {**body, "message": WORDS}
        reworded.append(replace(answer, body=body))
    return reworded


@dataclass
class Call:
    """What came of calling a learner's function: its value or its error, and what it printed."""

    value: Any = None
    error: BaseException | None = None
    printed: str = field(default="")


def call(function: Callable[..., Any], *arguments: Any, **options: Any) -> Call:
    """Call a learner's function, asynchronous or not; nothing it raises, prints or logs gets out.

    Raises NotYet if it is no function, or if it yields.
    """
    if not callable(function):
        raise NotYet(
            "Give check your function itself, without quotes and brackets. "
            f"You give it {function!r:.40}."
        )
    printed = io.StringIO()
    result = Call()
    tracing = sys.gettrace()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            value = next(_apart(function, *arguments, **options))
            result.value = _awaited(value) if inspect.isawaitable(value) else value
    except (Exception, SystemExit, asyncio.CancelledError, Endless) as error:
        # sys.exit and a task that is cancelled would end the check, too
        stopped = isinstance(error.__cause__, StopIteration)  # which no generator lets through
        result.error = error.__cause__ if stopped else error
    finally:
        sys.settrace(tracing)
    if inspect.isgenerator(result.value) or inspect.isasyncgen(result.value):
        raise NotYet("Your function has a `yield`, so a call does not run it. Use `return`.")
    result.printed = printed.getvalue()
    return result


def _apart(function: Callable[..., Any], *arguments: Any, **options: Any) -> Iterator[Any]:
    """Yield what a function returns.

    A generator has an exception of its own that is being handled. Where `trace` raises within an
    `except`, Python leaves it set; here it goes with the generator.
    """
    yield function(*arguments, **options)


def value_of(function: Callable[..., Any], *arguments: Any, when: str) -> Any:
    """What a learner's function returns.

    Raises NotYet, naming the situation `when`, if it raises.
    """
    result = call(function, *arguments)
    if isinstance(result.error, Endless):
        remedy = "Write `except Exception:`, not `except:`" if result.error.caught else "Let it end"
        raise NotYet(f"{when}, your code asks again and again. {remedy}.")
    if result.error is not None:
        raise NotYet(f"{when}, {what_is_raised(result.error)}")
    return result.value


def what_is_raised(error: BaseException) -> str:
    """What is said of an error that gets out of a learner's function."""
    said = f"your code raises {type(error).__name__}: {_first_line(error)}"
    for sign, advice in _ADVICE.items():
        if isinstance(error, TypeError) and sign in said:
            said += f". {advice}"
    return said


_ADVICE = {  # for a TypeError whose words name no next step
    "Session.request() got an unexpected": (
        "What `complete` has no argument for goes into `model_extras`."
    ),
    "in 'await' expression": "The client that your function is given needs no `await`.",
}


def require(condition: object, next_step: str) -> None:
    """Raise NotYet with the next thing to do, unless the condition holds."""
    if not condition:
        raise NotYet(next_step)


def require_raised(result: Call, status: int, next_step: str) -> None:
    """Raise NotYet unless a call raised the service's error of this status, or one caused by it."""
    error = result.error
    errors = (error, getattr(error, "__cause__", None))
    got = (
        f"You return {result.value!r:.60}" if error is None else f"You raise {type(error).__name__}"
    )
    require(status in map(_status_of, errors), f"{next_step} {got}.")


def _status_of(error: BaseException | None) -> Any:
    """The status that an error of either SDK or of `requests` carries, if any."""
    return getattr(
        error, "status_code", getattr(getattr(error, "response", None), "status_code", 0)
    )


def texts(body: dict[str, Any], *roles: str) -> str:
    """What a request's messages of these roles say, or its `input`."""
    said = [message for message in messages_of(body) if message.get("role") in roles]
    return "\n".join(content_text(message.get("content")) for message in said)


def require_text(situation: Situation, text: str) -> None:
    """Raise NotYet unless the last request has this text in a message of the user's."""
    require(situation.sent, "Send a request with the client that your function is given.")
    require(
        text in texts(situation.bodies[-1], "user"),
        "Send the text that your function is given, in a message whose role is `user`.",
    )


def require_one_request(situation: Situation) -> None:
    """Raise NotYet where a learner's function asks again for what one answer holds."""
    count = len(situation.sent)
    require(
        count <= 1,
        f"You send {count} requests for one answer, and each may be answered otherwise. Send one, "
        "keep the response in a variable, and read all of it there.",
    )


def _awaited(value: Awaitable[Any]) -> Any:
    """The value of an awaitable.

    A notebook's own loop is running, so another thread has one of its own.
    """
    if sys.platform == "emscripten":  # the browser edition has no threads
        from pyodide.ffi import run_sync  # pyright: ignore[reportMissingImports]

        return run_sync(value)
    outcome: list[Any] = []

    async def run() -> None:
        outcome.append(await value)

    failure: list[BaseException] = []

    def in_thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:200]
