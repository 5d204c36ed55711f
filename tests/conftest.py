"""What all tests share: full speed, whatever the environment says; own sessions; no way out.

No test opens a connection to another computer: a guard is on for all of them, on every platform.
"""

import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

sys.path.insert(0, str(Path(__file__).parent / "tools"))

import certificates  # noqa: F401  (reads them once)
import guard
from learners_code import attempt, notebook  # noqa: F401  (fixtures)
from quick_kernels import forked, on_sockets_of_their_own

from notebooks import OF_A_COURSE

collect_ignore_glob = ["old_programs/*"]  # programs to move, among them a notebook, are no tests


def pytest_configure(config: pytest.Config) -> None:
    """Guard the notebooks' cells too, which a conftest.py of this folder has no part in."""
    config.pluginmanager.register(guard, "guard")
    on_sockets_of_their_own()


def pytest_xdist_auto_num_workers() -> int:
    """Four at least, because a worker often waits for its kernel; twelve at most."""
    return min(max(4, os.cpu_count() or 1), 12)


# These tests share nothing that is dear to set up: each may go to whichever worker is idle.
FREE = ("test_live.py", "test_live_real.py", "test_live_guard.py", "test_capture_command.py")


class OneWorkerForEach(LoadScopeScheduling):
    """Keep a notebook's cells, a file's tests and a program's faults on one worker each."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        number = re.search(r"\[(\d\d)", test)  # of a notebook
        if file.endswith(FREE):
            return nodeid
        return (
            f"{file} {number[1]}"
            if file.endswith(("cells.py", "faults.py", "runs.py")) and number
            else file
        )


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return OneWorkerForEach(config, log)


def settings() -> set[str]:
    """The variables of the environment that are a course's."""
    return {name for name in os.environ if name.startswith(OF_A_COURSE)}


for name in settings():
    del os.environ[name]
os.environ |= {"HELPERS_MODE": "replay", "HELPERS_PACE": "0"}


@pytest.fixture(autouse=True)
def forget_settings() -> Iterator[None]:
    """What a test sets as a cell would stays after its session; the next test must not see it."""
    before = settings()
    yield
    for name in settings() - before:
        del os.environ[name]


@pytest.fixture(autouse=True)
def forget_proxies() -> Iterator[None]:
    """urllib keeps the proxies of the first test that opens an address."""
    yield
    urllib.request.install_opener(None)  # type: ignore[arg-type]


def item(name: str, messages: list, answer: dict, **request) -> dict:
    """A recording of one chat request, as it stands in a file."""
    body = {"messages": messages, "model": "m", **request}
    sent = {"method": "POST", "path": "/models/chat/completions", "body": body}
    kind = "answers" if isinstance(answer, list) else "answer"
    return {
        "name": name,
        "origin": "constructed",
        "after": "nothing",
        "request": sent,
        kind: answer,
    }


def plain(text: str, **more) -> dict:
    """An answer with this text."""
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": text},
    }
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return {"status": 200, "headers": {"content-type": "application/json"},
            "body": {"choices": [choice], "usage": usage, **more}}  # fmt: skip


def streamed(*pieces: str, cut: bool = False) -> dict:
    """A stream of these pieces; `cut`: the connection breaks off after them."""
    events = [
        {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        for piece in pieces
    ]
    headers = {"content-type": "text/event-stream"}
    answer = {"status": 200, "headers": headers, "each": {"id": "x", "model": "m"}}
    return answer | ({"events": events, "cut": True} if cut else {"events": [*events, "[DONE]"]})


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with a notebook `00_test`; call it with recordings to start a session on them.

    The call returns the session; environment and HTTP libraries are put back after the test.
    """
    import yaml

    from helpers import connect

    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "00_test.ipynb").touch()

    def begin(*items):
        text = yaml.safe_dump(list(items), sort_keys=False)
        (tmp_path / "recordings" / "00_test.yaml").write_text(text, "utf-8")
        connect.start("00_test")
        return connect.current().session

    yield begin
    connect.end()


@pytest.fixture
def client():
    """The SDK's client, as a notebook builds it."""
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    return ChatCompletionsClient(
        "https://replay.invalid/models", AzureKeyCredential("k"), model="m"
    )


@pytest.fixture(scope="module")
def quick_kernels():
    """Kernels that start in a moment."""
    with forked():
        yield


@pytest.fixture(scope="session")
def real_server():
    """The address of llama.cpp's own server, without a path; one a worker, for all of its tests."""
    import real_server

    if reason := real_server.unavailable():
        pytest.skip(reason)
    with real_server.serving() as address:
        yield address


@pytest.fixture(scope="session")
def replay_server():
    """The address of the replay server with the course's recordings; one a worker."""
    from served import serving

    with serving("--pace", "0") as server:
        yield server.address
