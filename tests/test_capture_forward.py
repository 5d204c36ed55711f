"""The proxy of `make record`: what goes out, what comes back, and what is kept."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from capture.answers import DONE
from capture.forward import Forwarder
from capture.target import PROXY_KEY, Target, kernel_environment, kind_of
from loopback import KEY, service

from helpers.settings import Connection, Settings
from notebooks import NOTEBOOKS, run

CHAT, OLD = "/models/chat/completions", "api-version=2024-05-01-preview"
QUESTION = {"model": "mistral-large-2407", "messages": [{"role": "user", "content": "Hello?"}]}


def target(address: str, path: str = "/models", v1: str = "/openai/v1") -> Target:
    models = ("own-model", "own-second", "own-vision", "own-thinker")
    azure, other = (Connection(address + p, KEY, *models) for p in (path, v1))
    return Target(Settings("record", azure, other), datetime(2026, 11, 25, tzinfo=UTC))


@pytest.fixture
def server():
    with service() as running:
        yield running


@pytest.fixture
def proxy(server) -> Iterator[Forwarder]:
    forwarder = Forwarder(target(server.address))
    yield forwarder
    forwarder.close()


def ask(proxy: Forwarder, body: dict, path: str = CHAT, key: str = PROXY_KEY, **options):
    headers = {"api-key": key, "Authorization": f"Bearer {key}"}
    return requests.post(proxy.address + path, json=body, headers=headers, timeout=20, **options)


def test_the_endpoint_gets_your_key_and_model_and_the_notebook_neither(server, proxy):
    answer = ask(proxy, QUESTION, old := CHAT + "?api-version=2024-05-01-preview")
    assert answer.status_code == 200
    url, headers, body = server.seen[0]
    assert url == old and body["model"] == "own-model"
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["api-key"] == KEY and headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept-encoding"] == "identity" and "azsdk" not in headers["user-agent"]
    assert KEY not in str(answer.headers) + answer.text
    assert "set-cookie" not in answer.headers and "x-request-id" not in answer.headers


@pytest.mark.parametrize(
    ("path", "asked", "seen"),
    [
        ("/models", f"/openai/v1/chat/completions?{OLD}", "/openai/v1/chat/completions"),
        ("/v1", f"{CHAT}?{OLD}", "/v1/chat/completions"),
        ("/gateway/api/v1", "/openai/v1/models", "/gateway/api/v1/models"),
        ("/openai/deployments/d", CHAT + "?a=1", "/openai/deployments/d/chat/completions?a=1"),
        ("/models", "/elsewhere/chat/completions", "/elsewhere/chat/completions"),
        ("/v1", "/openai/v1/models/gpt-4o-mini", "/v1/models/own-second"),
    ],
)
def test_each_address_of_the_proxy_is_one_of_yours(server, path, asked, seen):
    v1 = path if path.endswith("v1") else "/openai/v1"
    proxy = Forwarder(target(server.address, path, v1))
    ask(proxy, QUESTION, asked)
    proxy.close()
    assert server.seen[0][0] == seen


def test_a_wrong_key_is_passed_on_as_it_is(server, proxy):
    assert ask(proxy, QUESTION, key="wrong").status_code == 401
    assert server.seen[0][1]["api-key"] == "wrong"
    assert proxy.exchanges[0].answer.status == 401


def test_the_same_request_gets_the_same_answer_and_is_sent_once(server, proxy):
    first = ask(proxy, QUESTION)
    server.text = "Something else."
    again = ask(proxy, dict(reversed(QUESTION.items())), "/openai/v1/chat/completions")
    assert again.json() == first.json() and len(server.seen) == 1 and len(proxy.exchanges) == 2


def test_an_error_is_asked_again(server, proxy):
    server.fault = [{"status": 503, "body": "{}"}]
    assert [ask(proxy, QUESTION).status_code for _ in range(2)] == [503, 200]


def test_a_stream_is_passed_on_as_it_arrives(server, proxy):
    server.pause = 0.2
    answer = ask(proxy, {**QUESTION, "stream": True}, stream=True)
    arrived = [time.perf_counter() for line in answer.iter_lines(chunk_size=1) if line]
    assert len(arrived) >= 4
    delays = [there - sent for there, sent in zip(arrived, server.sent, strict=True)]
    assert max(delays) < 0.15, "it was held back"
    proxy.close()
    assert proxy.exchanges[0].answer.events[-1] == DONE


def test_an_exchange_is_kept_although_the_client_leaves(server, proxy):
    server.pause = 0.1
    with ask(proxy, {**QUESTION, "stream": True}, stream=True) as answer:
        next(answer.iter_lines(chunk_size=1))
    answer.close()
    proxy.close()  # waits
    assert [exchange.problem for exchange in proxy.exchanges] == [""]
    assert proxy.exchanges[0].answer.events[-1] == DONE


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"pieces": ['data: {"choices":[]}\n\n'], "cut": True}, "cut: the connection broke off"),
        ({"drop": True}, "no answer from the endpoint"),
        ({"status": 200, "body": "<html>"}, "could not be kept: it is not JSON"),
        ({"status": 200, "body": '{"a": NaN}'}, "could not be kept: it is not JSON"),
    ],
)
def test_what_is_no_whole_answer_is_kept_as_that(server, proxy, fault, problem):
    server.fault = fault
    try:
        _ = ask(proxy, QUESTION).content
    except requests.RequestException:
        assert "not JSON" not in problem
    proxy.close()
    assert proxy.exchanges[0].answer is None
    assert proxy.exchanges[0].problem.startswith(problem)


def test_an_endpoint_that_is_gone_costs_no_exchange():
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    proxy = Forwarder(target(f"http://127.0.0.1:{port}"))
    with pytest.raises(requests.ConnectionError):
        ask(proxy, QUESTION)
    proxy.close()
    assert proxy.exchanges[0].problem == "no answer from the endpoint (ConnectionError)"


class Compressing(BaseHTTPRequestHandler):
    """Answers in gzip although identity was asked for; a stream in gzip too, event by event."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = b'{"choices": []}'
        if body.get("stream"):
            content = b'data: {"choices": []}\n\ndata: [DONE]\n\n'
        packed = gzip.compress(content)
        self.send_response(200)
        kind = "text/event-stream" if body.get("stream") else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        self.wfile.write(packed)

    def do_GET(self) -> None:
        content = b'{"object": "list", "data": [{"id": "m"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def compressing() -> Iterator[Forwarder]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Compressing)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    forwarder = Forwarder(target(f"http://127.0.0.1:{server.server_port}"))
    yield forwarder
    forwarder.close()
    server.shutdown()
    server.server_close()


