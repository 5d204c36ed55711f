"""Each recording has the documented form, or a reason why not.

The judges are in conformance.py. `REASONS` has what deviates and why; each row has a recording that
needs it, so a row that is no longer needed must go.
"""

import copy
import dataclasses
import re
from pathlib import Path

import pytest
from conformance import deviations

from helpers.replay import Recording, load

FILES = sorted((Path(__file__).parents[1] / "notebooks" / "recordings").glob("*.yaml"))
RECORDINGS = [(path.stem[:2], r) for path in FILES for r in load(path).recordings]
ANY = ".*"

# (deviation, recordings as "notebook name", why it is right all the same)
REASONS = (
    # What services send, and the packages' models do not know.
    (
        "azure: choices.(delta.role|finish_reason): (missing|null)",
        ANY,
        "only the first event has a role and only the last a reason, in every captured stream",
    ),
    (
        "azure: choices.delta.tool_calls.(id|function.name): (missing|null)",
        ANY,
        "only the first event of a call has its id and name, in every captured stream",
    ),
    (
        "azure: choices.message.content: null",
        ANY,
        "null beside tool calls and refusals, in every captured answer",
    ),
    (
        "openai: object: literal_error",
        "(02|05|06|08|09|10) .*",
        "Azure OpenAI sends the filter's findings on the prompt in an event whose object is empty",
    ),
    (
        "openai: choices\\[\\].message.tool_calls\\[\\].function.call_id: unknown",
        "(05|08|09) .*",
        "captured of Mistral models; sent back, it is the 422 that 05 teaches",
    ),
    (
        "openai: choices\\[\\].delta.tool_calls\\[\\].index: missing",
        "05 there and back, streamed whole",
        "captured of Mistral models: a call comes whole, without an index",
    ),
    (
        "openai: (response.)?usage.input_tokens_details.cache_write_tokens: missing",
        "11 .*",
        "newer than the captured answers of Azure",
    ),
    (
        "openai: response.store: unknown",
        "11 .*",
        "so in captured streams of OpenAI",
    ),
    (
        "openai: choices\\[\\].(message|delta).reasoning_content: unknown",
        "10 .*",
        "where DeepSeek's own service, vLLM and llama.cpp put the thinking",
    ),
    (
        "openai: choices\\[\\].(message|delta).content: string_type",
        "10 .* ?parts",
        "Mistral's reasoning models send a list of parts",
    ),
    # What the asynchronous filter does, as Microsoft documents it.
    (
        "(openai: choices\\[\\]|azure: choices).delta: missing",
        "(06 .* blocked late|08 exercise 2, no delta)",
        "the filter's own events have no delta",
    ),
    (
        "sense: the events of a stream have different ids",
        "(06 .* blocked late|08 exercise 2, no delta)",
        "the filter's own events have an empty id",
    ),
    # What a request does wrong on purpose.
    ("request: logprob is not documented", "04 strict model", "the misspelling is the lesson"),
    ("request: safe_prompt is not documented", "(08|09) .*", "an extra parameter of Mistral's"),
    # What an answer does wrong on purpose.
    (
        "sense: a stream without its end|sense: no finish reason",
        "02 lighthouse, broken off|02 exercise 2, broken|09 errors-network",
        "the connection breaks off",
    ),
    (
        "sense: no finish reason",
        "02 (tide|exercise 2), no reason",
        "the stream ends without a reason, which a reader must notice",
    ),
    (
        "error: the body is no JSON object",
        "01 exercise 2, page of HTML|08 exercise 2, a page",
        "what a proxy on the way sends",
    ),
    (
        "sense: log probabilities asked: True, there: False",
        "04 exercise 2, no log probabilities",
        "a server that ignores the parameter",
    ),
    (
        "sense: the text is not as json_schema asks",
        "03 booking refused",
        "a refusal has no text",
    ),
    (
        "sense: (60|400) tokens for a text of (28|37) characters",
        "08 exercise 1, cut off|10 exercise 1, thinking cut off",
        "a few words stand for all that came before the limit",
    ),
    (
        "sense: cut off without a limit",
        "10 exercise 2, never done",
        "thinking that fills the context; a few words stand for it",
    ),
)


def reasons_for(name: str, deviation: str) -> list[int]:
    return [
        n
        for n, (what, where, _) in enumerate(REASONS)
        if re.fullmatch(what, deviation) and re.fullmatch(where, name)
    ]


def test_each_recording_has_the_documented_form_or_a_reason():
    unexplained, used = [], set()
    for notebook, recording in RECORDINGS:
        name = f"{notebook} {recording.name}"
        for deviation in sorted(deviations(recording)):
            found = reasons_for(name, deviation)
            used |= set(found)
            if not found:
                unexplained.append(f"{name}: {deviation}")
    assert unexplained == []
    assert [REASONS[n][:2] for n in range(len(REASONS)) if n not in used] == []


def the(notebook: str, name: str) -> Recording:
    return next(r for n, r in RECORDINGS if (n, r.name) == (notebook, name))


def change(recording: Recording, **body) -> Recording:
    """The recording with another body of its answer."""
    answer = dataclasses.replace(recording.answers[0], body={**recording.answers[0].body, **body})
    return dataclasses.replace(recording, answers=[answer])


GOOD = the("01", "languages")


@pytest.mark.parametrize(
    ("body", "deviation"),
    [
        ({"created": "yesterday"}, "openai: created: int_type"),
        ({"id": None}, "azure: id: null"),
        ({"colour": "red"}, "openai: colour: unknown"),
        ({"usage": None}, "sense: no usage"),
    ],
)
def test_a_key_that_is_wrong_is_seen(body, deviation):
    assert deviations(GOOD) == set()
    assert deviation in deviations(change(GOOD, **body))


@pytest.mark.parametrize(
    ("choice", "deviation"),
    [
        ({"finish_reason": None}, "sense: no finish reason"),
        ({"finish_reason": "length"}, "sense: cut off without a limit"),
        ({"finish_reason": "tool_calls"}, "sense: 0 calls, and the finish reason is tool_calls"),
        ({"message": {"role": "assistant"}}, "azure: choices.message.content: missing"),
        (
            {"message": {"role": "assistant", "content": "word " * 500}},
            "sense: {tokens} tokens for a text of 2500 characters",
        ),
    ],
)
def test_a_choice_that_is_wrong_is_seen(choice, deviation):
    body = copy.deepcopy(GOOD.answers[0].body)
    body["choices"][0] |= choice
    tokens = body["usage"]["completion_tokens"]
    assert deviation.format(tokens=tokens) in deviations(change(GOOD, **body))


def test_counts_that_do_not_add_up_are_seen():
    usage = {"prompt_tokens": 1, "completion_tokens": 40, "total_tokens": 42}
    assert "sense: the total is not the sum" in deviations(change(GOOD, usage=usage))
    short = dataclasses.replace(GOOD.request, body={**GOOD.request.body, "max_tokens": 5})
    few = dataclasses.replace(GOOD, request=short)
    assert "sense: more tokens than the limit" in deviations(few)


def test_a_request_that_is_wrong_is_seen():
    asked = {**GOOD.request.body, "colour": "red"}
    asked["messages"] = [{"role": "tool", "content": "{}", "tool_call_id": "x"}]
    request = dataclasses.replace(GOOD.request, body=asked)
    found = deviations(dataclasses.replace(GOOD, request=request))
    assert {
        "request: colour is not documented",
        "request: a tool message answers no call",
    } <= found
