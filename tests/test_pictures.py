"""The drawn pictures: each comes from its source, and everybody can read it."""

import hashlib
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from notebooks import NOTEBOOKS, ROOT

IMAGES = NOTEBOOKS / "images"
SOURCES = IMAGES / "sources"
DRAWS = ROOT / "tests" / "tools" / "pictures"
SHARED = "_course"
NAMES = sorted(source.stem for source in SOURCES.glob("*.d2") if source.stem != SHARED)
SVG = "{http://www.w3.org/2000/svg}"
GROUND, RIM = "#fbfcfd", "#9fb0c0"
WIDEST_PICTURE = 727  # of which a text of 20 units is 11 pixels high on a phone
MOST_BYTES = 60_000
LEAST_CONTRAST = 4.5  # WCAG 2, level AA, text
every_picture = pytest.mark.parametrize("name", NAMES)


class Shape(NamedTuple):
    """A shape with a colour, and where it is, in units."""

    fill: str
    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.top <= y <= self.bottom


class Words(NamedTuple):
    """A line of text, or several, around a point."""

    says: str
    colour: str
    size: float
    x: float
    y: float


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def source_of(name: str) -> str:
    return text_of(SOURCES / f"{name}.d2")


def svg_of(name: str) -> bytes:
    return (IMAGES / f"{name}.svg").read_bytes()


def child(root: ElementTree.Element, tag: str) -> ElementTree.Element:
    """The first element of this name within `root`; a test fails where there is none."""
    found = root.find(f"{SVG}{tag}")
    assert found is not None, f"no <{tag}>"
    return found


def words_of_source(name: str) -> tuple[str, str]:
    """The title and the alt text with which a source begins."""
    lines = [line.removeprefix("#") for line in source_of(name).split("\n\n")[0].splitlines()]
    title, alt = " ".join(" ".join(lines).split()).removeprefix("title: ").split(" alt: ")
    return title, alt


