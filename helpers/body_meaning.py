"""What a request's body means to a chat model: which ways to write it make no difference.

Other languages space JSON differently, and some packages spell defaults out. The defaults are those
of OpenAI's API reference: `stream` is false, and a picture's `detail` is auto.
"""

import json
from typing import Any


def meaning(body: Any) -> Any:
    """A body without documented defaults, and with JSON inside strings in one spelling."""
    if not isinstance(body, dict) or not ({"messages", "input"} & body.keys()):
        return body
    return {
        key: _meant(value) if key in ("messages", "input") else value
        for key, value in body.items()
        if (key, value) != ("stream", False)
    }


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
    except (TypeError, ValueError):
        return text
    if not isinstance(data, dict | list):
        return text
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
