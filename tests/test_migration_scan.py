"""The scan: what it finds in programs of every shape, what it cannot judge, and what odd files
cost.
"""

import io
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from helpers.migration import progress
from helpers.migration.__main__ import main
from helpers.migration.project import Project
from helpers.migration.scan import scan, scan_file

TESTS = Path(__file__).parent
OLD = TESTS / "old_programs"
HEAD = """
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
"""
MAKE = 'ChatCompletionsClient("e", AzureKeyCredential("k"), model="m")'


def symbols(
    code: str, tmp_path: Path, name: str = "program.py", head: str = HEAD
) -> list[tuple[int, str]]:
    """The lines (counted from the code's own first) and symbols that a scan finds."""
    path = tmp_path / name
    path.write_text(head + textwrap.dedent(code), "utf-8")
    result = scan_file(path, Project())
    assert not result.problems
    first = head.count("\n")
    return [(f.line - first, f.use.symbol) for f in result.findings if f.line > first]


def found(code: str, tmp_path: Path, **more) -> set[str]:
    return {symbol for _, symbol in symbols(code, tmp_path, **more)}


WAYS = {
    "a name": f"c = {MAKE}\nc.complete()",
    "self": f"class A:\n  def __init__(self): self.c = {MAKE}\n  def f(self): return self.c.complete()",
    "a base class": f"class A:\n  c = {MAKE}\nclass B(A):\n  def f(self): return self.c.complete()",
    "a property": f"class A:\n  @property\n  def c(self): return {MAKE}\nA().c.complete()",
    "a helper": f"def make(): return {MAKE}\nmake().complete()",
    "two helpers": f"def make(): return {MAKE}\ndef get(): return make()\nc = get()\nc.complete()",
    "a parameter": f"def ask(c): return c.complete()\nask({MAKE})",
    "a keyword": f"def ask(*, c=None): return c.complete()\nask(c={MAKE})",
    "an annotation": "def ask(c: ChatCompletionsClient): return c.complete()",
    "a quoted annotation": 'def ask(c: "ChatCompletionsClient | None" = None): return c.complete()',
    "an attribute's annotation": "class A:\n  c: ChatCompletionsClient\n  def f(self): return self.c.complete()",
    "with": f"with {MAKE} as c: c.complete()",
    "a generator": f"def make(): yield {MAKE}\nfor c in make(): c.complete()",
    "a dict": f"all = {{'a': {MAKE}}}\nall['a'].complete()",
    "a list": f"for c in [{MAKE}]: c.complete()",
    "a tuple": f"a, c = 1, {MAKE}\nc.complete()",
    "walrus": f"if c := {MAKE}: c.complete()",
    "a condition": f"c = {MAKE} if a else None\nc.complete()",
    "a global": f"c = None\ndef set():\n  global c\n  c = {MAKE}\ndef get(): return c.complete()",
    "a lambda": f"c = {MAKE}\nf = lambda: c.complete()",
    "a comprehension": f"x = [c.complete() for c in [{MAKE}]]",
    "a thread": f"import asyncio\nc = {MAKE}\nasyncio.to_thread(c.complete)",
    "getattr": f"class A: pass\nA.c = 1\nc = {MAKE}\ngetattr(c, 'complete')()",
    "Depends": f"def make(): return {MAKE}\ndef route(c=Depends(make)): return c.complete()",
    "a fixture": f"@pytest.fixture\ndef c(): yield {MAKE}\ndef test_a(c): c.complete()",
    "a branch": f"if a:\n  c = {MAKE}\nelse:\n  c = other()\nc.complete()",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_client_is_followed(way, tmp_path):
    assert "ChatCompletionsClient.complete" in found(WAYS[way], tmp_path)


IMPORTS = {
    "import azure.ai.inference": "azure.ai.inference.ChatCompletionsClient(endpoint=1)",
    "import azure.ai.inference as x": "x.ChatCompletionsClient(endpoint=1)",
    "from azure.ai import inference": "inference.ChatCompletionsClient(endpoint=1)",
    "from azure.ai import inference as i": "i.ChatCompletionsClient(endpoint=1)",
    "from azure.ai.inference import ChatCompletionsClient as C": "C(endpoint=1)",
    "from azure.ai.inference import *": "ChatCompletionsClient(endpoint=1)",
    "from azure.ai.inference import models as m, ChatCompletionsClient": "ChatCompletionsClient(endpoint=m.UserMessage)",
}


@pytest.mark.parametrize("line", IMPORTS)
def test_every_form_of_import_is_known(line, tmp_path):
    names = found(IMPORTS[line], tmp_path, head=line + "\n")
    assert {"ChatCompletionsClient", "ChatCompletionsClient(endpoint=)"} <= names


def test_a_keyword_of_the_client_is_not_one_of_the_call(tmp_path):
    names = found(f"c = {MAKE}\nc.complete(model='n', messages=[])", tmp_path)
    assert {"ChatCompletionsClient(model=)", "ChatCompletionsClient.complete(model=)"} <= names


def test_the_async_client_is_told_apart(tmp_path):
    names = found(
        "async def f(c: ChatCompletionsClient): await c.complete()",
        tmp_path,
        head="from azure.ai.inference.aio import ChatCompletionsClient\n",
    )
    assert "aio.ChatCompletionsClient.complete" in names


def test_answers_are_followed(tmp_path):
    code = f"""
    from azure.core.exceptions import HttpResponseError
    c = {MAKE}
    try:
        r = c.complete(messages=[UserMessage("a")])
        print(r.choices[0].message.content, r.choices[0].finish_reason.value, r["usage"])
        for call in r.choices[0].message.tool_calls: print(call.function.name)
        for u in c.complete(messages=[], stream=True): print(u.choices[0].delta.content, u.choices[0].get("x"))
    except HttpResponseError as error:
        print(error.error.code, error.status_code)
    """
    assert {
        "ChatResponseMessage.content",
        "CompletionsFinishReason.value",
        'ChatCompletions["usage"]',
        "FunctionCall.name",
        "StreamingChatResponseMessageUpdate.content",
        "StreamingChatChoiceUpdate.get",
        "HttpResponseError",
        "ODataV4Format.code",
        "HttpResponseError.status_code",
        "UserMessage",
    } <= found(code, tmp_path)


def test_the_latest_value_of_a_name_counts(tmp_path):
    lines = symbols(f"c = {MAKE}\nc.complete()\nc = other()\nc.complete()\n", tmp_path)
    assert (2, "ChatCompletionsClient.complete") in lines
    assert not [symbol for line, symbol in lines if line == 4 and "complete" in symbol]


def test_another_files_client_is_followed(tmp_path):
    (tmp_path / "make.py").write_text(f"{HEAD}def make(): return {MAKE}\nask = lambda: 1\n")
    (tmp_path / "use.py").write_text(
        "from make import make\nimport make as m\nmake().complete()\nm.make().complete()\n"
    )
    names = [(f.line, f.use.symbol) for f in scan_file(tmp_path / "use.py", Project()).findings]
    assert (3, "ChatCompletionsClient.complete") in names and (
        4,
        "ChatCompletionsClient.complete",
    ) in names


def test_another_files_call_tells_what_a_parameter_is(tmp_path):
    (tmp_path / "ask.py").write_text(f"{HEAD}def ask(c): return c.complete()\n")
    (tmp_path / "use.py").write_text(f"{HEAD}from ask import ask\nask({MAKE})\n")
    assert "ChatCompletionsClient.complete" in {
        f.use.symbol for f in scan_file(tmp_path / "ask.py", Project()).findings
    }


NOT_OLD = [
    "llm.complete(prompt='a')",
    "from openai import OpenAI\nOpenAI().chat.completions.create(messages=[])",
    "from azure.core.exceptions import HttpResponseError\ntry: ...\nexcept HttpResponseError: ...",
    "from azure.core.credentials import AzureKeyCredential\nx = AzureKeyCredential('a')",
    "class UserMessage: ...\nUserMessage()",
    "'azure.ai.inference'.split('.')\n# azure.ai.inference",
]


@pytest.mark.parametrize("code", NOT_OLD)
def test_what_is_not_of_the_old_sdk_is_left_alone(code, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(f"'''azure.ai.inference'''\n{code}\n")
    result = scan_file(path, Project())
    assert not result.problems
    assert all(f.use.row is None and "string" in f.use.reason for f in result.findings)


def test_an_own_class_of_the_same_name_is_told_apart(tmp_path):
    code = "class UserMessage: ...\nx = UserMessage()"
    assert "UserMessage" not in found(
        code, tmp_path, head="from azure.ai.inference import ChatCompletionsClient\n"
    )


UNKNOWN = {
    "thing.complete(messages=[])": "what is thing?",
    "patch('azure.ai.inference.ChatCompletionsClient')": "a string names the package",
    "from azure.ai.inference.models import MadeUp": "not in the table",
    "ChatCompletionsClient('e', 'k', made_up=1)": "not in the table",
    "def f(c: ChatCompletionsClient): c.made_up()": "not in the table",
}


@pytest.mark.parametrize("code", UNKNOWN)
def test_what_cannot_be_judged_is_said(code, tmp_path, capsys):
    path = tmp_path / "program.py"
    path.write_text(HEAD + code + "\n")
    assert main([str(path)]) == 1
    assert f"not judged: {UNKNOWN[code]}" in capsys.readouterr().out


# --- Odd files -----------------------------------------------------------------------------------

GOOD = f"{HEAD}c = {MAKE}\nc.complete(messages=[])\n"
COOKIE = b"# -*- coding: latin-1 -*-\n"
ODD = {
    "syntax.py": (GOOD.encode() + b"def (\n", "not Python 3"),
    "python2.py": (GOOD.encode() + b"print 'a'\n", "not Python 3"),
    "nulls.py": (GOOD.encode() + b"\0\0", "null bytes"),
    "utf16.py": (b"azure.ai.inference" + GOOD.encode("utf-16"), "null bytes"),
    "not_utf8.py": (GOOD.encode() + "# é".encode("latin-1"), "cannot be decoded"),
    "cookie.py": (b"# coding: made-up\n" + GOOD.encode(), "cannot be decoded"),
    "deep.py": (GOOD.encode() + b"x = " + b"(" * 5000 + b")" * 5000, "not judged"),
    "long.py": (GOOD.encode() + b"x = " + b"+".join([b"1"] * 20000), "not judged"),
    "bad.ipynb": (b'{"azure.ai.inference": ', "not a notebook"),
    "list.ipynb": (b'["azure.ai.inference"]', "not a notebook"),
}
FINE = {
    "bom.py": b"\xef\xbb\xbf" + GOOD.encode(),
    "latin.py": COOKIE + GOOD.encode() + "x = 'é'".encode("latin-1"),
    "crlf.py": GOOD.replace("\n", "\r\n").encode(),
    "mac.py": GOOD.replace("\n", "\r").encode(),
    "form.py": GOOD.encode() + b"\x0cx = 1\n",
    "escapes.py": GOOD.encode() + b"x = '\\d'\n",
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_costs_a_line(name, tmp_path, capsys):
    data, reason = ODD[name]
    (tmp_path / name).write_bytes(data)
    (tmp_path / "zz_good.py").write_text(GOOD)
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    line = [line for line in out.splitlines() if name in line]
    assert len(line) == 1 and "not judged" in line[0] and reason in line[0], out
    assert "zz_good.py" in out and "c.complete(" in out


@pytest.mark.parametrize("name", FINE)
@pytest.mark.filterwarnings("error")
def test_an_uncommon_file_is_read_like_any_other(name, tmp_path):
    (tmp_path / name).write_bytes(FINE[name])
    result = scan_file(tmp_path / name, Project())
    assert not result.problems
    assert "ChatCompletionsClient.complete" in {f.use.symbol for f in result.findings}


def test_folders_links_and_what_is_skipped(tmp_path):
    (tmp_path / "x.py").mkdir()
    (tmp_path / "x.py" / "inner.py").write_text(GOOD)
    for skipped in (
        ".git",
        ".venv",
        "node_modules",
        "build",
        "dist",
        "__pycache__",
        "a.egg-info",
        "mine",
    ):
        (tmp_path / skipped).mkdir()
        (tmp_path / skipped / "hidden.py").write_text(GOOD)
    (tmp_path / "mine" / "pyvenv.cfg").write_text("")
    (tmp_path / "notes.txt").write_text(GOOD)
    if os.name == "posix":
        (tmp_path / "loop").symlink_to(tmp_path)
        (tmp_path / "gone.py").symlink_to(tmp_path / "nothing.py")
        (tmp_path / "again.py").symlink_to(tmp_path / "x.py" / "inner.py")
        os.mkfifo(tmp_path / "pipe.py")
    looked = [result.path.name for result in scan([tmp_path, tmp_path / "x.py"])]
    assert sorted(looked) in (["again.py"], ["inner.py"])
    assert [result.path.name for result in scan([tmp_path / "build"])] == ["hidden.py"]


def test_a_notebook_with_magics(tmp_path, capsys):
    sources = [
        "%pip install azure-ai-inference\n!ls\nfiles = !ls\nimport os\nos?",
        HEAD,
        f"%%time\nc = {MAKE}\n",
        "%%bash\npython -c 'import azure.ai.inference'",
        "this is no python: azure.ai.inference",
        "neither is this",
        'text = """\n!c.complete()\n"""\nc.complete(messages=[])',
    ]
    cells = [{"cell_type": "markdown", "source": ["azure.ai.inference"]}]
    cells += [
        {"cell_type": "code", "source": source.splitlines(keepends=True)} for source in sources
    ]
    (tmp_path / "walk.ipynb").write_text(json.dumps({"cells": cells}))
    assert main([str(tmp_path), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    places = {(f["cell"], f["line"], f["symbol"]) for f in report["findings"]}
    assert {
        (2, 1, "azure-ai-inference"),
        (4, 2, "ChatCompletionsClient"),
        (8, 4, "ChatCompletionsClient.complete"),
    } <= places
    assert [(p["cell"], p["line"]) for p in report["problems"]] == [(5, 1), (6, 1)]


# --- The command
# -----------------------------------------------------------------------------------


def test_text_says_where_what_and_where_it_is_explained(tmp_path, capsys):
    path = tmp_path / "program.py"
    path.write_text(GOOD)
    assert main([str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:][0].startswith(f"{path}:6:21: c.complete(messages=) -> messages=")
    assert f"{path}:6:1: c.complete(…) -> client.chat.completions.create(model=…, …)" in "\n".join(
        lines
    )
    assert "[notebooks/09_call_by_call.ipynb#complete]" in "\n".join(lines)
    assert lines[-1].startswith("Files looked at: 1. To move: 1. ")


def test_brief_leaves_out_what_stays(tmp_path, capsys):
    path = tmp_path / "program.py"
    path.write_text(GOOD + "print(c.complete(messages=[]).choices)\n")
    main([str(path)])
    assert ".choices -> stays" in capsys.readouterr().out
    main([str(path), "--brief"])
    assert ".choices" not in capsys.readouterr().out


def test_json_is_one_object(tmp_path, capsys):
    (tmp_path / "a.py").write_text(GOOD)
    (tmp_path / "b.py").write_text(GOOD + "(")
    (tmp_path / "c.py").write_text("x = 1")
    assert main([str(tmp_path), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    one = next(f for f in report["findings"] if f["symbol"] == "ChatCompletionsClient.complete")
    assert one["line"] == 6 and one["judged"] and one["safe"] and one["link"].endswith("#complete")
    assert len(report["problems"]) == 1
    assert report["summary"] == {
        "files": 3,
        "to_move": 1,
        "uses": len(report["findings"]),
        "not_judged": 1,
    }


def test_the_exit_status(tmp_path, capsys):
    clean = tmp_path / "clean.py"
    clean.write_text("x = 1\n")
    assert main([str(clean)]) == 0
    assert main([str(clean), "--format", "json"]) == 0
    assert main([str(tmp_path / "missing")]) == 2
    assert main([str(clean), "--format", "json", "--diff"]) == 2
    for wrong in ([], [str(clean), "--diff", "--write"], ["--made-up"]):
        with pytest.raises(SystemExit) as end:
            main(wrong)
        assert end.value.code == 2
    capsys.readouterr()


def test_a_name_with_a_line_end_stays_in_its_line(tmp_path, capsys):
    if os.name != "posix":
        pytest.skip("such names are not allowed here")
    (tmp_path / "a\n\x1b[31m.py").write_text(GOOD)
    main([str(tmp_path)])
    out = capsys.readouterr().out
    assert "\x1b" not in out and all(
        line.startswith((str(tmp_path), "Files looked at: ")) for line in out.splitlines()
    )


def test_findings_come_while_the_scan_runs_and_a_reader_may_leave(tmp_path):
    for number in range(300):
        (tmp_path / f"a{number:03}.py").write_text(GOOD)
    command = [sys.executable, "-m", "helpers.migration", str(tmp_path)]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=TESTS.parent
    )
    assert running.stdout and running.stderr
    assert "a000.py" in running.stdout.readline()
    running.stdout.close()
    assert running.stderr.read() == ""
    assert running.wait(30) == 1


def test_the_bar_is_shown_on_a_terminal_only(monkeypatch, tmp_path):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress.bar() as shown:
        shown.step(tmp_path / "[red]harbour.py")
        time.sleep(0.3)
    assert "harbour.py" in screen.getvalue()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.bar() as shown:
        shown.step(tmp_path)
    assert isinstance(shown, progress.NoBar)


def test_a_thousand_files_take_seconds(tmp_path):
    programs = [path.read_text("utf-8") for path in sorted(OLD.glob("*.py"))]
    for number in range(250):
        folder = tmp_path / f"f{number // 25}"
        folder.mkdir(exist_ok=True)
        (folder / f"p{number}.py").write_text(programs[number % len(programs)], "utf-8")
    start = time.process_time()
    results = list(scan([tmp_path]))
    assert len(results) == 250
    assert (time.process_time() - start) * 4 < 20


def test_what_has_a_row_has_no_part_that_is_not_judged(tmp_path, capsys):
    path = tmp_path / "desk.py"
    path.write_text(
        "from azure.ai.inference import load_client\n"
        "from azure.core.pipeline.transport import RequestsTransport\n"
        "client = load_client(e, k)\nclient.complete(messages=[])\nclient.embed(input=[])\n"
        "transport = RequestsTransport(session=s)\n"
    )
    assert main([str(path)]) == 1
    assert "not judged: 0. Files" in capsys.readouterr().out
