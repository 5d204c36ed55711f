"""start(): decide where answers come from; in replay, let vcrpy give them below the real HTTP libraries."""

import asyncio
import os
import re
import sys
import time
from collections import Counter
from contextlib import ExitStack, nullcontext
from difflib import get_close_matches
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

from .recordings import CourseError, NoRecording, Recordings, canonical_path, parse_body

# What replay provides where the environment says nothing. The host can never resolve (RFC 2606).
PROVIDED = {
    "AZURE_INFERENCE_ENDPOINT": "https://replay.invalid/models",
    "AZURE_INFERENCE_CREDENTIAL": "no-key-in-replay",
    "AZURE_INFERENCE_MODEL": "mistral-large-2407",
    "AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000000",
    "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000000",
    "AZURE_CLIENT_SECRET": "no-secret-in-replay",
}
FIRST_EVENT, NEXT_EVENT = 400, 20  # milliseconds: the simulated pace of a replayed stream


class Session:
    """What `start` began: a notebook's recordings (None when live), and what has been sent and played so far."""

    def __init__(self, path: Path, recordings: Recordings | None):
        self.path, self.recordings = path, recordings
        self.undo = ExitStack()
        self.clock = 0  # milliseconds
        self.sent: list[tuple[str, str, object]] = []  # method, path and body of each request
        self.played, self._tries = Counter(), Counter()
        self.miss = "Every request so far had its recording."
        pace = os.environ.get("HELPERS_PACE", "1")
        if not re.fullmatch(r"\d*\.?\d+", pace):
            raise CourseError(f"HELPERS_PACE is {pace!r}. Set it to a number (0: no waiting), or leave it out.")
        self._pace = float(pace)

    def answer(self, method: str, url: str, body: bytes | str | None, headers: dict) -> dict:
        """The recorded answer to a request, as vcrpy plays it. Raises NoRecording if there is none."""
        request = method, canonical_path(url), parse_body(body)
        self.sent.append(request)
        recording = self.recordings.find(*request)
        if recording is None:
            raise self._no_recording(*request)
        self.played[recording.name] += 1
        # The SDK keeps this id through the tries of one call: each try gets its own answer, run after run.
        call = headers.get("x-ms-client-request-id", "")
        self._tries[call] += 1 if call and len(recording.answers) > 1 else 0
        return recording.answer(max(0, self._tries[call] - 1))

    def _no_recording(self, method: str, path: str, body: object) -> NoRecording:
        import yaml

        item = {"name": "", "origin": "constructed", "after": ""}
        item["request"] = {"method": method, "path": path, "body": body}
        item["answer"] = {"status": 200, "headers": {"content-type": "application/json"}, "body": None}
        self.miss = yaml.safe_dump([item], sort_keys=False, allow_unicode=True, width=120)
        return NoRecording(
            "answers are replayed here, and this request has no recorded answer.\n\n"
            f"{self.recordings.explain(method, path, body)}\n\n"
            "Undo the change to get the recorded answer. To send anything you like, go live: see notebook 00.\n"
            "(To add a recording: print(helpers.missing()) shows this request as one to fill in.)"
        )

    def wait(self, number: int) -> float:
        """Move the clock on to a stream's next event; return the seconds to sleep until then."""
        step = NEXT_EVENT if number else FIRST_EVENT
        self.clock += step
        return step / 1000 * self._pace


_session: Session | None = None


def start(notebook: str) -> None:
    """Say where this notebook's answers come from: its recordings, or your endpoint if the environment names one.

    In replay it sets those environment variables of `PROVIDED` that are not set. Call it again to read changed
    recordings or settings.

    Args:
        notebook: the notebook's name without its ending, such as "01_basic".

    Raises:
        CourseError: an unknown name, a broken recordings file, or settings that cannot work.
    """
    global _session
    path = _find(notebook)
    new = Session(path, None if _is_live() else Recordings(path))
    if _session:
        _session.undo.close()
    _session = new
    if new.recordings is None:
        _observe(new)
        model = os.environ.get("AZURE_INFERENCE_MODEL") or "chosen by the endpoint"
        print(f"Live: answers come from {urlsplit(os.environ['AZURE_INFERENCE_ENDPOINT']).hostname}, model {model}.")
        return
    os.environ.update({name: value for name, value in PROVIDED.items() if not os.environ.get(name)})
    _patch(new)
    origins = Counter(recording.origin for recording in new.recordings.all)
    count = " and ".join(f"{origins[origin]} {origin}" for origin in sorted(origins))
    print(f"Replay: {count} answers from recordings/{path.name}, streams at a simulated pace; nothing is sent.")


def clock() -> float:
    """Seconds on the clock that streams arrive by: the simulated pace in replay, the computer's clock when live.

    Only differences mean something. A program of your own uses `time.perf_counter()`.
    """
    return session().clock / 1000 if session().recordings else time.perf_counter()


def missing() -> str:
    """The last request that had no recording, as a recording to fill in (YAML)."""
    return session().miss


def session() -> Session:
    """What `start` began. Raises CourseError if it has not been called."""
    if _session is None:
        raise CourseError("run the notebook's first code cell, the one with start(…), before this one.")
    return _session


def _find(notebook: str) -> Path:
    here = Path.cwd() / "recordings"
    folder = here if here.is_dir() else Path(__file__).parents[1] / "notebooks" / "recordings"
    known = sorted(p.stem for p in folder.parent.glob("[0-9]*.ipynb"))
    if notebook not in known:
        close = [f'Did you mean start("{name}")?' for name in get_close_matches(str(notebook), known, 1, 0.3)]
        raise CourseError(" ".join([f"there is no notebook {notebook!r}.", *close, f"Known: {', '.join(known)}."]))
    return folder / f"{notebook}.yaml"


