"""What differs between endpoints: paths, `api-version`, and how a client tells of its tries.

A chat request goes to `/models` (the old SDK on Azure), to `/openai/v1` (OpenAI v1 on Azure),
to `/openai/deployments/<name>` (one Azure OpenAI deployment) or to `/v1` (a server such as Ollama,
llama.cpp or vLLM, or a gateway with a base path of its own). Recordings hold it in one form.
The client `AzureOpenAI` sends to `/openai` what names no deployment, such as Responses.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .replay.http_request import HttpRequest
from .replay.matching import plain_request
from .replay.recording import Request

API_VERSION = "2024-05-01-preview"  # what the old SDK sends with each request
DEPLOYMENT_API_VERSION = "2024-10-21"  # what a deployment of Azure OpenAI takes in its place
MODELS, V1 = "/models", "/openai/v1"  # the base paths that recordings use
SHARED = (
    "/chat/completions",
    "/embeddings",
    "/images/embeddings",
    "/info",
)  # recorded under MODELS
AZURE_HOSTS = (".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com")
DEPLOYMENT = r"/openai/deployments/[^/]+"
_WITHOUT_DEPLOYMENT = r"/openai(?=/(?:models|responses)(?:/|$))"
_KNOWN_BASE = re.compile(rf"^(?:{MODELS}|{V1}|/v1|{DEPLOYMENT}|{_WITHOUT_DEPLOYMENT})(?=/)")
_SIGN_IN = re.compile(r"^/[^/]+(?=/(?:v2\.0/\.well-known|oauth2)/)")
# What is kept of a form that asks for a token. Any other field may hold a password or a token.
_PUBLIC_FIELDS = ("grant_type", "scope", "resource", "claims", "client_info")


def reader(endpoints: Sequence[str] = ()) -> Callable[[HttpRequest], Request]:
    """A function that reads a request as recordings hold it, whatever endpoint it goes to.

    Args:
        endpoints: addresses whose base path may be any, such as a gateway's.
    """
    own = tuple(sorted({base_path(endpoint) for endpoint in endpoints}, key=len, reverse=True))

    def read(http: HttpRequest) -> Request:
        plain = plain_request(http)
        body = plain.body
        if isinstance(body, dict) and "grant_type" in body:
            body = {name: value for name, value in body.items() if name in _PUBLIC_FIELDS}
        call, attempt = _try_of(http)
        return Request(http.method, canonical_path(plain.path, own), body, call, attempt)

    return read


@lru_cache(maxsize=256)
def canonical_path(path: str, own_bases: tuple[str, ...] = ()) -> str:
    """A path as in recordings: `/models/chat/completions`, `/openai/v1/responses`, `/{tenant}/…`.

    `own_bases` are further base paths, the longest first; "" is a server's root.
    """
    if _SIGN_IN.match(path):
        return _SIGN_IN.sub("/{tenant}", path)
    own = next((base for base in own_bases if base and path.startswith(f"{base}/")), None)
    known = _KNOWN_BASE.match(path)
    base = own or (known[0] if known else "")
    if not base and "" not in own_bases:
        return path
    operation = path[len(base) :]
    at_models = operation in SHARED or base.endswith(MODELS)
    return (MODELS if at_models else V1) + operation


def split_path(path: str) -> tuple[str, str]:
    """A path's known base, such as `/models`, and the operation behind it; ("", path) without."""
    known = _KNOWN_BASE.match(path)
    return (known[0], path[known.end() :]) if known else ("", path)


def base_path(endpoint: str) -> str:
    """The path of an endpoint, without a slash at its end."""
    return urlsplit(endpoint).path.rstrip("/")


def v1_address(endpoint: str) -> str:
    """The base URL of the OpenAI v1 API that belongs to an endpoint: on the same host.

    `…/models` and `…/openai/deployments/<name>` have it at `/openai/v1`; any other address serves
    both APIs.
    """
    parts = urlsplit(endpoint)
    path = re.sub(rf"(?:{MODELS}|{DEPLOYMENT})$", V1, parts.path.rstrip("/"))
    if not path and _is_azure(endpoint):
        path = V1
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def hint(endpoint: str) -> str:
    """What a program has to know of an endpoint, in a line; "" where there is nothing to say."""
    if re.search(f"{DEPLOYMENT}$", base_path(endpoint)):
        return (
            "This is an Azure OpenAI deployment: build the old SDK's client with "
            f'api_version="{DEPLOYMENT_API_VERSION}". In the cells, start does it for you.'
        )
    if _is_azure(endpoint) and not base_path(endpoint):
        return (
            "This address has no path: on Azure, the old SDK needs …/models, OpenAI v1 …/openai/v1."
        )
    return ""


def address_to_send_to(url: str) -> str:
    """A request's URL, with what its endpoint takes in place of the old SDK's `api-version`.

    Under a `/v1` path that is none, on an Azure OpenAI deployment one of its own.
    """
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    old, new = ("api-version", API_VERSION), ("api-version", DEPLOYMENT_API_VERSION)
    if re.search(f"{DEPLOYMENT}/", parts.path):
        wanted = [new if pair == old else pair for pair in query]
    elif "/v1/" in parts.path:
        wanted = [pair for pair in query if pair != old]
    else:
        wanted = query
    return url if wanted == query else urlunsplit(parts._replace(query=urlencode(wanted)))


def _is_azure(endpoint: str) -> bool:
    return (urlsplit(endpoint).hostname or "").endswith(AZURE_HOSTS)


def _try_of(http: HttpRequest) -> tuple[str, int | None]:
    """How a client tells of its tries: the Azure SDK by an id, `openai` by a number from 0."""
    count = http.headers.get("x-stainless-retry-count", "")
    attempt = int(count) if count.isdecimal() else None
    return http.headers.get("x-ms-client-request-id", ""), attempt
