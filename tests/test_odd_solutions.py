"""The folded solutions of 08, 10 and 11 on answers that servers really send.

Learners copy them, too: none raises an error of its own, and none shows a cut answer as whole.
"""

import contextlib
import io
from functools import cache
from typing import Any

import pytest
from learners_code import definitions

from helpers import connect
from helpers.replay import Answer
from helpers.situations import answering
from notebooks import NOTEBOOKS, read, solutions

THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "PONDER"}]}
PARTS = [THINKING, {"type": "text", "text": "Bo."}]


@cache
def solution(notebook: str, number: int) -> Any:
    """The function of an exercise's solution, with what the notebook defines around it."""
    source = solutions(read(NOTEBOOKS / f"{notebook}.ipynb"))[number - 1]
    quiet = contextlib.redirect_stdout(io.StringIO())
    with contextlib.chdir(NOTEBOOKS), quiet:
        connect.start(notebook)  # its constants read the environment
        try:
            space = definitions(notebook)
            before = set(space)
            exec(source.partition("check(")[0], space)
        finally:
            connect.end()
    return next(space[name] for name in space if name not in before)


def json_answer(body: dict) -> Answer:
    return Answer(200, {"content-type": "application/json"}, body)


def completion(*choices: dict) -> Answer:
    return json_answer({"id": "a", "object": "chat.completion", "choices": list(choices)})


def stream(*events: dict) -> Answer:
    headers = {"content-type": "text/event-stream"}
    return Answer(200, headers, events=[*events, "[DONE]"])


def choice(reason: str, **message: Any) -> dict:
    return {"index": 0, "finish_reason": reason, "message": {"role": "assistant", **message}}


def chunk(reason: str | None, **delta: Any) -> dict:
    return {"id": "a", "choices": [{"index": 0, "finish_reason": reason, "delta": delta}]}


WHOLE = [
    ("no choices", completion(), "[no answer]", ""),
    ("no message", completion({"index": 0, "finish_reason": "stop"}), "[stop]", ""),
    ("null", completion(choice("stop", content=None)), "[stop]", ""),
    ("a refusal", completion(choice("stop", content=None, refusal="I cannot.")), "[stop]", ""),
    ("filtered", completion(choice("content_filter", content="Bo")), "[content_filter] Bo", ""),
    ("cut off", completion(choice("length", content="Bo")), "[length] Bo", ""),
    ("parts", completion(choice("stop", content=PARTS)), None, "Bo."),
    ("open thought", completion(choice("stop", content="<think>PONDER")), None, ""),
]
STREAMS = [
    ("nothing", [], "[None]"),
    ("no choices", [{"id": "a", "choices": []}, chunk("stop", content="Bo.")], "Bo."),
    ("no delta", [{"choices": [{"index": 0}]}, chunk("stop", content="Bo.")], "Bo."),
    ("null", [chunk(None, content=None), chunk("stop", content="Bo.")], "Bo."),
    ("parts", [chunk(None, content=[THINKING]), chunk("stop", content="Bo.")], "Bo."),
    ("cut off", [chunk("length", content="Bo")], "Bo [length]"),
    ("filtered", [chunk("content_filter", content="Bo")], "Bo [content_filter]"),
    ("without an end", [chunk(None, content="Bo")], "Bo [None]"),
]


@pytest.mark.parametrize(
    "answer, expected", [(a, e) for _, a, e, _ in WHOLE], ids=[n for n, *_ in WHOLE]
)
def test_a_moved_function(answer, expected):
    moved = solution("08_move_a_program", 1)
    with answering(answer) as situation:
        value = moved(situation.openai, "Who?")
    assert value.strip() == expected if expected else value.startswith("[stop] ")


@pytest.mark.parametrize(
    "answer, expected", [(a, e) for _, a, _, e in WHOLE], ids=[n for n, *_ in WHOLE]
)
def test_a_patient_question(answer, expected):
    patient = solution("10_reasoning_models", 1)
    with answering(answer) as situation:
        assert patient(situation.client, "Who?") == expected


@pytest.mark.parametrize(
    "events, expected", [(a, e) for _, a, e in STREAMS], ids=[n for n, *_ in STREAMS]
)
def test_streams(events, expected):
    moved, spoken = solution("08_move_a_program", 2), solution("10_reasoning_models", 2)
    with answering(stream(*events)) as situation:
        one = moved(situation.openai, "Who?")
        old = situation.client.complete(messages=[{"role": "user", "content": "?"}], stream=True)
        other = spoken(old)
    assert one.strip() == other == expected


def response(status: str, *parts: dict, **more: Any) -> Answer:
    said = {"id": "m", "type": "message", "role": "assistant", "content": list(parts)}
    output = [said] if parts else []
    body = {"id": "r", "object": "response", "status": status, "output": output}
    return json_answer({**body, "incomplete_details": None, "error": None, **more})


TEXT = {"type": "output_text", "text": "Bo.", "annotations": []}
RESPONSES = [
    ("whole", response("completed", TEXT), "Bo."),
    ("no output", response("completed", output=None), "[completed]"),
    ("no text", response("completed"), "[completed]"),
    ("a refusal", response("completed", {"type": "refusal", "refusal": "No."}), "[completed]"),
    ("failed", response("failed", error={"code": "server_error", "message": "x"}), "[failed]"),
    *(
        (
            reason,
            response("incomplete", TEXT, incomplete_details={"reason": reason}),
            f"Bo. [{reason}]",
        )
        for reason in ("max_output_tokens", "content_filter")
    ),
]


@pytest.mark.parametrize(
    "answer, expected", [r[1:] for r in RESPONSES], ids=[r[0] for r in RESPONSES]
)
def test_responses(answer, expected):
    one, several = solution("11_responses_api", 1), solution("11_responses_api", 2)
    with answering(answer) as situation:
        assert one(situation.openai, "Who?") == expected
        assert several(situation.openai, ["Who?"]) == [expected]
