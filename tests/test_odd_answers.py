"""Answers that servers really send, given to the functions that learners copy out of notebooks.

Each function comes out of its notebook, and is called as a reader's program would call it.
"""

import contextlib
import io
import json
import math
import warnings
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import (
    ChatChoice,
    ChatCompletions,
    ChatCompletionsToolCall,
    FunctionCall,
    StreamingChatCompletionsUpdate,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError
from learners_code import definitions
from loopback import KEY, service
from openai.resources.chat.completions import Completions
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from helpers import connect
from notebooks import NOTEBOOKS, read, tagged

THINKING = [{"type": "thinking", "thinking": [{"type": "text", "text": "40 + 4"}]}]
PARTS = [*THINKING, {"type": "text", "text": "44"}]
NO_TEXT: list[Any] = [
    {},
    {"choices": None},
    {"choices": []},
    {"choices": [{"index": 0}]},
    {"choices": [{"index": 0, "message": None}]},
    {"choices": [{"index": 0, "message": {"role": "assistant"}}]},
    {"choices": [{"index": 0, "message": {"content": None}, "usage": None}]},
    {"choices": [{"index": 0, "message": {"content": []}}]},
    {"choices": [{"index": 0, "message": {"content": THINKING}}]},
]
NO_DELTA: list[Any] = [
    {},
    {"choices": None},
    {"choices": []},
    {"choices": [{"index": 0}]},
    {"choices": [{"index": 0, "delta": None}]},
    {"choices": [{"index": 0, "delta": {"content": None, "tool_calls": None}}]},
    {"choices": [{"index": 0, "delta": {"content": THINKING}}]},
    {"choices": [], "usage": {"prompt_tokens": 3}},
]


@cache
def function(name: str, notebook: str) -> Any:
    """A function of a notebook, with what else the notebook defines around it."""
    quiet = contextlib.redirect_stdout(io.StringIO())
    with contextlib.chdir(NOTEBOOKS), quiet, warnings.catch_warnings(action="ignore"):
        connect.start(notebook)  # its constants read the environment
        try:
            return definitions(notebook)[name]
        finally:
            connect.end()


def saying(content: Any, reason: str = "stop", **message: Any) -> dict:
    choice = {"index": 0, "finish_reason": reason, "message": {"content": content, **message}}
    return {"choices": [choice]}


def updates(*events: dict) -> list:
    return [StreamingChatCompletionsUpdate(event) for event in events]


def delta(content: Any = None, reason: str | None = None, **more: Any) -> dict:
    piece = {"content": content, **more}
    return {"choices": [{"index": 0, "delta": piece, "finish_reason": reason}]}


@pytest.mark.parametrize("answer", NO_TEXT, ids=str)
@pytest.mark.parametrize(
    "name, notebook",
    [("text_of", "01_basic"), ("content_of", "03_json_mode"), ("text_of", "07_vision")],
)
def test_an_answer_without_text_gives_an_empty_string(name, notebook, answer):
    assert function(name, notebook)(ChatCompletions(answer)) == ""


@pytest.mark.parametrize("content", ["44", PARTS])
@pytest.mark.parametrize(
    "name, notebook",
    [("text_of", "01_basic"), ("content_of", "03_json_mode"), ("text_of", "07_vision")],
)
def test_text_is_read_from_a_string_and_from_parts(name, notebook, content):
    assert function(name, notebook)(ChatCompletions(saying(content))) == "44"


@pytest.mark.parametrize("name, notebook", [("read_stream", "02_streaming"),
                                            ("read_stream", "06_content_safety")])  # fmt: skip
@pytest.mark.parametrize("odd", NO_DELTA, ids=str)
def test_a_stream_goes_on_after_an_odd_update(name, notebook, odd):
    stream = updates(delta("4"), odd, delta(PARTS[1:]), delta("", "stop"))
    with contextlib.redirect_stdout(io.StringIO()):
        text, reason, _ = function(name, notebook)(stream)
    assert (text, reason) == ("444", "stop")


@pytest.mark.parametrize("odd", NO_DELTA, ids=str)
def test_a_stream_that_never_says_why_it_ended_is_not_whole(odd):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        text, reason, _ = function("read_stream", "02_streaming")(updates(delta("4"), odd))
    assert (text, reason) == ("4", None) and "not whole" in printed.getvalue()


def test_a_block_after_stop_is_seen():
    results = {"custom_blocklists": [{"filtered": True, "id": "ships"}]}
    late = {"choices": [{"index": 0, "finish_reason": None, "content_filter_results": results}]}
    stream = updates(delta("Text"), delta("", "stop"), late)
    text, reason, blocked = function("read_stream", "06_content_safety")(stream)
    assert (text, reason, blocked) == ("Text", "stop", {"custom_blocklists": "found"})


@pytest.mark.parametrize(
    "results, expected",
    [
        (
            {"custom_blocklists": [{"filtered": True, "id": "ships"}]},
            {"custom_blocklists": "found"},
        ),
        ({"custom_blocklists": []}, {}),
        ({"custom_blocklists": {"filtered": True, "details": []}}, {"custom_blocklists": "found"}),
        ({"hate": {"filtered": True, "severity": "high"}}, {"hate": "high"}),
        ({"hate": None, "error": {"code": "content_filter_error"}}, {}),
        ({"hate": "odd", "self_harm": 3, "sexual": [None]}, {}),
        (None, {}),
        ({}, {}),
    ],
)
def test_what_blocked_is_named_in_every_form(results, expected):
    assert function("fired", "06_content_safety")(results) == expected


BOOKING = '{"kind": "ferry", "to": "Gull Island", "seats": 2}'


@pytest.mark.parametrize(
    "content",
    [
        BOOKING,
        f"```json\n{BOOKING}\n```",
        f"Here it is: {BOOKING} Have a good trip {{x}}!",
        f"<think>The form is {{kind, to}}.</think>\n{BOOKING}",
        f'<think>{{"kind": "flight", "to": "Lund", "seats": 9}}</think>{BOOKING}',
        f"Thoughts without a start. {{a}}</think>{BOOKING}",
        [*THINKING, {"type": "text", "text": BOOKING}],
    ],
    ids=str,
)
def test_a_booking_is_found(content):
    booking = function("parse", "03_json_mode")(ChatCompletions(saying(content)))
    assert (booking.kind, booking.to, booking.seats) == ("ferry", "Gull Island", 2)


@pytest.mark.parametrize(
    "answer",
    [
        *NO_TEXT,
        saying(BOOKING, "length"),
        saying(BOOKING, "content_filter"),
        saying(None, refusal="No."),
        saying("I cannot help with 5"),
        saying("{"),
        saying('{"kind": "ferry"}'),
        saying("[1]"),
        saying("<think>{}"),
    ],
    ids=str,
)
def test_no_booking_is_a_value_error(answer):
    with pytest.raises(ValueError):
        function("parse", "03_json_mode")(ChatCompletions(answer))


def test_a_refusal_is_the_reason():
    with pytest.raises(ValueError, match="Not this"):
        function("parse", "03_json_mode")(ChatCompletions(saying(None, refusal="Not this.")))


FLIGHT = '{"origin_city": "Miami", "destination_city": "Seattle"}'


@pytest.mark.parametrize(
    "arguments",
    [None, "", "null", "[]", "1", '"text"', "{", FLIGHT[:-3], '{"origin_city": 1}', "{}", "\ud83c"],
    ids=repr,
)
def test_bad_arguments_are_told_to_the_model(arguments):
    call = ChatCompletionsToolCall(
        id="c", function=FunctionCall(name="get_flight_info", arguments=arguments)
    )
    run_tool = function("run_tool", "05_tools")
    result = run_tool(call, {"get_flight_info": lambda origin_city, destination_city: "never"})
    assert '"error"' in result and "never" not in result


@pytest.mark.parametrize("answer", NO_TEXT, ids=str)
def test_no_call_is_an_empty_list(answer):
    assert function("calls_of", "05_tools")(ChatCompletions(answer)) == []


@pytest.mark.parametrize("odd", [*NO_DELTA[:4], NO_DELTA[-1]], ids=str)
def test_streamed_calls_survive_odd_updates(odd):
    pieces = [
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": None}},
        {"index": 0, "function": {"name": None, "arguments": '{"a"'}},
        {"index": 1, "id": "b", "function": {"name": "g", "arguments": ""}},
        {"index": 0, "function": {"arguments": ": 1}"}},
        {"index": 1, "function": None},
    ]
    calls = function("collect_calls", "05_tools")(
        updates(odd, *(delta(tool_calls=[piece]) for piece in pieces))
    )
    assert [(c["id"], c["name"], c["arguments"]) for c in calls] == [
        ("a", "f", '{"a": 1}'),
        ("b", "g", ""),
    ]


def scored(content: Any, logprobs: Any) -> ChatChoice:
    choice = {"index": 0, "message": {"content": content}, "logprobs": logprobs}
    return ChatCompletions({"choices": [choice]}).choices[0]


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": []}], ids=str)
def test_a_model_that_does_not_say_is_not_sure(logprobs):
    assert function("sureness", "04_extra_params")(scored("ferry", logprobs), "ferry") == 0


def test_a_label_of_two_tokens_is_as_sure_as_both():
    entries = [{"token": "fer", "logprob": -0.1}, {"token": "ry", "logprob": -0.2}]
    sure = function("sureness", "04_extra_params")(scored("ferry", {"content": entries}), "ferry")
    assert math.isclose(sure, math.exp(-0.3))


def test_v1_answers_are_the_same_to_the_functions_that_take_both():
    empty = ChatCompletion.construct(choices=[])
    assert function("calls_of", "05_tools")(empty) == []


@pytest.mark.parametrize("content", ["Ferry.", PARTS, None, [], 44], ids=str)
@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}], ids=str)
def test_a_message_that_cannot_be_sorted_goes_to_a_person(content, logprobs, server):
    choice = {"index": 0, "message": {"content": content}, "logprobs": logprobs}
    assert answered(server, "sort", "04_extra_params", {"choices": [choice]}).startswith("ask a p")


