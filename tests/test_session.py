"""A session alone, without any HTTP library: tries, the clock, what was sent and played, misses."""

import threading

import pytest
import yaml

from helpers import endpoints
from helpers.replay import (
    Answer,
    HttpRequest,
    NoRecording,
    Recording,
    RecordingFile,
    Request,
    Session,
    dump,
    load,
)

BUSY = Recording(
    "busy",
    "constructed",
    "nothing",
    Request("POST", "/busy", {"a": 1}),
    [Answer(429, {}, {}), Answer(503, {}, {}), Answer(200, {}, {})],
)
HELLO = Recording("hello", "captured", "s", Request("POST", "/hello", {"a": 1}), [Answer(200)])


def statuses(session: Session, *tries: tuple[str, int | None]) -> list[int]:
    request = [Request("POST", "/busy", {"a": 1}, call, attempt) for call, attempt in tries]
    return [session.answer(each).status for each in request]


def test_the_tries_of_a_call_are_counted_by_its_id():
    session = Session([BUSY])
    assert statuses(session, *[("one", None)] * 3) == [429, 503, 200]
    assert statuses(session, ("two", None), ("one", None), ("two", None)) == [429, 200, 503]


def test_or_by_the_number_that_the_client_says():
    said = [("", 0), ("", 1), ("", 2), ("", 0), ("", 2)]
    assert statuses(Session([BUSY]), *said) == [429, 503, 200, 429, 200]
    assert statuses(Session([BUSY]), ("one", 0), ("one", 0)) == [429, 429]


def test_a_client_that_says_neither_makes_a_new_call_each_time():
    assert statuses(Session([BUSY]), ("", None), ("", None)) == [429, 429]


def test_after_the_last_answer_it_stays_the_last():
    assert statuses(Session([BUSY]), *[("one", None)] * 5)[2:] == [200] * 3
    assert statuses(Session([BUSY]), ("", 3), ("", 99)) == [200, 200]


def test_one_id_for_several_requests_counts_each_by_itself():
    session = Session([BUSY, HELLO])
    session.answer(Request("POST", "/hello", {"a": 1}, "one"))
    assert statuses(session, ("one", None)) == [429]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-ms-client-request-id": "an id"}, [429, 503]),
        ({"x-stainless-retry-count": "0"}, [429, 429]),
        ({"x-stainless-retry-count": "1"}, [503, 503]),
        ({"x-stainless-retry-count": "many"}, [429, 429]),
        ({}, [429, 429]),
    ],
)
def test_a_client_tells_of_its_tries_in_headers(headers, expected):
    session = Session([BUSY], read=endpoints.reader())
    http = HttpRequest("POST", "https://h.invalid/busy", headers, b'{"a": 1}')
    assert [session.play(http).status for _ in range(2)] == expected


def test_what_was_sent_and_what_played():
    session = Session([BUSY, HELLO])
    assert (session.sent, session.played) == ([], {})
    requests = [Request("POST", "/busy", {"a": 1}), Request("POST", "/hello", {"a": 1})]
    for request in requests:
        session.answer(request)
    with pytest.raises(NoRecording):
        session.answer(Request("GET", "/nowhere"))
    assert session.sent == [*requests, Request("GET", "/nowhere")]
    assert session.played == {"busy": 1, "hello": 1}


@pytest.mark.parametrize("pace", [0, 0.5, 1, 2])
def test_the_clock_goes_by_events_and_the_sleep_by_the_pace(pace):
    session, seconds, clock = Session([], pace=pace), [], []
    for number in range(3):
        seconds.append(session.seconds_before(number))
        session.arrived(number)
        clock.append(session.clock)
    assert seconds == pytest.approx([0.4 * pace, 0.02 * pace, 0.02 * pace])
    assert clock == [400, 420, 440]


def test_many_threads_lose_nothing():
    session = Session([BUSY, HELLO])
    start = threading.Barrier(16)

    def ask() -> None:
        start.wait()
        for _ in range(100):
            session.answer(Request("POST", "/hello", {"a": 1}))
            session.arrived(1)
        statuses(session, ("shared", None))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.played == {"hello": 1600, "busy": 16}
    assert (len(session.sent), session.clock) == (1616, 32000)
    assert statuses(session, ("shared", None)) == [200]


def test_a_miss_is_one_message():
    with pytest.raises(NoRecording) as caught:
        Session([HELLO], advice="What to do.").answer(Request("POST", "/hello", {"a": 2}))
    assert str(caught.value).split("\n") == [
        "answers are replayed here, and this request has no recorded answer.",
        "",
        'POST /hello, beside the nearest recording, "hello":',
        *("  a", "    sent:     2", "    recorded: 1"),
        "",
        "What to do.",
    ]


def test_recordings_may_come_from_a_generator():
    with pytest.raises(NoRecording, match='the nearest recording, "hello"'):
        Session(one for one in [HELLO]).answer(Request("POST", "/hello", {"a": 2}))


@pytest.mark.parametrize("depth", [10, 300, 450, 900, 100_000])
def test_a_miss_that_is_nested_deeply_is_one_message(depth):
    session = Session([HELLO])
    http = HttpRequest("POST", "https://h.invalid/hello", {}, b"[" * depth + b"]" * depth)
    with pytest.raises(NoRecording) as caught:
        session.play(http)
    assert str(caught.value).count("\n") < 20 and len(session.sent) == 1


def test_a_session_without_recordings_can_miss_too():
    with pytest.raises(NoRecording, match="POST /hello is not recorded here"):
        Session([]).answer(Request("POST", "/hello", {"a": 2}))


def test_a_notebook_shows_the_message_and_no_traceback():
    error = Session([]).refuse("host.invalid")
    assert error._render_traceback_() == [f"NoRecording: {error}"]
    assert "host.invalid" in str(error) and "no recorded answer" in str(error)


@pytest.mark.parametrize("body", [{"a": [1, "ü\n"]}, {"grant_type": "g"}, "plain text", None])
def test_the_draft_of_a_miss_can_be_filled_in(tmp_path, body):
    request = Request("POST", "/hello", body, "call", 2)
    with pytest.raises(NoRecording) as caught:
        Session([HELLO]).answer(request)
    draft = caught.value.draft
    assert yaml.safe_load(draft)[0]["request"].get("body") == body
    path = tmp_path / "a.yaml"
    path.write_text(dump(RecordingFile([HELLO])) + "\n" + draft, "utf-8")
    assert Session(load(path).recordings).answer(request).status == 200


def test_a_draft_is_not_written_before_it_is_read(monkeypatch):
    """A large picture takes seconds to write, and most misses need no draft."""
    monkeypatch.setattr("helpers.replay.session.dump_recording", lambda recording: "written")
    with pytest.raises(NoRecording) as caught:
        Session([HELLO]).answer(Request("POST", "/hello", {"a": 2}))
    assert "draft" not in vars(caught.value) and caught.value.draft == "written"
