"""start(): decide where answers come from; in replay, let vcrpy give them below the real HTTP libraries."""

import os
import re
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from traceback import walk_tb
from unittest import mock
from urllib.parse import urlsplit

import yaml

from . import libraries
from .recordings import CourseError, NoRecording, Recordings, canonical_path, parse_body, played

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
        self.undo, self.clock = ExitStack(), 0  # milliseconds
        self.sent: list[tuple[str, str, object]] = []  # method, path and body of each request
        self.played, self._tries = Counter(), Counter()
        self.miss = "Every request so far had its recording."
        pace = os.environ.get("HELPERS_PACE", "1")
        if not re.fullmatch(r"\d*\.?\d+", pace):
            raise CourseError(f"HELPERS_PACE is {pace!r}. Set it to a number (0: no waiting), or leave it out.")
        self._pace = float(pace)

    def note(self, method: str, url: str, body: object) -> tuple[str, str, object]:
        """Note a request as sent; return it with path and body in the form that recordings have."""
        data = parse_body(body)
        if isinstance(data, dict) and data.get("model", "") == os.environ.get("AZURE_INFERENCE_MODEL"):
            data["model"] = PROVIDED["AZURE_INFERENCE_MODEL"]  # the model of your own settings stands for the recorded
        self.sent.append((method, canonical_path(url), data))
        return self.sent[-1]

    def answer(self, method: str, url: str, body: object, headers: dict) -> dict:
        """The recorded answer to a request, as vcrpy plays it. Raises NoRecording if there is none."""
        request = self.note(method, url, body)
        recording = self.recordings.find(*request)
        if recording is None:
            raise self._no_recording(*request)
        self.played[recording.name] += 1
        # The SDK keeps this id through the tries of one call: each try gets its own answer, run after run.
        call = headers.get("x-ms-client-request-id", "")
        self._tries[call] += 1 if call and len(recording.answers) > 1 else 0
        return played(recording.answers[max(0, min(self._tries[call], len(recording.answers)) - 1)])

    def _no_recording(self, method: str, path: str, body: object) -> NoRecording:
        item = {"name": "", "origin": "constructed", "after": ""}
        item["request"] = {"method": method, "path": path, "body": body}
        item["answer"] = {"status": 200, "headers": {"content-type": "application/json"}, "body": None}
        self.miss = yaml.safe_dump([item], sort_keys=False, allow_unicode=True, width=120)
        return NoRecording(
            "answers are replayed here, and this request has no recorded answer.\n\n"
            f"{self.recordings.explain(method, path, body)}\n\n"
            "Undo the change to get the recorded answer. To send anything you like, go live: see notebook 00.\n"
            "(To add a recording: print(helpers.session().miss) shows this request as one to fill in.)"
        )

    def replace(self, target, name: str, value) -> None:
        """Replace an attribute until this session ends."""
        self.undo.enter_context(mock.patch.object(target, name, value))

    def when_imported(self, name: str, patch) -> None:
        """Call `patch` with a module as soon as it is imported, if this session has not ended by then."""
        import wrapt  # a dependency of vcrpy

        wrapt.register_post_import_hook(lambda module: patch(module) if self is _session else None, name)

    def wait(self, number: int) -> float:
        """Move the clock on to a stream's next event; return the seconds to sleep until then."""
        self.clock += (step := NEXT_EVENT if number else FIRST_EVENT)
        return step / 1000 * self._pace


_session: Session | None = None


