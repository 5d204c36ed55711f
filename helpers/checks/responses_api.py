"""Exercises of notebook 11, Use the Responses API."""

from collections.abc import Callable, Mapping
from typing import Any

from ..situations import (
    NotYet,
    Situation,
    answering,
    call,
    recorded,
    require,
    require_one_request,
    require_raised,
    require_text,
    value_of,
)

_ENDINGS = {
    "whole": "At quay 2, behind the crane.",
    "cut off": "Go along quay 2 until [max_output_tokens]",
    "thinking cut off": "[max_output_tokens]",
    "held back": "Ask the [content_filter]",
    "failed": "[failed]",
}
_WHEN = {
    "whole": "When the answer is whole",
    "cut off": "When the answer is cut off",
    "thinking cut off": "When the thinking takes all tokens",
    "held back": "When the content filter stops the answer",
    "failed": "When the answer failed",
}


def exercise_1(careful_ask: Callable[[Any, str], Any]) -> str:
    """`careful_ask(client, text)` returns the text, and why it is not whole."""
    for name, expected in _ENDINGS.items():
        when = _WHEN[name]
        with answering(*recorded(f"exercise 1, {name}")) as situation:
            try:
                answer = value_of(careful_ask, situation.openai, "A question", when=when)
            except NotYet:
                _require_responses(situation)
                raise
        require(situation.sent, "Send a request with the client that your function is given.")
        _require_responses(situation)
        require_text(situation, "A question")
        if name == "whole":  # who is cut off may ask again, with more room
            require_one_request(situation)
        require(isinstance(answer, str), f"{when}, return a string.")
        require(
            " ".join(answer.split()) == expected,
            f"{when}, return {expected!r}. You return {answer[:60]!r}.",
        )
    with answering(*recorded("a wrong model")) as situation:
        require_raised(
            call(careful_ask, situation.openai, "A question"),
            404,
            "When the service refuses the request, let its error through: `[failed]` is for an "
            "answer whose status is `failed`.",
        )
    return "Right: whole, cut off, held back or failed, your reader knows it."


def _require_responses(situation: Situation) -> None:
    """Raise NotYet where a request went anywhere else."""
    require(
        all(request.path.endswith("/responses") for request in situation.sent),
        "Ask the Responses API: client.responses.create.",
    )


_TALK = {
    "Where is the bus stop?": "At the lighthouse.",
    "When does the bus leave?": "At 9:05.",
    "Who drives it?": "Bo does.",
}


def exercise_2(talk: Callable[[Any, list[str]], Any]) -> str:
    """`talk(client, questions)` carries a conversation along, and has nothing stored."""
    names = ("first", "second", "third")
    answers = [answer for name in names for answer in recorded(f"exercise 2, {name}")]
    with answering(*answers) as situation:
        questions = list(_TALK)
        said = value_of(talk, situation.openai, questions, when="With three questions")
        bodies = situation.bodies
    require(bodies, "Send a request with the client that your function is given.")
    require(
        len(bodies) == len(_TALK),
        f"Send one request for each of the {len(_TALK)} questions. You send {len(bodies)}.",
    )
    for body in bodies:
        require(body.get("store") is False, "The service stores your answers: set store to False.")
        require(
            not body.get("previous_response_id"),
            "An answer that is not stored has no id to go on from: send the items instead.",
        )
        require(
            "reasoning.encrypted_content" in _list(body.get("include")),
            "The model gets no thinking back: include reasoning.encrypted_content, in a list.",
        )
    wanted: list[tuple[str, str]] = []
    for number, (question, body) in enumerate(zip(_TALK, bodies, strict=True), start=1):
        wanted.append(("user", question))
        _require_items(_items(body.get("input")), wanted, number)
        wanted += _items(answers[number - 1].body["output"])
    require(isinstance(said, list | tuple), "Return the answers, a list of strings.")
    require(list(said) == list(_TALK.values()), f"Return the answers: {list(_TALK.values())}.")
    require(
        questions == list(_TALK),
        "Your function changes the list of questions that it is given. Loop over it instead.",
    )
    return "Right: one conversation, with the thinking, and none of it is kept."


def _require_items(
    found: list[tuple[str, str]], wanted: list[tuple[str, str]], number: int
) -> None:
    """The items of request `number` are those that are wanted, in their order."""
    for kind, content in wanted:
        label = "the reasoning item before an answer" if kind == "reasoning" else repr(content)
        require(
            (kind, content) in found,
            f"Request {number} lacks {label}. Send each question and all items of each answer.",
        )
    kinds = ", ".join(kind for kind, _ in wanted)
    require(found == wanted, f"Request {number} needs these items, in this order: {kinds}.")


def _items(value: Any) -> list[tuple[str, str]]:
    """The kind and the content of each item of an `input` or an `output`.

    A job for the model, from a developer or the system, may be among them.
    """
    found = []
    items = [{"role": "user", "content": value}] if isinstance(value, str) else value
    for item in map(_mapping, _list(items)):
        content = item.get("content")
        if item.get("role") in ("developer", "system"):
            continue
        if item.get("type") == "reasoning":
            found.append(("reasoning", str(item.get("encrypted_content"))))
        elif isinstance(content, list):
            texts = [str(_mapping(part).get("text") or "") for part in content]
            found.append((str(item.get("role")), "".join(texts)))
        else:
            found.append((str(item.get("role")), str(content)))
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
