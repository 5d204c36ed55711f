"""Where the course's recordings are: beside its notebooks, or where a wheel puts them."""

import sysconfig
from pathlib import Path

from .replay.errors import CourseError

IN_CLONE = Path(__file__).parents[1] / "notebooks" / "recordings"
IN_WHEEL = Path("share", "azure-chat-course", "recordings")


def working_folder() -> Path:
    """The current folder. Raises CourseError if it has been deleted."""
    try:
        return Path.cwd()
    except OSError:
        raise CourseError(
            "the current folder is gone: it was deleted, moved or taken away. Open the notebook "
            "where it is now and restart the kernel; in a terminal, go to a folder that is there."
        ) from None


def _folders() -> tuple[Path, ...]:
    """Where recordings may be: in the current folder, the clone, or the installed wheel."""
    return (
        working_folder() / "recordings",
        IN_CLONE,
        Path(sysconfig.get_path("data")) / IN_WHEEL,
        Path(__file__).parents[1] / IN_WHEEL,  # `pip install --target` puts it there
    )


def recordings_folder() -> Path:
    """The folder of recordings."""
    return next((folder for folder in _folders() if folder.is_dir()), IN_CLONE)


def recordings_of(notebook: str) -> Path:
    """The file of a notebook's recordings. The notebook may be renamed, or lie somewhere else.

    A new notebook may have none yet: the file is where they will be.

    Raises:
        CourseError: the course has no notebook of this name.
    """
    name = f"{notebook}.yaml"
    # Where it is there, no list is made: in the browser edition each look at a file is a request.
    paths = [folder / name for folder in _folders() if (folder / name).name == name]
    for path in paths:
        if path.is_file():
            return path
    for path in paths:
        if (path.parents[1] / f"{notebook}.ipynb").is_file():
            return path
    every = (sorted(path.stem for path in folder.glob("[0-9]*.yaml")) for folder in _folders())
    known = next(filter(None, every), [])
    raise CourseError(
        f"there is no notebook {notebook!r} in this course. Whatever your file is called, start "
        f"takes one of these names: {', '.join(known) or 'none is here'}."
    )


def recording_files() -> list[Path]:
    """The files of recordings, one a notebook, in order. Raises CourseError if there are none."""
    files = sorted(recordings_folder().glob("*.yaml"))
    if not files:
        raise CourseError("there are no recordings here. Name one or more files of recordings.")
    return files
