"""Measure what the project promises about speed, as ratios within this run.

This is `make bench`. Nothing else should be running meanwhile.
"""

import asyncio
import contextlib
import http.client
import io
import json
import operator
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import requests
import yaml
from rich.console import Console
from rich.table import Table

from notebooks import ALL, NOTEBOOKS, ROOT

ANSWER = {
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Good day."},
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}

QUESTION = "How many languages are in the world?"
ASK = {"model": "mistral-large-2407", "messages": [{"role": "user", "content": QUESTION}]}
STREAM = {
    "model": "mistral-large-2407",
    "stream": True,
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": QUESTION},
    ],
}
BEARER = {"authorization": "Bearer any-word"}


def seconds(command: list, repeat: int = 3) -> float:
    """The best of some runs of a command, which must succeed."""
    best = float("inf")
    for _ in range(repeat):
        began = time.perf_counter()
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
        best = min(best, time.perf_counter() - began)
        if done.returncode:
            sys.exit(
                f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
            )
    return best


def whole_runs() -> dict[str, float]:
    """Seconds for jupyter execute, nbval and make test, with one worker for the first two."""
    nbval = [
        sys.executable,
        "-m",
        "pytest",
        "-o",
        "addopts=",
        "-q",
        "--nbval",
        "--nbval-current-env",
        "--nbval-cell-timeout=60",
        *ALL,
    ]
    return {
        "execute": seconds([sys.executable, "-m", "jupyter", "execute", *ALL]),
        "nbval": seconds(nbval),
        "test": seconds(["make", "test"], repeat=1),
    }


def call_seconds(recordings: int | None) -> float:
    """Median seconds of an SDK call, answered from so many recordings or in memory (None).

    Runs in a process of its own, so that neither sees the other's patches.
    """
    code = f"""
import json, os, statistics, sys, time
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline.transport import RequestsTransport
options = {{}}
if {recordings} is None:
    import io, requests, urllib3
    body = json.dumps({ANSWER!r}).encode()
    class Memory(requests.adapters.HTTPAdapter):
        def send(self, request, **kwargs):
            kind = {{"content-type": "application/json"}}
            raw = urllib3.HTTPResponse(io.BytesIO(body), kind, 200,
                                       preload_content=False)
            return self.build_response(request, raw)
    session = requests.Session()
    session.mount("https://", Memory())
    options["transport"] = RequestsTransport(session=session, session_owner=False)
else:
    from helpers import start
    start("00_bench")
key = AzureKeyCredential("k")
client = ChatCompletionsClient("https://replay.invalid/models", key, model="m", **options)
def call(n):
    began = time.perf_counter()
    client.complete(messages=[UserMessage(f"question {{n}}")])
    return time.perf_counter() - began
many = {recordings} or 10
for n in range(50):
    call(n % many)
print(statistics.median(call((n * 7) % many) for n in range(400)))
"""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "recordings").mkdir()
        (Path(folder) / "00_bench.ipynb").touch()
        items = [
            {
                "name": f"r{n}",
                "origin": "constructed",
                "after": "a benchmark",
                "request": {
                    "method": "POST",
                    "path": "/models/chat/completions",
                    "body": {
                        "messages": [{"role": "user", "content": f"question {n}"}],
                        "model": "m",
                    },
                },
                "answer": {
                    "status": 200,
                    "headers": {"content-type": "application/json"},
                    "body": ANSWER,
                },
            }
            for n in range(recordings or 0)
        ]
        (Path(folder) / "recordings" / "00_bench.yaml").write_text(yaml.safe_dump(items), "utf-8")
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        return float(done.stdout.split()[-1])


def start_seconds() -> float:
    """Median seconds for importing and calling `start` in a fresh kernel that has the SDK."""
    from jupyter_client.manager import start_new_kernel

    code = """
import time
import azure.ai.inference, azure.core.credentials, azure.core.pipeline.transport._requests_basic
_began = time.perf_counter()
from helpers import start
start("01_basic")
print(time.perf_counter() - _began)
"""
    taken = []
    for _ in range(5):
        manager, client = start_new_kernel(
            kernel_name="python3", cwd=str(NOTEBOOKS), stderr=subprocess.DEVNULL
        )
        text = []

        def hear(message, text=text):
            text.append(message["content"].get("text", ""))

        client.execute_interactive(code, output_hook=hear, timeout=60)
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        taken.append(float("".join(text).split()[-1]))
    return statistics.median(taken)


