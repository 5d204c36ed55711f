"""Does a recording have the documented form? What deviates, in words.

Three judges: the `openai` package's models, which are made from OpenAI's published description; the
models of `azure-ai-inference`, which are made from Microsoft's; and rules that no schema has, such
as that a stream ends and that token counts add up.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from azure.ai.inference import models as azure
from jsonschema import ValidationError as SchemaError, validate
from openai.types import CreateEmbeddingResponse, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import ResponseCreateParamsBase
from pydantic import BaseModel, ValidationError

from helpers.replay import Answer, Recording

EVENTS = {  # of a stream of Responses, by their type
    event.model_fields["type"].annotation.__args__[0]: event
    for event in get_args(get_args(ResponseStreamEvent)[0])
}
PLAIN = {
    "/chat/completions": ChatCompletion,
    "/responses": Response,
    "/embeddings": CreateEmbeddingResponse,
    "/v1/models/": Model,
}
# Keys that Azure's service adds to OpenAI's, in both dialects; wire forms as captured by others.
OF_AZURE = {
    "content_filter_offsets",
    "content_filter_results",
    "content_filters",
    "obfuscation",
    "prompt_filter_results",
}
# A request may have these as well: the Azure API says so.
ASKED = {
    "/chat/completions": {*CompletionCreateParamsBase.__annotations__, "stream"},
    "/responses": {*ResponseCreateParamsBase.__annotations__, "stream"},
}


def deviations(recording: Recording) -> set[str]:
    """What of a recording is not as documented; empty where all is."""
    found = set(_request(recording))
    for answer in recording.answers:
        if answer.status == 200:
            found |= set(_model(recording, answer))
            if recording.request.path.endswith("/chat/completions"):
                found |= set(_sense(recording.request.body, answer))
        elif answer.status >= 400:
            found |= set(_error(answer))
    return found


def _kind(path: str) -> str:
    return next((kind for kind in PLAIN if kind in path), "")


def _events(answer: Answer) -> list[dict]:
    return [{**answer.each, **e} for e in answer.events or () if isinstance(e, Mapping)]


def _flat(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""


def _request(recording: Recording) -> Iterator[str]:
    kind, body = _kind(recording.request.path), recording.request.body
    if not isinstance(body, Mapping) or kind not in ASKED:
        return
    yield from (f"request: {key} is not documented" for key in set(body) - ASKED[kind])
    waiting: set[str] = set()
    for message in body.get("messages", ()):
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                yield "request: a tool message answers no call"
            waiting.discard(message.get("tool_call_id", ""))
        elif message["role"] != "assistant" and waiting:
            yield "request: a call has no result"
        waiting |= {call["id"] for call in message.get("tool_calls") or ()}
    yield from (f"request: {fault}" for fault in _open_objects(body.get("response_format") or {}))


def _open_objects(form: Mapping) -> Iterator[str]:
    """Where a strict schema has an object that is not closed, or a field that is not required."""
    schema = form.get("json_schema") or {}
    todo = [schema.get("schema")] if schema.get("strict") else []
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            todo += part.values()
            if part.get("type") == "object" and part.get("additionalProperties") is not False:
                yield "a strict schema is open"
            if part.get("type") == "object" and set(part.get("required", ())) != set(
                part.get("properties", ())
            ):
                yield "a strict schema has a field that is not required"


def _model(recording: Recording, answer: Answer) -> Iterator[str]:
    kind = _kind(recording.request.path)
    if recording.request.path.endswith("/models/info"):
        yield from _azure(azure.ModelInfo(answer.body), "")
    if kind and answer.events is None:
        yield from _openai(PLAIN[kind], answer.body)
        if kind == "/chat/completions":
            yield from _azure(azure.ChatCompletions(answer.body), "")
    for event in _events(answer):
        if kind == "/responses":
            yield from _openai(EVENTS[event["type"]], event)
        else:
            yield from _openai(ChatCompletionChunk, event)
            yield from _azure(azure.StreamingChatCompletionsUpdate(event), "")


def _openai(model: type[BaseModel], body: Any) -> Iterator[str]:
    """What the package's model refuses, strictly, and keys that it does not know."""
    try:
        value = model.model_validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        for fault in error.errors():
            where = re.sub(r"\.\d+", "[]", ".".join(map(str, fault["loc"])))
            yield f"openai: {where}: {fault['type']}"
        return
    yield from _unknown(value, "")


