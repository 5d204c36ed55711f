"""Turn a picture upright."""

from .Image import TURNS, Image


def exif_transpose(image: Image) -> Image:
    """The picture as its EXIF data say that it is to be seen."""
    turn = TURNS.get(image.getexif().get(0x0112, 1))
    return image.copy() if turn is None else image.transpose(turn)