def live_against_bare() -> tuple[float, float]:
    """What the helpers cost when live, measured against one server on this computer, in turns.

    These are the milliseconds that they add to the time to the first token, and the throughput
    without them as a multiple of that with them.
    """
    sys.path.insert(0, str(ROOT / "tests"))
    from azure.ai.inference import ChatCompletionsClient
    from azure.ai.inference.models import UserMessage
    from azure.core.credentials import AzureKeyCredential
    from loopback import KEY, service

    from helpers import connect, start

    with (
        service() as server,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.chdir(NOTEBOOKS),
    ):
        os.environ |= {
            "HELPERS_MODE": "live",
            "AZURE_INFERENCE_ENDPOINT": f"{server.address}/models",
        }
        os.environ["AZURE_INFERENCE_CREDENTIAL"] = KEY
        client = ChatCompletionsClient(
            f"{server.address}/models", AzureKeyCredential(KEY), model="m"
        )
        ask = [UserMessage("How are you?")]

        def first_token() -> float:
            began = time.perf_counter()
            with client.complete(messages=ask, stream=True) as stream:
                next(
                    update
                    for update in stream
                    if update.choices and update.choices[0].delta.content
                )
            return time.perf_counter() - began

        def whole() -> float:
            began = time.perf_counter()
            client.complete(messages=ask)
            return time.perf_counter() - began

        taken: dict[tuple, list[float]] = {}
        for number in range(20):
            if number % 2:
                start("01_basic")
            for measure in (first_token, whole):
                times = [measure() for _ in range(20)]
                taken.setdefault((measure, number % 2), []).extend(times[5:])
            if number % 2:
                connect.end()
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        del os.environ[name]
    os.environ["HELPERS_MODE"] = "replay"
    median = {key: statistics.median(values) for key, values in taken.items()}
    added = (median[first_token, 1] - median[first_token, 0]) * 1000
    return added, median[whole, 0] / median[whole, 1]


def scan_seconds(files: int = 1000) -> float:
    """Seconds that `python -m helpers.migration` takes for so many files.

    Half are programs of the old SDK: those of tests/old_programs and the notebooks of the course.
    The other half are files of this project that do not use it.
    """
    old = sorted((ROOT / "tests" / "old_programs").glob("[a-z]*.py"))
    others = sorted((ROOT / "helpers").rglob("*.py"))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(files):
            kinds = [old, others, ALL if number % 20 == 0 else old, others]
            some = kinds[number % len(kinds)]
            source = some[number // len(kinds) % len(some)]
            target = Path(folder, f"part_{number % 25}", f"{number}_{source.name}")
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(source.read_bytes())
        command = [sys.executable, "-m", "helpers.migration", "--brief", folder]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        taken = time.perf_counter() - began
    if done.returncode != 1 or f"Files looked at: {files}." not in done.stdout:
        sys.exit(f"the scan failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    return taken


@dataclass
class ServerFigures:
    """What the replay server reaches.

    Attributes:
        start: seconds from its command to its first answer.
        request: seconds a request takes, with the server on one core.
        streams: how much longer 50 streams at once take than one.
        calls: for each SDK, a call over HTTP as a multiple of one that is replayed in the process.
    """

    start: float
    request: float
    streams: float
    calls: dict[str, float]


def server_figures() -> ServerFigures:
    """Measure the replay server, which runs as a process of its own."""
    sys.path.insert(0, str(ROOT / "tests"))
    from served import serving

    began = time.perf_counter()
    with serving("--pace", "0") as server:
        requests.post(f"{server.address}/v1/chat/completions", json=ASK, headers=BEARER).json()
        start = time.perf_counter() - began
        calls = {sdk: call_over_http(sdk, server.address) for sdk in SDKS}  # on any core
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(server.process.pid, {min(os.sched_getaffinity(0))})
        request = request_seconds(server.address)
    with serving("--pace", "1") as server:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(server.process.pid, {min(os.sched_getaffinity(0))})
        streams = stream_seconds(server.address, 50) / stream_seconds(server.address, 1)
    return ServerFigures(start, request, streams, calls)


def request_seconds(address: str) -> float:
    """Seconds a request takes when four connections send one after the other."""
    port = int(address.rpartition(":")[2])
    body = json.dumps(ASK)

    def ask(count: int) -> None:
        connection = http.client.HTTPConnection("localhost", port)
        for _ in range(count):
            connection.request("POST", "/v1/chat/completions", body, BEARER)
            response = connection.getresponse()
            response.read()
            assert response.status == 200
        connection.close()

    ask(50)
    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, [250] * 4))
    return (time.perf_counter() - began) / 1000


