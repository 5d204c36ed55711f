"""Checks: of exercises, and of a learner's computer."""

import sys

import pytest
from azure.ai.inference.models import SystemMessage, UserMessage
from conftest import item, plain

from helpers import CourseError, check, check_setup

ASKED = item("exercise 1", [{"role": "user", "content": "asked"}], plain("Yes."), max_tokens=5)
OTHER = item("other", [{"role": "user", "content": "other"}], plain("No."))


@pytest.fixture
def said(course, client, capsys):
    """Send these messages in a check; return what it says."""
    course(ASKED, OTHER)
    capsys.readouterr()

    def send(*messages, **more):
        with check("exercise 1"):
            for message in messages:
                client.complete(messages=message if isinstance(message, list) else [message], **more)
        return capsys.readouterr().out

    return send


def test_the_right_request(said):
    assert said(UserMessage("asked"), max_tokens=5) == "✓ Right: this is the request that was asked for.\n"


def test_the_last_request_counts(said):
    assert "✓" in said(UserMessage("asked"), UserMessage("asked"), max_tokens=5)


@pytest.mark.parametrize(
    ("messages", "more", "told"),
    [
        (
            (UserMessage("other"),),
            {},
            ['sent:  "other"', 'asked: "asked"', "max_tokens"],
        ),  # recorded, but not asked for
        ((UserMessage("unheard of"),), {"max_tokens": 5}, ['sent:  "unheard of"', 'asked: "asked"']),
        (([SystemMessage("s"), UserMessage("asked")],), {"max_tokens": 5}, ['"system, user"', '"user"']),
        ((), {}, ["no request was sent"]),
    ],
)
def test_a_wrong_request_is_told_what_differs(said, messages, more, told):
    text = said(*messages, **more)
    assert text.startswith("Not yet")
    for part in told:
        assert part in text


def test_a_wrong_address_is_told(course, capsys):
    import requests

    course(ASKED)
    with check("exercise 1"):
        requests.post("https://replay.invalid/chat/completions", json={}, timeout=5)
    assert "you sent POST /chat/completions; asked is POST /models/chat/completions" in capsys.readouterr().out


def test_an_error_of_the_learners_own_is_not_hidden(course):
    course(ASKED)
    with pytest.raises(ZeroDivisionError), check("exercise 1"):
        1 / 0  # noqa: B018


def test_an_unknown_exercise_is_told_the_known_ones(course):
    course(ASKED, OTHER)
    with pytest.raises(CourseError, match=r"no exercise 'exercise 9' in this notebook. Known: exercise 1\."):  # noqa: SIM117
        with check("exercise 9"):
            pass


def test_setup_is_well_here(capsys):
    check_setup()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "All is well." and all(line.startswith("ok   ") for line in lines[:-1])


def test_each_failure_of_the_setup_names_its_fix(monkeypatch, capsys):
    from importlib.metadata import PackageNotFoundError, version

    def other(name):
        if name == "requests":
            raise PackageNotFoundError
        return {"azure-ai-inference": "1.0.0b8", "aiohttp": "2.0"}.get(name) or version(name)

    monkeypatch.setattr(sys.modules["helpers.check"], "version", other)
    monkeypatch.setattr(sys.modules["helpers.check"], "python_version", lambda: "3.10.9")
    check_setup()
    text = capsys.readouterr().out
    wrong = [line[5:] for line in text.splitlines() if line.startswith("FIX")]
    assert wrong == [
        *("Python>=3.11", "aiohttp>=3.14", "azure-ai-inference==1.0.0b9", "requests>=2.32"),
    ]
    assert (
        text.count("make lab") == 4 and "it is 3.10.9" in text and "it is missing" in text and "it is 1.0.0b8" in text
    )
    assert "4 to fix" in text
