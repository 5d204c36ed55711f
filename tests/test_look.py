"""Look: the right thing for a good answer, and words instead of an error for one that lacks
something.
"""

import base64
import io
import math
import re
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import httpx
import pytest
import requests
from azure.ai.inference.models import ChatCompletions, StreamingChatCompletionsUpdate
from openai._legacy_response import LegacyAPIResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.completion_usage import CompletionUsage
from openai.types.responses import Response
from PIL import Image

from helpers import look, playground, show, show_filter, show_picture, show_tokens, timeline, tokens
from helpers.display.token_row import ground
from helpers.look import text_of

USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def openai_completion(data):
    """As the `openai` package builds an answer: nothing is checked, so anything may be in it."""
    return ChatCompletion.construct(**data)


FORMS = [dict, ChatCompletions, openai_completion]


def answer(message, reason="stop", **more):
    choice = {"index": 0, "finish_reason": reason, "message": message}
    return {"choices": [choice], "usage": USAGE, **more}


@pytest.fixture(autouse=True)
def mode(monkeypatch):
    """Replay; `mode["live"] = True` goes live. Nothing here needs a session."""
    current = {"live": False}
    monkeypatch.setattr("helpers.look.is_live", lambda: current["live"])
    return current


@pytest.fixture
def displayed(monkeypatch):
    """Each output that was displayed, as its data and its metadata."""
    outputs = []
    monkeypatch.setattr(
        "IPython.display.display", lambda output: outputs.append(output._repr_mimebundle_())
    )
    return outputs


def shown(response, capsys) -> list[str]:
    show(response)
    return capsys.readouterr().out.splitlines()


# --- show -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_show_prints_text_reason_and_tokens(capsys, form):
    lines = shown(form(answer({"role": "assistant", "content": "Good day."})), capsys)
    assert lines == ["Good day.", "[stop · 1 prompt + 2 completion = 3 tokens]"]


def test_show_wraps_long_lines_and_keeps_short_ones(capsys):
    lines = shown(answer({"content": "- one\n\n- two\n" + "word " * 40}), capsys)
    assert lines[:3] == ["- one", "", "- two"]
    assert 80 < max(map(len, lines)) <= 88


def test_show_wraps_what_it_says_itself(capsys):
    call = {"function": {"name": "f", "arguments": '{"city": "' + "Miami " * 40 + '"}'}}
    assert max(map(len, shown(answer({"tool_calls": [call]}), capsys))) <= 88


class Reason(Enum):
    STOPPED = "stop"


@pytest.mark.parametrize(
    ("reason", "said"),
    [("length", "length"), (None, "no finish_reason"), (Reason.STOPPED, "stop")],
)
def test_show_says_the_reason(capsys, reason, said):
    assert shown(answer({"content": "x"}, reason), capsys)[1].startswith(f"[{said} ·")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"content": None}, "(The message has no text.)"),
        ({"content": ""}, "(The message has no text.)"),
        ({"content": " \n"}, "(The message has no text.)"),
        ({"content": []}, "(The message has no text.)"),
        ({}, "(The message has no text.)"),
        (
            None,
            "(This answer has no message. "
            'Look at response.choices[0].get("content_filter_results").)',
        ),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": "40 + 4"},
                    {"type": "text", "text": "44"},
                ]
            },
            "44",
        ),
        (
            {"content": [{"type": "thinking", "thinking": "hm"}]},
            "(The message has no text, only thinking.)",
        ),
        ({"content": None, "reasoning_content": "hm"}, "(The message has no text, only thinking.)"),
        ({"content": "", "reasoning": "hm"}, "(The message has no text, only thinking.)"),
        ({"content": "44", "reasoning_content": "hm"}, "44"),
        ({"content": None, "refusal": "I cannot."}, "(The model refuses: I cannot.)"),
        ({"content": "\ud83c\udf1e \ud83c"}, "🌞 \ufffd"),
    ],
)
def test_show_survives_every_message(capsys, form, message, said):
    lines = shown(form(answer(message)), capsys)
    assert " ".join(lines[:-1]) == said
    assert lines[-1] == "[stop · 1 prompt + 2 completion = 3 tokens]"


def tool(function, **more):
    return {"id": "c1", "type": "function", "function": function, **more}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            {"tool_calls": [tool({"name": "f", "arguments": '{"a": 1}'})]},
            ['(The model calls f with {"a": 1}.)'],
        ),
        (
            {"tool_calls": [tool({"name": "f", "arguments": None})]},
            ["(The model calls f with no arguments.)"],
        ),
        (
            {"tool_calls": [tool({"name": "f", "arguments": ""})]},
            ["(The model calls f with no arguments.)"],
        ),
        (
            {"tool_calls": [tool({"name": "f", "arguments": {"a": 1}})]},
            ["(The model calls f with {'a': 1}.)"],
        ),
        (
            {"tool_calls": [tool({"arguments": "x"})]},
            ["(The model calls a tool without a name with x.)"],
        ),
        (
            {"tool_calls": [{"type": "custom", "custom": {"name": "g", "input": "x"}}]},
            ["(The model calls g with x.)"],
        ),
        ({"function_call": {"name": "old", "arguments": "{}"}}, ["(The model calls old with {}.)"]),
        (
            {
                "content": "Wait.",
                "tool_calls": [
                    tool({"name": "f", "arguments": "1"}),
                    tool({"name": "g", "arguments": "2"}),
                ],
            },
            ["Wait.", "(The model calls f with 1.)", "(The model calls g with 2.)"],
        ),
        ({"content": "x", "tool_calls": []}, ["x"]),
        ({"content": "x", "tool_calls": None}, ["x"]),
    ],
)
def test_show_says_which_tools_are_called(capsys, form, message, said):
    assert shown(form(answer(message, "tool_calls")), capsys)[:-1] == said


