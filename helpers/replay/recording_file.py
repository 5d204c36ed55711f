"""Files of recordings: the only place that knows their format.

A file is a YAML list. Each entry has `name`, `origin`, `after`, `request` (method, path, body) and
`answer`, or `answers`: one for each further try of the same call. An answer has status, headers and
a body; or, of a stream, `events`, with `each` for what all events share. `cut: true` says that the
connection breaks off at the end.
"""

import re
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from .errors import CourseError
from .parsed import keep, recall
from .recording import Answer, Recording, RecordingFile, Request

_RECORDING = {
    "name": str,
    "origin": str,
    "after": str,
    "note": str,
    "capture": str,
    "request": dict,
    "answer": dict,
    "answers": list,
}
_REQUEST = {"method": str, "path": str, "body": object}
_STATUSES = range(200, 600)  # of whole answers
_OF_THE_TRANSPORT = ("connection", "content-encoding", "content-length", "transfer-encoding")
_METHOD = re.compile("[A-Z]+")
_PATH = re.compile("/[!-~]*")  # ASCII, as clients send it
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"([!-~]([ -~\t]*[!-~])?)?")  # ASCII, with no space at its ends
_ANSWER = {
    "status": int,
    "headers": dict,
    "body": object,
    "each": dict,
    "events": list,
    "cut": bool,
}


def load(path: str | PathLike[str]) -> RecordingFile:
    """Read a file of recordings.

    Raises:
        CourseError: the file cannot be read or is not as it must be; the message has file, line
            and remedy.
    """
    path = Path(path)
    name = _printable("/".join(path.parts[-3:]))
    remedy = f"Mend it, or fetch it again: git checkout -- {name}"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(name, error, remedy) from None
    known = recall(path, text)
    if known:
        first_line, entries = known
        recordings = [_to_recording(entry) for entry in entries]
    else:
        first_line, entries, recordings = _parse(text, name, remedy)
        keep(path, text, [first_line, entries])
    return RecordingFile(recordings, "".join(text.splitlines(keepends=True)[:first_line]))


def _parse(text: str, name: str, remedy: str) -> tuple[int, list[Any], list[Recording]]:
    """The line at which a text's recordings begin, from 0; their data; the recordings."""
    import yaml

    from .yaml_data import compose, to_data

    try:
        document = compose(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise _unreadable(name, error, remedy) from None
    if not isinstance(document, yaml.SequenceNode) or not document.value:
        raise CourseError(f"{name}, line 1: this is not a list of recordings. {remedy}")
    entries: list[Any] = []
    recordings: dict[str, Recording] = {}  # by name
    for node in document.value:
        try:
            entry = to_data(node)
            recording = _to_recording(entry)
            if recording.name in recordings:
                raise ValueError(f"the name {recording.name!r} is there twice")
            entries.append(entry)
            recordings[recording.name] = recording
        except (ValueError, yaml.YAMLError, RecursionError) as error:
            line, problem = _what_is_wrong(error)
            where = f"{name}, line {line or node.start_mark.line + 1}"
            raise CourseError(
                _printable(f"{where}: this is not as a recording must be: {problem}. {remedy}")
            ) from None
    return document.value[0].start_mark.line, entries, list(recordings.values())


def _unreadable(name: str, error: Exception, remedy: str) -> CourseError:
    line, problem = _what_is_wrong(error)
    where = f"{name}, line {line}," if line else name
    return CourseError(_printable(f"{where} cannot be read: {problem}. {remedy}"))


def _what_is_wrong(error: Exception) -> tuple[int, object]:
    """The line of what is wrong in a file, 0 where it is not known, and what is wrong."""
    if isinstance(error, UnicodeDecodeError):
        return 0, "it is not in UTF-8"
    if isinstance(error, RecursionError):
        return 0, "it is nested too deeply"
    character = getattr(error, "character", None)
    if character is not None:
        return 0, f"it holds the character U+{character:04X}, which YAML does not allow"
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "strerror", None) or error
    return mark.line + 1 if mark else 0, problem


