"""The drawn pictures: each comes from its source, and everybody can read it."""

import re
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import pictures
import pytest
import yaml

SOURCES = sorted(pictures.SOURCES.glob("*.yaml"))
NAMES = [source.stem for source in SOURCES]
SVG = "{http://www.w3.org/2000/svg}"
MOST_BYTES = 40_000
LEAST_CONTRAST = 4.5  # WCAG 2, level AA, text
every_picture = pytest.mark.parametrize("name", NAMES)


@cache
def source_of(name: str) -> dict:
    return yaml.safe_load((pictures.SOURCES / f"{name}.yaml").read_text("utf-8"))


def svg_of(name: str) -> bytes:
    return (pictures.IMAGES / f"{name}.svg").read_bytes()


def child(root: ElementTree.Element, tag: str) -> ElementTree.Element:
    """The first element of this name within `root`; a test fails where there is none."""
    found = root.find(f"{SVG}{tag}")
    assert found is not None, f"no <{tag}>"
    return found


def length(element: ElementTree.Element, name: str) -> float:
    """A length among an element's attributes, in units."""
    return float(element.attrib[name])


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours (#rrggbb), from 1 to 21, as WCAG 2 defines it."""

    def linear(level: float) -> float:
        return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4

    def luminance(colour: str) -> float:
        red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def holds(shape: ElementTree.Element, x: float, y: float) -> bool:
    """Whether a rectangle or a circle of a picture holds this point."""
    if shape.tag == f"{SVG}circle":
        across, down = x - length(shape, "cx"), y - length(shape, "cy")
        return across**2 + down**2 <= length(shape, "r") ** 2
    across, down = x - length(shape, "x"), y - length(shape, "y")
    return 0 <= across <= length(shape, "width") and 0 <= down <= length(shape, "height")


def texts_and_grounds(name: str) -> list[tuple[str, str, str]]:
    """Of each line of text: the words, their colour, and the colour of what lies under them."""
    found, shapes = [], []
    for element in ElementTree.fromstring(svg_of(name)):
        if element.tag in (f"{SVG}rect", f"{SVG}circle"):
            shapes.append(element)
        elif element.tag == f"{SVG}text":
            x, y = length(element, "x"), length(element, "y") - length(element, "font-size") * 0.35
            ground = [shape for shape in shapes if holds(shape, x, y)][-1]
            words = "".join(element.itertext())
            found.append((words, element.attrib["fill"], ground.attrib["fill"]))
    return found


def test_each_picture_has_a_source_and_each_source_a_picture():
    assert len(NAMES) >= 13
    assert {path.stem for path in pictures.IMAGES.glob("*.svg")} == set(NAMES)


@every_picture
def test_drawing_it_again_gives_the_same_bytes(name):
    source = (pictures.SOURCES / f"{name}.yaml").read_text("utf-8")
    assert pictures.draw(source, name).encode() == svg_of(name), "draw it again with: make pictures"


def test_the_command_writes_one_picture_or_all(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "IMAGES", tmp_path)
    pictures.main(["02_stream"])
    assert [path.name for path in tmp_path.iterdir()] == ["02_stream.svg"]
    pictures.main([])
    assert {path.stem for path in tmp_path.iterdir()} == set(NAMES)
    assert all((tmp_path / f"{name}.svg").read_bytes() == svg_of(name) for name in NAMES)
    assert "02_stream.svg" in capsys.readouterr().out


@every_picture
def test_it_says_what_it_shows(name):
    root = ElementTree.fromstring(svg_of(name))
    title, description = child(root, "title"), child(root, "desc")
    assert title.text == source_of(name)["title"]
    assert description.text == " ".join(source_of(name)["alt"].split())
    assert 60 <= len(description.text or "") <= 330, "an alt text is a few sentences"
    assert root.get("role") == "img"
    assert root.attrib["aria-labelledby"].split() == [title.get("id"), description.get("id")]


def test_ids_are_unique_so_that_pictures_can_share_a_page():
    svgs = "".join(svg_of(name).decode() for name in NAMES)
    ids = re.findall(r'\bid="([^"]+)"', svgs)
    assert len(ids) == len(set(ids)) == 2 * len(NAMES)


@every_picture
def test_it_needs_nothing_from_elsewhere_and_runs_nothing(name):
    svg = svg_of(name).decode()
    assert len(svg_of(name)) < MOST_BYTES
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg).iter()}
    shapes = {"rect", "circle", "path", "polyline", "polygon", "g", "text", "tspan"}
    assert tags <= {"svg", "title", "desc"} | shapes
    assert not re.search(r"href|url\(|@import|@font-face|\bon\w+=|style=", svg)
    assert re.findall(r"\w+://[^\s\"<]+", svg) == ["http://www.w3.org/2000/svg"]


