"""The cells to copy, each as the script that a reader makes of it, against every fault.

Most runs are in this process, where the SDKs stay imported. Each cell also runs once as a script.
"""

import base64
import contextlib
import importlib
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
import pytest
from azure.core.credentials import AccessToken
from fault_server import (
    KEY,
    PATHS,
    SAFE,
    answer,
    calls,
    delta,
    error,
    event,
    fault_server,
    raw,
    streamed,
)
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).parent.parent
NUMBERS = [f"{number:02}" for number in (*range(1, 8), 10, 11)]
SDKS = ("openai", "azure")  # the second cell of 11 is for `requests`: the old SDK cannot do it
BOOKING = {"kind": "ferry", "to": "Gull Island", "day": "2026-11-28", "seats": 2}
# What a good model says to each program, and what the program must then show.
SAID = {"03": json.dumps(BOOKING), "04": "ferry"}
SHOWN = {"03": '"seats": 2', "04": "ferry (96%)"}
REQUESTS = {
    "01": 2,
    "04": 2,
    "05": 3,
    "11": 2,
}  # how many requests a program makes that meets no fault; else 1
STREAMS, WHOLE = ("02", "06"), ("01", "03", "04", "05", "07", "10")
EMPTY = {
    "01": "[empty answer]",
    "02": "[empty answer]",
    "03": "ValueError|JSONDecodeError",
    "04": "ask a person",
    "05": r"\[stop\]",
    "06": "[empty answer]",
    "07": r"\[stop\]",
    "10": r"\[stop\]",
    "11": r"\[completed\]",
}


@cache
def cell(number: str, sdk: str) -> str:
    """The source of a cell to copy."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    book = nbformat.read(path, 4)
    tagged = [
        c.source
        for c in book.cells
        if c.cell_type == "code" and "copy" in c.metadata.get("tags", ())
    ]
    (source,) = (one for one in tagged if ("from openai import" in one) == (sdk == "openai"))
    return source


compiled = cache(compile)  # a program meets some seventy faults


@dataclass
class Done:
    """What a run left: standard output and error, exit status, the waits that it asked for."""

    out: str
    err: str
    status: int
    waits: list[float] = field(default_factory=list)
    names: dict = field(default_factory=dict)


@dataclass
class Case:
    """A fault and what a program must make of it.

    Attributes:
        name: for the test's id.
        faults: the replies after the plain ones; the last is repeated if `forever`.
        says: a regular expression that output or error output must match: for all, or for each
            number.
        numbers: which notebooks' programs meet it.
        status: 0, 1 (not 0), or None where both are right.
        kept: text that standard output must hold.
        request: what the server refuses, as `FaultServer.refuses`.
        sent: how many requests may be sent after the plain ones.
        waits: the sum of seconds that a program may wait between tries.
        timeout: the REQUEST_TIMEOUT that is set, in seconds.
    """

    name: str
    faults: list
    says: str | dict | None = None
    numbers: tuple = tuple(NUMBERS)
    status: int | None = 0
    kept: str = ""
    hidden: str = ""
    forever: bool = True
    refuses: dict = field(default_factory=dict)
    dialect: str = "mistral"
    last: bool = True
    sent: int | None = None
    waits: float = 8
    timeout: float = 10


def refusal(name: str, fault: Callable, says: str, **more) -> Case:
    """An error that ends a program with one line."""
    return Case(name, [fault], says, status=1, **more)


def plainly(name: str, faults: list, **more) -> Case:
    """A fault after which a program answers all the same."""
    return Case(name, faults, SHOWN_OR_TEXT, forever=False, **more)


SHOWN_OR_TEXT = {
    number: re.escape(SHOWN.get(number, "About 7,000.")) for number in ("00", *NUMBERS)
}
BUSY = error(503, "ServiceUnavailable", "Try again.")
HTML = "<html>\n<head><title>Not here</title></head>\n<body>Nothing\nhere</body></html>"
FILTERED = {
    "hate": {"filtered": True, "severity": "high"},
    "violence": {"filtered": False, "severity": "safe"},
}
SORRY = {number: "content_filter" for number in NUMBERS} | {
    "01": "held back",
    "06": "ask at the counter",
}
CUT_OFF = {number: r"\[cut off\]|length" for number in NUMBERS} | {"11": r"\[max_output_tokens\]"}


def prompt_filter(results: dict | None) -> Callable:
    """The refusal of a prompt: Azure OpenAI's with its results, or the short form of `/models`."""
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": results}
    more = {} if results is None else {"innererror": inner}
    return error(
        400, "content_filter", "The prompt was filtered.", param="prompt", status=400, **more
    )


def block(results: dict, **more) -> str:
    """An event of the asynchronous filter: results, and no delta."""
    offsets = {"check_offset": 140, "start_offset": 140, "end_offset": 259}
    choice = {
        "content_filter_offsets": offsets,
        "content_filter_results": results,
        "finish_reason": None,
        "index": 0,
    }
    return json.dumps(
        {"choices": [choice | more], "created": 0, "id": "", "model": "", "object": ""}
    )


