"""notebooks/other_languages.md: each program runs, and prints what the page says."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import page_blocks
import pytest
from node_packages import MANIFEST
from page_blocks import DEFAULT, PAGE, Block, blocks, fits, missing, run, shortened, variables

TEXT = PAGE.read_text("utf-8")
ALL = blocks(TEXT)
RUN = [block for block in ALL if block.kind != "csharp"]
NAMES = [f"{number:02d} {block.title}" for number, block in enumerate(RUN, 1)]
SCENARIOS = [f"## {number} " for number in range(1, 8)]


def runnable(block: Block) -> None:
    if reason := missing(block):
        pytest.skip(reason)


@pytest.mark.parametrize("block", RUN, ids=NAMES)
def test_a_program_prints_what_the_page_says(block, replay_server):
    runnable(block)
    assert block.output is not None, "the page does not say what it prints"
    printed = run(block, variables(TEXT, replay_server))
    assert fits(block.output, printed), printed
    assert "exit status" not in printed


STREAMS_AND_JAVA = [
    pytest.param(block, id=block.title)
    for block in RUN
    if block.kind == "java" or "stream" in block.title
    if "error" not in block.title
]


@pytest.mark.parametrize("block", STREAMS_AND_JAVA)
def test_a_program_shows_why_its_request_has_no_answer(block, replay_server):
    """A reader changes a question first, and the server's answer explains what is wrong."""
    runnable(block)
    code = block.code.replace("How many languages are in the world?", "How many gulls?")
    assert code != block.code
    printed = run(replace(block, code=code), variables(TEXT, replay_server))
    assert "beside the nearest recording" in printed


def section(title: str) -> str:
    return TEXT.partition(f"\n{title}")[2].partition("\n## ")[0]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_scenario_is_there_in_curl_and_both_packages(scenario):
    code = [block.code for block in blocks(f"## x\n{section(scenario)}")]
    assert any("curl" in one for one in code)
    for package in ('from "openai"', 'from "@azure-rest/ai-inference"'):
        assert any(package in one for one in code), package


@pytest.mark.parametrize("title", ["## 1 ", "## 2 ", "## When a call fails"])
def test_java_and_csharp_are_there(title):
    kinds = {block.kind for block in blocks(f"## x\n{section(title)}")}
    assert kinds == {"bash", "js", "java", "csharp"}


def test_what_was_not_run_is_marked():
    for block in ALL:
        assert (block.kind == "csharp") == block.title.endswith("(not run by tests)"), block.title
        assert (block.kind == "csharp") == (block.output is None), block.title


def test_the_page_uses_the_servers_default_port():
    from helpers.replay.server import PORT

    assert DEFAULT.endswith(f":{PORT}")
    assert set(re.findall(r"localhost:(\d+)", TEXT)) == {str(PORT)}


def test_settings_come_from_the_environment():
    known = variables(TEXT, DEFAULT)
    for block in ALL:
        used = re.findall(
            r"\$([A-Z]+_[A-Z_]+)|process\.env\.(\w+)|(?:getenv|EnvironmentVariable)\(\"(\w+)\"\)",
            block.code,
        )
        names = {name for groups in used for name in groups if name}
        assert (names and names <= known.keys()) or "new OpenAI(" in block.code, block.title
        assert "localhost:" not in block.code, block.title


def test_the_page_names_the_packages_that_tests_use():
    command = re.search(r"^npm install (.+)$", TEXT, re.M)[1]
    named = {re.sub(r"(?<=.)@[\d.].*", "", word) for word in command.split()}
    pinned = json.loads(MANIFEST.read_text("utf-8"))["dependencies"]
    assert named == pinned.keys()
    assert f"@azure-rest/ai-inference@{pinned['@azure-rest/ai-inference']}" in command


def test_rows_of_the_table_are_in_order():
    rows = re.findall(r"^\| ([JCV])(\d+) \| (\S+) \|", TEXT, re.M)
    for letter, language in (("J", "JavaScript"), ("C", "C#"), ("V", "Java")):
        numbers = [int(number) for first, number, name in rows if first == letter]
        assert numbers == list(range(1, len(numbers) + 1)) and numbers
        assert {name for first, _, name in rows if first == letter} == {language}