def test_show_shows_every_choice_and_the_tokens_once(capsys):
    choices = [{"message": {"content": text}, "finish_reason": "stop"} for text in "ab"]
    lines = shown({"choices": choices, "usage": USAGE}, capsys)
    assert lines == ["a", "[stop]", "b", "[stop · 1 prompt + 2 completion = 3 tokens]"]


def test_show_reads_one_update_of_a_stream(capsys):
    data = {
        "id": "x",
        "choices": [{"index": 0, "delta": {"content": "Good"}, "finish_reason": None}],
    }
    for update in (
        data,
        StreamingChatCompletionsUpdate(data),
        ChatCompletionChunk.construct(**data),
    ):
        assert shown(update, capsys) == ["Good", "[no finish_reason · no usage in this answer]"]
    assert "no message" in shown({"choices": [{"content_filter_results": {}}]}, capsys)[0]
    last = shown({"choices": [], "usage": USAGE}, capsys)
    assert " ".join(last).endswith("Its usage: 1 prompt + 2 completion = 3 tokens.)")


RESPONSE = {
    "object": "response",
    "status": "completed",
    "output": [
        {"type": "reasoning", "summary": []},
        {"type": "message", "content": [{"type": "output_text", "text": "Good day."}]},
    ],
    "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
}


@pytest.mark.parametrize("form", [dict, lambda data: Response.construct(**data)])
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ["Good day.", "[completed · 1 input + 2 output = 3 tokens]"]),
        (
            {"output": [], "usage": None},
            ["(The message has no text.)", "[completed · no usage in this answer]"],
        ),
        ({"output": [{"type": "reasoning"}]}, ["(The message has no text, only thinking.)"]),
        (
            {"output": [{"type": "function_call", "name": "f", "arguments": "{}"}]},
            ["(The model calls f with {}.)"],
        ),
        (
            {"output": [{"type": "custom_tool_call", "name": "f", "input": "x"}]},
            ["(The model calls f with x.)"],
        ),
        (
            {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]},
            ["(The model refuses: No.)"],
        ),
        (
            {
                "output": [
                    {"type": "message", "content": [{"refusal": "No."}, {"refusal": "Never."}]}
                ]
            },
            ["(The model refuses: No. Never.)"],
        ),
        ({"output": [{"type": "message", "content": None}]}, ["(The message has no text.)"]),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            ["Good day.", "[max_output_tokens · 1 input + 2 output = 3 tokens]"],
        ),
    ],
)
def test_show_reads_the_responses_api(capsys, form, changed, said):
    assert shown(form({**RESPONSE, **changed}), capsys)[: len(said)] == said


async def coroutine():
    return {}


def closed(awaitable):
    awaitable.close()
    return awaitable


class AsyncStream:
    def __aiter__(self):
        return self


def http_response():
    response = requests.Response()
    response._content = b"{}"
    return response


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("A string.", "A string."),
        ("", "(An empty string.)"),
        (None, "(This NoneType has no choices, so it is no finished answer.)"),
        (7, "(This int has no choices, so it is no finished answer.)"),
        ([], "(This list has no choices, so it is no finished answer.)"),
        (b"x", "(This bytes has no choices, so it is no finished answer.)"),
        ({}, "(This dict has no choices, so it is no finished answer.)"),
        ({"choices": None}, "(This dict has no choices, so it is no finished answer.)"),
        (
            ChatCompletions({"choices": []}),
            "(This ChatCompletions has no choices, so it is no finished answer.)",
        ),
        (iter(()), "so it is no finished answer. Read a stream in a loop.)"),
        (
            AsyncStream(),
            "(This AsyncStream has no choices, so it is no finished answer. "
            "Read a stream in a loop, with async for.)",
        ),
        (closed(coroutine()), "(This coroutine has no answer yet. Write show(await …).)"),
        (
            http_response(),
            "(This Response is an HTTP response. Write show(response.json()) to see its answer.)",
        ),
        (
            LegacyAPIResponse(
                raw=httpx.Response(200),
                cast_to=str,
                client=None,
                stream=False,
                stream_cls=None,
                options=None,
            ),
            "(This LegacyAPIResponse is a raw response. Write show(response.parse()) to see its "
            "answer.)",
        ),
        (
            httpx.Response(200, json={}),
            "(This Response is an HTTP response. Write show(response.json()) to see its answer.)",
        ),
        (
            {"error": {"code": "429", "message": "Slow down."}},
            "(This dict is an error, not an answer: Slow down.)",
        ),
        ({"error": "off"}, "(This dict is an error, not an answer: off)"),
        ({"error": {"code": "x"}}, "(This dict is an error, not an answer: {'code': 'x'})"),
        ({"message": "x"}, "(This dict has no choices, so it is no finished answer.)"),
        (
            {"error": "off", "statusCode": 401, "message": "x"},
            "(This dict is an error, not an answer: off)",
        ),
        ({"detail": "Invalid API Key"}, "(This dict is an error, not an answer: Invalid API Key)"),
        (
            {"statusCode": 401, "message": "Unauthorized."},
            "(This dict is an error, not an answer: Unauthorized.)",
        ),
    ],
)
def test_show_says_what_else_it_was_given(capsys, thing, said):
    text = " ".join(shown(thing, capsys))
    assert text == said or (said.startswith("so") and text.endswith(said))