def parts(text: str) -> list[dict]:
    """Content as a thinking model of Mistral sends it."""
    return [
        {"type": "thinking", "thinking": [{"type": "text", "text": "PONDER"}]},
        {"type": "text", "text": text},
    ]


def beside(text: str) -> Callable:
    """An answer whose thinking is beside its content, as DeepSeek and llama.cpp send it."""
    message = {"role": "assistant", "content": text, "reasoning_content": "PONDER"}
    return lambda server, request: server.wrap(request, message, "stop")


def refused(server, request):
    """An answer in which the model refuses, in the field that is for it."""
    message = {"role": "assistant", "content": None, "refusal": "I cannot."}
    return server.wrap(request, message, "stop")


def with_usage(usage: dict | None) -> Callable:
    """A good answer that counts its tokens in this way, or not at all."""

    def make(server, request):
        reply = server.wrap(request, {"role": "assistant", "content": server.text}, "stop")
        body = {name: value for name, value in json.loads(reply.body).items() if name != "usage"}
        reply.body = json.dumps(body if usage is None else {**body, "usage": usage})
        return reply

    return make


THOUGHT = {
    "id": "rs_1",
    "type": "reasoning",
    "content": [{"type": "reasoning_text", "text": "PONDER"}],
    "summary": [],
}
HALF_CALL = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "call_1",
    "name": "departures",
    "arguments": '{"li',
    "status": "incomplete",
}


def spoken(text: str, kind: str = "text") -> dict:
    """A message of the Responses API: its text, or its refusal."""
    name = "refusal" if kind == "refusal" else "output_text"
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": name, kind: text}],
    }


def responded(status: str, *output: dict, **more) -> Callable:
    """An answer of the Responses API with exactly these items."""
    body = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "error": None}
    return raw(200, json.dumps({**body, "status": status, "output": output, **more}))


def saying(make: Callable) -> Callable:
    """A fault whose answer holds what a good model says to this program."""
    return lambda server, request: make(server.text)(server, request)


LISTS = (
    [{"filtered": True, "id": "ships"}],
    [],
    {"filtered": True, "details": [{"filtered": True, "id": "ships"}]},
)
LATE = {"custom_blocklists": LISTS[0], **SAFE}
BAD_KEY = "Access denied due to invalid subscription key or wrong API endpoint."