FAULTS = """
import ModelClient, { isUnexpected } from "@azure-rest/ai-inference";
import { AzureKeyCredential } from "@azure/core-auth";
import { createSseStream } from "@azure/core-sse";
const client = ModelClient(process.env.AZURE_INFERENCE_ENDPOINT, new AzureKeyCredential("k"),
  { allowInsecureConnection: true });
const model = process.env.AZURE_INFERENCE_MODEL;
const ask = (body, headers) => client.path("/chat/completions").post({ body, headers });
const messages = [{ role: "user", content: "How many languages are in the world?" }];

const whole = await client.path("/chat/completions").post({ body: { model, messages } }).asNodeStream();
let events = 0;
for await (const event of createSseStream(whole.body)) events++;
console.log("J4", whole.status, events);

const extra = await ask({ model, messages, logprobs: true }, { "extra-params": "pass-through" });
console.log("J11", extra.status, extra.body.detail.startsWith("Extra parameters"));

const refused = await ask({ model: "no-such-model", messages: [{ role: "user", content: "Hello?" }] });
console.log("J16", refused.status, isUnexpected(refused));

const called = { name: "f", arguments: "{}" };
try { called.apply(null, []); } catch (error) { console.log("J13", error.name); }
try { window.f(); } catch (error) { console.log("J14", error.name); }
"""


def test_faults_in_the_table_are_as_it_says(replay_server):
    block = Block("faults", "js", FAULTS, None)
    runnable(block)
    assert run(block, variables(TEXT, replay_server)).splitlines() == [
        "J4 200 0",
        "J11 400 true",
        "J16 400 true",
        "J13 TypeError",
        "J14 ReferenceError",
    ]


# What a service, a gateway or a proxy may answer, to programs that the page has


