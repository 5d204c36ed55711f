"""Every HTTP library and SDK gets the recorded answers, as from a real server."""

import asyncio
import io
import json
import threading
import time

import aiohttp
import http_clients
import httpx
import httpx2
import pytest
import requests
from conftest import item, plain, streamed
from http_clients import ASYNC, LIBRARIES, SDKS, SYNC, ask, ask_stream, raised, read, said
from loopback import service

from helpers import clock
from helpers.replay import Answer, NoRecording, Recording, Request, Session, observe, replay

URL = "https://replay.invalid/models/chat/completions?api-version=2024-05-01-preview"
HELLO = item("hello", said("hello"), plain("Good day."))
STREAM = item("stream", said("flow"), streamed("a", "b", "c"), stream=True)
CUT = item("cut", said("break"), streamed("a", "b", cut=True), stream=True)
FLOW = {"messages": said("flow"), "model": "m", "stream": True}
IN_TIME = [("a", 0.4), ("b", 0.42), ("c", 0.44)]
every_library = pytest.mark.parametrize("library", LIBRARIES)
TAKES_FILES = [*SYNC, "aiohttp"]  # httpx takes none in an asynchronous call
every_sdk = pytest.mark.parametrize("sdk", SDKS)
event = http_clients.event


def answering(*answers: Answer, **request):
    """Replay of these answers to any POST of {"a": 1} to /a."""
    asked = Request(**{"method": "POST", "path": "/a", "body": {"a": 1}, **request})
    return replay(Session([Recording("it", "o", "a", asked, answers)], pace=0))


# Whole answers


@every_library
def test_a_library_gets_the_recorded_bytes(library):
    with answering(Answer(200, {"content-type": "application/json"}, {"b": "ü"})):
        assert b"".join(read(library, "https://h.invalid/a?c=d", {"a": 1})) == '{"b": "ü"}'.encode()


@every_sdk
def test_an_sdk_gets_the_recorded_answer(course, sdk):
    session = course(HELLO)
    assert ask(sdk, "hello") == "Good day."
    assert session.played == {"hello": 1}


def test_status_headers_and_body_are_as_recorded():
    page, headers = (
        "<h1>Grüße</h1>\n",
        {"content-type": "text/html; charset=utf-8", "retry-after": "7"},
    )

    async def by_aiohttp():
        async with (
            aiohttp.ClientSession() as session,
            session.post("http://h/a", json={"a": 1}) as r,
        ):
            assert r.reason == "Service Unavailable"
            return r.status, dict(r.headers), await r.text()

    async def by_httpx():
        async with httpx.AsyncClient() as client:
            return await client.post("http://h/a", json={"a": 1})

    with answering(Answer(503, headers, page)):
        status, received, text = asyncio.run(by_aiohttp())
        assert (status, text) == (503, page)
        assert headers.items() <= {name.lower(): value for name, value in received.items()}.items()
        responses = [
            module.post("http://h/a", json={"a": 1}) for module in (requests, httpx, httpx2)
        ]
        for response in [*responses, asyncio.run(by_httpx())]:
            assert (response.status_code, response.text, dict(response.headers)) == (
                503,
                page,
                headers,
            )
            assert (
                getattr(response, "reason", None) or response.reason_phrase
            ) == "Service Unavailable"


@every_library
def test_a_status_without_words(library):
    with answering(Answer(499, {}, "ok")):
        assert read(library, "https://h.invalid/a", {"a": 1}) == [b'"ok"']


def test_every_library_keeps_a_cookie():
    async def by_aiohttp():
        async with aiohttp.ClientSession() as session:
            await session.post("http://h.invalid/a", json={"a": 1})
            return {cookie.key: cookie.value for cookie in session.cookie_jar}

    clients = [requests.Session(), httpx.Client(), httpx2.Client()]
    with answering(Answer(200, {"set-cookie": "a=b; Path=/"}, {})):
        for client in clients:
            client.post("http://h.invalid/a", json={"a": 1})
        assert asyncio.run(by_aiohttp()) == {"a": "b"}
    assert [dict(client.cookies) for client in clients] == [{"a": "b"}] * 3


@every_library
@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_body(library, status):
    with answering(Answer(status)):
        assert read(library, "https://h.invalid/a", {"a": 1}) == []