CASES = [
    Case("plain", [], SHOWN_OR_TEXT),
    Case("plain, the other dialect", [], SHOWN_OR_TEXT, dialect="openai"),
    # Waiting
    refusal(
        "come back tomorrow",
        error(429, "RateLimitReached", "Slow.", headers={"Retry-After": "86400"}),
        "429.*86400",
        sent=1,
        waits=0,
    ),
    refusal(
        "come back in a minute",
        error(429, "RateLimitReached", "Slow.", headers={"Retry-After": "60"}),
        "429.*60",
        sent=1,
        waits=0,
    ),
    refusal(
        "come back at a date",
        error(429, "429", "Slow.", headers={"Retry-After": "Fri, 25 Nov 2033 07:28:00 GMT"}),
        "429.*2033",
        sent=1,
        waits=0,
    ),
    refusal(
        "busy for long",
        error(503, "Busy", "Slow.", headers={"Retry-After": "3600"}),
        "503.*3600",
        sent=1,
        waits=0,
    ),
    plainly(
        "wait a second",
        [
            error(
                429,
                "RateLimitReached",
                "Slow.",
                headers={"Retry-After": "1", "retry-after-ms": "0"},
            )
        ],
    ),
    plainly("busy twice", [BUSY, BUSY]),
    refusal("busy always", BUSY, "503", sent=3),
    refusal("silent", raw(200, "", silent=True), "(?i)time", sent=3, timeout=0.2),
    refusal(
        "dropped", raw(200, "", drop=True), "(?i)connection|ServiceResponseError|aborted", sent=3
    ),
    # Refusals
    refusal("wrong key", error(401, "401", BAD_KEY), "401", sent=1),
    refusal(
        "wrong key, serverless",
        raw(401, '{"statusCode":401,"message":"Auth token validation failed."}'),
        "401",
    ),
    refusal("wrong key, Mistral", raw(401, '{"detail":"Invalid API Key"}'), "401"),
    refusal("wrong role", error(403, "PermissionDenied"), "403"),
    refusal(
        "unknown model",
        error(400, "unknown_model", "Unknown model: m", details=None),
        "400.*unknown_model",
    ),
    refusal(
        "no deployment",
        error(404, "DeploymentNotFound", "It does not exist.", type="x", param=None),
        "404.*DeploymentNotFound",
    ),
    refusal("wrong path", error(404, "404", "Resource not found"), "404.*Resource not found"),
    refusal("404 as a page", raw(404, HTML, "text/html"), "404"),
    refusal("404 as text", raw(404, "NOT FOUND", "text/plain"), "404"),
    refusal("404, empty", raw(404, ""), "404"),
    refusal("gone", raw(410, "", "text/plain"), "410"),
    refusal("502 as a page", raw(502, HTML, "text/html"), "502"),
    refusal("error as a string", raw(400, '{"error":"no model loaded"}'), "400"),
    refusal("message alone", raw(400, '{"message":"no model loaded"}'), "400"),
    refusal("message of many lines", error(400, "bad", "one\ntwo\nthree"), "400.*one"),
    refusal(
        "extra refused in a string",
        error(422, "Invalid input", '{"detail":[{"type":"extra_forbidden"}]}', status=422),
        "422.*Invalid input",
    ),
    refusal(
        "temperature refused always",
        error(
            400,
            "unsupported_parameter",
            "Unsupported parameter: 'temperature' is not supported with this model.",
            param="temperature",
        ),
        "temperature",
    ),
    refusal(
        "max_tokens refused always",
        error(
            400,
            "unsupported_parameter",
            "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param="max_tokens",
        ),
        "max_tokens",
    ),
    refusal(
        "tools refused",
        error(400, "bad_request", "This model does not support tools."),
        "400.*tools",
        numbers=("05",),
    ),
    refusal(
        "pictures refused",
        error(400, "bad_request", "Invalid content type. image_url is only supported."),
        "image_url",
        numbers=("07",),
    ),
    Case(
        "reasoning model",
        [],
        SHOWN_OR_TEXT | {"04": "ask a person"},
        refuses={
            "temperature": 400,
            "max_tokens": 400,
            "logprobs": 400,
            "stream_options": 400,
            "top_p": 400,
        },
    ),
    Case(
        "strict model",
        [],
        SHOWN_OR_TEXT | {"04": "ask a person"},
        refuses={"logprobs": 422, "stream_options": 422, "response_format": 422},
    ),
    Case(
        "reasoning options refused",
        [],
        SHOWN_OR_TEXT,
        refuses={"reasoning_effort": 400, "max_completion_tokens": 400},
        numbers=("10",),
        sent=3,
    ),
    Case(
        "reasoning options refused by a strict model",
        [],
        SHOWN_OR_TEXT,
        refuses={"reasoning_effort": 422, "max_completion_tokens": 422},
        numbers=("10",),
        sent=3,
    ),
    refusal(
        "effort refused always",
        error(400, None, "Function tools are not supported.", param="reasoning_effort"),
        "400.*",
        numbers=("10",),
        sent=2,
    ),
    Case("thinking took it all", [answer("", "length")], r"length", numbers=("10",)),
    Case(
        "thinking beside the content",
        [beside("About 7,000.")],
        SHOWN_OR_TEXT,
        hidden="PONDER",
        numbers=("10",),
    ),
    *(
        Case(f"usage, {name}", [with_usage(usage)], SHOWN_OR_TEXT | {"10": says}, numbers=("10",))
        for name, usage, says in [
            ("absent", None, r"About 7,000.(.|\n)*0 of 0 tokens"),
            ("in part", {"completion_tokens": 9}, "0 of 9 tokens"),
            (
                "null details",
                {"completion_tokens": 9, "completion_tokens_details": None},
                "0 of 9 tokens",
            ),
            (
                "counted",
                {
                    "prompt_tokens": 1,
                    "completion_tokens": 9,
                    "completion_tokens_details": {"reasoning_tokens": 7},
                },
                "7 of 9 tokens",
            ),
        ]
    ),
    # Responses
    *(
        Case(f"{name} refused", [], SHOWN_OR_TEXT, refuses={name: status}, numbers=("11",))
        for name, status in {"include": 400, "max_output_tokens": 422}.items()
    ),
    refusal(
        "include refused always",
        error(400, None, "Encrypted content is not supported.", param="include"),
        "include",
        numbers=("11",),
        sent=2,
    ),
    refusal(
        "failed",
        responded("failed", error={"code": "server_error", "message": "It broke."}),
        "server_error",
        numbers=("11",),
        sent=1,
    ),
    *(
        Case(
            f"the reason is {name}",
            [responded("incomplete", spoken("About"), incomplete_details={"reason": name})],
            rf"About \[{name}\]",
            numbers=("11",),
        )
        for name in ("max_output_tokens", "content_filter")
    ),
    Case(
        "thinking took it all",
        [responded("incomplete", THOUGHT, incomplete_details={"reason": "max_output_tokens"})],
        r"\[max_output_tokens\]",
        numbers=("11",),
        hidden="PONDER",
    ),
    Case(
        "a call cut off",
        [
            responded(
                "incomplete", THOUGHT, HALF_CALL, incomplete_details={"reason": "max_output_tokens"}
            )
        ],
        r"\[max_output_tokens\]",
        numbers=("11",),
        sent=1,
    ),
    Case(
        "a refusal",
        [responded("completed", spoken("I cannot.", "refusal"))],
        r"I cannot\.",
        numbers=("11",),
    ),
    Case(
        "an item of another kind",
        [
            responded(
                "completed",
                {"id": "ws_1", "type": "web_search_call", "status": "completed"},
                spoken("About 7,000."),
            )
        ],
        SHOWN_OR_TEXT,
        numbers=("11",),
    ),
    Case(
        "two messages",
        [responded("completed", spoken("About "), spoken("7,000."))],
        SHOWN_OR_TEXT,
        numbers=("11",),
    ),
    Case(
        "no details and no usage",
        [responded("completed", spoken("About 7,000."), usage=None)],
        SHOWN_OR_TEXT,
        numbers=("11",),
    ),
    Case(
        "content null",
        [responded("completed", {**spoken(""), "content": None})],
        EMPTY,
        numbers=("11",),
    ),
    # Filter
    *(
        Case(
            f"prompt filtered, {name}",
            [prompt_filter(results)],
            SORRY,
            status=None,
            hidden="About 7,000.",
            last=False,
        )
        for name, results in {
            "no results": None,
            "null": {},
            "hate": FILTERED | {"custom_blocklists": LISTS[1]},
            "list": {"custom_blocklists": LISTS[0]},
            "dict": {"custom_blocklists": LISTS[2]},
        }.items()
    ),
    Case(
        "a filtered prompt is not sent again",
        [prompt_filter(None)],
        SORRY,
        ("02", "03", "04", "05", "06", "07"),
        status=None,
        sent=1,
        last=False,
    ),
    Case(
        "answer filtered",
        [answer(None, "content_filter", content_filter_results=FILTERED)],
        SORRY | {"02": "held back"},
        status=None,
    ),
    Case(
        "answer filtered in part",
        [answer("Cut the", "content_filter", content_filter_results=FILTERED)],
        SORRY | {"02": "held back"},
        status=None,
    ),
    # Answers
    Case("cut off", [answer("About sev", "length")], CUT_OFF, status=None),
    Case("no content", [answer(None)], EMPTY, status=None),
    Case("thoughts alone", [answer([parts("")[0]])], EMPTY, status=None),
    plainly(
        "content as parts",
        [saying(lambda text: answer(parts(text)))],
        hidden="PONDER",
        numbers=("01", "02", "03", "05", "06", "07", "10", "11"),
    ),
    plainly(
        "thoughts in the content",
        [saying(lambda text: answer(f"<think>\nPONDER {{a, b}}\n</think>\n\n{text}"))],
        hidden="PONDER",
    ),
    Case("thoughts cut off", [answer("<think>PONDER", "length")], CUT_OFF, status=None),
    Case(
        "thoughts without an end",
        [answer("<think>PONDER")],
        EMPTY,
        numbers=("01", "02", "04", "06", "07"),
        hidden="PONDER",
    ),
    Case(
        "no message",
        [raw(200, '{"choices":[{"index":0,"finish_reason":"content_filter"}],"usage":{}}')],
        SORRY,
        numbers=WHOLE,
        status=None,
    ),
    *(
        refusal(f"200, {name}", raw(200, body, kind), "", numbers=(*WHOLE, "11"))
        for name, body, kind in [
            ("a page", HTML, "text/html"),
            ("empty", "", "application/json"),
            ("empty text", "", "text/plain"),
            ("no choices", '{"choices":[],"object":"chat.completion"}', "application/json"),
            ("{}", "{}", "application/json"),
        ]
    ),
    # Streams
    Case(
        "stream without a reason",
        [streamed(event(delta("About")), event(delta(" seven")), "[DONE]")],
        "not whole",
        STREAMS,
        status=1,
        kept="About seven",
    ),
    Case(
        "stream that breaks",
        [streamed(event(delta("About")), event(delta(" seven")), cut=True)],
        "not whole",
        STREAMS,
        status=1,
        kept="About seven",
    ),
    Case(
        "stream that stalls",
        [streamed(event(delta("About")), event(delta(" seven")), stall=True)],
        "not whole",
        STREAMS,
        status=1,
        kept="About seven",
        timeout=0.2,
    ),
    Case(
        "stream with an error",
        [streamed(event(delta("About")), '{"error":{"code":"x","message":"It failed."}}')],
        "not whole",
        STREAMS,
        status=1,
        kept="About",
    ),
    Case(
        "stream with half an event",
        [streamed(event(delta("About")), '{"choices":[{"ind')],
        "not whole",
        STREAMS,
        status=1,
        kept="About",
    ),
    Case("stream of nothing", [streamed("[DONE]")], "not whole", STREAMS, status=1),
    Case("page instead of a stream", [raw(200, HTML, "text/html")], "not whole", STREAMS, status=1),
    Case(
        "choice without delta",
        [streamed(event(delta("About")), block(SAFE), event(delta(" 7,000.", "stop")), "[DONE]")],
        "About 7,000.",
        STREAMS,
    ),
    Case(
        "filter after the end",
        [streamed(event(delta("About 7,000.", "stop")), block(LATE), "[DONE]")],
        {"02": "About", "06": "ask at the counter(.|\n)*custom_blocklists"},
        STREAMS,
    ),
    Case(
        "odd filter results",
        [
            streamed(
                event(delta("About 7,000.", "stop")),
                block(
                    {
                        "custom_blocklists": [],
                        "error": {"code": "x", "message": "y"},
                        "profanity": None,
                    }
                ),
                "[DONE]",
            )
        ],
        "About 7,000.",
        STREAMS,
    ),
    Case(
        "usage in part",
        [streamed(event(delta("About 7,000.", "stop"), usage={"prompt_tokens": 9}), "[DONE]")],
        {"02": "9"},
        ("02",),
    ),
    # Tools
    plainly("no tool call", [answer("About 7,000.")], numbers=("05", "11")),
    *(
        plainly(
            f"call with {name}", [calls((function, arguments))], numbers=("05", "11"), last=False
        )
        for name, function, arguments in [
            ("half its arguments", "departures", '{"line": "fl'),
            ("null", "departures", None),
            ("a list", "departures", "[1]"),
            ("other names", "departures", '{"city": "Oslo"}'),
            ("an unknown line", "departures", '{"line": "tram"}'),
            ("a wrong type", "departures", '{"line": ["a"]}'),
            ("an unknown tool", "os.system", "{}"),
            ("no arguments", "departures", "{}"),
        ]
    ),
    *(
        plainly(f"booking with {name}", [calls(("book", arguments))], numbers=("05",), last=False)
        for name, arguments in [
            ("half its arguments", '{"line": "fl'),
            ("null", None),
            ("no time", '{"line": "ferry Wega"}'),
            ("an unknown line", '{"line": "tram", "time": "12:30"}'),
            ("a time that is none", '{"line": "ferry Wega", "time": "25:00"}'),
        ]
    ),
    plainly(
        "two calls",
        [calls(("departures", '{"line": "ferry Wega"}'), ("departures", '{"line": "tram"}'))],
        numbers=("05", "11"),
        last=False,
    ),
    plainly(
        "a call of each tool",
        [
            calls(
                ("departures", '{"line": "ferry Wega"}'),
                ("book", '{"line": "ferry Wega", "time": "12:30"}'),
            )
        ],
        numbers=("05",),
        last=False,
    ),
    refusal(
        "calls for ever",
        calls(("departures", '{"line": "ferry Wega"}')),
        "no answer",
        numbers=("05", "11"),
        sent=5,
        last=False,
    ),
    # Labels
    *(
        Case(f"label, {name}", [fault], says, ("04",))
        for name, fault, says in [
            ("no logprobs", answer("ferry", logprobs=None), "ask a person"),
            ("empty logprobs", answer("ferry", logprobs={"content": None}), "ask a person"),
            (
                "unsure",
                answer(
                    "ferry",
                    logprobs={
                        "content": [
                            {"token": "fer", "logprob": -0.1},
                            {"token": "ry", "logprob": -0.5},
                        ]
                    },
                ),
                r"ask a person: ferry \(55%\)",
            ),
            (
                "sure",
                answer(
                    " Ferry.",
                    logprobs={
                        "content": [
                            {"token": " ", "logprob": -3},
                            {"token": "Fer", "logprob": -0.01},
                            {"token": "ry", "logprob": -0.02},
                            {"token": ".", "logprob": -4},
                        ]
                    },
                ),
                r"ferry \(97%\)",
            ),
            (
                "two words",
                answer(
                    "**Lost property**",
                    logprobs={
                        "content": [
                            {"token": "**", "logprob": -2},
                            {"token": "Lost", "logprob": -0.2},
                            {"token": " property", "logprob": -0.01},
                            {"token": "**", "logprob": -2},
                        ]
                    },
                ),
                r" lost property \(81%\)",
            ),
            ("none of these", answer("tram"), "ask a person"),
            ("a sentence", answer("It is the ferry"), "ask a person"),
        ]
    ),
    # Data
    *(
        Case(f"booking, {name}", [answer(content)], SHOWN["03"], ("03",))
        for name, content in [
            ("fence", f"```json\n{json.dumps(BOOKING, indent=1)}\n```"),
            ("sentence", f"Here: {json.dumps(BOOKING)} (see {{x}})"),
            ("thoughts without a start", f"It is {{ship}}.</think>{json.dumps(BOOKING)}"),
        ]
    ),
    *(
        Case(
            f"booking, {name}",
            [answer(json.dumps({"kind": "other", "to": None, "day": None, "seats": None} | known))],
            says,
            ("03",),
        )
        for name, known, says in [
            ("nothing known", {}, '"seats": null'),
            ("a day", {"day": "2026-11-28"}, '"day": "2026-11-28"'),
        ]
    ),
    *(
        refusal(f"no booking, {name}", answer(content), "Error", numbers=("03",))
        for name, content in [
            ("half", '{"kind": "ferry", "t'),
            ("nobody", json.dumps(BOOKING | {"seats": 0})),
            ("prose", "I cannot."),
            ("thoughts without an end", f"<think>Perhaps {json.dumps(BOOKING)}"),
            ("no date", json.dumps(BOOKING | {"day": "Saturday"})),
            ("a list", json.dumps([1])),
            ("no key", '{"kind": "ferry"}'),
        ]
    ),
    *(
        refusal(f"no booking, {name}", fault, rf"no booking \[{says} *$", numbers=("03",))
        for name, fault, says in [
            ("refused", refused, r"stop\]: I cannot\."),
            ("words", answer("I cannot."), r"stop\]: I cannot\."),
            ("cut off", answer('{"kind": "fe', "length"), r'length\]: \{"kind": "fe'),
            ("held back", answer(None, "content_filter"), r"content_filter\]:"),
            ("nothing", answer(None), r"stop\]:"),
        ]
    ),
    plainly(
        "schema refused",
        [error(400, "BadRequest", "json_schema is enabled only for later versions")],
        numbers=("03",),
    ),
    plainly(
        "schema and JSON mode refused",
        [error(400, "BadRequest"), error(422, "Invalid input")],
        numbers=("03",),
    ),
]


