"""What llama.cpp's own server answers, in each form that the course teaches.

Three programs ask it: `requests`, the old SDK, and `openai`. None of them is ours either.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import requests
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsToolDefinition,
    FunctionDefinition,
    JsonSchemaFormat,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from real_server import MODEL, MOST_TOKENS, serving, unavailable, write_model

QUESTION = [{"role": "user", "content": "Where does the ship sail?"}]
CROSSING = {
    "type": "object",
    "properties": {
        "ship": {"type": "string"},
        "ports": {"type": "array", "items": {"type": "string"}},
        "cars": {"type": "integer"},
    },
    "required": ["ship", "ports", "cars"],
    "additionalProperties": False,
}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"name": "get_tide", "description": "Returns the next high tide", "parameters": CITY}
TOOLS = [{"type": "function", "function": FUNCTION}]
PIXEL = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n").decode()
PICTURE = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PIXEL}},
        ],
    }
]


def ask(address: str, messages: list[dict[str, Any]] = QUESTION, **body: Any) -> requests.Response:
    """Send a chat request with `requests`."""
    url = f"{address}/v1/chat/completions"
    return requests.post(url, json={"model": MODEL, "messages": messages, **body}, timeout=30)


def only_choice(response: requests.Response) -> dict[str, Any]:
    """The one choice of an answer that succeeded."""
    assert response.status_code == 200, response.text
    (choice,) = response.json()["choices"]
    return choice


def chunks(response: requests.Response) -> Iterator[dict[str, Any]]:
    """The chunks of a stream, up to its end mark."""
    assert response.headers["content-type"].startswith("text/event-stream")
    *events, done, nothing = response.content.decode().split("\n\n")
    assert (done, nothing) == ("data: [DONE]", "")
    for event in events:
        yield json.loads(event.removeprefix("data: "))


@pytest.fixture
def old(real_server: str) -> Iterator[ChatCompletionsClient]:
    """The old SDK's client of that server."""
    key = AzureKeyCredential("any")
    with ChatCompletionsClient(f"{real_server}/v1", key, model=MODEL) as client:
        yield client


@pytest.fixture
def new(real_server: str) -> Iterator[openai.OpenAI]:
    """The `openai` client of that server."""
    with openai.OpenAI(base_url=f"{real_server}/v1", api_key="any", max_retries=0) as client:
        yield client


def test_a_plain_answer(real_server):
    response = ask(real_server, max_tokens=5)
    choice, body = only_choice(response), response.json()
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"].split()
    assert choice["finish_reason"] == "length"
    assert body["object"] == "chat.completion"
    assert body["model"] == MODEL
    assert body["usage"]["completion_tokens"] == 5
    assert body["usage"]["total_tokens"] == 5 + body["usage"]["prompt_tokens"]
    assert body["timings"]["predicted_n"] == 5


def test_an_answer_ends_soon_without_a_limit(real_server):
    reasons = set()
    for seed in range(20):
        response = ask(real_server, seed=seed)
        reasons.add(only_choice(response)["finish_reason"])
        assert 1 <= response.json()["usage"]["completion_tokens"] <= MOST_TOKENS
    assert reasons == {"stop", "length"}


def test_a_stream_and_its_usage(real_server):
    options = {"include_usage": True}
    response = ask(real_server, stream=True, stream_options=options, max_tokens=4)
    first, *middle, last, usage = chunks(response)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": None}
    pieces = [chunk["choices"][0]["delta"]["content"] for chunk in middle]
    assert len(pieces) == 4 and all(pieces)
    assert last["choices"] == [{"finish_reason": "length", "index": 0, "delta": {}}]
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == 4


def test_a_stream_without_usage(real_server):
    *_, last = chunks(ask(real_server, stream=True, max_tokens=2))
    assert last["choices"][0]["finish_reason"] == "length"
    assert "usage" not in last


def test_log_probabilities(real_server):
    choice = only_choice(ask(real_server, logprobs=True, top_logprobs=2, max_tokens=3))
    tokens = choice["logprobs"]["content"]
    assert "".join(token["token"] for token in tokens) == choice["message"]["content"]
    for token in tokens:
        assert token["logprob"] <= 0
        assert bytes(token["bytes"]).decode() == token["token"]
        assert len(token["top_logprobs"]) == 2


def test_json_mode_gives_an_object(real_server):
    for seed in range(5):
        form = {"type": "json_object"}
        choice = only_choice(ask(real_server, response_format=form, seed=seed, max_tokens=400))
        assert choice["finish_reason"] == "stop"
        assert isinstance(json.loads(choice["message"]["content"]), dict)


def test_json_mode_can_be_cut_off(real_server):
    form = {"type": "json_object"}
    choice = only_choice(ask(real_server, response_format=form, max_tokens=2))
    assert choice["finish_reason"] == "length"
    with pytest.raises(json.JSONDecodeError):
        json.loads(choice["message"]["content"])


