"""Exercises of notebook 06, Handle the content filter."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from ..replay import Answer
from ..situations import (
    NotYet,
    Situation,
    answering,
    call,
    in_other_words,
    recorded,
    require,
    require_one_request,
    require_raised,
    require_text,
    value_of,
    what_is_raised,
)

_QUESTION = [{"role": "user", "content": "A question"}]
_BLOCKED = {
    "cut by the filter": "whose finish_reason is `content_filter`",
    "cut without a category": "whose finish_reason is `content_filter`, without a category",
    "blocked late": "in which a category blocks after `stop`",
    "blocked at once": "that is blocked before its first word",
}


def exercise_1(page: Callable[[Any], str]) -> str:
    """`page(stream)` shows a whole answer, marks a cut one, and takes back a blocked one."""
    whole = _page(page, "whole", "that is whole")
    expected = "Yes, on a lead. The Wega has a bowl of water on deck."
    require(
        whole == expected,
        f"A whole answer stays as it is: {expected!r}. You return {whole!r:.60}.",
    )
    shortened = _page(page, "cut off", "that is cut for length")
    require(
        shortened.startswith("Rostock, Gedser"),
        f"Keep the text of an answer that is cut for length. You return {shortened!r:.60}.",
    )
    require(
        shortened.endswith(("[…]", "[...]")),
        "An answer whose reason is `length` is not whole. Put […] behind its text.",
    )
    for name, description in _BLOCKED.items():
        shown = _page(page, name, description)
        require(shown, f"With an answer {description}, the page is empty. Show SORRY.")
        require(
            not any(words in shown for words in ("landed", "Möwe")),
            f"With an answer {description}, its text is still on the page. Show SORRY.",
        )
        require(
            shown.strip("[]. …"),
            f"With an answer {description}, the page has no words. Show SORRY.",
        )
        leaks = [category for category in _CATEGORIES if category in shown.lower()]
        require(
            not leaks,
            f"With an answer {description}, the page names `{' '.join(leaks)}`. Show SORRY.",
        )
    return "Right: a page shows whole answers, marks half ones, and takes back what was blocked."


_CATEGORIES = ("violence", "custom_blocklists", "content_filter")  # which block in _BLOCKED


_RESULTS = "content_filter_results"
_WITHOUT_CATEGORY = {
    "exercise 1, cut without a category": "exercise 1, cut by the filter",
    "exercise 3, cut without a category": "exercise 3, cut stream",
}


def _situation(name: str) -> tuple[Answer, ...]:
    """The answers of a situation. Some models name no category: they are recorded with one."""
    if name not in _WITHOUT_CATEGORY:
        return recorded(name)
    (answer,) = recorded(_WITHOUT_CATEGORY[name])
    events = [
        {**event, "choices": [{**choice, _RESULTS: {}} for choice in event["choices"]]}
        if isinstance(event, dict)
        else event
        for event in answer.events or ()
    ]
    return (replace(answer, events=events),)


def _page(page: Callable[[Any], str], name: str, description: str) -> str:
    """What the page shows in one situation, without space at its ends."""
    with answering(*_situation(f"exercise 1, {name}")) as situation:
        shown = value_of(page, _stream(situation), when=f"With an answer {description}")
    require(
        isinstance(shown, str), f"Return what the page shows, a string. You return {shown!r:.40}."
    )
    return shown.strip()


_NOTICED: dict[str, tuple[set[str], str]] = {
    "all safe": (set(), "An empty block list is no find."),
    "low severity, known text": (
        {"violence", "protected_material_text"},
        "It passed, with a severity of low, and with a text that is `detected`.",
    ),
    "text and picture": (
        {"hate"},
        "Its prompt has two verdicts, under the key `content_filter_result`.",
    ),
    "block list as a list": (
        {"custom_blocklists"},
        "`custom_blocklists` may be a list of what matched.",
    ),
    "block list as a dict": (
        {"custom_blocklists"},
        "`custom_blocklists` may be a dict with `filtered`.",
    ),
    "filter out of order": (set(), "An entry `error` is no category: the filter could not run."),
    "no verdict at all": (set(), "Some models send no verdict: return an empty list."),
}


def exercise_2(noticed: Callable[[Any], Any]) -> str:
    """`noticed(response)` names what is more than safe, whatever the form of the verdict."""
    for name, (expected, remedy) in _NOTICED.items():
        label = f"For the answer “{name}”"  # its recording's name
        with answering(*recorded(f"exercise 2, {name}")) as situation:
            response = call(situation.client.complete, messages=_QUESTION).value
            try:
                names = value_of(noticed, response, when=label)
            except NotYet as problem:
                raise NotYet(f"{problem}. {remedy}") from None
        names = _as_set(names, label)
        require(
            names == expected,
            f"{label}, return {_listed(expected)}. You return {_listed(names)}. {remedy}",
        )
    return "Right: seven verdicts in six forms, and nothing that the filter noticed is missed."


def _as_set(names: Any, label: str) -> set[str]:
    """The names, whatever holds them: a list, a tuple, a set, the keys of a dict.

    Not an iterator: `if noticed(response)` is true for each, even for one without a name.
    """
    if isinstance(names, str) or not isinstance(names, Collection):
        raise NotYet(f"{label}, return a list of names. You return {names!r:.40}.")
    unique = value_of(set, names, when=label)
    require(
        all(isinstance(name, str) for name in unique),
        f"{label}, return the names of categories, strings.",
    )
    return unique


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "an empty list"


_ANSWER = "At 12:30, from quay 2."
_TEXT = "Where can Ylva shoot the lighthouse?"
_SECRET = "ylva"  # in the prompt and in no answer: it shows where a prompt leaks
_REPLIES: dict[str, tuple[str, str]] = {
    "refused with a category": ("violence", "a blocked prompt"),
    "refused without a category": ("", "a blocked prompt without a category"),
    "empty answer": ("violence", "an answer that is blocked before its first word"),
    "cut stream": ("violence", "a stream that the filter cuts"),
    "cut without a category": ("", "a stream that the filter cuts without a category"),
    "blocked late": ("custom_blocklists", "a stream in which a category blocks after `stop`"),
}


def exercise_3(reply: Callable[[Any, str], Any]) -> str:
    """`reply(client, text)`: words for the visitor, a line for the log; other errors are raised."""
    words, line = _reply(reply, "answered", "a good answer")
    require(
        _ANSWER in words,
        f"After a good answer, the visitor reads it: {_ANSWER!r}. You return {words!r:.60}.",
    )
    for name, (category, label) in _REPLIES.items():
        words, line = _reply(reply, name, label)
        _require_words(words, category, label)
        require(
            line.strip() not in ("", "None"),
            f"For {label}, the log is empty. Say which gate blocked it.",
        )
        count = len(line.strip().splitlines())
        require(count == 1, f"For {label}, the log gets {count} lines. Write one.")
        require(category in line, f"For {label}, name `{category}` in the log: {line:.60}")
    with answering(*in_other_words(recorded("exercise 3, unknown model"))) as situation:
        require_raised(
            call(reply, situation.client, _TEXT),
            400,
            "When the model is unknown, raise the service's own error: it is not the filter's.",
        )
    return "Right: the visitor knows what to do, the log knows why, and keeps no secrets."


def _reply(reply: Callable[[Any, str], Any], name: str, label: str) -> tuple[str, str]:
    """The visitor's words and the log's line. Nothing of the prompt may be logged or printed."""
    with answering(*_situation(f"exercise 3, {name}")) as situation:
        result = call(reply, situation.client, _TEXT)
    if situation.sent or result.error is None:
        _require_request(situation)
    if result.error is not None:
        raise NotYet(f"For {label}, {_what_is_raised(result.error)}")
    if name == "answered":
        require_one_request(situation)
    try:
        words, line = result.value
    except (TypeError, ValueError):
        returned = f"For {label}, you return {result.value!r:.40}."
        raise NotYet(f"Return two things, `words, line`. {returned}") from None
    require(
        isinstance(words, str),
        f"For {label}, the visitor's words are no string, but {words!r:.40}.",
    )
    line = "" if line is None else str(line)
    require(
        _SECRET not in f"{line} {result.printed}".lower(),
        f"For {label}, you log or print what the visitor wrote. Leave it out.",
    )
    return words, line


def _what_is_raised(error: BaseException) -> str:
    """What is wrong with an error that gets out of a learner's function."""
    if getattr(getattr(error, "error", None), "code", None) == "content_filter":
        return "the filter's 400 gets out of your function. Catch it, and look at its code."
    return what_is_raised(error)


def _require_request(situation: Situation) -> None:
    require_text(situation, _TEXT)
    require(situation.bodies[-1].get("stream") is True, "Ask for a stream: `stream=True`.")


def _require_words(words: str, category: str, label: str) -> None:
    require(words.strip(), f"For {label}, the visitor reads nothing. Say what to do next.")
    require(
        not any(text in words for text in ("landed", "Möwe")),
        f"For {label}, the visitor still reads the blocked text. Say something else.",
    )
    leaks = [name for name in (category, "content_filter") if name and name in words.lower()]
    require(not leaks, f"For {label}, `{' '.join(leaks)}` belongs in the log alone.")


def _stream(situation: Situation) -> Any:
    """A stream of the old SDK, unread."""
    return call(situation.client.complete, messages=_QUESTION, stream=True).value
