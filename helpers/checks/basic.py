"""Exercises of notebook 01, Ask a chat model."""

from collections.abc import Callable
from typing import Any

from ..situations import (
    NotYet,
    answering,
    call,
    in_other_words,
    recorded,
    require,
    require_one_request,
    require_text,
    value_of,
)


def exercise_1(careful_ask: Callable[[Any, str], str]) -> str:
    """`careful_ask(client, text)` marks an answer that was cut off, and survives an empty one."""
    whole = _answer(careful_ask, "exercise 1, whole")
    require(
        isinstance(whole, str),
        f"For a whole answer, return its text, a string. You return {whole!r:.40}.",
    )
    require(
        whole.strip() == "Platform 2, at 11:40",
        "Return a whole answer as it is, with nothing added.",
    )
    cut = _answer(careful_ask, "exercise 1, cut off")
    require(
        isinstance(cut, str) and cut.startswith("The lighthouse was built in 1862"),
        "Keep the text of an answer that is cut off: half an answer can still be of use.",
    )
    require(
        cut.rstrip().endswith(("[…]", "[...]")),
        "The second answer is cut off (`finish_reason` is `length`). Put […] behind its text.",
    )
    empty = _answer(careful_ask, "exercise 1, empty")
    require(
        isinstance(empty, str) and "None" not in empty and "…" not in empty,
        "The third answer is empty (its content is None), but not cut off. "
        "Return an empty string for it.",
    )
    return "Right: a whole answer, a cut one and an empty one can be told apart."


def _answer(careful_ask: Callable[[Any, str], str], name: str) -> Any:
    label = name.partition(", ")[2]
    with answering(*recorded(name)) as situation:
        answer = value_of(
            careful_ask, situation.client, "A question", when=f"When the answer is {label}"
        )
    require_text(situation, "A question")
    if label == "whole":  # who is cut off may ask again, with more room
        require_one_request(situation)
    return answer


_ERRORS = {
    "wrong key": "a wrong key",
    "unknown model": "an unknown model",
    "exercise 2, page of HTML": "a wrong address, answered with a page of HTML",
    "quota used up": "a rate limit",
    "exercise 2, filtered": "a filtered prompt",
    "exercise 2, unknown": "an error that nobody foresaw",
}


def exercise_2(one_line: Callable[[Exception], str]) -> str:
    """`one_line(error)` gives each of five errors a remedy of its own, on one line, and any other a
    general one.
    """
    _require_remedies(one_line, has_other_words=False)
    _require_remedies(one_line, has_other_words=True)
    return "Right: five errors, five remedies, and a line for all others."


def _require_remedies(one_line: Callable[[Exception], str], *, has_other_words: bool) -> None:
    """Each error has a remedy of its own, whatever words the service finds for it."""
    lines: dict[str, str] = {}
    codes: dict[str, str] = {}
    for name, label in _ERRORS.items():
        error = _error(name, has_other_words)
        line = value_of(one_line, error, when=f"For {label}")
        require(
            isinstance(line, str) and line.strip(),
            f"For {label}, return a line of text. You return {line!r:.40}.",
        )
        require(
            "\n" not in line.strip(),
            f"For {label}, return one line. It has {len(line.splitlines())}.",
        )
        codes[label] = str(error.error.code) if error.error else ""
        lines[label] = _remedy(line, codes[label], error.message)
    for label, line in lines.items():
        require(line, f"For {label}, you repeat the error. Say what to do about it.")
        same = [other for other, text in lines.items() if other != label and text == line]
        if same:
            has_codes = codes[label] and codes[same[0]]  # a page of HTML has none
            sign = "error.error.code" if has_codes else "error.status_code"
            why = "Where the service words its errors otherwise, you" if has_other_words else "You"
            raise NotYet(
                f"{why} say the same for {label} and for {same[0]}. Tell them apart by `{sign}`."
            )


def _error(name: str, has_other_words: bool) -> Any:
    """The SDK's error for a recorded refusal."""
    from azure.ai.inference.models import UserMessage

    answers = recorded(name)
    with answering(*(in_other_words(answers) if has_other_words else answers)) as situation:
        return call(situation.client.complete, messages=[UserMessage("A question")]).error


def _remedy(line: str, code: str, message: str) -> str:
    """A line without status, code and the service's words: two remedies must differ in words."""
    for repeated in (*message.splitlines(), code):
        line = line.replace(repeated, "")
    words = "".join(sign for sign in line if sign.isalpha() or sign == " ")
    return " ".join(words.lower().split())