def test_a_schema_holds_by_grammar(real_server):
    form = {"type": "json_schema", "json_schema": {"name": "crossing", "schema": CROSSING}}
    for seed in range(5):
        choice = only_choice(ask(real_server, response_format=form, seed=seed, max_tokens=400))
        assert choice["finish_reason"] == "stop"
        crossing = json.loads(choice["message"]["content"])
        assert list(crossing) == ["ship", "ports", "cars"]
        assert isinstance(crossing["cars"], int)
        assert all(isinstance(port, str) for port in crossing["ports"])


@pytest.mark.parametrize("choice", [None, "auto", "required"])
def test_it_calls_a_tool_and_then_answers(real_server, choice):
    body = {"tools": TOOLS} | ({"tool_choice": choice} if choice else {})
    asked = only_choice(ask(real_server, **body))
    assert asked["finish_reason"] == "tool_calls"
    for call in asked["message"]["tool_calls"]:
        assert call["type"] == "function"
        assert call["function"]["name"] == "get_tide"
        assert list(json.loads(call["function"]["arguments"])) == ["city"]
    call_ids = [call["id"] for call in asked["message"]["tool_calls"]]
    result = {"role": "tool", "content": "at 14:20"}
    results = [{**result, "tool_call_id": call_id} for call_id in call_ids]
    answer = only_choice(ask(real_server, [*QUESTION, asked["message"], *results], **body))
    if choice != "required":
        assert not answer["message"].get("tool_calls")
        assert answer["message"]["content"]


def test_it_writes_a_call_as_text_when_tools_are_forbidden(real_server):
    choice = only_choice(ask(real_server, tools=TOOLS, tool_choice="none"))
    assert "tool_calls" not in choice["message"]
    assert choice["message"]["content"].startswith("<tool_call>")


def test_a_streamed_call_comes_in_pieces(real_server):
    first, *middle, last = chunks(ask(real_server, tools=TOOLS, stream=True))
    assert first["choices"][0]["delta"]["content"] is None
    calls = [chunk["choices"][0]["delta"]["tool_calls"] for chunk in middle]
    assert calls[0][0]["id"] and calls[0][0]["function"]["name"] == "get_tide"
    first_call = [call for piece in calls for call in piece if call["index"] == 0]
    arguments = "".join(call["function"]["arguments"] for call in first_call)
    assert list(json.loads(arguments)) == ["city"]
    assert last["choices"][0]["finish_reason"] == "tool_calls"


def test_its_models(real_server):
    body = requests.get(f"{real_server}/v1/models", timeout=30).json()
    assert [model["id"] for model in body["data"]] == [MODEL]


@pytest.mark.parametrize(
    "path, body, status, kind",
    [
        ("/v1/chat/completions", {"messages": PICTURE}, 500, "server_error"),
        ("/v1/chat/completions", {}, 400, "invalid_request_error"),
        ("/v1/chat/completions", {"messages": QUESTION, "n": 2}, 400, "invalid_request_error"),
        ("/models/chat/completions", {"messages": QUESTION}, 404, "not_found_error"),
        ("/v1/nothing", {}, 404, "not_found_error"),
        ("/v1/embeddings", {"input": "tide"}, 501, "not_supported_error"),
    ],
)
def test_its_errors(real_server, path, body, status, kind):
    response = requests.post(real_server + path, json=body, timeout=30)
    assert response.status_code == status
    assert response.json()["error"]["type"] == kind
    assert response.json()["error"]["code"] == status


def test_a_prompt_that_does_not_fit(real_server):
    response = ask(real_server, [{"role": "user", "content": "fog " * 3000}])
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "exceed_context_size_error"
    assert error["n_prompt_tokens"] > error["n_ctx"]


def test_the_old_sdk_asks_streams_and_gets_a_schema(old):
    messages = [SystemMessage("Be brief."), UserMessage("Hello?")]
    response = old.complete(messages=messages, max_tokens=5)
    assert response.choices[0].message.content
    assert response.choices[0].finish_reason.value == "length"
    assert response.usage.completion_tokens == 5
    updates = list(old.complete(messages=[UserMessage("Hello?")], stream=True, max_tokens=5))
    assert updates[0].choices[0].delta.content is None
    assert "".join(u.choices[0].delta.content or "" for u in updates if u.choices)
    form = JsonSchemaFormat(name="crossing", schema=CROSSING, strict=True)
    by_schema = old.complete(messages=[UserMessage("Hello?")], response_format=form, max_tokens=400)
    assert set(json.loads(by_schema.choices[0].message.content)) == {"ship", "ports", "cars"}
    extras = {"logprobs": True, "top_logprobs": 1}
    tokens = old.complete(messages=[UserMessage("Hello?")], model_extras=extras, max_tokens=2)
    assert len(tokens.choices[0]["logprobs"]["content"]) == 2


def test_the_old_sdk_calls_a_tool_and_sends_the_result(old):
    tools = [ChatCompletionsToolDefinition(function=FunctionDefinition(**FUNCTION))]
    messages = [UserMessage("When is high tide?")]
    calls = old.complete(messages=messages, tools=tools).choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["get_tide"] * len(calls)
    messages.append(AssistantMessage(tool_calls=calls))
    messages += [ToolMessage("at 14:20", tool_call_id=call.id) for call in calls]
    answer = old.complete(messages=messages, tools=tools).choices[0].message
    assert answer.content and not answer.tool_calls


