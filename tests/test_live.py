"""Live, against a service on this computer.

Every library is noted, at every base; nothing leaks or lingers.
"""

import asyncio
import os
import subprocess
import sys
import time
import urllib.request

import pytest
from conftest import item, plain
from loopback import DEPLOYMENT_VERSIONS, KEY, error, service

from helpers import connect, sent, show, start
from helpers.endpoints import address_to_send_to, v1_address
from notebooks import ALL, read, run, solutions, texts

pytestmark = pytest.mark.usefixtures("quick_kernels")

ASK = [{"role": "user", "content": "asked"}]
BASES = [
    *("/models", "/openai/v1", "/v1", "/api/v1", "/proxy/models", ""),
    *("/openai/deployments/mine", "/proxy/openai/deployments/mine", "/v1/gateway/openai"),
]


@pytest.fixture
def server():
    with service() as running:
        yield running


@pytest.fixture
def live(course, monkeypatch, server):
    """Start a session on the server: `live(base, **environment)`."""

    def begin(base: str = "/models", **environment: str):
        given = {
            "HELPERS_MODE": "live",
            "AZURE_INFERENCE_ENDPOINT": server.address + base,
            "AZURE_INFERENCE_CREDENTIAL": KEY,
            "AZURE_INFERENCE_MODEL": "mine",
        }
        server.bases |= {base, v1_address(server.address + base).removeprefix(server.address)}
        for name, value in {**given, **environment}.items():
            monkeypatch.setenv(name, value)
        course(EXERCISE, VISION, *OTHERS)

    return begin


EXERCISE = item("exercise 1", ASK, plain("Yes."), max_tokens=5)
EXERCISE["request"]["body"]["model"] = "mistral-large-2407"
VISION = item("exercise 2", ASK, plain("Yes."))
VISION["request"]["body"]["model"] = "phi-3.5-vision-instruct"
CONVERSATION = [
    *ASK,
    {"role": "assistant", "content": "recorded"},
    {"role": "user", "content": "more"},
]
OTHERS = [item("exercise 3", CONVERSATION, plain("Yes."))]
OTHERS[0]["request"]["body"]["model"] = "mistral-large-2407"


def azure(**more):
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    with ChatCompletionsClient(
        os.environ["AZURE_INFERENCE_ENDPOINT"],
        AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
        model=os.environ["AZURE_INFERENCE_MODEL"],
    ) as client:
        return client.complete(messages=ASK, **more)


async def azure_async(**more):
    from azure.ai.inference.aio import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    async with ChatCompletionsClient(
        os.environ["AZURE_INFERENCE_ENDPOINT"],
        AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
        model=os.environ["AZURE_INFERENCE_MODEL"],
    ) as client:
        return await client.complete(messages=ASK, **more)


def openai(**more):
    from openai import OpenAI

    with OpenAI(max_retries=0) as client:
        return client.chat.completions.create(
            model=os.environ["OPENAI_MODEL"], messages=ASK, **more
        )


async def openai_async(**more):
    from openai import AsyncOpenAI

    async with AsyncOpenAI(max_retries=0) as client:
        model = os.environ["OPENAI_MODEL"]
        return await client.chat.completions.create(model=model, messages=ASK, **more)


def by_hand() -> tuple[str, dict, dict]:
    """Address, body and headers of the same request, by hand."""
    address = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    body = {"model": os.environ["OPENAI_MODEL"], "messages": ASK, "max_tokens": 5}
    return address, body, {"api-key": os.environ["OPENAI_API_KEY"]}


def requests_by_hand():
    import requests

    address, body, headers = by_hand()
    requests.post(address, json=body, headers=headers, timeout=5).raise_for_status()


def httpx_by_hand(library: str):
    def call():
        import importlib

        address, body, headers = by_hand()
        importlib.import_module(library).post(
            address, json=body, headers=headers
        ).raise_for_status()

    return call


def httpx_async_by_hand(library: str):
    async def call():
        import importlib

        address, body, headers = by_hand()
        async with importlib.import_module(library).AsyncClient() as client:
            (await client.post(address, json=body, headers=headers)).raise_for_status()

    return call


