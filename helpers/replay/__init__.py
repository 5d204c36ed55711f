"""Answers to HTTP requests from files, for every HTTP library of Python, without a network.

recordings = load("answers.yaml").recordings
session = Session(recordings)
with replay(session):
    requests.post("https://anywhere.invalid/path", json={"a": 1})
print(session.sent, session.played)
"""

from .differences import differences
from .errors import CourseError, NoRecording
from .http_request import HttpRequest
from .recording import Answer, Recording, RecordingFile, Request
from .recording_file import dump, load
from .session import Session
from .transports import observe, replay

__all__ = [
    "Answer",
    "CourseError",
    "HttpRequest",
    "NoRecording",
    "Recording",
    "RecordingFile",
    "Request",
    "Session",
    "differences",
    "dump",
    "load",
    "observe",
    "replay",
]