@pytest.mark.parametrize("answer", NO_TEXT, ids=str)
def test_no_answer_goes_to_a_person(answer, server):
    assert answered(server, "sort", "04_extra_params", answer).startswith("ask a person")


@pytest.mark.parametrize("odd", NO_DELTA, ids=str)
def test_every_update_can_be_described(odd):
    (update,) = updates(odd)
    assert "usage" in function("describe", "02_streaming")(update)


ERRORS: list[Any] = [
    (401, {"detail": "Invalid API Key"}),
    (401, {"statusCode": 401, "message": "Auth token validation failed."}),
    (400, {"error": None}),
    (400, {"error": "too long"}),
    (400, {"error": {"code": None, "message": None}}),
    (400, {"error": {"code": 400, "message": "a number as code"}}),
    (400, {"error": {"code": "content_filter"}}),
    (400, {"error": {"code": "content_filter", "innererror": None}}),
    (400, {"error": {"code": "content_filter", "innererror": {"content_filter_result": None}}}),
    (400, []),
    (400, "No."),
    (404, None),
    (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "foo"]}]}),
]
NOT_JSON = [(404, "text/plain", "NOT FOUND"), (502, "text/html", "<html>Bad</html>"), (503, "", "")]


@pytest.fixture(scope="module")
def server():
    with service() as running:
        yield running


