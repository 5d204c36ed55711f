"""Exercises of notebook 10, Ask a reasoning model."""

from collections.abc import Callable
from typing import Any

from ..situations import (
    NotYet,
    answering,
    call,
    recorded,
    require,
    require_raised,
    texts,
    value_of,
)

_LIMITS = [200, 400, 800, 1600]
_WHOLE, _CUT, _HALF, _LAST, _BLOCKED = (
    f"exercise 1, {name}"
    for name in ("whole", "cut off", "thinking cut off", "in the end", "held back")
)


def exercise_1(patient_ask: Callable[[Any, str], str]) -> str:
    """`patient_ask(client, text)` doubles `max_completion_tokens` while an answer is cut off."""
    _patient(patient_ask, "the first answer is whole", [_WHOLE], "Five boats.")
    steps = [_CUT, _HALF, _LAST]
    _patient(patient_ask, "two answers are cut off", steps, "Five boats.")
    _patient(patient_ask, "every answer is cut off", [_CUT, _HALF, _CUT, _HALF], "")
    _patient(patient_ask, "the filter stops the second answer", [_CUT, _BLOCKED], "")
    with answering(*recorded("tide, max_tokens")) as situation:
        require_raised(
            call(patient_ask, situation.client, "A question"),
            400,
            "When the service refuses the request, let its error through: catch nothing, or raise "
            "it again.",
        )
    return "Right: an answer gets the room that its thinking needs, and no more than 1,600."


def _patient(
    patient_ask: Callable[[Any, str], str], when: str, names: list[str], expected: str
) -> None:
    answers = [answer for name in names for answer in recorded(name)]
    with answering(*answers) as situation:
        answer = value_of(patient_ask, situation.client, "A question", when=f"When {when}")
        bodies = situation.bodies
    require(bodies, "Send a request with the client that your function is given.")
    require(
        all("A question" in texts(body, "user") for body in bodies),
        "Send the text that your function is given each time, in a message whose role is `user`.",
    )
    limits = [body.get("max_completion_tokens") for body in bodies]
    wanted = _LIMITS[: len(names)]
    require(
        limits == wanted,
        f"When {when}, ask with max_completion_tokens of {_listed(wanted)}. "
        f"You ask with {_listed(limits)}.",
    )
    require(isinstance(answer, str), f"When {when}, return a string.")
    require("</think>" not in answer, "Return the answer without the thinking: split_thinking.")
    if not expected:
        require(
            not answer.strip(),
            f"When {when}, return an empty string: there is no whole answer.",
        )
    require(
        answer.strip() == expected,
        f"When {when}, return the answer: {expected!r}. You return {answer!r:.60}.",
    )


def _listed(limits: list[Any]) -> str:
    return ", ".join(repr(limit) for limit in limits)


_STREAMS = {
    "tags in pieces": "Bo is on watch.",
    "beside": "Bo is on watch.",
    "parts": "Bo is on watch.",
    "never done": "[length]",
}


def exercise_2(spoken: Callable[[Any], str]) -> str:
    """`spoken(stream)` returns the answer of a stream without its thinking, and why it is cut."""
    for name, expected in _STREAMS.items():
        when = f"For the stream “{name}”"
        with answering(*recorded(f"exercise 2, {name}")) as situation:
            stream = situation.client.complete(
                messages=[{"role": "user", "content": "Who is on watch?"}], stream=True
            )
            answer = value_of(spoken, stream, when=when)
        require(isinstance(answer, str), f"{when}, return the answer, a string.")
        if "PONDER" in answer or "think>" in answer:
            raise NotYet(f"{when}, your answer holds thinking: {answer[:40]!r}. Split it off.")
        require(
            "CompletionsFinishReason" not in answer,
            f"{when}, your answer holds {answer[-60:]!r}. The plain string is "
            '`choice.get("finish_reason")`.',
        )
        require(
            " ".join(answer.split()) == expected,
            f"{when}, return {expected!r}. You return {answer[:40]!r}.",
        )
    return "Right: four streams, no thought gets out, and what is cut says so."
