"""http.client, and with it urllib: only told of. In replay the network guard refuses them.

urllib3 has a connection of its own, so that requests are not told of twice.
"""

from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any

from .http_request import HttpRequest, lower_case, read_body
from .patching import replace


def observed(undo: ExitStack, tell: Callable[[HttpRequest], str]) -> None:
    """Tell of each request; `tell` returns the address that it shall go to. Here it is a path."""
    original = HTTPConnection.request

    def request(
        connection: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        **options: Any,
    ) -> Any:
        content, body = read_body(body)
        address = tell(HttpRequest(method, url, lower_case(headers or {}), content))
        return original(connection, method, address, body, headers or {}, **options)

    replace(undo, HTTPConnection, "request", request)