@every_picture
def test_its_text_is_large_and_stands_out(name):
    picture = ElementTree.fromstring(svg_of(name))
    assert length(picture, "width") <= pictures.WIDEST_PICTURE
    on_a_phone = 400 / length(picture, "width")
    for element in picture.iter(f"{SVG}text"):
        assert length(element, "font-size") * on_a_phone >= 11, "".join(element.itertext())
    lines = texts_and_grounds(name)
    assert lines
    for words, colour, ground in lines:
        assert contrast(colour, ground) >= LEAST_CONTRAST, (words, colour, ground)


def test_every_tone_is_readable_on_every_ground():
    grounds = [pictures.GROUND, "#ffffff", *(light for _, light in pictures.TONES.values())]
    for dark, _ in pictures.TONES.values():
        for ground in grounds:
            assert contrast(dark, ground) >= LEAST_CONTRAST, (dark, ground)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_bars_are_as_long_as_their_shares_and_sum_up():
    shapes = source_of("04_probabilities")["draw"]
    labels = [shape["says"] for shape in shapes if "text" in shape]
    shares = [int(label.removesuffix(" %")) for label in labels if label.endswith(" %")]
    for at in (0, 4, 8):
        assert sum(shares[at : at + 4]) == 100
    for bar, label in pairwise(shapes):
        if "box" in bar:
            assert f"{bar['box'][2]} %" == label["says"]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("text: [100, 50]\n    says: tiny\n    size: 12", "the smallest is 20"),
        ("text: [10, 50]\n    says: over the edge", "reaches from"),
        ("text: [100, 195]\n    says: [first, second]", "down to"),
        ("box: [10, 10, 60, 40]\n    says: much too long", "needs a box of"),
        ("box: [10, 10, 60, 40]\n    look: shiny", "no look is called 'shiny'"),
        ("circle: [10, 10]", "no shape is called 'circle'"),
        ("box: [10, 10, 60, 40]\n    color: red", "color"),
        ("icon: [10, 10, 40]\n    name: submarine", "submarine"),
    ],
)
def test_a_source_that_cannot_be_drawn_says_why(shape, message):
    source = f"title: T\nalt: A\nsize: [200, 200]\ndraw:\n  - {shape}\n"
    with pytest.raises(pictures.PictureError, match=re.escape(message)):
        pictures.draw(source, "broken")


def test_a_picture_that_is_too_wide_says_so():
    with pytest.raises(pictures.PictureError, match="860 is the most"):
        pictures.draw("title: T\nalt: A\nsize: [900, 200]\ndraw: []\n", "wide")


def test_signs_of_xml_are_safe_in_text():
    head = "title: a < b & c\nalt: '\"quoted\" <b>'\nsize: [400, 100]\n"
    source = head + "draw:\n  - text: [200, 50]\n    says: '`<a>` & b'\n"
    root = ElementTree.fromstring(pictures.draw(source, "signs"))
    assert child(root, "title").text == "a < b & c"
    assert "".join(child(root, "text").itertext()) == "<a> & b"
