"""One request to your endpoint, and its answer as it arrives."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies

from helpers.replay import HttpRequest
from helpers.replay.network_guard import is_loopback

NO_ANSWER = "no answer from the endpoint"
CONNECT, SILENCE = 10, 600  # seconds to wait for a connection, and for the next piece
_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


@dataclass
class Upstream:
    """An answer on its way.

    Attributes:
        status: 0 where no answer came.
        headers: all of them, names in lower case.
        problem: why it is not whole; "" while nothing is known to be wrong.
        raw: what has arrived of the body, decoded from its Content-Encoding.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    raw: bytes = b""
    _response: requests.Response | None = field(default=None, repr=False)

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives; of an answer that has arrived, all at once."""
        if self._response is None:
            if self.raw:
                yield self.raw
            return
        with self._response as response:
            try:
                while piece := response.raw.read1(1 << 16, decode_content=True):
                    self.raw += piece
                    yield piece
            except _ERRORS as error:
                self.problem = f"cut: the connection broke off ({type(error).__name__})"
        self._response = None


def ask(request: HttpRequest) -> Upstream:
    """Send a request. The answer has status 0 and a problem where none comes."""
    proxies, bundle = _surroundings(request.url)
    session = requests.Session()
    session.trust_env = False  # a netrc entry would take the key's place
    try:
        response = session.request(
            request.method,
            request.url,
            data=request.body or None,
            headers=dict(request.headers),
            stream=True,
            timeout=(CONNECT, SILENCE),
            allow_redirects=False,
            proxies=proxies,
            verify=bundle,
        )
    except _ERRORS as error:
        return Upstream(0, problem=f"{NO_ANSWER} ({type(error).__name__})")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Upstream(response.status_code, headers, _response=response)


def _surroundings(url: str) -> tuple[dict[str, str], str | bool]:
    """Proxies and certificates of the environment: this computer is asked without a proxy."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    if is_loopback(urlsplit(url).hostname):
        return {}, bundle
    return {name: str(proxy) for name, proxy in get_environ_proxies(url).items()}, bundle
