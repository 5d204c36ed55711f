"""What is said of a cell that fails live: what, where and what to do, in two lines."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from traceback import walk_tb
from types import TracebackType

from .replay.errors import CourseError

_PAGE = "see when_it_goes_wrong.md"
_OF_AN_ANSWER = ("choices", "output", "output_text", "data", "usage", "id", "incomplete_details")
_ERROR_STATUSES = range(300, 600)
_CLIENTS = ("azure", "openai", "requests", "httpx", "httpx2", "httpcore", "aiohttp", "urllib3")


@dataclass(frozen=True)
class Failure:
    """A cell that failed: `why` in a few words, and the lines that tell of it.

    `refused` is true if the endpoint answered with an error.
    """

    why: str
    lines: tuple[str, ...]
    refused: bool = False


def failure_of(
    error: BaseException, trace: TracebackType | None, missing: Collection[str]
) -> Failure:
    """What to say of an error.

    Args:
        error: what the cell raised; also SystemExit, by which a program ends.
        trace: where, from the shell inwards.
        missing: names that cells which failed before would have defined.
    """
    if isinstance(error, CourseError):
        return Failure("something to put right", (f"{type(error).__name__}: {error}",))
    if type(error) is NameError and error.name in missing:
        return Failure(
            "needs a cell above, which failed",
            (
                f"Live: this cell needs `{error.name}` from a cell above, which failed.",
                "Mend that cell and run it again, or read on.",
            ),
        )
    origin = _origin(error)
    status = status_of(origin)
    numbers = [number for _, number in walk_tb(trace)]
    where = f"Live, line {numbers[1] if len(numbers) > 1 else numbers[0]}" if numbers else "Live"
    name = "" if isinstance(error, SystemExit) else f"{type(error).__name__}: "
    if status is None or status < 300:  # it answered, but not what the client can read
        return Failure(type(origin).__name__, (f"{where}: {name}{_text(error)}", _advice(origin)))
    code = _code(origin, status)
    did = "sent this request elsewhere" if 300 <= status < 400 else "refused this request"
    return Failure(
        f"status {status}{code}",
        (
            f"{where}: {name}{_text(error)}",
            f"Your endpoint {did} (status {status}{code}): {_PAGE}.",
        ),
        refused=True,
    )


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error carries, whichever library raised it.

    A program that sends by hand raises `ValueError(404, …)`.
    """
    if type(error) is ValueError and error.args and error.args[0] in _ERROR_STATUSES:
        return int(error.args[0])
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status"):
            status = getattr(holder, name, None)
            if isinstance(status, int):
                return status
    return None


def _origin(error: BaseException) -> BaseException:
    """What really happened: in a group of errors the first; the error that made a program end."""
    if isinstance(error, SystemExit) and error.__context__ is not None:
        return _origin(error.__context__)
    if isinstance(error, BaseExceptionGroup):
        return _origin(error.exceptions[0])
    return error


def _text(error: BaseException) -> str:
    """The first line of an error's text, with that of its cause: `openai` says little itself."""
    lines = str(error).strip().splitlines() or ["no message"]
    cause = error.__cause__
    if cause is not None and str(cause) and str(cause) not in str(error):
        return f"{lines[0]} ({type(cause).__name__}: {str(cause).splitlines()[0]})"
    return lines[0]


def _code(error: BaseException, status: int) -> str:
    """The code in a service's answer, such as `unknown_model`, with a blank before it; or ""."""
    code = getattr(getattr(error, "error", None), "code", None) or getattr(error, "code", None)
    if isinstance(code, str) and re.fullmatch(r"[\w.-]{1,40}", code) and code != str(status):
        return f" {code}"
    return ""


def _advice(error: BaseException) -> str:
    if type(error).__name__ in ("ClientAuthenticationError", "CredentialUnavailableError"):
        return f"You are not signed in. Run az login, or read on: {_PAGE}."
    if type(error).__module__.partition(".")[0] in _CLIENTS:
        return f"No whole answer came from your endpoint: {_PAGE}."
    if _is_text_in_place_of_an_answer(error):
        return f"Your endpoint sent text, such as a web page. Check its address: {_PAGE}."
    return f"Your endpoint or model answered in another way than the recording: {_PAGE}."


def _is_text_in_place_of_an_answer(error: BaseException) -> bool:
    """Whether a cell read a string as a response: `openai` returns what is no JSON as a string."""
    if not isinstance(error, AttributeError):
        return False
    return isinstance(error.obj, str) and error.name in _OF_AN_ANSWER
