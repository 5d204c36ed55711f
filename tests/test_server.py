"""The replay server, as programs meet it: over HTTP, with a key, from any library."""

import ast
import asyncio
import datetime
import gzip
import ipaddress
import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import openai
import pytest
import requests
import yaml
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncChatCompletionsClient
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from conftest import item, plain, streamed
from served import COMMAND, serving

from helpers.course_files import recording_files
from helpers.replay import CourseError, HttpRequest, load
from helpers.replay.matching import Index
from helpers.replay.server import listening_sockets, main, read_recordings
from helpers.replay.server_rules import Rules, load_rules
from helpers.replay.web_application import MOST_REMEMBERED, ServedSession
from helpers.service_rules import models, rules
from helpers.variables import RECORDED_MODELS
from notebooks import ROOT

KEY = {"api-key": "any-word"}
BEARER = {"authorization": "Bearer any-word"}
PASS = {"extra-parameters": "pass-through"}
MODEL, SECOND, *_ = RECORDED_MODELS.values()
QUESTION = "How many languages are in the world?"
ASK = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}]}
STREAM = {
    "model": MODEL,
    "stream": True,
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": QUESTION},
    ],
}
BROKEN = {
    "model": MODEL,
    "stream": True,
    "messages": [{"role": "user", "content": "Tell me about the lamp."}],
}
CHAT = "/chat/completions"
OLD, NEW = "?api-version=2024-05-01-preview", "?api-version=2024-10-21"


def asked(address: str, path: str = f"/models{CHAT}", body=ASK, headers=KEY) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body)
    return requests.post(address + path, data=data, headers=headers, timeout=10)


def content(response: requests.Response) -> str:
    return response.json()["choices"][0]["message"]["content"]


def text_of(chunks) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


# Addresses


@pytest.mark.parametrize("headers", [KEY, BEARER])
@pytest.mark.parametrize(
    "path",
    [
        f"/models{CHAT}{OLD}",
        f"/models{CHAT}?api-version=2025-04-01-preview",
        f"/v1{CHAT}",
        f"/v1{CHAT}{OLD}",  # a local server does not look at it
        f"/openai/v1{CHAT}",
        f"/openai/deployments/{MODEL}{CHAT}{NEW}",
    ],
)
def test_every_base_path_answers(replay_server, path, headers):
    response = asked(replay_server, path, headers=headers)
    assert response.status_code == 200 and "7,000" in content(response)


def test_a_deployments_name_is_its_model(replay_server):
    body = {"messages": ASK["messages"]}
    assert "7,000" in content(asked(replay_server, f"/openai/deployments/{MODEL}{CHAT}{NEW}", body))
    other = asked(replay_server, f"/openai/deployments/{SECOND}{CHAT}{NEW}", ASK)
    assert other.status_code == 404


def test_responses_are_served_under_v1(replay_server):
    body = {"model": "gpt-5-mini", "input": "How many languages are in the world?"}
    for base in ("/v1", "/openai/v1"):
        response = asked(replay_server, f"{base}/responses", body)
        assert '"output_text"' in response.text, base


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_says_what_it_is(replay_server, method):
    response = requests.request(method, f"{replay_server}/", timeout=10)
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/html")
    assert ("Replay server" in response.text and "/openai/v1" in response.text) == (method == "GET")


def test_models_are_the_recorded_ones(replay_server):
    for base in ("/v1", "/openai/v1"):
        listed = requests.get(f"{replay_server}{base}/models", headers=KEY, timeout=10).json()
        assert {model["id"] for model in listed["data"]} == set(RECORDED_MODELS.values())
    client = openai.OpenAI(base_url=f"{replay_server}/v1", api_key="k")
    assert client.models.list().data[0].id == MODEL
    assert client.models.retrieve(SECOND).id == SECOND
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("no-such-model")
    assert caught.value.code == "model_not_found"


def test_a_notebooks_models_are_its_own():
    (file,) = [file for file in recording_files() if file.stem == "07_vision"]
    found = models(read_recordings([file], [], "notebook"))
    assert set(found) <= set(RECORDED_MODELS.values()) and "no-words" not in found


# Libraries


def old_client(address: str, **options) -> ChatCompletionsClient:
    return ChatCompletionsClient(f"{address}/models", AzureKeyCredential("k"), **options)


