"""Which captured answer may take a recording's place: one of the same kind.

The words may differ, the lesson may not. So status and form are the same (a stream or not, a tool
call or not, JSON where JSON was asked for), an error has the same code, and what was filtered is
filtered. The finish reason is the same too, with one exception: a model that writes until its limit
(`length`) may answer in the place of `stop`. A lesson depends on `stop` where the request sets
`stop`, or where the recording says so.

A recording says what capturing may do with it in the optional key `capture`:
`same reason`: not even `length` in the place of `stop`; `never`: its lesson is this very answer.
"""

import json
from collections.abc import Sequence

from helpers.replay import Answer, Recording

from .kinds import Kind, kind_of_answer

NEVER, SAME_REASON = "never", "same reason"


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
    differences = _differences(old, new, _wants_json(recording))
    if differences:
        return f"another kind: {differences[0]}"
    if new.reasons != old.reasons and not (_may_be_cut_short(recording, old) and new.reasons):
        return f"another kind: finish reason {_listed(new)}, not {_listed(old)}"
    if not new.reasons <= old.reasons | {"length"}:
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
        "no log probabilities": old.logprobs and not new.logprobs,
        "nothing filtered": old.filtered and not new.filtered,
        "something filtered": new.filtered and not old.filtered,
    }
    return [what for what, differs in found.items() if differs]


def _may_be_cut_short(recording: Recording, old: Kind) -> bool:
    body = recording.request.body
    sets_stop = isinstance(body, dict) and bool(body.get("stop"))
    return old.reasons == {"stop"} and not sets_stop and recording.capture != SAME_REASON


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
