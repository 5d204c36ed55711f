"""notebooks/when_it_goes_wrong.md, row by row.

Make the fault happen, and look for what the page says you see.
"""

import asyncio
import contextlib
import gc
import io
import json
import logging
import os
import re
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
import requests
from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.aio import ChatCompletionsClient as AsyncClient
from azure.ai.inference.models import ChatCompletionsToolCall, FunctionCall, UserMessage
from azure.core.credentials import AzureKeyCredential
from learners_code import definitions
from loopback import KEY, chunk, error, service
from openai import OpenAI
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from helpers import clock, connect, start
from helpers.replay import load
from helpers.settings import Settings, replay_settings
from notebooks import NOTEBOOKS, read

ROW = re.compile(r"^\| ([A-Z]\d+) \| `(.+?)` \| (.+?) \| (.+?) \|$", re.M)
PAGE = {
    row: text
    for row, text, *_ in ROW.findall((NOTEBOOKS / "when_it_goes_wrong.md").read_text("utf-8"))
}
GOOD = {
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}
    ]
}
TEXT = f"data: {chunk({'content': 'a'})}\n\n"
END = f"data: {chunk({}, 'stop')}\n\ndata: [DONE]\n\n"


def detail(status: int, body: dict, **headers) -> dict:
    return {"status": status, "body": json.dumps(body, separators=(",", ":")), "headers": headers}


def ask(client, **options):
    return client.complete(messages=[UserMessage("x")], **{"retry_total": 0, **options})


def read_stream(client, **options) -> str:
    """Read a stream as notebook 02 does; say what is missing at its end."""
    reason, updates = None, 0
    for update in ask(client, stream=True, **options):
        for choice in update.choices:
            updates, reason = updates + 1, choice.finish_reason or reason
    return reason.value if reason else "no finish_reason" if updates else "no choices"


def tries(client) -> str:
    statuses = []
    ask(
        client,
        retry_total=3,
        raw_response_hook=lambda r: statuses.append(r.http_response.status_code),
    )
    return str(statuses)


def plain(fault: dict | list, use=ask, **options):
    return lambda client, server: (setattr(server, "fault", fault), use(client, **options))[1]


def stream(*pieces, **options):
    return plain({"pieces": pieces, "cut": options.pop("cut", False)}, read_stream, **options)


def choice_of(body: dict, look):
    return lambda client, server: look(plain(detail(200, body))(client, server))


def elsewhere(endpoint: str):
    def call(client, server):
        other = ChatCompletionsClient(
            endpoint.format(port=server.server_port), AzureKeyCredential(KEY), model="m"
        )
        return ask(other)

    return call


def unknown_host(client, server):
    """What a name server says of a host that is not there; the tests ask none."""
    answer = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    with mock.patch("socket.getaddrinfo", side_effect=answer):
        return elsewhere("http://nowhere.invalid/models")(client, server)


@contextlib.contextmanager
def reading_bearer_alone(server):
    """As vLLM does with `--api-key`."""
    server.lacks = {"api-key"}
    try:
        yield
    finally:
        server.lacks = set()


def by_hand(client, server):
    """A request by `requests` with the key in one header, at a server that reads the other."""
    with reading_bearer_alone(server):
        address = f"{server.address}/v1/chat/completions"
        reply = requests.post(address, json={"messages": []}, headers={"api-key": KEY}, timeout=9)
        return f"{reply.status_code} {reply.reason}"


def with_netrc(client, server):
    """`requests`, which the old SDK sends by, takes the password of a host from this file."""
    with tempfile.TemporaryDirectory() as folder, reading_bearer_alone(server):
        path = Path(folder) / "netrc"
        path.write_text("machine 127.0.0.1 login me password other\n", "utf-8")
        with mock.patch.dict(os.environ, {"NETRC": str(path)}):
            return ask(client)


def with_environment(endpoint: str = "", **variables: str):
    """A call of a program of its own, which `start` has not prepared."""

    def call(client, server):
        with mock.patch.dict(os.environ, variables):
            return elsewhere(endpoint)(client, server) if endpoint else ask(client)

    return call


