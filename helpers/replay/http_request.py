"""A request as an HTTP library sends it, whatever form the library lets its body have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HttpRequest:
    """A request as an HTTP library sends it.

    Attributes:
        headers: names in lower case.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def lower_case(headers: Any) -> dict[str, str]:
    """Headers with their names in lower case."""
    return {_text(name).lower(): _text(value) for name, value in headers.items()}


def read_body(body: Any) -> tuple[bytes, Any]:
    """A body's bytes, and the body to send on.

    These are the caller's own object, at the place where it was, except where it can be read only
    once, such as a generator: then its bytes are sent on.
    """
    if body is None or isinstance(body, (str, bytes, bytearray, memoryview)):
        return _bytes(body or b""), body
    if not hasattr(body, "read"):
        content = b"".join(map(_bytes, body))
        return content, content
    try:
        start = body.tell()
    except (AttributeError, OSError):  # it has no place to go back to
        start = None
    content = _bytes(body.read())
    try:
        body.seek(start)
    except (AttributeError, OSError, TypeError):  # an answer's body has a place, and no way back
        return content, content
    return content, body


def _bytes(content: Any) -> bytes:
    return content.encode() if isinstance(content, str) else bytes(content)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