def test_the_old_sdk_raises_its_errors(old, real_server):
    with pytest.raises(HttpResponseError, match="image input is not supported") as raised:
        old.complete(body={"messages": PICTURE}, retry_total=0)
    assert raised.value.status_code == 500
    with (
        ChatCompletionsClient(f"{real_server}/models", AzureKeyCredential("any")) as elsewhere,
        pytest.raises(ResourceNotFoundError) as raised,
    ):
        elsewhere.complete(messages=[UserMessage("Hello?")])
    assert raised.value.error.message == "File Not Found"


def test_openai_asks_streams_and_calls_a_tool(new):
    response = new.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=5)
    assert response.choices[0].message.content
    assert response.usage.completion_tokens == 5
    stream = new.chat.completions.create(
        model=MODEL,
        messages=QUESTION,
        max_tokens=5,
        stream=True,
        stream_options={"include_usage": True},
    )
    *_, last = stream
    assert last.choices == [] and last.usage.completion_tokens == 5
    asked = new.chat.completions.create(model=MODEL, messages=QUESTION, tools=TOOLS)
    assert asked.choices[0].message.tool_calls[0].function.name == "get_tide"


def test_openai_raises_its_errors(new):
    with pytest.raises(openai.InternalServerError, match="image input is not supported"):
        new.chat.completions.create(model=MODEL, messages=PICTURE)
    with pytest.raises(openai.BadRequestError):
        new.chat.completions.create(model=MODEL, messages=QUESTION, n=2)


def test_openai_uses_the_responses_api(new):
    request = {"model": MODEL, "input": "Hello?", "max_output_tokens": 5}
    response = new.responses.create(**request)
    assert response.object == "response"
    assert response.output_text.split()
    assert response.usage.output_tokens == 5
    events = list(new.responses.create(**request, stream=True))
    types = [event.type for event in events]
    assert types[0] == "response.created" and types[-1] == "response.completed"
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta").split()
    tool = {"type": "function", **FUNCTION}
    called = new.responses.create(model=MODEL, input="When is high tide?", tools=[tool])
    assert called.output[0].type == "function_call" and called.output[0].name == "get_tide"


def test_it_reads_a_bearer_key_only():
    if reason := unavailable():
        pytest.skip(reason)
    with serving(api_key="right") as address:
        url, body = f"{address}/v1/chat/completions", {"messages": QUESTION, "max_tokens": 1}
        statuses = {}
        for name, value in [("api-key", "right"), ("Authorization", "Bearer right")]:
            response = requests.post(url, json=body, headers={name: value}, timeout=30)
            statuses[name] = response.status_code
        assert statuses == {"api-key": 401, "Authorization": 200}
        with (
            ChatCompletionsClient(f"{address}/v1", AzureKeyCredential("wrong")) as wrong,
            pytest.raises(ClientAuthenticationError) as raised,
        ):
            wrong.complete(messages=[UserMessage("Hello?")])
        assert raised.value.error.message == "Invalid API Key"


def test_a_weak_model_cuts_off_its_json_and_calls_no_tool():
    if reason := unavailable():
        pytest.skip(reason)
    with serving(most_tokens=6, calls_tools=False) as address:
        choice = only_choice(ask(address, tools=TOOLS))
        assert "tool_calls" not in choice["message"]
        form = {"type": "json_schema", "json_schema": {"name": "crossing", "schema": CROSSING}}
        choice = only_choice(ask(address, response_format=form))
        assert choice["finish_reason"] == "length"


def test_the_same_requests_get_the_same_words():
    if reason := unavailable():
        pytest.skip(reason)
    said = []
    for _ in range(2):
        with serving() as address:
            said.append([only_choice(ask(address))["message"]["content"] for _ in range(3)])
    assert said[0] == said[1]


def test_its_model_is_small_and_the_same_each_time(tmp_path):
    if reason := unavailable():
        pytest.skip(reason)
    paths = [tmp_path / "one.gguf", tmp_path / "two.gguf"]
    for path in paths:
        write_model(path)
    one, two = (path.read_bytes() for path in paths)
    assert one == two and len(one) < 1_000_000


def test_it_ends_with_its_block_whatever_happens():
    if reason := unavailable():
        pytest.skip(reason)
    with pytest.raises(ZeroDivisionError), serving() as address:
        1 / 0  # noqa: B018
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/v1/models", timeout=30)


def test_it_serves_other_programs_until_it_is_ended():
    if reason := unavailable():
        pytest.skip(reason)
    command = [sys.executable, str(Path(__file__).with_name("real_server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            assert only_choice(ask(address, max_tokens=2))["message"]["content"]
        finally:
            process.send_signal(signal.SIGTERM)
        ended = process.wait(timeout=30)
    assert ended == 0 or os.name == "nt"  # Windows has no signal to end it by
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/v1/models", timeout=30)


def test_it_says_why_it_is_not_available(monkeypatch):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)  # as without a wheel for this platform
    assert "xllamacpp" in unavailable()