def web_page_to_openai(client, server):
    server.fault = {"status": 200, "type": "text/html", "body": "<html>Sign in</html>"}
    with OpenAI(base_url=server.address, api_key=KEY, max_retries=0) as v1:
        return v1.chat.completions.create(model="m", messages=[]).choices


def openai_client(client, server):
    """The successor's client, where a file of certificates is named that is not there."""
    with mock.patch.dict(os.environ, SSL_CERT_FILE="/no/such/file"):
        return OpenAI(base_url=f"{server.address}/v1", api_key=KEY)


def left_behind(read: Callable) -> Callable:
    """What asyncio is told when a program lets go of two streams that it has read with `read`."""

    async def told_of(address: str) -> list[str]:
        told = []
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, what: told.append(what["message"])
        )
        key = AzureKeyCredential(KEY)
        async with AsyncClient(f"{address}/models", key, model="m", retry_total=0) as desk:
            await asyncio.gather(read(desk), read(desk))
        gc.collect()
        return told

    def call(client, server):
        # the end of a chunked body often comes a little later than its last event
        server.fault = {"pieces": [TEXT, END, 0.3]}
        gc.disable()  # so that the streams are let go of when the client is closed
        try:
            return asyncio.run(told_of(server.address))
        finally:
            gc.enable()

    return call


async def in_a_bare_loop(desk: AsyncClient) -> None:
    async for _ in await desk.complete(messages=[UserMessage("x")], stream=True):
        pass


def deployment(client, server):
    server.bases.add("/openai/deployments/m")
    return elsewhere("http://127.0.0.1:{port}/openai/deployments/m")(client, server)


