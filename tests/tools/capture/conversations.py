"""Which requests belong to one conversation, and which are the same but for what a model said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from helpers.replay import Recording, Request
from helpers.replay.matching import same_request

from .answers import chunks_of
from .kinds import kind_of_answer, text_of_message

_SAID_BY_TYPES = ("function_call", "function_call_output")


def messages_of(request: Request) -> list[Any]:
    """The messages of a chat request, or the items of a response's input, if any.

    Items of reasoning are left out: one model sends them, another does not.
    """
    body = request.body if isinstance(request.body, dict) else {}
    messages = body.get("messages", body.get("input"))
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    items = messages if isinstance(messages, list) else []
    return [one for one in items if not (isinstance(one, dict) and one.get("type") == "reasoning")]


def outline(request: Request) -> Request:
    """A request without what a model said in it, or made a tool say: the same whatever that was."""
    if not isinstance(request.body, dict):
        return request
    key = "messages" if "messages" in request.body else "input"
    body = {name: value for name, value in request.body.items() if name != "previous_response_id"}
    if messages := messages_of(request):
        body[key] = [_heading(message) for message in messages]
    return replace(request, body=body)


def same_outline(one: Request, other: Request) -> bool:
    """Whether two requests are the same but for what a model said."""
    return same_request(outline(one), outline(other))


def continues(later: Recording, earlier: Recording) -> bool:
    """Whether a request holds an earlier answer's words or tool calls, or its id."""
    if later.request.path != earlier.request.path or later is earlier:
        return False
    answers = [chunk for answer in earlier.answers for chunk in chunks_of(answer)]
    if isinstance(later.request.body, dict) and later.request.body.get("previous_response_id"):
        responses = [chunk.get("response", chunk) for chunk in answers]
        ids = [response.get("id") for response in responses if isinstance(response, dict)]
        return later.request.body["previous_response_id"] in ids
    before, after = messages_of(earlier.request), messages_of(later.request)
    if not before or len(after) <= len(before):
        return False
    if [_heading(message) for message in after[: len(before)]] != list(map(_heading, before)):
        return False
    text = kind_of_answer(earlier.answers[0]).text
    following = after[len(before)]
    said = text_of_message(following) if isinstance(following, dict) else ""
    return bool(text and said == text) or bool(_call_ids(following) & _call_ids(answers))


def conversations(recordings: Sequence[Recording]) -> list[set[int]]:
    """For each conversation of two rounds or more, the positions of its recordings."""
    group_of = list(range(len(recordings)))
    for at, later in enumerate(recordings):
        for before, earlier in enumerate(recordings):
            if group_of[at] != group_of[before] and continues(later, earlier):
                old, new = group_of[at], group_of[before]
                group_of = [new if group == old else group for group in group_of]
    groups = [{at for at, own in enumerate(group_of) if own == group} for group in set(group_of)]
    return [group for group in groups if len(group) > 1]


def _heading(message: Any) -> Any:
    """A message as an outline has it."""
    if not isinstance(message, dict):
        return message
    if message.get("role") in ("assistant", "tool"):
        return message["role"]
    return message["type"] if message.get("type") in _SAID_BY_TYPES else message


def _call_ids(data: Any) -> set[str]:
    """The ids of the tool calls anywhere in JSON data."""
    if isinstance(data, list):
        return set().union(*map(_call_ids, data))
    if not isinstance(data, dict):
        return set()
    ids = [data.get("call_id")] if data.get("type") == "function_call" else []
    calls = data.get("tool_calls")
    ids += [c.get("id") for c in calls if isinstance(c, dict)] if isinstance(calls, list) else []
    found = {value for value in ids if value and isinstance(value, str)}
    return found.union(*map(_call_ids, data.values()))
