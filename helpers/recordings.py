"""Recordings: one readable YAML file a notebook, each request beside the answer that it gets.

A request finds its answer by method, path and what its body means; a picture counts by what it shows.
"""

import base64
import hashlib
import json
import os
import re
from difflib import SequenceMatcher
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import yaml

PICTURE = re.compile(r"picture \d+x\d+ [0-9a-f]{192}")


class CourseError(Exception):
    """Something to put right: a setting, a name, a recording. The message names the cure."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for this in place of a traceback
        return [f"{type(self).__name__}: {self}"]


class NoRecording(CourseError):
    """In replay, a request was sent that has no recorded answer."""


class Recordings:
    """The recordings in a YAML file. Raises CourseError, with file and line, if it is missing or not as it must be.

    Each of `all` has name, origin, method, path, body, and answers: one for each further try of the same call.
    """

    def __init__(self, path: Path):
        self.all = _load(path)
        self._index: dict[tuple, list] = {}
        for recording in self.all:
            key, recording.pictures = _key(recording.method, recording.path, recording.body)
            self._index.setdefault(key, []).append(recording)

    def find(self, method: str, path: str, body: object) -> SimpleNamespace | None:
        """The recording that answers a request (path and body as `canonical_path` and `parse_body` give them)."""
        key, pictures = _key(method, path, body)
        return next((r for r in self._index.get(key, ()) if all(map(_alike, pictures, r.pictures))), None)

    def explain(self, method: str, path: str, body: object) -> str:
        """How a request that has no recording differs from the nearest that has, in a few lines."""

        def alike(recording, sent=_leaves(body)) -> tuple[int, float]:  # noqa: B008
            there = _leaves(recording.body)
            same = -sum(sent.get(place) != there.get(place) for place in {**sent, **there})
            return same, SequenceMatcher(None, str(sent)[:900], str(there)[:900]).ratio()

        nearest = max((r for r in self.all if (r.method, r.path) == (method, path)), key=alike, default=None)
        if not nearest:
            known = sorted({f"{r.method} {r.path}" for r in self.all})
            return f"{method} {path} is not recorded in this notebook. Recorded: {', '.join(known)}."
        return f'{method} {path}, beside the nearest recording, "{nearest.name}":\n{differences(body, nearest.body)}'


def played(answer: dict) -> dict:
    """A recorded answer as vcrpy plays it."""
    if "events" in answer:
        each = answer.get("each", {})
        data = (json.dumps(each | e, ensure_ascii=False) if isinstance(e, dict) else e for e in answer["events"])
        body = "".join(f"data: {d}\n\n" for d in data)
    else:
        body = json.dumps(answer["body"], ensure_ascii=False)
    return {
        "status": {"code": answer["status"], "message": HTTPStatus(answer["status"]).phrase},
        "headers": {name: [str(value)] for name, value in answer.get("headers", {}).items()},
        "body": {"string": body.encode()},
    }


def canonical_path(url: str) -> str:
    """A URL's path, with what differs between endpoints, or between learners, put in one form."""
    path = re.sub(r"^/(?:models|openai/v1|v1)/(?=chat/)", "/models/", urlsplit(url).path)
    return re.sub(r"^/[^/]+(?=/(?:v2\.0/\.well-known|oauth2)/)", "/{tenant}", path)