def _unknown(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _unknown(item, f"{where}[]")
    elif hasattr(value, "model_extra"):
        for key in set(value.model_extra or ()) - OF_AZURE:
            yield f"openai: {where}.{key}: unknown".replace(": .", ": ")
        for key in type(value).model_fields:
            yield from _unknown(getattr(value, key), f"{where}.{key}")


def _azure(value: Any, where: str) -> Iterator[str]:
    """Fields that the SDK's model says are always there, and are not."""
    for name, field in type(value)._attr_to_rest_field.items():
        hints = (getattr(t, "__annotations__", {}).get(name) for t in type(value).__mro__)
        optional = "Optional" in str(next(hint for hint in hints if hint))
        key = field._rest_name
        if value.get(key) is None:
            if not optional:
                yield f"azure: {where}{key}: {'null' if key in value else 'missing'}"
            continue
        items = getattr(value, name)
        for item in items if isinstance(items, list) else [items]:
            if hasattr(type(item), "_attr_to_rest_field"):
                yield from _azure(item, f"{where}{key}.")


def _error(answer: Answer) -> Iterator[str]:
    """An error is an object with a message: under `error`, beside `statusCode`, or as `detail`."""
    body = answer.body
    error = body.get("error", body) if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        yield "error: the body is no JSON object"
    elif not isinstance(error.get("message", error.get("detail")), str):
        yield "error: no message"


def _sense(asked: Mapping, answer: Answer) -> Iterator[str]:
    if answer.events is None:
        whole = answer.body if isinstance(answer.body, Mapping) else {}
        choices = whole.get("choices") or []
        usage = whole.get("usage")
        if not usage:
            yield "sense: no usage"
    else:
        yield from _stream(asked, answer)
        choices, usage = _joined(_events(answer))
    for choice in choices:
        yield from _choice(asked, choice)
    if usage:
        yield from _usage(asked, choices, usage)


def _stream(asked: Mapping, answer: Answer) -> Iterator[str]:
    events = _events(answer)
    if list(answer.events or ())[-1:] != ["[DONE]"]:
        yield "sense: a stream without its end"
    if len({e.get("id") for e in events if e.get("choices")}) > 1:
        yield "sense: the events of a stream have different ids"
    alone = any(e.get("usage") and not e.get("choices") for e in events)
    # Other models on /models send usage unasked, with their last choice.
    if alone and not (asked.get("stream_options") or {}).get("include_usage"):
        yield "sense: an event for usage, which was not asked for"


def _joined(events: list[dict]) -> tuple[list[dict], dict | None]:
    """The choice that a stream's events make up, as in an answer that is no stream."""
    text, reason, calls, logprobs = "", None, {}, []
    for choice in (c for e in events for c in e.get("choices") or ()):
        delta = choice.get("delta") or {}
        text += _flat(delta.get("content"))
        reason = choice.get("finish_reason") or reason
        logprobs += (choice.get("logprobs") or {}).get("content") or []
        for n, piece in enumerate(delta.get("tool_calls") or ()):
            call = calls.setdefault(piece.get("index", n), {"name": "", "arguments": ""})
            for key in call:
                call[key] += piece["function"].get(key) or ""
    message = {"content": text, "tool_calls": [{"function": call} for call in calls.values()]}
    usage = next((e["usage"] for e in reversed(events) if e.get("usage")), None)
    shown = {"content": logprobs} if logprobs else None
    return [{"message": message, "finish_reason": reason, "logprobs": shown}], usage


def _choice(asked: Mapping, choice: Mapping) -> Iterator[str]:
    message, reason = choice.get("message") or {}, choice.get("finish_reason")
    calls, text = message.get("tool_calls") or [], _flat(message.get("content"))
    if not reason:
        yield "sense: no finish reason"
    named = isinstance(asked.get("tool_choice"), Mapping)
    if bool(calls) != (reason == "tool_calls") and not (named and reason == "stop"):
        yield f"sense: {len(calls)} calls, and the finish reason is {reason}"
    if (named or asked.get("tool_choice") == "required") and not calls:
        yield "sense: a call was demanded and did not come"
    yield from _calls(asked, calls)
    stops = asked.get("stop") or []
    if any(stop in text for stop in ([stops] if isinstance(stops, str) else stops)):
        yield "sense: the text holds what it was to stop at"
    if reason == "stop":
        yield from _json(asked.get("response_format"), text)
    yield from _log_probabilities(asked, choice, text)


def _calls(asked: Mapping, calls: list[Mapping]) -> Iterator[str]:
    tools = {t["function"]["name"]: t["function"] for t in asked.get("tools", ())}
    for call in (c["function"] for c in calls):
        if call["name"] not in tools:
            yield f"sense: a call of {call['name']}, which was not offered"
            continue
        try:
            validate(json.loads(call["arguments"]), tools[call["name"]].get("parameters", {}))
        except (ValueError, SchemaError):
            yield f"sense: the arguments of {call['name']} are not as asked"


def _json(form: Any, text: str) -> Iterator[str]:
    kind = form.get("type") if isinstance(form, Mapping) else None
    if kind in ("json_object", "json_schema"):
        try:
            value = json.loads(text)
            if kind == "json_schema":
                validate(value, form["json_schema"]["schema"])
        except (ValueError, SchemaError):
            yield f"sense: the text is not as {kind} asks"


def _log_probabilities(asked: Mapping, choice: Mapping, text: str) -> Iterator[str]:
    shown = (choice.get("logprobs") or {}).get("content")
    if bool(asked.get("logprobs")) != bool(shown):
        yield f"sense: log probabilities asked: {bool(asked.get('logprobs'))}, there: {bool(shown)}"
    if not shown:
        return
    if "".join(entry["token"] for entry in shown) != text:
        yield "sense: the tokens are not the text"
    for entry in shown:
        top = [t["logprob"] for t in entry["top_logprobs"]]
        if list(entry["token"].encode()) != entry["bytes"]:
            yield "sense: a token's bytes are not its own"
        if len(top) != (asked.get("top_logprobs") or 0):
            yield "sense: another number of alternatives than asked for"
        if top != sorted(top, reverse=True) or sum(2.718281828**t for t in top) > 1.0001:
            yield "sense: the alternatives are not probabilities in order"


def _usage(asked: Mapping, choices: list, usage: Mapping) -> Iterator[str]:
    given, most = usage["completion_tokens"], asked.get("max_completion_tokens")
    most = most or asked.get("max_tokens")
    reasons = [choice.get("finish_reason") for choice in choices]
    if usage["total_tokens"] != usage["prompt_tokens"] + given:
        yield "sense: the total is not the sum"
    if most and given > most * len(choices):
        yield "sense: more tokens than the limit"
    if most and reasons == ["length"] and given < most:
        yield "sense: cut off below the limit"
    if "length" in reasons and not most:
        yield "sense: cut off without a limit"
    details = usage.get("completion_tokens_details") or {}
    spoken = given - (details.get("reasoning_tokens") or 0)
    messages = [choice.get("message") or {} for choice in choices]
    text = "".join(_flat(m.get("content")) for m in messages)
    thinking = any(
        m.get("reasoning_content") or isinstance(m.get("content"), list) for m in messages
    )
    calls = any(message.get("tool_calls") for message in messages)
    usual = 1 < len(text) / max(1, spoken) < 7.5  # characters a token: a digit may be one
    if len(text) > 20 and not (usual or thinking or calls):
        yield f"sense: {spoken} tokens for a text of {len(text)} characters"
