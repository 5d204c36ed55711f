"""The file `.env`, found from the working folder upwards; reading it changes no environment."""

import codecs
import os
import re
from collections.abc import Iterator
from pathlib import Path

from .course_files import working_folder
from .replay.errors import CourseError

_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_WRITTEN = re.compile(
    r"[^#=]*?\b((?:AZURE|OPENAI|HELPERS)_\w+)[\"']?\]?(?:\s*[:=]|\s+(?=\S))(.*)", re.I
)
_NEEDED = ("AZURE_INFERENCE_", "HELPERS_MODE", "HELPERS_PACE")  # others may be another program's
_REMEDY = "Save it as UTF-8 (in PowerShell: Set-Content -Encoding utf8), then restart the kernel"


def read_dotenv() -> dict[str, str]:
    """The variables of the nearest `.env`, or none.

    Raises:
        CourseError: the file is not UTF-8 or cannot be read, or a setting of the course is not
            written as it must be. The message never shows a value.
    """
    text = _text()
    if not text:
        return {}
    values = _parsed(text)
    for number, name, _ in _written(text):
        if name.startswith(_NEEDED) and name not in values:
            raise CourseError(
                f"the file .env, line {number}, cannot be read. Write {name}=<value>, with nothing "
                "before it and no quote left open; then restart the kernel."
            )
    return {name: value for name, value in values.items() if value}


def _parsed(text: str) -> dict[str, str | None]:
    """The variables of a text, without the warnings of dotenv, which call lines statements."""
    import logging
    from io import StringIO

    from dotenv import dotenv_values

    logger = logging.getLogger("dotenv.main")
    before = logger.disabled
    logger.disabled = True
    try:  # a key may hold "${": it is what is written
        return dotenv_values(stream=StringIO(text), interpolate=False)
    finally:
        logger.disabled = before


def values_as_written() -> dict[str, str]:
    """What stands behind each variable's name, of a file that `read_dotenv` refuses."""
    try:
        return {name: value for _, name, value in _written(_text())}
    except CourseError:
        return {}


def _written(text: str) -> Iterator[tuple[int, str, str]]:
    """The line, the name and the value of each variable, in whatever language it is written.

    Shells write `set NAME=value`, `setx NAME value` or `$env:NAME = "value"`, YAML `NAME: value`,
    and Python `os.environ["NAME"] = "value"`.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if found := _WRITTEN.match(line):
            yield number, found[1].upper(), found[2]


def _text() -> str:
    """The text of the nearest `.env`; "" if there is none."""
    folder = working_folder()  # raises where there is none
    files = (each / ".env" for each in (folder, *folder.parents))
    # Not by find_dotenv: most learners have no such file, and importing dotenv takes a while.
    path = next(filter(os.path.isfile, files), None)
    return _decoded(path) if path else ""


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
