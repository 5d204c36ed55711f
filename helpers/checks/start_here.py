"""The exercise of notebook 00, Make your first call."""

import re
from collections.abc import Callable
from typing import Any

from ..situations import answering, recorded, require, require_one_request, texts, value_of


def exercise_1(greet: Callable[[Any, str], str]) -> str:
    """`greet(client, name)` asks the model to greet a traveller, and returns the greeting."""
    for name, other in (("Ada", "Bo"), ("Bo", "Ada")):
        answers = recorded(f"exercise 1, {name}")
        expected = answers[0].body["choices"][0]["message"]["content"]
        with answering(*answers) as situation:
            greeting = value_of(greet, situation.client, name, when=f"For {name}")
        require(situation.sent, "Your function sends no request. Call client.complete in it.")
        asked = texts(situation.bodies[-1], "system", "developer", "user").strip()
        require(
            asked, "Your request has no message with a question: messages=[UserMessage(question)]."
        )
        require(
            _names(name, asked),
            f"The question is {asked!r}. Put the name in it: {{name}} in an f-string.",
        )
        require(
            not _names(other, asked),
            f"For {name}, the question is {asked!r}. Greet the traveller whose name is given.",
        )
        require(
            greeting is not None, "Your function returns nothing. Return the text of the answer."
        )
        require(
            isinstance(greeting, str),
            f"Your function returns a {type(greeting).__name__}. "
            "Return its text: response.choices[0].message.content.",
        )
        require_one_request(situation)
        require(greeting.strip() == expected, "Return the text of the answer, and nothing else.")
    return "Right: the model greets each traveller by name."


def _names(name: str, text: str) -> bool:
    """Whether a text has this name, as a word of its own."""
    return bool(re.search(rf"\b{name}\b", text, re.IGNORECASE))
