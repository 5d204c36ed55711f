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
            "the folder that this kernel works in is gone: it was deleted, moved or taken away. "
            "Open the notebook where it is now, and restart the kernel."
        ) from None


def recordings_folder() -> Path:
    """The folder of recordings: of the current folder, of the clone, or of the installed wheel."""
    candidates = (
        working_folder() / "recordings",
        IN_CLONE,
        Path(sysconfig.get_path("data")) / IN_WHEEL,
        Path(__file__).parents[1] / IN_WHEEL,  # `pip install --target` puts it there
    )
    return next((folder for folder in candidates if folder.is_dir()), IN_CLONE)


def recording_files() -> list[Path]:
    """The files of recordings, one a notebook, in order. Raises CourseError if there are none."""
    files = sorted(recordings_folder().glob("*.yaml"))
    if not files:
        raise CourseError("there are no recordings here. Name one or more files of recordings.")
    return files
