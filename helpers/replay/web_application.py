"""The replay server on aiohttp: each answer comes from a session."""

import asyncio
import html
import logging
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import HttpProcessingError

from .errors import NoRecording
from .http_request import HttpRequest, lower_case
from .recording import Answer, Recording, Request
from .server_rules import Rules
from .session import Session

MOST_REMEMBERED = 1000  # requests and calls: a server may run for weeks
MOST_TOLD = 200  # characters of what is wrong with a request
LARGEST_BODY = 64 * 2**20  # bytes
QUICK_BODY = 2**15  # bytes; looking at the pictures of a larger one takes a while
LOOK_AGAIN = 0.1  # seconds; at a client that sends no more, and may still wait for an answer
JSON = {"content-type": "application/json"}
ADVICE = "Only recorded requests have an answer here. Undo the change, or send this to a model."


class ServedSession(Session):
    """A session that refuses as endpoints do, and answers what is not recorded too.

    Args:
        recordings: what to answer with; of two with the same request, the first answers.
        rules: where endpoints differ.
        pace: how much of the simulated waiting takes place.
    """

    def __init__(self, recordings: Sequence[Recording], rules: Rules, pace: float = 1.0):
        read, meaning = rules.read, rules.meaning
        super().__init__(recordings, read=read, meaning=meaning, pace=pace, advice=ADVICE)
        self.rules = rules

    def answer(self, request: Request) -> Answer:
        """The recorded answer to a request; what lies long back is forgotten."""
        try:
            return super().answer(request)
        finally:
            with self._lock:
                del self.sent[:-MOST_REMEMBERED]
                while len(self._tries) > MOST_REMEMBERED:
                    del self._tries[next(iter(self._tries))]

    def reply(self, http: HttpRequest) -> Answer | None:
        """The refusal of a request, or its recorded answer; None if it has neither."""
        try:
            return self.rules.refuse(http) or self.play(http)
        except NoRecording:
            return None
        except RecursionError:
            return TOO_DEEP

    def reply_to_miss(self, http: HttpRequest) -> Answer:
        """The answer to a request without a recording. To explain one takes a while."""
        try:
            answer = self.rules.otherwise(http, self.recordings)
            if answer:
                return answer
            told = _sentence(self._explained(http))
        except RecursionError:
            return TOO_DEEP
        return _error(404, "no_recording", told, {"x-should-retry": "false"})

    def _explained(self, http: HttpRequest) -> str:
        request = self.rules.read(http)
        told = str(super()._no_recording(request, urlsplit(http.url).path))
        if any(request.path == one.request.path for one in self.recordings) or not self.rules.bases:
            return told
        return f"{told} Base paths: {', '.join(self.rules.bases)}."

    def _no_recording(self, request: Request, sent_to: str = "") -> NoRecording:
        """A miss, not yet explained."""
        return NoRecording("")


class Connection(web.RequestHandler):
    """A connection that waits for its answer if its client shuts down its own side, as `nc -N`."""

    answering = False

    def eof_received(self) -> bool:
        """Whether to stay open. TLS closes both sides at once."""
        if self.ssl_context is None:
            self._look_again()
        return self.ssl_context is None

    def _look_again(self) -> None:
        asyncio.get_running_loop().call_later(LOOK_AGAIN, self._close_if_answered)

    def _close_if_answered(self) -> None:
        if self.answering:
            self._look_again()
        elif self.transport:
            self.transport.close()


class ReplayServer(web.Server):
    """aiohttp's server, with connections of our own, and larger bodies.

    It does without aiohttp's Application, which takes longer to find the one handler than the
    handler takes to find an answer.
    """

    def __init__(self, session: ServedSession):
        super().__init__(_handler(session), request_factory=_new_request)

    def __call__(self) -> web.RequestHandler:
        """A connection that begins."""
        loop = asyncio.get_running_loop()
        return Connection(self, loop=loop, access_log=None)  # pyright: ignore[reportArgumentType]


def _new_request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> Any:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY
    )