async def aiohttp_by_hand():
    import aiohttp

    address, body, headers = by_hand()
    async with (
        aiohttp.ClientSession(raise_for_status=True) as client,
        client.post(address, json=body, headers=headers),
    ):
        pass


def urllib_by_hand():
    import json

    address, body, headers = by_hand()
    headers = {**headers, "Content-Type": "application/json"}
    urllib.request.urlopen(
        urllib.request.Request(address, json.dumps(body).encode(), headers)
    ).close()


CLIENTS = {
    "azure": lambda: azure(max_tokens=5),
    "azure, async": lambda: azure_async(max_tokens=5),
    "openai": lambda: openai(max_tokens=5),
    "openai, async": lambda: openai_async(max_tokens=5),
}
LIBRARIES = {
    "requests": requests_by_hand,
    "httpx": httpx_by_hand("httpx"),
    "httpx2": httpx_by_hand("httpx2"),
    "httpx, async": httpx_async_by_hand("httpx"),
    "httpx2, async": httpx_async_by_hand("httpx2"),
    "aiohttp": aiohttp_by_hand,
    "urllib": urllib_by_hand,
}


def call(way) -> None:
    """Call a function, which may be asynchronous."""
    result = way()
    if asyncio.iscoroutine(result):
        asyncio.run(result)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_is_noted_once_at_every_base(live, server, base, name):
    live(base)
    call(CLIENTS[name])
    assert [(r.method, r.path, r.body["model"]) for r in sent()] == [
        ("POST", "/models/chat/completions", "mine")
    ]
    ((path, headers, body),) = server.seen
    assert body == {"messages": ASK, "model": "mine", "max_tokens": 5}
    assert KEY in str(headers) and path.partition("?")[0].endswith("/chat/completions")


@pytest.mark.parametrize("name", LIBRARIES)
def test_every_library_is_noted_once(live, server, name):
    live()
    call(LIBRARIES[name])
    call(LIBRARIES[name])
    assert [(r.method, r.path, r.body) for r in sent()] == [
        ("POST", "/models/chat/completions", {"model": "mine", "messages": ASK, "max_tokens": 5})
    ] * 2
    assert len(server.seen) == 2


@pytest.mark.parametrize("name", ["azure", "azure, async"])
@pytest.mark.parametrize(
    ("base", "query"),
    [
        ("/openai/v1", ""),
        ("/v1", ""),
        ("/api/v1", ""),
        ("/models", "?api-version=2024-05-01-preview"),
        ("/openai/deployments/mine", "?api-version=2024-10-21"),
    ],
)
def test_the_api_version_is_what_the_base_takes(live, server, name, base, query):
    live(base)
    call(CLIENTS[name])
    assert server.seen[0][0] == f"{base}/chat/completions{query}"


def test_an_address_of_another_program_keeps_its_query():
    for query in ("api-version=v1", "api-version=2023-06-01&top=3"):
        url = f"https://search.example.com/v1/indexes?{query}"
        assert address_to_send_to(url) == url


def test_an_api_version_of_your_own_is_left_alone(live, server):
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    live("/openai/deployments/mine")
    endpoint, key = os.environ["AZURE_INFERENCE_ENDPOINT"], AzureKeyCredential(KEY)
    with ChatCompletionsClient(endpoint, key, api_version=DEPLOYMENT_VERSIONS[0]) as client:
        client.complete(messages=ASK)
    assert server.seen[0][0].endswith(f"?api-version={DEPLOYMENT_VERSIONS[0]}")


def test_start_says_where_answers_come_from(live, capsys):
    live("/models", AZURE_INFERENCE_VISION_MODEL="eyes")
    assert capsys.readouterr().out == "Live: answers come from 127.0.0.1. Models: mine, eyes.\n"
    live("/openai/deployments/mine")
    line = capsys.readouterr().out.splitlines()[1]
    assert (
        line.startswith("This is an Azure OpenAI deployment") and 'api_version="2024-10-21"' in line
    )