@pytest.fixture(scope="module")
def service():
    for module in (
        "azure.ai.inference",
        "openai",
        "pydantic",
    ):  # the first run should not pay for them
        importlib.import_module(module)
    with fault_server() as server:
        yield server


@pytest.fixture
def fresh(service, tmp_path, monkeypatch):
    """The server, answering plainly, and a folder with a picture, where the cell runs."""
    service.reset()
    (tmp_path / "images").mkdir()
    Image.new("RGB", (60, 40), "white").save(tmp_path / "images" / "timetable.jpg")
    monkeypatch.chdir(tmp_path)
    return service


def settings(base: str) -> dict[str, str]:
    """The environment that a reader sets, for both SDKs."""
    return {
        "OPENAI_BASE_URL": base,
        "OPENAI_API_KEY": KEY,
        "OPENAI_MODEL": "m",
        "OPENAI_REASONING_MODEL": "m",
        "AZURE_INFERENCE_REASONING_MODEL": "m",
        "AZURE_INFERENCE_ENDPOINT": base,
        "AZURE_INFERENCE_CREDENTIAL": KEY,
        "AZURE_INFERENCE_MODEL": "m",
    }


class Terminal(io.StringIO):
    """A terminal at which somebody has typed."""

    def isatty(self) -> bool:
        return True