def test_an_answer_to_head_has_no_body():
    async def by_aiohttp():
        async with aiohttp.ClientSession() as session, session.head("http://h/a") as response:
            return response.status, await response.read()

    with answering(Answer(200, {"x-a": "b"}, {"much": "text"}), method="HEAD", body=None):
        assert requests.head("http://h/a").content == b""
        assert httpx.head("http://h/a").content == b""
        assert asyncio.run(by_aiohttp()) == (200, b"")


@every_library
def test_an_empty_stream_ends(library):
    with answering(Answer(200, {"content-type": "text/event-stream"}, events=())):
        assert read(library, "https://h.invalid/a", {"a": 1}) == []


@every_sdk
def test_an_html_page_in_place_of_an_answer(course, sdk):
    page = {"status": 404, "headers": {"content-type": "text/html"}, "body": "<h1>Gone</h1>"}
    course(item("gone", said("gone"), page))
    with pytest.raises(Exception) as caught:
        ask(sdk, "gone")
    assert caught.value.status_code == 404
    body = caught.value.response
    assert "<h1>Gone</h1>" in (body.text() if callable(body.text) else body.text)


# Streams


@every_library
@pytest.mark.parametrize("pace", ["0", "0.5"])
def test_a_stream_comes_event_by_event_at_the_pace(course, monkeypatch, library, pace):
    monkeypatch.setenv("HELPERS_PACE", pace)
    course(STREAM)
    began, wall = clock(), time.perf_counter()
    read(
        library, URL, FLOW, each=bytes
    )  # imports and connections take their time, and are not measured
    began, wall = clock(), time.perf_counter()
    seen = read(
        library,
        URL,
        FLOW,
        lambda piece: (json.loads(piece[6:-2]) if b"{" in piece else {}, clock()),
    )
    text = [event.get("choices", [{}])[0].get("delta", {}).get("content") for event, _ in seen]
    assert text == ["a", "b", "c", None]
    assert [round(at - began, 3) for _, at in seen] == [0.4, 0.42, 0.44, 0.46]
    assert time.perf_counter() - wall >= 0.46 * float(pace)


@every_sdk
def test_an_sdk_streams_event_by_event(course, sdk):
    course(STREAM)
    began = clock()
    assert ask_stream(sdk, "flow", each=lambda text: (text, round(clock() - began, 3))) == IN_TIME


def test_small_reads_keep_every_byte(course):
    course(STREAM)

    def post():
        return requests.post(URL, json=FLOW, stream=True)

    whole = requests.post(URL, json=FLOW).content
    assert whole.count(b"data: ") == 4 and whole.endswith(b"data: [DONE]\n\n")
    assert b"".join(post().iter_content(7)) == whole
    assert max(map(len, post().iter_content(7))) == 7
    assert list(post().iter_lines()) == whole.splitlines()
    assert list(post().iter_lines(chunk_size=1)) == whole.splitlines()
    assert post().raw.read() == whole
    assert list(iter(post().raw.readline, b"")) == whole.splitlines(keepends=True)
    raw = post().raw
    assert b"".join(iter(lambda: raw.read1(7), b"")) == whole
    raw = post().raw
    assert b"".join(iter(lambda: raw.read(7), b"")) == whole
    for module in (httpx, httpx2):
        with module.stream("POST", URL, json=FLOW) as response:
            assert list(response.iter_lines()) == whole.decode().splitlines()
        with module.stream("POST", URL, json=FLOW) as response:
            assert b"".join(response.iter_bytes(7)) == whole
        assert module.post(URL, json=FLOW).content == whole

    async def by_aiohttp():
        async with aiohttp.ClientSession() as session:
            async with session.post(URL, json=FLOW) as response:
                lines = [line async for line in response.content]
            async with session.post(URL, json=FLOW) as response:
                small = [piece async for piece in response.content.iter_chunked(7)]
            async with session.post(URL, json=FLOW) as response:
                return lines, small, await response.content.readline(), await response.read()

    lines, small, first, rest = asyncio.run(by_aiohttp())
    assert b"".join(lines) == b"".join(small) == first + rest == whole
    assert lines == whole.splitlines(keepends=True) and max(map(len, small)) == 7


