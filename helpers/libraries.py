"""Below the real HTTP libraries: answers from recordings, by vcrpy; or live, a look at what is sent."""

import asyncio
import re
import sys
import time
from contextlib import nullcontext
from io import BytesIO
from itertools import accumulate
from types import SimpleNamespace


def answer_from(session) -> None:
    """Let vcrpy answer every request from the recordings of a `Session`."""
    # vcrpy imports every HTTP library that it can patch, which takes longer than the SDK does. Hide those that nobody
    # uses yet: None in sys.modules makes an import fail as if the library were not installed.
    idle = ("aiohttp", "httpx", "httpx2", "botocore", "tornado.simple_httpclient", "tornado.curl_httpclient")
    hidden = [name for name in idle if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        import vcr.patch
        from vcr import stubs
        from vcr.cassette import Cassette
    finally:
        for name in hidden:
            del sys.modules[name]

    cassette = Cassette(session.path, record_mode="none")
    # A look-up by key, where vcrpy would compare a request with one recording after the other.
    cassette.can_play_response_for = lambda request: True
    cassette.play_response = lambda r: session.answer(r.method, r.uri, r.body, r.headers)
    # vcrpy puts the real classes back around each connection that it makes, because it also patches http.client. That
    # takes most of its time, and is not needed where only urllib3's connections are replaced.
    session.replace(vcr.patch, "force_reset", nullcontext)
    session.replace(stubs, "BytesIO", lambda body: _Body(body, session))
    for patch in vcr.patch.CassettePatcherBuilder(cassette)._urllib3():
        session.undo.enter_context(patch)

    def patch_aiohttp(aiohttp):
        from vcr.stubs import aiohttp_stubs

        class Stream(aiohttp_stubs.MockStream):
            """vcrpy's stream; a reader that waits is fed what comes next, by a thread, so that others go on."""

            def __init__(self, body):
                super().__init__(b"")
                self._file, self._eof = _Body(body or b"", session), False

            async def _wait(self, func_name):
                try:
                    data = await asyncio.to_thread(self._file.read, 1 << 16)
                except Exception as error:
                    raise aiohttp.ClientPayloadError("Response payload is not completed") from error
                self.feed_data(data) if data else self.feed_eof()

        session.replace(aiohttp_stubs, "MockStream", Stream)
        request = aiohttp.ClientSession._request
        session.replace(aiohttp.ClientSession, "_request", aiohttp_stubs.vcr_request(cassette, request))

    def patch_httpx(httpx):
        from vcr.stubs.httpx_stubs import vcr_handle_async_request, vcr_handle_request

        class Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
            def __init__(self, body):
                self._file = _Body(body, session)

            def __iter__(self):
                try:
                    yield from iter(lambda: self._file.read(1 << 16), b"")
                except Exception as error:
                    raise httpx.RemoteProtocolError(str(error)) from error

            async def __aiter__(self):
                while data := await asyncio.to_thread(next, iter(self), b""):
                    yield data

        ours = SimpleNamespace(Response=httpx.Response, ByteStream=Stream)
        one, other = httpx.HTTPTransport, httpx.AsyncHTTPTransport
        session.replace(one, "handle_request", vcr_handle_request(cassette, one.handle_request, ours))
        answer = vcr_handle_async_request(cassette, other.handle_async_request, ours)
        session.replace(other, "handle_async_request", answer)

    session.when_imported("aiohttp", patch_aiohttp)
    session.when_imported("httpx2", patch_httpx)


class _Body(BytesIO):
    """The body of a response as a file; of a stream it gives one event a read, when its time has come."""

    def __init__(self, body: bytes, session):
        super().__init__(body)
        events = body.split(b"\n\n")[:-1] if body.startswith(b"data: ") else []
        self._ends = [0, *accumulate(len(event) + 2 for event in events)]
        self._cut = bool(events) and events[-1] != b"data: [DONE]"  # such a stream was broken off
        self._session, self._come = session, 0

    def read(self, size: int | None = -1, /) -> bytes:
        if len(self._ends) == 1:
            return super().read(size)
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(1 << 16), b""))
        if self._come < len(self._ends) - 1 and self.tell() == self._ends[self._come]:
            time.sleep(self._session.wait(self._come))
            self._come += 1
        data = super().read(min(size, self._ends[self._come] - self.tell()))
        if not data and size and self._cut:
            from urllib3.exceptions import ProtocolError

            raise ProtocolError("Response ended prematurely")
        return data


def observe(session) -> None:
    """Note what is sent, for checks of exercises; drop the SDK's `api-version` for /openai/v1, as notebook 00 shows."""
    import requests

    def allowed(url: str) -> str:
        return re.sub(r"[?&]api-version=[^&]*", "", url) if "/openai/v1/" in url else url

    def noted(self, request, **options):
        request.url = allowed(request.url)
        session.note(request.method, request.url, request.body)
        return send(self, request, **options)

    def patch_aiohttp(aiohttp):
        ask = aiohttp.ClientSession._request
        changed = lambda self, method, url, **options: ask(self, method, allowed(str(url)), **options)  # noqa: E731
        session.replace(aiohttp.ClientSession, "_request", changed)

    def patch_httpx(httpx):
        handle = httpx.HTTPTransport.handle_request
        noted = lambda self, r: (session.note(r.method, str(r.url), r.read()), handle(self, r))[1]  # noqa: E731
        session.replace(httpx.HTTPTransport, "handle_request", noted)

    send = requests.Session.send
    session.replace(requests.Session, "send", noted)
    session.when_imported("aiohttp", patch_aiohttp)
    session.when_imported("httpx2", patch_httpx)
