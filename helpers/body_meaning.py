"""What a request's body means to a chat model: which ways to write it make no difference.

Other languages space JSON differently, and some packages spell defaults out. The defaults are those
of OpenAI's API reference, where Microsoft's names no other. `temperature` is not among them: its
default depends on the model. A null is no default, because strict services refuse it.
"""

import json
from typing import Any

DEFAULTS: dict[str, Any] = {
    "stream": False,
    "n": 1,
    "top_p": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logprobs": False,
    "parallel_tool_calls": True,
    "response_format": {"type": "text"},
}


def meaning(body: Any) -> Any:
    """A body without documented defaults, and with JSON inside strings in one spelling."""
    if not isinstance(body, dict) or not ({"messages", "input"} & body.keys()):
        return body
    return {
        key: _meant(value) if key in ("messages", "input") else value
        for key, value in body.items()
        if not _is_default(key, value, "tools" in body)
    }


def _is_default(key: str, value: Any, has_tools: bool) -> bool:
    """Whether a body means the same without this key."""
    if key == "tool_choice":
        return has_tools and value == "auto"
    if key not in DEFAULTS or value != DEFAULTS[key]:
        return False
    return isinstance(value, bool) == isinstance(DEFAULTS[key], bool)  # 0 equals False


def _meant(value: Any) -> Any:
    if isinstance(value, list):
        return [_meant(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    is_result = value.get("role") == "tool" or value.get("type") == "function_call_output"
    found = {}
    for key, inner in value.items():
        if (key, inner) == ("detail", "auto"):
            continue
        holds_json = key == "arguments" or (is_result and key in ("content", "output"))
        found[key] = _one_spelling(inner) if holds_json else _meant(inner)
    return found


def _one_spelling(text: Any) -> Any:
    """JSON in a string, with its keys in order and no space; any other string as it is."""
    try:
        data = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text
    if not isinstance(data, dict | list):
        return text
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
