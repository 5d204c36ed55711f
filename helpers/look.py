"""Look at answers: text, tokens and time. What stands here shows; nothing here calls a service."""

import base64
import html
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

from .connect import is_live


def show(response) -> None:
    """Print an answer's text, why it ended and its tokens; what it lacks is said, not raised.

    `response` is what `client.complete` returned, or the same JSON as a dict.
    """
    choices = response.get("choices") if hasattr(response, "get") else None
    if not choices:
        print(f"(This {type(response).__name__} has no choices, so it is no finished answer. Read a stream in a loop.)")
        return
    message, reason = choices[0].get("message"), choices[0].get("finish_reason")
    no_message = '(This answer has no message. Look at response.choices[0].get("content_filter_results").)'
    text = no_message if message is None else message.get("content") or "(The message has no text.)"
    print("\n".join(textwrap.fill(line, 100) for line in text.splitlines()))
    print(f"[{getattr(reason, 'value', reason)} · {tokens(response.get('usage'))}]")


def tokens(usage: Mapping | None) -> str:
    """An answer's `usage` in words: `19 prompt + 72 completion = 91 tokens`."""
    counts = usage and (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"])
    return "{} prompt + {} completion = {} tokens".format(*counts) if counts else "no usage in this answer"


def timeline(arrivals: Sequence[float], pieces: Sequence[str]) -> None:
    """Draw when each piece of a stream arrived, and say when the first came and how fast the others followed.

    `arrivals` are seconds from the request to each of the `pieces`, by `clock()`. Raises ValueError if there are none,
    or not as many of the one as of the other.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not arrivals or len(arrivals) != len(pieces):
        raise ValueError(f"timeline needs a time for each piece; it got {len(arrivals)} and {len(pieces)}.")
    first, last = arrivals[0], arrivals[-1]
    speed = (len(arrivals) - 1) / (last - first) if last > first else 0
    pace = "simulated pace" if not is_live() else "measured"
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
        draw.text((x(number * step), bottom + 12), f"{number * step:g} s", soft, font, "ma")
    alt = f"Timeline ({pace}) of {len(pieces)} pieces: {facts}; the last after {last:.2f} s."
    show_picture(image, alt, image.width // scale)


def show_picture(image, alt: str, width: int | None = None) -> None:
    """Show a Pillow image, `width` pixels wide, with `alt`, which stands in for it where pictures cannot be seen."""
    from IPython.display import display

    file = BytesIO()
    image.save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode(), "text/plain": alt}
    display(data, metadata={"image/png": {"alt": alt, "width": width or image.width}}, raw=True)


def show_tokens(logprobs: Mapping | None) -> None:
    """Show the tokens in a choice's `logprobs`: each with its probability, and the less likely, the more colour."""
    from IPython.display import display

    entries = (logprobs or {}).get("content")
    if not entries:
        print("(This answer has no logprobs. Ask for them with model_extras, of a model that gives them.)")
        return
    likely = [(entry["token"], math.exp(entry["logprob"])) for entry in entries]
    style = "display:inline-block;padding:2px 5px;border-radius:3px;color:#111;text-align:center;background:rgba"
    boxes = (
        f'<span style="{style}(234,88,12,{0.6 * (1 - p):.2f})">{html.escape(token)}<br><small>{p:.0%}</small></span>'
        for token, p in likely
    )
    text = " ".join(f"{token.strip() or repr(token)} {p:.0%}" for token, p in likely)
    display({"text/html": f"<div>{' '.join(boxes)}</div>", "text/plain": text}, raw=True)


def show_filter(results: Mapping | None) -> None:
    """Print the content filter's verdict, `content_filter_results` or `content_filter_result`, a line a category."""
    if not results:
        print("(No content filter results here.)")
        return
    for name, result in {"category": {"severity": "severity", "filtered": "blocked"}, **results}.items():
        detected = {True: "detected", False: "not detected"}.get(result.get("detected"), "not judged")
        blocked = {True: "yes", False: "no", None: "no"}.get(result.get("filtered"), result.get("filtered"))
        print(f"{name:26}{result.get('severity') or detected:14}{blocked}")


def playground(ask: Callable[..., None], **choices: Sequence):
    """A form: choose a value of `choices` for each keyword of `ask` (live, type any text); Ask shows what it prints."""
    import ipywidgets as widgets

    class Playground(widgets.interactive):
        def __repr__(self):  # what stands on a page that has no running kernel
            return f"A form: {', '.join(choices)}, and a button Ask. Run this cell to use it."

    controls = {name: widgets.Dropdown(options=values) for name, values in choices.items()}
    for name, values in choices.items():
        if is_live() and isinstance(values[0], str):
            controls[name] = widgets.Combobox(options=values, value=values[0])
        controls[name].layout.width = "min(46em, 100%)"
    return Playground(ask, {"manual": True, "manual_name": "Ask"}, **controls)