def test_the_old_sdk(replay_server):
    with old_client(replay_server, model=MODEL) as client:
        whole = client.complete(messages=[UserMessage(QUESTION)])
        messages = [SystemMessage("You are a helpful assistant."), UserMessage(QUESTION)]
        stream = text_of(client.complete(messages=messages, stream=True))
        assert whole.choices[0].message.content == stream
        assert client.get_model_info().model_name == MODEL


def test_the_old_sdk_async(replay_server):
    async def run() -> tuple[str, str]:
        async with AsyncChatCompletionsClient(
            f"{replay_server}/models", AzureKeyCredential("k"), model=MODEL
        ) as client:
            whole = await client.complete(messages=[UserMessage(QUESTION)])
            messages = [SystemMessage("You are a helpful assistant."), UserMessage(QUESTION)]
            chunks = [
                update async for update in await client.complete(messages=messages, stream=True)
            ]
            return whole.choices[0].message.content, text_of(chunks)

    whole, stream = asyncio.run(run())
    assert whole == stream and "7,000" in whole


def v1_clients(address: str):
    yield openai.OpenAI(base_url=f"{address}/v1", api_key="k")
    yield openai.OpenAI(base_url=f"{address}/openai/v1", api_key="k")
    yield openai.AzureOpenAI(azure_endpoint=address, api_key="k", api_version="2024-10-21")


def test_openai(replay_server):
    for client in v1_clients(replay_server):
        whole = client.chat.completions.create(**ASK)
        stream = client.chat.completions.create(**STREAM)
        assert whole.choices[0].message.content == text_of(stream)


def test_azure_openai_without_a_deployment(replay_server):
    """It lists models and asks the Responses API under `/openai`."""
    question = {"model": "gpt-5-mini", "input": QUESTION}

    def client(version: str) -> openai.AzureOpenAI:
        return openai.AzureOpenAI(azure_endpoint=replay_server, api_key="k", api_version=version)

    assert MODEL in {model.id for model in client("2024-10-21").models.list()}
    assert client("2024-10-21").models.retrieve(SECOND).id == SECOND
    for version in ("2025-03-01-preview", "2025-04-01-preview", "preview"):
        assert "7,000" in client(version).responses.create(**question).output_text
    with pytest.raises(openai.BadRequestError, match="2025-03-01-preview and later"):
        client("2024-10-21").responses.create(**question)


def test_openai_async(replay_server):
    async def run() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=f"{replay_server}/v1", api_key="k") as client:
            whole = await client.chat.completions.create(**ASK)
            stream = await client.chat.completions.create(**STREAM)
            return whole.choices[0].message.content, text_of([chunk async for chunk in stream])

    whole, stream = asyncio.run(run())
    assert whole == stream and "7,000" in whole


def test_httpx(replay_server):
    response = httpx.post(f"{replay_server}/v1{CHAT}", json=ASK, headers=BEARER)
    assert "7,000" in response.json()["choices"][0]["message"]["content"]


def test_many_threads(replay_server):
    with ThreadPoolExecutor(16) as pool:
        bodies = [ASK, STREAM] * 40
        responses = list(pool.map(lambda body: asked(replay_server, body=body), bodies))
    assert {response.status_code for response in responses} == {200}
    assert len({response.content for response in responses}) == 2


# Streams


def test_a_stream_comes_chunk_by_chunk(replay_server):
    response = requests.post(
        f"{replay_server}/models{CHAT}", json=STREAM, headers=KEY, stream=True, timeout=10
    )
    assert response.headers["transfer-encoding"] == "chunked"
    chunks = list(response.raw.read_chunked())
    assert len(chunks) == 53 and chunks[-1] == b"data: [DONE]\n\n"
    assert all(chunk.endswith(b"\n\n") and chunk.count(b"data: ") == 1 for chunk in chunks)


def test_a_stream_keeps_the_pace():
    """400 ms before the first event, 20 ms before each other one; here a quarter of that."""
    with serving("--pace", "0.25", "--notebook", "02") as server:
        began = time.perf_counter()
        response = requests.post(
            f"{server.address}/v1{CHAT}", json=STREAM, headers=KEY, stream=True, timeout=10
        )
        arrived = [time.perf_counter() - began for _ in response.raw.read_chunked()]
        half_closed = exchanged(server.address, raw(body=json.dumps(STREAM).encode()), half=True)
    assert b"data: [DONE]" in half_closed  # 0.36 seconds after its client said no more
    assert arrived[0] >= 0.1
    assert arrived[-1] - arrived[0] >= 52 * 0.005 * 0.9


