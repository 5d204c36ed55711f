"""Pictures on an OffscreenCanvas.

Where Python can wait for JavaScript (JSPI), the browser reads and writes files, else still.py.
"""

import struct
from collections.abc import Callable, Sequence
from enum import IntEnum
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import js
from pyodide.ffi import can_run_sync, run_sync, to_js

from . import UnidentifiedImageError, still

# Pillow's own limit; twice as many raise an error. None: there is no limit.
MAX_IMAGE_PIXELS: int | None = 89_478_485
PNG_MODES = {0: "L", 2: "RGB", 3: "RGB", 4: "RGBA", 6: "RGBA"}  # by colour type
ORIENTATION = 0x0112
TO_16_BITS = 257  # 255 * 257 = 65535


class Resampling(IntEnum):
    NEAREST, LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING = range(6)


class Transpose(IntEnum):
    (
        FLIP_LEFT_RIGHT,
        FLIP_TOP_BOTTOM,
        ROTATE_90,
        ROTATE_180,
        ROTATE_270,
        TRANSPOSE,
        TRANSVERSE,
    ) = range(7)


TURNS = {  # by the orientation in EXIF data
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
# For each turn, the canvas's matrix in units of the old width and height: a, b, c, d, (e, f).
MATRICES = {
    Transpose.FLIP_LEFT_RIGHT: (-1, 0, 0, 1, (1, 0), (0, 0)),
    Transpose.FLIP_TOP_BOTTOM: (1, 0, 0, -1, (0, 0), (0, 1)),
    Transpose.ROTATE_90: (0, -1, 1, 0, (0, 0), (1, 0)),
    Transpose.ROTATE_180: (-1, 0, 0, -1, (1, 0), (0, 1)),
    Transpose.ROTATE_270: (0, 1, -1, 0, (0, 1), (0, 0)),
    Transpose.TRANSPOSE: (0, 1, 1, 0, (0, 0), (0, 0)),
    Transpose.TRANSVERSE: (0, -1, -1, 0, (0, 1), (1, 0)),
}


class DecompressionBombWarning(RuntimeWarning):
    """A picture has very many pixels."""


class DecompressionBombError(Exception):
    """A picture has too many pixels."""


class Exif(dict[int, int]):
    """EXIF data: here, the orientation alone."""

    def tobytes(self) -> bytes:
        """As a JPEG file holds it."""
        entry = struct.pack(">HHIHH", ORIENTATION, 3, 1, self.get(ORIENTATION, 1), 0)
        return b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)