# --- text_of and tokens ---------------------------------------------------------------------------


@dataclass
class Message:
    content: object


@pytest.mark.parametrize(
    "form",
    [
        lambda content: {"content": content},
        lambda content: SimpleNamespace(content=content),
        Message,
        lambda content: content,
    ],
)
@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("44", "44"),
        ("", ""),
        (None, ""),
        (7, ""),
        ([], ""),
        (["4", "4"], "44"),
        (
            [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                {"type": "text", "text": "44"},
            ],
            "44",
        ),
        ([{"type": "output_text", "text": "4"}, {"type": "text", "text": "4"}], "44"),
        ([{"type": "input_text", "text": "44"}], "44"),
        ([{"text": "44"}], "44"),
        (
            [
                {"type": "image_url", "image_url": {"url": "data:"}},
                {"type": "reasoning", "text": "hm"},
            ],
            "",
        ),
        ([{"type": "text", "text": None}, {"type": "text"}, None, 7], ""),
        ("Sun \ud83c", "Sun \ufffd"),
        ("\ud83c\udf1e", "🌞"),
    ],
)
def test_text_of(form, content, text):
    assert text_of(form(content)) == text


@pytest.mark.parametrize("nothing", [None, {}, object()])
def test_text_of_what_has_no_content(nothing):
    assert text_of(nothing) == ""


def test_text_of_an_sdk_message():
    data = answer({"role": "assistant", "content": [{"type": "text", "text": "44"}]})
    for form in (ChatCompletions, openai_completion):
        assert text_of(form(data).choices[0].message) == "44"


DETAILED = {
    **USAGE,
    "prompt_tokens_details": {"cached_tokens": 1},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        (None, "no usage in this answer"),
        ({}, "no usage in this answer"),
        ({"prompt_tokens": None}, "no usage in this answer"),
        ({"prompt_tokens": True}, "no usage in this answer"),
        (USAGE, "1 prompt + 2 completion = 3 tokens"),
        ({"choices": [], "usage": USAGE}, "1 prompt + 2 completion = 3 tokens"),
        ({"choices": [], "usage": None}, "no usage in this answer"),
        ({**USAGE, "completion_tokens": 0}, "1 prompt + 0 completion = 3 tokens"),
        (CompletionUsage(**USAGE), "1 prompt + 2 completion = 3 tokens"),
        (
            ChatCompletions({"choices": [], "usage": USAGE}).usage,
            "1 prompt + 2 completion = 3 tokens",
        ),
        ({"prompt_tokens": 5, "total_tokens": 5}, "5 prompt = 5 tokens"),
        ({"prompt_tokens": 5}, "5 prompt tokens"),
        ({"completion_tokens": 5}, "5 completion tokens"),
        ({"prompt_tokens": 5, "completion_tokens": 6}, "5 prompt + 6 completion tokens"),
        ({"total_tokens": 5}, "5 tokens"),
        (DETAILED, "1 prompt (1 cached) + 2 completion (2 reasoning) = 3 tokens"),
        (
            {**DETAILED, "prompt_tokens_details": {"cached_tokens": 0}},
            "1 prompt + 2 completion (2 reasoning) = 3 tokens",
        ),
        (
            {**DETAILED, "completion_tokens_details": None},
            "1 prompt (1 cached) + 2 completion = 3 tokens",
        ),
        (
            {
                "input_tokens": 1,
                "output_tokens": 2,
                "total_tokens": 3,
                "input_tokens_details": {"cached_tokens": 1},
                "output_tokens_details": {"reasoning_tokens": 2},
            },
            "1 input (1 cached) + 2 output (2 reasoning) = 3 tokens",
        ),
    ],
)
def test_tokens(usage, said):
    assert tokens(usage) == said


# --- colours --------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance by WCAG 2 of a colour such as `#0f172a`."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


class Page(HTMLParser):
    """The texts of an HTML fragment, each with the ink and the ground that it inherits."""

    EMPTY = ("br", "img")

    def __init__(self, source: str):
        super().__init__()
        self.styles, self.texts, self.tags = [{}], [], []
        self.feed(source.replace("<wbr>", ""))  # no gap: a place where a word may be broken
        self.close()
        assert len(self.styles) == 1, "a tag is not closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            style = dict(
                re.findall(r"(?:^|;)\s*(background|color):(#\w{6})", dict(attrs).get("style") or "")
            )
            self.styles.append({**self.styles[-1], **style})

    def handle_endtag(self, tag):
        self.styles.pop()

    def handle_data(self, data):
        if data.strip():
            self.texts.append((data, self.styles[-1]["color"], self.styles[-1]["background"]))


def assert_legible(source: str) -> Page:
    page = Page(source)
    assert page.texts
    for text, ink, under in page.texts:
        assert contrast(ink, under) >= 4.5, text
    return page


def test_contrast_is_that_of_wcag():
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


# --- timeline -------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"
ALT = "Timeline (simulated pace): first piece after 0.40 s, 2 more until 0.60 s, 10 a second."


def drawn(displayed, *arguments, **keywords) -> ElementTree.Element:
    timeline(*arguments, **keywords)
    return ElementTree.fromstring(displayed[-1][0]["image/svg+xml"])


def texts(svg) -> list[str]:
    return [element.text for element in svg.iter(f"{SVG}text")]


