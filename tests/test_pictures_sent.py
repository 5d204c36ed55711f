"""What notebook 07 sends of a file: its picture as the eye sees it, or one line with a cure.

The functions are the notebook's own. Each test is one kind of file that people send.
"""

import base64
import io
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
import timetable_photo
from learners_code import definitions
from PIL import Image, PngImagePlugin

from helpers import connect
from notebooks import NOTEBOOKS

ORIENTATION, GPS = 0x0112, 0x8825
CURE = r"(Check|Change|Copy|Save|Make) "
# How far a colour may move on its way through a JPEG.
NEAR = 12


@pytest.fixture(scope="module")
def names() -> dict:
    """What the notebook defines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(NOTEBOOKS)
        connect.start("07_vision")
        try:
            return definitions("07_vision")
        finally:
            connect.end()


@pytest.fixture
def sent(names) -> Callable[..., Image.Image]:
    """Prepare a file; give back the picture in the data URL."""

    def prepare(path: Path, **options) -> Image.Image:
        head, _, data = names["prepare"](path, **options).partition(",")
        assert head == "data:image/jpeg;base64"
        return Image.open(io.BytesIO(base64.b64decode(data)))

    return prepare


@pytest.fixture
def refusal(names) -> Callable[[Path], str]:
    """The line that refuses a file: it names the file and a cure, and is the only one."""

    def line(path: Path) -> str:
        with pytest.raises(ValueError) as caught:
            names["prepare"](path)
        text = str(caught.value)
        assert path.name in text and re.search(CURE, text) and len(text.splitlines()) == 1
        return text

    return line


def near(picture: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    """Whether the colour at this place is nearly that."""
    return all(
        abs(a - b) <= NEAR
        for a, b in zip(picture.convert("RGB").getpixel(place), colour, strict=True)
    )


def ramp(mode: str = "L") -> Image.Image:
    """From black at the top to white at the bottom, 256 pixels high."""
    return Image.linear_gradient("L").convert(mode)


def assert_ramp(picture: Image.Image) -> None:
    greys = [picture.convert("L").getpixel((128, row)) for row in (4, 64, 128, 192, 251)]
    assert all(
        abs(grey - wanted) <= NEAR
        for grey, wanted in zip(greys, (4, 64, 128, 192, 251), strict=True)
    ), greys


# What is sent as the eye sees it.


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_upright(orientation, ending, sent, tmp_path):
    """Sixty by forty in the file; its top left corner is red. The eye sees it elsewhere."""
    picture = Image.new("RGB", (60, 40), "blue")
    picture.paste("red", (0, 0, 30, 20))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    picture.save(tmp_path / f"photo.{ending}", exif=exif, quality=95)
    seen = sent(tmp_path / f"photo.{ending}")
    assert seen.size == ((60, 40) if orientation < 5 else (40, 60))
    right, bottom = seen.width - 8, seen.height - 8
    corner = {1: (8, 8), 2: (right, 8), 3: (right, bottom), 4: (8, bottom),
              5: (8, 8), 6: (right, 8), 7: (right, bottom), 8: (8, bottom)}  # fmt: skip
    assert near(seen, corner[orientation], (254, 0, 0))
    assert ORIENTATION not in seen.getexif()  # or a viewer would turn it once more


def test_the_place_of_a_photo_is_not_sent(sent, tmp_path):
    exif = Image.Exif()
    exif.get_ifd(GPS)[1] = "N"
    Image.new("RGB", (20, 20)).save(tmp_path / "photo.jpg", exif=exif)
    assert Image.open(tmp_path / "photo.jpg").getexif().get_ifd(GPS)
    assert not sent(tmp_path / "photo.jpg").getexif()


@pytest.mark.parametrize(
    ("mode", "ending"),
    [(mode, "png") for mode in ("L", "LA", "P", "RGB", "RGBA")]
    + [("P", "gif"), ("L", "gif"), ("RGB", "webp"), ("L", "jpg"), ("RGB", "jpg"), ("CMYK", "jpg")],
)
def test_greys_in_every_mode(mode, ending, sent, tmp_path):
    ramp(mode).save(tmp_path / f"ramp.{ending}")
    assert_ramp(sent(tmp_path / f"ramp.{ending}"))


def test_greys_of_16_bits(sent, tmp_path):
    greys = struct.pack("<65536H", *(257 * row for row in range(256) for _ in range(256)))
    Image.frombytes("I;16", (256, 256), greys).save(tmp_path / "ramp.png")
    assert Image.open(tmp_path / "ramp.png").mode.startswith("I")
    assert_ramp(sent(tmp_path / "ramp.png"))


def test_colours_of_16_bits(sent, tmp_path):
    (tmp_path / "deep.png").write_bytes(png_of_16_bits((0xFFFF, 0x8080, 0x0000)))
    assert near(sent(tmp_path / "deep.png"), (4, 4), (255, 128, 0))


def png_of_16_bits(colour: tuple[int, int, int]) -> bytes:
    """A PNG of 8 by 8 pixels in one colour of 16 bits a channel, which Pillow cannot write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = (b"\0" + struct.pack(">3H", *colour) * 8) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_black_and_white(sent, tmp_path):
    picture = Image.new("1", (40, 40), 1)
    picture.paste(0, (0, 0, 20, 40))
    picture.save(tmp_path / "fax.png")
    seen = sent(tmp_path / "fax.png")
    assert near(seen, (5, 20), (0, 0, 0)) and near(seen, (35, 20), (255, 255, 255))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB", "L"])
