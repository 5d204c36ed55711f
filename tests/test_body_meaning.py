"""What makes no difference between two chat requests, and what does."""

import pytest

from helpers.body_meaning import meaning

PART = {"type": "image_url", "image_url": {"url": "https://h/a.png"}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1, "b": "ö"}'}}


def chat(*messages: dict, **more) -> dict:
    return {"model": "m", "messages": list(messages), **more}


def with_part(**detail) -> dict:
    return chat(
        {"role": "user", "content": [PART | {"image_url": PART["image_url"] | detail}]},
    )


def with_arguments(text: str | None) -> dict:
    call = CALL | {"function": CALL["function"] | {"arguments": text}}
    return chat({"role": "assistant", "tool_calls": [call]})


def with_result(text: str, role: str = "tool") -> dict:
    return chat({"role": role, "content": text})


@pytest.mark.parametrize(
    "one, other",
    [
        (chat(), chat(stream=False)),
        (chat(), chat(n=1, top_p=1.0, frequency_penalty=0, presence_penalty=0.0)),
        (chat(), chat(logprobs=False, parallel_tool_calls=True, response_format={"type": "text"})),
        (chat(tools=[]), chat(tools=[], tool_choice="auto")),
        (with_part(), with_part(detail="auto")),
        (with_arguments('{"a": 1, "b": "ö"}'), with_arguments('{"b":"\\u00f6","a":1}')),
        (with_result('{"a": [1]}'), with_result('{"a":[1]}')),
        (with_result("[" * 100_000), with_result("[" * 100_000)),
        (
            {"input": [{"type": "function_call_output", "output": '{"a": 1}'}]},
            {"input": [{"type": "function_call_output", "output": '{"a":1}'}], "stream": False},
        ),
    ],
)
def test_the_same(one, other):
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(
    "one, other",
    [
        (chat(), chat(stream=True)),
        (chat(), chat(stream=None)),
        (chat(), chat(stream=0)),
        (chat(), chat(n=True)),
        (chat(), chat(temperature=1)),
        (chat(), chat(top_p=None)),
        (chat(), chat(tool_choice="auto")),
        (chat(tools=[]), chat(tools=[], tool_choice="none")),
        (with_part(), with_part(detail="low")),
        (with_arguments('{"a": 1}'), with_arguments('{"a": 2}')),
        (with_arguments('{"a": 1'), with_arguments('{"a":1')),
        (with_arguments(None), with_arguments("")),
        (with_result("1"), with_result(" 1")),
        (with_result('{"a": 1}', "user"), with_result('{"a":1}', "user")),
    ],
)
def test_not_the_same(one, other):
    assert meaning(one) != meaning(other)


@pytest.mark.parametrize("body", [None, "text", {"grant_type": "x", "stream": False}, [1]])
def test_what_is_no_chat_request_stays(body):
    assert meaning(body) == body
