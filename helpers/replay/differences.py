"""How two requests differ, in words; and which recording is nearest to a request."""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from .matching import canonical, same_value
from .recording import Recording, Request

MOST_PLACES, MOST_QUESTIONS, MOST_CHARACTERS = 6, 8, 70
MOST_COMPARED = 300  # characters of a question: the time to compare grows with their square
_ABSENT: Any = object()


def differences(sent: Any, wanted: Any, label: str = "recorded") -> str:
    """Where two request bodies differ, a few lines a place, six places at most; "" where nowhere.

    `label` is what to call the second body. Of requests, such as those of `sent()`, the bodies
    count.
    """
    sent, wanted = (
        canonical(each.body if isinstance(each, Request) else each) for each in (sent, wanted)
    )
    roles, wanted_roles = _roles(sent), _roles(wanted)
    if roles and wanted_roles and len(roles) != len(wanted_roles):
        # One message more or less shifts all that follow: say whose messages there are.
        sent = {**sent, "messages": None, "messages (whose)": ", ".join(roles)}
        wanted = {**wanted, "messages": None, "messages (whose)": ", ".join(wanted_roles)}
    left, right = dict(_leaves(sent)), dict(_leaves(wanted))
    places = _differing(left, right)
    width = max(len("sent"), len(str(label))) + 1
    lines = []
    for place in places[:MOST_PLACES]:
        ours, theirs = left.get(place, _ABSENT), right.get(place, _ABSENT)
        lines += [
            f"  {_printable(place)}",
            f"    {'sent:':{width}} {_quoted(ours, theirs)}",
            f"    {f'{label}:':{width}} {_quoted(theirs, ours)}",
        ]
    if len(places) > MOST_PLACES:
        lines.append(f"  … and {len(places) - MOST_PLACES} more")
    return "\n".join(lines)


def explain(request: Request, recordings: Sequence[Recording], sent_to: str = "") -> str:
    """How a request differs from the nearest recording, and which questions are recorded.

    The nearest is among those of the same method and path. `sent_to` is the path to call the
    request's own, where a recording's has another form.
    """
    asked = _operation(request)
    operation = f"{request.method} {sent_to}" if sent_to else asked
    same_path = [each for each in recordings if _operation(each.request) == asked]
    if not same_path:
        known = sorted({_operation(each.request) for each in recordings})
        return f"{operation} is not recorded here. Recorded: {', '.join(known) or 'nothing'}."
    body = canonical(request.body)  # once: it looks at each picture
    near = max(same_path, key=lambda recording: _likeness(body, recording.request.body))
    told = (
        f'{operation}, beside the nearest recording, "{near.name}":\n'
        f"{differences(body, near.request.body)}"
    )
    questions = list(dict.fromkeys(question(each.request.body) for each in same_path))
    asked = question(body)
    if asked and asked not in questions:
        told += f"\n\nQuestions with an answer here:\n{_listed([q for q in questions if q])}"
    return told


def _operation(request: Request) -> str:
    return f"{request.method} {request.path}"


def _listed(questions: Sequence[str]) -> str:
    """Some questions, each on a line of its own."""
    lines = [_shortened(" ".join(text.split()), "") for text in questions[:MOST_QUESTIONS]]
    if len(questions) > MOST_QUESTIONS:
        lines.append(f"… and {len(questions) - MOST_QUESTIONS} more")
    return "\n".join(f"  {line}" for line in lines)


def question(body: Any) -> str:
    """The text of the last user message in a request's body, or of its `input`; else ""."""
    asked = [message for message in messages_of(body) if message.get("role") == "user"]
    return content_text(asked[-1].get("content")) if asked else ""


def messages_of(body: Any) -> list[dict[str, Any]]:
    """The messages of a request's body, or of its `input`, of which a string is the user's."""
    if not isinstance(body, dict):
        return []
    if isinstance(body.get("input"), str):
        return [{"role": "user", "content": body["input"]}]
    messages = body.get("messages", body.get("input"))
    return [one for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []


def content_text(content: Any) -> str:
    """The text of a message's content: a string, or a list of parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return " ".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _likeness(sent: Any, recorded: Any) -> tuple[float, float]:
    """How near a recorded body is to a canonical one.

    The last user message weighs most, then how much of the rest is the same.
    """
    ours, theirs = (question(body)[:MOST_COMPARED].lower() for body in (sent, recorded))
    alike = SequenceMatcher(None, ours, theirs).ratio()
    left, right = dict(_leaves(sent)), dict(_leaves(canonical(recorded)))
    return round(alike, 1), alike - len(_differing(left, right)) / len({**left, **right})


def _differing(left: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """The places at which two bodies differ."""
    return [
        place
        for place in {**left, **right}
        if not same_value(left.get(place, _ABSENT), right.get(place, _ABSENT))
    ]


def _roles(body: Any) -> list[str]:
    """Whose messages a body has; a message that is none is named by its type."""
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return []
    return [
        str(m.get("role", "no role")) if isinstance(m, dict) else type(m).__name__ for m in messages
    ]


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each value in a body with its place, such as `messages[0].content`."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{place}[{number}]")
    else:
        yield place or "body", value


def _quoted(value: Any, beside: Any) -> str:
    """A value as JSON, a long text only around the first place where it differs from another."""
    if value is _ABSENT:
        return "(absent)"
    if isinstance(value, str):
        value = _shortened(value, beside if isinstance(beside, str) else "")
    return (
        json.dumps(value, ensure_ascii=False, default=repr)
        .encode("utf-8", "backslashreplace")
        .decode()
    )


def _printable(place: str) -> str:
    """A place on one line: a key may be any text."""
    place = _shortened(place, "")
    return place if place.isprintable() else json.dumps(place)


def _shortened(text: str, beside: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    pairs = enumerate(zip(text, beside, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), len(beside))
    begin = max(0, min(same - 25, len(text) - MOST_CHARACTERS))
    end = begin + MOST_CHARACTERS
    return "…" * (begin > 0) + text[begin:end] + "…" * (end < len(text))