def parse_body(body: object) -> object:
    """A request's body as data: JSON, else a form without its private fields, else text."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
    try:
        return json.loads(text) if isinstance(text, str) else text  # aiohttp's `json=` is data already
    except ValueError:
        form = dict(parse_qsl(text))
        return {k: v for k, v in form.items() if k not in ("client_id", "client_secret")} if form else text or None


def differences(sent: object, wanted: object, other: str = "recorded") -> str:
    """Where two request bodies differ, six places at most; `other` is what to call the second body."""
    lists = [b.get("messages") if isinstance(b, dict) else None for b in (sent, wanted)]
    if all(isinstance(m, list) for m in lists) and len(lists[0]) != len(lists[1]):
        # One message more or less shifts all that follow: say whose messages there are, not how each differs.
        whose = [{"messages (whose)": ", ".join(m["role"] for m in messages)} for messages in lists]
        sent, wanted = {**sent, "messages": 0, **whose[0]}, {**wanted, "messages": 0, **whose[1]}
    left, right = _leaves(sent), _leaves(wanted)
    places = [p for p in {**left, **right} if left.get(p, ...) != right.get(p, ...)]
    width = max(len("sent"), len(other)) + 1
    lines = []
    for place in places[:6]:
        a, b = left.get(place, ...), right.get(place, ...)
        lines.append(f"  {place}\n    {'sent:':{width}} {_quote(a, b)}\n    {other + ':':{width}} {_quote(b, a)}")
    return "\n".join([*lines, *(f"  … and {len(places) - 6} more" for _ in places[6:7])])


def canonical(value: object, pictures: list[str] | None = None) -> object:
    """A body with numbers in one spelling and pictures as what they show (set apart in `pictures`, if given)."""
    if isinstance(value, dict):
        return {k: canonical(v, pictures) for k, v in value.items()}
    if isinstance(value, list):
        return [canonical(v, pictures) for v in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and (value.startswith("data:image/") or PICTURE.fullmatch(value)):
        look = value if value.startswith("picture") else picture(value)
        if pictures is None:
            return look
        pictures.append(look)
        return " ".join(look.split()[:2])
    return value


def picture(data_url: str) -> str:
    """What the picture in a data URL shows: its size, and 8 by 8 colours in 4 bits each, as `picture 640x400 0f3…`."""
    from PIL import Image

    try:
        raw = base64.b64decode(data_url.partition(",")[2])
        with Image.open(BytesIO(raw)) as image:
            small = image.convert("RGB").resize((8, 8), Image.Resampling.BOX)
            return f"picture {image.width}x{image.height} " + "".join(f"{v >> 4:x}" for v in small.tobytes())
    except (OSError, ValueError):
        return f"picture unreadable {hashlib.sha256(data_url.encode()).hexdigest()}"


def _load(path: Path) -> list[SimpleNamespace]:
    name = "/".join(path.parts[-3:])
    fetch = f"Mend it, or fetch it again: git checkout -- {name}"
    try:
        document = yaml.compose(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        line = f", line {error.problem_mark.line + 1}," if hasattr(error, "problem_mark") else ""
        problem = getattr(error, "problem", None) or getattr(error, "strerror", None) or error
        raise CourseError(f"{name}{line} cannot be read: {problem}. {fetch}") from None
    if not isinstance(document, yaml.SequenceNode) or not document.value:
        raise CourseError(f"{name}, line 1: this is not a list of recordings. {fetch}")
    make = yaml.constructor.SafeConstructor()
    recordings = []
    for node in document.value:
        try:
            item = make.construct_document(node)
            found = {"body": None, **item["request"], "name": item["name"], "origin": item["origin"]}
            answers = item["answers"] if "answers" in item else [item["answer"]]
            recordings.append(SimpleNamespace(**found, after=item["after"], answers=answers))
        except (KeyError, TypeError, yaml.YAMLError) as error:
            needs = "name, origin, after, request (method, path, body) and answer"
            line = node.start_mark.line + 1
            raise CourseError(f"{name}, line {line}: a recording needs {needs}; wrong here: {error}. {fetch}") from None
    return recordings


def _key(method: str, path: str, body: object) -> tuple[tuple, list[str]]:
    pictures: list[str] = []
    return (method, path, json.dumps(canonical(body, pictures), sort_keys=True)), pictures


def _alike(one: str, other: str) -> bool:
    """Whether two pictures show the same: encoders differ a little, so each colour may be one step off."""
    a, b = one.split()[-1], other.split()[-1]
    return a == b or (len(a) == len(b) == 192 and all(abs(int(x, 16) - int(y, 16)) < 2 for x, y in zip(a, b)))  # noqa: B905


def _leaves(body: object) -> dict[str, object]:
    """Each value in a body by its place, such as `messages[0].content`."""

    def walk(value, place):
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        if not pairs:
            yield place or "body", value
        for key, inner in pairs:
            yield from walk(inner, f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}".lstrip("."))

    return dict(walk(canonical(body), ""))


def _quote(value: object, beside: object, most: int = 70) -> str:
    """A value for people: as JSON, a long text only around the first place where it differs from the other."""
    if value is ...:
        return "(absent)"
    if isinstance(value, str) and len(value) > most:
        same = len(os.path.commonprefix([value, beside if isinstance(beside, str) else ""]))  # noqa: RUF071
        start = max(0, min(same - 25, len(value) - most))
        value = "…" * (start > 0) + value[start : start + most] + "…" * (start + most < len(value))
    return json.dumps(value, ensure_ascii=False)
