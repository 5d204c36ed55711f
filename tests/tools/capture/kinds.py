"""What of an answer a lesson depends on: its kind, of chat completions and of responses alike."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from helpers.replay import Answer

from .answers import DONE, chunks_of

_ENDS = {"completed": "stop", "incomplete": "length"}  # of a response, as chat completions say it


@dataclass(frozen=True)
class Kind:
    """What of an answer a lesson depends on."""

    status: int
    code: str  # of an error
    streamed: bool
    ended: bool  # whether its stream ends as streams of its sort do
    reasons: frozenset[str]
    text: str
    arguments: tuple[str, ...]  # of tool calls, put together
    logprobs: bool
    filtered: bool
    thinking: str  # where a message has it: "in tags", "in parts", "beside the text" or ""
    counts_thinking: bool  # whether the usage counts its tokens


def kind_of_answer(answer: Answer) -> Kind:
    """The kind of an answer, of chat completions or of responses."""
    chunks = [_whole_response(chunk) for chunk in chunks_of(answer)]
    choices = [choice for chunk in chunks for choice in _dicts(chunk.get("choices"))]
    items = [item for chunk in chunks for item in _dicts(chunk.get("output"))]
    messages = [_dict(choice.get("message") or choice.get("delta")) for choice in choices]
    reasons = [choice.get("finish_reason") for choice in choices]
    reasons += [_ENDS.get(str(chunk.get("status"))) for chunk in chunks if "output" in chunk]
    text = "".join(map(text_of_message, [*messages, *items]))
    return Kind(
        status=answer.status,
        code=next(filter(None, map(_code, chunks)), ""),
        streamed=answer.events is not None,
        ended=not answer.cut and (not choices or not answer.events or answer.events[-1] == DONE),
        reasons=frozenset(str(reason) for reason in reasons if reason),
        text=text,
        arguments=_arguments(messages, items),
        logprobs=any(choice.get("logprobs") for choice in choices),
        filtered='"filtered": true' in json.dumps(chunks),
        thinking=_thinking(messages, text),
        counts_thinking=any(map(_thinking_tokens, chunks)),
    )


def _whole_response(chunk: dict[str, Any]) -> dict[str, Any]:
    """Of an event that brings a response to its end, that response."""
    response = chunk.get("response")
    ended = str(chunk.get("type")).endswith((".completed", ".incomplete", ".failed"))
    return response if ended and isinstance(response, dict) else chunk


def _code(chunk: dict[str, Any]) -> str:
    error = chunk.get("error")
    return str(error.get("code") or "") if isinstance(error, dict) else ""


def text_of_message(message: dict[str, Any]) -> str:
    """The text of a message, in one piece or in parts; "" where it has none."""
    content = message.get("content")
    parts = [part.get("text") for part in _dicts(content)]
    texts = [part for part in parts if isinstance(part, str)]
    return content if isinstance(content, str) else "".join(texts)


def _thinking(messages: Sequence[dict[str, Any]], text: str) -> str:
    """Where the messages of chat completions have thinking; "" where they have none."""
    if text.lstrip().startswith("<think>"):
        return "in tags"
    for message in messages:
        if message.get("reasoning_content") or message.get("reasoning"):
            return "beside the text"
        if any(part.get("type") == "thinking" for part in _dicts(message.get("content"))):
            return "in parts"
    return ""


def _thinking_tokens(chunk: dict[str, Any]) -> Any:
    """How many tokens of chat completions went into thinking, if the usage says so."""
    details = _dict(_dict(chunk.get("usage")).get("completion_tokens_details"))
    return details.get("reasoning_tokens")


def _arguments(
    messages: Sequence[dict[str, Any]], items: Sequence[dict[str, Any]]
) -> tuple[str, ...]:
    """The arguments of each tool call. A piece without an id continues the call before it."""
    calls: dict[str, str] = {}
    for message in messages:
        for number, call in enumerate(_dicts(message.get("tool_calls"))):
            place = str(call.get("index", call.get("id") or number))
            piece = _dict(call.get("function")).get("arguments") or ""
            calls[place] = calls.get(place, "") + str(piece)
    functions = [item for item in items if item.get("type") == "function_call"]
    return (*calls.values(), *(str(item.get("arguments")) for item in functions))


def _dicts(values: Any) -> Iterator[dict[str, Any]]:
    return (
        (value for value in values if isinstance(value, dict))
        if isinstance(values, list)
        else iter(())
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
