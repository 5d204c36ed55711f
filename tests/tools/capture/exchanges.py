"""What the proxy keeps: a request with its answer."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from helpers.endpoints import reader
from helpers.replay import Answer, HttpRequest, Request
from helpers.replay.matching import canonical

from .answers import Unreadable, to_answer
from .scrub import identifiers
from .target import given_key
from .upstream import Upstream


@dataclass(frozen=True)
class Exchange:
    """A request with its answer.

    Attributes:
        request: as the notebook sent it to the proxy.
        answer: None where there is none that a file could hold; then `problem` says why.
        cell: the position of the cell that asked.
        identifiers: values of headers that tell this exchange, account or session from others.
    """

    request: HttpRequest
    answer: Answer | None
    problem: str = ""
    cell: int = 0
    identifiers: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The path at the proxy."""
        return urlsplit(self.request.url).path

    @property
    def meaning(self) -> Request:
        """The request in the form that recordings have."""
        return reader()(self.request)


def exchange_of(request: HttpRequest, upstream: Upstream, cell: int) -> Exchange:
    """What is kept of an answer that has ended."""
    private = frozenset(identifiers(upstream.headers))
    if upstream.problem:
        return Exchange(request, None, upstream.problem, cell, private)
    try:
        answer = to_answer(upstream.status, upstream.headers, upstream.raw)
    except Unreadable as reason:
        return Exchange(request, None, f"could not be kept: {reason}", cell, private)
    return Exchange(request, answer, "", cell, private)


def meaning(request: HttpRequest) -> str:
    """A request with its key in one spelling: equal for two that get the same answer in replay."""
    plain = reader()(request)
    parts = [plain.method, plain.path, given_key(request.headers), canonical(plain.body)]
    return json.dumps(parts, sort_keys=True)