def test_a_cut_stream_raises_as_from_a_real_server(replay_server):
    url, v1 = f"{replay_server}/v1{CHAT}", f"{replay_server}/v1"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.post(url, json=BROKEN, headers=KEY, timeout=10)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(url, json=BROKEN, headers=KEY)
    pieces = []
    with pytest.raises(HttpResponseError), old_client(replay_server, model=MODEL) as client:
        ask = [UserMessage("Tell me about the lamp.")]
        for update in client.complete(messages=ask, stream=True):
            pieces.append(update.choices[0].delta.content or "")
    assert "".join(pieces).startswith("The lamp was lit at four")
    with pytest.raises(openai.APIConnectionError):
        text_of(openai.OpenAI(base_url=v1, api_key="k").chat.completions.create(**BROKEN))


def test_a_client_that_goes_away_disturbs_nobody():
    with serving("--pace", "0.2") as server:
        for _ in range(5):
            url = f"{server.address}/v1{CHAT}"
            requests.post(url, json=STREAM, headers=KEY, stream=True, timeout=10).close()
        time.sleep(0.2)
        assert asked(server.address).status_code == 200
        server.process.terminate()
        assert "Traceback" not in server.process.stderr.read()


def exchanged(address: str, *parts: bytes, half: bool = False) -> bytes:
    """What the server answers to raw bytes, until it closes the connection or says no more.

    Args:
        address: the server's.
        parts: what to send.
        half: then say that no more comes, as `nc -N` does. The server closes the connection.
    """
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        for part in parts:
            connection.sendall(part)
        if half:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := connection.recv(2**16):
                answer += piece
        except TimeoutError:
            assert not half, "the connection stays open"
        return answer


def raw(path: str = f"/v1{CHAT}", body: bytes = json.dumps(ASK).encode(), *more: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: h", "api-key: k", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_what_a_client_sends_to_a_proxy_is_answered(replay_server):
    answer = exchanged(replay_server, raw(f"{replay_server}/v1{CHAT}"))
    assert answer.startswith(b"HTTP/1.1 200")


def test_requests_one_behind_the_other_are_answered_in_order(replay_server):
    answer = exchanged(replay_server, raw(body=b"{") + raw() + raw("/nowhere") + raw())
    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"400", b"200", b"404", b"200"]


