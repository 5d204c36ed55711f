"""A recorded answer as a stream, for a learner whose code asks for one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .replay import Answer


def as_stream(answer: Answer) -> Answer:
    """The same answer in events.

    What is a stream already stays as it is, and so does an error or what is no answer of a model.
    """
    body = answer.body
    if answer.events is not None or answer.status != 200 or not isinstance(body, dict):
        return answer
    if isinstance(body.get("choices"), list):
        events = [*_chunks(body), "[DONE]"]
    elif isinstance(body.get("output"), list):
        events = list(_typed_events(body))
    else:
        return answer
    headers = {**answer.headers, "content-type": "text/event-stream"}
    return replace(answer, headers=headers, body=None, events=events)


def _chunks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The chunks of a chat completion: its messages, its ends, and its usage."""
    rest = {key: value for key, value in body.items() if key not in ("choices", "usage")}
    shared = {**rest, "object": "chat.completion.chunk"}
    for choice in body["choices"]:
        delta = dict(choice.get("message") or {})
        calls = enumerate(delta.get("tool_calls") or [])
        delta["tool_calls"] = [{**call, "index": index} for index, call in calls] or None
        message = {"index": choice.get("index", 0), "delta": delta, "finish_reason": None}
        yield {**shared, "choices": [message]}
        end = {key: value for key, value in choice.items() if key != "message"}
        yield {**shared, "choices": [{**end, "delta": {}}]}
    yield {**shared, "choices": [], "usage": body.get("usage")}


def _typed_events(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events of a response: its beginning, its text, and its end."""
    begun = {**body, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "sequence_number": 0, "response": begun}
    number = 0
    for index, item in enumerate(body["output"]):
        parts = item.get("content") or [] if item.get("type") == "message" else []
        for place, part in enumerate(parts):
            number += 1
            yield {
                "type": "response.output_text.delta",
                "sequence_number": number,
                "item_id": item.get("id"),
                "output_index": index,
                "content_index": place,
                "delta": part.get("text") or "",
                "logprobs": [],
            }
    kind = f"response.{body.get('status')}"
    yield {"type": kind, "sequence_number": number + 1, "response": body}