def stream_seconds(address: str, count: int) -> float:
    """Seconds until so many streams, begun at once, are all whole."""

    async def one(session: aiohttp.ClientSession) -> None:
        url = f"{address}/v1/chat/completions"
        async with session.post(url, json=STREAM, headers=BEARER) as response:
            assert (await response.read()).endswith(b"data: [DONE]\n\n")

    async def all_of_them() -> float:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:
            began = time.perf_counter()
            await asyncio.gather(*(one(session) for _ in range(count)))
            return time.perf_counter() - began

    return asyncio.run(all_of_them())


# A client of each SDK, and a call of it. `address` is a server's, or replay's own.
SDKS = {
    "azure-ai-inference": f"""
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
client = ChatCompletionsClient(f"{{address}}/models", AzureKeyCredential("k"))
call = lambda: client.complete(messages=[UserMessage({QUESTION!r})], model={ASK["model"]!r})
""",
    "openai": f"""
from openai import OpenAI
client = OpenAI(base_url=f"{{address}}/openai/v1", api_key="k")
call = lambda: client.chat.completions.create(**{ASK!r})
""",
}


def call_over_http(sdk: str, address: str) -> float:
    """A call over HTTP as a multiple of the same call, replayed in its process."""
    taken = [sdk_call_seconds(sdk, where) for where in (address, None) * 5]  # they take turns
    return statistics.median(map(operator.truediv, taken[::2], taken[1::2]))


def sdk_call_seconds(sdk: str, address: str | None) -> float:
    """Median seconds of a call: to a server, or replayed in its process (None)."""
    code = f"""
import statistics, time
address = {address!r}
if address is None:
    from helpers import start
    start("01_basic")
    address = "https://replay.invalid"
{SDKS[sdk]}
def seconds():
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
for _ in range(50):
    call()
print(statistics.median(seconds() for _ in range(400)))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=NOTEBOOKS, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> int:
    os.environ |= {"HELPERS_MODE": "replay", "HELPERS_PACE": "0"}
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # helpers are compiled once, as for learners
    console = Console()
    rows: list[tuple[str, float, float, str]] = []  # what, figure, at most, unit
    with console.status("Measuring calls ..."):
        memory = call_seconds(None)
        for many, most in ((10, 1.1), (100, 1.1), (1000, 1.1)):
            rows.append(
                (
                    f"replayed call, {many} recordings / call in memory",
                    call_seconds(many) / memory,
                    most,
                    "",
                )
            )
    with console.status("Measuring start() ..."):
        rows.append(
            ("start() in a fresh kernel, above the SDK's import", start_seconds(), 0.05, " s")
        )
    with console.status("Measuring live calls ..."):
        added, throughput = live_against_bare()
        rows.append(("live: time to the first token, added by helpers", added, 1, " ms"))
        rows.append(("live: throughput without helpers / with them", 1 / throughput, 1 / 0.98, ""))
    with console.status("Measuring the scan ..."):
        rows.append(("scan of 1,000 files", scan_seconds(), 20, " s"))
    with console.status("Measuring the replay server ..."):
        figures = server_figures()
        rows.append(("server: start to the first answer", figures.start, 1, " s"))
        rows.append(("server: a request, on one core", figures.request * 1000, 5, " ms"))
        rows.append(("server: 50 streams at once / one", figures.streams, 1.25, ""))
        for sdk, call in figures.calls.items():
            rows.append((f"{sdk}: a call over HTTP / replayed in the process", call, 2, ""))
    with console.status("Measuring whole runs ..."):
        runs = whole_runs()
        rows.append(("nbval / jupyter execute", runs["nbval"] / runs["execute"], 1.0, ""))
        rows.append(("make test / jupyter execute", runs["test"] / runs["execute"], 3, ""))
        rows.append(("make test, environment in place", runs["test"], 60, " s"))
    table = Table("What", "Measured", "At most", "")
    for what, figure, most, unit in rows:
        table.add_row(
            what, f"{figure:.2f}{unit}", f"{most:g}{unit}", "ok" if figure <= most else "[red]over"
        )
    console.print(table)
    print(json.dumps({"seconds": {name: round(value, 1) for name, value in runs.items()}}))
    return int(any(figure > most for _, figure, most, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