def test_a_client_that_waits_before_it_sends_its_body_is_asked_for_it(replay_server):
    """As curl does before a large one."""
    whole = raw(f"/v1{CHAT}", b" " * 2**21, "Expect: 100-continue")
    head, body = whole[: -(2**21)], whole[-(2**21) :]
    host, port = replay_server.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(2**16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(2**16).startswith(b"HTTP/1.1 400")  # white space is no JSON


def test_a_client_that_says_no_more_is_answered(replay_server):
    answer = exchanged(replay_server, raw() + raw("/nowhere"), half=True)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404"]
    for unfinished in (b"", raw()[:20], raw()[:-5]):
        assert exchanged(replay_server, unfinished, half=True) == b""


def test_a_stream_to_http_1_0_ends_with_its_connection(replay_server):
    request = raw(f"/v1{CHAT}", json.dumps(STREAM).encode(), "Connection: keep-alive")
    began = time.perf_counter()
    answer = exchanged(replay_server, request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
    assert answer.endswith(b"data: [DONE]\n\n") and time.perf_counter() - began < 1


def test_a_body_may_be_compressed_and_a_broken_one_is_refused(replay_server):
    encoded = {**KEY, "content-encoding": "gzip"}
    packed = gzip.compress(json.dumps(ASK).encode())
    assert asked(replay_server, body=packed, headers=encoded).status_code == 200
    response = asked(replay_server, body=b"no gzip at all", headers=encoded)
    assert refused(response) == (400, "unreadable")


def test_a_client_that_goes_away_amid_its_body_disturbs_nobody():
    with serving() as server:
        host, port = server.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as half:
            half.sendall(raw()[:-5])
        time.sleep(0.2)
        assert asked(server.address).status_code == 200
        server.process.terminate()
        assert "Traceback" not in server.process.stderr.read()


def test_what_cannot_be_read_is_told_in_a_line_each():
    unreadable = {
        "brotli": raw(f"/v1{CHAT}", b"xx", "Content-Encoding: br"),
        "gzip": raw(f"/v1{CHAT}", b"xx", "Content-Encoding: gzip"),
        "8190 bytes": raw(f"/v1{CHAT}", b"{}", f"Cookie: {'x' * 10_000}"),
        "CRLF": raw().replace(b"\r\n", b"\n"),
    }
    with serving("--notebook", "01") as server:
        for request in unreadable.values():
            assert b" 400 Bad Request" in exchanged(server.address, request)
        server.process.terminate()
        lines = server.process.stderr.read().splitlines()
    assert len(lines) == len(unreadable)
    for line, part in zip(lines, unreadable, strict=True):
        assert line.startswith("A request could not be read: ") and part in line


# Refusals


def refused(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize(
    "headers", [{}, {"api-key": ""}, {"authorization": "Bearer "}, {"authorization": "Basic x"}]
)
@pytest.mark.parametrize("base", ["/models", "/v1", "/openai/v1", "/openai/deployments/m"])
def test_no_key(replay_server, base, headers):
    assert refused(asked(replay_server, base + CHAT, headers=headers)) == (401, "401")
    listed = requests.get(f"{replay_server}{base}/models", headers=headers, timeout=10)
    assert listed.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"model=m", b"\xff\xfe", b"[1]", b"null", b'"text"', b"[" * 100_000),
        b'{"messages": [], "temperature": NaN}',
        json.dumps(ASK).encode("utf-16"),
    ],
)
def test_no_json(replay_server, body):
    response = asked(replay_server, body=body)
    assert response.status_code == 400 and response.json()["error"]["message"]


def test_api_version_on_v1(replay_server):
    response = asked(replay_server, f"/openai/v1{CHAT}{OLD}")
    assert response.status_code == 400
    message = "api-version query parameter is not allowed when using /v1 path"
    assert response.json()["error"]["message"] == message
    with pytest.raises(HttpResponseError, match="not allowed"):
        ChatCompletionsClient(
            f"{replay_server}/openai/v1", AzureKeyCredential("k"), model=MODEL
        ).complete(messages=[UserMessage(QUESTION)])


@pytest.mark.parametrize("version", ["v1", "preview"])
def test_an_api_version_that_is_documented_on_v1(replay_server, version):
    response = asked(replay_server, f"/openai/v1{CHAT}?api-version={version}")
    assert response.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/models{CHAT}?api-version=2024-08-01-preview",
        "/openai/responses",
        f"/openai/responses{OLD}",
        f"/openai/deployments/{MODEL}{CHAT}{OLD}",
        f"/openai/deployments/{MODEL}{CHAT}",
    ],
)
def test_a_wrong_api_version(replay_server, path):
    assert refused(asked(replay_server, path)) == (404, "404")


def test_extra_parameters(replay_server):
    body = {
        "model": SECOND,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 3,
        "messages": [{"role": "user", "content": "Finish in five words: The sea was"}],
    }
    response = asked(replay_server, body=body)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("Extra parameters ['logprobs', 'top_logprobs'] are")
    assert (
        asked(replay_server, body=body, headers=KEY | {"extra-parameters": "error"}).status_code
        == 400
    )
    assert asked(replay_server, body=body, headers=KEY | PASS).status_code == 200
    assert asked(replay_server, f"/v1{CHAT}", body).status_code == 200
    dropped = asked(
        replay_server, body=ASK | {"logprobs": True}, headers=KEY | {"extra-parameters": "drop"}
    )
    assert "7,000" in content(dropped)


FLIGHT = {
    "type": "function",
    "function": {
        "name": "get_flight_info",
        "description": "The next flight from one city to another.",
        "parameters": {
            "additionalProperties": False,
            "properties": {
                "origin_city": {"title": "Origin City", "type": "string"},
                "destination_city": {"title": "Destination City", "type": "string"},
            },
            "required": ["origin_city", "destination_city"],
            "type": "object",
        },
    },
}