def test_a_stream_of_many_events_can_be_read_as_a_whole():
    events = tuple({"n": number} for number in range(3000))
    with answering(Answer(200, events=events)):
        assert (
            requests.post("http://h/a", json={"a": 1}, stream=True).raw.read().count(b"data")
            == 3000
        )
        assert b"".join(read("aiohttp", "http://h/a", {"a": 1})).count(b"data") == 3000


def test_a_stream_that_is_left_moves_the_clock_no_further(course, client):
    session = course(STREAM)
    with client.complete(messages=said("flow"), stream=True) as stream:
        next(stream)
    assert session.clock == 400
    with requests.post(URL, json=FLOW, stream=True) as response:
        next(response.iter_content(None))
    assert session.clock == 800
    with httpx.stream("POST", URL, json=FLOW) as response:
        next(response.iter_raw())
    assert session.clock == 1200
    with http_clients.openai_client().chat.completions.create(**FLOW) as stream:
        next(iter(stream))
    assert session.clock == 1600


@pytest.mark.parametrize("library", ASYNC)
def test_an_asynchronous_stream_can_be_left(course, monkeypatch, library):
    monkeypatch.setenv("HELPERS_PACE", "0.05")
    session = course(STREAM)

    async def first():
        generator = http_clients.async_pieces(library, URL, FLOW)
        piece = await anext(generator)
        await generator.aclose()
        await asyncio.sleep(0.05)
        return piece

    assert b'"a"' in asyncio.run(first())
    assert session.clock == 400


def test_a_typed_event_reaches_the_openai_package_by_its_type(course):
    created = {"type": "response.output_text.delta", "delta": "Ahoy", "sequence_number": 1}
    done = {"type": "response.output_text.done", "text": "Ahoy", "sequence_number": 2}
    answer = {
        "status": 200,
        "headers": {"content-type": "text/event-stream"},
        "events": [created, done],
    }
    request = {
        "method": "POST",
        "path": "/openai/v1/responses",
        "body": {"input": "Hi", "model": "m", "stream": True},
    }
    entry = {
        "name": "r",
        "origin": "constructed",
        "after": "n",
        "request": request,
        "answer": answer,
    }
    course(entry)
    stream = http_clients.openai_client().responses.create(model="m", input="Hi", stream=True)
    assert [(event.type, type(event).__name__) for event in stream] == [
        ("response.output_text.delta", "ResponseTextDeltaEvent"),
        ("response.output_text.done", "ResponseTextDoneEvent"),
    ]
    lines = requests.post("https://h.invalid/openai/v1/responses", json=request["body"]).text.split(
        "\n"
    )
    assert lines[0] == "event: response.output_text.delta"


# Connections that break off, compared with a real server that closes its socket between two pieces


def outcome(seen: list) -> tuple:
    """The bytes or texts that came, and what was raised at the end."""
    *came, error = seen
    assert isinstance(error, Exception), seen
    causes = []
    while error is not None:
        causes.append(raised(error))
        error = error.__cause__ or error.__context__
    return came, causes[0], [kind for kind, _ in causes]


@every_library
@pytest.mark.parametrize("kind", ["stream", "body"])
def test_a_library_sees_a_broken_connection_as_a_real_one(library, kind):
    events = [{"n": 1}, {"n": 2}]
    with service() as server:
        sent = [event(each) for each in events] if kind == "stream" else ['{"choices": [{"ind']
        server.fault = {"pieces": [sent[0], 0.05, *sent[1:], 0.05], "cut": True}
        real = outcome(read(library, f"{server.address}/a", {"a": 1}))
    answer = (
        Answer(200, events=events, cut=True)
        if kind == "stream"
        else Answer(200, {}, sent[0], cut=True)
    )
    with answering(answer):
        assert outcome(read(library, "https://h.invalid/a", {"a": 1}))[:2] == real[:2]
    assert real[0] == [piece.encode() for piece in sent]


@every_library
def test_a_connection_may_break_before_the_bodys_first_byte(library):
    with service() as server:
        server.fault = {"pieces": [0.05], "cut": True}
        real = outcome(read(library, f"{server.address}/a", {"a": 1}))
    with answering(Answer(200, {}, "", cut=True)):
        assert outcome(read(library, "https://h.invalid/a", {"a": 1}))[:2] == real[:2]


