"""requests, at `HTTPAdapter.send`, which is made to be replaced."""

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack
from email.message import Message
from io import UnsupportedOperation
from types import ModuleType
from typing import Any

from .http_request import HttpRequest, lower_case, read_body
from .patching import replace
from .recording import Answer, reason
from .session import Session

BROKEN = "Response ended prematurely"  # urllib3's words for it


class BodyFile:
    """An answer's body as a file that gives at most one piece a read, when its time has come.

    Attributes:
        msg: the headers as http.client has them, where requests looks for cookies.
    """

    def __init__(self, answer: Answer, session: Session):
        self.msg = Message()
        for name, value in answer.headers.items():
            self.msg[name] = value
        self._answer, self._session = answer, session
        self._number, self._rest = 0, b""
        self.closed = False

    def read(self, size: int | None = None) -> bytes:
        """The next bytes, at most `size`; without a size all the rest. b"" at the end."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(2**16), b""))
        if not self._rest:
            self._rest = self._next_piece()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    read1 = read

    def _next_piece(self) -> bytes:
        if self._number == len(self._answer.pieces):
            if self._answer.cut:
                from urllib3.exceptions import ProtocolError

                raise ProtocolError(BROKEN)
            return b""
        if self._answer.events is not None:
            time.sleep(self._session.seconds_before(self._number))
            self._session.arrived(self._number)
        self._number += 1
        return self._answer.pieces[self._number - 1]

    def close(self) -> None:
        self.closed = True

    def isclosed(self) -> bool:
        """What urllib3 asks of http.client's answers."""
        return self.closed

    def fileno(self) -> int:
        """Raise what requests expects of a file in memory, where an answer is sent on."""
        raise UnsupportedOperation("fileno")

    def flush(self) -> None:
        """Nothing to do: urllib3 asks it of a file."""


def answered(undo: ExitStack, requests: ModuleType, session: Session) -> None:
    """Answer the requests of requests from a session, until `undo` is closed."""
    import urllib3

    class Response(urllib3.HTTPResponse):
        """urllib3's, but piece by piece: its own `stream` waits until it has `amt` bytes."""

        def __init__(self, answer: Answer):
            self.file = BodyFile(answer, session)
            super().__init__(
                body=self.file,  # pyright: ignore[reportArgumentType]
                original_response=self.file,  # pyright: ignore[reportArgumentType]
                headers=dict(answer.headers),
                status=answer.status,
                reason=reason(answer.status),
                preload_content=False,
            )

        def stream(
            self, amt: int | None = 2**16, decode_content: bool | None = None
        ) -> Generator[bytes, None, None]:
            while data := self.file.read(amt or 2**16):
                yield data

    def send(adapter: Any, request: Any, *_: Any, **__: Any) -> Any:
        body, _same = read_body(request.body)
        headers = lower_case(request.headers)
        answer = session.play(HttpRequest(request.method, request.url, headers, body))
        return adapter.build_response(request, Response(answer))

    replace(undo, requests.adapters.HTTPAdapter, "send", send)


def observed(undo: ExitStack, requests: ModuleType, tell: Callable[[HttpRequest], str]) -> None:
    """Tell of each request; `tell` returns the address that it shall go to."""
    original = requests.adapters.HTTPAdapter.send

    def send(adapter: Any, request: Any, *arguments: Any, **options: Any) -> Any:
        content, body = read_body(request.body)
        headers = lower_case(request.headers)
        address = tell(HttpRequest(request.method, request.url, headers, content))
        if address != request.url or body is not request.body:
            request = request.copy()
            request.url, request.body = address, body
        return original(adapter, request, *arguments, **options)

    replace(undo, requests.adapters.HTTPAdapter, "send", send)
