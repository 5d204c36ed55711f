"""Which captured answer may take a recording's place: one of the same kind.

The words may differ, the lesson may not. So status and form are the same (a stream or not, a tool
call or not, JSON where JSON was asked for), an error has the same code, and what was filtered is
filtered. Thinking that a recording shows is in the same place, and its tokens are counted. A stream
that ends too soon does so again. The finish reason is the same too, with one exception: `stop` and
`length` may stand for each other, for a weak model writes until its limit. But a lesson depends on
`length` where the request sets a limit, and on `stop` where the request sets `stop`.

A recording says what else capturing may do with it in the optional key `capture`:
`same reason`: no other finish reason; `never`: its lesson is this very answer.
"""

import json
from collections.abc import Sequence

from helpers.replay import Answer, CourseError, Recording

from .kinds import Kind, kind_of_answer

NEVER, SAME_REASON = "never", "same reason"
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def check_keys(recordings: Sequence[Recording]) -> None:
    """Raise CourseError for a recording whose key `capture` is none of those that are known."""
    for recording in recordings:
        if recording.capture not in ("", NEVER, SAME_REASON):
            known = f"{SAME_REASON} or {NEVER}"
            raise CourseError(
                f'"{recording.name}" has capture: {recording.capture}. Known: {known}.'
            )


def mismatch(recording: Recording, answer: Answer) -> str:
    """Why an answer cannot take a recording's place; "" where it can."""
    if recording.capture == NEVER:
        return "stays as it is (capture: never)"
    if len(recording.answers) > 1:
        return "shows several tries of one call"
    if recording.answers[0].cut:
        return "shows a connection that breaks off"
    old, new = kind_of_answer(recording.answers[0]), kind_of_answer(answer)
    if new.status != old.status:
        refused = "refused with status" if new.status >= 400 else "answered with status"
        return f"{refused} {new.status}, not {old.status}"
    if new.code != old.code:
        return f"another kind: error code {new.code or '(none)'}, not {old.code or '(none)'}"
    if not new.ended and old.ended:
        return "cut: its stream ends without [DONE]"
    if new.ended and not old.ended:
        return "another kind: a stream that ends with [DONE]"
    differences = _differences(old, new, _wants_json(recording))
    if differences:
        return f"another kind: {differences[0]}"
    if new.reasons != old.reasons and not _may_differ(recording, old.reasons, new.reasons):
        return f"another kind: finish reason {_listed(new)}, not {_listed(old)}"
    return ""


def _differences(old: Kind, new: Kind, wants_json: bool) -> list[str]:
    found = {
        "a stream": new.streamed and not old.streamed,
        "no stream": old.streamed and not new.streamed,
        "a tool call": bool(new.arguments) and not old.arguments,
        "no tool call": bool(old.arguments) and not new.arguments,
        "fewer tool calls": 0 < len(new.arguments) < len(old.arguments),
        "arguments that are no JSON": _all_json(old.arguments) and not _all_json(new.arguments),
        "arguments that are JSON": not _all_json(old.arguments) and _all_json(new.arguments),
        "no text": bool(old.text.strip()) and not new.text.strip(),
        "text that is no JSON": wants_json and _is_json(old.text) and not _is_json(new.text),
        "text that is JSON": wants_json and not _is_json(old.text) and _is_json(new.text),
        "no log probabilities": old.logprobs and not new.logprobs,
        f"no thinking {old.thinking}": bool(old.thinking) and new.thinking != old.thinking,
        "no count of thinking tokens": old.counts_thinking and not new.counts_thinking,
        "nothing filtered": old.filtered and not new.filtered,
        "something filtered": new.filtered and not old.filtered,
    }
    return [what for what, differs in found.items() if differs]


def _may_differ(recording: Recording, old: frozenset[str], new: frozenset[str]) -> bool:
    """Whether the lesson does not depend on how the answer ends."""
    body = recording.request.body if isinstance(recording.request.body, dict) else {}
    depends_on = {"stop"} if body.get("stop") else set()
    depends_on |= {"length"} if any(body.get(limit) for limit in _LIMITS) else set()
    either = {"stop", "length"}
    free = recording.capture != SAME_REASON and not old & depends_on
    return free and bool(old) and bool(new) and old <= either and new <= either


def _wants_json(recording: Recording) -> bool:
    body = recording.request.body if isinstance(recording.request.body, dict) else {}
    wanted = body.get("response_format") or (body.get("text") or {}).get("format") or {}
    return isinstance(wanted, dict) and wanted.get("type", "text") != "text"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _all_json(texts: Sequence[str]) -> bool:
    return all(map(_is_json, texts))


def _listed(kind: Kind) -> str:
    return " and ".join(sorted(kind.reasons)) or "(none)"