def run(
    number: str, sdk: str, base: str, monkeypatch, stdin: io.StringIO | None = None, **environment
) -> Done:
    """Run a cell in this process as a script. Waits are noted and cut short."""
    for name, value in (settings(base) | environment).items():
        monkeypatch.setenv(name, value)
    sleep, waits = time.sleep, []

    def short(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():  # the server waits in others
            waits.append(seconds)
        sleep(min(seconds, 0.005))

    monkeypatch.setattr(time, "sleep", short)
    monkeypatch.setattr(sys, "stdin", stdin or io.StringIO())
    out, err, status, names = io.StringIO(), io.StringIO(), 0, {"__name__": "__main__"}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            exec(compiled(cell(number, sdk), f"{number}_{sdk}.py", "exec"), names)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
        except Exception:
            status = 1
            traceback.print_exc()
        finally:
            monkeypatch.setattr(time, "sleep", sleep)
            if "client" in names:
                names["client"].close()
    return Done(out.getvalue(), err.getvalue(), status, waits, names)


def judge(case: Case, number: str, done: Done, sent: int, seconds: float) -> None:
    """Assert what a case promises."""
    shown = f"{done.out}\n---\n{done.err}"
    assert "Traceback" not in shown, shown
    assert KEY not in shown, "the key is shown"
    assert seconds < 6, f"{seconds:.1f} s"
    assert sum(done.waits) <= case.waits, done.waits
    says = case.says.get(number) if isinstance(case.says, dict) else case.says
    says = re.escape(says) if says and says.startswith("[") else says
    assert re.search(says or "", shown), f"{says!r} is not said in:\n{shown}"
    assert case.kept in done.out, shown
    assert not case.hidden or case.hidden not in shown, shown
    assert done.status == 0 or case.status != 0, shown
    assert done.status != 0 or case.status != 1, shown
    if done.status:
        assert len(done.err.strip().splitlines()) == 1, f"not one line:\n{done.err}"
    elif number != "06":
        assert not done.err, done.err
    assert case.sent is None or sent <= case.sent, f"{sent} requests"


ROWS = [(case, number, sdk) for case in CASES for number in case.numbers for sdk in SDKS]


@pytest.mark.parametrize("case, number, sdk", ROWS, ids=[f"{n}-{s}-{c.name}" for c, n, s in ROWS])
def test_fault(case, number, sdk, fresh, monkeypatch):
    """With the fault in the first request and, where there are more, in the last.

    A plain run is on each of the three addresses. The faults take turns: each program meets a third
    of them on each.
    """
    more = REQUESTS.get(number, 1) - 1
    bases = [base for base in PATHS if number != "11" or base != "/models"]  # no Responses there
    turn = (CASES.index(case) + SDKS.index(sdk)) % len(bases)
    for base in [bases[turn]] if case.faults else bases:
        for plain_first in {0, more} if case.last and case.faults else {0}:
            fresh.reset()
            fresh.text = SAID.get(number, "About 7,000.")
            fresh.faults, fresh.forever, fresh.refuses = case.faults, case.forever, case.refuses
            fresh.dialect, fresh.plain_first = case.dialect, plain_first
            start = time.perf_counter()
            done = run(
                number, sdk, fresh.address + base, monkeypatch, REQUEST_TIMEOUT=str(case.timeout)
            )
            judge(case, number, done, len(fresh.seen) - plain_first, time.perf_counter() - start)


class SignedIn:
    """A credential of Entra ID that needs no service."""

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(KEY, int(time.time()) + 3600)


FIRST = [case for case in CASES if case.numbers == tuple(NUMBERS) and case.status == 1]


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("case", [CASES[0], *FIRST], ids=lambda case: case.name)
def test_fault_of_a_first_call(case, sdk, fresh, monkeypatch):
    """The programs of 00 sign in with Entra ID, and do not try again."""
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", SignedIn)
    policies = "azure.core.pipeline.policies._authentication"
    monkeypatch.setattr(f"{policies}._enforce_https", lambda request: None)  # there is no TLS here
    for base in PATHS if case is CASES[0] else ["/openai/v1"]:
        fresh.reset()
        fresh.text = "About 7,000."
        fresh.faults, fresh.forever, fresh.refuses = case.faults, case.forever, case.refuses
        start = time.perf_counter()
        timeout = str(case.timeout)
        done = run("00", sdk, fresh.address + base, monkeypatch, REQUEST_TIMEOUT=timeout)
        judge(case, "00", done, len(fresh.seen), time.perf_counter() - start)


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("number", NUMBERS)
def test_as_a_real_script(number, sdk, fresh):
    """A file of its own, with nothing but what a reader sets; standard input is no terminal."""
    fresh.text = SAID.get(number, "About 7,000.")
    Path("desk.py").write_text(cell(number, sdk), "utf-8")
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP") if name in os.environ}
    command = [sys.executable, "-X", "utf8", "desk.py"]
    done = subprocess.run(
        command,
        env=kept | settings(fresh.address + "/openai/v1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert re.search(SHOWN_OR_TEXT[number], done.stdout), done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("number", NUMBERS)
def test_a_key_with_the_end_of_its_line_is_never_shown(number, sdk, fresh, monkeypatch):
    """As `echo` and some editors leave it."""
    broken = {"OPENAI_API_KEY": f"{KEY}\r\n", "AZURE_INFERENCE_CREDENTIAL": f"{KEY}\r\n"}
    done = run(number, sdk, fresh.address + "/v1", monkeypatch, **broken)
    assert KEY not in done.out + done.err and "Traceback" not in done.err


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("number", NUMBERS)
def test_nobody_listens(number, sdk, fresh, monkeypatch):
    done = run(number, sdk, "http://127.0.0.1:9/v1", monkeypatch)
    assert done.status == 1 and len(done.err.strip().splitlines()) == 1, done.err


def tool_results(server) -> list[dict]:
    """What the last request tells the model, one dict for each call."""
    messages = server.seen[-1][1]["messages"]
    return [json.loads(m["content"]) for m in messages if m["role"] == "tool"]


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize(
    "typed, booked", [("y\n", True), ("Y\n", True), ("n\n", False), ("\n", False)]
)
def test_a_booking_needs_a_yes(sdk, typed, booked, fresh, monkeypatch):
    done = run("05", sdk, fresh.address + "/models", monkeypatch, stdin=Terminal(typed))
    assert done.status == 0 and "11:15? [y/N]" in done.out
    assert tool_results(fresh) == [{"times": ["11:15"]}, {"booked": booked}]


@pytest.mark.parametrize("sdk", SDKS)
def test_a_look_up_asks_nobody(sdk, fresh, monkeypatch):
    fresh.faults = [calls(("departures", '{"line": "ferry Wega"}'))]
    done = run("05", sdk, fresh.address + "/models", monkeypatch, stdin=Terminal(""))
    assert "[y/N]" not in done.out
    assert tool_results(fresh)[0] == {"times": ["12:30", "17:45"]}


@pytest.mark.parametrize("sdk", SDKS)
def test_nobody_at_the_terminal_books_nothing(sdk, fresh, monkeypatch):
    done = run("05", sdk, fresh.address + "/models", monkeypatch, stdin=io.StringIO("y\n"))
    assert done.status == 0 and "[y/N]" not in done.out
    assert tool_results(fresh)[-1] == {"booked": False}


@pytest.mark.parametrize("sdk", SDKS)
def test_a_held_back_question_leaves_the_conversation_as_it_was(sdk, fresh, monkeypatch):
    fresh.faults, fresh.forever = [prompt_filter(None)], False
    run("01", sdk, fresh.address + "/models", monkeypatch)
    assert [message["role"] for message in fresh.seen[-1][1]["messages"]] == ["system", "user"]


@pytest.mark.parametrize("sdk", SDKS)
def test_a_conversation_grows(sdk, fresh, monkeypatch):
    run("01", sdk, fresh.address + "/models", monkeypatch)
    assert [m["role"] for m in fresh.seen[-1][1]["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


@pytest.mark.parametrize("sdk", SDKS)
def test_nothing_is_stored_and_every_item_goes_back(sdk, fresh, monkeypatch):
    call = {
        "id": "fc_1",
        "type": "function_call",
        "call_id": "call_1",
        "name": "departures",
        "arguments": '{"line": "ferry Wega"}',
        "status": "completed",
    }
    fresh.faults, fresh.forever = [responded("completed", THOUGHT, call)], False
    assert run("11", sdk, fresh.address + "/openai/v1", monkeypatch).status == 0
    first, last = (body for _, body in fresh.seen)
    assert first["store"] is last["store"] is False
    question, *returned, result = last["input"]
    assert [question] == first["input"] and returned == [THOUGHT, call]
    assert (result["type"], result["call_id"]) == ("function_call_output", "call_1")
    assert json.loads(result["output"])["times"] == ["12:30", "17:45"]


@pytest.mark.parametrize("sdk", SDKS)
def test_a_server_without_the_responses_api(sdk, fresh, monkeypatch):
    done = run("11", sdk, fresh.address + "/models", monkeypatch)
    assert done.status == 1 and "404" in done.err and len(done.err.strip().splitlines()) == 1


@pytest.fixture(params=SDKS)
def prepare(request, fresh, monkeypatch) -> Callable:
    """The function of 07 that makes a picture ready: for a picture or a path, the picture sent."""
    function = run("07", request.param, fresh.address + "/models", monkeypatch).names["prepare"]

    def sent(picture: Image.Image | str, **options) -> Image.Image:
        path = picture if isinstance(picture, str) else f"picture.{options.pop('ending', 'png')}"
        if not isinstance(picture, str):
            picture.save(path, **options)
        url = function(path)
        head, _, data = url.partition(",")
        assert re.fullmatch(r"data:image/(png|jpeg);base64", head)
        return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")

    return sent


def test_a_picture_is_turned_upright(prepare):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert prepare(Image.new("RGB", (60, 40)), ending="jpg", exif=exif).size == (40, 60)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "CMYK", "YCbCr"])
def test_every_mode_is_sent_as_it_looks(mode, prepare):
    """A ramp from black to white stays one."""
    ramp = Image.linear_gradient("L")
    if mode.startswith("I"):
        wide = Image.new(mode, ramp.size)
        wide.putdata([value * 257 for value in ramp.get_flattened_data()])
        ramp = wide
    else:
        ramp = ramp.convert(mode)
    sent = prepare(ramp, ending="jpg" if mode in ("CMYK", "YCbCr") else "png")
    near = [sent.getpixel((128, row))[0] for row in (0, 128, 255)]
    assert near[0] < 10 and near[2] > 245, near
    assert mode == "1" or abs(near[1] - 128) < 12, near


def test_what_is_clear_is_white(prepare):
    assert min(prepare(Image.new("RGBA", (20, 20), (0, 0, 0, 0))).getpixel((5, 5))) > 250


def test_a_large_picture_gets_smaller(prepare):
    assert max(prepare(Image.new("L", (5000, 3000))).size) <= 2048


@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(20000, 10000), (10000, 9000), (9000, 6000)])
def test_a_huge_picture_is_refused_by_name(size, prepare):
    with pytest.raises(ValueError, match=r"picture\.png: more than 50 million pixels"):
        prepare(Image.new("1", size))


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n"])
def test_a_bad_file_is_refused_by_name(content, prepare):
    Path("bad.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.png"):
        prepare("bad.png")


@pytest.mark.parametrize("mode", ["I", "F", "CMYK", "LAB"])
def test_a_kind_of_file_that_services_do_not_take_is_refused_by_name(mode, prepare):
    with pytest.raises(ValueError, match=r"picture\.tiff"):
        prepare(Image.new(mode, (20, 20)), ending="tiff")


def test_a_cut_picture_is_refused_by_name(prepare):
    Image.effect_noise((200, 200), 50).save("whole.jpg")
    Path("cut.jpg").write_bytes(Path("whole.jpg").read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"cut\.jpg"):
        prepare("cut.jpg")


def test_long_text_in_a_picture_is_no_accident(prepare):
    """Opened, or refused with the file's name."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "x" * 1_200_000, zip=True)
    with contextlib.suppress(ValueError):
        prepare(Image.new("L", (20, 20)), pnginfo=text)


@pytest.mark.parametrize("sdk", SDKS)
def test_a_picture_that_is_missing_is_named(sdk, fresh, monkeypatch):
    Path("images/timetable.jpg").unlink()
    done = run("07", sdk, fresh.address + "/models", monkeypatch)
    assert done.status == 1 and "timetable.jpg" in done.err and "Traceback" not in done.err


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("number", ("00", *NUMBERS))
def test_form(number, sdk):
    """What every cell to copy says and keeps to. Blank lines count."""
    source = cell(number, sdk) + "\n"
    lines = source.splitlines()
    assert lines[0].startswith("# pip install ") and lines[1].startswith("# Set ")
    assert len(lines) <= 70
    assert max(map(len, lines)) <= 88
    assert "REQUEST_TIMEOUT" in source and "helpers" not in source and "await" not in source


def test_style(tmp_path):
    for number in ("00", *NUMBERS):
        for sdk in SDKS:
            (tmp_path / f"of_{number}_{sdk}.py").write_text(cell(number, sdk) + "\n", "utf-8")
    command = [sys.executable, "-m", "ruff", "--quiet", "--isolated"]
    rules = ["check", "--select", "E,F,I,UP,B,SIM,RUF,PERF", "--line-length", "88", tmp_path]
    for arguments in (rules, ["format", "--diff", "--line-length", "88", tmp_path]):
        done = subprocess.run([*command, *arguments], capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stdout + done.stderr
