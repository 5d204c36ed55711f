"""Exercises of notebook 08, Move a program to OpenAI v1."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from ..situations import (
    Situation,
    answering,
    call,
    in_other_words,
    recorded,
    require,
    require_one_request,
    require_raised,
    require_text,
    texts,
    value_of,
)

_DESK = "You are the help desk of a harbour. Be brief."  # the notebook's
_QUESTION = "When does the fog lift?"
_KEYS = {"messages", "model", "max_tokens", "max_completion_tokens", "safe_prompt", "stream"}


def exercise_1(ask: Callable[[Any, str], str]) -> str:
    """`ask(client, text)` sends with `openai` what it sent before, and returns the same string."""
    for name, expected, advice in (
        ("whole", "[stop] At 6:10.", "Return the reason in brackets, a space, and the answer."),
        (
            "cut off",
            "[length] Tides follow the moon, which",
            "Return the reason that the answer gives, not always the same.",
        ),
        (
            "held back",
            "[content_filter]",
            "Where the content is None, return the reason alone: "
            "the old function put an empty string behind it.",
        ),
    ):
        when = f"When the answer is {name}"
        with answering(*recorded(f"exercise 1, {name}")) as situation, _new_messages():
            value = value_of(ask, situation.openai, _QUESTION, when=when)
            _require_new_sdk(situation)
            _require_body(situation.bodies[-1])
            require_one_request(situation)
        require(isinstance(value, str), f"{when}, return a string.")
        require(value.strip() == expected, f"{advice} You return {value!r:.80}.")
    return "Right: the same request and the same string, from the new client."


@contextmanager
def _new_messages() -> Iterator[None]:
    """Raise NotYet where the old SDK's classes make a message: `openai` would send it all the same,
    until that SDK is uninstalled.
    """
    from azure.ai.inference.models import ChatRequestMessage

    made: list[str] = []
    make = ChatRequestMessage.__init__

    def note(message: ChatRequestMessage, *arguments: Any, **options: Any) -> None:
        made.append(type(message).__name__)
        make(message, *arguments, **options)

    with patch.object(ChatRequestMessage, "__init__", note):
        yield
    require(
        not made,
        f"{made[-1] if made else ''} is a class of the old SDK. Write the message as a dict, "
        "with `role` and `content`.",
    )


def _require_new_sdk(situation: Situation) -> None:
    require(situation.sent, "Send a request with the client that your function is given.")
    require(
        all(request.attempt is not None for request in situation.sent),
        "Send the request with the client that your function is given, an OpenAI.",
    )


def _require_body(body: dict[str, Any]) -> None:
    """Raise NotYet where the body lacks something that the old function sent."""
    messages = body.get("messages")
    messages = messages if isinstance(messages, list) else []
    roles = [message.get("role") for message in messages if isinstance(message, dict)]
    require(
        roles == ["system", "user"] and len(messages) == len(roles),
        "Send two messages, each a dict with `role` and `content`: the system message, then the "
        "user's.",
    )
    require(
        texts(body, "system") == _DESK and texts(body, "user") == _QUESTION,
        "Send the text of the desk, `DESK`, and the text that your function is given.",
    )
    limit = body.get("max_tokens", body.get("max_completion_tokens"))
    require(limit == 60, "Keep the limit of 60 tokens: `max_tokens=60`.")
    require(
        body.get("safe_prompt") is True,
        "`safe_prompt` is missing in the body: `extra_body` adds what `create` has no name for.",
    )
    require(isinstance(body.get("model"), str), "Name the model in the call.")
    added = ", ".join(sorted(set(body) - _KEYS))
    require(not added, f"Send the same body: the old function sends no {added}. Leave it out.")


def exercise_2(listen: Callable[[Any, str], str]) -> str:
    """`listen(client, text)` survives every chunk, says what is cut off, and knows the filter."""
    for name, expected in (
        ("streamed", "Bo is on watch."),
        ("no delta", "Bo is on watch until four."),
        ("cut off", "Bo and Ada [length]"),
        ("held back", "[held back]"),
    ):
        label = {
            "streamed": "In a stream of Azure",
            "no delta": "In a stream with a late filter",
            "cut off": "In a stream that is cut off",
            "held back": "When the prompt is held back",
        }[name]
        with answering(*recorded(f"exercise 2, {name}")) as situation, _new_messages():
            value = value_of(listen, situation.openai, _QUESTION, when=label)
            _require_new_sdk(situation)
        require_text(situation, _QUESTION)
        if name != "held back":
            require(situation.bodies[-1].get("stream") is True, "Ask for a stream: `stream=True`.")
        require(
            isinstance(value, str) and value.strip() == expected,
            f"{label}, return {expected!r}. You return {value!r:.80}.",
        )
    for name, status in (("busy", 429), ("a page", 502), ("unknown model", 400)):
        with answering(*in_other_words(recorded(f"exercise 2, {name}"))) as situation:
            require_raised(
                call(listen, situation.openai, _QUESTION),
                status,
                f"A status of {status} whose code is not `content_filter` is not the filter: raise "
                "the error of `openai` again.",
            )
    return "Right: every chunk is read, the filter is told apart, and other errors go on."
