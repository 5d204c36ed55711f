"""Draw the course's pictures: notebooks/images/sources/NAME.yaml becomes notebooks/images/NAME.svg.

A source has a `title`, an `alt` text, a `size` in units, and under `draw` a list of shapes, drawn
in
that order. Each shape names one of the functions in SHAPES below, whose arguments are its keys.
The same source gives the same bytes on every system: nothing is measured on the machine that draws.

    python tests/tools/pictures.py                  draws all
    python tests/tools/pictures.py 05_tool_loop     draws one
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import yaml

IMAGES = Path(__file__).parents[2] / "notebooks" / "images"
SOURCES = IMAGES / "sources"

# A picture has a ground and a rim of its own, so that it looks the same on a light and a dark page.
GROUND, RIM = "#fbfcfd", "#9fb0c0"
# Of each tone, the first colour is for lines and text, the second for what lies under text.
TONES = {
    "ink": ("#17212b", "#e2e7ea"),
    "mist": ("#4a5866", "#f1f5f8"),
    "sea": ("#0a4f7d", "#d7eaf8"),
    "buoy": ("#9c2f0c", "#fde3d8"),
    "reed": ("#1d5c34", "#d9f0df"),
    "lamp": ("#6f4a00", "#ffefc4"),
}
FONT = "'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
MONO = "Consolas, Menlo, 'Liberation Mono', 'DejaVu Sans Mono', monospace"

# Lengths are in units; a picture of 720 units is shown 720 pixels wide where there is room.
WIDEST_PICTURE = 860
SMALLEST_TEXT = 20  # on a phone, where a picture is 400 pixels wide, this is 11 pixels
MARGIN = 12  # between text and the edge of the picture
PADDING = 8  # between text and the edge of its box
LINE = 1.3  # from one line of text to the next, in font sizes

# The width of characters in font sizes, in a wide font: text that fits here fits in most fonts.
WIDTHS = {
    **dict.fromkeys("ijl'IJ ,./:;\\|·’", 0.34),
    **dict.fromkeys("frt-()[]!", 0.42),
    **dict.fromkeys('csz?L"*_`“”–', 0.56),
    **dict.fromkeys("ABCDGHKNOQRUVXYZ&w#+<=>^~×", 0.8),
    **dict.fromkeys("MmW%@…→←", 1.0),
}
USUAL_WIDTH, MONO_WIDTH, BOLD_FACTOR = 0.64, 0.6, 1.1

LOOKS = ("filled", "white", "dashed", "dark", "rimless", "hatched")

Point = tuple[float, float]
Area = tuple[float, float, float, float]  # x, y, width, height
Lines = str | list[str]


class PictureError(ValueError):
    """A source that cannot be drawn, with what to change in it."""


def number(value: float) -> str:
    """A length as it stands in the SVG: at most one decimal, and none where it is whole."""
    return f"{round(value, 1):g}"


def spans(line: str) -> list[tuple[str, str]]:
    """Take a line apart at `code` and **bold**: (kind, text), kind being "", "code" or "bold"."""
    found = re.findall(r"`([^`]+)`|\*\*(.+?)\*\*|([^`*]+|[`*])", line)
    parts = []
    for code, bold, rest in found:
        kind = "code" if code else "bold" if bold else ""
        parts.append((kind, code or bold or rest))
    return parts


def width(line: str, size: float) -> float:
    """How wide a line of text is at most, in units, at a font size of `size` units."""
    total = 0.0
    for kind, text in spans(line):
        if kind == "code":
            total += len(text) * MONO_WIDTH
        else:
            factor = BOLD_FACTOR if kind == "bold" else 1
            total += factor * sum(WIDTHS.get(character, USUAL_WIDTH) for character in text)
    return total * size


def as_list(lines: Lines) -> list[str]:
    return [lines] if isinstance(lines, str) else lines


def text(
    at: Point,
    says: Lines,
    size: float = 22,
    tone: str = "ink",
    align: str = "middle",
    colour: str = "",
) -> str:
    """One or more lines of text. `at` is the middle of the first line's height; `align` says which
    part of the line `at[0]` is: start, middle or end. `colour` (#rrggbb) is for text on a dark box.

    Raises PictureError for text that is too small.
    """
    if size < SMALLEST_TEXT:
        raise PictureError(f"{says!r} has size {size}; the smallest is {SMALLEST_TEXT}")
    fill = colour or TONES[tone][0]
    svg = []
    for index, line in enumerate(as_list(says)):
        parts = []
        for kind, part in spans(line):
            style = {"code": f' font-family="{MONO}"', "bold": ' font-weight="700"', "": ""}[kind]
            words = escape(part)
            parts.append(f"<tspan{style}>{words}</tspan>" if style else words)
        x, y = number(at[0]), number(at[1] + size * (0.35 + LINE * index))
        svg.append(
            f'<text x="{x}" y="{y}" font-size="{number(size)}" text-anchor="{align}"'
            f' fill="{fill}" xml:space="preserve">{"".join(parts)}</text>'
        )
    return "\n".join(svg)


def box(
    area: Area,
    says: Lines = "",
    size: float = 22,
    tone: str = "ink",
    look: str = "filled",
    align: str = "middle",
    radius: float = 10,
) -> str:
    """A rectangle with lines of text in its middle.

    `look` is filled, white, dashed (white, with a dashed rim), dark (light text on the tone's dark
    colour), rimless, or hatched (slanting lines; for boxes without text).

    Raises PictureError for text that does not fit.
    """
    if look not in LOOKS:
        raise PictureError(f"no look is called {look!r}; there are {', '.join(LOOKS)}")
    x, y, wide, high = area
    dark, light = TONES[tone]
    fill = {"white": "#ffffff", "dashed": "#ffffff", "dark": dark}.get(look, light)
    rim = "" if look == "rimless" else f' stroke="{dark}" stroke-width="2"'
    if look == "dashed":
        rim += ' stroke-dasharray="8 6"'
    place = f'x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}"'
    svg = [f'<rect {place} rx="{number(radius)}" fill="{fill}"{rim}/>']
    if look == "hatched":
        svg.append(hatch(area, dark))
    lines = as_list(says) if says else []
    tall = len(lines) * size * LINE
    widest = max((width(line, size) for line in lines), default=0)
    if lines and (widest > wide - 2 * PADDING or tall > high):
        need = f"{number(widest + 2 * PADDING)} by {number(tall)}"
        raise PictureError(f"{says!r} needs a box of {need}, and has {wide} by {high}")
    if lines:
        text_x = {"start": x + PADDING + 6, "middle": x + wide / 2, "end": x + wide - PADDING - 6}
        first = y + high / 2 - (tall - size * LINE) / 2
        colour = "#ffffff" if look == "dark" else ""
        svg.append(text((text_x[align], first), lines, size, align=align, colour=colour))
    return "\n".join(svg)


def hatch(area: Area, colour: str, gap: float = 12) -> str:
    """Slanting lines across a rectangle."""
    x, y, wide, high = area
    strokes = []
    start = gap
    while start < wide + high:
        left, right = max(0, start - high), min(start, wide)
        strokes.append(f"M{number(x + left)} {number(y + start - left)}")
        strokes.append(f"L{number(x + right)} {number(y + start - right)}")
        start += gap
    return f'<path d="{"".join(strokes)}" stroke="{colour}" stroke-width="1.5" fill="none"/>'


def arrow(
    path: list[Point],
    tone: str = "ink",
    dashed: bool = False,
    ends: str = "end",
    thick: float = 3,
) -> str:
    """A line through the points of `path`; `ends` is end, both or none: where it has heads."""
    colour = TONES[tone][0]
    points = [(float(x), float(y)) for x, y in path]
    heads = []
    if ends in ("end", "both"):
        points[-1], head = shortened(points[-2], points[-1], thick)
        heads.append(head)
    if ends == "both":
        points[0], head = shortened(points[1], points[0], thick)
        heads.append(head)
    dash = ' stroke-dasharray="10 7"' if dashed else ""
    route = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    svg = [
        f'<polyline points="{route}" fill="none" stroke="{colour}" stroke-width="{number(thick)}"'
        f' stroke-linejoin="round"{dash}/>'
    ]
    svg += [f'<polygon points="{head}" fill="{colour}"/>' for head in heads]
    return "\n".join(svg)


def shortened(before: Point, tip: Point, thick: float) -> tuple[Point, str]:
    """Where a line ends that has a head at `tip`, and the head's three corners."""
    across, down = tip[0] - before[0], tip[1] - before[1]
    length = (across**2 + down**2) ** 0.5
    along = (across / length, down / length)
    long, half = 8 + 2.5 * thick, 4 + 1.5 * thick
    base = (tip[0] - along[0] * long, tip[1] - along[1] * long)
    side = (-along[1] * half, along[0] * half)
    corners = [tip, (base[0] + side[0], base[1] + side[1]), (base[0] - side[0], base[1] - side[1])]
    return base, " ".join(f"{number(x)},{number(y)}" for x, y in corners)


def step(at: Point, says: int, tone: str = "ink") -> str:
    """A number in a filled circle."""
    x, y = at
    circle = f'<circle cx="{number(x)}" cy="{number(y)}" r="18" fill="{TONES[tone][0]}"/>'
    return f"{circle}\n{text(at, f'**{says}**', 22, colour='#ffffff')}"


def strike(area: Area, tone: str = "buoy") -> str:
    """A cross over a rectangle."""
    x, y, wide, high = area
    first = f"M{number(x)} {number(y)}L{number(x + wide)} {number(y + high)}"
    second = f"M{number(x)} {number(y + high)}L{number(x + wide)} {number(y)}"
    stroke = f'stroke="{TONES[tone][0]}" stroke-width="4" stroke-linecap="round"'
    return f'<path d="{first}{second}" {stroke} fill="none"/>'


def bracket(span: tuple[float, float], y: float, depth: float = 14, tone: str = "ink") -> str:
    """A bracket under (depth > 0) or over (depth < 0) what reaches from span[0] to span[1]."""
    left, right = span
    path = f"M{number(left)} {number(y)}v{number(depth)}H{number(right)}v{number(-depth)}"
    return f'<path d="{path}" stroke="{TONES[tone][0]}" stroke-width="3" fill="none"/>'


# Drawn in a square of 100 units; {dark} and {light} are the tone's two colours.
ICONS = {
    "ferry": (
        '<path d="M4 62H96L84 86H18Z" fill="{dark}"/>'
        '<path d="M22 58V42H78V58Z" fill="{light}" stroke="{dark}"/>'
        '<path d="M54 38V18H68V38Z" fill="{dark}"/>'
        '<path d="M31 50h8M46 50h8M61 50h8" stroke="{dark}"/>'
        '<path d="M2 94q12 -8 24 0t24 0t24 0t24 0" fill="none" stroke="{dark}"/>'
    ),
    "lighthouse": (
        '<path d="M40 38H60L66 92H34Z" fill="{light}" stroke="{dark}"/>'
        '<path d="M38.5 52H61.5L63 66H37Z" fill="{dark}"/>'
        '<path d="M40 22H60V38H40Z" fill="#ffffff" stroke="{dark}"/>'
        '<path d="M36 22L50 8L64 22Z" fill="{dark}"/>'
        '<path d="M30 26L8 18M30 34L8 42M70 26L92 18M70 34L92 42" stroke="{dark}"/>'
        '<path d="M20 94H80" stroke="{dark}"/>'
    ),
    "person": (
        '<circle cx="50" cy="28" r="20" fill="{light}" stroke="{dark}"/>'
        '<path d="M12 94C12 44 88 44 88 94Z" fill="{light}" stroke="{dark}"/>'
    ),
    "cloud": (
        '<g fill="{light}" stroke="{dark}" stroke-linecap="round">'
        '<path d="M26 80C2 80 2 48 26 48C26 18 68 14 72 42C98 40 100 80 76 80Z"/>'
        '<path d="M26 48q7 0 11 4"/></g>'
    ),
    "pages": (
        '<path d="M30 8H88V76H30Z" fill="{light}" stroke="{dark}"/>'
        '<path d="M12 24H70V92H12Z" fill="#ffffff" stroke="{dark}"/>'
        '<path d="M22 42H60M22 56H60M22 70H48" stroke="{dark}"/>'
    ),
}


def icon(area: tuple[float, float, float], name: str, tone: str = "sea") -> str:
    """One of ICONS, at [x, y, width]."""
    x, y, wide = area
    dark, light = TONES[tone]
    line = number(2.5 * 100 / wide)
    drawn = ICONS[name].format(dark=dark, light=light)
    place = f"translate({number(x)} {number(y)}) scale({wide / 100:g})"
    return f'<g transform="{place}" stroke-width="{line}" stroke-linejoin="round">{drawn}</g>'


SHAPES: dict[str, Callable[..., str]] = {
    shape.__name__: shape for shape in (box, text, arrow, step, strike, bracket, icon)
}


def shape(item: dict) -> str:
    """Draw one item of a source's list: the first key names the shape, the others its arguments."""
    (name, first), *rest = item.items()
    if name not in SHAPES:
        raise PictureError(f"no shape is called {name!r}; there are {', '.join(SHAPES)}")
    return SHAPES[name](first, **dict(rest))


def check_text_is_inside(item: dict, wide: float, high: float) -> None:
    """Raise PictureError if a free text reaches over the picture's margin."""
    if "text" not in item:
        return
    (x, y), size, lines = item["text"], item.get("size", 22), as_list(item["says"])
    bottom = y + size * (LINE * (len(lines) - 1) + 0.5)
    if y - size / 2 < MARGIN or bottom > high - MARGIN:
        raise PictureError(f"{lines} reaches from {y - size / 2:.0f} down to {bottom:.0f}")
    for line in lines:
        length = width(line, size)
        left = x - {"start": 0, "middle": length / 2, "end": length}[item.get("align", "middle")]
        if left < MARGIN or left + length > wide - MARGIN:
            raise PictureError(f"{line!r} reaches from {left:.0f} to {left + length:.0f}")


def draw(source: str, name: str) -> str:
    """The SVG of a source.

    Args:
        source: the YAML text.
        name: the picture's name, which makes its ids unique on a page.

    Raises:
        PictureError: what is wrong with the source, and where.
    """
    picture = yaml.safe_load(source)
    wide, high = picture["size"]
    if wide > WIDEST_PICTURE:
        raise PictureError(f"{name} is {wide} units wide; {WIDEST_PICTURE} is the most")
    shapes = []
    for item in picture["draw"]:
        try:
            check_text_is_inside(item, wide, high)
            shapes.append(shape(item))
        except (PictureError, TypeError, KeyError) as error:
            raise PictureError(f"{name}, {next(iter(item))}: {error}") from error
    title, alt = picture["title"], " ".join(picture["alt"].split())
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}"'
        f' height="{high}" role="img" aria-labelledby={quoteattr(f"title-{name} desc-{name}")}'
        f' font-family="{FONT}">'
    )
    panel = (
        f'<rect x="1.5" y="1.5" width="{wide - 3}" height="{high - 3}" rx="16" fill="{GROUND}"'
        f' stroke="{RIM}" stroke-width="3"/>'
    )
    return "\n".join(
        [
            head,
            f"<title id={quoteattr(f'title-{name}')}>{escape(title)}</title>",
            f"<desc id={quoteattr(f'desc-{name}')}>{escape(alt)}</desc>",
            panel,
            *shapes,
            "</svg>\n",
        ]
    )


def main(names: list[str]) -> None:
    """Draw the pictures with these names, or all."""
    sources = [SOURCES / f"{name}.yaml" for name in names] or sorted(SOURCES.glob("*.yaml"))
    for source in sources:
        svg = draw(source.read_text("utf-8"), source.stem)
        (IMAGES / f"{source.stem}.svg").write_bytes(svg.encode("utf-8"))
        print(f"{source.stem}.svg  {len(svg.encode('utf-8')) / 1000:.1f} kB")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (PictureError, FileNotFoundError) as error:
        sys.exit(str(error))
