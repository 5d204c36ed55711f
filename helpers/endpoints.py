"""What differs between endpoints: paths, `api-version`, and how a client tells of its tries. The one home of it.

The same chat request is sent to `/models` (the old SDK on Azure), `/openai/v1` (OpenAI v1 on Azure),
`/openai/deployments/<name>` (one Azure OpenAI deployment) or `/v1` (a server such as Ollama, llama.cpp or vLLM, or a
gateway with a base path of its own). Recordings hold it in one form.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .replay.http_request import HttpRequest
from .replay.matching import parse_body
from .replay.recording import Request

API_VERSION = "2024-05-01-preview"  # what the old SDK sends with each request
MODELS, V1 = "/models", "/openai/v1"  # the base paths that recordings use
SHARED = ("/chat/completions", "/embeddings", "/images/embeddings", "/info")  # recorded under MODELS for every base
_KNOWN_BASES = re.compile(r"^(?:/models|/openai/v1|/v1|/openai/deployments/[^/]+)(?=/)")
_SIGN_IN = re.compile(r"^/[^/]+(?=/(?:v2\.0/\.well-known|oauth2)/)")
_AZURE_HOSTS = (".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com")
_PRIVATE_FIELDS = ("client_id", "client_secret")  # of the form that asks for a token


def reader(endpoints: Sequence[str] = ()) -> Callable[[HttpRequest], Request]:
    """A function that reads a request as recordings hold it, whatever endpoint it goes to.

    Args:
        endpoints: addresses whose base path is not among the known ones, such as a gateway's.
    """
    own = tuple(sorted({base_path(endpoint) for endpoint in endpoints}, key=len, reverse=True))

    def read(http: HttpRequest) -> Request:
        body = parse_body(http.body)
        if isinstance(body, dict) and "grant_type" in body:
            body = {name: value for name, value in body.items() if name not in _PRIVATE_FIELDS}
        call, attempt = _try_of(http)
        return Request(http.method, canonical_path(urlsplit(http.url).path, own), body, call, attempt)

    return read


@lru_cache(maxsize=256)
def canonical_path(path: str, own_bases: tuple[str, ...] = ()) -> str:
    """A path in the form that recordings have: `/models/chat/completions`, `/openai/v1/responses`, `/{tenant}/…`."""
    if _SIGN_IN.match(path):
        return _SIGN_IN.sub("/{tenant}", path)
    known = _KNOWN_BASES.match(path)
    base = known[0] if known else next((b for b in own_bases if path.startswith(f"{b}/")), None)
    if base is None:
        return path
    operation = path[len(base) :]
    if operation in SHARED:
        return MODELS + operation
    return path if base == MODELS else V1 + operation


def base_path(endpoint: str) -> str:
    """The path of an endpoint, without a slash at its end."""
    return urlsplit(endpoint).path.rstrip("/")


def v1_address(endpoint: str) -> str:
    """The base URL of the OpenAI v1 API that belongs to an endpoint: on the same host, whatever the path.

    `…/models` and `…/openai/deployments/<name>` have it at `/openai/v1`; any other address serves both APIs.
    """
    parts = urlsplit(endpoint)
    path = re.sub(r"(?:/models|/openai/deployments/[^/]+)$", V1, parts.path.rstrip("/"))
    if not path and (parts.hostname or "").endswith(_AZURE_HOSTS):
        path = V1
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def kind_of(endpoint: str) -> str:
    """What sort of endpoint an address is, in words."""
    path = base_path(endpoint)
    if path.endswith(MODELS):
        return "Azure AI model inference endpoint"
    if path.endswith(V1):
        return "OpenAI v1 endpoint"
    if re.search(r"/openai/deployments/[^/]+$", path):
        return "Azure OpenAI deployment"
    return "OpenAI-compatible server"


def address_to_send_to(url: str) -> str:
    """A request's URL without `api-version` where the endpoint refuses it: under a `/v1` path."""
    parts = urlsplit(url)
    if "/v1/" not in parts.path or "api-version" not in parts.query:
        return url
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "api-version"]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _try_of(http: HttpRequest) -> tuple[str, int | None]:
    """How a client tells of its tries: the Azure SDK by an id, the OpenAI package by a number from 0."""
    count = http.headers.get("x-stainless-retry-count", "")
    return http.headers.get("x-ms-client-request-id", ""), int(count) if count.isdecimal() else None
