"""What differs between endpoints.

A key goes to the host that was written, a recording fits all bases.
"""

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings, strategies as st

from helpers.endpoints import (
    API_VERSION,
    DEPLOYMENT_API_VERSION,
    address_to_send_to,
    base_path,
    canonical_path,
    hint,
    reader,
    v1_address,
)
from helpers.replay import HttpRequest
from helpers.replay.matching import plain_request

AZURE, OPENAI = "https://me.services.ai.azure.com", "https://me.openai.azure.com"
# An endpoint and the v1 address that belongs to it.
ADDRESSES = {
    f"{AZURE}/models": f"{AZURE}/openai/v1",
    f"{AZURE}/openai/v1": f"{AZURE}/openai/v1",
    AZURE: f"{AZURE}/openai/v1",
    f"{OPENAI}/openai/v1": f"{OPENAI}/openai/v1",
    f"{OPENAI}/openai/deployments/gpt": f"{OPENAI}/openai/v1",
    "http://localhost:11434/v1": "http://localhost:11434/v1",
    "http://localhost:4000": "http://localhost:4000",
    "http://models.lan:8000/v1": "http://models.lan:8000/v1",
    "https://models.example.com/models": "https://models.example.com/openai/v1",
    "https://gateway.example.com/api/v1": "https://gateway.example.com/api/v1",
    "https://gateway.example.com/proxy/models": "https://gateway.example.com/proxy/openai/v1",
    "https://gateway.example.com/models/v1": "https://gateway.example.com/models/v1",
    "https://h.example.com/openai/deployments/models": "https://h.example.com/openai/v1",
}

labels = st.sampled_from(
    ["models", "openai", "v1", "deployments", "api", "chat", "completions", "x-1", "models.lan"]
)
hosts = st.one_of(
    st.lists(labels, min_size=1, max_size=4).map(".".join),
    st.sampled_from(["localhost", "127.0.0.1", "[::1]", "me.openai.azure.com"]),
)
ports = st.one_of(st.just(""), st.integers(1, 65535).map(":{}".format))
paths = st.lists(labels, max_size=5).map(lambda parts: "".join(f"/{part}" for part in parts))
endpoints = st.builds("{}://{}{}{}".format, st.sampled_from(["http", "https"]), hosts, ports, paths)


@given(endpoints)
@settings(max_examples=300, deadline=None)
def test_the_v1_address_is_on_the_host_that_was_written(endpoint):
    written, derived = urlsplit(endpoint), urlsplit(v1_address(endpoint))
    assert (derived.scheme, derived.netloc) == (written.scheme, written.netloc)
    assert (derived.hostname, derived.port) == (written.hostname, written.port)


@given(
    endpoints,
    st.sampled_from(["", "?api-version=1", "?a=%2Fv1%2F&api-version=2024-05-01-preview&b="]),
)
@settings(max_examples=300, deadline=None)
def test_a_request_is_sent_to_the_address_that_was_written(endpoint, query):
    url = f"{endpoint}/chat/completions{query}"
    before, after = urlsplit(url), urlsplit(address_to_send_to(url))
    assert before._replace(query="") == after._replace(query="")


@given(endpoints)
@settings(max_examples=300, deadline=None)
def test_a_chat_request_reads_the_same_from_every_base(endpoint):
    read = reader([endpoint, v1_address(endpoint)])
    for base in (endpoint, v1_address(endpoint)):
        request = read(HttpRequest("POST", f"{base}/chat/completions", {}, b'{"a": 1}'))
        assert (request.path, request.body) == ("/models/chat/completions", {"a": 1})


@pytest.mark.parametrize(("endpoint", "v1"), ADDRESSES.items())
def test_the_v1_address_of_an_endpoint(endpoint, v1):
    assert v1_address(endpoint) == v1 and v1_address(v1) == v1


