"""check(): it finds the check of an exercise, and prints what it says. test_live.py goes live."""

import asyncio
import sys
from collections.abc import Callable
from types import ModuleType

import pytest
from conftest import item, plain

from helpers import CourseError, check, connect
from helpers.replay import Answer
from helpers.situations import (
    WORDS,
    NotYet,
    answering,
    call,
    in_other_words,
    recorded,
    require,
    value_of,
)
from helpers.streamed_answers import as_stream

ASKED = item("exercise 1", [{"role": "user", "content": "asked"}], plain("Yes."))


@pytest.fixture
def exercises(course, capsys, monkeypatch):
    """A notebook `00_test` with a check of one exercise, started."""

    def exercise_1(work: object, more: object = None) -> str:
        """Right is 7, and 8 where it is asked for."""
        require(work == 7, f"Return 7, not {work!r}.")
        require(more in (None, 8), "The second is 8.")
        return "Right: seven."

    module = ModuleType("helpers.checks.test")
    module.exercise_1 = exercise_1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "helpers.checks.test", module)
    course(ASKED)
    capsys.readouterr()


def test_what_is_right_is_ticked(exercises, capsys):
    check("exercise 1", 7)
    check("exercise 1", 7, 8)
    assert capsys.readouterr().out == "✓ Right: seven.\n" * 2


def test_a_long_message_is_broken_between_words(exercises, capsys):
    check("exercise 1", "azure-ai-inference " * 9)
    *lines, last = capsys.readouterr().out.splitlines()
    assert last.endswith("azure-ai-inference '.")
    assert lines and all(60 < len(line) <= 88 for line in lines)
    assert all(line.endswith("azure-ai-inference") for line in lines)


def test_what_is_not_is_told_the_next_step(exercises, capsys):
    check("exercise 1", None)
    check("exercise 1", 7, 9)
    assert capsys.readouterr().out == "Not yet. Return 7, not None.\nNot yet. The second is 8.\n"


def test_an_unknown_exercise_is_told_the_known_ones(exercises):
    with pytest.raises(
        CourseError, match=r"no exercise 'exercise 9' in this notebook. Known: exercise 1\."
    ):
        check("exercise 9", 7)


@pytest.mark.parametrize("work", [(), (1, 2, 3)])
def test_what_an_exercise_does_not_check_is_told_what_it_does(exercises, work):
    with pytest.raises(CourseError, match=r'write check\("exercise 1", work, more\)\.'):
        check("exercise 1", *work)


def test_a_check_begins_with_the_exercises_name(exercises):
    with pytest.raises(CourseError, match="begin with the exercise's name"):
        check(len, "exercise 1")  # type: ignore[arg-type]


def test_a_check_before_start_is_told_so():
    with pytest.raises(CourseError, match="first code cell"):
        check("exercise 1", 7)


def test_an_error_of_the_check_itself_is_not_hidden(exercises, monkeypatch):
    def broken(work: object) -> str:
        return str(1 / 0)

    monkeypatch.setattr(sys.modules["helpers.checks.test"], "exercise_1", broken)
    with pytest.raises(ZeroDivisionError):
        check("exercise 1", 7)


def test_a_situation_answers_whatever_is_asked(exercises):
    with answering(*recorded("exercise 1")) as situation:
        for client in (situation.client, situation.openai):
            asked = getattr(client, "complete", None) or client.chat.completions.create
            options = {} if client is situation.client else {"model": "any"}
            response = asked(messages=[{"role": "user", "content": "other"}], **options)
            assert response.choices[0].message.content == "Yes."
    assert [request.attempt for request in situation.sent] == [None, 0]


