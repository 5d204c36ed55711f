"""An answer's bytes as an `Answer`, and what a file may hold of it.

What is kept. Of the headers, those in `HEADERS`. Of a body's and an event's top level, the keys
that Microsoft's or OpenAI's documentation names, in `KEYS`: so `timings` of llama.cpp and whatever
else a server adds is dropped. Below the top level everything is kept as it came, `null` included.
An id is no more than `captured`, and a time is that of the day: both differ from run to run.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from helpers.replay import Answer

DONE = "[DONE]"  # the last event of a chat stream, the only one that is no JSON
HEADERS = (
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-ms-error-code",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
)
# fmt: off
KEYS = frozenset({
    # chat completions, embeddings, lists of models, get_model_info
    "id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier",
    "prompt_filter_results", "data", "model_name", "model_type", "model_provider_name",
    # errors, as the different hosts send them
    "error", "detail", "message", "statusCode", "status", "code", "param", "type",
    # responses, whole and in events
    "created_at", "completed_at", "output", "incomplete_details", "instructions", "metadata",
    "max_output_tokens", "parallel_tool_calls", "previous_response_id", "reasoning", "store",
    "temperature", "text", "tool_choice", "tools", "top_p", "truncation", "background",
    "sequence_number", "response", "item", "item_id", "output_index", "content_index",
    "summary_index", "part", "delta", "arguments", "name", "refusal", "logprobs", "annotation",
})
# fmt: on
_TIMES = ("created", "created_at", "completed_at")
_DAY = 24 * 60 * 60  # seconds


class Unreadable(Exception):
    """An answer that no file can hold as it came. The message says why."""


def to_answer(status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
    """The answer that was sent as these bytes, whole, with the headers that a file may hold.

    Args:
        status: of the response.
        headers: of the response, names in lower case.
        raw: its body, decoded from whatever Content-Encoding it had.

    Raises:
        Unreadable: it is neither JSON, nor a stream of JSON, nor text of another type.
    """
    sent = {name: headers[name] for name in HEADERS if name in headers}
    kept = {name: value for name, value in sent.items() if value.isascii()}  # others none can send
    content_type = kept.get("content-type", "")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
    if content_type.startswith("text/event-stream"):
        events = [event if event == DONE else _data(event) for event in _events(text)]
        if not all(isinstance(event, dict) or event == DONE for event in events):
            raise Unreadable("an event is no JSON object")
        return Answer(status, kept, events=events)
    if "json" in content_type or not content_type:
        return Answer(status, kept, body=_data(text))
    return Answer(status, kept, body=text)


def kept_parts(answer: Answer) -> Answer:
    """The answer without what a file does not keep, and what all events share written once."""
    if answer.events is None:
        return replace(answer, body=_kept(answer.body))
    events = [_kept(event) for event in answer.events]
    chunks = [event for event in events if isinstance(event, dict)]
    shared = {
        key: value
        for key, value in (chunks[0] if chunks else {}).items()
        if key not in ("choices", "type", "delta")
        and all(key in chunk and chunk[key] == value for chunk in chunks)
    }
    rest = [
        {key: value for key, value in event.items() if key not in shared}
        if isinstance(event, dict)
        else event
        for event in events
    ]
    return replace(answer, each=shared, events=rest)


def chunks_of(answer: Answer) -> list[dict[str, Any]]:
    """The body, or each event whole: what of an answer is a JSON object."""
    parts: Sequence[Any] = [answer.body] if answer.events is None else answer.events
    return [{**answer.each, **part} for part in parts if isinstance(part, dict)]


def _kept(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    kept = {key: value for key, value in data.items() if key in KEYS}
    for key in _TIMES:
        if isinstance(kept.get(key), int):
            kept[key] -= kept[key] % _DAY
    if isinstance(kept.get("id"), str) and kept["id"] and "choices" in kept:
        kept["id"] = "captured"
    if isinstance(kept.get("response"), dict):
        kept["response"] = _kept(kept["response"])
    return kept


def _data(text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError:
        raise Unreadable("it is not JSON, though it should be") from None


def _events(text: str) -> Iterator[str]:
    """The data of each event of a stream: lines end with LF, CRLF or CR, and nothing else."""
    data: list[str] = []
    for line in [*_lines(text), ""]:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []


def _lines(text: str) -> Iterable[str]:
    return re.split(r"\r\n|\n|\r", text)
