"""In a real kernel, live: cells that fail say so in two lines, and no output ever holds the key."""

import base64
import signal
import sys
import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import quote

import nbformat
import pytest
from loopback import KEY as SERVER_KEY, error, service

from helpers import CourseError
from helpers.failures import failure_of, status_of
from helpers.live_guard import LiveGuard, last_cell_of, names_defined_by
from helpers.output_guard import Outputs
from notebooks import run, text_of, texts

pytestmark = pytest.mark.usefixtures("quick_kernels")

KEY = "k3y/with+signs=and\"quotes'-0123456789"
CLIENT = """
import os, requests
def ask(**more):
    answer = requests.post(
        os.environ["AZURE_INFERENCE_ENDPOINT"] + "/chat/completions",
        headers={"api-key": os.environ["AZURE_INFERENCE_CREDENTIAL"]},
        json={"messages": [], **more}, timeout=10)
    answer.raise_for_status()
    return answer.json()
"""
START = 'from helpers import start\nstart("00_test")'


@pytest.fixture
def server():
    with service() as running:
        yield running


@pytest.fixture
def cells(tmp_path, server):
    """Run these sources as the cells of a notebook, live.

    Give back the cells with their outputs.
    """
    (tmp_path / "recordings").mkdir()

    def execute(*sources: str, keep_going: bool = False, again: tuple[str, ...] = (), **more: str):
        made = [nbformat.v4.new_code_cell(source) for source in sources]
        path = tmp_path / "00_test.ipynb"
        path.write_text(text_of(nbformat.v4.new_notebook(cells=made)), "utf-8")
        live = {
            "HELPERS_MODE": "live",
            "AZURE_INFERENCE_ENDPOINT": f"{server.address}/models",
            "AZURE_INFERENCE_CREDENTIAL": SERVER_KEY,
            "AZURE_INFERENCE_MODEL": "mine",
            "PYTHON_COLORS": "0",
        }
        done = run(path, extra=again, env=live | more, keep_going=keep_going)
        return [*done.notebook.cells, *done.extra]

    return execute


def strings(value) -> list[str]:
    """Every string in nested data, keys as well."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


def everything(some: list) -> str:
    """All that cells have shown, in whatever form."""
    return "\n".join(text for cell in some for text in strings(cell.get("outputs", [])))


def test_a_refusal_is_told_in_two_lines_and_run_all_goes_on(cells, server):
    server.fault = error(400, "unknown_model", "Unknown model: mine")
    _, _, failed, after, needs, last = cells(
        START, CLIENT, "x = 1\nreply = ask()", "print(x)", "print(reply)\ntext = 1", "text"
    )
    line, advice = texts(failed).splitlines()
    assert line.startswith("Live, line 2: HTTPError: 400 Client Error")
    assert advice == "Your endpoint refused this request (status 400): see when_it_goes_wrong.md."
    assert texts(after) == "1\n"
    assert texts(needs).splitlines() == [
        "Live: this cell needs `reply` from a cell above, which failed.",
        "Mend that cell and run it again, or read on.",
    ]
    told, summary = texts(last).rsplit("\n", 2)[0], texts(last).splitlines()[-1]
    assert "needs `text`" in told
    assert summary == (
        "Live: 6 cells ran. Your endpoint refused 1, 2 failed otherwise: "
        "2 × needs a cell above, which failed, 1 × status 400."
    )
    assert not [
        o for cell in (failed, needs, last) for o in cell.outputs if o.output_type == "error"
    ]


@pytest.mark.parametrize("sdk", ["azure", "openai"])
def test_the_code_of_a_refusal_is_told_and_counted(cells, server, sdk):
    server.fault = error(400, "unknown_model", "Unknown model: mine")
    clients = {
        "azure": """
from azure.ai.inference import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential
client = ChatCompletionsClient(os.environ["AZURE_INFERENCE_ENDPOINT"], AzureKeyCredential("k"))
call = lambda: client.complete(messages=[{"role": "user", "content": "x"}])""",
        "openai": """