@contextmanager
def answering(*replies: tuple[int, str]) -> Iterator[str]:
    """A server's address. Under `/3` it sends the fourth reply, and else one after the other."""
    following = iter(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            number = re.match(r"/(\d+)/", self.path)
            status, text = replies[int(number[1])] if number else next(following)
            body = text.encode()
            self.send_response(status)
            kind = "text/event-stream" if "data:" in text else "application/json"
            self.send_header("Content-Type", "text/html" if text.startswith("<") else kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 429:
                self.send_header("Retry-After", "86400")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def named(kind: str, title: str) -> list[Block]:
    return [block for block in ALL if block.kind == kind and title in block.title]


def js_of(programs: Sequence[Block], rounds: int) -> Block:
    """The programs one after the other, at each address that ends in the number of a round."""
    lines = [line for block in programs for line in block.code.splitlines()]
    imports = dict.fromkeys(line for line in lines if line.startswith("import "))
    code = ["const base = process.env.BASE;", f"for (let i = 0; i < {rounds}; i++) {{"]
    for name, path in (("OPENAI_BASE_URL", "v1"), ("AZURE_INFERENCE_ENDPOINT", "models")):
        code.append(f"process.env.{name} = `${{base}}/${{i}}/{path}`;")
    for block in programs:
        body = "\n".join(line for line in block.code.splitlines() if line not in imports)
        shown = f"console.log('|', {json.dumps(block.title)}, i); "
        code.append(f"{shown}try {{ await (async () => {{\n{body}\n}})() }}")
        code.append("catch (error) { console.log(`${error.name}: ${error.message}`) }")
    return Block("many", "js", "\n".join([*imports, *code, "}"]), None)


def java_of(programs: Sequence[tuple[Block, int]]) -> Block:
    """The programs one after the other, each as often as is said, in one process."""
    lines = [line for block, _ in programs for line in block.code.splitlines()]
    code = [line for line in lines if line.startswith("import ")]
    code.append("class Many { public static void main(String[] args) {")
    for block, times in programs:
        name = re.search(r"public class (\w+)", block.code)[1]
        code.append(f"for (int i = 0; i < {times}; i++) {{ System.out.println('|');")
        code.append(
            f"try {{ {name}.main(args); }} catch (Throwable e) {{ System.out.println(e); }} }}"
        )
    classes = [line for line in lines if not line.startswith("import ")]
    return Block("many", "java", "\n".join([*code, "} }", *classes]), None)


def parts(block: Block, address: str) -> list[str]:
    """What each run of each program prints."""
    printed = run(block, {**variables(TEXT, address), "BASE": address})
    assert "exit status" not in printed, printed
    return [part.strip() for part in printed.split("|")[1:]]


ERRORS = {  # the body of a 400, and what to print of it
    '{"error": {"message": "x", "code": "unknown_model"}}': "unknown_model",
    '{"error": {"code": "Invalid input", "message": "{\\"code\\": 1}"}}': "Invalid input",
    '{"error": {"code": 400}}': "400",
    '{"error": {"code": null}}': "no code",
    '{"error": {}}': "no code",
    '{"error": "It failed."}': "no code",
    '{"error": null}': "no code",
    '{"detail": "It failed."}': "no code",
    "[]": "no code",
    '"text"': "no code",
    "null": "no code",
    "": "no code",
    "<html>Bad gateway</html>": "no code",
}


def test_javascript_reads_any_error():
    programs = named("js", "an error with")
    runnable(programs[0])
    with answering(*((400, body) for body in ERRORS)) as address:
        printed = parts(js_of(programs, len(ERRORS)), address)
    assert len(printed) == 2 * len(ERRORS)
    for part, code in zip(
        printed, [code for code in ERRORS.values() for _ in programs], strict=True
    ):
        assert part.endswith(f"400 {code}"), part


def test_javascript_does_not_wait_for_a_day():
    """Where a service says so, `openai` does, whatever its time-out is."""
    programs = named("js", "an error with")
    runnable(programs[0])
    programs = [replace(one, code=one.code.replace("30_000", "300")) for one in programs]
    with answering((429, '{"error": {"code": "429"}}')) as address:
        printed = parts(js_of(programs, 1), address)
    assert "RateLimitError 429 429" in printed[0] and "AbortError" in printed[1]


def test_every_program_has_a_time_out():
    for block in ALL:
        wanted = {
            "bash": "--max-time",
            "js": r"maxRetries: 0 \}|AbortSignal\.timeout",
            "java": r"\.timeout\(",
            "csharp": "Timeout = ",
        }[block.kind]
        calls = len(re.findall(r"curl |new OpenAI|\.post\(|newBuilder|new HttpClient", block.code))
        assert calls and len(re.findall(wanted, block.code)) == calls, block.title


def test_csharp_reads_json_that_may_lack_anything():
    """No test runs it: `GetProperty` raises an exception where a key is missing, `Get` does not."""
    for block in ALL:
        if block.kind == "csharp":
            assert not re.search(r"[^y]GetProperty\(|EnsureSuccess|\[0\]", block.code), block.title
            assert (
                block.code.count("TryGetProperty(") == 1 and "static JsonElement Get(" in block.code
            )


def chat(**choice) -> str:
    """A whole answer, or one without choices."""
    choices = [{"index": 0, **choice}] if choice else []
    return json.dumps({"id": "x", "object": "chat.completion", "choices": choices})


LONG = "A line.\n" * 20_000
WHOLE = [  # answers that the wire allows
    chat(),
    chat(message={"role": "assistant", "content": None}, finish_reason="stop"),
    chat(message={"role": "assistant"}, finish_reason="content_filter"),
    chat(finish_reason="content_filter"),
    chat(
        message={"role": "assistant", "content": ""},
        finish_reason="content_filter",
        content_filter_results={"custom_blocklists": [{"filtered": True, "id": "b"}], "x": None},
    ),
]
SOMETHING = {"role": "assistant", "content": "It is so."}
CALLS = [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}}]


def test_javascript_reads_any_answer():
    """No program prints undefined, nor stumbles over what is missing."""
    programs = [block for block in RUN if block.kind == "js" and "stream" not in block.title]
    runnable(programs[0])
    refusals = [(400, ""), (400, "<html>Bad gateway</html>"), (400, '{"detail": "It failed."}')]
    calling = chat(message={**SOMETHING, "tool_calls": CALLS}, finish_reason="tool_calls")
    replies = [*((200, body) for body in WHOLE), (200, calling), *refusals]
    with answering(*replies) as address:
        printed = parts(js_of(programs, len(replies)), address)
    assert len(printed) == len(programs) * len(replies)
    for part in printed:
        answer = part.partition("\n")[2]
        assert not re.search("TypeError|SyntaxError|^undefined|Error: undefined", answer), part
    text = "\n".join(printed)
    assert text.count("The answer is blocked: custom_blocklists") == 4  # twice in each program
    assert text.count("The answer is blocked: no category is named") == 8
    assert text.count("No whole JSON: content_filter") == 6
    assert text.count("No answer after five rounds.") == 2
    assert text.count("Error: 400 ") >= 7 * len(refusals)