class Image:
    """A picture: its mode and size, and a canvas with its pixels, made when first needed."""

    filename = ""

    def __init__(
        self,
        mode: str,
        size: Sequence[int],
        raw: bytes | None = None,
        format: str | None = None,
    ):
        self.mode, self.format = mode, format
        self.size = (int(size[0]), int(size[1]))
        self.info: dict[str, Any] = {}
        self._raw, self._context, self._exif = raw, None, Exif()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_") or name in ("is_animated", "n_frames", "text"):
            raise AttributeError(name)
        raise AttributeError(
            f"In the browser, a stand-in takes Pillow's place, and it has no {name}. "
            "With Python on a computer you have all of Pillow."
        )

    @property
    def width(self) -> int:
        return self.size[0]

    @property
    def height(self) -> int:
        return self.size[1]

    def __enter__(self) -> "Image":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Nothing to do: the file is closed already."""

    def getexif(self) -> Exif:
        """The EXIF data."""
        return self._exif

    def load(self) -> Any:
        """Decode the file if it has not been. Return the canvas's context. Raises OSError."""
        if self._context is None:
            context = _context(self.size)
            if self._raw is not None:
                _draw(self._raw, self.size, context)
            self._raw, self._context = None, context
        return self._context

    def copy(self) -> "Image":
        """The same picture again."""
        image = Image(self.mode, self.size)
        image.load().drawImage(self.load().canvas, 0, 0)
        return image

    def convert(self, mode: str) -> "Image":
        """The picture in another mode: RGB, RGBA, L or I."""
        image = self.copy()
        image.mode = mode
        grey = mode in ("L", "I") and self.mode not in ("L", "I", "I;16", "1")
        if mode == "RGB" and self.mode == "RGBA":
            pixels = bytearray(image._pixels())
            pixels[3::4] = b"\xff" * (len(pixels) // 4)
            image._put(pixels)
        elif grey:
            pixels = bytearray(image._pixels())
            colours = zip(pixels[0::4], pixels[1::4], pixels[2::4], strict=True)
            greys = bytes((r * 299 + g * 587 + b * 114) // 1000 for r, g, b in colours)
            for channel in range(3):
                pixels[channel::4] = greys
            image._put(pixels)
        elif mode not in ("RGB", "RGBA", "L", "I"):
            raise ValueError(f"In the browser, pictures have no mode {mode!r}.")
        return image

    def point(self, change: Callable[[float], float]) -> "Image":
        """The picture with each value changed. Values of mode I have 16 bits."""
        scale = TO_16_BITS if self.mode == "I" else 1
        values = [round(change(value * scale)) for value in range(256)]
        table = bytes(min(max(value, 0), 255) for value in values)
        image = self.copy()
        pixels = bytearray(image._pixels())
        for channel in range(3):
            pixels[channel::4] = pixels[channel::4].translate(table)
        if self.mode == "I":
            image.mode = "L"
        image._put(pixels)
        return image

    def resize(self, size: Sequence[int], resample: int | None = None) -> "Image":
        """The picture in another size."""
        image = Image(self.mode, size)
        if resample == Resampling.BOX:
            image._put(_averages(self._pixels(), self.size, image.size))
        else:
            context = image.load()
            context.imageSmoothingQuality = "high"
            context.drawImage(self.load().canvas, 0, 0, *image.size)
        return image

    def thumbnail(self, size: Sequence[float], resample: int | None = None) -> None:
        """Make this picture smaller, so that it fits."""
        scale = min(size[0] / self.width, size[1] / self.height)
        if scale < 1:
            sides = [max(1, round(self.width * scale)), max(1, round(self.height * scale))]
            smaller = self.resize(sides, resample)
            self.size, self._context, self._raw = smaller.size, smaller._context, None

    def transpose(self, method: int) -> "Image":
        """The picture turned by a quarter, a half, or mirrored."""
        a, b, c, d, (e_w, e_h), (f_w, f_h) = MATRICES[Transpose(method)]
        width, height = self.size
        image = Image(self.mode, (width, height) if a else (height, width))
        context = image.load()
        context.setTransform(a, b, c, d, e_w * width + e_h * height, f_w * width + f_h * height)
        context.drawImage(self.load().canvas, 0, 0)
        context.setTransform(1, 0, 0, 1, 0, 0)
        return image

    def crop(self, box: Sequence[int]) -> "Image":
        """A part: left, top, right, bottom."""
        left, top, right, bottom = box
        image = Image(self.mode, (right - left, bottom - top))
        image.load().drawImage(self.load().canvas, -left, -top)
        return image

    def paste(self, what: Any, box: Sequence[int] = (0, 0), mask: "Image | None" = None) -> None:
        """Put a picture, or a colour, on this one."""
        context = self.load()
        if isinstance(what, Image):
            if mask is None:
                context.clearRect(box[0], box[1], *what.size)
            context.drawImage(what.load().canvas, box[0], box[1])
        else:
            left, top, right, bottom = box if len(box) == 4 else (0, 0, *self.size)
            context.fillStyle = _css(what, self.mode)
            context.fillRect(left, top, right - left, bottom - top)

    def getpixel(self, place: Sequence[int]) -> Any:
        """The colour at a place."""
        pixel = tuple(self.load().getImageData(place[0], place[1], 1, 1).data.to_bytes())
        return pixel[0] if self.mode in ("L", "I", "1") else pixel[: len(self.mode)]

    def tobytes(self) -> bytes:
        """The pixels, row by row."""
        pixels = self._pixels()
        if self.mode == "RGBA":
            return pixels
        if self.mode == "L":
            return pixels[0::4]
        colours = bytearray(len(pixels) // 4 * 3)
        for channel in range(3):
            colours[channel::3] = pixels[channel::4]
        return bytes(colours)

    def save(
        self,
        file: Any,
        format: str | None = None,
        quality: int = 75,
        exif: Exif | None = None,
        **_: Any,
    ) -> None:
        """Write a JPEG, PNG or WebP file."""
        kind = (format or str(file).rpartition(".")[2]).upper().replace("JPG", "JPEG")
        if kind not in ("JPEG", "PNG", "WEBP"):
            raise ValueError(f"In the browser, pictures cannot be saved as {kind}.")
        data = self._encoded(kind, quality)
        if exif and kind == "JPEG":
            segment = exif.tobytes()
            data = data[:2] + struct.pack(">HH", 0xFFE1, len(segment) + 2) + segment + data[2:]
        if hasattr(file, "write"):
            file.write(data)
        else:
            Path(file).write_bytes(data)

    def _encoded(self, kind: str, quality: int) -> bytes:
        if kind == "PNG" and self.mode == "1" and self._context is None:
            row = bytes(1 + (self.width + 7) // 8)  # black, whatever its size: no canvas is needed
            return still.png(self.size, 1, 0, row * self.height)
        if kind == "PNG" and self.mode == "I;16":
            rows = still.unfiltered(_doubled(self._pixels()[0::4]), 2 * self.width)
            return still.png(self.size, 16, 0, rows)
        if not can_run_sync():
            return self._encoded_without_waiting(kind, quality)
        options = {"type": f"image/{kind.lower()}", "quality": quality / 100}
        blob = run_sync(self.load().canvas.convertToBlob(_object(options)))
        return run_sync(blob.arrayBuffer()).to_bytes()

    def _encoded_without_waiting(self, kind: str, quality: int) -> bytes:
        if kind == "JPEG":
            return still.jpeg(self._pixels(), self.size, quality)
        if kind == "PNG":
            rows = still.unfiltered(self._pixels(), 4 * self.width)
            return still.png(self.size, 8, still.RGBA, rows)
        raise ValueError(f"In this browser, pictures cannot be saved as {kind}.")

    def _pixels(self) -> bytes:
        return self.load().getImageData(0, 0, *self.size).data.to_bytes()

    def _put(self, pixels: bytes | bytearray) -> None:
        self.load().putImageData(_image_data(pixels, self.size), 0, 0)

    def _repr_png_(self) -> bytes:
        self.save(file := BytesIO(), "PNG")
        return file.getvalue()


def new(mode: str, size: Sequence[int], color: Any = 0) -> Image:
    """A picture of one colour."""
    image = Image(mode, size)
    if mode != "1" or color:
        image.paste(color, (0, 0, *image.size))
    return image


def alpha_composite(below: Image, above: Image) -> Image:
    """One picture over another, of the same size, both RGBA."""
    image = below.copy()
    image.load().drawImage(above.load().canvas, 0, 0)
    return image


def open(file: Any, mode: str = "r", formats: Sequence[str] | None = None) -> Image:
    """A picture from a file, decoded when first needed.

    Raises:
        UnidentifiedImageError: it is no JPEG, PNG, GIF or WebP file.
        DecompressionBombError: it has far too many pixels.
    """
    raw = file.read() if hasattr(file, "read") else Path(file).read_bytes()
    image = _png_file(raw) or _jpeg_file(raw) or _other_file(raw)
    if image is None or (formats is not None and image.format not in formats):
        raise UnidentifiedImageError(f"cannot identify image file {str(file)!r}")
    if MAX_IMAGE_PIXELS and image.width * image.height > 2 * MAX_IMAGE_PIXELS:
        raise DecompressionBombError("too many pixels")
    return image


def _png_file(raw: bytes) -> Image | None:
    if not raw.startswith(still.PNG_HEAD) or len(raw) < 26:
        return None
    width, height, depth, colour = struct.unpack(">IIBB", raw[16:26])
    mode = PNG_MODES.get(colour, "RGB")
    if mode == "L" and depth in (1, 16):
        mode = "1" if depth == 1 else "I;16"
    return Image(mode, (width, height), raw, "PNG")


def _jpeg_file(raw: bytes) -> Image | None:
    """Read the segments up to the one that has the size; the one before may have EXIF data."""
    at, exif = 2, Exif()
    while raw[:2] == b"\xff\xd8" and at + 9 < len(raw):
        marker, length = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4], "big")
        if marker == 0xE1 and raw[at + 4 : at + 10] == b"Exif\0\0":
            exif = _exif(raw[at + 10 : at + 2 + length])
            raw = raw[:at] + raw[at + 2 + length :]  # the browser would turn the picture itself
            continue
        if marker in (0xC0, 0xC1, 0xC2):
            height, width = struct.unpack(">HH", raw[at + 5 : at + 9])
            image = Image("L" if raw[at + 9] == 1 else "RGB", (width, height), raw, "JPEG")
            image._exif = exif
            return image
        at += 2 + length
    return None


def _other_file(raw: bytes) -> Image | None:
    kind = "GIF" if raw[:4] == b"GIF8" else "WEBP" if raw[8:12] == b"WEBP" else None
    if kind is None:
        return None
    if not can_run_sync():
        raise OSError("in this browser, only JPEG and PNG files can be opened")
    bitmap = _bitmap(raw)
    image = Image("RGBA", (bitmap.width, bitmap.height), None, kind)
    image.load().drawImage(bitmap, 0, 0)
    return image


def _exif(data: bytes) -> Exif:
    """The orientation in the first directory of EXIF data."""
    order, exif = "<" if data[:2] == b"II" else ">", Exif()
    try:
        (start,) = struct.unpack(f"{order}I", data[4:8])
        (count,) = struct.unpack(f"{order}H", data[start : start + 2])
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, _kind, _count, value = struct.unpack(f"{order}HHIH", data[place : place + 10])
            if tag == ORIENTATION:
                exif[ORIENTATION] = value
    except struct.error:
        pass  # damaged: as if there were none
    return exif


def _draw(raw: bytes, size: tuple[int, int], context: Any) -> None:
    """Decode a file onto a canvas. Raises OSError: decoders forgive a cut file, Pillow does not."""
    end = raw.rstrip(b"\0")
    if raw[:2] == b"\xff\xd8" and not end.endswith(b"\xff\xd9"):
        raise OSError("image file is truncated")
    if raw.startswith(still.PNG_HEAD) and not end.endswith(b"IEND\xaeB`\x82"):
        raise OSError("image file is truncated")
    if can_run_sync():
        context.drawImage(_bitmap(raw), 0, 0)
    else:
        context.putImageData(_image_data(still.decode(raw), size), 0, 0)


def _bitmap(raw: bytes) -> Any:
    """The browser's own decoder."""
    blob = js.Blob.new(to_js([to_js(raw)]))
    try:
        return run_sync(js.createImageBitmap(blob))
    except Exception as error:
        raise OSError(f"broken data stream when reading image file: {error}") from None


def _image_data(pixels: bytes | bytearray, size: tuple[int, int]) -> Any:
    return js.ImageData.new(js.Uint8ClampedArray.new(to_js(bytes(pixels))), *size)


def _context(size: Sequence[int]) -> Any:
    canvas = js.OffscreenCanvas.new(*size)
    return canvas.getContext("2d", _object({"willReadFrequently": True}))


def _object(options: dict[str, Any]) -> Any:
    return to_js(options, dict_converter=js.Object.fromEntries)


def _css(colour: Any, mode: str) -> str:
    """A colour as the canvas takes it."""
    if isinstance(colour, str):
        return colour
    if isinstance(colour, int):
        grey = (
            colour // TO_16_BITS
            if mode in ("I;16", "I")
            else colour * 255
            if mode == "1"
            else colour
        )
        return f"rgb({grey} {grey} {grey})"
    red, green, blue, *alpha = colour
    return f"rgb({red} {green} {blue} / {(alpha or [255])[0] / 255})"


def _averages(pixels: bytes, old: tuple[int, int], new: tuple[int, int]) -> bytes:
    """Pixels of a smaller picture: each the average of those that it replaces."""
    averages = bytearray(b"\xff" * (new[0] * new[1] * 4))
    for y in range(new[1]):
        top = y * old[1] // new[1]
        rows = range(top, max(top + 1, (y + 1) * old[1] // new[1]))
        for x in range(new[0]):
            left = x * old[0] // new[0]
            right = max(left + 1, (x + 1) * old[0] // new[0])
            count = len(rows) * (right - left)
            for channel in range(3):
                total = sum(
                    sum(
                        pixels[(row * old[0] + left) * 4 + channel : (row * old[0] + right) * 4 : 4]
                    )
                    for row in rows
                )
                averages[(y * new[0] + x) * 4 + channel] = round(total / count)
    return bytes(averages)


def _doubled(row: bytes) -> bytes:
    """Greys of 8 bits as 16 bits: each byte twice is the value times 257."""
    doubled = bytearray(2 * len(row))
    doubled[0::2] = doubled[1::2] = row
    return bytes(doubled)