def test_timeline_says_its_values_in_every_form(displayed):
    svg = drawn(displayed, [0.4, 0.5, 0.6], ["a", "b", "c"])
    data, metadata = displayed[0]
    assert data["text/plain"] == ALT
    assert metadata == {"image/svg+xml": {"alt": ALT}, "text/html": {"alt": ALT}}
    assert svg.get("role") == "img" and svg.findtext(f"{SVG}desc") == ALT
    assert svg.findtext(f"{SVG}title") == "When each piece arrived"
    assert texts(svg) == [
        "When each piece arrived",
        "waiting",
        "reading",
        "simulated pace",
        "first piece after 0.40 s",
        "2 more until 0.60 s, 10 a second",
        "0 s",
        "0.2 s",
        "0.4 s",
        "0.6 s",
    ]


def test_timeline_as_html_is_an_image_of_the_same_drawing_with_its_alt_text(displayed):
    timeline([0.4, 0.5, 0.6], ["a", "b", "c"])
    data, _ = displayed[0]
    ((tag, attributes),) = Page(data["text/html"]).tags
    kind, encoded = attributes["src"].split(",")
    assert (tag, attributes["alt"], kind) == ("img", ALT, "data:image/svg+xml;base64")
    fluid = base64.b64decode(encoded).decode()
    assert fluid == data["image/svg+xml"].replace('width="760"', 'width="100%"', 1)
    assert attributes["height"] == ElementTree.fromstring(fluid).get("height")


def test_timeline_draws_each_piece_at_its_time(displayed):
    svg = drawn(displayed, [0.4, 0.5, 0.5001, 1.0], list("abcd"))
    bar = svg.find(f"{SVG}svg")
    waiting, reading = bar.findall(f"{SVG}rect")
    assert bar.get("viewBox") == "0 0 1000 22"
    assert (waiting.get("x"), waiting.get("width")) == (None, "400")
    assert (reading.get("x"), reading.get("width")) == ("400", "600")
    assert bar.find(f"{SVG}path").get("d") == "M400 0v22M500 0v22M1000 0v22"  # two fall together
    assert waiting.get("fill") != reading.get("fill")
    # the axis has the scale of the bar: 5 % is second 0, 93 % the last
    labels = {
        element.text: element.get("x")
        for element in svg.iter(f"{SVG}text")
        if "%" in element.get("x")
    }
    assert labels["0 s"] == "5.00%" and labels["0.4 s"] == "40.20%" and labels["1 s"] == "93.00%"
    assert (bar.get("x"), bar.get("width")) == ("5%", "88%")
    half = drawn(displayed, [0.5], ["a"])  # the same place for the same share of the time
    assert [element.get("x") for element in half.iter(f"{SVG}text")][-1] == "93.00%"
    axis = svg.find(f"{SVG}line")
    assert (axis.get("x1"), axis.get("x2")) == ("5%", "93%")
    places = [element.get("x") for element in svg.iter(f"{SVG}text")]
    assert all(re.fullmatch(r"\d+|\d+\.\d\d%", place) for place in places)


def test_timeline_draws_several_on_one_axis(displayed):
    svg = drawn(
        displayed,
        [0.5, 1.0],
        ["a", "b"],
        compare={"whole <answer> & all": [2.0], "other": [1.0, 1.0]},
    )
    widths = [
        [rect.get("width") for rect in bar.findall(f"{SVG}rect")]
        for bar in svg.findall(f"{SVG}svg")
    ]
    assert widths == [["1000", "0"], ["500", "0"], ["250", "250"]]
    assert displayed[0][0]["text/plain"] == (
        "Timeline (simulated pace): whole <answer> & all: complete after 2.00 s; "
        "other: first piece after 1.00 s, 1 more until 1.00 s; "
        "streamed: first piece after 0.50 s, 1 more until 1.00 s, 2 a second."
    )
    names = [
        element.text for element in svg.iter(f"{SVG}text") if element.get("font-weight") == "bold"
    ]
    assert names == ["When each piece arrived", "whole <answer> & all", "other", "streamed"]
    assert Page(displayed[0][0]["text/html"]).tags[0][1]["alt"] == displayed[0][0]["text/plain"]


def test_timeline_grows_with_what_it_draws_and_nothing_lies_over_another(displayed):
    one = drawn(displayed, [0.5, 1.0], ["a", "b"])
    two = drawn(displayed, [0.5, 1.0], ["a", "b"], compare={"whole": [2.0]})
    assert int(two.get("height")) > int(one.get("height"))
    for svg in (one, two):
        bars = [
            (int(bar.get("y")), int(bar.get("y")) + int(bar.get("height")))
            for bar in svg.findall(f"{SVG}svg")
        ]
        rows = sorted({int(element.get("y")) for element in svg.iter(f"{SVG}text")})
        assert all(high - low >= 12 for low, high in pairwise(rows))
        assert all(y <= top or y - 10 >= bottom for y in rows for top, bottom in bars)
        assert max(*rows, bars[-1][1]) < int(svg.get("height"))
        assert (
            0 < int(svg.find(f"{SVG}line").get("y1")) - bars[-1][1] <= 6
        )  # the axis lies under the last
        style = {
            (element.get("font-weight"), element.get("text-anchor"))
            for element in svg.iter(f"{SVG}text")
        }
        assert style == {("bold", "start"), ("normal", "start"), ("normal", "middle")}


def test_timeline_is_legible_and_fits_a_phone(displayed):
    svg = drawn(displayed, [12.34 + n / 100 for n in range(999)], ["x"] * 999)
    under = svg.find(f"{SVG}rect").get("fill")
    assert contrast(svg.get("fill"), under) >= 4.5
    assert all(element.get("fill") is None for element in svg.iter(f"{SVG}text"))  # so all have it
    assert all(len(text) <= 42 for text in texts(svg))  # 250 pixels at 12 pixels a line
    assert svg.find(f"{SVG}rect").get("stroke") and svg.get("font-size") == "12"