def test_what_is_clear_is_white(mode, sent, tmp_path):
    """Clear by an alpha channel, by an entry of the palette, or by one colour."""
    clear = {"RGBA": (0, 0, 0, 0), "LA": (0, 0), "P": 0, "RGB": (0, 0, 0), "L": 0}[mode]
    options = {
        "P": {"transparency": 0},
        "RGB": {"transparency": (0, 0, 0)},
        "L": {"transparency": 0},
    }
    Image.new(mode, (20, 20), clear).save(tmp_path / "clear.png", **options.get(mode, {}))
    assert near(sent(tmp_path / "clear.png"), (10, 10), (255, 255, 255))


def test_half_clear_is_mixed_with_white(sent, tmp_path):
    Image.new("RGBA", (20, 20), (255, 0, 0, 128)).save(tmp_path / "glass.png")
    assert near(sent(tmp_path / "glass.png"), (10, 10), (255, 127, 127))


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_the_first_picture_of_an_animation_is_sent_and_that_is_said(ending, sent, tmp_path, capsys):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "white")]
    path = tmp_path / f"moving.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    assert near(sent(path), (10, 10), (254, 0, 0))
    assert capsys.readouterr().out == f"moving.{ending}: only the first of 3 pictures\n"


def test_a_still_picture_says_nothing(sent, tmp_path, capsys):
    Image.new("P", (20, 20)).save(tmp_path / "still.gif")
    sent(tmp_path / "still.gif")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "ending"), [("PNG", "jpg"), ("JPEG", "png"), ("GIF", "jpeg"), ("WEBP", "txt")]
)
def test_a_name_that_lies_about_the_type(content, ending, sent, tmp_path):
    ramp().save(tmp_path / f"lying.{ending}", content)
    assert_ramp(sent(tmp_path / f"lying.{ending}"))


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((5000, 3000), (1600, 960)),
        ((3000, 5000), (960, 1600)),
        ((30000, 20), (1600, 1)),
        ((3, 2), (3, 2)),
    ],
)
def test_large_gets_small_and_small_stays(size, seen, sent, tmp_path):
    Image.new("L", size).save(tmp_path / "some.png")
    assert sent(tmp_path / "some.png").size == seen


def test_a_size_can_be_asked_for(sent):
    assert sent(NOTEBOOKS / "images" / "timetable.jpg", side=640).size == (480, 640)


def test_a_path_may_be_a_string(names, tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a b ü.png")
    assert names["prepare"](str(tmp_path / "a b ü.png")).startswith("data:image/jpeg;base64,")


def test_a_link_to_a_picture(sent, tmp_path):
    ramp().save(tmp_path / "ramp.png")
    link(tmp_path / "link.png", tmp_path / "ramp.png")
    assert_ramp(sent(tmp_path / "link.png"))


def test_what_is_sent_is_short(sent, names):
    assert len(names["prepare"](NOTEBOOKS / "images" / "timetable.jpg")) < 200_000


# What is refused.


@pytest.mark.parametrize("size", [(20000, 10000), (10000, 9000), (10000, 8000), (8000, 6251)])
def test_huge(size, refusal, tmp_path, recwarn):
    """A file of some kilobytes, for which Pillow raises an error, warns, or does nothing."""
    path = tmp_path / "wide.png"
    Image.new("1", size).save(path)
    assert path.stat().st_size < 30_000
    assert "million pixels. Make it smaller" in refusal(path)
    assert not recwarn


def test_50_million_pixels_are_sent(sent, tmp_path):
    Image.new("1", (8000, 6250)).save(tmp_path / "large.png")
    assert sent(tmp_path / "large.png").size == (1600, 1250)


@pytest.mark.parametrize("name", ["absent.jpg", "no/such/folder.jpg", "a.png\0b"])
def test_absent(name, names, tmp_path):
    with pytest.raises(ValueError, match="is not there, or not a file") as caught:
        names["prepare"](f"{tmp_path}/{name}")
    assert len(str(caught.value).splitlines()) == 1


def test_a_link_to_nothing(refusal, tmp_path):
    link(tmp_path / "link.jpg", tmp_path / "gone.jpg")
    assert "is not there" in refusal(tmp_path / "link.jpg")


def test_a_link_to_itself(refusal, tmp_path):
    link(tmp_path / "loop.jpg", tmp_path / "loop.jpg")
    assert "is not there" in refusal(tmp_path / "loop.jpg")


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target)
    except OSError as error:  # Windows, without the right to make links
        pytest.skip(f"no links here: {error}")