def test_who_asks_for_a_stream_gets_the_answer_as_one():
    function = {"name": "ferry_times", "arguments": "{}"}
    message = {"content": "", "tool_calls": [{"id": "1", "type": "function", "function": function}]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    answer = Answer(200, body={"id": "a", "model": "m", "choices": [choice], "usage": usage})
    with answering(answer) as situation:
        asked = [{"role": "user", "content": "When?"}]
        updates = list(situation.client.complete(messages=asked, stream=True))
        chunks = list(
            situation.openai.chat.completions.create(model="m", messages=asked, stream=True)
        )
    for first, second, last in (updates, chunks):
        (call_sent,) = first.choices[0].delta.tool_calls
        assert call_sent.function.name == "ferry_times"
        assert second.choices[0].finish_reason == "tool_calls"
        assert last.usage.total_tokens == 3
    assert chunks[0].choices[0].delta.tool_calls[0].index == 0


def test_a_refusal_and_what_is_no_answer_of_a_model_are_no_streams():
    refusal = Answer(400, body={"error": {"code": "content_filter", "message": "No."}})
    vectors = Answer(200, body={"data": []})
    assert [as_stream(answer) for answer in (refusal, vectors)] == [refusal, vectors]


def test_in_other_words_a_refusal_keeps_its_status_and_code():
    nested = Answer(400, body={"error": {"code": "unknown_model", "message": "Who?"}})
    flat = Answer(401, body={"statusCode": 401, "message": "Bad key."})
    page = Answer(404, body="<html>")
    said = in_other_words([nested, flat, page])
    assert [answer.status for answer in said] == [400, 401, 404]
    assert said[0].body["error"] == {"code": "unknown_model", "message": WORDS}
    assert said[1].body == {"statusCode": 401, "message": WORDS}
    assert said[2] == page


def test_what_a_learners_function_raises_and_prints_stays_inside(capsys):
    def noisy(number: int) -> float:
        print("working")
        return 1 / number

    assert (call(noisy, 1).value, call(noisy, 1).printed) == (1, "working\n")
    assert isinstance(call(noisy, 0).error, ZeroDivisionError)
    with pytest.raises(NotYet, match="At zero, your code raises ZeroDivisionError: division"):
        value_of(noisy, 0, when="At zero")
    assert capsys.readouterr().out == ""


def test_a_learners_function_that_ends_the_program_ends_no_check():
    with pytest.raises(NotYet, match="At the end, your code raises SystemExit: bye"):
        value_of(lambda: sys.exit("bye"), when="At the end")


def test_a_learners_task_that_is_cancelled_ends_no_check():
    async def cancelled():
        task = asyncio.create_task(asyncio.sleep(1))
        task.cancel()
        await task

    with pytest.raises(NotYet, match="At the end, your code raises CancelledError"):
        value_of(cancelled, when="At the end")


def test_a_start_in_what_is_checked_is_told_to_be_left_out(exercises):
    session = connect.current().session
    with (
        answering(*recorded("exercise 1")),
        pytest.raises(NotYet, match=r"your code raises CourseError: leave start\(…\) out"),
    ):
        value_of(lambda: connect.start("00_test"), when="At first")
    assert connect.current().session is session
    connect.start("00_test")


@pytest.mark.parametrize("patient", [False, True])
def test_a_learners_loop_without_an_end_is_told_so(exercises, patient):
    def ask_for_ever(client):
        while True:
            try:
                client.complete(messages=[{"role": "user", "content": "more"}])
            except Exception:
                if not patient:
                    raise

    with (
        answering(*recorded("exercise 1")) as situation,
        pytest.raises(NotYet, match="At last, your code asks again and again"),
    ):
        value_of(ask_for_ever, situation.client, when="At last")


def test_an_error_keeps_its_name_whatever_it_is():
    with pytest.raises(NotYet, match="At last, your code raises StopIteration"):
        value_of(lambda: next(iter([])), when="At last")


CATCHES_ALL = {
    "except": """
def learn(client):
    while True:
        try:
            client.complete(messages=[{"role": "user", "content": "more"}])
        except:
            pass
""",
    "except in a helper, on one line": """
def ask(client):
    try: return client.complete(messages=[]).nothing
    except: return None

def learn(client):
    while ask(client) is None: pass
""",
    "suppress": """
import contextlib

def learn(client):
    while True:
        with contextlib.suppress(BaseException):
            client.complete(messages=[])
""",
    "finally": """
def learn(client):
    while True:
        try:
            client.complete(messages=[])
        finally:
            continue
""",
    "loop in a loop": """
def learn(client):
    while True:
        try:
            while True:
                try:
                    client.complete(messages=[])
                except:
                    pass
        except:
            pass
""",
    "asynchronous": """
async def learn(client):
    while True:
        try:
            client.complete(messages=[])
        except:
            pass
""",
    "asynchronous client": """
import os
from azure.ai.inference.aio import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential

async def learn(_):
    endpoint = os.environ["AZURE_INFERENCE_ENDPOINT"]
    async with ChatCompletionsClient(endpoint, AzureKeyCredential("k"), model="m") as client:
        while True:
            try:
                await client.complete(messages=[])
            except:
                pass
""",
}


def learnt(source: str) -> Callable:
    """A learner's function, which is in no file, like one that is typed into a notebook."""
    space: dict = {}
    exec(source, space)
    return space["learn"]


@pytest.mark.parametrize("source", CATCHES_ALL.values(), ids=CATCHES_ALL)
def test_a_loop_that_catches_everything_ends_too(source, exercises):
    tracing = sys.gettrace()
    with (
        answering(*recorded("exercise 1")) as situation,
        pytest.raises(NotYet, match=r"asks again and again\. Write `except Exc"),
    ):
        value_of(learnt(source), situation.client, when="At last")
    assert sys.gettrace() is tracing
    assert sys.exc_info()[1] is None  # or each later error would be shown as one "during" it


def test_a_loop_within_a_try_that_catches_everything_returns(exercises):
    source = """
def learn(client):
    try:
        while True:
            try:
                client.complete(messages=[])
            except:
                pass
    except:
        return "given up"
"""
    with answering(*recorded("exercise 1")) as situation:
        assert value_of(learnt(source), situation.client, when="At last") == "given up"
    assert sys.exc_info()[1] is None
