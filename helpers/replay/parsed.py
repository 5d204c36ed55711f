"""Files that were read before: what PyYAML made of them, kept beside them as Python keeps bytecode.

PyYAML takes many times as long as JSON's reader, and without libyaml, as in a browser, far longer.
"""

import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

VERSION = "2"  # of what is kept: change it with what is made of a text, or is refused
SMALL = 4096  # characters; a smaller text is as quick to read again


def recall(path: Path, text: str) -> Any:
    """What was kept of a file that holds this text; None if there is nothing."""
    if len(text) < SMALL:
        return None
    try:
        digest, data = json.loads(_place(path).read_bytes())
        return data if digest == _digest(text) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def keep(path: Path, text: str, data: Any) -> None:
    """Keep what a file holds, where its folder can be written and Python keeps bytecode too."""
    if len(text) < SMALL or sys.dont_write_bytecode:
        return
    place = _place(path)
    new = place.with_name(f"{place.name}.{os.getpid()}")
    with contextlib.suppress(OSError, RecursionError):
        place.parent.mkdir(exist_ok=True)
        try:
            new.write_text(json.dumps([_digest(text), data], separators=(",", ":")), "utf-8")
            os.replace(new, place)
        finally:
            new.unlink(missing_ok=True)  # where another program holds the file


def _place(path: Path) -> Path:
    return path.parent / "__pycache__" / f"{path.stem}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(f"{VERSION}\n{text}".encode()).hexdigest()
