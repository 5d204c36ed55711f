"""Say in words what an answer holds, and what it lacks."""

import inspect
from collections.abc import Iterator
from typing import Any

from .answers import as_dict, as_list, calls_of, has_thinking, plain_data, printable, text_of

# For each number of a usage: its name and its field, and what of it is said apart, with that field.
# Chat completions say prompt and completion, the Responses API says input and output.
_COUNTS = (
    ("prompt", "prompt_tokens", "cached", "cached_tokens"),
    ("input", "input_tokens", "cached", "cached_tokens"),
    ("completion", "completion_tokens", "reasoning", "reasoning_tokens"),
    ("output", "output_tokens", "reasoning", "reasoning_tokens"),
)
_NO_MESSAGE = (
    "(This answer has no message. "
    'Look at response.choices[0].get("content_filter_results").)'
)  # fmt: skip


def tokens(usage: Any) -> str:
    """An answer's `usage` in words: `19 prompt + 72 completion = 91 tokens`.

    Args:
        usage: the `usage` of an answer of any library, as object or dict, or the answer. Numbers
            that it lacks are left out; None has a sentence of its own.
    """
    data = as_dict(usage)
    data = as_dict(data.get("usage")) or data
    parts = []
    for name, field, special, special_field in _COUNTS:
        if not _is_count(data.get(field)):
            continue
        count = as_dict(data.get(f"{field}_details")).get(special_field)
        apart = f" ({count} {special})" if _is_count(count) and count else ""
        parts.append(f"{data[field]} {name}{apart}")
    total = data.get("total_tokens")
    if _is_count(total):
        return f"{' + '.join(parts)} = {total} tokens" if parts else f"{total} tokens"
    return f"{' + '.join(parts)} tokens" if parts else "no usage in this answer"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def paragraphs(response: Any) -> Iterator[str]:
    """What there is to say of an answer, paragraph by paragraph. See `look.show`."""
    data = plain_data(response)
    if isinstance(data, str):
        yield printable(data) or "(An empty string.)"
        return
    if not isinstance(data, dict):
        yield f"({_what_it_is(response)})"
        return
    if _is_event(data):
        if not isinstance(data.get("response"), dict):
            yield _event(data)
            return
        data = data["response"]
    choices = as_list(data.get("choices"))
    if not choices and isinstance(data.get("output"), list):
        choices = [_choice_of_response(data)]
    for number, choice in enumerate(map(as_dict, choices), 1):
        message = choice.get("message")
        yield from _message(choice.get("delta") if message is None else message)
        usage = f" · {tokens(data.get('usage'))}" if number == len(choices) else ""
        yield f"[{printable(str(choice.get('finish_reason') or 'no finish_reason'))}{usage}]"
        if failure := _failure(data):
            yield printable(f"(It failed: {failure})")
    if not choices:
        yield printable(f"({_why_no_choices(data, type(response).__name__)})")


def _message(message: Any) -> Iterator[str]:
    """A message's text, its refusal, the tools that it calls; or what it lacks."""
    if not isinstance(message, dict):
        yield _NO_MESSAGE
        return
    text, refusal, calls = text_of(message), message.get("refusal"), calls_of(message)
    if text.strip():
        yield text
    if refusal:
        yield printable(f"(The model refuses: {refusal})")
    for name, arguments in calls:
        yield f"(The model calls {name} with {arguments or 'no arguments'}.)"
    if not (text.strip() or refusal or calls):
        thinking = ", only thinking" if has_thinking(message) else ""
        yield f"(The message has no text{thinking}.)"


def _is_event(data: dict[str, Any]) -> bool:
    """Whether this is one event of a stream of the Responses API."""
    kind = data.get("type")
    return isinstance(kind, str) and (kind.startswith("response.") or kind == "error")


def _event(data: dict[str, Any]) -> str:
    """An event that holds no answer: the piece of text in it, the error, or its name."""
    kind, piece = data["type"], data.get("delta")
    if kind == "response.output_text.delta" and isinstance(piece, str):
        return printable(piece) or "(An empty string.)"
    if kind == "error":
        message = as_dict(data.get("error")).get("message") or data.get("message")
        return printable(f"(The stream ends with an error: {message or 'it does not say which'})")
    return printable(f"(The event {kind}. It holds no finished answer.)")


def _failure(data: dict[str, Any]) -> str:
    """Code and message of the error in an answer of the Responses API; "" if there is none."""
    error = as_dict(data.get("error"))
    return ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))


def _choice_of_response(data: dict[str, Any]) -> dict[str, Any]:
    """An answer of the Responses API in the form of a chat completion's choice."""
    output = [as_dict(item) for item in data["output"]]
    messages = [item.get("content") for item in output if item.get("type") == "message"]
    parts = [as_dict(part) for content in messages for part in as_list(content)]
    message = {
        "content": [*parts, *(item for item in output if item.get("type") == "reasoning")],
        "refusal": " ".join(str(part["refusal"]) for part in parts if part.get("refusal")),
        "tool_calls": [item for item in output if str(item.get("type")).endswith("tool_call")
                       or item.get("type") == "function_call"],
    }  # fmt: skip
    incomplete = as_dict(data.get("incomplete_details")).get("reason")
    return {"message": message, "finish_reason": incomplete or data.get("status")}


def _what_it_is(response: Any) -> str:
    """What was given in place of an answer, and what to do with it."""
    name = f"This {type(response).__name__}"
    if inspect.isawaitable(response):
        return f"{name} has no answer yet. Write show(await …)."
    if callable(getattr(response, "json", None)):
        return f"{name} is an HTTP response. Write show(response.json()) to see its answer."
    if callable(getattr(response, "parse", None)):
        return f"{name} is a raw response. Write show(response.parse()) to see its answer."
    missing = f"{name} has no choices, so it is no finished answer."
    if hasattr(response, "__aiter__"):
        return f"{missing} Read a stream in a loop, with async for."
    if hasattr(response, "__iter__") and not isinstance(response, list | tuple | bytes):
        return f"{missing} Read a stream in a loop."
    return missing


def _why_no_choices(data: dict[str, Any], name: str) -> str:
    """A dict without choices is an error, or a stream's last update with the usage, or neither."""
    error = data.get("error") or data.get("detail")
    if not error and "statusCode" in data:
        error = data.get("message")
    if error:
        message = as_dict(error).get("message") or error
        return f"This {name} is an error, not an answer: {message}"
    usage = f" Its usage: {tokens(data['usage'])}." if data.get("usage") else ""
    return f"This {name} has no choices, so it is no finished answer.{usage}"