ODD_STREAM = """: a comment

data: {"choices": [], "prompt_filter_results": []}

data:{"choices": [{"index": 0, "delta": {"role": "assistant", "content": null}}]}

data: {"choices": [{"index": 0, "content_filter_results": {}, "finish_reason": null}]}

data: {"choices": [{"index": 0, "delta": null}]}

data: {"usage": {"total_tokens": 3}}

data: {"choices": [{"index": 0, "delta": {"content": "Möwen \\u2014 \\"so\\""}}]}


data: {"choices": [{"index": 0, "delta": {"content": "!"}, "finish_reason": "stop"}]}

data: [DONE]

"""
STREAMS = {
    ODD_STREAM: 'Möwen — "so"!\nstop',
    ODD_STREAM.replace("\n", "\r\n"): 'Möwen — "so"!\nstop',
    ODD_STREAM.replace('"stop"', "null"): 'Möwen — "so"!\nThe answer is not whole.',
}
BROKEN_STREAM = 'data: {"error": {"code": "server_error", "message": "It broke."}}\n\n'


def test_javascript_reads_any_stream():
    programs = named("js", "stream with")
    runnable(programs[0])
    replies = [(200, body) for body in [*STREAMS, BROKEN_STREAM]]
    with answering(*replies) as address:
        printed = parts(js_of(programs, len(replies)), address)
    expected = [text for text in STREAMS.values() for _ in programs]
    for part, text in zip(printed[:-2], expected, strict=True):
        assert part.partition("\n")[2] == text, part
    assert all("It broke." in part for part in printed[-2:]), printed[-2:]


def test_java_reads_any_answer_stream_and_error():
    """A long answer too: a group that Java repeats in the usual way overflows the stack."""
    ((ask,), (stream,), (error,)) = (
        named("java", title) for title in ("ask", "stream", "an error")
    )
    runnable(ask)
    whole = {chat(message={"content": LONG}, finish_reason="stop"): f"{LONG}\nstop"}
    whole |= {WHOLE[1]: "(no text)\nstop", WHOLE[2]: "(no text)\ncontent_filter"}
    replies = [(200, body) for body in [*whole, *STREAMS, BROKEN_STREAM]]
    replies += [(400, body) for body in ERRORS]
    programs = [(ask, len(whole)), (stream, len(STREAMS) + 1), (error, len(ERRORS))]
    with answering(*replies) as address:
        printed = parts(java_of(programs), address)
    expected = [*whole.values(), *STREAMS.values()]
    assert printed[: len(expected)] == expected
    assert "It broke." in printed[len(expected)]
    assert printed[len(expected) + 1 :] == [f"400 {code}" for code in ERRORS.values()]


@pytest.mark.parametrize(
    ("output", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nb\nc\n", False),
        ("ab…yz\n", "abcxyz\n", True),
        ("ab…yz\n", "abyz\n", False),
    ],
)
def test_what_is_left_out(output, printed, same):
    assert fits(output, printed) == same
    if same:
        assert shortened(printed, output) == output


def test_a_program_that_fails_is_seen():
    block = Block("x", "bash", "echo out; exit 3\n", "out\n")
    runnable(block)
    assert not fits("out\n", run(block, {}))


@pytest.mark.slow
def test_java_needs_only_version_11(tmp_path):
    """`--release 11` refuses what came later, in the language and in the library."""
    programs = [block for block in ALL if block.kind == "java"]
    compiler = shutil.which("javac")
    if not compiler:
        pytest.skip("there is no javac here")
    sources = []
    for block in programs:
        name = re.search(r"public class (\w+)", block.code)[1]
        sources.append(tmp_path / f"{name}.java")
        sources[-1].write_text(block.code, "utf-8")
    command = [compiler, "--release", "11", "-d", tmp_path / "classes", *sources]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_a_server_the_page_stays_as_it_is(monkeypatch, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text(TEXT, "utf-8")
    monkeypatch.setattr(page_blocks, "PAGE", page)
    assert page_blocks.main("http://127.0.0.1:1") == 2
    assert "make serve" in capsys.readouterr().out
    assert page.read_text("utf-8") == TEXT
