"""`make record` as a command: what it saves, what it says, and what a kill or a fault leaves.

Against the loopback server, which plants secrets and fails on request, and against llama.cpp's own.
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
from loopback import PRIVATE_HEADERS, Service, service

from helpers.replay import load
from notebooks import ALL, NOTEBOOKS, ROOT, Run, plays, read, run, solutions, text_of

pytestmark = pytest.mark.usefixtures("quick_kernels")

KEY, TENANT = "planted-key-0123", "44444444-dddd-4ddd-8ddd-444444444444"
SAID = {
    "key": KEY,
    "token": "eyJhbGciOiJub25lIn0.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJl",
    "host": "localhost",
    "tenant": TENANT,
    "request id": PRIVATE_HEADERS["x-request-id"],
    "session": PRIVATE_HEADERS["azureml-model-session"],
    "account": "plantedperson",
    "path": "/home/plantedperson/work",
    "e-mail": "planted.person@example.org",
    "subscription": PRIVATE_HEADERS["x-ms-subscription"],
}
NAME, SHORT = "02_streaming", "00_start_here"
ENDS_AT_ONCE = 'data: {"choices":[]}\n\n'


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(NOTEBOOKS, tmp_path / "notebooks"))


@pytest.fixture
def server(monkeypatch):
    import loopback

    monkeypatch.setattr(loopback, "KEY", KEY)
    with service() as running:
        yield running


def command(copy: Path, endpoint: str, *arguments: str, **more: str) -> dict:
    """What to start: the command on a copy of the notebooks, against an endpoint."""
    ours = ("AZURE_", "OPENAI_", "HELPERS_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    settings = {
        "PYTHONPATH": str(ROOT / "tests" / "tools"),
        "COURSE_NOTEBOOKS": str(copy),
        "AZURE_INFERENCE_ENDPOINT": endpoint,
        "AZURE_INFERENCE_CREDENTIAL": KEY,
        "AZURE_INFERENCE_MODEL": "small-model",
        "AZURE_TENANT_ID": TENANT,
        "LOGNAME": SAID["account"],
        "COLUMNS": "200",
    }
    started = [sys.executable, "-m", "capture", *arguments]
    return {"args": started, "env": {**own, **settings, **more}, "cwd": copy.parent}


def of(server: Service) -> str:
    return f"http://localhost:{server.server_port}/models"


@pytest.fixture
def done(copy, monkeypatch, capsys):
    """Run the command in this process. Returns its status and what it printed."""
    import capture.__main__ as program

    def start(endpoint: str, *arguments: str, **more: str) -> tuple[int, str]:
        for name, value in command(copy, endpoint, **more)["env"].items():
            if os.environ.get(name) != value:
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("HELPERS_MODE", "record")  # put back afterwards
        monkeypatch.setattr(program, "NOTEBOOKS", copy)
        monkeypatch.setattr(program, "ALL", sorted(copy.glob("[0-9]*.ipynb")))
        monkeypatch.chdir(copy.parent)
        status = program.main(list(arguments))
        return status, "".join(capsys.readouterr())

    return start


def digests(folder: Path) -> dict[str, str]:
    files = [
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def captured(copy: Path, name: str) -> list[str]:
    recordings = load(copy / "recordings" / f"{name}.yaml").recordings
    return [one.name for one in recordings if one.origin == "captured"]


def replayed(notebook: Path) -> Run:
    """The notebook in replay, with its forms and its solutions."""
    book = read(notebook)
    return run(notebook, extra=[*plays(book), *solutions(book)])


def test_a_dry_run_says_what_would_change_and_saves_nothing(server, copy, done):
    before = digests(copy)
    status, printed = done(of(server), SHORT, "--dry-run")
    assert status == 0, printed
    assert "would change" in printed and f"{SHORT}: would capture" in printed
    assert "→ 'Fine, thank you.'" in printed
    assert digests(copy) == before


def test_what_is_captured_replays_and_holds_no_secret(server, copy):
    server.text = "Fine. " + " ".join(SAID.values())
    before = digests(copy)
    start = command(copy, of(server), NAME)
    real = subprocess.run(**start, capture_output=True, text=True, encoding="utf-8")
    assert real.returncode == 0, real.stdout + real.stderr
    assert f"{NAME}: captured" in real.stdout and "as before" in real.stdout
    server.shutdown()
    server.server_close()
    changed = {path for path, digest in digests(copy).items() if before.get(path) != digest}
    file, notebook = copy / "recordings" / f"{NAME}.yaml", copy / f"{NAME}.ipynb"
    assert changed == {str(file), str(notebook)}
    names = captured(copy, NAME)
    assert names and all(f"  {name}: " in real.stdout for name in names)
    for one in load(file).recordings:
        is_captured = one.name in names
        assert is_captured == bool(re.fullmatch(r".+ on a local server, \d+ \w+ 20\d\d", one.after))
        assert is_captured or f"  {one.name}: " in real.stdout  # the reason
    again = replayed(notebook)  # strictly, and the server is gone
    assert text_of(again.notebook) == notebook.read_text("utf-8")
    assert {one.name for one in load(file).recordings} <= set(again.played)
    for path in (file, notebook):
        text = path.read_text("utf-8").replace("http://localhost:<port>", "")
        assert not [what for what, secret in SAID.items() if secret in text], path.name
        assert not [name for name, value in PRIVATE_HEADERS.items() if value in text], path.name
    assert KEY not in real.stdout + real.stderr


def test_an_endpoint_that_refuses_everything_changes_nothing_and_is_quoted(server, copy, done):
    before = digests(copy)
    body = json.dumps({"error": {"code": "500", "message": f"out of order, {KEY}"}})
    server.fault = {"status": 500, "body": body}
    status, printed = done(of(server), SHORT)
    assert status == 1
    assert "refused with status 500, not 200" in printed and "unchanged" in printed
    assert "out of order, (key)" in printed and KEY not in printed
    assert digests(copy) == before


@pytest.mark.parametrize("before", range(60, 300, 8))
def test_no_line_of_the_summary_holds_half_a_key(before):
    from capture.notebook import Report
    from capture.summary import lines_of

    error = f"ClientAuthenticationError: {'x' * before}{KEY} is wrong"
    report = Report(reasons={"hello": f"its cell failed live: {error}"}, failed={4: error})
    lines = list(lines_of({NAME: report}, {NAME: error}, False, {KEY}))
    assert len(lines) == 5 and KEY[:5] not in "".join(lines)
    assert max(map(len, lines)) <= 301


def test_a_server_that_goes_in_the_middle_costs_what_it_did_not_answer(server, copy, done):
    fault = {"pieces": [ENDS_AT_ONCE], "cut": True}
    server.fault = [None, *(fault for _ in range(200))]
    status, printed = done(of(server), SHORT)
    assert status == 0, printed
    assert "cut: the connection broke off" in printed
    assert len(captured(copy, SHORT)) == 1
    notebook = copy / f"{SHORT}.ipynb"
    assert text_of(replayed(notebook).notebook) == notebook.read_text("utf-8")


def test_an_endpoint_that_does_not_answer_ends_the_run(copy, done):
    before = digests(copy)
    status, printed = done("http://127.0.0.1:9/v1", SHORT, NAME)
    assert status == 1
    assert "no answer from the endpoint" in printed
    assert "the other notebooks were not tried" in printed
    assert digests(copy) == before


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="this platform has no process groups to kill")
def test_killed_in_the_middle_leaves_all_as_before(server, copy):
    before = digests(copy)
    server.pause = 5
    process = subprocess.Popen(
        **command(copy, of(server), NAME), stdout=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not server.seen and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert server.seen, "it did not ask anything"
    assert digests(copy) == before


def test_ctrl_c_while_it_saves_leaves_no_file_without_its_other(copy, done, monkeypatch):
    """What was decided to be saved is saved; a second Ctrl-C leaves it to the next run."""
    import capture.__main__ as program
    from capture import save

    paths = [copy / f"{SHORT}.ipynb", copy / "recordings" / f"{SHORT}.yaml"]
    replace, steps = os.replace, iter(range(9))

    def interrupted(*where: Path) -> None:
        replace(*where)
        if next(steps) == 1:  # after the first of the two files
            raise KeyboardInterrupt

    def capturing(*_: object) -> None:
        monkeypatch.setattr(os, "replace", interrupted)
        before = {path: save.digest(path) for path in paths}
        save.save(copy, {path: "new" for path in paths}, before)

    monkeypatch.setattr(program, "capture", capturing)
    status, printed = done("http://127.0.0.1:9/models", SHORT)
    assert status == 1 and "Stopped." in printed
    assert [path.read_text("utf-8") for path in paths] == ["new", "new"]


def test_a_folder_that_is_read_only_is_named_before_anything_is_asked(
    server, copy, done, monkeypatch
):
    locked = copy / "recordings"
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked or mode != os.W_OK)
    status, printed = done(of(server), SHORT)
    assert status == 1 and f"You may not write in {locked}" in printed
    assert server.seen == []


def test_settings_and_names_that_are_wrong_are_named(monkeypatch, tmp_path, capsys):
    from capture.__main__ import main

    monkeypatch.chdir(tmp_path)  # where no .env is
    monkeypatch.setenv("HELPERS_MODE", "record")
    monkeypatch.setenv("AZURE_INFERENCE_ENDPOINT", "http://localhost:1/models")
    assert main([]) == 2
    told = capsys.readouterr().err
    assert "AZURE_INFERENCE_CREDENTIAL is not" in told and ".env.example" in told
    monkeypatch.delenv("AZURE_INFERENCE_ENDPOINT")
    assert main([]) == 2
    told = capsys.readouterr().err
    assert told.startswith("make record needs AZURE_INFERENCE_ENDPOINT and")
    assert "HELPERS_MODE" not in told and "kernel" not in told
    assert main(["99_nothing"]) == 2
    assert "There is no notebook '99_nothing'" in capsys.readouterr().err


def test_a_real_server_gives_recordings_that_replay_strictly(real_server, copy, done):
    """llama.cpp's: content null, `length`, timings, and cells that fail on noise."""
    before = digests(copy)
    names = [path.stem for path in ALL if path.stem[:3] in ("01_", "05_")]
    proxies = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "", "LOGNAME": "user"}
    status, printed = done(f"{real_server}/v1", *names, **proxies)
    assert status == 0, printed
    assert sum(len(captured(copy, name)) for name in names) >= 10, printed
    changed = {Path(path).stem for path, digest in digests(copy).items() if before[path] != digest}
    assert changed <= set(names)
    for name in names:
        file = load(copy / "recordings" / f"{name}.yaml")
        old = load(NOTEBOOKS / "recordings" / f"{name}.yaml")
        constructed = [one for one in file.recordings if one.origin == "constructed"]
        assert all(one in old.recordings for one in constructed)
        text = (copy / "recordings" / f"{name}.yaml").read_text("utf-8")
        assert "timings" not in text and "role: (removed)" not in text
    again = replayed(copy / f"{names[-1]}.ipynb")
    assert text_of(again.notebook) == (copy / f"{names[-1]}.ipynb").read_text("utf-8")
