"""Replay under aiohttp: a connection in memory, over which aiohttp's own parser reads the raw answer.

aiohttp has no transport to replace. `TCPConnector.connect` is its nearest public seam: it returns a connection, and
all above it (sessions, responses, streams, their errors) is aiohttp's own.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from .patching import replace
from .recording import Answer, HttpRequest
from .session import Session


class MemoryTransport(asyncio.Transport):
    """What aiohttp writes a request to; the answer comes back through its protocol.

    Args:
        protocol: aiohttp's, which parses what it is given.
        request: aiohttp's request, for method, URL and headers.
        session: what answers.
    """

    def __init__(self, protocol: Any, request: Any, session: Session):
        super().__init__()
        self._protocol, self._request, self._session = protocol, request, session
        self._written, self._closed = b"", False
        self._playing: asyncio.Task[None] | None = None

    def write(self, data: Any) -> None:
        self._written += bytes(data)
        body = _body(self._written)
        if body is not None and self._playing is None:
            self._playing = asyncio.get_running_loop().create_task(self._play(body))

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(map(bytes, list_of_data)))

    async def _play(self, body: bytes) -> None:
        request = self._request
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            answer = self._session.play(HttpRequest(request.method, str(request.url), headers, body))
        except Exception as error:  # it reaches the caller as it is
            self._protocol.set_exception(error)
            return
        self._protocol.data_received(_head(answer))
        for number, piece in enumerate(answer.pieces):
            if answer.events is not None:
                await asyncio.sleep(self._session.wait(number))
            if self._closed:
                return
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
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

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
        protocol.connection_made(MemoryTransport(protocol, request, session))
        return Connection(connector, request.connection_key, protocol, loop)

    replace(undo, aiohttp.TCPConnector, "connect", connect)


def observed(undo: ExitStack, aiohttp: ModuleType, tell: Callable[[HttpRequest], str]) -> None:
    """Tell of each of aiohttp's requests; `tell` returns the address that it shall go to."""
    from .transports import body_bytes

    original = aiohttp.ClientSession._request

    async def request(client: Any, method: str, url: Any, **options: Any) -> Any:
        data = options.get("data")
        body = json.dumps(options["json"]).encode() if options.get("json") is not None else body_bytes(data)
        headers = {str(name).lower(): str(value) for name, value in (options.get("headers") or {}).items()}
        address = tell(HttpRequest(method, str(url), headers, body))
        return await original(client, method, url if address == str(url) else address, **options)

    replace(undo, aiohttp.ClientSession, "_request", request)


def _body(written: bytes) -> bytes | None:
    """The body of a raw request, or None while it is not all there."""
    head, separator, rest = written.partition(b"\r\n\r\n")
    if not separator:
        return None
    fields = dict(_fields(head))
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        return _dechunked(rest) if rest.endswith(b"0\r\n\r\n") else None
    length = int(fields.get(b"content-length", b"0"))
    return rest[:length] if len(rest) >= length else None


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name.strip().lower(), value.strip()


def _dechunked(data: bytes) -> bytes:
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
        if not length:
            break
    return body


def _head(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Replayed"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    lines += ["Transfer-Encoding: chunked", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")