def drawn_from(name: str) -> str:
    """The hash of all that a picture is drawn from."""
    files = [DRAWS / "draw.mjs", DRAWS / "package-lock.json", SOURCES / f"{SHARED}.d2"]
    files += sorted((SOURCES / "icons").iterdir())
    parts = [text_of(file) for file in [*files, SOURCES / f"{name}.d2"]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours (#rrggbb), from 1 to 21, as WCAG 2 defines it."""

    def linear(level: float) -> float:
        return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4

    def luminance(colour: str) -> float:
        red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def shape_of(element: ElementTree.Element) -> Shape | None:
    """A rectangle, ellipse or closed path that has a colour; None for anything else."""
    fill = element.get("fill", "")
    if not fill.startswith("#"):
        return None
    if element.tag == f"{SVG}rect":
        x, y, wide, high = (float(element.attrib[key]) for key in ("x", "y", "width", "height"))
        return Shape(fill, x, y, x + wide, y + high)
    if element.tag == f"{SVG}ellipse":
        x, y, rx, ry = (float(element.attrib[key]) for key in ("cx", "cy", "rx", "ry"))
        return Shape(fill, x - rx, y - ry, x + rx, y + ry)
    if element.tag == f"{SVG}path":
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", element.attrib["d"])]
        across, down = numbers[::2], numbers[1::2]
        return Shape(fill, min(across), min(down), max(across), max(down))
    return None


def words_of(element: ElementTree.Element) -> Words:
    """A text of a picture. Its `y` is the middle of the first line."""
    size = re.search(r"font-size:(\d+)px", element.attrib["style"])
    assert size, element.attrib
    x, base = float(element.attrib["x"]), float(element.attrib["y"])
    says = " ".join(element.itertext()).strip()
    return Words(says, element.attrib["fill"], float(size[1]), x, base - float(size[1]) * 0.35)


@cache
def drawn(name: str) -> list[Shape | Words]:
    """The coloured shapes and the texts of a picture, from the lowest to the highest."""
    found: list[Shape | Words] = []
    # What markers and masks hold is drawn elsewhere, or not at all.
    picture = child(ElementTree.fromstring(svg_of(name)), "svg")
    for group in picture:
        if group.tag in (f"{SVG}mask", f"{SVG}style", f"{SVG}defs"):
            continue
        for element in group.iter():
            if element.tag == f"{SVG}text":
                found.append(words_of(element))
            elif shape := shape_of(element):
                found.append(shape)
    ground = shape_of(child(picture, "rect"))
    return [*([ground] if ground else []), *found]


def texts(name: str) -> list[Words]:
    return [item for item in drawn(name) if isinstance(item, Words)]


def test_each_picture_has_a_source_and_each_source_a_picture():
    assert len(NAMES) >= 13
    assert {path.stem for path in IMAGES.glob("*.svg")} == set(NAMES)


def test_each_picture_is_shown_on_a_page():
    pages = [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("*.md"), ROOT / "README.md"]
    shown = "".join(page.read_text("utf-8") for page in pages)
    assert [path.name for path in IMAGES.glob("*.*") if f"images/{path.name}" not in shown] == []


@every_picture
def test_it_is_drawn_from_its_source(name):
    found = ElementTree.fromstring(svg_of(name)).get("data-drawn-from")
    assert found == drawn_from(name), "draw it again with: make pictures"


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("node") or not (DRAWS / "node_modules" / ".ready").exists(),
    reason="D2 is not installed: make pictures installs it, where there is Node.js",
)
def test_drawing_again_gives_the_same_bytes(tmp_path):
    command = ["node", str(DRAWS / "draw.mjs")]
    subprocess.run(command, check=True, env={**os.environ, "PICTURES_TO": str(tmp_path)})
    assert {path.stem for path in tmp_path.iterdir()} == set(NAMES)
    assert all((tmp_path / f"{name}.svg").read_bytes() == svg_of(name) for name in NAMES)


@every_picture
def test_it_says_what_it_shows(name):
    root = ElementTree.fromstring(svg_of(name))
    title, description = child(root, "title"), child(root, "desc")
    assert (title.text, description.text) == words_of_source(name)
    assert 60 <= len(description.text or "") <= 330, "an alt text is a few sentences"
    assert root.get("role") == "img"
    assert root.attrib["aria-labelledby"].split() == [title.get("id"), description.get("id")]


def test_ids_are_unique_so_that_pictures_can_share_a_page():
    svgs = "".join(svg_of(name).decode() for name in NAMES)
    ids = re.findall(r'\bid="([^"]+)"', svgs)
    assert len(ids) == len(set(ids)) >= 2 * len(NAMES)


@every_picture
def test_it_needs_nothing_from_elsewhere_and_runs_nothing(name):
    svg = svg_of(name).decode()
    assert len(svg_of(name)) < MOST_BYTES
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg).iter()}
    shapes = {"rect", "ellipse", "path", "polygon", "g", "text", "tspan", "image"}
    around = {"svg", "title", "desc", "style", "marker", "mask", "defs", "pattern"}
    assert tags <= shapes | around
    assert not re.search(r"@import|\bon\w+=", svg)
    addresses = re.findall(r"href=\"([^\"]+)|url\(\"?([^\")]+)", svg)
    assert all(re.match("#|data:(image/svg|application/font)", a or b) for a, b in addresses)
    assert set(re.findall(r"https?://[^\s\"<]+", svg)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


@every_picture
def test_it_brings_its_fonts_and_names_others(name):
    fonts = re.findall(r"\n\tfont-family: (.+);", svg_of(name).decode())
    used = [font for font in fonts if font.startswith('"')]
    assert used
    assert all(re.fullmatch(r'"d2-\d+-font-\S+", (sans-serif|monospace)', font) for font in used)


@every_picture
def test_it_has_a_ground_and_a_rim_of_its_own(name):
    ground = child(child(ElementTree.fromstring(svg_of(name)), "svg"), "rect")
    assert (ground.get("fill"), ground.get("stroke")) == (GROUND, RIM)


@every_picture
def test_its_text_is_large_and_stands_out(name):
    width = float(ElementTree.fromstring(svg_of(name)).attrib["width"])
    assert width <= WIDEST_PICTURE
    assert texts(name)
    for at, item in enumerate(drawn(name)):
        if isinstance(item, Words):
            assert item.size * 400 / width >= 11, item
            below = [shape for shape in drawn(name)[:at] if isinstance(shape, Shape)]
            ground = [shape.fill for shape in below if shape.holds(item.x, item.y)][-1]
            assert contrast(item.colour, ground) >= LEAST_CONTRAST, (item, ground)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_bars_are_as_long_as_their_shares_and_sum_up():
    shapes = [item for item in drawn("04_probabilities") if isinstance(item, Shape)]
    bars = [shape for shape in shapes if shape.fill == "#d7eaf8"]
    axes = sorted({shape.right for shape in shapes if shape.fill == "#17212b"})
    sums = dict.fromkeys(axes, 0)
    for label in [text for text in texts("04_probabilities") if text.says.endswith(" %")]:
        share = int(label.says.removesuffix(" %"))
        axis = max(axis for axis in axes if axis < label.x)
        lengths = [bar.right - bar.left for bar in bars if bar.holds(axis, label.y)]
        assert lengths == ([share] if share else []), label
        sums[axis] += share
    assert list(sums.values()) == [100, 100, 100]


def test_the_time_axis_and_what_is_on_it_agree():
    # In 02_stream, 68 units are one second.
    ticks = {text.says: text.x for text in texts("02_stream") if text.says in ("0", "2", "4", "6")}
    zero = ticks["0"]
    assert {says: (x - zero) / 68 for says, x in ticks.items()} == {
        says: int(says) for says in ticks
    }
    bars = [
        s for s in drawn("02_stream") if isinstance(s, Shape) and s.fill in ("#e2e7ea", "#d7eaf8")
    ]
    seconds = [((bar.left - zero) / 68, (bar.right - zero) / 68) for bar in bars]
    assert seconds == [(0, 4), (4, 7), (0, 0.5), (0.5, 4.5)]