from openai import OpenAI
client = OpenAI()
messages = [{"role": "user", "content": "x"}]
call = lambda: client.chat.completions.create(model="mine", messages=messages)""",
    }
    server.bases.add("/openai/v1")
    *_, first, last = cells(
        START, "import os" + clients[sdk], "call()", "for _ in range(3):\n    call()"
    )
    assert "(status 400 unknown_model)" in texts(first) and "line 1" in texts(first)
    assert texts(last).splitlines()[-1] == (
        "Live: 4 cells ran. Your endpoint refused 2, 0 failed otherwise: "
        "2 × status 400 unknown_model."
    )
    assert "Live, line 2: " in texts(last)


def test_when_all_is_well(cells):
    *_, last = cells(START, CLIENT, "reply = ask()", "print('end')")
    assert texts(last) == "end\nLive: 4 cells ran, none failed.\n"


def test_a_cell_that_is_mended_gives_its_names(cells, server):
    server.fault = [error(500, "500", "x")]
    *_, needs, again, well, last = cells(
        START,
        CLIENT,
        "reply = ask()",
        "reply['choices']",
        "reply = ask()",
        "len(reply['choices'])",
        "1",
    )
    assert "needs `reply`" in texts(needs) and not texts(again)
    assert well.outputs[0].data["text/plain"] == "1"
    assert "6 cells" not in texts(last) and "Live: 7 cells ran" in texts(last)


def test_a_misspelt_name_is_not_blamed_on_the_cell_above(cells, server):
    server.fault = error(500, "500", "x")
    *_, typo = cells(START, CLIENT, "reply = ask()", "print(replay)")
    assert texts(typo).startswith("Live, line 1: NameError: name 'replay' is not defined")


def test_what_is_said_begins_a_line(cells, server):
    *_, cut, last = cells(START, "print('a piece', end='')\n1/0", "print('the end', end='')")
    assert texts(cut).startswith("a piece\nLive, line 2: ZeroDivisionError")
    assert texts(last).startswith("the end\nLive: 3 cells ran")


def test_no_answer_at_all(cells):
    *_, openai, last = cells(
        START,
        "from openai import OpenAI",
        'OpenAI(base_url="http://127.0.0.1:9/v1", max_retries=0).models.list()',
        '{}["text"]',
    )
    told = texts(openai).splitlines()
    assert told[0].startswith("Live, line 1: APIConnectionError: Connection error. (")
    assert told[1] == "No whole answer came from your endpoint: see when_it_goes_wrong.md."
    assert "Live, line 1: KeyError: 'text'" in texts(last)
    assert "answered in another way than the recording" in texts(last)
    assert "refused 0, 2 failed otherwise" in texts(last)


def test_a_program_that_ends_itself_does_not_end_run_all(cells, server):
    server.fault = error(401, "401", "Access denied")
    ends = "import sys\ntry:\n    ask()\nexcept Exception as e:\n    sys.exit(f'no: {e}')"
    *_, ended, well, last = cells(START, CLIENT, ends, "import sys; sys.exit()", "print('end')")
    assert texts(ended).splitlines()[0].startswith("Live, line 5: no: 401 Client Error")
    assert "refused this request (status 401)" in texts(ended)
    assert not well.outputs and "refused 1, 0 failed otherwise: 1 × status 401" in texts(last)
    assert all(o.output_type == "stream" and o.name == "stdout" for o in ended.outputs)


def test_an_error_of_the_course_is_shown_as_it_is(cells):
    *_, told, last = cells(START, "from helpers import check\ncheck('exercise 9', 7)", "1")
    assert texts(told).startswith("CourseError: ") and len(texts(told).splitlines()) == 1
    assert "1 × something to put right" in texts(last)


def test_cells_that_await_are_guarded_too(cells, server):
    server.fault = error(429, "429", "slow", {"Retry-After": "0"})
    source = """import aiohttp
async with aiohttp.ClientSession() as session:
    address = os.environ["AZURE_INFERENCE_ENDPOINT"] + "/chat/completions"
    async with session.post(address, json={}) as answer:
        answer.raise_for_status()
"""
    *_, failed = cells(START, "import os", source)
    assert "Live, line 5: ClientResponseError: 429" in texts(failed) and "(status 429)" in texts(
        failed
    )


SPELLED = """
import base64, json, logging, os, subprocess, sys, warnings
from urllib.parse import quote, quote_plus
key = os.environ["AZURE_INFERENCE_CREDENTIAL"]
print(key, quote(key, safe=""), quote_plus(key), base64.b64encode(key.encode()), repr(key))
print(base64.b64encode(f"user:{key}".encode()).decode())
print(json.dumps({"key": key}), key.encode().hex())
print(key, file=sys.stderr)
warnings.warn(f"the key is {key}")
logging.basicConfig(force=True)
logging.getLogger("mine").warning("sent with %s", {"api-key": key})
sys.stdout.writelines([key])
subprocess.run([sys.executable, "-c", "import os; print(os.environ['AZURE_INFERENCE_CREDENTIAL'])"])
"""
SHOWN = """
from IPython.display import HTML, Markdown, display
display(HTML(f"<b>{key}</b>"), Markdown(key), {"text/plain": key})
display({"text/plain": key, "application/json": {key: [key]}}, raw=True)
handle = display(1, display_id=True)
handle.update(key)
"""
RAISED = """
class Own(Exception):
    def __repr__(self):
        return f"Own({key!r})"
    __str__ = __repr__