def test_a_folder(refusal, tmp_path):
    (tmp_path / "album.jpg").mkdir()
    assert "not a file" in refusal(tmp_path / "album.jpg")


def test_empty(refusal, tmp_path):
    (tmp_path / "empty.jpg").touch()
    assert "is empty. Copy or download it again" in refusal(tmp_path / "empty.jpg")


def test_no_permission(refusal, tmp_path, monkeypatch):
    """The administrator may read every file, so the refusal is made here."""
    path = tmp_path / "secret.jpg"
    ramp().save(path)

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("PIL.Image.builtins.open", refuse)
    assert "may not be read. Change its permissions" in refusal(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp"])
@pytest.mark.parametrize("kept", [0.95, 0.5, 0.1])
def test_cut(ending, kept, refusal, tmp_path):
    """Every beginning of a file that Pillow takes for a picture, or does not."""
    path = tmp_path / f"cut.{ending}"
    Image.effect_noise((200, 200), 50).convert("RGB").save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    assert re.search("is damaged|cannot be read|is not an image", refusal(path))


@pytest.mark.parametrize("place", [20, 60, 200])
def test_broken_inside(place, refusal, tmp_path):
    """Bytes in the middle of a PNG that are not what they were: its checksums tell."""
    Image.effect_noise((200, 200), 50).save(tmp_path / "broken.png")
    data = bytearray((tmp_path / "broken.png").read_bytes())
    data[place : place + 4] = b"\xff\x00\xff\x00"
    (tmp_path / "broken.png").write_bytes(data)
    refusal(tmp_path / "broken.png")


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize(
    "data", [HEIC, b"Dear harbour", b"%PDF-1.7\n", b"\0" * 100, b"<svg xmlns='x'/>", b"PK\3\4zip"]
)
def test_no_image(data, refusal, tmp_path):
    """Letters, documents, drawings, and the photos of phones that Pillow has no decoder for."""
    (tmp_path / "photo.jpg").write_bytes(data)
    assert "is not an image that services take. Save it as JPEG" in refusal(tmp_path / "photo.jpg")


@pytest.mark.parametrize("mode", ["F", "I", "I;16", "LAB", "YCbCr", "CMYK", "RGB", "1"])
def test_tiff_in_every_mode(mode, refusal, tmp_path):
    """No service takes TIFF, and what some of its numbers look like is anybody's guess."""
    Image.new(mode, (20, 20)).save(tmp_path / "scan.tif")
    assert "Save it as JPEG" in refusal(tmp_path / "scan.tif")


@pytest.mark.parametrize("format", ["BMP", "PPM", "ICO", "TGA", "EPS", "PDF", "JPEG2000"])
def test_formats_that_services_do_not_take(format, refusal, tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "picture.any", format)
    assert "Save it as JPEG" in refusal(tmp_path / "picture.any")


def test_a_long_text_in_a_picture(refusal, tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 1_200_000, zip=True)
    ramp().save(tmp_path / "chatty.png", pnginfo=text)
    assert "cannot be read. Save it again as JPEG" in refusal(tmp_path / "chatty.png")


def test_a_name_with_a_line_end_keeps_to_one_line(names, tmp_path):
    with pytest.raises(ValueError) as caught:
        names["prepare"](tmp_path / "two\nlines.jpg")
    assert len(str(caught.value).splitlines()) == 1


# The photo that the notebook reads.


def test_the_photo_lies_on_its_side_and_is_small():
    data = timetable_photo.PHOTO.read_bytes()
    photo = Image.open(io.BytesIO(data))
    assert len(data) < timetable_photo.MOST_BYTES
    assert photo.size == timetable_photo.SIZE[::-1] and photo.getexif()[ORIENTATION] == 6


def test_the_photo_is_what_its_tool_draws():
    """Other versions of Pillow may write other bytes; the picture stays."""
    drawn = Image.open(io.BytesIO(timetable_photo.photo())).convert("L").resize((64, 48))
    kept = Image.open(timetable_photo.PHOTO).convert("L").resize((64, 48))
    pairs = zip(drawn.tobytes(), kept.tobytes(), strict=True)
    assert max(abs(a - b) for a, b in pairs) <= NEAR


def test_the_tool_writes_the_same_bytes_each_time():
    code = "import hashlib, timetable_photo as t; print(hashlib.sha256(t.photo()).hexdigest())"
    command = [sys.executable, "-c", code]
    folder = Path(timetable_photo.__file__).parent
    runs = {
        subprocess.run(command, cwd=folder, capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1
