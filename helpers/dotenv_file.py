"""The file `.env`, found from the working folder upwards; reading it changes no environment."""

import codecs
from pathlib import Path

from .replay.errors import CourseError

_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_REMEDY = "Save it as UTF-8 (in PowerShell: Set-Content -Encoding utf8), then restart the kernel"


def read_dotenv() -> dict[str, str]:
    """The variables of the nearest `.env`, or none.

    Raises:
        CourseError: the file is not UTF-8 or cannot be read.
    """
    from dotenv import dotenv_values, find_dotenv

    path = find_dotenv(usecwd=True)
    if not path:
        return {}
    text = _decoded(Path(path))
    from io import StringIO

    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value}


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CourseError(f"the file .env cannot be read: {error.strerror}.") from None
    for mark, encoding in _WIDE.items():
        if raw.startswith(mark):
            raise CourseError(
                f"the file .env is in {encoding}, which cannot be read here. {_REMEDY}."
            )
    if b"\x00" in raw:
        raise CourseError(f"the file .env holds null bytes; it may be in UTF-16. {_REMEDY}.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(f"the file .env is not in UTF-8. {_REMEDY}.") from None
