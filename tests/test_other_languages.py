"""notebooks/other_languages.md: each program runs, and prints what the page says."""

import json
import re
import shutil
import subprocess
from dataclasses import replace

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