@pytest.mark.parametrize(("live", "pace"), [(False, "simulated pace"), (True, "measured")])
def test_timeline_says_what_its_times_are_worth(displayed, mode, live, pace):
    mode["live"] = live
    svg = drawn(displayed, [0.4], ["a"])
    assert pace in texts(svg)
    assert displayed[0][0]["text/plain"] == f"Timeline ({pace}): complete after 0.40 s."


@pytest.mark.parametrize(
    ("last", "labels"),
    [
        (0.0, ["0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s", "1 s"]),
        (0.0004, ["0 s", "0.0001 s", "0.0002 s", "0.0003 s", "0.0004 s"]),
        (0.3, ["0 s", "0.1 s", "0.2 s", "0.3 s"]),
        (0.78, ["0 s", "0.2 s", "0.4 s", "0.6 s"]),
        (5, ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s"]),
        (33, ["0 s", "10 s", "20 s", "30 s"]),
        (86400, ["0 s", "20000 s", "40000 s", "60000 s", "80000 s"]),
    ],
)
def test_timeline_has_round_seconds_at_every_length(displayed, last, labels):
    svg = drawn(displayed, [last], ["a"])
    assert [text for text in texts(svg) if re.fullmatch(r"[\d.]+ s", text)] == labels


def test_timeline_sorts_and_takes_times_before_the_request_for_zero(displayed):
    svg = drawn(displayed, [0.6, -0.1, 0.3], list("abc"))
    assert svg.find(f"{SVG}svg/{SVG}path").get("d") == "M0 0v22M500 0v22M1000 0v22"


def test_timeline_stays_valid_whatever_a_name_holds(displayed):
    drawn(displayed, [0.4], ["a"], compare={"a\x00b\ud83c": [0.3]})
    assert "a\ufffdb\ufffd" in displayed[0][0]["image/svg+xml"]
    assert "\ud83c" not in displayed[0][0]["text/plain"]


def test_drawings_are_the_same_each_time(displayed):
    for _ in range(2):
        timeline([0.1 * n for n in range(1, 9)], ["a"] * 8, {"whole": [0.9]})
        show_tokens({"content": [{"token": "a", "logprob": -0.3}]})
        show_filter({"hate": {"filtered": False, "severity": "low"}})
    assert displayed[:3] == displayed[3:]


@pytest.mark.parametrize(
    ("arrivals", "pieces", "compare", "problem"),
    [
        ([], [], None, "it got 0 and 0"),
        ([0.1], [], None, "it got 1 and 0"),
        ([], ["a"], None, "it got 0 and 1"),
        ([0.1], ["a"], {"good": [1], "whole": []}, "it got none for whole"),
    ],
)
def test_timeline_refuses_what_it_cannot_draw(arrivals, pieces, compare, problem):
    with pytest.raises(ValueError, match=f"a time for each piece; {problem}"):
        timeline(arrivals, pieces, compare)


@pytest.mark.parametrize(
    ("arrivals", "compare", "remedy"),
    [
        (None, None, r"seconds for arrivals, such as \[0.4, 0.42\]"),
        (0.4, None, "seconds for arrivals"),
        (["a", "b"], None, "seconds for arrivals"),
        ([0.4, None], None, "seconds for arrivals"),
        ([0.4, math.nan], None, "seconds for arrivals"),
        ([0.4, math.inf], None, "seconds for arrivals"),
        ([0.4, 0.5], {"whole": 2.31}, "seconds for whole"),
        ([0.4, 0.5], [2.31], r'a dict of names and seconds, such as {"whole answer": \[2.31\]}'),
    ],
)
def test_timeline_says_what_times_it_needs(arrivals, compare, remedy):
    with pytest.raises(ValueError, match=remedy):
        timeline(arrivals, ["a", "b"], compare)


def test_timeline_needs_pieces_not_their_text():
    with pytest.raises(ValueError, match="the list of pieces, not their text"):
        timeline([0.4, 0.5], "ab")


@pytest.mark.parametrize("times", [(0.4, 0.5), iter([0.4, 0.5]), ["0.4", "0.5"], [-2, -1]])
def test_timeline_takes_times_of_any_kind(displayed, times):
    timeline(times, iter("ab"), {7: range(1, 3)})
    assert "7: first piece after 1.00 s" in displayed[0][0]["text/plain"]


def test_timeline_takes_times_before_the_request_alone(displayed):
    timeline([-2, -1], ["a", "b"])
    assert "first piece after 0.00 s" in displayed[0][0]["text/plain"]


# --- show_tokens ----------------------------------------------------------------------------------


def entry(token, probability):
    return {"token": token, "logprob": math.log(probability), "top_logprobs": []}


LOGPROBS = {"content": [entry("<b>", 0.25), entry("\n", 1.0), entry(" and", 0.004), entry("", 0.5)]}


def test_show_tokens_gives_each_its_probability_in_every_form(displayed):
    show_tokens(LOGPROBS)
    data = displayed[0][0]
    assert data["text/plain"] == "<b> 25% '\\n' 100% and 0% '' 50%"
    page = assert_legible(data["text/html"])
    assert [text for text, _, _ in page.texts] == [
        "<b>",
        "25%",
        "↵",
        "100%",
        "␣and",
        "0%",
        "(empty)",
        "50%",
    ]
    widths = re.findall(r"width:(\d+%)", data["text/html"])
    assert widths == ["25%", "100%", "0%", "50%"]
    assert page.tags[0][1]["aria-label"] == "4 tokens, each with its probability"
    grounds = [under for _, _, under in page.texts][::2]
    assert grounds[1] == "#ffffff" and len(set(grounds)) == 4


def test_show_tokens_draws_blanks_and_no_bar_where_the_probability_is_unknown(displayed):
    show_tokens({"content": [{"token": "\t", "logprob": None}]})
    source = displayed[0][0]["text/html"]
    assert "<b>⇥</b>" in source and "width:0%" in source


def test_a_less_likely_token_has_a_darker_ground():
    shades = [luminance(ground(probability)) for probability in (0, 0.25, 0.5, 0.75, 1)]
    assert shades == sorted(shades) and len(set(shades)) == 5
    assert ground(0) == "#fdba74"


@pytest.mark.parametrize(
    ("logprob", "percent"),
    [(-9999, "0%"), (0, "100%"), (0.1, "100%"), (None, "?"), (math.nan, "?"), ("x", "?")],
)
def test_show_tokens_survives_every_number(displayed, logprob, percent):
    show_tokens({"content": [{"token": "a", "logprob": logprob}]})
    assert displayed[0][0]["text/plain"] == f"a {percent}"
    assert_legible(displayed[0][0]["text/html"])


def test_show_tokens_reads_objects_refusals_and_halves(displayed):
    choice = {"index": 0, "logprobs": {"content": [entry("a", 0.5)], "refusal": None}}
    show_tokens(openai_completion({"choices": [choice]}).choices[0].logprobs)
    show_tokens({"content": None, "refusal": [entry("\ud83c\x00", 1)]})
    show_tokens({"content": [{"logprob": -1}, None, {"token": "a", "logprob": 0}]})
    assert [data["text/plain"] for data, _ in displayed] == ["a 50%", "\ufffd\ufffd 100%", "a 100%"]


@pytest.mark.parametrize(
    "nothing", [None, {}, {"content": None}, {"content": []}, {"content": [{}]}, "x", []]
)
def test_show_tokens_says_that_there_are_none(capsys, nothing):
    show_tokens(nothing)
    assert "has no logprobs" in capsys.readouterr().out


@pytest.mark.parametrize(
    "holder",
    [LOGPROBS["content"], {"logprobs": LOGPROBS}, {"choices": [{"logprobs": LOGPROBS}]}],
    ids=["tokens", "choice", "answer"],
)
def test_show_tokens_finds_them_in_what_holds_them(displayed, holder):
    show_tokens(holder)
    show_tokens(LOGPROBS)
    assert displayed[0] == displayed[1]


# --- show_filter ----------------------------------------------------------------------------------


def filter_rows(displayed, results) -> list[list[str]]:
    """The table's cells as text, which are those of the page too."""
    show_filter(results)
    data = displayed[-1][0]
    rows = [re.split(r"\s{2,}", line) for line in data["text/plain"].splitlines()]
    page = assert_legible(data["text/html"])
    words = " ".join(text.strip().strip("■□\xa0 ") for text, _, _ in page.texts)
    assert words.split() == " ".join(cell for row in rows for cell in row).split()
    return rows


SAFE = {"filtered": False, "severity": "safe"}


def test_show_filter_is_a_table(displayed):
    results = {
        "hate": SAFE,
        "violence": {"filtered": True, "severity": "medium"},
        "jailbreak": {"filtered": True, "detected": True},
        "x": {"filtered": False, "detected": False},
    }
    assert filter_rows(displayed, results) == [
        ["category", "severity", "blocked"],
        ["hate", "safe", "no"],
        ["violence", "medium", "yes"],
        ["jailbreak", "detected", "yes"],
        ["x", "not detected", "no"],
    ]
    text = displayed[0][0]["text/plain"].splitlines()
    assert {
        line.rindex(word)
        for line, word in zip(text, ["blocked", "no", "yes", "yes", "no"], strict=True)
    } == {25}
    assert not any(line.endswith(" ") for line in text)


def test_show_filter_says_nothing_by_colour_alone(displayed):
    show_filter({"hate": SAFE, "violence": {"filtered": True, "severity": "medium"}})
    source = displayed[0][0]["text/html"]
    assert "<b>violence</b>" in source and "<b>yes</b>" in source and "<b>hate</b>" not in source
    assert '<span aria-hidden="true">□□□</span>&nbsp;safe' in source
    assert '<span aria-hidden="true">■■□</span>&nbsp;medium' in source
    grounds = {text: under for text, _, under in Page(source).texts}
    assert grounds["violence"] != grounds["hate"]
    assert source.count('<th scope="col"') == 3


def test_show_filter_draws_where_on_the_scale_a_severity_is(displayed):
    levels = ["safe", "low", "medium", "high", "severe"]
    show_filter({level: {"filtered": False, "severity": level} for level in levels})
    meters = re.findall(r">([■□]+)</span>&nbsp;(\w+)", displayed[0][0]["text/html"])
    assert meters == [("□□□", "safe"), ("■□□", "low"), ("■■□", "medium"), ("■■■", "high")]


CITATION = {"URL": "https://example.com/a", "license": "MIT"}


@pytest.mark.parametrize(
    ("results", "row"),
    [
        (
            {"custom_blocklists": [{"filtered": True, "id": "ships"}]},
            ["custom_blocklists", "detected", "yes", "ships"],
        ),
        (
            {
                "custom_blocklists": [
                    {"filtered": True, "id": "a"},
                    {"filtered": False, "id": "b"},
                    {"filtered": True, "id": "c"},
                ]
            },
            ["custom_blocklists", "detected", "yes", "a; c"],
        ),
        (
            {"custom_blocklists": [{"filtered": False, "id": "a"}]},
            ["custom_blocklists", "not detected", "no"],
        ),
        ({"custom_blocklists": []}, ["custom_blocklists", "not detected", "no"]),
        (
            {
                "custom_blocklists": {
                    "filtered": True,
                    "details": [{"filtered": True, "id": "ships"}],
                }
            },
            ["custom_blocklists", "detected", "yes", "ships"],
        ),
        (
            {"custom_blocklists": {"filtered": False, "details": []}},
            ["custom_blocklists", "not detected", "no"],
        ),
        ([{"filtered": True, "id": "ships"}], ["custom_blocklists", "detected", "yes", "ships"]),
        (
            {"error": {"code": "content_filter_error", "message": "Too late."}},
            ["error", "not judged", "unknown", "code content_filter_error, Too late."],
        ),
        (
            {
                "protected_material_code": {
                    "filtered": False,
                    "detected": True,
                    "citation": CITATION,
                }
            },
            ["protected_material_code", "detected", "no", "URL https://example.com/a, license MIT"],
        ),
        (
            {"protected_material_text": {"filtered": True, "detected": True, "citation": None}},
            ["protected_material_text", "detected", "yes"],
        ),
        ({"profanity": {"filtered": True, "detected": True}}, ["profanity", "detected", "yes"]),
        (
            {"indirect_attack": {"filtered": True, "detected": True}},
            ["indirect_attack", "detected", "yes"],
        ),
        (
            {
                "personally_identifiable_information": {
                    "filtered": False,
                    "detected": True,
                    "redacted": True,
                    "sub_categories": [
                        {"sub_category": "Email", "filtered": False, "detected": True},
                        {"sub_category": "Name", "filtered": False, "detected": False},
                    ],
                }
            },
            ["personally_identifiable_information", "detected", "no", "redacted True, Email"],
        ),
        (
            {
                "ungrounded_material": {
                    "detected": True,
                    "details": [{"completion_start_offset": 0, "completion_end_offset": 5}],
                }
            },
            [
                "ungrounded_material",
                "detected",
                "unknown",
                "completion_start_offset 0, completion_end_offset 5",
            ],
        ),
        ({"hate": {"severity": "low"}}, ["hate", "low", "unknown"]),
        ({"hate": {}}, ["hate", "not judged", "unknown"]),
        ({"hate": {"filtered": None, "detected": None}}, ["hate", "not judged", "unknown"]),
        ({"hate": "safe", "sexual": None}, ["hate", "not judged", "unknown", "safe"]),
        ({"<a>\x00": SAFE}, ["<a>\ufffd", "safe", "no"]),
        ({"content_filter_results": {"hate": SAFE}}, ["hate", "safe", "no"]),
        ({"code": "x", "content_filter_result": {"hate": SAFE}}, ["hate", "safe", "no"]),
        ([{"prompt_index": 0, "content_filter_results": {"hate": SAFE}}], ["hate", "safe", "no"]),
        (
            {
                "prompt_filter_results": [
                    {"prompt_index": 0, "content_filter_result": {"hate": SAFE}}
                ]
            },
            ["hate", "safe", "no"],
        ),
    ],
)
def test_show_filter_survives_every_result(displayed, results, row):
    rows = filter_rows(displayed, results)
    columns = ["category", "severity", "blocked", *(["details"] if len(row) == 4 else [])]
    assert rows == [columns, row]


def test_show_filter_tells_prompts_apart(displayed):
    results = [
        {
            "prompt_index": 0,
            "content_filter_result": {"jailbreak": {"filtered": False, "detected": False}},
        },
        {"prompt_index": 1, "content_filter_results": {"hate": SAFE, "violence": SAFE}},
        {"content_filter_results": {"hate": SAFE}},
        {"prompt_index": 3, "content_filter_results": None},
    ]
    assert filter_rows(displayed, results) == [
        ["prompt", "category", "severity", "blocked"],
        ["0", "jailbreak", "not detected", "no"],
        ["1", "hate", "safe", "no"],
        ["1", "violence", "safe", "no"],
        ["2", "hate", "safe", "no"],
    ]


def test_show_filter_reads_what_the_libraries_return(displayed):
    choice = {"index": 0, "finish_reason": "stop", "content_filter_results": {"hate": SAFE}}
    data = {
        "choices": [choice],
        "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": SAFE}}],
    }
    azure, other = ChatCompletions(data), openai_completion(data)
    for results in (
        azure.choices[0],
        azure.choices[0].get("content_filter_results"),
        azure.get("prompt_filter_results"),
        other.choices[0],
        other.choices[0].content_filter_results,
        other.prompt_filter_results,
        CompletionUsage.construct(hate=SAFE),
    ):
        assert filter_rows(displayed, results)[1] == ["hate", "safe", "no"]


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        {},
        [],
        "x",
        7,
        {"content_filter_results": None},
        {"content_filter_results": {}},
        {"hate": None},
        [{"prompt_index": 0, "content_filter_results": {}}],
        {"prompt_filter_results": []},
        {"index": 0, "finish_reason": "stop", "message": {"content": "Hi."}},
        [{"index": 0, "finish_reason": "stop", "message": {"content": "Hi."}}],
        {"id": "1", "model": "m", "choices": [{"finish_reason": "stop"}], "usage": USAGE},
        {"id": "1", "model": "m", "choices": []},
    ],
)
def test_show_filter_says_that_there_are_none(capsys, nothing):
    show_filter(nothing)
    assert capsys.readouterr().out == "(No content filter results here.)\n"


