"""Helpers that show: the right thing for a good answer, and words in place of an error for one that lacks something."""

import base64
import io

import pytest
from azure.ai.inference.models import ChatCompletions
from conftest import item, plain, streamed
from PIL import Image

from helpers import playground, show, timeline, tokens

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


def test_playground_asks_and_shows_the_answer(course):
    course(item("s", [], plain("x")))
    form = playground(lambda text, size: f"<{text} {size}>", text=["one", "two"], size=[1, 2])
    text, size, button, answer = form.children
    assert (text.options, size.value) == (("one", "two"), 1)  # in replay: a list, nothing typed
    text.value, size.value = "two", 2
    button.click()
    assert "&lt;two 2&gt;" in answer.value
    assert "text, size" in repr(form)


def test_playground_shows_an_error_as_text(course):
    course(item("s", [], plain("x")))

    def fail(text):
        raise RuntimeError("no luck")

    *_, button, answer = playground(fail, text=["one"]).children
    button.click()
    assert "RuntimeError: no luck" in answer.value and not button.disabled
