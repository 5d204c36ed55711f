"""Read an answer whatever its form: a dict, an SDK's object, a stream's update, or half of it."""

import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TEXT_PARTS = (None, "text", "output_text", "input_text")
_THINKING_PARTS = ("thinking", "reasoning")


def plain_data(value: Any) -> Any:
    """The same as dicts, lists and plain values.

    Args:
        value: at any depth an SDK's mapping, a pydantic model, a dataclass, an enum, plain data.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    if hasattr(type(value), "model_fields"):  # pydantic: it yields names and values, extra ones too
        return {name: plain_data(item) for name, item in value}
    if isinstance(value, SimpleNamespace) or (is_dataclass(value) and not isinstance(value, type)):
        return {name: plain_data(item) for name, item in vars(value).items()}
    return value


def as_dict(value: Any) -> dict[str, Any]:
    """`value` as a dict of plain data; an empty one if it is nothing of the kind."""
    data = plain_data(value)
    return data if isinstance(data, dict) else {}


def as_list(value: Any) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def printable(text: str) -> str:
    """`text` in which two halves of one character are joined, and a lone half is `\ufffd`.

    JSON may escape an emoji as two halves, and a stream may bring them apart; to print a lone half
    raises UnicodeEncodeError.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def printable_xml(text: str) -> str:
    """`text` as by `printable`, with `\ufffd` for each control character that XML forbids."""
    return _NOT_XML.sub("\ufffd", printable(text))


def text_of(message: Any) -> str:
    """The text of a message or of a stream's delta; "" if it has none.

    Args:
        message: a message or delta of any library, as object or dict. Its `content` may be a
            string, None, or a list of parts, of which only those with text count: thinking and
            pictures are left out. A string, a list and None are taken for the content itself.
    """
    data = plain_data(message)
    content = data.get("content") if isinstance(data, dict) else data
    parts = content if isinstance(content, list) else [content]
    return printable("".join(_text_of_part(part) for part in parts))


def _text_of_part(part: Any) -> str:
    if isinstance(part, str):
        return part
    text = part.get("text") if isinstance(part, dict) and part.get("type") in _TEXT_PARTS else None
    return text if isinstance(text, str) else ""


def has_thinking(message: Any) -> bool:
    """Whether a message holds what the model thought, in a field of its own or as a part."""
    data = as_dict(message)
    parts = [as_dict(part) for part in as_list(data.get("content"))]
    is_part = any(part.get("type") in _THINKING_PARTS for part in parts)
    return is_part or bool(data.get("reasoning_content") or data.get("reasoning"))


def calls_of(message: Any) -> list[tuple[str, str]]:
    """The name and the arguments of each tool that a message calls, in each form of a call."""
    data = as_dict(message)
    calls = [*as_list(data.get("tool_calls")), data.get("function_call")]
    return [_name_and_arguments(call) for call in calls if isinstance(call, dict)]


def _name_and_arguments(call: dict[str, Any]) -> tuple[str, str]:
    """They stand in `function`, in `custom`, or in the call itself (Responses API)."""
    function = as_dict(call.get("function")) or as_dict(call.get("custom")) or call
    given = (function.get(key) for key in ("arguments", "input"))
    arguments = next((value for value in given if value is not None), "")
    name = function.get("name") or "a tool without a name"
    return printable(str(name)), printable(str(arguments))
