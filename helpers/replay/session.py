"""A session of replay: what was sent and played, the tries of each call, the clock of streams."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from .differences import explain
from .errors import NoRecording
from .http_request import HttpRequest
from .matching import Index, as_it_is, plain_request
from .recording import Answer, Recording, Request
from .recording_file import dump_recording

_NOTHING = "answers are replayed here, and this request has no recorded answer."
FIRST_EVENT, NEXT_EVENT = 400, 20  # milliseconds: the simulated pace of a replayed stream


class Session:
    """Answers requests from recordings. Many threads may ask at once.

    Args:
        recordings: what to answer with.
        read: what a request means; the place for what differs between endpoints.
        meaning: a body without what makes no difference, such as a default that is spelt out.
        pace: how much of the simulated waiting takes place: 0 is none, 1 all, 2 twice as long.
        advice: the last lines of what is said where there is no recording.

    Attributes:
        sent: each request so far.
        played: how often each recording has answered, by name.
        clock: milliseconds of simulated time.
    """

    def __init__(
        self,
        recordings: Iterable[Recording],
        *,
        read: Callable[[HttpRequest], Request] = plain_request,
        meaning: Callable[[Any], Any] = as_it_is,
        pace: float = 1.0,
        advice: str = "Undo the change to get the recorded answer.",
    ):
        self.recordings = tuple(recordings)
        self.sent: list[Request] = []
        self.played: Counter[str] = Counter()
        self.clock = 0
        self._read, self._pace, self._advice = read, pace, advice
        self._index = Index(self.recordings, meaning)
        self._tries: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def play(self, http: HttpRequest) -> Answer:
        """The recorded answer to a request as a library sends it, or NoRecording is raised."""
        answer = self.answer(self._read(http))
        return replace(answer, body=None, events=()) if http.method == "HEAD" else answer

    def answer(self, request: Request) -> Answer:
        """The recorded answer to a request. Raises NoRecording if there is none."""
        self.sent.append(request)
        try:
            recording = self._index.find(request)
            if recording is None:
                raise self._no_recording(request)
        except RecursionError:
            raise NoRecording(f"{_NOTHING}\n\nIts body is nested too deeply.") from None
        with self._lock:
            self.played[recording.name] += 1
            attempt = self._attempt(request, recording)
        return recording.answers[min(attempt, len(recording.answers) - 1)]

    def seconds_before(self, event: int) -> float:
        """How long to sleep before a stream's next event, the `event`th from 0."""
        return _step(event) / 1000 * self._pace

    def arrived(self, event: int) -> None:
        """Move the clock on to the arrival of a stream's event, the `event`th from 0."""
        with self._lock:
            self.clock += _step(event)

    def refuse(self, host: str) -> NoRecording:
        """The error for a connection that a library opens around the recordings."""
        return NoRecording(
            f"{_NOTHING}\n\n"
            f"It goes to {host} through a library that replay does not answer.\n\n{self._advice}"
        )

    def _attempt(self, request: Request, recording: Recording) -> int:
        """The number of this try, from 0: as the client says it, or by counting a call's tries."""
        if request.attempt is not None:
            return request.attempt
        if not request.call:
            return 0
        tries = (request.call, recording.name)
        self._tries[tries] += 1
        return self._tries[tries] - 1

    def _no_recording(self, request: Request, sent_to: str = "") -> NoRecording:
        answer = Answer(200, {"content-type": "application/json"})
        draft = Recording("", "constructed", "", request, [answer])
        meant = self._index.meant
        recorded = [replace(one, request=meant(one.request)) for one in self.recordings]
        return NoRecording(
            f"{_NOTHING}\n\n{explain(meant(request), recorded, sent_to)}\n\n{self._advice}",
            partial(dump_recording, draft),
        )


def _step(event: int) -> int:
    return NEXT_EVENT if event else FIRST_EVENT