@pytest.mark.parametrize("endpoint", ADDRESSES)
@pytest.mark.parametrize(
    ("operation", "at_v1"),
    [
        ("/chat/completions", "/models/chat/completions"),
        ("/embeddings", "/models/embeddings"),
        ("/responses", "/openai/v1/responses"),
        ("/models", "/openai/v1/models"),
    ],
)
def test_operations_of_v1_read_the_same_from_every_base(endpoint, operation, at_v1):
    bases = (base_path(endpoint), base_path(v1_address(endpoint)))
    bases = tuple(sorted(bases, key=len, reverse=True))
    assert canonical_path(base_path(v1_address(endpoint)) + operation, bases) == at_v1


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/models/info", "/models/info"),
        ("/models/images/embeddings", "/models/images/embeddings"),
        ("/openai/deployments/gpt/chat/completions", "/models/chat/completions"),
        ("/openai/responses", "/openai/v1/responses"),
        ("/openai/responses/1/input_items", "/openai/v1/responses/1/input_items"),
        ("/openai/models/gpt", "/openai/v1/models/gpt"),
        ("/openai/modelsx", "/openai/modelsx"),
        (
            "/11-22/v2.0/.well-known/openid-configuration",
            "/{tenant}/v2.0/.well-known/openid-configuration",
        ),
        ("/11-22/oauth2/v2.0/token", "/{tenant}/oauth2/v2.0/token"),
        ("/chat/completions", "/chat/completions"),
        ("/modelsx/chat/completions", "/modelsx/chat/completions"),
        ("/api/v1/chat/completions", "/api/v1/chat/completions"),
    ],
)
def test_a_path_without_an_endpoint_of_your_own(path, canonical):
    assert canonical_path(path) == canonical


def test_what_the_old_sdk_alone_has_stays_where_it_is():
    assert canonical_path("/models/other") == "/models/other"
    assert canonical_path("/proxy/models/other", ("/proxy/models",)) == "/models/other"


@pytest.mark.parametrize(
    "form",
    [
        b"grant_type=g&client_id=me&client_secret=s&scope=x",
        b"grant_type=g&client_assertion=s&client_assertion_type=t&scope=x",
        b"grant_type=g&refresh_token=s&scope=x",
        b"grant_type=g&username=me&password=s&scope=x",
        b"grant_type=g&code=s&code_verifier=s&redirect_uri=h&scope=x",
    ],
)
def test_who_you_are_is_no_part_of_a_request_for_a_token(form):
    request = reader()(HttpRequest("POST", "https://login/t/oauth2/v2.0/token", {}, form))
    assert request.body == {"grant_type": "g", "scope": "x"}


@pytest.mark.parametrize("read", [reader(), plain_request])
def test_the_root_of_a_host_is_a_path(read):
    """httpx leaves the slash out where the address has none, and sends it all the same."""
    assert read(HttpRequest("GET", "https://h", {}, b"")).path == "/"


@pytest.mark.parametrize(
    ("headers", "call", "attempt"),
    [
        ({"x-ms-client-request-id": "a"}, "a", None),
        ({"x-stainless-retry-count": "2"}, "", 2),
        ({"x-stainless-retry-count": "two"}, "", None),
        ({}, "", None),
    ],
)
def test_how_a_client_tells_of_its_tries(headers, call, attempt):
    request = reader()(HttpRequest("POST", "https://h/models/chat/completions", headers, b""))
    assert (request.call, request.attempt) == (call, attempt)


OLD = f"api-version={API_VERSION}"


@pytest.mark.parametrize(
    ("path", "query", "sent"),
    [
        ("/openai/v1/chat/completions", OLD, ""),
        ("/v1/chat/completions", OLD, ""),
        ("/api/v1/chat/completions", f"{OLD}&a=1&b=", "a=1&b="),
        ("/openai/v1/chat/completions", "a=x%2Fy", "a=x%2Fy"),
        ("/models/chat/completions", OLD, OLD),
        ("/chat/completions", OLD, OLD),
        ("/models/v1x/chat/completions", OLD, OLD),
        ("/openai/deployments/gpt/chat/completions", OLD, f"api-version={DEPLOYMENT_API_VERSION}"),
        ("/openai/deployments/v1/chat/completions", OLD, f"api-version={DEPLOYMENT_API_VERSION}"),
        (
            "/openai/deployments/gpt/chat/completions",
            "api-version=2025-01-01-preview",
            "api-version=2025-01-01-preview",
        ),
    ],
)
def test_the_api_version_that_a_base_takes(path, query, sent):
    address = address_to_send_to(f"https://h:1{path}?{query}")
    assert address == f"https://h:1{path}" + (f"?{sent}" if sent else "")


def test_an_http_client_gives_a_path_alone():
    assert address_to_send_to(f"/v1/chat/completions?{OLD}") == "/v1/chat/completions"


def test_a_deployment_is_told_how_to_be_asked():
    assert f'api_version="{DEPLOYMENT_API_VERSION}"' in hint(f"{OPENAI}/openai/deployments/gpt")
    assert "needs …/models" in hint(AZURE)
    assert not any(hint(a) for a in ADDRESSES if "/deployments/" not in a and a != AZURE)