def test_start_names_an_address_of_its_own_and_a_model_that_is_not_yours(live, capsys, monkeypatch):
    v1 = {"OPENAI_BASE_URL": "http://localhost:9/v1", "OPENAI_API_KEY": "k", "OPENAI_MODEL": "m"}
    live("/models", AZURE_INFERENCE_MODEL="", **v1)
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("(Set AZURE_INFERENCE_MODEL to the name of your deployment.)")
    assert second == "OpenAI v1: from localhost. Models: m."


def connect_client():
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    return ChatCompletionsClient(
        os.environ["AZURE_INFERENCE_ENDPOINT"],
        AzureKeyCredential(KEY),
        model=os.environ["AZURE_INFERENCE_MODEL"],
    )


PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@pytest.mark.parametrize("name", [*CLIENTS, "requests", "httpx", "urllib"])
@pytest.mark.parametrize("no_proxy", [None, "example.com", "*"])
def test_a_server_of_your_own_is_reached_around_proxies(live, server, monkeypatch, name, no_proxy):
    for variable in PROXIES:
        monkeypatch.setenv(variable, "http://127.0.0.1:9/")  # nobody answers there
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    if no_proxy:
        monkeypatch.setenv("NO_PROXY", no_proxy)
    live()
    call({**CLIENTS, **LIBRARIES}[name])
    assert len(server.seen) == 1
    assert "example.com" in os.environ["NO_PROXY"].split(",") or no_proxy != "example.com"
    assert all(os.environ[variable] for variable in PROXIES)