def tool_conversation(address: str) -> dict:
    """A request with its first round answered, the model's message sent back as it came."""
    messages = [
        {
            "role": "system",
            "content": "You are a harbour's help desk. Look times up. Never guess one.",
        },
        {"role": "user", "content": "When is the next flight from Miami to Seattle?"},
    ]
    body = {"model": MODEL, "tools": [FLIGHT], "messages": messages}
    message = asked(address, body=body).json()["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": message["tool_calls"][0]["id"]}
    messages += [message, result | {"content": '{"flight":"NA 121 at 11:15"}'}]
    return body


def test_a_null_that_is_sent_back(replay_server):
    body = tool_conversation(replay_server)
    response = asked(replay_server, body=body)
    assert refused(response) == (422, "Invalid input")
    (detail,) = json.loads(response.json()["error"]["message"])["detail"]
    assert detail["loc"] == ["body", "messages", 2, "tool_calls", 0, "function", "call_id"]
    assert detail["type"] == "extra_forbidden" and detail["input"] is None
    del body["messages"][2]["tool_calls"][0]["function"]["call_id"]
    assert "NA 121" in content(asked(replay_server, body=body))


@pytest.mark.parametrize(
    "messages",
    [[1], [{"tool_calls": 1}], [{"tool_calls": [1]}], [{"tool_calls": [{"function": 1}]}], 1],
)
def test_odd_messages_are_a_miss(replay_server, messages):
    assert asked(replay_server, body={"model": MODEL, "messages": messages}).status_code == 404


# A miss


def test_a_miss_says_what_differs(replay_server):
    question = "How many languages are there in the world?"
    body = {"model": MODEL, "messages": [{"role": "user", "content": question}]}
    response = asked(replay_server, body=body)
    assert refused(response) == (404, "no_recording")
    assert response.headers["x-should-retry"] == "false"
    message = response.json()["error"]["message"]
    assert question in message and QUESTION in message and "messages[0].content" in message
    assert "languages" in message.partition('nearest recording, "')[2].partition('"')[0]


def test_a_miss_is_an_error_of_the_libraries(replay_server):
    messages = [{"role": "user", "content": "What is not recorded?"}]
    with pytest.raises(openai.NotFoundError) as caught:
        openai.OpenAI(base_url=f"{replay_server}/v1", api_key="k").chat.completions.create(
            model=MODEL, messages=messages
        )
    assert caught.value.code == "no_recording"
    with pytest.raises(ResourceNotFoundError, match="nearest recording"):
        old_client(replay_server, model=MODEL).complete(messages=messages)


def test_a_miss_is_valid_utf8(replay_server):
    body = b'{"model": "m", "messages": [{"role": "user", "content": "\\ud83c"}]}'
    response = asked(replay_server, body=body)
    assert (
        response.status_code == 404
        and "\\ud83c" in json.loads(response.content)["error"]["message"]
    )


@pytest.mark.parametrize("depth", [50, 200, 300, 450, 700, 900, 2000])
def test_a_deep_miss_is_no_failure_of_the_server(replay_server, depth):
    body = b'{"messages": ' + b"[" * depth + b"]" * depth + b"}"
    assert asked(replay_server, body=body).status_code in (400, 404)


def test_a_long_miss_holds_nobody_up(replay_server):
    """Others are answered meanwhile, and comparing does not grow with the square of the length."""
    long = {"model": MODEL, "messages": [{"role": "user", "content": "x y " * 5000}]}
    began = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(asked, replay_server, body=long)
        assert asked(replay_server).status_code == 200
        assert refused(slow.result()) == (404, "no_recording")
    assert time.perf_counter() - began < 8


@pytest.mark.parametrize("path", ["/nowhere", CHAT, f"/v1/{CHAT}", f"/v1{CHAT}/", f"//v1{CHAT}"])
def test_an_unknown_path(replay_server, path):
    """Most often the base path is missing, or there is a slash too many."""
    response = asked(replay_server, path)
    assert refused(response) == (404, "no_recording")
    told = response.json()["error"]["message"]
    assert f"\nPOST {path} is not recorded here. Recorded: " in told
    assert "Base paths: /models, /v1, /openai/v1, /openai/deployments/<name>." in told