def asking(server: Any, status: int, body: str, kind: str = "application/json") -> Any:
    """A client of a server that gives each request this answer."""
    server.fault = {"status": status, "body": body, "type": kind}
    key = AzureKeyCredential(KEY)
    return ChatCompletionsClient(f"{server.address}/models", key, model="m", retry_total=0)


def answered(server: Any, name: str, notebook: str, body: dict) -> Any:
    """What a notebook's function, which takes a text, returns where this is the answer."""
    called = function(name, notebook)
    client = asking(server, 200, json.dumps(body))
    with mock.patch.dict(called.__globals__, {"client": client, "second": "m"}):
        return called("When does she sail?")


@pytest.fixture(params=[*((s, "application/json", json.dumps(b)) for s, b in ERRORS), *NOT_JSON])
def refusal(request, server) -> tuple[HttpResponseError, Any, str]:
    """An error as the SDK raises it, its client, and its body."""
    status, kind, body = request.param
    client = asking(server, status, body, kind)
    with pytest.raises(HttpResponseError) as caught:
        client.complete(messages=[UserMessage("x")])
    return caught.value, client, body


def test_every_error_is_explained_in_one_line(refusal):
    error, _, _ = refusal
    line = function("explain", "01_basic")(error)
    assert line.startswith(f"{error.status_code}: ") and "\n" not in line