def dump(file: RecordingFile) -> str:
    """The text of a file: `load` reads it back, and gives the same text again."""
    entries = [dump_recording(recording) for recording in file.recordings]
    return file.head + "\n".join(entries)


def dump_recording(recording: Recording) -> str:
    """One entry of a file."""
    from .yaml_style import to_yaml

    return to_yaml([_to_entry(recording)])


def _check(entry: Any, kinds: Mapping[str, type], needed: Iterable[str], what: str) -> None:
    """Raise ValueError if an entry has a key too many, one too few, or a value of another kind."""
    if not isinstance(entry, dict):
        raise ValueError(f"{what} is not a mapping")
    for key, value in entry.items():
        if key not in kinds:
            raise ValueError(f"unknown key {key!r} in {what}")
        if not isinstance(value, kinds[key]):
            raise ValueError(f"{key!r} in {what} is not of type {kinds[key].__name__}")
    if missing := [key for key in needed if key not in entry]:
        raise ValueError(f"{what} has no {', '.join(map(repr, missing))}")


def _to_recording(entry: Any) -> Recording:
    answer = "answers" if isinstance(entry, dict) and "answers" in entry else "answer"
    needed = ("name", "origin", "after", "request", answer)
    _check(entry, _RECORDING, needed, "the recording")
    if {"answer", "answers"} <= entry.keys():
        raise ValueError("the recording has 'answer' and 'answers': write all into 'answers'")
    answers = entry["answers"] if answer == "answers" else [entry["answer"]]
    if not answers:
        raise ValueError("'answers' is empty")
    return Recording(
        name=entry["name"],
        origin=entry["origin"],
        after=entry["after"],
        request=_to_request(entry["request"]),
        answers=tuple(_to_answer(answer) for answer in answers),
        note=entry.get("note", ""),
        capture=entry.get("capture", ""),
    )


def _to_request(entry: Any) -> Request:
    """A request that a client can send: any other would never be answered, without a word."""
    _check(entry, _REQUEST, ("method", "path"), "the request")
    method, path = entry["method"], entry["path"]
    if not _METHOD.fullmatch(method):
        raise ValueError(f"no request has the method {method!r}: write it in capital letters")
    if not _PATH.fullmatch(path) or {"?", "#"} & set(path):
        raise ValueError(
            f"no request has the path {path!r}: write a URL's path alone, from its first / to "
            "before a ?, with %20 for a blank"
        )
    return Request(method, path, entry.get("body"))


def _to_answer(entry: Any) -> Answer:
    _check(entry, _ANSWER, ("status",), "the answer")
    if ("body" in entry) == ("events" in entry):
        raise ValueError("the answer needs 'body' or 'events', and not both")
    if "each" in entry and "body" in entry:
        raise ValueError("'each' goes with 'events', and the answer has a 'body'")
    if entry["status"] not in _STATUSES:
        raise ValueError(f"'status' in the answer is not from {_STATUSES[0]} to {_STATUSES[-1]}")
    events = entry.get("events")
    if not all(isinstance(event, dict | str) for event in events or ()):
        raise ValueError("an item of 'events' is neither a mapping nor a string")
    headers = _to_headers(entry.get("headers", {}))
    return Answer(
        status=entry["status"],
        headers=headers,
        body=entry.get("body"),
        events=None if events is None else tuple(events),
        each=entry.get("each", {}),
        cut=entry.get("cut", False),
    )


def _to_headers(entry: dict[str, Any]) -> dict[str, str]:
    """Headers that every library can send, with their names in lower case."""
    headers: dict[str, str] = {}
    for name, value in entry.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"no header can have the name {name!r}")
        if not isinstance(value, str):
            raise ValueError(f"the header {name!r} is {value!r}, not a string: put it in quotes")
        if not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"no header can have the value {value!r}, as {name!r} does here")
        if name.lower() in _OF_THE_TRANSPORT:
            raise ValueError(f"leave out {name!r} in 'headers': who sends the answer decides it")
        if name.lower() in headers:
            raise ValueError(f"the header {name!r} is there twice")
        headers[name.lower()] = value
    return headers


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


def _printable(text: str) -> str:
    """A text that every terminal can print: a folder's name may hold bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()