def test_a_miss_names_the_path_that_was_sent(replay_server):
    message = asked(replay_server, f"/v1{CHAT}", ASK | {"seed": 1}).json()["error"]["message"]
    assert f"\nPOST /v1{CHAT}, beside the nearest recording" in message
    assert "Base paths" not in message


def test_a_file_that_is_sent_is_no_broken_json(replay_server):
    url = f"{replay_server}/v1/files"
    response = requests.post(url, files={"file": b"x"}, headers=KEY, timeout=10)
    assert refused(response) == (404, "no_recording") and "POST /v1/files" in response.text


def test_a_large_miss_is_soon_explained(replay_server):
    """Not the picture is slow, but what a draft of it would need: over ten seconds."""
    image = {"url": "data:image/jpeg;base64," + "/9j4" * 2_000_000}
    parts = [{"type": "image_url", "image_url": image}]
    began = time.perf_counter()
    body = {"model": SECOND, "messages": [{"role": "user", "content": parts}]}
    assert refused(asked(replay_server, f"/v1{CHAT}", body)) == (404, "no_recording")
    assert time.perf_counter() - began < 5


# What makes no difference


@pytest.mark.parametrize(
    "more",
    [
        {"stream": False},
        {"n": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0.0},
        {"response_format": {"type": "text"}},
    ],
)
def test_documented_defaults(replay_server, more):
    assert "7,000" in content(asked(replay_server, f"/v1{CHAT}", ASK | more))


def test_nulls_count(replay_server):
    assert asked(replay_server, f"/v1{CHAT}", ASK | {"temperature": None}).status_code == 404


def test_json_in_strings(replay_server):
    body = tool_conversation(replay_server)
    function = body["messages"][2]["tool_calls"][0]["function"]
    function.pop("call_id")
    function["arguments"] = '{"destination_city":"Seattle","origin_city":"Miami"}'
    assert "NA 121" in content(asked(replay_server, body=body))


@pytest.mark.parametrize("detail", [{}, {"detail": "auto"}])
def test_the_detail_of_a_picture(replay_server, detail):
    import base64

    chart = base64.b64encode((ROOT / "notebooks/images/chart.jpg").read_bytes()).decode()
    url = {"url": f"data:image/jpeg;base64,{chart}", **detail}
    parts = [
        {"type": "text", "text": "How many books were lent in March?"},
        {"type": "image_url", "image_url": url},
    ]
    body = {"model": SECOND, "messages": [{"role": "user", "content": parts}]}
    assert asked(replay_server, body=body).status_code == 200
    url["detail"] = "medium"
    assert asked(replay_server, body=body).status_code == 404


# Pages of a browser


def test_preflight(replay_server):
    wanted = "authorization,content-type,x-stainless-lang"
    response = requests.options(
        f"{replay_server}/v1{CHAT}",
        headers={
            "Origin": "https://a.invalid",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
            "Access-Control-Request-Private-Network": "true",
        },
        timeout=10,
    )
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-headers"] == wanted
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-private-network"] == "true"


@pytest.mark.parametrize(
    ("body", "headers", "exposed"),
    [
        (ASK, KEY, "content-type"),
        (STREAM, KEY, "content-type"),
        (ASK, {}, "content-type"),
        (ASK | {"model": "m"}, KEY, "x-should-retry"),
        (
            {"model": MODEL, "messages": [{"role": "user", "content": "Is there any quota left?"}]},
            KEY,
            "retry-after",
        ),
    ],
)
def test_pages_may_read_answers(replay_server, body, headers, exposed):
    response = asked(replay_server, body=body, headers=headers)
    assert response.headers["access-control-allow-origin"] == "*"
    assert exposed in response.headers["access-control-expose-headers"].lower()
    assert exposed in response.headers


def test_an_answer_allows_pages_once(tmp_path):
    """A captured answer may have allowed one page of its own, and a browser refuses two values."""
    one = item("own", [{"role": "user", "content": "free?"}], plain("yes"))
    one["answer"]["headers"] |= {"access-control-allow-origin": "https://a.invalid"}
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump([one], sort_keys=False), "utf-8")
    with serving(file) as server:
        response = asked(server.address, body=one["request"]["body"])
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"


# Tries