@every_sdk
def test_an_sdk_sees_a_broken_stream_as_a_real_one(course, sdk):
    with service() as server:
        first, second = map(event, CUT["answer"]["events"])
        server.fault = {"pieces": [first, 0.05, second, 0.05], "cut": True}
        real = outcome(ask_stream(sdk, "break", server.address))
    course(CUT)
    assert outcome(ask_stream(sdk, "break"))[:2] == real[:2]
    assert real[0] == ["a", "b"]


@every_sdk
def test_an_sdk_sees_a_broken_body_as_a_real_one(course, sdk):
    options = {"retry_total": 0} if sdk.startswith("azure") else {}

    def error_of(base: str):
        with pytest.raises(Exception) as caught:
            ask(sdk, "half", base, **options)
        return raised(caught.value)

    half = '{"choices": [{"ind'
    with service() as server:
        server.fault = {"pieces": [half, 0.05], "cut": True, "type": "application/json"}
        real = error_of(server.address)
    answer = {
        "status": 200,
        "headers": {"content-type": "application/json"},
        "body": half,
        "cut": True,
    }
    course(item("half", said("half"), answer))
    assert error_of("https://replay.invalid") == real


# Requests


@pytest.mark.parametrize("library", SYNC)
@pytest.mark.parametrize("form", ["str", "bytes", "file", "generator", "byte order mark"])
def test_a_body_of_any_form_is_read(library, form):
    text = '{"a": 1}'
    bodies = {
        "str": text,
        "bytes": text.encode(),
        "file": io.BytesIO(text.encode()),
        "generator": (part.encode() for part in ('{"a', '": 1}')),
        "byte order mark": text.encode("utf-8-sig"),
    }
    option = "data" if library == "requests" else "content"
    with answering(Answer(200, {}, "ok")):
        assert read(library, "https://h.invalid/a", **{option: bodies[form]}) == [b'"ok"']


@pytest.mark.parametrize(
    ("library", "form"),
    [
        *((library, form) for library in ASYNC for form in ("str", "bytes", "generator")),
        ("aiohttp", "file"),
    ],
)
def test_a_body_of_any_form_is_read_asynchronously(library, form):
    text = '{"a": 1}'

    async def parts():
        yield b'{"a'
        yield b'": 1}'

    bodies = {
        "str": text,
        "bytes": text.encode(),
        "file": io.BytesIO(text.encode()),
        "generator": parts(),
    }
    option = "data" if library == "aiohttp" else "content"
    with answering(Answer(200, {}, "ok")):
        assert read(library, "https://h.invalid/a", **{option: bodies[form]}) == [b'"ok"']


@every_library
def test_a_form_is_read_as_its_fields(library):
    with answering(Answer(200, {}, "ok"), body={"a": "ü", "b": "1"}):
        assert read(library, "https://h.invalid/a", data={"a": "ü", "b": "1"}) == [b'"ok"']


@every_library
def test_a_form_in_parts_is_read_as_its_fields(library):
    fields = {"a": "ü", "f": {"filename": "n.txt", "content": "one\ntwo"}}
    if library == "aiohttp":
        form = aiohttp.FormData({"a": "ü"})
        form.add_field("f", b"one\ntwo", filename="n.txt", content_type="text/plain")
        options = {"data": form}

        async def post():  # FormData wants a running loop
            async with (
                aiohttp.ClientSession() as session,
                session.post("http://h/a", data=form) as response,
            ):
                return response.status

        with answering(Answer(200, {}, "ok"), body=fields):
            assert asyncio.run(post()) == 200
        return
    options = {"data": {"a": "ü"}, "files": {"f": ("n.txt", b"one\ntwo", "text/plain")}}
    with answering(Answer(200, {}, "ok"), body=fields):
        assert read(library, "https://h.invalid/a", **options) == [b'"ok"']


def test_a_file_in_text_and_one_from_its_middle():
    with answering(Answer(200, {}, "ok")):
        assert requests.post("http://h/a", data=io.StringIO('{"a": 1}')).json() == "ok"
        file = io.BytesIO(b'xx{"a": 1}')
        file.seek(2)
        assert requests.post("http://h/a", data=file).json() == "ok"


def test_an_answer_that_is_sent_on():
    """urllib3's body has a place, but no way back to it."""
    with answering(Answer(200, {"content-type": "text/plain"}, '{"a": 1}')):
        first = requests.post("http://h/a", json={"a": 1}, stream=True)
        assert requests.post("http://h/a", data=first.raw).json() == {"a": 1}