def fails():
    try:
        raise ValueError(f"header {key!r} is not valid")
    except ValueError as error:
        raise Own() from error
"""


def hidden_everywhere(some: list, key: str = KEY) -> None:
    shown = everything(some)
    for form in (
        key,
        quote(key, safe=""),
        base64.b64encode(key.encode()).decode(),
        key.encode().hex(),
    ):
        assert form not in shown, form
    assert base64.b64encode(f"user:{key}".encode()).decode()[8:-8] not in shown
    assert key[4:-4] not in shown


def test_the_key_is_in_no_output_in_no_spelling(cells):
    done = cells(
        *(
            START,
            SPELLED,
            SHOWN,
            "key",
            "[{'k': key}]",
            RAISED,
            "fails()",
            "%tb",
            "raise ExceptionGroup(key, [Own()])",
        ),
        *(
            "import asyncio\nasync def bad():\n    raise Own()\n"
            "t = asyncio.create_task(bad())\nawait asyncio.sleep(0)",
        ),
        *(
            "del t\nimport gc; gc.collect()\nawait asyncio.sleep(0.1)",
            "import sys\nsys.exit(key)",
            "1/0 if key else 0",
        ),
        *(
            "import threading\nw = threading.Thread(target=fails)\nw.start()\nw.join()",
            "raise KeyboardInterrupt(key)",
        ),
        AZURE_INFERENCE_CREDENTIAL=KEY,
        keep_going=True,
    )
    hidden_everywhere(done)
    assert texts(done[1]).count("(key)") > 10 and everything(done).count("(key)") > 25
    assert "(key)" in texts(done[6]) and "Live, line 1: Own: Own(" in texts(done[6])


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (
            {"AZURE_INFERENCE_CREDENTIAL": f"{KEY}\r\n{KEY}"},
            "AZURE_INFERENCE_CREDENTIAL holds a blank",
        ),
        ({"AZURE_INFERENCE_ENDPOINT": f"https://h.example.com/models?code={KEY}"}, "holds a sign"),
        ({"AZURE_INFERENCE_ENDPOINT": "", "AZURE_INFERENCE_CREDENTIAL": KEY}, "is not. Set both"),
        ({"OPENAI_BASE_URL": "nonsense", "OPENAI_API_KEY": KEY}, "OPENAI_BASE_URL is no address"),
        ({"HELPERS_MODE": "liv", "AZURE_CLIENT_SECRET": KEY}, "HELPERS_MODE is 'liv'"),
    ],
)
def test_a_start_that_fails_hides_keys_as_well(cells, settings, what):
    names = [name for name, value in settings.items() if KEY in value]
    leaks = (
        f"import os\nprint(os.environ[{names[0]!r}])\nraise ValueError(os.environ[{names[0]!r}])"
    )
    sends = (
        "import os, requests\n"
        "key = os.environ['AZURE_INFERENCE_CREDENTIAL']\n"
        "requests.get('http://127.0.0.1:9/', headers={'api-key': key}, timeout=1)"
    )
    failed, *others = cells(START, leaks, sends, keep_going=True, **settings)
    assert what in "".join(failed.outputs[0].traceback)
    hidden_everywhere([failed, *others])
    assert "(key)" in everything(others)


def test_a_key_of_the_file_is_hidden_too(cells, tmp_path):
    (tmp_path / ".env").write_text(f"AZURE_CLIENT_SECRET={KEY}\n", "utf-8")
    done = cells(START, "print(open('.env').read())")
    hidden_everywhere(done)
    assert "AZURE_CLIENT_SECRET=(key)" in texts(done[1])


def test_the_next_start_takes_all_of_it_away(cells, server):
    again = "\n".join(
        [
            "import helpers.connect, sys",
            "shell = get_ipython()",
            "def held():",
            "    events = [f.__qualname__ for f in shell.events.callbacks['post_run_cell']]",
            "    objects = (shell, shell.kernel.session)",
            "    own = [n for o in objects for n in ('send', 'showtraceback') if n in vars(o)]",
            "    return [e for e in events if 'LiveGuard' in e], own, shell.custom_exceptions",
        ]
    )
    done = cells(
        *(again, "before = held()", START, "started = held()", START, "restarted = held()"),
        *(
            "helpers.connect.end()\nafter = held()",
            "print(len(started[0]), len(restarted[0]), started == restarted)",
        ),
        *("print(before == after, before[0], before[1], before[2])", "raise ValueError('as ever')"),
        keep_going=True,
    )
    assert texts(done[7]) == "1 1 True\n"
    assert texts(done[8]) == "True [] [] ()\n"
    assert done[9].outputs[0].output_type == "error" and done[9].outputs[0].ename == "ValueError"


def test_each_start_counts_anew(cells, server):
    server.fault = error(500, "500", "x")
    *_, last = cells(START, CLIENT, "reply = ask()", START, "print('end')")
    assert texts(last) == "end\nLive: 2 cells ran, none failed.\n"


def test_replay_guards_nothing(cells, tmp_path):
    recording = """