# --- pictures, forms, terminals -------------------------------------------------------------------


def test_show_picture_has_its_alt_text_and_width(displayed):
    show_picture(Image.new("RGB", (30, 20), "teal"), "A teal box.")
    show_picture(Image.new("RGB", (30, 20), "teal"), "A teal box.", width=15)
    (data, metadata), (_, narrow) = displayed
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size == (30, 20)
    assert data["text/plain"] == "A teal box."
    assert metadata == {"image/png": {"alt": "A teal box.", "width": 30}}
    assert narrow["image/png"]["width"] == 15


@pytest.mark.parametrize("mode", ["CMYK", "F", "YCbCr"])
def test_show_picture_shows_colours_that_png_has_not(displayed, mode):
    show_picture(Image.new("RGB", (3, 2), "white").convert(mode), "A box.")
    assert Image.open(io.BytesIO(base64.b64decode(displayed[0][0]["image/png"]))).mode == "RGB"


@pytest.mark.parametrize(
    ("image", "alt", "remedy"),
    [
        ("a.png", "A box.", r"such as Image.open\(path\), not a str"),
        (b"\x89PNG", "A box.", "not a bytes"),
        (None, "A box.", "not a NoneType"),
        (Image.new("RGB", (3, 2)), None, "words for alt"),
    ],
)
def test_show_picture_says_what_it_needs(image, alt, remedy):
    with pytest.raises(ValueError, match=remedy):
        show_picture(image, alt)