def _is_live() -> bool:
    """Decide between live and replay by the environment. Raises CourseError for settings that cannot work."""
    mode = os.environ.get("HELPERS_MODE", "")
    if mode not in ("", "replay", "live"):
        raise CourseError(f"HELPERS_MODE is {mode!r}. Set it to replay or live, or leave it out.")
    names = list(PROVIDED)[:2]
    given = {n: v for n in names if (v := os.environ.get(n, "").strip()) not in ("", PROVIDED[n])}
    if mode == "replay" or (not given and mode != "live"):
        return False
    absent = [name for name in names if name not in given]
    if absent:
        what = f"{' and '.join(given) or 'HELPERS_MODE=live'} is set but {' and '.join(absent)} is not"
        raise CourseError(f"{what}. Set both to go live, or neither to replay; then restart the kernel.")
    endpoint = given[names[0]]
    scheme, _, rest = endpoint.rpartition("://")
    address = re.sub(r"(/chat/completions)?/*$", "", rest.partition("?")[0])
    cure = f"{'http' if scheme == 'http' else 'https'}://{address}"
    if endpoint != cure:
        form = "It begins with https://, has no query (api-version), and no slash or /chat/completions at its end"
        raise CourseError(f"AZURE_INFERENCE_ENDPOINT is {endpoint}. {form}. Set it to {cure} and restart the kernel.")
    return True


def _observe(new: Session) -> None:
    """Note what is sent when live, for the checks of exercises; requests and answers pass untouched."""
    import requests

    send = requests.Session.send

    def noted(self, request, **kwargs):
        new.sent.append((request.method, canonical_path(request.url), parse_body(request.body)))
        return send(self, request, **kwargs)

    new.undo.enter_context(mock.patch.object(requests.Session, "send", noted))


def _patch(new: Session) -> None:
    """Let vcrpy answer `requests` (and with it azure-core and msal) now, and aiohttp as soon as a cell imports it."""
    # vcrpy imports every HTTP library that it can patch, which takes longer than the SDK does. Hide those that nobody
    # uses yet: None in sys.modules makes an import fail as if the library were not installed.
    idle = ("aiohttp", "httpx", "httpx2", "botocore", "tornado.simple_httpclient", "tornado.curl_httpclient")
    hidden = [name for name in idle if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        import vcr.patch
        from vcr import stubs
        from vcr.cassette import Cassette
        from vcr.record_mode import RecordMode
    finally:
        for name in hidden:
            del sys.modules[name]
    import wrapt  # a dependency of vcrpy

    class Replayed(Cassette):
        """vcrpy's cassette, with a look-up by key in place of a comparison with one recording after the other."""

        def can_play_response_for(self, request):
            return True

        def play_response(self, request):
            return new.answer(request.method, request.uri, request.body, request.headers)

    cassette = Replayed(new.path, record_mode=RecordMode.NONE)
    # vcrpy puts the real classes back around each connection that it makes, because it also patches http.client. That
    # takes most of its time, and is not needed where only urllib3's connections are replaced.
    new.undo.enter_context(mock.patch.object(vcr.patch, "force_reset", nullcontext))
    new.undo.enter_context(mock.patch.object(stubs, "BytesIO", lambda body: _Body(body, new)))
    for patch in vcr.patch.CassettePatcherBuilder(cassette)._urllib3():
        new.undo.enter_context(patch)
    wrapt.register_post_import_hook(lambda aiohttp: _patch_aiohttp(aiohttp, cassette, new), "aiohttp")


class _Body(BytesIO):
    """The body of a response as a file; of a stream it gives one event a read, when its time has come."""

    def __init__(self, body: bytes, session: Session):
        super().__init__(body)
        events = body.split(b"\n\n")[:-1] if body.startswith(b"data: ") else []
        self._ends = [0, *accumulate(len(event) + 2 for event in events)]
        self._cut = bool(events) and events[-1] != b"data: [DONE]"  # such a stream was broken off
        self._session, self._come = session, 0

    def read(self, size: int | None = -1, /) -> bytes:
        if len(self._ends) == 1:
            return super().read(size)
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(1 << 16), b""))
        if self._come < len(self._ends) - 1 and self.tell() == self._ends[self._come]:
            time.sleep(self._session.wait(self._come))
            self._come += 1
        data = super().read(min(size, self._ends[self._come] - self.tell()))
        if not data and size and self._cut:
            from urllib3.exceptions import ProtocolError

            raise ProtocolError("Response ended prematurely")
        return data


def _patch_aiohttp(aiohttp, cassette, new: Session) -> None:
    if new is not _session:  # a later start() has taken its place
        return
    from vcr.stubs import aiohttp_stubs

    class Stream(aiohttp_stubs.MockStream):
        """vcrpy's stream; when a reader waits it is fed what comes next, in a thread, so that others need not wait."""

        def __init__(self, body):
            super().__init__(b"")
            self._file, self._eof = _Body(body or b"", new), False

        async def _wait(self, func_name):
            try:
                data = await asyncio.to_thread(self._file.read, 1 << 16)
            except Exception as error:
                raise aiohttp.ClientPayloadError("Response payload is not completed") from error
            self.feed_data(data) if data else self.feed_eof()

    answer = aiohttp_stubs.vcr_request(cassette, aiohttp.ClientSession._request)
    new.undo.enter_context(mock.patch.object(aiohttp_stubs, "MockStream", Stream))
    new.undo.enter_context(mock.patch.object(aiohttp.ClientSession, "_request", answer))
