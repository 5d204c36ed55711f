"""Draw when the pieces of answers arrived, as SVG. Its text keeps its size at any width."""

import base64
import math
from collections.abc import Sequence
from html import escape

from .answers import printable, printable_xml
from .output import GROUND, INK, RIM, SOFT_INK, WIDTH

WAITING, READING, MARK = "#cbd5e1", "#bfdbfe", "#1d4ed8"

# Places across are percentages of the width, so that a phone and a wide page show the same.
_LEFT, _SPAN = 5, 88  # where second 0 is, and how far from it the last second is
_TICKS = 5  # at most, so that they can be read at 300 pixels
_UNITS = 1000  # of a bar: marks in the same unit are drawn once

# Places down are pixels.
_TOP, _LINE, _BAR, _GAP, _FOOT = 66, 17, 22, 26, 30


def timeline(bars: Sequence[tuple[str, Sequence[float]]], pace: str) -> dict[str, str]:
    """Bars on one time axis: grey until an answer's first piece, then coloured, a mark a piece.

    Args:
        bars: for each answer a name ("" for none) and the seconds to each of its pieces, one at
            least.
        pace: what the times are worth: "measured" or "simulated pace".

    Returns:
        The drawing as `image/svg+xml`; the same as `text/html`, an image with its alt text
        (JupyterLab gives an SVG none, and hides it in a notebook that it does not trust); and its
        values as `text/plain`.
    """
    end = max(0, *(max(arrivals) for _, arrivals in bars)) or 1
    drawn, facts, y = [], [], _TOP
    for name, arrivals in bars:
        ordered = sorted(max(at, 0) for at in arrivals)
        said = _facts(ordered)
        facts.append(f"{name}{': ' if name else ''}{', '.join(said)}")
        for number, line in enumerate([name, *said] if name else said):
            drawn.append(_text("16", y, line, weight="normal" if number else "bold"))
            y += _LINE
        drawn.append(_bar(ordered, end, y - 8))
        y += _BAR + _GAP - 8
    axis = y - _GAP + 4
    alt = f"Timeline ({pace}): {'; '.join(facts)}."
    inside = "".join([*_frame(pace, alt), *drawn, *_axis(end, axis)])
    height = axis + _FOOT
    fluid = base64.b64encode(_svg("100%", height, inside).encode()).decode()
    page = (
        f'<img alt="{escape(printable_xml(alt))}" width="100%" height="{height}" '
        f'style="width:100%;max-width:{WIDTH}px;height:{height}px" '
        f'src="data:image/svg+xml;base64,{fluid}">'
    )
    return {
        "image/svg+xml": _svg(f"{WIDTH}", height, inside),
        "text/html": page,
        "text/plain": printable(alt),
    }


def _svg(width: str, height: int, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">{inside}</svg>'
    )


def _facts(arrivals: Sequence[float]) -> list[str]:
    """When the first piece arrived and how the others followed, in lines that fit 250 pixels."""
    first, last, others = arrivals[0], arrivals[-1], len(arrivals) - 1
    if not others:
        return [f"complete after {first:.2f} s"]
    speed = f", {others / (last - first):.0f} a second" if last > first else ""
    return [f"first piece after {first:.2f} s", f"{others} more until {last:.2f} s{speed}"]


def _frame(pace: str, alt: str) -> list[str]:
    """Title, description, ground, rim and legend."""
    title = "When each piece arrived"
    return [
        f"<title>{title}</title><desc>{escape(printable_xml(alt))}</desc>",
        f'<rect x=".5" y=".5" width="100%" height="100%" rx="6" fill="{GROUND}" stroke="{RIM}" '
        'style="width:calc(100% - 1px);height:calc(100% - 1px)"/>',
        _text("16", 22, title, weight="bold"),
        f'<rect x="16" y="31" width="12" height="10" fill="{WAITING}" stroke="{RIM}"/>',
        _text("32", 40, "waiting"),
        f'<rect x="86" y="31" width="12" height="10" fill="{READING}" stroke="{RIM}"/>',
        f'<path d="M92 31v10" stroke="{MARK}" stroke-width="2"/>',
        _text("102", 40, "reading"),
        _text("158", 40, pace),
    ]


def _bar(arrivals: Sequence[float], end: float, y: int) -> str:
    """One answer's bar, drawn in units of its own, which stretch with the page."""
    units = [round(_UNITS * at / end) for at in arrivals]
    first, last = units[0], units[-1]
    marks = "".join(f"M{unit} 0v{_BAR}" for unit in dict.fromkeys(units))
    return (
        f'<svg x="{_LEFT}%" y="{y}" width="{_SPAN}%" height="{_BAR}" overflow="visible" '
        f'viewBox="0 0 {_UNITS} {_BAR}" preserveAspectRatio="none">'
        f'<rect width="{first}" height="{_BAR}" fill="{WAITING}"/>'
        f'<rect x="{first}" width="{last - first}" height="{_BAR}" fill="{READING}"/>'
        f'<path d="{marks}" stroke="{MARK}" stroke-width="2" vector-effect="non-scaling-stroke"/>'
        "</svg>"
    )


def _axis(end: float, y: int) -> list[str]:
    """The axis, with its seconds at round numbers."""
    step = _round_step(end / _TICKS)
    seconds = [number * step for number in range(math.floor(end / step + 1e-9) + 1)]
    line = f'<line x1="{_LEFT}%" x2="{_LEFT + _SPAN}%" y1="{y}" y2="{y}" stroke="{SOFT_INK}"/>'
    places = [f"{_LEFT + _SPAN * at / end:.2f}%" for at in seconds]
    labels = [
        _text(place, y + 16, f"{at:.10g} s", anchor="middle")
        for place, at in zip(places, seconds, strict=True)
    ]
    return [line, *labels]


def _round_step(least: float) -> float:
    """The smallest number that is 1, 2 or 5 times a power of ten and at least `least`."""
    power = math.floor(math.log10(least))
    steps = (float(f"{factor}e{power}") for factor in (1, 2, 5, 10))
    return next(step for step in steps if step >= least * (1 - 1e-9))


def _text(x: str, y: int, words: str, weight: str = "normal", anchor: str = "start") -> str:
    return (
        f'<text x="{x}" y="{y}" font-weight="{weight}" text-anchor="{anchor}">'
        f"{escape(printable_xml(words))}</text>"
    )
