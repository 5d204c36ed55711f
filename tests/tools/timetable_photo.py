"""Draw notebooks/images/timetable.jpg: a departure board in the harbour, photographed by a phone.

The picture is upright for the eye and lies on its side in the file, with EXIF orientation 6.
The same version of Pillow writes the same bytes each time.

    python tests/tools/timetable_photo.py
"""

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PHOTO = Path(__file__).parents[2] / "notebooks" / "images" / "timetable.jpg"
HEADINGS = ("Time", "Ship", "To", "Quay")
ROWS = (
    ("08:15", "Wega", "Gull Island", "2"),
    ("09:40", "Vela", "Lighthouse", "1"),
    ("12:30", "Wega", "Gull Island", "2"),
    ("15:05", "Anna", "Gedser", "3"),
    ("16:20", "Vela", "Lighthouse", "1"),
    ("17:45", "Wega", "Gull Island", "2"),
)
WIDTH, HEIGHT = 1500, 2000  # of the scene, in pixels
INSIDE = (60, 80, 1440, 1920)  # what is left of it when the corners that turning bares are cut off
SIZE = (960, 1280)  # of the photo, as the eye sees it
MOST_BYTES = 60_000
ORIENTATION, ON_ITS_SIDE = (
    0x0112,
    6,
)  # an EXIF tag, and its value for: turn right by 90 degrees to see it
COLUMNS = (150, 425, 690, 1215)  # left edges of the board's columns
BOARD = (105, 330, 1395, 1300)  # left, top, right, bottom
FIRST_ROW, ROW_HEIGHT = 650, 105
SKY, HAZE, SEA, WALL, WHITE, BUOY = "#a9c3d3", "#cfdde4", "#4f7f95", "#77706a", "#f1efe6", "#b5482f"
BLACK, LAMP, GREY = "#14181b", "#ffd769", "#9fb0b8"


def draw_scene() -> Image.Image:
    """The quay with the board, seen from straight ahead."""
    scene = Image.new("RGB", (WIDTH, HEIGHT), SKY)
    draw = ImageDraw.Draw(scene)
    _draw_harbour(draw)
    _draw_board(draw)
    return scene


def _draw_harbour(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 1080, WIDTH, 1240), HAZE)
    draw.rectangle((0, 1240, WIDTH, 1620), SEA)
    draw.rectangle((0, 1620, WIDTH, HEIGHT), WALL)
    draw.polygon([(1255, 300), (1325, 300), (1360, 1240), (1220, 1240)], WHITE)  # the lighthouse
    for top in (70, 1340, 1440):
        draw.rectangle((1225, top + 80, 1355, top + 150), BUOY if top == 70 else SEA)
    draw.rectangle((1262, 190, 1318, 300), WHITE)
    for left, top in ((140, 190), (420, 250), (760, 170)):  # gulls
        draw.arc((left, top, left + 90, top + 60), 190, 330, WHITE, 9)
        draw.arc((left + 80, top, left + 170, top + 60), 210, 350, WHITE, 9)
    for left in (330, 1140):  # the posts of the board
        draw.rectangle((left, 1300, left + 44, 1840), "#3c4145")


def _draw_board(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle(BOARD, 26, BLACK, "#3c4145", 16)
    draw.text((150, 380), "Harbour departures", WHITE, ImageFont.load_default(92))
    small, large = ImageFont.load_default(52), ImageFont.load_default(76)
    for left, heading in zip(COLUMNS, HEADINGS, strict=True):
        draw.text((left, 545), heading, GREY, small)
    for number, row in enumerate(ROWS):
        for left, text in zip(COLUMNS, row, strict=True):
            draw.text((left, FIRST_ROW + number * ROW_HEIGHT), text, LAMP, large)


def hold_at_an_angle(scene: Image.Image) -> Image.Image:
    """The scene as a hand holds a phone: a little from the left, and a little turned."""
    # Where the photo's corners lie in the scene: top left, bottom left, bottom right, top right.
    corners = (0, 0, 30, HEIGHT, WIDTH - 12, HEIGHT - 50, WIDTH, 50)
    seen = scene.transform(scene.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    turned = seen.rotate(1.6, Image.Resampling.BICUBIC, fillcolor=SKY)
    return turned.crop(INSIDE).resize(SIZE, Image.Resampling.LANCZOS)


def photo() -> bytes:
    """The JPEG file, stored on its side."""
    picture = hold_at_an_angle(draw_scene()).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ORIENTATION] = ON_ITS_SIDE
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=42, optimize=True, progressive=True, exif=exif)
    return file.getvalue()


def main(write: Callable[[bytes], object] = PHOTO.write_bytes) -> None:
    """Write the photo. Raises ValueError if it is larger than a notebook's folder should hold."""
    data = photo()
    if len(data) > MOST_BYTES:
        raise ValueError(f"the photo has {len(data)} bytes; at most {MOST_BYTES} are wanted")
    write(data)


if __name__ == "__main__":
    main()