async def serve(
    session: ServedSession, sockets: Iterable[socket.socket], context: ssl.SSLContext | None
) -> None:
    """Answer from a session at sockets that listen, until Ctrl-C or a signal to end.

    Args:
        session: what answers. GET / shows what it is.
        sockets: they are closed at the end.
        context: what https needs; None for http.

    Raises:
        aiohttp.web.GracefulExit: a signal ended it.
    """
    logging.getLogger("aiohttp.server").addFilter(_in_one_line)
    runner = web.ServerRunner(ReplayServer(session), handle_signals=True, shutdown_timeout=0.5)
    await runner.setup()
    try:
        for each in sockets:
            await web.SockSite(runner, each, ssl_context=context, backlog=256).start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _handler(session: ServedSession) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return _preflight(request)
        if request.path == "/" and request.method in ("GET", "HEAD"):
            return web.Response(text=_page(session), content_type="text/html", headers=_cors(()))
        try:
            await _let_continue(request)
            http = await _http_request(request)
        except web.HTTPRequestEntityTooLarge:
            return await _send(request, _error(413, "too_large", "The body is too large."), session)
        except (web.RequestPayloadError, ConnectionError):  # as a broken gzip, or half a body
            return await _send(request, UNREADABLE, session)
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.answering = True
        try:
            return await answer(request, http)
        finally:
            connection.answering = False

    async def answer(request: web.BaseRequest, http: HttpRequest) -> web.StreamResponse:
        if len(http.body) <= QUICK_BODY:
            reply = session.reply(http)
        else:
            reply = await asyncio.to_thread(session.reply, http)
        if reply is None:
            reply = await asyncio.to_thread(session.reply_to_miss, http)
        return await _send(request, reply, session)

    return handle


async def _let_continue(request: web.BaseRequest) -> None:
    """Ask for the body, where a client waits to be asked: curl does, before a large one."""
    expected = request.headers.get("Expect", "").lower()
    if expected == "100-continue" and request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _in_one_line(record: logging.LogRecord) -> bool:
    """Tell of a request that breaks HTTP in one line; a failure of ours keeps its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | web.RequestPayloadError):
        why = " ".join(getattr(error, "message", str(error)).split())[:MOST_TOLD]
        record.msg, record.args = "A request could not be read: %s", (why,)
        record.exc_info = record.exc_text = None
    return True


async def _http_request(request: web.BaseRequest) -> HttpRequest:
    path = re.sub("^https?://[^/]*", "", request.raw_path)  # what a client sends to a proxy
    headers = lower_case(request.headers)  # before the body, which is often still on its way
    return HttpRequest(request.method, f"http://localhost{path}", headers, await request.read())


async def _send(request: web.BaseRequest, answer: Answer, session: Session) -> web.StreamResponse:
    """Send an answer: a stream piece by piece at the session's pace, broken off where it is cut."""
    headers = {**answer.headers, **_cors(answer.headers)}
    if answer.events is None and not answer.cut:
        return web.Response(status=answer.status, headers=headers, body=b"".join(answer.pieces))
    response = web.StreamResponse(status=answer.status, headers=headers)
    if request.version < HttpVersion11:
        response.force_close()  # HTTP/1.0 has no chunks: a stream ends with its connection
    try:
        await response.prepare(request)
        for number, piece in enumerate(answer.pieces):
            if answer.events is not None:
                await asyncio.sleep(session.seconds_before(number))
                session.arrived(number)
            await response.write(piece)
        if answer.cut and request.transport:
            request.transport.close()  # after what is written, and without an end of the chunks
    except ConnectionError:
        pass  # the client went away
    return response


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cors(headers: Iterable[str]) -> dict[str, str]:
    """What lets a page of any origin read an answer and its headers, in lower case as they are."""
    names = ", ".join(dict.fromkeys([*headers, "content-length"]))
    return {"access-control-allow-origin": "*", "access-control-expose-headers": names}


def _preflight(request: web.BaseRequest) -> web.Response:
    """The answer to what a browser asks before a page's request."""
    asked = request.headers.get("Access-Control-Request-Headers", "*")
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        "Access-Control-Allow-Headers": asked,
        "Access-Control-Max-Age": "600",
        "Vary": "Access-Control-Request-Headers",
    }
    if "Access-Control-Request-Private-Network" in request.headers:
        headers["Access-Control-Allow-Private-Network"] = "true"
    return web.Response(status=204, headers=headers)


def _page(session: ServedSession) -> str:
    bases = "".join(f"<li><code>{html.escape(base)}</code></li>" for base in session.rules.bases)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Replay server</title>'
        f"<h1>Replay server</h1><p>This server has {len(session.recordings)} recorded answers, and "
        "no model. A request without a recording gets a 404 that says how it differs from the "
        f"nearest one.</p><p>Base paths, with any key:</p><ul>{bases}</ul></html>\n"
    )


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    """An error as most endpoints send it, in valid UTF-8 whatever the request held."""
    message = message.encode("utf-8", "backslashreplace").decode()
    error = {"code": code, "message": message, "type": "replay", "param": None}
    return Answer(status, {**JSON, **(headers or {})}, {"error": error})


UNREADABLE = _error(400, "unreadable", "The body cannot be read to its end.")
TOO_DEEP = _error(400, "nested_too_deeply", "The body is nested too deeply.")
