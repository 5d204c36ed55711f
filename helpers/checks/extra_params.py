"""Exercises of notebook 04, Set parameters."""

from collections.abc import Callable
from typing import Any

from ..situations import (
    answering,
    recorded,
    require,
    require_one_request,
    require_text,
    value_of,
)


def exercise_1(one_word: Callable[[Any, str], str]) -> str:
    """`one_word(client, text)` asks at temperature 0 for five tokens, and wants a whole word."""
    text = "Name a harbour. One word."
    with answering(*recorded("exercise 1")) as situation:
        answer = value_of(one_word, situation.client, text, when="For a question")
    require_text(situation, text)
    for body in situation.bodies:
        _require_settings(body)
    require_one_request(situation)
    require(answer is not None, "Your function returns nothing. Return the text of the answer.")
    require(isinstance(answer, str) and answer.strip() == "Gedser", "Return the answer's text.")
    for name, reason in (("cut off", "length"), ("held back", "content_filter")):
        when = f"When the answer is {name}"
        with answering(*recorded(f"exercise 1, {name}")) as situation:
            answer = value_of(one_word, situation.client, text, when=when)
        require(
            answer == "",
            f"{when}, its finish_reason is `{reason}`: return an empty string. "
            f"You return {answer!r:.40}.",
        )
    return "Right: short, as steady as it can be, and never half a word."


def _require_settings(body: dict[str, Any]) -> None:
    """A request for at most five tokens, at temperature 0."""
    require("temperature" in body, "Set the temperature: 0 is the steadiest.")
    temperature = body["temperature"]
    require(
        temperature == 0 and temperature is not False,
        f"The temperature is {temperature!r}. The number 0 is steadiest.",
    )
    limit: Any = body.get("max_tokens", body.get("max_completion_tokens"))
    require(limit is not None, "Set max_tokens, or the answer may be of any length.")
    is_number = isinstance(limit, int) and not isinstance(limit, bool)
    require(is_number, f"The limit is {limit!r}. Set a whole number of tokens.")
    require(0 < limit <= 5, f"The limit is {limit} tokens. Five at most were asked for.")


_CASES = (
    ("one token", 0.8, "ferry"),
    ("one token", 0.9, "ferry"),
    ("two tokens", 0.8, "flight"),
    ("two tokens", 0.92, "ask a person"),
    ("sure of the first token alone", 0.8, "ask a person"),
    ("another label", 0.8, "ask a person"),
    ("no log probabilities", 0.8, "ask a person"),
)
_SAID = {"sure of the first token alone": "a second token in doubt"}
_NEXT = {
    "one token": "exp turns a log probability into a probability: -0.05 is 95 %.",
    "two tokens": "add the log probabilities of all tokens of the label: 93 % times 98 % is 91 %.",
    "sure of the first token alone": "the first token has 99 %, the second 52 %: take both.",
    "another label": "only ferry and flight are labels here.",
    "no log probabilities": "where nobody says how sure it is, a person looks.",
}


def exercise_2(ferry_or_flight: Callable[[Any, float], str]) -> str:
    """`ferry_or_flight(response, limit)` returns a label that is sure enough, or asks a person."""
    for label, limit, expected in _CASES:
        with answering(*recorded(f"exercise 2, {label}")) as situation:
            message = {"role": "user", "content": "Sort this."}
            response = situation.client.complete(messages=[message])
        when = f"With {_SAID.get(label, label)} and limit {limit}"
        result = value_of(ferry_or_flight, response, limit, when=when)
        require(
            isinstance(result, str), f"{when}, return {expected!r}, a string, not {result!r:.40}."
        )
        require(
            result == expected, f"{when}, return {expected!r}, not {result!r:.40}: {_NEXT[label]}"
        )
    return "Right: labels that are sure enough, and a person for the rest."
