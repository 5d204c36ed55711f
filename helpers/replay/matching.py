"""What a request means, and which recording answers it.

Two requests mean the same if method, path and body data are equal: the order of keys, white space
and the spelling of numbers do not count. A picture counts by what it shows, so that encoders may
differ.
"""

import base64
import hashlib
import json
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO
from typing import Any

from .http_request import HttpRequest
from .recording import Recording, Request

_BOUNDARY = re.compile(rb'--([^\r\n"]{1,70})\r\n(?i:content-)')
PICTURE = re.compile(r"picture \d+x\d+ [0-9a-f]{192}")
_ENCODE = json.JSONEncoder(sort_keys=True).encode
LARGEST_PICTURE = 100_000_000  # pixels; a small file may claim more than the memory holds


def plain_request(http: HttpRequest) -> Request:
    """A request as it is: its path, and its body as data."""
    from urllib.parse import urlsplit

    return Request(http.method, urlsplit(http.url).path or "/", parse_body(http.body))


def parse_body(body: bytes) -> Any:
    """A request's body as data: JSON, else a form's fields, else the text; None if it is empty."""
    from urllib.parse import parse_qsl

    text = body.decode("utf-8-sig", "replace")  # some programs begin with a byte order mark
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return _by_name(_multipart_fields(body) or parse_qsl(text)) or text


def _by_name(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A form's fields; where a name comes several times, a list of its values."""
    values: dict[str, list[Any]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}


def _multipart_fields(body: bytes) -> list[tuple[str, Any]]:
    """The fields of a form in parts, a file as its name and content; none if it is no such form.

    The boundary between the parts is another in each request, and means nothing.
    """
    from email import message_from_bytes
    from email.policy import HTTP

    boundary = _BOUNDARY.match(body)
    if not boundary:
        return []
    head = b"Content-Type: multipart/form-data; boundary=%s\r\n\r\n" % boundary[1]
    fields: list[tuple[str, Any]] = []
    for part in message_from_bytes(head + body, policy=HTTP).iter_parts():
        raw = part.get_payload(decode=True)
        content = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
        name = str(part.get_param("name", "", "content-disposition"))
        file = part.get_filename()
        fields.append((name, content if file is None else {"filename": file, "content": content}))
    return fields


def as_it_is(body: Any) -> Any:
    """A body's meaning where nothing is known of it."""
    return body


class Index:
    """Finds the recording that answers a request: by key, however many there are.

    Args:
        recordings: what may answer.
        meaning: a body without what makes no difference, such as a default that is spelt out.
    """

    def __init__(self, recordings: Iterable[Recording], meaning: Callable[[Any], Any] = as_it_is):
        self._meaning = meaning
        self._by_key: dict[tuple[str, str, str], list[tuple[list[str], Recording]]] = {}
        for recording in recordings:
            key, pictures = _key(self.meant(recording.request))
            self._by_key.setdefault(key, []).append((pictures, recording))

    def find(self, request: Request) -> Recording | None:
        """The first recording whose request means the same."""
        key, pictures = _key(self.meant(request))
        for recorded_pictures, recording in self._by_key.get(key, ()):
            if all(map(same_picture, pictures, recorded_pictures)):
                return recording
        return None

    def meant(self, request: Request) -> Request:
        """A request with the meaning of its body in the place of the body."""
        return replace(request, body=self._meaning(request.body))


def same_request(one: Request, other: Request) -> bool:
    """Whether two requests mean the same."""
    (key, pictures), (other_key, other_pictures) = _key(one), _key(other)
    return key == other_key and all(map(same_picture, pictures, other_pictures))


def canonical(value: Any, pictures: list[str] | None = None) -> Any:
    """A body with its numbers in one spelling, and pictures as what they show.

    Given a list `pictures`, what they show goes there, and the body keeps their size alone.
    """
    if isinstance(value, dict):
        return {key: canonical(inner, pictures) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(inner, pictures) for inner in value]
    if isinstance(value, str) and value.startswith(("data:image/", "picture ")):
        return _canonical_picture(value, pictures)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _canonical_picture(value: str, pictures: list[str] | None) -> str:
    shown = picture(value) if value.startswith("data:") else value
    if pictures is None or not (_is_picture(shown) or shown.startswith("picture unreadable ")):
        return shown
    pictures.append(shown)
    return " ".join(shown.split()[:2])


def same_value(one: Any, other: Any) -> bool:
    """Whether two values of canonical bodies mean the same."""
    if _is_picture(one) and _is_picture(other):
        return same_picture(one, other)
    return type(one) is type(other) and one == other


def picture(data_url: str) -> str:
    """What the picture in a data URL shows: `picture 640x400 0f3…`.

    These are its size, and 8 by 8 colours in 4 bits each. One that cannot be read is told by its
    bytes, as `picture unreadable <SHA-256>`.
    """
    try:
        from PIL import Image

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a large picture, which is refused here by its size
            raw = base64.b64decode(data_url.partition(",")[2])
            with Image.open(BytesIO(raw)) as image:
                if image.width * image.height > LARGEST_PICTURE:
                    raise ValueError("too large to look at")
                small = image.convert("RGB").resize((8, 8), Image.Resampling.BOX)
                colours = "".join(f"{value >> 4:x}" for value in small.tobytes())
                return f"picture {image.width}x{image.height} {colours}"
    except Exception:  # decoders raise nearly anything on a broken file
        return f"picture unreadable {hashlib.sha256(data_url.encode()).hexdigest()}"


def same_picture(one: str, other: str) -> bool:
    """Whether two texts of `picture` show the same.

    Encoders differ a little: each colour may be one step off.
    """
    *size, colours = one.split()
    *other_size, other_colours = other.split()
    if size != other_size or len(colours) != len(other_colours):
        return False
    if "unreadable" in size:
        return colours == other_colours
    pairs = zip(colours, other_colours, strict=True)
    return all(abs(int(a, 16) - int(b, 16)) < 2 for a, b in pairs)


def _is_picture(value: Any) -> bool:
    return isinstance(value, str) and bool(PICTURE.fullmatch(value))


def _key(request: Request) -> tuple[tuple[str, str, str], list[str]]:
    """A request's meaning as a key; apart from it the pictures, which are compared one by one."""
    pictures: list[str] = []
    body = canonical(request.body, pictures)
    return (request.method, request.path, _ENCODE(body)), pictures
