"""The same answers under every HTTP library, put in at the seams that the libraries offer.

`replay` answers from a session; `observe` lets requests go out and tells of each. Both return what undoes them.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from .network_guard import guard
from .patching import replace, when_imported
from .recording import Answer, HttpRequest
from .session import Session

BROKEN = "peer closed connection without sending complete message body (incomplete chunked read)"


def replay(session: Session) -> ExitStack:
    """Answer every request of requests, httpx, httpx2 and aiohttp from a session, and let no library connect.

    Clients that exist already are answered too. Close what this returns to undo it.
    """
    from . import aiohttp_transport

    undo = ExitStack()
    guard(undo, session.refuse)
    _requests_answered(undo, session)
    when_imported(undo, "httpx", lambda module: _httpx_answered(undo, module, session))
    when_imported(undo, "httpx2", lambda module: _httpx_answered(undo, module, session))
    when_imported(undo, "aiohttp", lambda module: aiohttp_transport.answered(undo, module, session))
    return undo


def observe(tell: Callable[[HttpRequest], str]) -> ExitStack:
    """Let requests out as they are, but tell of each; `tell` returns the address that it shall go to.

    Close what this returns to undo it.
    """
    from . import aiohttp_transport

    undo = ExitStack()
    _requests_observed(undo, tell)
    _http_client_observed(undo, tell)
    when_imported(undo, "httpx", lambda module: _httpx_observed(undo, module, tell))
    when_imported(undo, "httpx2", lambda module: _httpx_observed(undo, module, tell))
    when_imported(undo, "aiohttp", lambda module: aiohttp_transport.observed(undo, module, tell))
    return undo


def body_bytes(body: Any) -> bytes:
    """A request's body as bytes, whatever form a library lets it have. The caller's own object stays as it is."""
    if body is None or isinstance(body, (bytes, bytearray)):
        return bytes(body or b"")
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read") and hasattr(body, "seek"):
        at, content = body.tell(), body.read()
        body.seek(at)
        return body_bytes(content)
    return b""  # a generator can be read once, and that is the library's to do


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _requests_answered(undo: ExitStack, session: Session) -> None:
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import ProtocolError

    class File:
        """A body as a file that gives one piece a read, when its time has come."""

        def __init__(self, answer: Answer):
            self._answer, self._number, self._rest, self.closed = answer, 0, b"", False

        def read(self, size: int | None = None) -> bytes:
            if not self._rest:
                self._rest = self._next_piece()
            if size is None or size < 0:
                data = self._rest
                self._rest = b""
                return data + (self.read() if data else b"")
            data, self._rest = self._rest[:size], self._rest[size:]
            return data

        def _next_piece(self) -> bytes:
            if self._number == len(self._answer.pieces):
                if self._answer.cut:
                    raise ProtocolError("Response ended prematurely")
                return b""
            if self._answer.events is not None:
                time.sleep(session.wait(self._number))
            self._number += 1
            return self._answer.pieces[self._number - 1]

        def close(self) -> None:
            self.closed = True

        def flush(self) -> None:
            """Nothing to do: urllib3 asks it of a file."""

    class Response(urllib3.HTTPResponse):
        """urllib3's response, whose pieces come one by one: its own `stream` waits until it has `amt` bytes."""

        def __init__(self, answer: Answer):
            self.file = File(answer)
            super().__init__(
                body=self.file,  # pyright: ignore[reportArgumentType]
                headers=dict(answer.headers),
                status=answer.status,
                reason=_reason(answer.status),
                preload_content=False,
            )

        def stream(self, amt: int | None = 2**16, decode_content: bool | None = None) -> Iterator[bytes]:
            while data := self.file.read(amt or 2**16):
                yield data

    def send(adapter: HTTPAdapter, request: Any, **_: Any) -> Any:
        body = request.body
        if body is not None and not isinstance(body, (str, bytes)) and not hasattr(body, "read"):
            body = b"".join(part if isinstance(part, bytes) else part.encode() for part in body)
        http = HttpRequest(request.method, request.url, _lower(request.headers), body_bytes(body))
        return adapter.build_response(request, Response(session.play(http)))

    def positional_send(
        adapter: HTTPAdapter, request: Any, stream: bool = False, *_: Any, **__: Any
    ) -> Any:
        return send(adapter, request)

    replace(undo, HTTPAdapter, "send", positional_send)


def _httpx_answered(undo: ExitStack, httpx: ModuleType, session: Session) -> None:
    import asyncio

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __init__(self, answer: Answer):
            self._answer = answer

        def __iter__(self) -> Iterator[bytes]:
            for number, piece in enumerate(self._answer.pieces):
                if self._answer.events is not None:
                    time.sleep(session.wait(number))
                yield piece
            self._end()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for number, piece in enumerate(self._answer.pieces):
                if self._answer.events is not None:
                    await asyncio.sleep(session.wait(number))
                yield piece
            self._end()

        def _end(self) -> None:
            if self._answer.cut:
                raise httpx.RemoteProtocolError(BROKEN)

    def response(request: Any, body: bytes) -> Any:
        http = HttpRequest(request.method, str(request.url), _lower(request.headers), body)
        answer = session.play(http)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=Stream(answer))

    async def later(_: Any, request: Any) -> Any:
        return response(request, await request.aread())

    replace(undo, httpx.HTTPTransport, "handle_request", lambda _, request: response(request, request.read()))
    replace(undo, httpx.AsyncHTTPTransport, "handle_async_request", later)


def _reason(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _requests_observed(undo: ExitStack, tell: Callable[[HttpRequest], str]) -> None:
    from requests.adapters import HTTPAdapter

    original = HTTPAdapter.send

    def send(adapter: HTTPAdapter, request: Any, *arguments: Any, **options: Any) -> Any:
        http = HttpRequest(request.method, request.url, _lower(request.headers), body_bytes(request.body))
        address = tell(http)
        if address != request.url:
            request = request.copy()
            request.url = address
        return original(adapter, request, *arguments, **options)

    replace(undo, HTTPAdapter, "send", send)


def _httpx_observed(undo: ExitStack, httpx: ModuleType, tell: Callable[[HttpRequest], str]) -> None:
    sync_original = httpx.HTTPTransport.handle_request
    async_original = httpx.AsyncHTTPTransport.handle_async_request

    def noted(request: Any, body: bytes) -> Any:
        tell(HttpRequest(request.method, str(request.url), _lower(request.headers), body))
        return request

    async def later(transport: Any, request: Any) -> Any:
        return await async_original(transport, noted(request, await request.aread()))

    def at_once(transport: Any, request: Any) -> Any:
        return sync_original(transport, noted(request, request.read()))

    replace(undo, httpx.HTTPTransport, "handle_request", at_once)
    replace(undo, httpx.AsyncHTTPTransport, "handle_async_request", later)


def _http_client_observed(undo: ExitStack, tell: Callable[[HttpRequest], str]) -> None:
    """http.client, and with it urllib. urllib3 has a connection of its own and is not told of twice."""
    from http.client import HTTPConnection

    original = HTTPConnection.request

    def request(connection: Any, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> Any:
        tell(HttpRequest(method, url, _lower(headers or {}), body_bytes(body)))
        return original(connection, method, url, body, headers or {}, **options)

    replace(undo, HTTPConnection, "request", request)
