"""The replay server as an application of aiohttp: each answer comes from a session."""

import asyncio
import html
import logging
import re
from collections.abc import Collection, Iterable, Sequence
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


def application(session: ServedSession) -> web.Application:
    """The application that answers from a session. GET / shows what it is."""

    answering: set[web.RequestHandler] = set()

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS":
            return _preflight(request)
        if request.path == "/" and request.method in ("GET", "HEAD"):
            return web.Response(text=_page(session), content_type="text/html", headers=_cors(()))
        try:
            http = await _http_request(request)
        except web.HTTPRequestEntityTooLarge:
            return await _send(request, _error(413, "too_large", "The body is too large."), session)
        except (web.RequestPayloadError, ConnectionError):  # as a broken gzip, or half a body
            return await _send(request, UNREADABLE, session)
        answering.add(request.protocol)
        try:
            return await answer(request, http)
        finally:
            answering.discard(request.protocol)

    async def answer(request: web.Request, http: HttpRequest) -> web.StreamResponse:
        if len(http.body) <= QUICK_BODY:
            reply = session.reply(http)
        else:
            reply = await asyncio.to_thread(session.reply, http)
        if reply is None:
            reply = await asyncio.to_thread(session.reply_to_miss, http)
        return await _send(request, reply, session)

    _stay_open_while(answering)
    logging.getLogger("aiohttp.server").addFilter(_in_one_line)
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{path:.*}", handle)
    return app


def _stay_open_while(answering: Collection[web.RequestHandler]) -> None:
    """Answer clients that shut down their side after the request, such as `nc -N`.

    aiohttp closes their connections at once, and no option of it names another class for them.
    """

    def eof_received(connection: web.RequestHandler) -> bool:
        if connection.ssl_context:
            return False  # TLS closes both sides at once
        asyncio.get_running_loop().call_later(LOOK_AGAIN, close_if_answered, connection)
        return True

    def close_if_answered(connection: web.RequestHandler) -> None:
        if connection in answering:
            asyncio.get_running_loop().call_later(LOOK_AGAIN, close_if_answered, connection)
        elif connection.transport:
            connection.transport.close()

    web.RequestHandler.eof_received = eof_received  # pyright: ignore[reportAttributeAccessIssue]


def _in_one_line(record: logging.LogRecord) -> bool:
    """Tell of a request that breaks HTTP in one line; a failure of ours keeps its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | web.RequestPayloadError):
        why = " ".join(getattr(error, "message", str(error)).split())[:MOST_TOLD]
        record.msg, record.args = "A request could not be read: %s", (why,)
        record.exc_info = record.exc_text = None
    return True


async def _http_request(request: web.Request) -> HttpRequest:
    path = re.sub("^https?://[^/]*", "", request.raw_path)  # what a client sends to a proxy
    url = f"http://localhost{path}"
    return HttpRequest(request.method, url, lower_case(request.headers), await request.read())


async def _send(request: web.Request, answer: Answer, session: Session) -> web.StreamResponse:
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


def _preflight(request: web.Request) -> web.Response:
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
