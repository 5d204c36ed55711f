"""Draw tokens in a row, each with its probability, as HTML."""

import math
from html import escape
from typing import Any

from .answers import as_dict, as_list, plain_data, printable_xml
from .output import CARD, INK, RIM

CERTAIN, UNLIKELY = (0xFF, 0xFF, 0xFF), (0xFD, 0xBA, 0x74)  # the grounds of tokens, by probability
BAR, BAR_GROUND = "#1d4ed8", "#e2e8f0"
_SIGNS = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥"})  # blanks are part of a token: they show


def token_row(logprobs: Any) -> dict[str, str] | None:
    """Each token over its probability, which is a number, a bar, and the colour of the ground.

    Args:
        logprobs: a choice's `logprobs`, as object or dict, or None; or an answer, a choice, or a
            list of tokens.

    Returns:
        The row as `text/html` and as `text/plain`; None if there are no tokens.
    """
    found = plain_data(logprobs)
    if isinstance(found, dict) and as_list(found.get("choices")):
        found = found["choices"][0]
    if isinstance(found, dict):
        found = found.get("logprobs", found)
    data = {"content": found} if isinstance(found, list) else as_dict(found)
    entries = as_list(data.get("content")) or as_list(data.get("refusal"))
    likely = [
        (printable_xml(str(entry["token"])), _probability(entry.get("logprob")))
        for entry in map(as_dict, entries)
        if entry.get("token") is not None
    ]
    if not likely:
        return None
    label = f"{len(likely)} tokens, each with its probability"
    boxes = " ".join(_box(token, probability) for token, probability in likely)
    text = " ".join(f"{token.strip() or repr(token)} {_percent(p)}" for token, p in likely)
    return {
        "text/html": f'<div role="group" aria-label="{label}" style="{CARD}">{boxes}</div>',
        "text/plain": text,
    }


def _probability(logprob: Any) -> float | None:
    """None if there is no log probability."""
    is_number = isinstance(logprob, int | float) and not math.isnan(logprob)
    return math.exp(min(logprob, 0)) if is_number else None


def _percent(probability: float | None) -> str:
    return "?" if probability is None else f"{probability:.0%}"


def ground(probability: float) -> str:
    """The colour behind a token: the less likely, the more orange."""
    channels = (
        round(unlikely + probability * (certain - unlikely))
        for certain, unlikely in zip(CERTAIN, UNLIKELY, strict=True)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _box(token: str, probability: float | None) -> str:
    width = f"{100 * (probability or 0):.0f}%"
    colour = ground(1 if probability is None else probability)
    return (
        f'<span style="display:inline-block;margin:2px 0;padding:2px 6px;border:1px solid {RIM};'
        f'border-radius:4px;background:{colour};color:{INK};text-align:center">'
        f"<b>{escape(token.translate(_SIGNS)) or '(empty)'}</b><br>{_percent(probability)}"
        f'<span style="display:block;height:4px;background:{BAR_GROUND}">'
        f'<span style="display:block;height:4px;width:{width};background:{BAR}"></span>'
        "</span></span>"
    )