def test_where_there_is_no_notebook_an_output_is_its_text(capsys):
    show_filter({"hate": SAFE})
    assert capsys.readouterr().out == "category  severity  blocked\nhate      safe      no\n"


def test_a_notebook_gets_every_form():
    from IPython.core.interactiveshell import InteractiveShell

    from helpers.display.output import Output

    data = {"text/plain": "words", "text/html": "<p>words</p>"}
    formatted = InteractiveShell().display_formatter.format(
        Output(data, {"text/html": {"alt": "words"}})
    )
    assert formatted == (data, {"text/html": {"alt": "words"}})


def test_playground_asks_with_what_is_chosen(capsys):
    form = playground(
        lambda text, size: print(f"<{text} {size}>"), text=["one", "two"], size=[1, 2]
    )
    text, size, button, _ = form.children
    assert (text.options, size.value, button.description) == (
        ("one", "two"),
        1,
        "Ask",
    )  # nothing is typed
    capsys.readouterr()
    text.value, size.value = "two", 2
    assert capsys.readouterr().out == ""  # nothing is sent before the button is pressed
    button.click()
    assert capsys.readouterr().out.endswith("<two 2>\n")  # after what clears the form
    assert repr(form) == "A form: text, size, and a button Ask. Run this cell to use it."
    assert {control.layout.width for control in (text, size)} == {"min(46em, 100%)"}


