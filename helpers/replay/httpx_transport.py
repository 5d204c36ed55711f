"""httpx and httpx2, which are alike, at the transports that they are made to have replaced."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from .http_request import HttpRequest, lower_case
from .patching import replace
from .recording import Answer
from .session import Session

BROKEN = "peer closed connection without sending complete message body (incomplete chunked read)"


def answered(undo: ExitStack, httpx: ModuleType, session: Session) -> None:
    """Answer the requests of httpx from a session, until `undo` is closed."""
    stream = _stream_class(httpx, session)

    def respond(request: Any, body: bytes) -> Any:
        answer = session.play(_http_request(request, body))
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream(answer))

    def handle_request(_: Any, request: Any) -> Any:
        return respond(request, request.read())

    async def handle_async_request(_: Any, request: Any) -> Any:
        return respond(request, await request.aread())

    replace(undo, httpx.HTTPTransport, "handle_request", handle_request)
    replace(undo, httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request)


def _stream_class(httpx: ModuleType, session: Session) -> Callable[[Answer], Any]:
    """httpx's class of a body that comes in pieces; its base classes are known once httpx is."""

    class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
        """An answer's body, each piece when its time has come."""

        def __init__(self, answer: Answer):
            self._answer = answer

        def __iter__(self) -> Iterator[bytes]:
            for number, piece in enumerate(self._answer.pieces):
                if self._answer.events is not None:
                    time.sleep(session.seconds_before(number))
                    session.arrived(number)
                yield piece
            self._end()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for number, piece in enumerate(self._answer.pieces):
                if self._answer.events is not None:
                    await asyncio.sleep(session.seconds_before(number))
                    session.arrived(number)
                yield piece
            self._end()

        def _end(self) -> None:
            if self._answer.cut:
                raise httpx.RemoteProtocolError(BROKEN)

    return Stream


def observed(undo: ExitStack, httpx: ModuleType, tell: Callable[[HttpRequest], str]) -> None:
    """Tell of each request; `tell` returns the address that it shall go to."""
    sync_original = httpx.HTTPTransport.handle_request
    async_original = httpx.AsyncHTTPTransport.handle_async_request

    def addressed(request: Any, body: bytes) -> Any:
        address = tell(_http_request(request, body))
        if address == str(request.url):
            return request
        return httpx.Request(
            request.method,
            address,
            headers=request.headers,
            stream=request.stream,
            extensions=request.extensions,
        )

    def handle_request(transport: Any, request: Any) -> Any:
        return sync_original(transport, addressed(request, request.read()))

    async def handle_async_request(transport: Any, request: Any) -> Any:
        return await async_original(transport, addressed(request, await request.aread()))

    replace(undo, httpx.HTTPTransport, "handle_request", handle_request)
    replace(undo, httpx.AsyncHTTPTransport, "handle_async_request", handle_async_request)


def _http_request(request: Any, body: bytes) -> HttpRequest:
    return HttpRequest(request.method, str(request.url), lower_case(request.headers), body)