NO_TOOLS = (
    "Function tools with reasoning_effort are not supported for m in /v1/chat/completions. "
    "Use /v1/responses."
)
UNAUTHORIZED = (
    "Unauthorized. Access token is missing, invalid, audience is incorrect "
    "(https://cognitiveservices.azure.com)"
)
FAULTS = {
    "S1": plain(error(400, "unknown_model", "Unknown model: m", details=None)),
    "S2": plain(error(400, "no_model_name", "No model specified in request")),
    "S3": plain(
        error(400, "unsupported_parameter", "'max_tokens' is not supported with this model.")
    ),
    "S4": elsewhere("http://127.0.0.1:{port}/openai/v1"),
    "S5": plain(
        error(400, "content_filter", "The response was filtered", param="prompt", type=None)
    ),
    "S6": plain(detail(400, {"detail": "Extra parameters ['logprobs'] are not allowed"})),
    "S7": plain(
        error(
            422,
            "Invalid input",
            '{"detail":[{"type":"extra_forbidden","loc":["body","foo"]}]}',
            status=422,
        )
    ),
    "S8": plain(
        detail(
            401,
            {
                "statusCode": 401,
                "message": "Auth token validation failed. Please provide a valid key",
            },
        )
    ),
    "S9": plain(detail(401, {"statusCode": 401, "message": UNAUTHORIZED})),
    "S10": plain(
        error(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
    ),
    "S11": plain(error(403, "403", "Public access is disabled.")),
    "S12": elsewhere("http://127.0.0.1:{port}"),
    "S13": plain(
        error(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")
    ),
    "S14": plain(error(408, "408", "The operation was timeout.")),
    "S15": plain(error(409, "409", "The deployment is being updated.")),
    "S16": plain(error(413, "413", "Request body too large.")),
    "S17": plain(error(429, "429", "Too many requests")),
    "S18": plain(error(429, "429", "Please retry after 86400 seconds", {"Retry-After": "86400"})),
    "S19": plain([error(429, "429", "slow", {"Retry-After": "0"}), detail(200, GOOD)], tries),
    "S20": plain(error(500, "500", "Internal server error")),
    "S21": plain(error(502, "502", "Bad gateway")),
    "S22": plain(error(503, "503", "Service unavailable")),
    "S23": plain(error(504, "504", "Gateway timeout")),
    "S24": by_hand,
    "S25": with_netrc,
    "S26": deployment,
    "S27": plain(error(400, "invalid_request_error", NO_TOOLS, param="reasoning_effort")),
    "S28": plain(error(410, "github_models_retirement_brownout", "GitHub Models is unavailable.")),
    "S29": plain(error(410, "ModelDeprecated", "The model of the deployment is deprecated.")),
    "S30": plain(error(400, "unsupported_value", "Unsupported value: 'temperature' is not 1.")),
    "S31": plain(
        {"status": 302, "body": "", "headers": {"Location": "https://elsewhere.invalid/"}}
    ),
    "N1": elsewhere("http://127.0.0.1:9/models"),
    "N2": unknown_host,
    "N3": elsewhere("https://127.0.0.1:{port}/models"),
    "N4": plain({**detail(200, GOOD), "wait": 1}, read_timeout=0.2),
    "N5": plain({"drop": True}),
    "N6": stream(TEXT, 1, END, read_timeout=0.2),
    "N7": stream(TEXT, cut=True),
    "N8": stream(TEXT, TEXT[:20], cut=True),
    "N9": stream(TEXT),
    "N10": stream(TEXT, 'data: {"error":{"code":"500","message":"boom"}}\n\n', "data: [DONE]\n\n"),
    "N11": plain(detail(200, GOOD), read_stream),
    "N12": with_environment(
        HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", NO_PROXY="", no_proxy=""
    ),
    "N13": with_environment("https://127.0.0.1:{port}/models", REQUESTS_CA_BUNDLE="/no/such/file"),
    "N14": with_environment(
        ALL_PROXY="socks5://127.0.0.1:9", all_proxy="socks5://127.0.0.1:9", NO_PROXY="", no_proxy=""
    ),
    "N15": openai_client,
    "N16": left_behind(in_a_bare_loop),
    "A1": stream(TEXT.replace("\n", "\r\n"), END),
    "A2": stream(": ping\n\n", TEXT, END),
    "A3": plain({"pieces": [TEXT, END]}),
    "A4": plain({"status": 200, "body": ""}),
    "A5": plain({"status": 200, "body": "{oops"}),
    "A6": plain({"status": 200, "type": "text/html", "body": "<html>Sign in</html>"}),
    "A7": stream(TEXT, "data: {oops\n\n"),
    "A8": choice_of({"choices": []}, lambda r: r.choices[0]),
    "A9": choice_of(
        {"choices": [{"index": 0, "finish_reason": "content_filter"}]},
        lambda r: r.choices[0].message.content,
    ),
    "A10": choice_of(
        {"choices": [{**GOOD["choices"][0], "finish_reason": "paused"}]},
        lambda r: r.choices[0].finish_reason.value,
    ),
    "A11": choice_of(GOOD, lambda r: r.usage),
    "A12": stream("event: message\n" + TEXT, END),
    "A13": stream("id: 1\n" + TEXT, END),
    "A14": stream(TEXT.replace("data: ", "data:"), END),
    "A15": web_page_to_openai,
}


def lesson(name: str) -> dict:
    """What a notebook defines. Its constants read its folder and the environment."""
    provided = mock.patch.dict(os.environ, replay_settings().variables())
    with contextlib.chdir(NOTEBOOKS), provided:
        return definitions(name)


def as_call(piece: dict) -> ChatCompletionsToolCall:
    function = FunctionCall(name=piece["name"], arguments=piece["arguments"])
    return ChatCompletionsToolCall(id=piece.get("id") or "c", function=function)


def tool(name: str, arguments: str):
    def run(client, server):
        call = as_call({"name": name, "arguments": arguments})
        space = lesson("05_tools")
        return space["run_tool"](call, space["LOOK_UPS"])

    return run


def streamed_calls(*pieces: dict, look):
    def run(client, server):
        events = [f"data: {chunk({'tool_calls': [piece]})}\n\n" for piece in pieces]
        server.fault = {"pieces": [*events, END]}
        space = lesson("05_tools")
        with contextlib.redirect_stdout(io.StringIO()):
            calls = space["collect_calls"](ask(client, stream=True))
        return look(space, calls)

    return run


def file(name: str, content: bytes | None):
    def run(client, server):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            if content is not None:
                path.write_bytes(content)
            open_picture = lesson("07_vision")["open_picture"]
            picture = open_picture(path)
            return getattr(picture, "size", picture)

    return run


def png(width: int, height: int, **options) -> bytes:
    data = io.BytesIO()
    Image.new("L", (width, height)).save(data, "PNG", **options)
    return data.getvalue()


def with_long_text() -> bytes:
    """A small picture with more text about it than Pillow reads."""
    information = PngInfo()
    information.add_text("comment", "gull " * 300_000, zip=True)
    return png(8, 8, pnginfo=information)


def settings(**given):
    def run(client, server):
        own = mock.patch.dict(os.environ, {"HELPERS_MODE": "", **given})
        with (
            tempfile.TemporaryDirectory() as folder,
            own,
            contextlib.chdir(folder),
        ):  # where no .env is found
            return Settings.from_environment()

    return run


# The cell with the client, as each notebook has it.
CLIENT = next(
    cell.source for cell in read(NOTEBOOKS / "01_basic.ipynb").cells if cell.id == "01-02"
)


def course(call):
    def run(client, server):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(NOTEBOOKS):
            try:
                return call(client)
            finally:
                connect.end()

    return run


FLIGHT = '{"origin_city": "Seattle", "destination_city": "Miami"}'
CALL = {"type": "function", "function": {"name": "get_flight_info", "arguments": FLIGHT}}
ENDPOINT = "https://me.services.ai.azure.com/models"
FAULTS |= {
    "T1": tool("get_flight_info", "{'origin_city': 'Seattle'}"),
    "T2": tool("get_flight_info", '{"from": "Seattle", "to": "Miami"}'),
    "T3": tool("book_flight", FLIGHT),
    "T4": tool("get_flight_info", FLIGHT.replace("Miami", "Atlantis")),
    "T5": streamed_calls(
        {"index": 0, "id": "a", **CALL},
        {"index": 0, "id": "b", **CALL},
        look=lambda space, calls: space["run_tool"](as_call(calls[0]), space["LOOK_UPS"]),
    ),
    "T6": streamed_calls({"index": 0, **CALL}, look=lambda space, calls: f"id: {calls[0]['id']}"),
    "I1": file("absent.jpg", None),
    "I2": file("empty.jpg", b""),
    "I3": file("cut.png", png(300, 300)[:90]),
    "I4": file("letter.jpg", b"Dear library"),
    "I5": file("long-text.png", with_long_text()),
    "I6": file("wide.png", png(8000, 8000)),
    "I7": file("wrong-ending.jpg", png(8, 8)),
    "C1": settings(AZURE_INFERENCE_ENDPOINT=ENDPOINT),
    "C2": settings(AZURE_INFERENCE_ENDPOINT=f"{ENDPOINT}/", AZURE_INFERENCE_CREDENTIAL="k"),
    "C3": course(lambda client: (start("01_basic"), ask(client))),
    "C4": course(lambda client: clock()),
    "C5": course(lambda client: load(NOTEBOOKS / "recordings" / "09_absent.yaml")),
    "C6": course(lambda client: exec(CLIENT, {})),
}


@pytest.fixture(scope="module")
def server():
    with service() as running:
        yield running


def test_the_page_and_the_faults_are_the_same():
    assert list(PAGE) == list(FAULTS) and len(FAULTS) >= 40


@pytest.mark.parametrize("row", FAULTS)
def test_you_see_what_the_page_says(row, server, caplog):
    caplog.set_level(logging.CRITICAL)
    server.fault = None
    client = ChatCompletionsClient(f"{server.address}/models", AzureKeyCredential(KEY), model="m")
    try:
        seen = str(FAULTS[row](client, server))
    except Exception as fault:
        seen = f"{type(fault).__name__}: {fault}"
    assert PAGE[row] in re.sub(r"\s+", " ", seen)


def test_the_two_counters_of_02_leave_no_connection_open(server):
    announce = lesson("02_streaming")["announce"]
    assert left_behind(lambda desk: announce(desk, "x"))(None, server) == []
