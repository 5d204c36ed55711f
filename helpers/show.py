"""Look at answers: text, tokens and time. What stands here shows; nothing here calls a service."""

import base64
import html
import textwrap
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

from .replay import session


def show(response) -> None:
    """Print an answer's text, why it ended and its tokens. What an answer lacks is said, not raised.

    Args:
        response: what `client.complete` returned, or the same JSON as a dict.
    """
    choices = response.get("choices") if hasattr(response, "get") else None
    if not choices:
        print(f"(This {type(response).__name__} has no choices, so it is no finished answer. Read a stream in a loop.)")
        return
    message, reason = choices[0].get("message"), choices[0].get("finish_reason")
    if message is None:
        print('(This answer has no message. Look at response.choices[0].get("content_filter_results").)')
    else:
        for line in (message.get("content") or "(The message has no text.)").splitlines():
            print(textwrap.fill(line, 100))
    print(f"[{getattr(reason, 'value', reason)} · {tokens(response.get('usage'))}]")


def tokens(usage: Mapping | None) -> str:
    """An answer's `usage` in words: `19 prompt + 72 completion = 91 tokens`."""
    if not usage:
        return "no usage in this answer"
    return f"{usage['prompt_tokens']} prompt + {usage['completion_tokens']} completion = {usage['total_tokens']} tokens"


def timeline(arrivals: Sequence[float], pieces: Sequence[str]) -> None:
    """Draw when each piece of a stream arrived, and say when the first came and how fast the others followed.

    Args:
        arrivals: seconds from the request to each piece, by `clock()`.
        pieces: the pieces' texts, as many.

    Raises:
        ValueError: there is nothing to draw, or the two differ in length.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not arrivals or len(arrivals) != len(pieces):
        raise ValueError(f"timeline needs a time for each piece; it got {len(arrivals)} and {len(pieces)}.")
    first, last = arrivals[0], arrivals[-1]
    speed = (len(arrivals) - 1) / (last - first) if last > first else 0
    pace = "simulated pace" if session().recordings else "measured"
    facts = f"first token after {first:.2f} s, then {speed:.0f} pieces a second"
    ink, soft, blue, orange = "#1f2937", "#4b5563", "#1d4ed8", "#c2410c"
    scale, top, bottom = 2, 124, 208
    image = Image.new("RGB", (760 * scale, 146 * scale), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(12 * scale)
    x = lambda seconds: 48 + (image.width - 96) * seconds / (last or 1)  # noqa: E731
    draw.text((48, 16), f"When each piece arrived ({pace})", ink, ImageFont.load_default(14 * scale))
    draw.line([x(0), bottom, x(last), bottom], soft, scale)
    for at in arrivals:
        draw.line([x(at), top, x(at), bottom], blue, scale)
    draw.line([x(first), top - 44, x(first), bottom], orange, 2 * scale)
    draw.text((x(first) + 12, top - 48), facts, orange, font)
    step = next(s for s in (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 600) if last / s <= 12)
    for number in range(int(last / step) + 1):
        draw.line([x(number * step), bottom, x(number * step), bottom + 10], soft, scale)
        draw.text((x(number * step), bottom + 18), f"{number * step:g} s", soft, font, "ma")
    alt = f"Timeline ({pace}) of {len(pieces)} pieces: {facts}; the last after {last:.2f} s."
    show_picture(image, alt, image.width // scale)


def show_picture(image, alt: str, width: int | None = None) -> None:
    """Show a Pillow image, with the description that stands in for it where pictures cannot be seen.

    Args:
        image: the picture.
        alt: what it shows.
        width: in pixels of the page; the picture's own if not given.
    """
    from IPython.display import display

    file = BytesIO()
    image.save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt, "width": width or image.width}}, raw=True)


def playground(ask: Callable[..., str], **choices: Sequence):
    """A form over a function: choose values, press Ask, read the answer.

    In replay it offers the given choices, which are what is recorded; live, any text can be typed.

    Args:
        ask: takes a keyword for each control and returns the text to show.
        choices: for each control, the values to offer.
    """
    import ipywidgets as widgets

    class Playground(widgets.VBox):
        def __repr__(self):  # what stands on a page that has no running kernel
            return f"A form: {', '.join(choices)}, and a button Ask. Run this cell to use it."

    controls = {}
    for name, values in choices.items():
        typed = session().recordings is None and isinstance(values[0], str)
        control = (widgets.Combobox if typed else widgets.Dropdown)(options=list(values), value=values[0])
        control.description, control.layout.width = name, "min(46em, 100%)"
        controls[name] = control
    button = widgets.Button(description="Ask", button_style="primary", tooltip="Send the request")
    answer = widgets.HTML()

    def clicked(_=None):
        button.disabled = True
        try:
            text = ask(**{name: control.value for name, control in controls.items()})
        except Exception as error:  # a form has nowhere to show a traceback: the message takes the answer's place
            text = f"{type(error).__name__}: {error}"
        answer.value = f'<div style="white-space:pre-wrap;line-height:1.5">{html.escape(text)}</div>'
        button.disabled = False

    button.on_click(clicked)
    return Playground([*controls.values(), button, answer])