def test_a_view_of_bytes():
    with answering(Answer(200, {}, "ok")):
        assert requests.post("http://h/a", data=memoryview(b'{"a": 1}')).json() == "ok"


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_answer_that_cannot_be_written_holds_nobody_up(library):
    with answering(Answer(200, {}, events=[5])):
        *_, error = read(library, "http://h.invalid/a", {"a": 1})
    assert "not a mapping" in str(error)


def test_a_body_that_looks_like_the_end_of_a_chunk():
    """aiohttp sends a generator's body in chunks; one that holds "0" and a line end is no end."""

    async def parts():
        yield b"0\r\n"
        yield b'{"a": 1}'

    session = Session([], pace=0)
    with replay(session):
        read("aiohttp", "http://h.invalid/a", data=parts())
    assert session.sent[0].body == '0\r\n{"a": 1}'


def test_a_large_body_is_read_whole():
    text = "x" * 8_000_000
    with answering(Answer(200, {}, "ok"), body={"text": text}):
        for library in LIBRARIES:
            assert read(library, "http://h.invalid/a", {"text": text}) == [b'"ok"'], library


def test_a_caller_who_waits_for_100_continue_is_answered():
    with answering(Answer(200, {}, "ok")):
        assert read(
            "aiohttp",
            "http://h.invalid/a",
            {"a": 1},
            expect100=True,
            timeout=aiohttp.ClientTimeout(5),
        ) == [b'"ok"']


@every_library
def test_the_callers_own_objects_stay_as_they_are(course, library):
    course(item("it", said("hello"), plain("Hi.")), HELLO | {"name": "v1"})
    body = {"messages": said("hello"), "model": "m"}
    headers = {"Api-Key": "k"}
    for url in (URL, "https://replay.invalid/openai/v1/chat/completions"):
        assert b"Hi." in read(library, url, body, headers=headers)[0]
    assert body == {"messages": said("hello"), "model": "m"}
    assert headers == {"Api-Key": "k"}


# Misses


@every_library
def test_a_miss_reaches_the_caller_as_it_is(course, library):
    course(HELLO)
    (error,) = read(library, URL, {"messages": said("hullo"), "model": "m", "temperature": 0.5})
    assert type(error) is NoRecording
    message = str(error)
    for part in [
        "replayed here",
        '"hello"',
        'sent:     "hullo"',
        'recorded: "hello"',
        "temperature",
        "go live",
    ]:
        assert part in message
    assert message.count("\n") < 20


@every_sdk
def test_a_miss_passes_through_an_sdk(course, sdk):
    session = course(HELLO)
    with pytest.raises(NoRecording, match='sent:     "hullo"'):
        ask(sdk, "hullo", **({} if sdk.startswith("azure") else {"max_retries": 2}))
    assert len(session.sent) == 1  # no SDK tries again
    (error,) = ask_stream(sdk, "hullo")
    assert type(error) is NoRecording


# Tries of one call


BUSY_ANSWERS = [
    {
        "status": 429,
        "headers": {"retry-after": "0", "retry-after-ms": "1"},
        "body": {"error": {"code": "429"}},
    },
    {"status": 503, "headers": {"retry-after": "0", "retry-after-ms": "1"}, "body": {}},
    plain("Free."),
]


@every_sdk
def test_each_try_gets_its_answer_and_each_call_begins_anew(course, sdk):
    session = course(item("busy", said("busy"), BUSY_ANSWERS))
    retries = "retry_total" if sdk.startswith("azure") else "max_retries"
    options = {"retry_backoff_factor": 0} if sdk.startswith("azure") else {}
    for _ in range(2):
        assert ask(sdk, "busy", **{retries: 2}, **options) == "Free."
        with pytest.raises(Exception) as caught:
            ask(sdk, "busy", **{retries: 0}, **options)
        assert caught.value.status_code == 429
    assert session.played == {"busy": 8}  # three and one, twice


def test_openai_with_two_retries_on_429_then_200_ends_in_200(course):
    session = course(item("busy", said("busy"), [BUSY_ANSWERS[0], plain("Free.")]))
    assert ask("openai", "busy", max_retries=2) == "Free."
    assert session.played == {"busy": 2}