@pytest.mark.parametrize(
    ("endpoint", "environment", "expected"),
    [
        ("https://h.example.com/models", {}, None),  # the system's own proxies stay seen
        ("https://h.example.com/models", {"HTTPS_PROXY": "http://p:1"}, "localhost,127.0.0.1,::1"),
        (
            "https://h.example.com/models",
            {"https_proxy": "http://p:1", "no_proxy": "a, b"},
            "a,b,localhost,127.0.0.1,::1",
        ),
        ("http://127.0.0.7:8/v1", {}, "localhost,127.0.0.1,::1,127.0.0.7"),
        ("https://h.example.com/models", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "*"}, "*"),
    ],
)  # fmt: skip
def test_no_proxy_is_set_only_where_it_is_needed(
    live, monkeypatch, endpoint, environment, expected
):
    for name in (*PROXIES, "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    before = os.environ.get("NO_PROXY")
    live(AZURE_INFERENCE_ENDPOINT=endpoint, **environment)
    assert os.environ.get("NO_PROXY") == os.environ.get("no_proxy") == expected
    connect.end()
    assert os.environ.get("NO_PROXY") == environment.get("NO_PROXY", before)


@pytest.fixture
def dotenv(tmp_path, monkeypatch, server):
    """A `.env` that goes live, and things in it that belong to others."""
    monkeypatch.delenv("HELPERS_MODE")
    lines = {
        "AZURE_INFERENCE_ENDPOINT": f"{server.address}/models",
        "AZURE_INFERENCE_CREDENTIAL": KEY,
        "AZURE_INFERENCE_MODEL": "filed",
        "AZURE_TENANT_ID": "tenant-of-mine",
        "OPENAI_ORG_ID": "org-of-another",
        "OPENAI_API_KEY": "key-of-another",
        "OPENAI_MODEL": "model-of-another",
        "SOMETHING_ELSE": "1",
    }
    (tmp_path / ".env").write_text(
        "".join(f"{name}={value}\n" for name, value in lines.items()), "utf-8"
    )
    return lines


def test_nothing_of_the_file_stays_in_the_environment(course, dotenv, capsys, monkeypatch):
    monkeypatch.setenv("AZURE_INFERENCE_MODEL", "of the environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another")
    before = dict(os.environ)
    course(EXERCISE)
    assert capsys.readouterr().out.startswith(
        "Live: answers come from 127.0.0.1. Models: of the environment."
    )
    assert (os.environ["AZURE_TENANT_ID"], os.environ["SOMETHING_ELSE"]) == ("tenant-of-mine", "1")
    assert (os.environ["OPENAI_API_KEY"], os.environ["OPENAI_MODEL"]) == (KEY, "of the environment")
    assert not {"OPENAI_ORG_ID", "OPENAI_PROJECT_ID"} & set(os.environ)
    connect.end()
    assert dict(os.environ) == before


def test_a_script_goes_live_without_a_notebook(live, server):
    """Nothing of Jupyter is imported, and an error is an error."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")
    }
    live()
    environment |= {
        name: os.environ[name] for name in os.environ if name.startswith(("AZURE_", "HELPERS_"))
    }
    server.fault = error(400, "400", "no")
    script = """
import sys
import requests
from helpers import sent, start
start("00_test")
answer = requests.post(sys.argv[1], json={"a": 1})
assert sent()[0].body == {"a": 1} and "IPython" not in sys.modules
answer.raise_for_status()"""
    command = [sys.executable, "-c", script, f"{server.address}/models/chat/completions"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1 and done.stdout.startswith("Live: answers come from 127.0.0.1.")
    assert "HTTPError: 400" in done.stderr


def test_what_a_cell_sets_is_the_setting_of_the_next_start(live, monkeypatch):
    live()
    monkeypatch.setenv("AZURE_INFERENCE_MODEL", "another")
    monkeypatch.delenv("OPENAI_MODEL")
    start("00_test")
    assert os.environ["AZURE_INFERENCE_MODEL"] == os.environ["OPENAI_MODEL"] == "another"


def test_an_own_address_keeps_what_belongs_to_it(live, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    live(OPENAI_BASE_URL="http://localhost:9/v1", OPENAI_API_KEY="key-of-mine")
    assert (os.environ["OPENAI_ORG_ID"], os.environ["OPENAI_API_KEY"]) == (
        "org-of-mine",
        "key-of-mine",
    )
    assert os.environ["OPENAI_BASE_URL"] == "http://localhost:9/v1"


def test_the_organization_of_another_key_is_not_sent(live, server, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another")
    live()
    openai()
    assert "org-of-another" not in str(server.seen)


def test_a_start_that_fails_leaves_the_session_as_it_was(live, server, monkeypatch):
    from helpers import CourseError

    live()
    monkeypatch.setattr("helpers.connect.read_dotenv", dict)
    azure()
    (settings_before, sent_before) = connect.current().settings, len(sent())
    before = dict(os.environ)
    with pytest.raises(CourseError, match="no notebook"):
        start("09_nothing")
    monkeypatch.setattr(
        connect.Settings,
        "from_environment",
        classmethod(lambda cls, file: (_ for _ in ()).throw(CourseError("bad"))),
    )
    with pytest.raises(CourseError, match="bad"):
        start("00_test")
    assert connect.current().settings is settings_before and dict(os.environ) == before
    azure()
    assert len(sent()) == sent_before + 1


def test_a_key_that_show_would_break_into_lines_is_hidden_first(live, capsys):
    key = "-".join(["sk", *("k3y7" * 5 for _ in range(6))])  # long, and a line ends at a hyphen
    live(AZURE_INFERENCE_CREDENTIAL=key)
    capsys.readouterr()
    show(f"This service tells you what you sent to it, which is {key} and no more.")
    shown = " ".join(capsys.readouterr().out.split())
    assert shown == "This service tells you what you sent to it, which is (key) and no more."


def test_after_the_session_nothing_is_noted(live, server):
    live()
    observed = connect.current().observed
    connect.end()
    os.environ |= {
        "OPENAI_BASE_URL": f"{server.address}/v1",
        "OPENAI_API_KEY": KEY,
        "OPENAI_MODEL": "m",
    }
    try:
        for way in LIBRARIES.values():
            call(way)
    finally:
        for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL"):
            del os.environ[name]
    assert len(server.seen) == len(LIBRARIES) and observed == []


def test_a_live_stream_is_not_buffered(live, server):
    """The first token reaches the cell before the server has sent the last."""
    live()
    server.pause = 0.1
    with connect_client() as client:
        for update in client.complete(messages=ASK, stream=True):
            if update.choices and update.choices[0].delta.content:
                arrived = time.perf_counter()
                break
    time.sleep(0.3)
    assert arrived < server.sent[2]  # the second token


# Every notebook, live, to its end. Where the endpoint is, the dialect, and what the model lacks:
# each notebook meets
# an able model, then a poor one.
ABLE = [("/models", "mistral"), ("/openai/v1", "openai"), ("/models", "openai")]
POOR = [
    ("/v1", "openai", "vision,tools,json,logprobs,usage,filter"),
    ("/models", "mistral", "sense,usage,filter"),
]
FIRST_LINE = "Live: answers come from 127.0.0.1. Models: small-model.\n"


def settings(server, base: str) -> dict[str, str]:
    return {
        "HELPERS_MODE": "live",
        "AZURE_INFERENCE_ENDPOINT": server.address + base,
        "AZURE_INFERENCE_CREDENTIAL": KEY,
        "AZURE_INFERENCE_MODEL": "small-model",
        # Entra ID looks nowhere else: no address is tried
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
    }


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_run_all_reaches_the_end_of_an_able_and_of_a_poor_model(path):
    number, book = ALL.index(path), read(path)
    sources = [cell.source for cell in book.cells if cell.cell_type == "code"]
    (base, dialect), (other_base, other_dialect, lacks) = (
        ABLE[number % len(ABLE)],
        POOR[number % len(POOR)],
    )
    right = solutions(book)
    with service() as server:
        server.dialect = dialect
        become = f"{server.address}/become?dialect={other_dialect}&lacks={lacks}"
        switch = f"""
import os, urllib.request
urllib.request.urlopen({become!r}).close()
os.environ["AZURE_INFERENCE_ENDPOINT"] = {server.address + other_base!r}"""
        done = run(
            path, extra=[*right, switch, *sources], env=settings(server, base)
        )  # raises if a cell fails
        asked = {body.get("model") for _, _, body in server.seen}
    able = [cell for cell in done.notebook.cells if cell.cell_type == "code"]
    poor = done.extra[len(right) + 1 :]
    for source, cell in zip(right, done.extra, strict=False):
        # This service filters nothing, and takes no token of Entra ID over http.
        unprovoked = path.stem == "06_content_safety" and "exercise 2" in source
        not_signed_in = path.stem == "00_start_here" and "Bearer token" in texts(cell)
        assert "✓ Right" in texts(cell) or unprovoked or not_signed_in, f"{source}\n{texts(cell)}"
    assert "small-model" in asked
    for first, *others in (able, poor):
        assert texts(first) == FIRST_LINE
        for cell in others:
            assert KEY not in str(cell.outputs) and not [
                o for o in cell.outputs if o.output_type == "error"
            ], cell.id
        assert (
            texts(others[-1]).splitlines()[-1].startswith(f"Live: {len(others) + 1} cells ran")
        ), texts(others[-1])
    able = [
        cell for cell in able if "replay-only" not in cell.metadata.get("tags", ())
    ]  # Entra ID is not set up here
    stderr = [(cell.id, o.text) for cell in able for o in cell.outputs if o.get("name") == "stderr"]
    assert stderr == []
    stopped = [cell.id for cell in able if "Live, line" in texts(cell)]
    assert len(stopped) <= len(able) / 3, stopped


def test_run_all_reaches_the_end_of_a_service_that_only_refuses():
    with service() as server:
        server.fault = {"status": 403, "body": '{"error":{"code":"403","message":"no"}}'}
        done = run(ALL[1], env=settings(server, "/models")).notebook
    code = [cell for cell in done.cells if cell.cell_type == "code"]
    refused = sum("(status 403)" in texts(cell) for cell in code)
    assert (
        refused > 5 and sum("from a cell above, which failed" in texts(cell) for cell in code) >= 1
    )
    assert f"Your endpoint refused {refused}, " in texts(code[-1]).splitlines()[-1]
    assert f"{refused} × status 403" in texts(code[-1]).splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in ALL if path.stem[:2] != "09"], ids=lambda path: path.stem
)
def test_no_cell_waits_for_as_long_as_a_busy_service_asks(path):
    """By default, the old SDK waits for a day where Retry-After says so."""
    busy = error(429, "429", "Too many requests", {"Retry-After": "86400"})
    with service() as server:
        server.fault = busy
        run(path, env=settings(server, "/models"), cell_seconds=30)  # raises if a cell takes longer
