"""make record, against a service on this computer.

What is captured, what is left out, what a kill or a fault leaves.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from loopback import PRIVATE_HEADERS, service

from notebooks import NOTEBOOKS, ROOT, run, text_of

TENANT, SUBSCRIPTION = (
    "44444444-dddd-4ddd-8ddd-444444444444",
    "55555555-eeee-4eee-8eee-555555555555",
)
TOKEN = "eyJhbGciOiJub25lIn0.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJl"
PLANTED = {
    "key": "planted-key-0123",
    "token": TOKEN,
    "host": "localhost",
    "tenant": TENANT,
    "cookie": "c00k1e",
    "request id": PRIVATE_HEADERS["x-request-id"],
    "user": "plantedperson",
    "path": "/home/plantedperson/work",
    "e-mail": "planted.person@example.org",
    "subscription": SUBSCRIPTION,
}


@pytest.fixture
def copy(tmp_path) -> Path:
    folder = tmp_path / "notebooks"
    shutil.copytree(NOTEBOOKS, folder)
    return folder


def command(server, copy: Path, *names: str) -> dict:
    """What to start: `record.py` on a copy of the notebooks, against the server."""
    own = {n: v for n, v in os.environ.items() if not n.startswith(("AZURE_", "HELPERS_"))}
    settings = {
        "COURSE_NOTEBOOKS": str(copy),
        "AZURE_INFERENCE_ENDPOINT": f"http://localhost:{server.server_port}/models",
        "AZURE_INFERENCE_CREDENTIAL": PLANTED["key"],
        "AZURE_INFERENCE_MODEL": "small-model",
        "AZURE_TENANT_ID": TENANT,
        "LOGNAME": PLANTED["user"],
        "COLUMNS": "200",
    }
    return {
        "args": [sys.executable, ROOT / "tests/tools/record.py", *names],
        "env": own | settings,
        "cwd": copy.parent,
    }


def digests(folder: Path) -> dict[str, str]:
    return {
        str(p): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture
def server(monkeypatch):
    import loopback

    monkeypatch.setattr(loopback, "KEY", PLANTED["key"])
    with service() as running:
        yield running


def test_what_is_recorded_replays_and_holds_no_secret(server, copy):
    server.text = "Fine. " + " ".join(
        text for what, text in PLANTED.items() if what != "cookie"
    )  # that is a header
    name = "02_streaming"
    done = subprocess.run(**command(server, copy, name), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "saved" in done.stdout and "captured languages, streamed" in done.stdout
    )  # what changed, by name
    server.shutdown()
    server.server_close()
    recorded = yaml.safe_load((copy / "recordings" / f"{name}.yaml").read_text("utf-8"))
    captured = [r for r in recorded if r["origin"] == "captured"]
    assert len(captured) >= len(recorded) / 2
    assert all(r["after"].startswith("small-model on a local server, ") for r in captured)
    # This server takes any name: what cannot be provoked stays as it was.
    assert "unknown model" in [r["name"] for r in recorded if r["origin"] == "constructed"]
    again = run(copy / "02_streaming.ipynb").notebook  # the server is gone
    assert text_of(again) == (copy / "02_streaming.ipynb").read_text("utf-8")
    first = next(cell for cell in again.cells if cell.cell_type == "code")
    assert re.match(r"Replay: \d+ captured and \d+ constructed answers", first.outputs[0].text)
    for path in copy.rglob("*"):
        if path.is_file() and path.stem == name:
            text = path.read_text("utf-8")
            found = [
                what
                for what, secret in PLANTED.items()
                if secret in text and not (what == "host" and "http://localhost:<port>" in text)
            ]
            assert not found, f"{path.name}: {found}"
            assert not [name for name, value in PRIVATE_HEADERS.items() if value in text]
    assert not (copy / ".recording").exists()


def test_a_live_run_that_fails_saves_nothing_and_says_why(server, copy):
    before = digests(copy)
    server.fault = {"status": 500, "body": '{"error":{"code":"500","message":"out of order"}}'}
    done = subprocess.run(**command(server, copy, "02_streaming"), capture_output=True, text=True)
    assert done.returncode == 1
    assert "not saved: the live run failed: HttpResponseError: (500) out of order" in done.stdout
    assert digests(copy) == before


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this platform has no process groups to kill")
def test_killed_in_the_middle_leaves_all_as_before(server, copy):
    before = digests(copy)
    server.pause = 5
    process = subprocess.Popen(
        **command(server, copy, "02_streaming"), stdout=subprocess.DEVNULL, start_new_session=True
    )
    for _ in range(200):
        time.sleep(0.05)
        if server.seen:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert server.seen, "it was not yet recording"
    assert digests(copy) == before


@pytest.mark.parametrize("stop", range(4))
def test_killed_while_saving_is_completed_by_the_next_run(tmp_path, monkeypatch, stop):
    """Stop at each step of saving.

    Afterwards both files are the old ones, or, once it was decided, both the new.
    """
    import record

    class Killed(BaseException):
        pass

    replace, steps = os.replace, iter(range(9))

    def dying(*where):
        if next(steps) == stop:
            raise Killed
        replace(*where)

    monkeypatch.setattr(record, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(os, "replace", dying)
    for name in "ab":
        (tmp_path / name).write_text(f"old {name}")
    try:
        record.save({tmp_path / "a": "new a", tmp_path / "b": "new b"})
        assert stop == 3
    except Killed:
        pass
    monkeypatch.setattr(os, "replace", replace)
    record.finish()
    age = "old" if stop == 0 else "new"
    assert [(tmp_path / name).read_text() for name in "ab"] == [f"{age} a", f"{age} b"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_full_disk_leaves_all_as_before(tmp_path, monkeypatch):
    import record

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="No space left"):
        record.save({tmp_path / "a": "new"})
    monkeypatch.undo()
    monkeypatch.setattr(record, "NOTEBOOKS", tmp_path)
    record.finish()
    assert (tmp_path / "a").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_settings_half_there_are_named(copy, server):
    start = command(server, copy)
    start["env"].pop("AZURE_INFERENCE_CREDENTIAL")
    done = subprocess.run(**start, capture_output=True, text=True)
    assert done.returncode == 2
    assert "AZURE_INFERENCE_CREDENTIAL is not" in done.stderr and ".env.example" in done.stderr


def test_a_picture_is_stored_as_what_it_shows():
    from record import Scrubber

    scrub = Scrubber("https://somewhere.services.ai.azure.com/models")
    sent = {"messages": [{"content": [{"image_url": {"url": "data:image/png;base64,AAAA"}}]}]}
    assert "AAAA" not in json.dumps(scrub.data(sent))
    guid = "12345678-1234-1234-1234-123456789012"
    assert scrub.text(f"a {guid} b {guid}").count("00000000-0000-0000-0000-000000000001") == 2


def test_a_plain_answer_is_scrubbed_by_allow_list():
    from record import Scrubber, to_answer

    secrets = [
        text for what, text in PLANTED.items() if what not in ("key", "host", "user", "cookie")
    ]
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": " ".join(secrets)},
    }
    body = {
        "id": "chatcmpl-1a2b3c",
        "created": 1736389063,
        "model": "m",
        "choices": [choice],
        "organization": "planted",
    }
    headers = {
        "Content-Type": "application/json",
        "Date": "Mon, 01 Jan 2024 00:00:00 GMT",
        **PRIVATE_HEADERS,
    }
    answer = to_answer(
        200, headers, json.dumps(body).encode(), Scrubber("https://somewhere.example/models")
    )
    assert answer["headers"] == {"content-type": "application/json"}
    assert (
        set(answer["body"]) == {"id", "created", "model", "choices"}
        and answer["body"]["id"] == "captured"
    )
    text = json.dumps(answer)
    assert not [
        s for s in [*secrets, *PRIVATE_HEADERS.values(), "1736389063", "planted"] if s in text
    ]
    assert to_answer(200, headers, b"<html>", Scrubber("https://somewhere.example/models")) is None
