"""The same answers under every HTTP library, put in at the seams that the libraries offer.

`replay` answers from a session; `observe` lets requests go out and tells of each. Both return what
undoes them.
"""

from collections.abc import Callable
from contextlib import ExitStack

from . import aiohttp_transport, http_client_transport, httpx_transport, requests_transport
from .http_request import HttpRequest
from .network_guard import guard
from .patching import when_imported
from .session import Session

_TRANSPORTS = {
    "requests": requests_transport,
    "httpx": httpx_transport,
    "httpx2": httpx_transport,
    "aiohttp": aiohttp_transport,
}


def replay(session: Session) -> ExitStack:
    """Answer every request of requests, httpx, httpx2 and aiohttp; let no library connect.

    Clients that exist already are answered too. Close what this returns to undo it.
    """
    undo = ExitStack()
    guard(undo, session.refuse)
    for name, transport in _TRANSPORTS.items():
        when_imported(undo, name, transport.answered, session)
    return undo


def observe(tell: Callable[[HttpRequest], str]) -> ExitStack:
    """Let requests out as they are, but tell of each; `tell` returns the address that it goes to.

    http.client and urllib are told of too. Close what this returns to undo it.
    """
    undo = ExitStack()
    http_client_transport.observed(undo, tell)
    for name, transport in _TRANSPORTS.items():
        when_imported(undo, name, transport.observed, tell)
    return undo
