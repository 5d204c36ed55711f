"""What a recording is: a request with the answers that it gets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

from .http_request import lower_case

WITHOUT_BODY = (204, 304)  # statuses of answers that have none


@dataclass(frozen=True)
class Request:
    """A request by what it means: `body` is JSON data, a form's fields, a string or None.

    `call` is the same for all tries of one call, "" where the client sends no such id; `attempt`
    is the number of the try, from 0, where the client says it.
    """

    method: str
    path: str
    body: Any = None
    call: str = field(default="", compare=False)
    attempt: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Answer:
    """An answer: a body, or a stream of events.

    Attributes:
        body: JSON data, or a string of another kind of content.
        events: of a stream, each JSON data or a string such as "[DONE]"; None of a body.
        each: what all events share.
        cut: whether the connection breaks off at the end of body or events.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    events: Sequence[Any] | None = None
    each: Mapping[str, Any] = field(default_factory=dict)
    cut: bool = False

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The body's bytes in the pieces in which they arrive: of a stream, one an event.

        No piece is empty, which to a reader would be the end.
        """
        if self.status in WITHOUT_BODY or self.body == "":
            return ()
        if self.events is not None:
            return tuple(_encoded(self._event_text(event)) for event in self.events)
        is_json = "json" in lower_case(self.headers).get("content-type", "json")
        if isinstance(self.body, str) and (self.cut or not is_json):
            return (_encoded(self.body),)
        return (_encoded(json.dumps(self.body, ensure_ascii=False)),)

    def _event_text(self, event: Any) -> str:
        if isinstance(event, str):
            return "".join(f"data: {line}\n" for line in event.split("\n")) + "\n"
        data = {**self.each, **event}
        kind = data.get("type")
        name = f"event: {kind}\n" if isinstance(kind, str) else ""
        return f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n"


@dataclass(frozen=True)
class Recording:
    """A request with its answers: one, and one more for each further try of the same call.

    `origin` says where they come from, `after` what their form follows, and `capture` what
    `make record` may do with it: "" what fits, `same reason` or `never`.
    """

    name: str
    origin: str
    after: str
    request: Request
    answers: Sequence[Answer]
    note: str = ""
    capture: str = ""


@dataclass(frozen=True)
class RecordingFile:
    """What is in a file: the comment at its head, line ends included, and the recordings."""

    recordings: Sequence[Recording]
    head: str = ""


def reason(status: int) -> str:
    """The words for a status; "" for one that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _encoded(text: str) -> bytes:
    """A text as bytes, half an emoji as JSON escapes it: UTF-8 has no such character."""
    return text.encode("utf-8", "backslashreplace")
