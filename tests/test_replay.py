"""start() and what it puts below the HTTP libraries: real clients, recorded answers, no connection."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time

import pytest
import requests
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, IncompleteReadError
from conftest import item, plain, streamed

from helpers import CourseError, NoRecording, clock, replay, session, start

HELLO = item("hello", [{"role": "user", "content": "hello"}], plain("Good day."))
STREAM = item("stream", [{"role": "user", "content": "flow"}], streamed("a", "b", "c"), stream=True)
CUT = item("cut", [{"role": "user", "content": "break"}], streamed("a", "b", cut=True), stream=True)
BUSY = item("busy", [{"role": "user", "content": "busy"}],
            [{"status": 429, "headers": {"retry-after": "0"}, "body": {}}, plain("Free.")])  # fmt: skip
URL = "https://replay.invalid/models/chat/completions?api-version=2024-05-01-preview"


def ask(client, text, **more):
    return client.complete(messages=[UserMessage(text)], **more)


def text_of(stream) -> list[str]:
    return [update.choices[0].delta.content for update in stream]


def async_client():
    from azure.ai.inference.aio import ChatCompletionsClient

    return ChatCompletionsClient("https://replay.invalid/models", AzureKeyCredential("k"), model="m")


@pytest.fixture
def no_connection(monkeypatch):
    """Any attempt to connect fails the test."""

    def refuse(self, address):
        pytest.fail(f"replay opened a connection to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail(f"replay looked up {a}"))


def test_sdk_requests_and_async_get_the_same_answer(course, client, no_connection):
    session = course(HELLO)
    assert ask(client, "hello").choices[0].message.content == "Good day."
    body = {"model": "m", "messages": [{"content": "hello", "role": "user"}]}
    assert requests.post(URL, json=body, timeout=5).json()["usage"]["total_tokens"] == 3

    async def main():
        async with async_client() as later:
            return await asyncio.gather(*(later.complete(messages=[UserMessage("hello")]) for _ in range(3)))

    assert [r.choices[0].message.content for r in asyncio.run(main())] == ["Good day."] * 3
    assert session.played == {"hello": 5}


def test_a_proxy_in_the_environment_changes_nothing(course, client, no_connection, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    course(HELLO)
    assert ask(client, "hello").choices


def test_start_says_in_one_line_where_answers_come_from(course, capsys):
    course(HELLO, {**STREAM, "origin": "captured"})
    assert capsys.readouterr().out == (
        "Replay: 1 captured and 1 constructed answers from recordings/00_test.yaml, "
        "streams at a simulated pace; nothing is sent.\n"
    )


def test_start_again_reads_the_file_again(course, client):
    course(HELLO)
    assert ask(client, "hello").choices[0].message.content == "Good day."
    course({**HELLO, "answer": plain("Good night.")})
    assert ask(client, "hello").choices[0].message.content == "Good night."


def test_start_sets_only_what_is_not_set(course, monkeypatch):
    monkeypatch.setenv("AZURE_INFERENCE_MODEL", "mine")
    monkeypatch.delenv("AZURE_INFERENCE_ENDPOINT")
    course(HELLO)
    assert os.environ["AZURE_INFERENCE_MODEL"] == "mine"
    assert os.environ["AZURE_INFERENCE_ENDPOINT"] == "https://replay.invalid/models"


def test_a_stream_comes_event_by_event(course, client, monkeypatch):
    monkeypatch.setenv("HELPERS_PACE", "0.5")
    course(STREAM)
    began, wall = clock(), time.perf_counter()
    seen = [(update.choices[0].delta.content, round(clock() - began, 3)) for update in ask(client, "flow", stream=True)]
    assert seen == [("a", 0.4), ("b", 0.42), ("c", 0.44)]  # the clock does not depend on the pace
    assert time.perf_counter() - wall >= 0.2  # the sleep does


def test_an_asynchronous_stream_comes_event_by_event(course):
    course(STREAM)

    async def main():
        began = clock()
        async with async_client() as later:
            stream = await ask(later, "flow", stream=True)
            return [(update.choices[0].delta.content, round(clock() - began, 3)) async for update in stream]

    assert asyncio.run(main()) == [("a", 0.4), ("b", 0.42), ("c", 0.44)]


def test_a_stream_can_be_left_and_read_whole(course, client):
    session = course(STREAM)
    with ask(client, "flow", stream=True) as stream:
        next(stream)
    assert session.clock == 400
    body = {"messages": [{"role": "user", "content": "flow"}], "model": "m", "stream": True}
    reply = requests.post(URL, json=body, timeout=5)
    assert reply.content.count(b"data: ") == 4 and reply.text.endswith("data: [DONE]\n\n")
    assert text_of(ask(client, "flow", stream=True)) == ["a", "b", "c"]


def test_small_reads_keep_every_byte(course):
    course(STREAM)
    body = {"messages": [{"role": "user", "content": "flow"}], "model": "m", "stream": True}
    whole = requests.post(URL, json=body, timeout=5).content
    assert b"".join(requests.post(URL, json=body, timeout=5, stream=True).iter_content(7)) == whole


def test_a_stream_breaks_off_as_a_real_one_does(course, client, caplog):
    """The same errors as from a server that closes its connection between two pieces of a stream."""
    from loopback import KEY, service

    def broken(some_client, some_async) -> list:
        told, pieces = [], []
        try:
            for update in ask(some_client, "break", stream=True):
                pieces.append(update.choices[0].delta.content)
        except HttpResponseError as error:
            told.append((type(error), error.status_code, error.message))

        async def main():
            async with some_async as later:
                async for update in await ask(later, "break", stream=True):
                    pieces.append(update.choices[0].delta.content)

        try:
            asyncio.run(main())
        except HttpResponseError as error:
            told.append(type(error))
        return [*told, pieces]

    from azure.ai.inference import ChatCompletionsClient
    from azure.ai.inference.aio import ChatCompletionsClient as AsyncClient

    with service() as server:
        pieces = [f"data: {json.dumps(event)}\n\n" for event in CUT["answer"]["events"]]
        server.fault = {"pieces": pieces, "cut": True}
        clients = (
            kind(f"{server.address}/models", AzureKeyCredential(KEY)) for kind in (ChatCompletionsClient, AsyncClient)
        )
        real = broken(*clients)
    course(CUT)
    assert broken(client, async_client()) == real
    assert real == [(HttpResponseError, None, "Response ended prematurely"), IncompleteReadError, ["a", "b"] * 2]


def test_each_try_of_a_call_gets_its_answer_and_each_call_begins_anew(course, client):
    session = course(BUSY)
    for _ in range(2):
        assert ask(client, "busy").choices[0].message.content == "Free."
        with pytest.raises(HttpResponseError) as caught:
            ask(client, "busy", retry_total=0)
        assert caught.value.status_code == 429
    assert session.played == {"busy": 6}


@pytest.mark.parametrize("way", ["sdk", "requests", "async"])
def test_a_miss_is_one_readable_message(course, client, way):
    course(HELLO)

    async def later():
        async with async_client() as asynchronous:
            await ask(asynchronous, "hullo", temperature=0.5)

    body = {"messages": [{"role": "user", "content": "hullo"}], "model": "m", "temperature": 0.5}
    with pytest.raises(NoRecording) as caught:
        if way == "sdk":
            ask(client, "hullo", temperature=0.5)
        elif way == "requests":
            requests.post(URL, json=body, timeout=5)
        else:
            asyncio.run(later())
    message = str(caught.value)
    for part in ["replayed here", '"hello"', 'sent:     "hullo"', 'recorded: "hello"', "temperature", "go live"]:
        assert part in message
    assert message.count("\n") < 16
    assert caught.value._render_traceback_() == [f"NoRecording: {message}"]  # what a notebook shows


def test_a_miss_can_be_filled_in(course, client):
    course(HELLO)
    assert session().miss == "Every request so far had its recording."
    with pytest.raises(NoRecording):
        ask(client, "hullo")
    import yaml

    (draft,) = yaml.safe_load(session().miss)
    draft |= {"name": "new", "after": "nothing"}
    draft["answer"]["body"] = plain("Filled in.")["body"]
    course(HELLO, draft)
    assert ask(client, "hullo").choices[0].message.content == "Filled in."


def test_no_notebook_of_that_name(course):
    course(HELLO)
    with pytest.raises(CourseError, match=r"no notebook '00_tset'. Known: 00_test\."):
        start("00_tset")
    assert replay.session().recordings  # what was begun before is still there


def test_a_broken_file_leaves_the_session_as_it_was(course, client, tmp_path):
    course(HELLO)
    (tmp_path / "recordings" / "00_test.yaml").write_text("- name: it\n- {", "utf-8")
    with pytest.raises(CourseError, match="line 3, cannot be read"):
        start("00_test")
    assert ask(client, "hello").choices


def test_a_cell_before_the_first_is_told_so(monkeypatch):
    monkeypatch.setattr(replay, "_session", None)
    with pytest.raises(CourseError, match="first code cell"):
        clock()


REAL = {"AZURE_INFERENCE_ENDPOINT": "https://me.services.ai.azure.com/models", "AZURE_INFERENCE_CREDENTIAL": "secret"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"AZURE_INFERENCE_CREDENTIAL": ""}, "AZURE_INFERENCE_ENDPOINT is set but AZURE_INFERENCE_CREDENTIAL is not"),
        ({"AZURE_INFERENCE_ENDPOINT": ""}, "AZURE_INFERENCE_CREDENTIAL is set but AZURE_INFERENCE_ENDPOINT is not"),
        ({"AZURE_INFERENCE_ENDPOINT": "me.azure.com/models"}, "Set it to https://me.azure.com/models and"),
        ({"AZURE_INFERENCE_ENDPOINT": "ftp://me.azure.com/models"}, "Set it to https://me.azure.com/models and"),
        ({"AZURE_INFERENCE_ENDPOINT": "https://me/models/"}, "Set it to https://me/models and"),
        ({"AZURE_INFERENCE_ENDPOINT": "http://localhost:1234/v1/"}, "Set it to http://localhost:1234/v1 and"),
        ({"AZURE_INFERENCE_ENDPOINT": "https://me/models/chat/completions"}, "Set it to https://me/models and"),
        ({"AZURE_INFERENCE_ENDPOINT": "https://me/models/chat/completions/"}, "Set it to https://me/models and"),
        ({"AZURE_INFERENCE_ENDPOINT": "https://me/models?api-version=1"}, "Set it to https://me/models and"),
        ({"AZURE_INFERENCE_ENDPOINT": "me/models/chat/completions?api-version=1"}, "Set it to https://me/models and"),
        ({"HELPERS_PACE": "fast"}, "HELPERS_PACE is 'fast'. Set it to a number"),
        ({"AZURE_INFERENCE_ENDPOINT": "", "AZURE_INFERENCE_CREDENTIAL": "", "HELPERS_MODE": "live"}, "HELPERS_MODE=live"),
        ({"HELPERS_MODE": "liev"}, "HELPERS_MODE is 'liev'"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_told_with_the_cure(course, monkeypatch, settings, told):
    monkeypatch.delenv("HELPERS_MODE")
    for name, value in {**REAL, **settings}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CourseError) as caught:
        start("00_test")
    assert told in str(caught.value)
    assert "secret" not in str(caught.value)
    assert {n: os.environ[n] for n in REAL} == {**REAL, **{k: v for k, v in settings.items() if k in REAL}}


def test_a_file_env_goes_live_and_the_environment_wins(course, monkeypatch, tmp_path, capsys):
    course(HELLO)
    for name in ["HELPERS_MODE", *replay.PROVIDED]:
        monkeypatch.delenv(name, raising=False)
    lines = [*(f"{name}={value}" for name, value in REAL.items()), "AZURE_INFERENCE_MODEL=from-the-file"]
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    monkeypatch.setenv("AZURE_INFERENCE_MODEL", "from-the-environment")
    with monkeypatch.context() as after:
        for name in REAL:  # so that what start() sets is undone
            after.setenv(name, "")
            after.delenv(name)
        capsys.readouterr()
        start("00_test")
    assert capsys.readouterr().out == (
        "Live: answers come from me.services.ai.azure.com, model from-the-environment.\n"
    )


def test_live_passes_everything_through(course, monkeypatch, capsys):
    course(HELLO)
    monkeypatch.delenv("HELPERS_MODE")
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    start("00_test")
    assert capsys.readouterr().out == ("Live: answers come from me.services.ai.azure.com, model mistral-large-2407.\n")
    from urllib3.connectionpool import HTTPSConnectionPool

    assert "vcr" not in HTTPSConnectionPool.ConnectionCls.__module__
    assert abs(clock() - time.perf_counter()) < 1


def test_helpers_import_nothing_heavy():
    """A notebook's imports must also work in a browser's Python, which has no aiohttp and no sockets."""
    code = "import sys, helpers; print(*sorted({'aiohttp', 'httpx', 'PIL', 'ipywidgets', 'vcr', 'requests'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_aiohttp_may_be_imported_before_start(tmp_path):
    code = """