@pytest.fixture
def own_file(tmp_path) -> Path:
    """A file of recordings: a 429 and then an answer, and a stream."""
    busy = {"status": 429, "headers": {"content-type": "application/json", "retry-after": "0"},
            "body": {"error": {"code": "429", "message": "busy"}}}  # fmt: skip
    ask = [{"role": "user", "content": "free?"}]
    items = [item("busy", ask, [busy, plain("yes")]),
             item("streamed", ask, streamed("a", "b"), stream=True)]  # fmt: skip
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(items, sort_keys=False), "utf-8")
    return file


def test_tries_are_counted_for_each_call(own_file):
    with serving("--pace", "0", own_file) as server:
        for _ in range(2):
            with old_client(server.address, model="m") as client:
                answer = client.complete(messages=[UserMessage("free?")])
                assert answer.choices[0].message.content == "yes"
        client = openai.OpenAI(base_url=f"{server.address}/v1", api_key="k", max_retries=2)
        ask = [{"role": "user", "content": "free?"}]
        answer = client.chat.completions.create(model="m", messages=ask)
        assert answer.choices[0].message.content == "yes"
        for _ in range(2):  # a client that says nothing of its tries meets the first answer
            assert asked(server.address, body={"model": "m", "messages": ask}).status_code == 429


def test_what_lies_long_back_is_forgotten(own_file):
    session = ServedSession(load(own_file).recordings, rules)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "free?"}]}).encode()
    for number in range(MOST_REMEMBERED + 50):
        headers = {"api-key": "k", "x-ms-client-request-id": str(number)}
        session.reply(HttpRequest("POST", f"http://localhost/v1{CHAT}", headers, body))
    assert len(session.sent) == MOST_REMEMBERED == len(session._tries)


# Which recordings


def test_of_two_notebooks_the_first_answers():
    """The order is the notebooks', and some requests are in more than one."""
    served = read_recordings(recording_files(), [], "notebook")
    files = [recording.name.partition(":")[0] for recording in served]
    assert files == sorted(files)
    index = Index(served, rules.meaning)
    twice = [one for one in served if index.find(one.request) is not one]
    assert any("quota used up" in one.name for one in twice)
    for one in twice:
        assert index.find(one.request).name.partition(":")[0] <= one.name.partition(":")[0]


def test_within_a_notebook_every_recording_is_served():
    """Leaving defaults out makes no two recordings of a notebook the same."""
    for file in recording_files():
        recordings = load(file).recordings
        index = Index(recordings, rules.meaning)
        for recording in recordings:
            assert index.find(recording.request) is recording, f"{file.stem}: {recording.name}"


def test_one_notebook_alone():
    files = recording_files()
    only = read_recordings(files, ["02_streaming"], "notebook")
    assert only == read_recordings(files, ["02"], "notebook")
    assert {one.name.partition(":")[0] for one in only} == {"02_streaming"}
    both = read_recordings(files, ["02", "01", "02"], "notebook")
    assert [one.name[:2] for one in both] == sorted(one.name[:2] for one in both)
    for wrong in ("99_none", "0", ""):
        with pytest.raises(CourseError, match="01_basic"):
            read_recordings(files, [wrong], "notebook")


def test_a_notebook_alone_leaves_out_the_rest():
    with serving("--notebook", "02_streaming", "--pace", "0") as server:
        assert asked(server.address, body=STREAM).status_code == 200
        assert asked(server.address).status_code == 404


# Rules


def test_rules_are_found_as_an_app_is():
    assert load_rules("") is rules  # by the entry point
    assert load_rules("helpers.service_rules:rules") is rules
    for wrong in ("helpers.service_rules:none", "no_such_module:rules", "helpers", ":x",
                  "helpers.service_rules:models"):  # fmt: skip
        with pytest.raises(CourseError):
            load_rules(wrong)


def test_without_rules_a_request_is_as_it_is(own_file):
    session = ServedSession(load(own_file).recordings, Rules())
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "free?"}]}).encode()

    def status(path: str) -> int:
        http = HttpRequest("POST", f"http://localhost{path}", {}, body)
        return (session.reply(http) or session.reply_to_miss(http)).status

    assert (status(f"/models{CHAT}"), status(f"/v1{CHAT}")) == (429, 404)
    with pytest.raises(CourseError, match="name one or more files"):
        Rules().files()


