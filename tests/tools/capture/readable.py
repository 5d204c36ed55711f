"""Whether a recording is the same after it was written to a file and read again."""

import tempfile
from pathlib import Path

from helpers.replay import CourseError, Recording, RecordingFile, dump, load


def can_be_read_again(recording: Recording) -> bool:
    """Whether a file gives this recording back as it is: text that is no Unicode cannot be."""
    return dump_if_readable(RecordingFile([recording])) is not None


def dump_if_readable(file: RecordingFile) -> str | None:
    """The text of a file, or None if it would not give the same recordings again."""
    try:
        text = dump(file)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "recordings.yaml"
            path.write_text(text, "utf-8", newline="")
            again = load(path)
    except (CourseError, UnicodeError):
        return None
    whole = [_parts(recording) for recording in again.recordings]
    return text if whole == [_parts(recording) for recording in file.recordings] else None


def _parts(recording: Recording) -> tuple[object, ...]:
    """What must be the same: also the type of each number, which `==` does not look at."""
    answers = [
        (answer.status, dict(answer.headers), answer.body, answer.pieces, answer.cut)
        for answer in recording.answers
    ]
    return recording.name, recording.after, recording.request, answers