import aiohttp, asyncio, os
from helpers import start
start("00_start_here")
async def main():
    async with aiohttp.ClientSession() as session:
        body = {"model": "mistral-large-2407", "messages": [{"role": "user", "content": "Say hello in three languages."}]}
        async with session.post("https://replay.invalid/models/chat/completions", json=body) as reply:
            print(reply.status, (await reply.json())["choices"][0]["finish_reason"])
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1:] == ["200 stop"], done.stderr


def v1_client(base: str = "https://replay.invalid", **options):
    from openai import OpenAI

    return OpenAI(base_url=f"{base}/openai/v1", api_key="k", max_retries=0, **options)


def test_openai_is_answered_from_the_same_recordings(course, client, no_connection):
    session = course(HELLO, STREAM)
    chat = v1_client().chat.completions
    new = chat.create(model="m", messages=[{"role": "user", "content": "hello"}])
    assert new.choices[0].message.content == ask(client, "hello").choices[0].message.content
    assert session.sent[0] == session.sent[1] and session.played == {"hello": 2}
    began = clock()
    chunks = chat.create(model="m", messages=[{"role": "user", "content": "flow"}], stream=True)
    assert [(chunk.choices[0].delta.content, round(clock() - began, 3)) for chunk in chunks] == [
        *(("a", 0.4), ("b", 0.42), ("c", 0.44)),
    ]