def start(notebook: str) -> None:
    """Say where the answers of `notebook` (such as "01_basic") come from: recordings, or the endpoint that you set.

    In replay it sets those variables of `PROVIDED` that are not set. Call it again to read changed recordings or
    settings. Raises CourseError for an unknown name, a broken recordings file, or settings that cannot work.
    """
    global _session
    here = Path.cwd() / "recordings"
    folder = here if here.is_dir() else Path(__file__).parents[1] / "notebooks" / "recordings"
    path, known = folder / f"{notebook}.yaml", sorted(p.stem for p in folder.parent.glob("[0-9]*.ipynb"))
    if notebook not in known:
        raise CourseError(f"there is no notebook {notebook!r}. Known: {', '.join(known)}.")
    mode = check_settings()
    new = Session(path, Recordings(path) if mode == "replay" else None)
    if _session:
        _session.undo.close()
    _session = new
    if mode != "replay":
        libraries.observe(new)
        if mode == "live":
            _keep_going(new)
        host, model = urlsplit(os.environ["AZURE_INFERENCE_ENDPOINT"]).hostname, os.environ.get("AZURE_INFERENCE_MODEL")
        print(f"{mode.title()}: answers come from {host}, model {model or '(the endpoint chooses)'}.")
        return
    os.environ.update({name: value for name, value in PROVIDED.items() if not os.environ.get(name)})
    libraries.answer_from(new)
    origins = Counter(recording.origin for recording in new.recordings.all)
    count = " and ".join(f"{origins[origin]} {origin}" for origin in sorted(origins))
    print(f"Replay: {count} answers from recordings/{path.name}, streams at a simulated pace; nothing is sent.")


def clock() -> float:
    """Seconds on the clock that streams arrive by: of the simulated pace in replay, the computer's own when live."""
    return session().clock / 1000 if session().recordings else time.perf_counter()


def session() -> Session:
    """What `start` began. Raises CourseError if it has not been called."""
    if _session is None:
        raise CourseError("run the notebook's first code cell, the one with start(…), before this one.")
    return _session


def check_settings() -> str:
    """Decide by the environment: replay, live or record. Raises CourseError for settings that cannot work."""
    from dotenv import find_dotenv, load_dotenv

    if os.environ.get("HELPERS_MODE") != "replay":
        load_dotenv(find_dotenv(usecwd=True))
    mode, names = os.environ.get("HELPERS_MODE", ""), list(PROVIDED)[:2]
    if mode not in ("", "replay", "live", "record"):
        raise CourseError(f"HELPERS_MODE is {mode!r}. Set it to replay or live, or leave it out.")
    given = {n: v for n in names if (v := os.environ.get(n, "").strip()) not in ("", PROVIDED[n])}
    if mode == "replay" or not (given or mode):
        return "replay"
    if absent := " and ".join(name for name in names if name not in given):
        what = f"{' and '.join(given) or f'HELPERS_MODE={mode}'} is set but {absent} is not"
        raise CourseError(f"{what}. Set both to go live, or neither to replay; then restart the kernel.")
    endpoint = given[names[0]]
    address = re.sub(r"(/chat/completions)?/*$", "", endpoint.split("://")[-1].partition("?")[0])
    cure = f"{'http' if endpoint.startswith('http://') else 'https'}://{address}"
    if endpoint != cure:
        form = "It begins with https://, has no query (api-version), and no slash or /chat/completions at its end"
        raise CourseError(f"AZURE_INFERENCE_ENDPOINT is {endpoint}. {form}. Set it to {cure} and restart the kernel.")
    return mode or "live"


def _keep_going(new: Session) -> None:
    """Print an error in two lines and count its cell as run: models differ, and Run All is to reach the end."""
    from IPython import get_ipython

    def told(shell, kind, error, trace, tb_offset=None):
        lines = [number for _, number in walk_tb(trace)]
        what = f"Live, line {lines[1:2] or lines}: {kind.__name__}: {str(error).partition(chr(10))[0][:300]}"
        print(f"{what}\nYour endpoint or model answered otherwise than the recording: see when_it_goes_wrong.md.")

    def forgive(result):
        if isinstance(result.error_in_exec, Exception):
            result.error_in_exec = None

    if shell := get_ipython():
        shell.set_custom_exc((Exception,), told)
        shell.events.register("post_run_cell", forgive)
        new.undo.callback(shell.events.unregister, "post_run_cell", forgive)
        new.undo.callback(shell.set_custom_exc, (), None)