def test_after_the_last_answer_it_stays_the_last(course, client):
    course(item("busy", said("busy"), [BUSY_ANSWERS[0], BUSY_ANSWERS[1]]))
    with pytest.raises(Exception) as caught:
        client.complete(messages=said("busy"), retry_total=4, retry_backoff_factor=0)
    assert caught.value.status_code == 503


# Many at once, and one session after the other


def test_sixteen_threads_at_once_with_both_sdks(course):
    session = course(HELLO, STREAM)
    start, results = threading.Barrier(16), []

    def work(sdk: str) -> None:
        start.wait()
        results.append((ask(sdk, "hello"), ask_stream(sdk, "flow")))

    threads = [threading.Thread(target=work, args=(SDKS[number % 4],)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [("Good day.", ["a", "b", "c"])] * 16
    assert session.played == {"hello": 16, "stream": 16} and len(session.sent) == 32


def test_one_client_in_sixteen_threads(course, client):
    session = course(HELLO)
    new, results = http_clients.openai_client(), []

    def work() -> None:
        results.append(client.complete(messages=said("hello")).choices[0].message.content)
        answer = new.chat.completions.create(model="m", messages=said("hello"))
        results.append(answer.choices[0].message.content)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["Good day."] * 32 and session.played == {"hello": 32}


def test_fifty_tasks_at_once(course):
    session = course(HELLO)

    async def main():
        azure = http_clients.azure_async_client()
        openai = http_clients.openai_client(kind="AsyncOpenAI")
        async with azure, openai:
            tasks = [azure.complete(messages=said("hello")) for _ in range(50)]
            create = openai.chat.completions.create
            tasks += [create(model="m", messages=said("hello")) for _ in range(50)]
            return [answer.choices[0].message.content for answer in await asyncio.gather(*tasks)]

    assert asyncio.run(main()) == ["Good day."] * 100
    assert session.played == {"hello": 100}


def test_a_client_made_before_a_second_start_still_works(course, client):
    course(HELLO)
    new, by_httpx, by_requests = http_clients.openai_client(), httpx.Client(), requests.Session()
    body = {"messages": said("hello"), "model": "m"}

    def answers():
        yield client.complete(messages=said("hello")).choices[0].message.content
        yield new.chat.completions.create(**body).choices[0].message.content
        for library in (by_httpx, by_requests):
            yield library.post(URL, json=body).json()["choices"][0]["message"]["content"]

    assert set(answers()) == {"Good day."}
    course({**HELLO, "answer": plain("Good night.")})
    assert list(answers()) == ["Good night."] * 4


def test_an_aiohttp_session_outlives_a_replay():
    """No connection in memory is kept in the pool, to be used when requests go out again."""

    async def main():
        with service() as server:
            async with aiohttp.ClientSession() as session:
                for status in (200, 201):
                    with answering(Answer(status, {}, "ok")):
                        async with session.post(f"{server.address}/a", json={"a": 1}) as response:
                            assert (response.status, await response.text()) == (status, '"ok"')
                server.fault = {"status": 202, "body": "{}"}
                async with session.post(f"{server.address}/a", json={"a": 1}) as response:
                    return response.status

    assert asyncio.run(main()) == 202


def test_an_aiohttp_answer_may_be_left_while_its_loop_stands_still():
    loop = asyncio.new_event_loop()

    async def ask():
        session = aiohttp.ClientSession()
        return session, await session.post("http://h.invalid/a", json={"a": 1})

    with answering(Answer(200, {}, events=[{"n": 1}] * 100)):
        session, response = loop.run_until_complete(ask())
        response.close()
        loop.run_until_complete(session.close())
    loop.close()


# Requests that go out, and are told of


@every_library
def test_a_request_that_goes_out_is_told_of(library):
    told = []

    def tell(http):
        told.append(
            (http.method, http.url.partition("/a")[2], http.headers.get("x-own"), http.body)
        )
        return http.url.partition("?")[0]

    with service() as server, observe(tell):
        server.fault = {"status": 200, "body": '"out"'}
        body, headers = {"a": 1}, {"X-Own": "h"}
        assert read(library, f"{server.address}/a?b=c", body, headers=headers) == [b'"out"']
    ((method, query, header, content),) = told
    assert (method, query, header, json.loads(content)) == ("POST", "?b=c", "h", {"a": 1})
    assert [(path, sent) for path, _, sent in server.seen] == [
        ("/a", {"a": 1})
    ]  # the address that tell returned
    assert body == {"a": 1}


@pytest.mark.parametrize(
    ("library", "form"),
    [*((each, "generator") for each in LIBRARIES), *((each, "file") for each in TAKES_FILES)],
)
def test_a_body_is_told_of_and_sent_whatever_its_form(library, form):
    def parts():
        yield b'{"a'
        yield b'": 1}'

    async def later():
        for part in parts():
            yield part

    generator = parts() if library in SYNC else later()
    body = generator if form == "generator" else io.BytesIO(b'{"a": 1}')
    told = []

    def tell(http):
        told.append(http.body)
        return http.url

    option = "data" if library in ("requests", "aiohttp") else "content"
    with answering_server() as server, observe(tell):
        assert read(library, f"{server}/a", **{option: body}) == [b'{"a": 1}']
    assert told == [b'{"a": 1}']


def test_a_prepared_request_stays_as_it_is():
    def tell(http):
        return http.url.partition("?")[0]

    with answering_server() as server, observe(tell), requests.Session() as session:
        prepared = requests.Request("POST", f"{server}/a?b=c", data=iter([b"{", b"}"])).prepare()
        url, body = prepared.url, prepared.body
        assert session.send(prepared).content == b"{}"
    assert prepared.url == url and prepared.body is body


def answering_server():
    """A server that answers with the body it got, in chunks or whole."""
    from contextlib import contextmanager
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            body = b""
            if "Content-Length" in self.headers:
                body = self.rfile.read(int(self.headers["Content-Length"]))
            else:
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    @contextmanager
    def run():
        server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    return run()


def test_urllib_and_http_client_are_told_of():
    import http.client
    import urllib.request

    told = []

    def tell(request):
        told.append((request.method, request.url, request.body))
        return request.url.partition("?")[0]

    with service() as server, observe(tell):
        server.fault = {"status": 200, "body": "{}"}
        urllib.request.urlopen(f"{server.address}/a?b=c", data=b"{}").read()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
        connection.request(
            "POST", "/d?e=f", body=iter([b"[", b"]"]), headers={"Content-Length": "2"}
        )
        connection.getresponse().read()
        connection.close()
    assert told == [("POST", "/a?b=c", b"{}"), ("POST", "/d?e=f", b"[]")]
    assert [path for path, _, _ in server.seen] == ["/a", "/d"]


# Everything is put back


def seams() -> dict[str, object]:
    import http.client
    import socket

    owners = {
        requests.adapters.HTTPAdapter: ["send"],
        aiohttp.TCPConnector: ["connect"],
        http.client.HTTPConnection: ["request"],
        socket: ["getaddrinfo", "gethostbyname", "gethostbyname_ex"],
        socket.socket: ["connect", "connect_ex", "sendto", "sendmsg"],
    }
    for module in (httpx, httpx2):
        owners |= {
            module.HTTPTransport: ["handle_request"],
            module.AsyncHTTPTransport: ["handle_async_request"],
        }
    return {
        f"{owner}.{name}": vars(owner).get(name)
        for owner, names in owners.items()
        for name in names
        if hasattr(owner, name)  # Windows has no sendmsg
    }


def test_the_libraries_are_as_before_when_it_ends(course):
    from helpers import connect

    before = seams()
    course(HELLO)
    during = seams()
    changed = {name for name in before if before[name] is not during[name]}
    assert len(changed) == len(before) - 1  # all but http.client's
    course(HELLO)
    connect.end()
    assert seams() == before
    with observe(lambda http: http.url):
        assert sum(seams()[name] is not before[name] for name in before) == 7
    assert seams() == before


@pytest.mark.parametrize("first", [0, 1])
def test_two_replays_may_end_in_any_order(first):
    def answer() -> list[int]:
        return [
            module.post("http://h/a", json={"a": 1}).status_code for module in (requests, httpx)
        ]

    before = seams()
    replays = [answering(Answer(201, {}, {})), answering(Answer(202, {}, {}))]
    assert answer() == [202, 202]
    replays.pop(first).close()
    assert answer() == [[202, 202], [201, 201]][first]
    replays.pop().close()
    assert seams() == before