def test_openai_asynchronously(course):
    from openai import AsyncOpenAI

    course(HELLO, STREAM)

    async def main():
        async with AsyncOpenAI(base_url="https://replay.invalid/openai/v1", api_key="k", max_retries=0) as later:
            ask = later.chat.completions.create
            whole = await ask(model="m", messages=[{"role": "user", "content": "hello"}])
            stream = await ask(model="m", messages=[{"role": "user", "content": "flow"}], stream=True)
            return whole.choices[0].message.content, [chunk.choices[0].delta.content async for chunk in stream]

    assert asyncio.run(main()) == ("Good day.", ["a", "b", "c"])


def test_openai_without_a_recording_is_told_the_same(course):
    course(HELLO)
    with pytest.raises(NoRecording, match='"hullo"'):
        v1_client().chat.completions.create(model="m", messages=[{"role": "user", "content": "hullo"}])


def test_openai_sees_a_broken_stream_as_from_a_real_server(course):
    from loopback import KEY, service

    def broken(chat) -> list:
        pieces = []
        try:
            for chunk in chat.create(model="m", messages=[{"role": "user", "content": "break"}], stream=True):
                pieces.append(chunk.choices[0].delta.content)
        except Exception as error:
            pieces.append(type(error))
        return pieces

    with service() as server:
        events = [f"data: {json.dumps(event)}\n\n" for event in CUT["answer"]["events"]]
        server.fault = {"pieces": events, "cut": True}
        real = broken(v1_client(server.address, default_headers={"api-key": KEY}).chat.completions)
    course(CUT)
    assert broken(v1_client().chat.completions) == real


def test_live_notes_what_every_library_sends(course, monkeypatch):
    from azure.ai.inference import ChatCompletionsClient
    from loopback import KEY, service

    with service() as server:
        course(HELLO)
        monkeypatch.setenv("HELPERS_MODE", "live")
        monkeypatch.setenv("AZURE_INFERENCE_ENDPOINT", f"{server.address}/openai/v1")
        monkeypatch.setenv("AZURE_INFERENCE_CREDENTIAL", KEY)
        start("00_test")
        ask(ChatCompletionsClient(f"{server.address}/openai/v1", AzureKeyCredential(KEY), model="m"), "hello")
        from openai import OpenAI

        new = OpenAI(base_url=f"{server.address}/openai/v1", api_key=KEY, max_retries=0).chat.completions
        new.create(model="m", messages=[{"role": "user", "content": "hello"}])
        assert [path for path, _, _ in server.seen] == ["/openai/v1/chat/completions"] * 2  # no api-version
    assert len(session().sent) == 2 and session().sent[0] == session().sent[1]