def test_playground_takes_any_string_when_live(mode):
    mode["live"] = True
    text, size, *_ = playground(lambda text, size: None, text=["one"], size=[1, 2]).children
    text.value = "anything"
    assert text.value == "anything" and size.options == (1, 2)


@pytest.mark.parametrize("live", [False, True])
def test_playground_takes_strings_and_other_values_together(mode, live):
    mode["live"] = live
    form = playground(lambda effort: None, effort=["low", None])
    assert form.children[0].options == ("low", None)


def test_playground_takes_a_partial(capsys):
    form = playground(partial(print, end="!"), sep=["-"])
    form.children[-2].click()
    assert capsys.readouterr().out.endswith("!")


def test_playground_shows_what_there_is_to_choose_alone():
    def ask(text: str, size: int = 3) -> None: ...

    assert len(playground(ask, text=["one"]).children) == 3  # with the button, and what is printed


@pytest.mark.parametrize("values", [[], None, 7, "one"])
def test_playground_needs_values(values):
    with pytest.raises(ValueError, match=r'at least one value for text, such as text=\["one"'):
        playground(print, text=values)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("kind", [dict, range, iter, set])
def test_playground_takes_values_of_any_kind(mode, live, kind):
    given = {dict: {"one": 1, "two": 2}, range: range(1, 3), iter: iter([1, 2]), set: {1, 2}}
    mode["live"] = live
    form = playground(lambda size: None, size=given[kind])
    assert form.children[0].value == 1


async def asks_later(text):
    """What a button cannot wait for."""


@pytest.mark.parametrize(
    ("ask", "remedy"),
    [
        (None, "needs a function that prints an answer"),
        (asks_later, "without async"),
        (lambda question: None, "each keyword of ask: missing a required argument: 'question'"),
        (lambda: None, "each keyword of ask: got an unexpected keyword argument 'text'"),
    ],
)
def test_playground_says_what_function_it_needs(ask, remedy):
    with pytest.raises(ValueError, match=remedy):
        playground(ask, text=["one"])


def test_every_name_that_look_offers_is_there():
    assert {"show", "text_of", "timeline", "tokens"} < set(look.__all__)
    assert all(callable(getattr(look, name)) for name in look.__all__)


def test_look_imports_nothing_heavy():
    program = (
        "import sys, helpers.look; "
        "print([m for m in ('IPython', 'ipywidgets', 'PIL') if m in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert output.stdout == "[]\n"