def test_gzip_is_decoded_although_nobody_asked_for_it(compressing):
    assert ask(compressing, QUESTION).json() == {"choices": []}
    assert DONE in ask(compressing, {**QUESTION, "stream": True}).text
    answers = [exchange.answer for exchange in compressing.exchanges]
    assert answers[0].body == {"choices": []} and answers[1].events == [{"choices": []}, DONE]


def test_a_get_is_kept_too(compressing):
    headers = {"Authorization": f"Bearer {PROXY_KEY}"}
    address = f"{compressing.address}/openai/v1/models"
    assert requests.get(address, headers=headers, timeout=20).json()["data"] == [{"id": "m"}]
    exchange = compressing.exchanges[0]
    assert (exchange.meaning.method, exchange.meaning.path) == ("GET", "/openai/v1/models")
    assert exchange.answer.body["object"] == "list"


def test_a_chunked_request_arrives_whole(server, proxy):
    body = json.dumps(QUESTION).encode()
    headers = {"api-key": PROXY_KEY, "Content-Type": "application/json"}
    parts = iter((body[:10], body[10:]))
    answer = requests.post(proxy.address + CHAT, data=parts, headers=headers, timeout=20)
    assert answer.status_code == 200 and server.seen[0][2]["model"] == "own-model"


def test_no_proxy_of_the_environment_stands_between_loopback_addresses(
    server, monkeypatch, tmp_path
):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, nowhere)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text("default login planted password planted\n")
    monkeypatch.setenv("NETRC", str(netrc))
    proxy = Forwarder(target(server.address))
    for name, value in kernel_environment(proxy.address).items():
        monkeypatch.setenv(name, value)
    assert ask(proxy, QUESTION).status_code == 200
    proxy.close()
    headers = {name.lower(): value for name, value in server.seen[0][1].items()}
    assert headers["authorization"] == f"Bearer {KEY}"


def test_ctrl_c_waits_for_no_answer(tmp_path, monkeypatch, server):
    from capture import execution

    def stopped(*_: object, **__: object) -> None:
        (proxy,) = proxies
        proxy.begin()  # an exchange that does not end
        raise KeyboardInterrupt

    proxies: list[Forwarder] = []

    def forwarder(*arguments: Target) -> Forwarder:
        proxies.append(Forwarder(*arguments))
        return proxies[0]

    monkeypatch.setattr(execution, "Forwarder", forwarder)
    monkeypatch.setattr(execution, "run", stopped)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        execution.run_live("00_start_here", NOTEBOOKS, tmp_path, target(server.address), print)
    assert time.monotonic() - began < 10


def test_the_key_never_comes_near_a_kernel(tmp_path, monkeypatch, server):
    """Neither by the environment nor by a file `.env`, nor that of another account."""
    import nbformat

    monkeypatch.setenv("AZURE_INFERENCE_CREDENTIAL", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", KEY)
    (tmp_path / ".env").write_text(f"AZURE_INFERENCE_CREDENTIAL={KEY}\nOPENAI_ORG_ID={KEY}\n")
    (tmp_path / "notebooks" / "recordings").mkdir(parents=True)
    for name in ("notebooks/00_test.ipynb", "notebooks/.env"):
        (tmp_path / name).touch()
    source = (
        "import os\nfrom helpers import start\nstart('00_test')\nprint(dict(os.environ))\n"
        f"print('it is', os.environ['AZURE_INFERENCE_CREDENTIAL'] == {PROXY_KEY!r})"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    path = tmp_path / "notebooks" / "00_test.ipynb"
    nbformat.write(book, path)
    environment = kernel_environment(server.address)
    done = run(path, env=environment, keep_going=True)
    printed = json.dumps(done.notebook.cells[0].outputs)
    assert "it is True" in printed and "Record" in printed
    assert KEY not in printed


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("http://localhost:8080/v1", "local server"),
        ("http://127.0.0.1:1/models", "local server"),
        ("https://r.services.ai.azure.com/models", "Azure AI model inference endpoint"),
        ("https://r.openai.azure.com/openai/v1", "OpenAI v1 endpoint on Azure"),
        ("https://r.openai.azure.com/openai/deployments/d", "Azure OpenAI deployment"),
        ("https://gateway.example.org/models", "OpenAI-compatible server"),
    ],
)
def test_what_kind_of_endpoint_it_is(endpoint, kind):
    assert kind_of(endpoint) == kind


def test_a_recording_says_which_model_answered_where_and_when(server):
    after = target(server.address).after(CHAT, "gpt-4o-mini")
    assert after == "own-second on a local server, 25 November 2026"