def test_replay_imports_nothing_from_above():
    for file in (ROOT / "helpers" / "replay").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1 and (node.module or "").split(".")[0] != "helpers", file.name
            if isinstance(node, ast.Import):
                assert not [a for a in node.names if a.name.split(".")[0] == "helpers"], file.name
        assert "service_rules" not in file.read_text("utf-8"), file.name


# The command


def failed(*options: str | Path) -> str:
    command = [*COMMAND, *map(str, options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and not done.stdout
    return done.stderr


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = failed("--port", str(port))
    assert said == (
        f"The replay server cannot start: port {port} is in use. "
        f"Choose another one: --port {port % 65535 + 1}\n"
    )


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--notebook", "99"], "Known: 00_start_here, "),
        (["--rules", "nowhere:rules"], "there are no rules at 'nowhere:rules'"),
        (["--rules", ".nowhere:rules"], "there are no rules at '.nowhere:rules'"),
        (["--host", ""], "--host is empty. Leave it out to answer this computer alone"),
        (["--host", " "], "--host is empty. Leave it out to answer this computer alone"),
        (["--host", "no-such-host.invalid"], "is not an address of this computer"),
        (["--host", "x" * 300], "is not an address of this computer"),
        (["--private-key", "key.pem"], "--private-key needs --certificate"),
        (["--certificate", "none.pem"], "the certificate or its key cannot be used"),
        (["nowhere.yaml"], "nowhere.yaml cannot be read"),
    ],
)
def test_one_clear_message(options, part):
    said = failed("--port", "0", *options)
    assert part in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--port", "x"], "a port is a number from 0 to 65535, not 'x'"),
        (["--port", "65536"], "a port is a number from 0 to 65535"),
        (["--pace", "-1"], "error: argument --pace"),
        (["--pace", "nan"], "a pace is a number from 0 to 1000, not 'nan'"),
        (["--nothing"], "unrecognized arguments: --nothing"),
    ],
)
def test_wrong_options(options, part):
    assert part in failed(*options)


def test_it_listens_on_this_computer_alone():
    sockets = listening_sockets("localhost", 0)
    try:
        hosts = [ipaddress.ip_address(each.getsockname()[0]) for each in sockets]
        assert hosts and all(host.is_loopback for host in hosts)
        assert len({each.getsockname()[1] for each in sockets}) == 1
    finally:
        for each in sockets:
            each.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process")
def test_control_c_ends_it_cleanly():
    with serving("--pace", "2") as server:
        url = f"{server.address}/v1{CHAT}"
        stream = requests.post(url, json=STREAM, headers=KEY, stream=True, timeout=10)
        began = time.perf_counter()
        server.process.send_signal(signal.SIGINT)
        out, err = server.process.communicate(timeout=10)
        assert time.perf_counter() - began < 3
        stream.close()
    assert server.process.returncode == 0 and out.endswith("Stopped.\n") and err == ""


def test_control_c_ends_it_before_it_listens(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.replay.server.read_recordings", interrupted)
    assert main([]) == 0
    assert capsys.readouterr() == ("Stopped.\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process")
def test_it_goes_on_if_nobody_reads_what_it_prints():
    """As `| head -1` does."""
    with serving("--pace", "0", "--notebook", "01") as server:
        server.process.stdout.close()
        assert asked(server.address).status_code == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(timeout=10) == 0
        assert server.process.stderr.read() == ""


@pytest.fixture
def certificate(tmp_path) -> tuple[Path, Path]:
    """A certificate for localhost, and its private key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def test_a_certificate_without_its_key(certificate):
    said = failed("--certificate", certificate[0])
    assert "The private key is in the same file, or in that of --private-key." in said


def test_tls(certificate):
    public, private = certificate
    with serving("--pace", "0", "--certificate", public, "--private-key", private) as server:
        assert server.address.startswith("https://localhost:")
        url = f"{server.address}/v1{CHAT}"
        response = requests.post(url, json=ASK, headers=KEY, verify=str(public), timeout=10)
        assert "7,000" in content(response)
        stream = requests.post(url, json=STREAM, headers=KEY, verify=str(public), timeout=10)
        assert stream.content.endswith(b"data: [DONE]\n\n")
        with pytest.raises(requests.exceptions.SSLError):
            requests.post(url, json=ASK, headers=KEY, timeout=10)