def test_the_code_alone_says_that_the_filter_refused(refusal):
    error, client, body = refusal
    filtered = "content_filter" in body
    assert function("is_filtered", "06_content_safety")(error) == filtered
    verdict = function("verdict", "06_content_safety")
    with mock.patch.dict(verdict.__globals__, {"client": client}):
        if filtered:
            assert verdict("x", "m") == "prompt blocked: no category"
        else:
            with pytest.raises(HttpResponseError):
                verdict("x", "m")


def test_an_error_that_names_no_parameter_is_raised(refusal):
    error, client, _ = refusal
    assert function("refused_parameter", "10_reasoning_models")(error) is None
    with pytest.raises(HttpResponseError):
        function("complete", "10_reasoning_models")(client, "x", temperature=1)


@pytest.mark.parametrize(
    "message, thinking, answer",
    [
        (None, "", ""),
        ({}, "", ""),
        ({"content": None}, "", ""),
        ({"content": []}, "", ""),
        ({"content": "44"}, "", "44"),
        ({"content": PARTS}, "40 + 4", "44"),
        ({"content": THINKING}, "40 + 4", ""),
        ({"content": [{"type": "thinking", "thinking": None}, *PARTS[1:]]}, "", "44"),
        ({"content": [{"type": "thinking", "thinking": "40 + 4"}, *PARTS[1:]]}, "40 + 4", "44"),
        ({"content": "44", "reasoning_content": "40 + 4"}, "40 + 4", "44"),
        ({"content": None, "reasoning": "40 + 4"}, "40 + 4", ""),
        ({"content": "<think>40 + 4</think>\n44"}, "40 + 4", "44"),
        ({"content": "40 + 4</think>44"}, "40 + 4", "44"),
        ({"content": "<think>40 + 4"}, "40 + 4", ""),
        ({"content": "\n<think>40 + 4"}, "40 + 4", ""),
        ({"content": "<th"}, "", ""),
        ({"content": "<table>"}, "", "<table>"),
    ],
    ids=str,
)
def test_thinking_and_answer_are_told_apart(message, thinking, answer):
    assert function("split_thinking", "10_reasoning_models")(message) == (thinking, answer)


