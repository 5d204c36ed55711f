"""aiohttp: a connection in memory, over which aiohttp's own parser reads the raw answer.

aiohttp has no transport to replace. `TCPConnector.connect` is its nearest public seam: it returns a
connection, and all above it (sessions, responses, streams, their errors) is aiohttp's own.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from .http_request import HttpRequest, lower_case
from .patching import replace
from .recording import Answer, reason
from .session import Session


class MemoryTransport(asyncio.Transport):
    """What aiohttp writes a request to; the answer comes back through its protocol.

    Args:
        protocol: aiohttp's, which parses what it is given.
        request: what is asked, known before it is written.
        session: what answers.
    """

    def __init__(self, protocol: Any, request: HttpRequest, session: Session):
        super().__init__()
        self._protocol, self._request, self._session = protocol, request, session
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._playing: asyncio.Task[None] | None = None

    def write(self, data: Any) -> None:
        if self._playing is None:
            self._playing = self._loop.create_task(self._play())

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"")

    async def _play(self) -> None:
        try:
            answer = self._session.play(self._request)
            pieces = answer.pieces
        except BaseException as error:  # it reaches the caller, who would wait for ever
            self._protocol.set_exception(error)
            return
        self._protocol.data_received(_head(answer))
        for number, piece in enumerate(pieces):
            if answer.events is not None:
                await asyncio.sleep(self._session.seconds_before(number))
            if self._closed:
                return
            if answer.events is not None:
                self._session.arrived(number)
            self._protocol.data_received(b"%x\r\n%s\r\n" % (len(piece), piece))
        if answer.cut:
            self.close()
        elif not self._closed:
            self._protocol.data_received(b"0\r\n\r\n")

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None:
        """Nothing to pause: a body is in memory already."""

    resume_reading = pause_reading

    def is_reading(self) -> bool:
        return not self._closed


def answered(undo: ExitStack, aiohttp: ModuleType, session: Session) -> None:
    """Answer aiohttp's requests from a session, until `undo` is closed."""
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

    async def connect(connector: Any, request: Any, traces: Any, timeout: Any) -> Connection:
        loop = asyncio.get_running_loop()
        protocol = ResponseHandler(loop)
        transport = MemoryTransport(protocol, await _http_request(request), session)
        protocol.connection_made(transport)
        return Connection(connector, request.connection_key, protocol, loop)

    replace(undo, aiohttp.TCPConnector, "connect", connect)


def observed(undo: ExitStack, aiohttp: ModuleType, tell: Callable[[HttpRequest], str]) -> None:
    """Tell of each of aiohttp's requests; `tell` returns the address that it shall go to."""
    original = aiohttp.TCPConnector.connect

    async def connect(connector: Any, request: Any, traces: Any, timeout: Any) -> Any:
        address = tell(await _http_request(request))
        if address != str(request.url):
            request.url = type(request.url)(address, encoded=True)
        return await original(connector, request, traces, timeout)

    replace(undo, aiohttp.TCPConnector, "connect", connect)


async def _http_request(request: Any) -> HttpRequest:
    """What aiohttp is about to send. A body that can be read only once is kept by aiohttp."""
    body = request.body
    content = body if isinstance(body, bytes) else await body.as_bytes()
    return HttpRequest(request.method, str(request.url), lower_case(request.headers), content)


def _head(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {reason(answer.status)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines += ["Transfer-Encoding: chunked", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")
