"""The proxy: it passes a notebook's requests on to your endpoint and keeps each with its answer.

A notebook gets an answer as it arrives, piece by piece. The same request gets the same answer again
without being sent: so it is in replay too, and a conversation that two cells hold stays one. An
exchange is read to its end and kept even if the notebook has stopped listening.
"""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from helpers.replay import HttpRequest

from .answers import HEADERS
from .exchanges import Exchange, exchange_of, meaning
from .target import Target
from .upstream import Upstream, ask

PATIENCE = 60.0  # seconds for exchanges that are under way when a notebook has ended
_PASSED_BACK = (*HEADERS, "www-authenticate")


class Forwarder(ThreadingHTTPServer):
    """The running proxy, on this computer alone.

    Attributes:
        target: where requests go.
        exchanges: what has been asked and answered, in the order in which answers ended.
        cell: the position of the cell that runs now.
    """

    daemon_threads = True

    def __init__(self, target: Target):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.cell = target, 0
        self.exchanges: list[Exchange] = []
        self._answered: dict[str, Upstream] = {}
        self._open, self._changed = 0, threading.Condition()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.server_port}"

    def begin(self) -> None:
        """An exchange begins."""
        with self._changed:
            self._open += 1

    def end(self, exchange: Exchange) -> None:
        """Keep an exchange that has ended."""
        with self._changed:
            self.exchanges.append(exchange)
            self._open -= 1
            self._changed.notify_all()

    def remembered(self, request: HttpRequest) -> Upstream | None:
        """The whole answer that a request with the same meaning got before."""
        return self._answered.get(meaning(request))

    def remember(self, request: HttpRequest, upstream: Upstream) -> None:
        """Give this answer again to a request with the same meaning."""
        if upstream.status == 200 and not upstream.problem:
            self._answered.setdefault(meaning(request), upstream)

    def close(self, patience: float = PATIENCE) -> None:
        """End: wait for exchanges that are under way, for so many seconds, then listen no more."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open, patience)
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A notebook that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or small pieces wait 40 ms for an acknowledgement
    server: Forwarder

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def handle_request(self) -> None:
        server, cell = self.server, self.server.cell
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = HttpRequest(self.command, f"{server.address}{self.path}", headers, self._body())
        server.begin()
        self._listening = True
        upstream, exchange = None, Exchange(request, None, "no answer", cell)
        try:
            upstream = server.remembered(request) or ask(server.target.outgoing(request))
            self._write_head(upstream)
            for piece in upstream.pieces():
                self._write(b"%x\r\n%s\r\n" % (len(piece), piece))
            server.remember(request, upstream)
            exchange = exchange_of(request, upstream, cell)
        finally:
            server.end(exchange)
        if upstream.problem:
            self.close_connection = True  # it breaks off here as it did there
        else:
            self._write(b"0\r\n\r\n")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue  # trailers
        return body

    def _write_head(self, upstream: Upstream) -> None:
        if not upstream.status:
            return
        self.send_response(upstream.status)
        for name in _PASSED_BACK:
            if name in upstream.headers:
                self.send_header(name, upstream.headers[name])
        self.send_header("Transfer-Encoding", "chunked")
        self._try(self.end_headers)

    def _write(self, data: bytes) -> None:
        self._try(lambda: self.wfile.write(data))

    def _try(self, write: Callable[[], object]) -> None:
        """Write, unless the notebook has stopped listening."""
        if self._listening:
            try:
                write()
                self.wfile.flush()
            except OSError:
                self._listening, self.close_connection = False, True