- name: a
  origin: constructed
  after: nothing
  request: {method: POST, path: /models/chat/completions, body: {}}
  answer: {status: 200, headers: {}, body: {}}
"""
    (tmp_path / "recordings" / "00_test.yaml").write_text(recording, "utf-8")
    *_, failed, last = cells(
        START, "raise ValueError('x')", "1", HELPERS_MODE="replay", keep_going=True
    )
    assert failed.outputs[0].output_type == "error"
    assert "Live" not in everything([failed, last])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows interrupts a kernel in another way")
def test_a_cell_can_be_interrupted(tmp_path):
    from jupyter_client.manager import start_new_kernel

    (tmp_path / "recordings").mkdir()
    (tmp_path / "00_test.ipynb").write_text(text_of(nbformat.v4.new_notebook()), "utf-8")
    live = {
        "HELPERS_MODE": "live",
        "AZURE_INFERENCE_ENDPOINT": "http://127.0.0.1:9/v1",
        "AZURE_INFERENCE_CREDENTIAL": KEY,
    }
    import os

    manager, client = start_new_kernel(cwd=str(tmp_path), env={**os.environ, **live})
    try:
        assert (
            client.execute_interactive(START, timeout=30, output_hook=lambda _: None)["content"][
                "status"
            ]
            == "ok"
        )
        timer = threading.Timer(1, lambda: manager.signal_kernel(signal.SIGINT))
        timer.start()
        began = time.monotonic()
        reply = client.execute_interactive(
            "import time; time.sleep(20)", timeout=30, output_hook=lambda _: None
        )
        assert (reply["content"]["status"], reply["content"]["ename"]) == (
            "error",
            "KeyboardInterrupt",
        )
        assert time.monotonic() - began < 15
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# The parts, without a kernel.


def caught(function) -> BaseException:
    try:
        function()
    except BaseException as fault:
        return fault
    raise AssertionError("nothing was raised")


def test_the_status_whichever_library_raised():
    import io
    from email.message import Message
    from urllib.error import HTTPError

    import httpx
    import requests

    request = httpx.Request("POST", "http://h/")
    gone = httpx.HTTPStatusError(
        "x", request=request, response=httpx.Response(410, request=request)
    )
    assert status_of(gone) == 410
    response = requests.Response()
    response.status_code = 404
    assert status_of(requests.HTTPError("x", response=response)) == 404
    assert status_of(HTTPError("http://h", 403, "x", Message(), io.BytesIO())) == 403
    assert status_of(ValueError("x")) is None
    assert status_of(ValueError(404, None, "no such path")) == 404  # as a program without an SDK
    assert status_of(KeyError(404)) is None


@pytest.mark.parametrize(
    ("status", "says", "refused"),
    [
        (200, "No whole answer came from your endpoint: ", False),
        (302, "Your endpoint sent this request elsewhere (status 302): ", True),
        (404, "Your endpoint refused this request (status 404): ", True),
    ],
)
def test_only_an_error_is_called_a_refusal(status, says, refused):
    from azure.core.exceptions import HttpResponseError

    error = HttpResponseError("no chat completion")
    error.status_code = status
    failure = failure_of(error, None, ())
    assert failure.lines[1].startswith(says) and failure.refused is refused


def test_a_web_page_in_place_of_an_answer_is_named(server, cells):
    """The package `openai` returns it as a string."""
    server.fault = {"status": 200, "type": "text/html", "body": "<html>Sign in</html>"}
    ask = (
        "import os\nfrom openai import OpenAI\nv1 = OpenAI(max_retries=0)\n"
        "v1.chat.completions.create(model='m', messages=[]).choices"
    )
    done = cells(START, ask)
    assert "Your endpoint sent text, such as a web page. Check its address" in texts(done[1])


def test_half_an_emoji_costs_no_output(cells):
    """A stream may bring the halves apart."""
    done = cells(START, r'print("Sun \ud83c", flush=True); print("\udf1e!", flush=True)', "1")
    assert texts(done[1]) == "Sun \ufffd\n\ufffd!\n"


def test_the_first_error_of_a_group_counts():
    failure = failure_of(ExceptionGroup("two", [KeyError("a"), ValueError("b")]), None, ())
    assert failure.why == "KeyError" and "ExceptionGroup: two" in failure.lines[0]


def test_without_sign_in():
    from azure.core.exceptions import ClientAuthenticationError

    failure = failure_of(ClientAuthenticationError("no token\nfrom anywhere"), None, ())
    assert (
        failure.lines[0].endswith("ClientAuthenticationError: no token")
        and "az login" in failure.lines[1]
    )
    assert not failure.refused


def test_a_local_variable_of_that_name_is_not_blamed_on_the_cell_above():
    def local():
        reply  # noqa: B018, F821
        reply = 1  # noqa: F841

    named = UnboundLocalError("not bound", name="reply")  # as later versions of Python raise it
    assert "needs" not in failure_of(named, None, {"reply"}).lines[0]

    assert "needs" not in failure_of(caught(local), None, {"reply"}).lines[0]


def test_an_error_of_the_course_is_one_to_put_right():
    failure = failure_of(CourseError("do this"), None, ())
    assert failure.lines == ("CourseError: do this",) and not failure.refused


def test_a_long_text_is_cut_after_the_key_is_out(capsys):
    guard = LiveGuard(SimpleNamespace(), Outputs(ExitStack(), ()), {KEY}, None)
    fault = ValueError("x" * 375 + KEY)
    guard.tell(None, ValueError, fault, None)
    assert not any(KEY[:size] in capsys.readouterr().out for size in (6, 12, 20))


def test_half_an_emoji_is_printed_as_a_sign(monkeypatch):
    """Neither the kernel's own packer nor a file of a notebook can hold it."""
    sent = []
    session = SimpleNamespace(send=lambda stream, kind, content: sent.append(content))
    monkeypatch.setattr("helpers.output_guard._kernel_session", lambda: session)
    with ExitStack() as undo:
        Outputs(undo, ())
        session.send(None, "stream", {"name": "stdout", "text": "\ud83c\udf1e \ud83c"})
    assert sent == [{"name": "stdout", "text": "🌞 \ufffd"}]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a = 1; b, (c, *d) = x; e += 1; f: int = 2", {"a", "b", "c", "d", "e", "f"}),
        ("import os.path, sys as s\nfrom x import y as z, w", {"os", "s", "z", "w"}),
        ("def f(a):\n    b = 1\nclass C:\n    d = 2\nasync def g(): pass", {"f", "C", "g"}),
        ("for i in x:\n    with o as p:\n        q = 1\nif (r := 2): pass", {"i", "p", "q", "r"}),
        ("async with a as b:\n    c = await d", {"b", "c"}),
        ("try:\n    a = 1\nexcept E as e:\n    b = 2", {"a", "b"}),
        ("x = [y for y in z]\nf = lambda: (u := 1)", {"x", "f"}),
        ("not python (", set()),
    ],
)
def test_the_names_that_a_cell_defines(source, names):
    assert names_defined_by(source) == names


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cells": []}', '{"cells": [{"cell_type": "markdown"}]}', "null"]
)
def test_a_notebook_that_cannot_be_read_has_no_last_cell(tmp_path, text):
    path = tmp_path / "a.ipynb"
    path.write_text(text)
    assert last_cell_of(path) is None and last_cell_of(tmp_path / "absent.ipynb") is None


def test_an_edited_last_cell_is_known_by_its_id(tmp_path):
    cells = [nbformat.v4.new_code_cell("a", id="one"), nbformat.v4.new_code_cell("b", id="two")]
    cells.append(nbformat.v4.new_markdown_cell("end"))
    path = tmp_path / "a.ipynb"
    path.write_text(text_of(nbformat.v4.new_notebook(cells=cells)))
    last = last_cell_of(path)
    assert last.is_run_by(SimpleNamespace(raw_cell="edited", cell_id="two"))
    assert last.is_run_by(SimpleNamespace(raw_cell="b\n", cell_id=None))
    assert not last.is_run_by(SimpleNamespace(raw_cell="a", cell_id="one"))
    assert not last.is_run_by(SimpleNamespace(raw_cell=None, cell_id=None))
