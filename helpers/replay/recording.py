"""Recordings: requests with the answers that they get. The only place that knows the file format.

A file is a YAML list. Each entry has `name`, `origin`, `after`, `request` (method, path, body) and `answer`, or
`answers`: one for each further try of the same call. `note` and `capture` are optional. An answer has status, headers and a body; or, of a stream,
`events`, with `each` for what all events share and `cut: true` where the connection breaks off.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .errors import CourseError

DONE = "[DONE]"  # the last event of a chat stream, the only one that is no JSON


@dataclass(frozen=True)
class HttpRequest:
    """A request as an HTTP library sends it."""

    method: str
    url: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Request:
    """A request by what it means: `body` is JSON data, a form's fields, a string or None.

    `call` is the same for all tries of one call, "" where the client sends no such id; `attempt` is the number of
    the try, from 0, where the client says it.
    """

    method: str
    path: str
    body: Any = None
    call: str = field(default="", compare=False)
    attempt: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Answer:
    """An answer: a body, or a stream of events. `cut` says that the connection breaks off at its end."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    events: Sequence[Any] | None = None
    each: Mapping[str, Any] = field(default_factory=dict)  # what all events share
    cut: bool = False

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The body's bytes in the pieces in which they arrive: of a stream, one an event."""
        if self.events is None:
            is_text = isinstance(self.body, str) and "json" not in self.headers.get("content-type", "json")
            text = self.body if is_text else json.dumps(self.body, ensure_ascii=False)
            return (_encoded(text),)
        return tuple(_encoded(self._event_text(event)) for event in self.events)

    def _event_text(self, event: Any) -> str:
        if isinstance(event, str):
            return f"data: {event}\n\n"
        data = {**self.each, **event}
        name = f"event: {data['type']}\n" if isinstance(data.get("type"), str) else ""  # a typed event names itself
        return f"{name}data: {json.dumps(data, ensure_ascii=False)}\n\n"


@dataclass(frozen=True)
class Recording:
    """A request with its answers, where they come from (`origin`), and what their form follows (`after`).

    `capture` says what `make record` may do with it: "" what fits, `same reason` or `never`.
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


def load(path: Path) -> RecordingFile:
    """Read a file of recordings.

    Raises:
        CourseError: the file cannot be read or is not as it must be; the message has file, line and remedy.
    """
    import yaml

    name = "/".join(path.parts[-3:])
    fetch = f"Mend it, or fetch it again: git checkout -- {name}"
    try:
        text = path.read_text("utf-8")
        document = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}," if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "strerror", None) or error
        raise CourseError(f"{_printable(name)}{line} cannot be read: {problem}. {_printable(fetch)}") from None
    if not isinstance(document, yaml.SequenceNode) or not document.value:
        raise CourseError(f"{_printable(name)}, line 1: this is not a list of recordings. {_printable(fetch)}")
    make = yaml.constructor.SafeConstructor()
    recordings = []
    for node in document.value:
        try:
            recordings.append(_to_recording(make.construct_document(node)))
        except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
            needs = "name, origin, after, request (method, path, body) and answer"
            where = f"{name}, line {node.start_mark.line + 1}"
            raise CourseError(
                _printable(f"{where}: a recording needs {needs}; wrong here: {error}. {fetch}")
            ) from None
    first_line = document.value[0].start_mark.line
    return RecordingFile(recordings, "".join(text.splitlines(keepends=True)[:first_line]))


def dump(file: RecordingFile) -> str:
    """The text of a file: `load` reads it back, and gives the same text again."""
    entries = [dump_recording(recording) for recording in file.recordings]
    return file.head + "\n".join(entries)


def dump_recording(recording: Recording) -> str:
    """One entry of a file."""
    from .yaml_style import to_yaml

    return to_yaml([_to_entry(recording)])


def _to_recording(entry: dict[str, Any]) -> Recording:
    known = {"name", "origin", "after", "note", "capture", "request", "answer", "answers"}
    if unknown := set(entry) - known:
        raise KeyError(f"unknown key {', '.join(map(repr, sorted(unknown)))}")
    request = Request(entry["request"]["method"], entry["request"]["path"], entry["request"].get("body"))
    answers = entry["answers"] if "answers" in entry else [entry["answer"]]
    return Recording(
        name=entry["name"],
        origin=entry["origin"],
        after=entry["after"],
        request=request,
        answers=tuple(_to_answer(answer) for answer in answers),
        note=entry.get("note", ""),
        capture=entry.get("capture", ""),
    )


def _to_answer(entry: dict[str, Any]) -> Answer:
    known = {"status", "headers", "body", "each", "events", "cut"}
    if unknown := set(entry) - known:
        raise KeyError(f"unknown key {', '.join(map(repr, sorted(unknown)))} in the answer")
    events = entry.get("events")
    return Answer(
        status=entry["status"],
        headers={name: str(value) for name, value in entry.get("headers", {}).items()},
        body=None if events is not None else entry["body"],
        events=None if events is None else tuple(events),
        each=entry.get("each", {}),
        cut=entry.get("cut", False),
    )


def _to_entry(recording: Recording) -> dict[str, Any]:
    request = {"method": recording.request.method, "path": recording.request.path}
    if recording.request.body is not None:
        request["body"] = recording.request.body
    answers = [_to_answer_entry(answer) for answer in recording.answers]
    return {
        "name": recording.name,
        "origin": recording.origin,
        "after": recording.after,
        **({"note": recording.note} if recording.note else {}),
        **({"capture": recording.capture} if recording.capture else {}),
        "request": request,
        **({"answer": answers[0]} if len(answers) == 1 else {"answers": answers}),
    }


def _to_answer_entry(answer: Answer) -> dict[str, Any]:
    entry: dict[str, Any] = {"status": answer.status, "headers": dict(answer.headers)}
    if answer.events is None:
        entry["body"] = answer.body
    else:
        entry |= {"each": dict(answer.each)} if answer.each else {}
        entry["events"] = list(answer.events)
    return entry | ({"cut": True} if answer.cut else {})


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _printable(text: str) -> str:
    """A text that every terminal can print: a folder's name may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()
