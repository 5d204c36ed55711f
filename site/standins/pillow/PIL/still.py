"""JPEG and PNG files, for browsers in which Python cannot wait for the browser's own decoder.

pictures.mjs has the parts that are slow in Python. Pixels are RGBA, row by row.
"""

import struct
import zlib
from collections.abc import Iterator

import course_pictures
from pyodide.ffi import JsException, to_js

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # a pixel, by colour type
GREY, PALETTE, RGBA = (0, 4), 3, 6  # colour types


def decode(raw: bytes) -> bytes:
    """The pixels of a JPEG or PNG file. Raises OSError."""
    try:
        if raw.startswith(PNG_HEAD):
            return _png_pixels(raw)
        if raw[:2] == b"\xff\xd8":
            return course_pictures.decodeJpeg(to_js(raw)).to_bytes()
    except (JsException, KeyError, struct.error, ValueError, zlib.error) as error:
        raise OSError(f"broken data stream when reading image file: {error}") from None
    raise OSError("in this browser, only JPEG and PNG files can be opened")


def jpeg(pixels: bytes, size: tuple[int, int], quality: int) -> bytes:
    """A JPEG file."""
    return course_pictures.encodeJpeg(to_js(pixels), *size, quality).to_bytes()


def png(size: tuple[int, int], depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG file of rows, each of which begins with the number of its filter."""
    head = struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return PNG_HEAD + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def unfiltered(data: bytes, length: int) -> bytes:
    """Rows of a length as a PNG file has them, each with the number of no filter before it."""
    return b"".join(b"\0" + data[at : at + length] for at in range(0, len(data), length))


def _png_pixels(raw: bytes) -> bytes:
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", raw[16:29])
    if interlaced:
        raise ValueError("it is interlaced")
    chunks = list(_chunks(raw))
    bits = depth * SAMPLES[colour]
    length = (width * bits + 7) // 8
    rows = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    if len(rows) < (length + 1) * height:
        raise ValueError("rows are missing")
    rows = course_pictures.unfilter(to_js(rows), length, max(1, bits // 8)).to_bytes()
    starts = range(1, (length + 1) * height, length + 1)
    if depth < 8:
        each = _small_values(depth, 1 if colour == PALETTE else 255 // (2**depth - 1))
        values = b"".join(
            b"".join(map(each.__getitem__, rows[at : at + length]))[:width] for at in starts
        )
    else:
        values = b"".join(rows[at : at + length] for at in starts)[:: depth // 8]
    return _together(_planes(values, colour, dict(chunks)), width * height)


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(PNG_HEAD)
    while at + 8 <= len(raw):
        length, name = struct.unpack(">I4s", raw[at : at + 8])
        yield name, raw[at + 8 : at + 8 + length]
        at += 12 + length


def _small_values(depth: int, scale: int) -> list[bytes]:
    """For each byte, the values of less than 8 bits that it holds."""
    most, shifts = 2**depth - 1, range(8 - depth, -1, -depth)
    return [bytes((byte >> shift & most) * scale for shift in shifts) for byte in range(256)]


def _planes(values: bytes, colour: int, chunks: dict[bytes, bytes]) -> list[bytes]:
    """Red, green, blue and alpha of all pixels, each a plane; no alpha where all is opaque."""
    if colour == PALETTE:
        palette = chunks[b"PLTE"]
        planes = [values.translate(palette[part::3].ljust(256, b"\0")) for part in range(3)]
        return [*planes, values.translate(chunks.get(b"tRNS", b"").ljust(256, b"\xff"))]
    samples = SAMPLES[colour]
    planes = [values[part::samples] for part in range(samples)]
    return [planes[0]] * 3 + planes[1:] if colour in GREY else planes


def _together(planes: list[bytes], count: int) -> bytes:
    pixels = bytearray(b"\xff") * (4 * count)
    for part, plane in enumerate(planes):
        pixels[part::4] = plane
    return bytes(pixels)
