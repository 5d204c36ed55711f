"""Look at answers: text, tokens, time, filter results, pictures. Nothing here calls a service."""

import base64
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from .connect import is_live, without_keys
from .display.answers import text_of
from .display.filter_table import filter_table
from .display.output import COLUMNS, display_output
from .display.timeline_svg import timeline as draw_timeline
from .display.token_row import token_row
from .display.words import paragraphs, tokens

if TYPE_CHECKING:
    from ipywidgets import interactive
    from PIL.Image import Image

__all__ = [
    "playground",
    "show",
    "show_filter",
    "show_picture",
    "show_tokens",
    "text_of",
    "timeline",
    "tokens",
]


def show(response: Any) -> None:
    """Print an answer's text, why it ended and its tokens. What it lacks is said, not raised.

    Args:
        response: what a client of any library returned, or the same JSON as a dict: a chat
            completion, an answer of the Responses API, one update of a stream. A string is
            printed as it is. Of anything else, `show` says what it is and what to do with it.
    """
    for paragraph in paragraphs(response):
        for line in without_keys(paragraph).splitlines():
            print(textwrap.fill(line, COLUMNS))


def timeline(
    arrivals: Sequence[float],
    pieces: Sequence[str],
    compare: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Draw when each piece of a stream arrived, and how long you waited for the first.

    Args:
        arrivals: seconds from the request to each of the `pieces`, by `clock()`.
        pieces: the pieces' texts.
        compare: other answers to draw above it on the same time axis: for each a name, and the
            seconds to each of its pieces, such as `{"whole answer": [2.31]}`.

    Raises:
        ValueError: there is no piece, not a time for each, or a time that is no number.
    """
    times, texts = _seconds(arrivals, "arrivals"), _items(pieces)
    if texts is None:
        raise ValueError("timeline needs the list of pieces, not their text.")
    if not times or len(times) != len(texts):
        counts = f"it got {len(times)} and {len(texts)}"
        raise ValueError(f"timeline needs a time for each piece; {counts}.")
    if not isinstance(compare, Mapping | None):
        example = 'such as {"whole answer": [2.31]}'
        raise ValueError(f"timeline compares with a dict of names and seconds, {example}.")
    others = [(str(name), _seconds(at, name)) for name, at in (compare or {}).items()]
    if empty := [name for name, seconds in others if not seconds]:
        raise ValueError(f"timeline needs a time for each piece; it got none for {empty[0]}.")
    bars = [*others, ("streamed" if others else "", times)]
    data = draw_timeline(bars, "measured" if is_live() else "simulated pace")
    alt = {"alt": data["text/plain"]}
    display_output(data, {"image/svg+xml": alt, "text/html": alt})


def _items(values: Any) -> list[Any] | None:
    """The values of a list or of anything like one; None of a single value, such as a string."""
    if isinstance(values, Mapping):
        return list(values.items())
    return None if isinstance(values, str) or not hasattr(values, "__iter__") else list(values)


def _seconds(times: Any, name: Any) -> list[float]:
    """Times as numbers. Raises ValueError, which says what to give in their place."""
    items = _items(times)
    try:
        seconds = [math.nan] if items is None else [float(item) for item in items]
    except (TypeError, ValueError):
        seconds = [math.nan]
    if not all(map(math.isfinite, seconds)):
        raise ValueError(f"timeline needs a list of seconds for {name}, such as [0.4, 0.42].")
    return seconds


def show_tokens(logprobs: Any) -> None:
    """Show the tokens in a choice's `logprobs`, each with its probability.

    Args:
        logprobs: `choice["logprobs"]`, or `choice.logprobs` of `openai`, or what holds it. None
            has a sentence of its own.
    """
    data = token_row(logprobs)
    if data is None:
        print("(This answer has no logprobs. Ask for them, of a model that returns them.)")
    else:
        display_output(data)


def show_filter(results: Any) -> None:
    """Show what the content filter found, as a table: category, severity, blocked.

    Args:
        results: a choice's `content_filter_results`, a refusal's `content_filter_result`, or an
            answer's `prompt_filter_results`. None has a sentence of its own.
    """
    data = filter_table(results)
    if data is None:
        print("(No content filter results here.)")
    else:
        display_output(data)


def show_picture(image: "Image", alt: str, width: int | None = None) -> None:
    """Show a Pillow image.

    Args:
        image: the picture.
        alt: the words that replace it where pictures cannot be seen.
        width: pixels; None for the picture's own width.

    Raises:
        ValueError: `image` is no picture, or `alt` no words.
    """
    if not (callable(getattr(image, "save", None)) and callable(getattr(image, "convert", None))):
        kind = type(image).__name__
        raise ValueError(f"show_picture needs a picture, such as Image.open(path), not a {kind}.")
    if not isinstance(alt, str):
        raise ValueError('show_picture needs words for alt, such as "A ferry at the quay."')
    file = BytesIO()
    try:
        image.save(file, "PNG")
    except OSError:  # PNG has no such colours, as print has them
        image.convert("RGB").save(file := BytesIO(), "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": alt}
    display_output(data, {"image/png": {"alt": alt, "width": width or image.width}})


def playground(ask: Callable[..., None], **choices: Sequence[Any]) -> "interactive":
    """A form: choose a value for each keyword of `ask`, press Ask, and see what it prints.

    Args:
        ask: prints an answer; its keywords are the names of `choices`.
        choices: the values to choose from. Live, you may type any other string.

    Raises:
        ValueError: a keyword has no values, or `ask` does not take the keywords.
    """
    import ipywidgets as widgets

    options: dict[str, list[Any]] = {}
    for name, given in choices.items():
        options[name] = _items(given) or []
        if not options[name]:
            raise ValueError(
                f"playground needs a list with at least one value for {name}, "
                f'such as {name}=["one", "two"].'
            )
    if not callable(ask) or inspect.iscoroutinefunction(ask):
        raise ValueError("playground needs a function that prints an answer, without async.")
    try:
        inspect.signature(ask).bind(**choices)
    except TypeError as error:
        raise ValueError(f"playground needs a value for each keyword of ask: {error}.") from None

    def asked(**chosen: Any) -> None:  # of `ask`, ipywidgets would want a name, and show defaults
        ask(**chosen)

    class Playground(widgets.interactive):
        def __repr__(self) -> str:  # what a page without a running kernel shows
            return f"A form: {', '.join(choices)}, and a button Ask. Run this cell to use it."

    controls = {}
    for name, values in options.items():
        if is_live() and all(isinstance(value, str) for value in values):
            controls[name] = widgets.Combobox(options=values, value=values[0])
        else:
            controls[name] = widgets.Dropdown(options=values)
        controls[name].layout.width = "min(46em, 100%)"
    return Playground(asked, {"manual": True, "manual_name": "Ask"}, **controls)
