"""Files replaced together or not at all, whenever the process is killed, disk full or not."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

STAGE = ".recording"  # the folder, beside the notebooks, where files wait until all are written


class Changed(Exception):
    """A file was changed by somebody else in the meantime. The message names it."""


def digest(path: Path) -> str:
    """What tells a file's content from another's; "" where there is no file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def read_only(*folders: Path) -> list[Path]:
    """The folders in which no file can be replaced."""
    return [folder for folder in folders if not os.access(folder, os.W_OK)]


def save(folder: Path, files: Mapping[Path, str], before: Mapping[Path, str]) -> None:
    """Replace files. If this is cut short, either all are as before or `finish` completes it.

    Args:
        folder: where the files are, or their folders.
        files: the new text of each.
        before: the digest that each had when it was read.

    Raises:
        Changed: a file is no longer what it was; nothing was replaced.
        OSError: a full disk, for example; nothing was replaced.
    """
    for path in files:
        if digest(path) != before[path]:
            raise Changed(f"{path.name} was changed while its answers were captured")
    stage = folder / STAGE
    shutil.rmtree(stage, ignore_errors=True)
    try:
        stage.mkdir()
        for number, text in enumerate(files.values()):
            _write(stage / str(number), text)
        plan = [[path.relative_to(folder).as_posix(), before[path]] for path in files]
        _write(stage / "plan.part", json.dumps(plan))
        os.replace(
            stage / "plan.part", stage / "plan"
        )  # from here on it will be done, now or later
    except OSError:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    finish(folder)


def is_pending(folder: Path) -> bool:
    """Whether a run was killed after it had decided to save."""
    return (folder / STAGE / "plan").exists()


def finish(folder: Path) -> None:
    """Complete what a killed run had decided to save, or clear away what it had not.

    Raises:
        Changed: a file was changed since; it stays as it is, and what was captured is thrown away.
    """
    stage = folder / STAGE
    waiting: list[tuple[Path, Path, str]] = []
    if is_pending(folder):
        for number, (name, before) in enumerate(json.loads((stage / "plan").read_text("utf-8"))):
            if (stage / str(number)).exists():
                waiting.append((stage / str(number), folder / name, before))
    changed = [path.name for _, path, before in waiting if digest(path) != before]
    if not changed:
        for staged, path, _ in waiting:
            os.replace(staged, path)
    shutil.rmtree(stage, ignore_errors=True)
    if changed:
        raise Changed(f"{', '.join(changed)} was changed after a run was killed while it saved")


def _write(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
