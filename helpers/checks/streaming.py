"""Exercises of notebook 02, Stream an answer."""

from collections.abc import Callable
from typing import Any

from ..replay.session import FIRST_EVENT, NEXT_EVENT
from ..situations import NotYet, Situation, answering, call, recorded, require, value_of

_FIRST = "The harbour master sleeps until six."


def exercise_1(first_sentence: Callable[[Any], str]) -> str:
    """`first_sentence(stream)` returns the first sentence and leaves the rest unread."""
    for label, description, expected in (
        ("first model", "of the first model", _FIRST),
        ("second model", "of the second model", _FIRST),
        ("no full stop", "without a full stop", "Wega, Möwe, Anna"),
    ):
        name = f"exercise 1, {label}"
        events = recorded(name)[0].events or ()
        with answering(*recorded(name)) as situation:
            text = value_of(
                first_sentence, _stream(situation), when=f"With the stream {description}"
            )
            read = (situation.clock - FIRST_EVENT) // NEXT_EVENT + 1
        require(isinstance(text, str), f"Return the sentence, a string. You return {text!r:.40}.")
        require("None" not in text, "There is a None in your text: an update may have no content.")
        if label == "no full stop":
            require(
                text.strip() == expected,
                "A stream may end without a full stop: then return all of it.",
            )
            continue
        require(
            text.strip().startswith(expected),
            f"The first sentence is {expected!r}. You return {text!r:.60}.",
        )
        require(
            text.strip() == expected,
            "Return the first sentence alone: stop at its full stop, wherever it is in a piece.",
        )
        require(
            read < len(events) / 2,
            f"You read {read} of {len(events)} events. Leave the loop after the sentence; "
            "`with stream:` closes it.",
        )
    return "Right: one sentence read, the rest left, in both dialects."


def exercise_2(read: Callable[[Any], Any]) -> str:
    """`read(stream)` returns the text and whether it is whole, whatever the end of the stream."""
    for name, expected, is_whole in (
        ("exercise 2, whole", "We do, in the blue cupboard.", True),
        ("exercise 2, cut off", "Rostock, Gedser, Trelleborg, Swinoujscie, Klaip", False),
        ("exercise 2, broken", "It was handed in at", False),
        ("exercise 2, no reason", "It is.", False),
    ):
        label = name.partition(", ")[2]
        with answering(*recorded(name)) as situation:
            result = value_of(
                read, _stream(situation), when=f"With a stream that ends {_ENDS[label]}"
            )
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise NotYet(f"Return two things, `text, whole`. You return {result!r:.40}.")
        text, whole = result
        require(isinstance(text, str), "The first of the two is the text, a string.")
        require(
            text.strip() == expected,
            f"With a stream that ends {_ENDS[label]}, the text is {expected!r}. "
            f"You return {text!r:.60}.",
        )
        require(
            bool(whole) is is_whole,
            f"A stream that ends {_ENDS[label]} is {'' if is_whole else 'not '}whole."
            + (" The update after it has no reason: keep the one that came." if is_whole else ""),
        )
    return "Right: the text is always kept, and whole means whole."


_ENDS = {
    "whole": "with `stop`",
    "cut off": "with `length`",
    "broken": "because the connection breaks",
    "no reason": "without a finish_reason",
}


def _stream(situation: Situation) -> Any:
    """A stream of the old SDK, unread."""
    from azure.ai.inference.models import UserMessage

    opened = call(situation.client.complete, messages=[UserMessage("A question")], stream=True)
    return opened.value