@pytest.mark.parametrize(
    "usage, thinking, dollars",
    [
        (None, 0, 0),
        ({}, 0, 0),
        ({"prompt_tokens": 3}, 0, 3),
        ({"prompt_tokens": None, "completion_tokens": 2}, 0, 4),
        ({"completion_tokens": 2, "completion_tokens_details": None}, 0, 4),
        ({"completion_tokens": 2, "completion_tokens_details": {}}, 0, 4),
        ({"completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 1}}, 1, 4),
    ],
    ids=str,
)
def test_tokens_that_nobody_counts_cost_nothing(usage, thinking, dollars):
    response = ChatCompletions({"choices": [], "usage": usage})
    assert function("thinking_tokens", "10_reasoning_models")(response) == thinking
    assert function("cost", "10_reasoning_models")(response, 1e6, 2e6) == dollars
    assert function("cost", "10_reasoning_models")(ChatCompletions({}), 1e6, 2e6) == 0


@pytest.mark.parametrize(
    "body, thinking, ended",
    [
        ({}, 0, None),
        ({"status": "completed", "usage": None}, 0, "completed"),
        ({"status": "completed", "usage": {"output_tokens": 3}}, 0, "completed"),
        ({"usage": {"output_tokens_details": None}}, 0, None),
        ({"usage": {"output_tokens_details": {"reasoning_tokens": 7}}}, 7, None),
        ({"status": "incomplete", "incomplete_details": None}, 0, "incomplete"),
        ({"status": "incomplete", "incomplete_details": {}}, 0, None),
        ({"status": "incomplete", "incomplete_details": {"reason": "odd"}}, 0, "odd"),
    ],
    ids=str,
)
def test_what_a_response_does_not_say_is_no_error(body, thinking, ended):
    response = Response.construct(**body)
    assert function("thinking_tokens", "11_responses_api")(response) == thinking
    assert function("ending", "11_responses_api")(response) == ended


@pytest.mark.parametrize("name", ["ferry_times", "book_flight", None])
@pytest.mark.parametrize(
    "arguments", [None, "", "null", "[]", "{", '{"day": 1}', "\ud83c"], ids=repr
)
def test_bad_arguments_are_told_to_the_model_of_responses(name, arguments):
    call = SimpleNamespace(name=name, arguments=arguments)
    assert '"error"' in function("run_tool", "11_responses_api")(call)


def test_a_stream_of_responses_goes_on_after_an_unknown_event():
    events = [
        SimpleNamespace(type="response.output_text.delta", delta="4"),
        SimpleNamespace(type="response.of_next_year"),
        SimpleNamespace(type="response.output_text.delta", delta="4"),
    ]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        types, response = function("read", "11_responses_api")(events)
    assert printed.getvalue().strip() == "44" and types.total() == 3 and response is None


BOOK = read(NOTEBOOKS / "00_start_here.ipynb")
FIRST_CALLS = [BOOK.cells[at].source for at in tagged(BOOK, "copy")]


@pytest.fixture
def first_client(monkeypatch) -> Callable[[dict], None]:
    """Both SDKs' answer to the first call; nobody signs in, and nothing is sent."""
    for name in ("AZURE_INFERENCE_ENDPOINT", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "https://first.invalid/openai/v1")
    for name in ("AZURE_INFERENCE_MODEL", "OPENAI_MODEL"):
        monkeypatch.setenv(name, "m")

    def answers(answer: dict) -> None:
        old, new = ChatCompletions(answer), ChatCompletion.construct(**answer)
        monkeypatch.setattr(ChatCompletionsClient, "complete", lambda *_, **__: old)
        monkeypatch.setattr(Completions, "create", lambda *_, **__: new)

    return answers


@pytest.mark.parametrize("source", FIRST_CALLS, ids=["openai", "azure"])
@pytest.mark.parametrize(
    "answer, shown",
    [
        *((answer, "[empty answer]") for answer in NO_TEXT[3:]),
        (saying("44"), "44"),
        (saying(PARTS), "44"),
        (saying("<think>40</think>44"), "44"),
        (saying("<think>40 + 4", "length"), "[empty answer]\n[not whole: length]"),
        (saying("4", "length"), "4\n[not whole: length]"),
        (saying(None, "content_filter"), "[empty answer]\n[not whole: content_filter]"),
        (saying(None, refusal="No."), "[empty answer]"),
    ],
    ids=str,
)
def test_the_first_call_shows_any_answer(source, answer, shown, first_client, capsys):
    first_client(answer)
    exec(compile(source, "first_call", "exec"), {})
    assert capsys.readouterr().out.removesuffix("[not whole: None]\n").strip() == shown


@pytest.mark.parametrize("source", FIRST_CALLS, ids=["openai", "azure"])
@pytest.mark.parametrize("answer", NO_TEXT[:3], ids=str)
def test_the_first_call_says_that_it_got_no_choices(source, answer, first_client):
    first_client(answer)
    with pytest.raises(SystemExit, match="without choices"):
        exec(compile(source, "first_call", "exec"), {})
