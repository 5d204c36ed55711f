"""Helpers that show: the right thing for a good answer, and words in place of an error for one that lacks something."""

import base64
import io
import math

import pytest
from azure.ai.inference.models import ChatCompletions
from conftest import item, plain, streamed
from PIL import Image

from helpers import playground, show, show_filter, show_tokens, timeline, tokens

GOOD = plain("Good day.")["body"]


def shown(response, capsys) -> list[str]:
    show(response)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("kind", [dict, ChatCompletions])
def test_show_prints_text_reason_and_tokens(capsys, kind):
    assert shown(kind(GOOD), capsys) == ["Good day.", "[stop · 1 prompt + 2 completion = 3 tokens]"]


def test_show_wraps_long_lines_and_keeps_short_ones(capsys):
    lines = shown(plain("- one\n- two\n" + "word " * 40)["body"], capsys)
    assert lines[:2] == ["- one", "- two"] and max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, "has no choices"),
        ({"choices": []}, "has no choices"),
        (ChatCompletions({"choices": []}), "This ChatCompletions has no choices"),
        (iter(()), "Read a stream in a loop"),
        (None, "This NoneType has no choices"),
        ({"choices": [{"finish_reason": "content_filter"}]}, "has no message"),
        (
            ChatCompletions({"choices": [{"finish_reason": "content_filter"}]}),
            "[content_filter · no usage in this answer]",
        ),
        ({**GOOD, "usage": None}, "[stop · no usage in this answer]"),
        ({**GOOD, "choices": [{"message": {"content": None}}]}, "The message has no text."),
    ],
)
def test_show_says_what_an_answer_lacks(capsys, answer, told):
    assert told in "\n".join(shown(answer, capsys))


def test_tokens():
    assert tokens(None) == "no usage in this answer"
    assert tokens(GOOD["usage"]) == "1 prompt + 2 completion = 3 tokens"


def test_timeline_draws_and_describes(course, monkeypatch):
    course(item("s", [], streamed("a"), stream=True))
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, metadata, raw: shown.append((data, metadata)))
    timeline([0.4, 0.5, 0.6], ["a", "b", "c"])
    timeline([0.4, 0.5, 0.6], ["a", "b", "c"])
    timeline([0.0], ["a"])
    (data, metadata), again, single = shown
    assert (
        data["text/plain"]
        == metadata["image/png"]["alt"]
        == (
            "Timeline (simulated pace) of 3 pieces: first token after 0.40 s, then 10 pieces a second; the last after 0.60 s."
        )
    )
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.width == 2 * metadata["image/png"]["width"]
    blue = sum(1 for x in range(image.width) if image.getpixel((x, 190)) == (0x1D, 0x4E, 0xD8))
    assert blue == 4  # two marks of two pixels: the third, the first token, is orange
    assert again == shown[0] and "of 1 pieces" in single[0]["text/plain"]


@pytest.mark.parametrize(("arrivals", "pieces"), [([], []), ([0.1], []), ([], ["a"])])
def test_timeline_refuses_what_it_cannot_draw(course, arrivals, pieces):
    with pytest.raises(ValueError, match="a time for each piece"):
        timeline(arrivals, pieces)


def test_playground_asks_with_what_is_chosen(course, capsys):
    course(item("s", [], plain("x")))
    form = playground(lambda text, size: print(f"<{text} {size}>"), text=["one", "two"], size=[1, 2])
    text, size, button, _ = form.children
    assert (text.options, size.value, button.description) == (("one", "two"), 1, "Ask")  # a list, nothing typed
    capsys.readouterr()
    text.value, size.value = "two", 2
    assert capsys.readouterr().out == ""  # nothing is sent before the button is pressed
    button.click()
    assert capsys.readouterr().out.endswith("<two 2>\n")  # after what clears the form
    assert "text, size" in repr(form)


def test_show_tokens_gives_each_its_probability_in_text_too(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    entry = {"token": "<b>", "logprob": math.log(0.25), "top_logprobs": []}
    show_tokens({"content": [entry, {**entry, "token": "\n", "logprob": 0.0}]})
    assert shown[0]["text/plain"] == "<b> 25% '\\n' 100%"
    assert "&lt;b&gt;<br><small>25%</small>" in shown[0]["text/html"] and "0.45)" in shown[0]["text/html"]


@pytest.mark.parametrize("nothing", [None, {}, {"content": None}, {"content": []}])
def test_show_tokens_says_that_there_are_none(capsys, nothing):
    show_tokens(nothing)
    assert "has no logprobs" in capsys.readouterr().out


def test_show_filter(capsys):
    show_filter({"hate": {"filtered": False, "severity": "low"}, "jailbreak": {"filtered": True, "detected": True}})
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["category", "severity", "blocked"],
        ["hate", "low", "no"],
        ["jailbreak", "detected", "yes"],
    ]
    show_filter({"error": {"code": "content_filter_error", "message": "it did not run in time"}})
    assert capsys.readouterr().out.splitlines()[1].split() == ["error", "not", "judged", "no"]
    show_filter(None)
    assert "No content filter results" in capsys.readouterr().out
