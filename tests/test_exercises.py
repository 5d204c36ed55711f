"""Checks of exercises in replay; test_live.py has the same against a service."""

import asyncio

import pytest
from azure.ai.inference.models import SystemMessage, UserMessage
from conftest import item, plain

from helpers import CourseError, check

ASKED = item("exercise 1", [{"role": "user", "content": "asked"}], plain("Yes."), max_tokens=5)
OTHER = item("other", [{"role": "user", "content": "other"}], plain("No."))
RIGHT = "✓ Right: this is the request that was asked for.\n"


@pytest.fixture
def said(course, client, capsys):
    """Send these messages in a check; return what it says."""
    course(ASKED, OTHER)
    capsys.readouterr()

    def send(*messages, **more):
        with check("exercise 1"):
            for message in messages:
                client.complete(
                    messages=message if isinstance(message, list) else [message], **more
                )
        return capsys.readouterr().out

    return send


def test_the_right_request(said):
    assert said(UserMessage("asked"), max_tokens=5) == RIGHT


def test_the_last_request_counts(said):
    assert said(UserMessage("asked"), UserMessage("asked"), max_tokens=5) == RIGHT
    assert said(UserMessage("unheard of"), UserMessage("asked"), max_tokens=5).startswith("Not yet")


@pytest.mark.parametrize(
    ("messages", "more", "told"),
    [
        (
            (UserMessage("other"),),
            {},
            ['sent:  "other"', 'asked: "asked"', "max_tokens"],
        ),  # recorded, not asked for
        (
            (UserMessage("unheard of"),),
            {"max_tokens": 5},
            ['sent:  "unheard of"', 'asked: "asked"'],
        ),
        (
            ([SystemMessage("s"), UserMessage("asked")],),
            {"max_tokens": 5},
            ['"system, user"', '"user"'],
        ),
        ((UserMessage("asked"),), {"max_tokens": 6}, ["max_tokens", "sent:  6", "asked: 5"]),
        ((UserMessage("asked"),), {"max_tokens": 5, "model": "n"}, ["model", 'sent:  "n"']),
        ((), {}, ["no request was sent", "Write the call inside the with block"]),
    ],
)
def test_a_wrong_request_is_told_what_differs(said, messages, more, told):
    text = said(*messages, **more)
    assert text.startswith("Not yet")
    for part in told:
        assert part in text


def test_in_replay_what_the_model_said_is_part_of_the_exercise(course, client, capsys):
    words = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    course(item("exercise 1", words, plain("Yes.")))
    for said_by_model, verdict in (("b", "✓"), ("c", "Not yet")):
        capsys.readouterr()
        with check("exercise 1"):
            client.complete(messages=[words[0], {**words[1], "content": said_by_model}])
        assert capsys.readouterr().out.startswith(verdict)


def test_what_was_sent_before_does_not_count(said, client):
    client.complete(messages=[UserMessage("asked")], max_tokens=5)
    assert said().startswith("Not yet: no request was sent")


@pytest.mark.parametrize("library", ["azure", "openai"])
def test_an_asynchronous_client_is_seen(course, capsys, library):
    course(ASKED)
    capsys.readouterr()

    async def by_azure():
        from azure.ai.inference.aio import ChatCompletionsClient
        from azure.core.credentials import AzureKeyCredential

        async with ChatCompletionsClient(
            "https://replay.invalid/models", AzureKeyCredential("k"), model="m"
        ) as client:
            await client.complete(messages=[UserMessage("asked")], max_tokens=5)

    async def by_openai():
        from openai import AsyncOpenAI

        async with AsyncOpenAI() as client:
            message = {"role": "user", "content": "asked"}
            await client.chat.completions.create(model="m", messages=[message], max_tokens=5)

    async def cell():
        with check("exercise 1"):
            await {"azure": by_azure, "openai": by_openai}[library]()

    asyncio.run(cell())
    assert capsys.readouterr().out == RIGHT


def test_a_wrong_address_is_told(course, capsys):
    import requests

    course(ASKED)
    with check("exercise 1"):
        requests.post("https://replay.invalid/chat/completions", json={}, timeout=5)
    assert (
        "you sent POST /chat/completions; asked is POST /models/chat/completions"
        in capsys.readouterr().out
    )


def test_an_error_of_the_learners_own_is_not_hidden(course, capsys):
    course(ASKED)
    capsys.readouterr()
    with pytest.raises(ZeroDivisionError), check("exercise 1"):
        1 / 0  # noqa: B018
    assert capsys.readouterr().out == ""


def test_an_unknown_exercise_is_told_the_known_ones(course):
    course(ASKED, OTHER)
    with (
        pytest.raises(
            CourseError, match=r"no exercise 'exercise 9' in this notebook. Known: exercise 1\."
        ),
        check("exercise 9"),
    ):
        pass


def test_a_check_before_start_is_told_so():
    with pytest.raises(CourseError, match="first code cell"), check("exercise 1"):
        pass
