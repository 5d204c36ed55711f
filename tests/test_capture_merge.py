"""Which captured answers take a recording's place, and what else stays as it was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from capture.answers import DONE, Unreadable, kept_parts, to_answer
from capture.candidates import CAPTURED, Candidate, candidates_of
from capture.conversations import conversations, same_outline
from capture.exchanges import Exchange
from capture.execution import ReplayRun
from capture.fits import check_keys, mismatch
from capture.head import honest_head
from capture.merge import NOT_ASKED, merge
from capture.readable import can_be_read_again
from capture.scrub import Scrubber
from capture.strict import refusals
from hypothesis import given, settings, strategies as st
from test_capture_scrub import target

from helpers.replay import Answer, CourseError, HttpRequest, Recording, Request, dump, load
from notebooks import NOTEBOOKS

JSON, SSE = {"content-type": "application/json"}, {"content-type": "text/event-stream"}
PATH = "/models/chat/completions"
FILES = sorted((NOTEBOOKS / "recordings").glob("*.yaml"))


def said(text: object, reason: str = "stop", **message: object) -> Answer:
    whole = {"role": "assistant", "content": text, **message}
    return Answer(200, JSON, {"choices": [{"index": 0, "finish_reason": reason, "message": whole}]})


def called(*arguments: str, reason: str = "tool_calls") -> Answer:
    calls = [
        {"id": f"call_{number}", "type": "function", "function": {"name": "f", "arguments": text}}
        for number, text in enumerate(arguments)
    ]
    return said(None, reason, tool_calls=calls)


def streamed(*pieces: str, reason: str | None = "stop", ends: bool = True) -> Answer:
    first = {"role": "assistant", "content": None}  # as llama.cpp begins
    deltas = [first, *({"content": piece} for piece in pieces)]
    chunks = [{"choices": [{"index": 0, "delta": d, "finish_reason": None}]} for d in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    return Answer(200, SSE, events=[*chunks, DONE] if ends else chunks)


def thinking(place: str, tokens: int = 0) -> Answer:
    """An answer with thinking in that place, of so many tokens that are counted."""
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]
    answer = {
        "in tags": said("<think>Hm.</think>\na"),
        "in parts": said([*parts, {"type": "text", "text": "a"}]),
        "beside the text": said("a", reasoning_content="Hm."),
        "nowhere": said("a"),
    }[place]
    details = {"completion_tokens_details": {"reasoning_tokens": tokens}}
    return replace(answer, body={**answer.body, "usage": details}) if tokens else answer


def refused(status: int, code: object) -> Answer:
    return Answer(status, JSON, {"error": {"code": code, "message": "no"}})


def recording(name: str, answer: Answer, *messages: object, **body: object) -> Recording:
    sent = {"messages": list(messages) or [user(name)], "model": "m", **body}
    return Recording(name, "constructed", "nothing", Request("POST", PATH, sent), (answer,))


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def candidate(answer: Answer, request: Request, cell: int = 0, failure: str = "") -> Candidate:
    captured = Recording("(new)", CAPTURED, "m on a local server", request, (answer,))
    return Candidate(request, cell, captured, "", failure)


WANTS_JSON = {"response_format": {"type": "json_object"}}


@pytest.mark.parametrize(
    ("old", "new", "body", "reason"),
    [
        (said("a"), said("b"), {}, ""),
        (said("a"), said("b", "length"), {}, ""),
        (said("a", "length"), said("b"), {}, ""),
        (said("a"), said("b", "length"), {"max_tokens": 9}, ""),
        (said("a", "length"), said("b"), {"max_tokens": 9}, "finish reason stop, not length"),
        (said("a"), said("b", "length"), {"stop": ["x"]}, "finish reason length, not stop"),
        (said("a"), said("b", "content_filter"), {}, "finish reason content_filter, not stop"),
        (said("a"), said(""), {}, "no text"),
        (said("a"), said(None), {}, "no text"),
        (said("a"), said([{"type": "text", "text": "b"}]), {}, ""),
        (said("a"), streamed("b"), {}, "a stream"),
        (streamed("a"), said("b"), {}, "no stream"),
        (streamed("a"), streamed("b", "c", reason="length"), {}, ""),
        (streamed("a"), streamed("b", ends=False), {}, "ends without [DONE]"),
        (said("a"), called("{}"), {}, "a tool call"),
        (called("{}"), said("b"), {}, "no tool call"),
        (called("{}", "{}"), called("{}"), {}, "fewer tool calls"),
        (called("{}"), called('{"a": 1}'), {}, ""),
        (called("{}"), called('{"a": '), {}, "arguments that are no JSON"),
        (called('{"a": '), called("{}"), {}, "arguments that are JSON"),
        (called("{}", reason="stop"), called("{}"), {}, "finish reason tool_calls, not stop"),
        (said("{}"), said('{"a": 1}'), WANTS_JSON, ""),
        (said("{}"), said('{"a": ', "length"), WANTS_JSON, "text that is no JSON"),
        (said("no JSON"), said("{}"), WANTS_JSON, "text that is JSON"),
        (refused(400, "content_filter"), said("b"), {}, "answered with status 200, not 400"),
        (said("a"), refused(500, 500), {}, "refused with status 500, not 200"),
        (refused(401, "401"), refused(401, 401), {}, ""),
        (refused(400, "content_filter"), refused(400, 400), {}, "error code 400"),
        (replace(streamed("a", ends=False), cut=True), streamed("b"), {}, "breaks off"),
        (streamed("a", ends=False), streamed("b", ends=False), {}, ""),
        (streamed("a", ends=False), streamed("b"), {}, "a stream that ends with [DONE]"),
        (streamed("a", reason=None), streamed("b"), {}, "finish reason stop, not (none)"),
        (streamed("a"), streamed("b", reason=None), {}, "finish reason (none), not stop"),
        (streamed("<thi", "nk>a</think>b"), streamed("b"), {}, "no thinking in tags"),
        (streamed("<thi", "nk>a</think>b"), streamed("<think>", "c</think>"), {}, ""),
        (thinking("in parts"), thinking("in parts"), {}, ""),
        (thinking("in tags"), thinking("beside the text"), {}, "no thinking in tags"),
        (thinking("in parts"), said("b"), {}, "no thinking in parts"),
        (thinking("beside the text"), said("b"), {}, "no thinking beside the text"),
        (said("a"), thinking("beside the text"), {}, ""),
        (thinking("nowhere", 7), thinking("nowhere", 9), {}, ""),
        (thinking("nowhere", 7), said("b"), {}, "no count of thinking tokens"),
        (said("a"), thinking("nowhere", 7), {}, ""),
    ],
)
def test_an_answer_fits_if_the_lesson_does_not_depend_on_the_difference(old, new, body, reason):
    found = mismatch(recording("one", old, **body), new)
    assert reason in found and bool(found) == bool(reason)


def test_a_recording_says_what_else_its_lesson_depends_on(tmp_path):
    one = recording("one", said("a"))
    cut_short = said("b", "length")
    assert not mismatch(replace(one, capture="same reason"), said("b"))
    assert "length, not stop" in mismatch(replace(one, capture="same reason"), cut_short)
    assert mismatch(replace(one, capture="never"), said("b")) == "stays as it is (capture: never)"
    with pytest.raises(CourseError, match=r"capture: nver\. Known: same reason or never"):
        check_keys([replace(one, capture="nver")])
    assert can_be_read_again(replace(one, capture="never"))
    merged = merge([replace(one, capture="same reason")], [candidate(said("b"), one.request)], {})
    assert (merged.recordings[0].origin, merged.recordings[0].capture) == (
        "captured",
        "same reason",
    )


def test_several_tries_stay():
    one = replace(recording("one", refused(429, "429")), answers=(refused(429, "429"), said("a")))
    assert mismatch(one, said("b")) == "shows several tries of one call"


def test_an_exact_request_keeps_its_spelling_and_all_others_stay():
    old = [recording("one", said("a"), temperature=1.0), recording("two", said("b"))]
    sent = replace(old[0].request, body={**old[0].request.body, "temperature": 1})
    merged = merge(old, [candidate(said("c"), sent, cell=7)], {})
    assert merged.recordings[1] is old[1] and merged.recordings[0].request is old[0].request
    assert merged.cells == {"one": {7}} and merged.reasons == {"two": NOT_ASKED}


def test_a_cell_that_failed_costs_its_own_recordings():
    old = [recording("one", said("a")), recording("two", said("b"))]
    failed = candidate(said("c"), old[0].request, failure="KeyError: 'x'")
    merged = merge(old, [failed, candidate(said("d"), old[1].request)], {})
    assert list(merged.cells) == ["two"]
    assert merged.reasons == {"one": "its cell failed live: KeyError: 'x'"}


def rounds(name: str, first: Answer, *later: Answer) -> list[Recording]:
    """A conversation: each round holds what was said before it."""
    messages: list[object] = [user(name)]
    found = [recording(f"{name} 1", first, *messages)]
    for number, answer in enumerate(later, 2):
        message = found[-1].answers[0].body["choices"][0]["message"]
        messages.append(message)
        calls = message.get("tool_calls", ())
        results = [{"role": "tool", "content": "1", "tool_call_id": c["id"]} for c in calls]
        messages += results or [user("and?")]
        found.append(recording(f"{name} {number}", answer, *messages))
    return found


def test_a_conversation_is_captured_in_all_rounds_or_in_none():
    old = [*rounds("ship", called("{}"), said("a")), recording("other", said("b"))]
    live = rounds("ship", called('{"x": 1}'), said("c"))
    asked = [candidate(one.answers[0], one.request) for one in live]
    merged = merge(old, asked, {})
    assert set(merged.cells) == {"ship 1", "ship 2"}
    assert merged.recordings[1].request == live[1].request
    merged = merge(old, asked[:1], {})
    assert not merged.cells and merged.recordings == old
    assert merged.reasons["ship 1"] == 'another round of its conversation stays, "ship 2"'


def test_a_history_that_is_written_by_hand_is_no_round_of_another_conversation():
    by_hand = [user("ship"), {"role": "assistant", "content": "made up"}, user("and?")]
    old = [*rounds("ship", said("a")), recording("by hand", said("b"), *by_hand)]
    assert conversations(old) == []
    assert conversations(rounds("ship", said("a"), said("b"), said("c"))) == [{0, 1, 2}]


def test_responses_that_name_the_one_before_are_one_conversation():
    first = Recording(
        "one", "x", "y", Request("POST", "/openai/v1/responses", {"input": "a"}), (said("a"),)
    )
    answer = Answer(200, JSON, {"object": "response", "id": "resp_1", "output": []})
    event = {"type": "response.completed", "response": {"id": "resp_2"}}
    second = {"input": "b", "previous_response_id": "resp_1"}
    third = {"input": "c", "previous_response_id": "resp_2"}
    found = [
        replace(first, answers=(answer,)),
        replace(
            first,
            request=replace(first.request, body=second),
            answers=(Answer(200, SSE, events=[event]),),
        ),
        replace(first, request=replace(first.request, body=third)),
        replace(first, request=replace(first.request, body={"input": "other"})),
    ]
    assert conversations(found) == [{0, 1, 2}]


def test_a_conversation_of_responses_goes_on_with_or_without_thinking():
    parts = [{"type": "output_text", "text": "At noon."}]
    spoken = {"type": "message", "role": "assistant", "content": parts}
    thought = {"type": "reasoning", "id": "rs_1", "summary": []}
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "1"}

    def of(sent: object, *output: dict) -> Recording:
        request = Request("POST", "/openai/v1/responses", {"input": sent})
        return Recording("x", "x", "y", request, (Answer(200, JSON, {"output": list(output)}),))

    with_thinking = of([user("a"), thought, spoken, user("b")])
    without = of([user("a"), spoken, user("b")])
    called_back = of([user("a"), thought, call, result])
    first = of("a", thought, spoken)
    assert conversations([first, with_thinking]) == [{0, 1}]
    assert conversations([first, without]) == [{0, 1}]
    assert conversations([of("a", thought, call), called_back]) == [{0, 1}]
    assert conversations([of("other", thought, spoken), without]) == []
    assert same_outline(with_thinking.request, without.request)
    assert not same_outline(with_thinking.request, called_back.request)


def test_what_two_libraries_say_in_two_ways_is_kept_twice():
    old = rounds("ship", said("a"), said("b"))
    live = rounds("ship", said("c"), said("d"))
    spelled = json.loads(json.dumps(live[1].request.body))
    spelled["messages"][1]["refusal"] = None
    second = replace(live[1].request, body=spelled)
    asked = [candidate(one.answers[0], one.request) for one in live]
    asked += [candidate(said("d"), second), candidate(said("d"), second)]
    merged = merge(old, asked, {})
    assert [one.name for one in merged.recordings] == ["ship 1", "ship 2", "ship 2, again"]
    assert len(merge(old, asked, {"ship 2, again": "unused"}).recordings) == 2


def test_llama_cpps_own_keys_and_nulls_are_kept_or_dropped_by_rule():
    body = {"choices": [], "timings": {"x": 1}, "__verbose": {}, "created": 1736389063, "id": "x1"}
    answer = kept_parts(to_answer(200, JSON, json.dumps(body).encode()))
    assert answer.body == {"choices": [], "created": 1736380800, "id": "captured"}
    text = "".join(
        f"data: {json.dumps({'id': 'x', 'timings': {}, **event})}\r\n\r\n"
        for event in streamed("\u0085a\u2028").events[:-1]
    )
    raw = f": comment\n\n{text}event: done\ndata:[DONE]\n\n".encode()
    stream = kept_parts(to_answer(200, SSE, raw))
    assert stream.each == {"id": "captured"} and stream.events[-1] == DONE
    assert stream.events[0] == {
        "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None}
        ]
    }
    assert stream.events[1]["choices"][0]["delta"]["content"] == "\u0085a\u2028"
    with pytest.raises(Unreadable, match="not UTF-8"):
        to_answer(200, JSON, b'"\xff"')


def test_a_header_that_no_library_can_send_is_left_out():
    assert to_answer(400, {**JSON, "x-ms-error-code": "größe"}, b"{}").headers == JSON


def test_an_answer_that_no_file_gives_back_is_left_out_and_said():
    url = f"http://127.0.0.1:1{PATH}"
    exchanges = [
        Exchange(HttpRequest("POST", url, {}, json.dumps({"a": text}).encode()), said(text), "", 0)
        for text in ("\ud83c", "fine \u0085 \u2028 \x07 \U0001f31e")
    ]
    lone, fine = candidates_of(exchanges, {}, Scrubber((), ()), target())
    assert lone.recording is None and lone.problem == "could not be read again from a file"
    assert fine.recording is not None
    old = [Recording("one", "constructed", "x", lone.request, (said("a"),))]
    assert merge(old, [lone], {}).reasons == {"one": lone.problem}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_in_which_nothing_is_captured_stays_byte_for_byte(path: Path):
    file = load(path)
    text = path.read_bytes().decode()
    assert dump(file) == text
    merged = merge(file.recordings, [], {})
    assert dump(replace(file, recordings=merged.recordings)) == text
    assert honest_head(file.head, merged.recordings) == file.head


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_changes_only_where_it_was_captured(path: Path):
    file = load(path)
    texts = [dump(replace(file, recordings=[one], head="")) for one in file.recordings]
    for at, old in enumerate(file.recordings):
        found = merge(file.recordings, [candidate(old.answers[0], old.request)], {})
        if found.cells:
            changed = [dump(replace(file, recordings=[one], head="")) for one in found.recordings]
            differ = [number for number, text in enumerate(texts) if changed[number] != text]
            assert differ == [at]
            break
    else:
        pytest.fail("none of its recordings can be captured")


def test_the_head_claims_nothing_that_is_not_so():
    head = (
        "# x: what.\n# None of these answers was captured from a service: each is constructed.\n\n"
    )
    changed = honest_head(head, [replace(recording("one", said("a")), origin="captured")])
    assert "None of" not in changed and "captured" in changed and changed.startswith("# x: what.\n")
    assert changed.endswith("\n\n")


def test_what_does_not_survive_a_strict_replay_goes_back():
    old = [recording(name, said("a")) for name in ("one", "two", "three")]
    asked = [candidate(said("b"), old[at].request, cell=10 + at) for at in (0, 1)]
    merged = merge(old, asked, {})
    before = ReplayRun("text", dict.fromkeys(("one", "two", "three"), 1))
    failed = ReplayRun(failed_cell=15, failure="KeyError: 'x'")
    reason = "its cell failed in replay: KeyError: 'x'"
    assert refusals(old, merged, failed, lambda: before) == {"two": reason}  # the nearest above
    first = ReplayRun(failed_cell=3, failure="KeyError: 'x'")
    assert set(refusals(old, merged, first, lambda: before)) == {"one", "two"}
    with pytest.raises(CourseError, match="does not replay even as it was"):
        refusals(old, merged, first, lambda: first)
    unused = ReplayRun("text", {"one": 1, "two": 1})
    assert set(refusals(old, merged, unused, lambda: before)) == {"one", "two"}
    assert refusals(old, merged, unused, lambda: unused) == {}  # it was unused before
    assert refusals(old, merged, before, lambda: before) == {}


KEYS = ["choices", "index", "message", "delta", "content", "tool_calls", "function", "arguments"]
KEYS += [
    "finish_reason",
    "logprobs",
    "token",
    "id",
    "type",
    "status",
    "output",
    "response",
    "error",
]
KEYS += ["code", "text", "created", "model", "call_id", "role"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
)


def grown(inner: st.SearchStrategy) -> st.SearchStrategy:
    objects = st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    return st.lists(inner, max_size=3) | objects


@settings(max_examples=60, deadline=None)
@given(body=st.recursive(LEAVES, grown, max_leaves=20), events=st.booleans())
def test_whatever_a_server_sends_is_captured_or_left_out_and_never_an_error(body, events):
    raw = json.dumps(body)
    raw = f"data: {raw}\n\ndata: [DONE]\n\n" if events else raw
    try:
        answer = to_answer(200, SSE if events else JSON, raw.encode())
    except Unreadable:
        assert events and not isinstance(body, dict)
        return
    request = HttpRequest("POST", f"http://127.0.0.1:1{PATH}", {}, json.dumps({"a": body}).encode())
    scrub = Scrubber((), ())
    (found,) = candidates_of([Exchange(request, answer)], {}, scrub, target())
    old = [Recording("one", "constructed", "x", found.request, (said("a"),))]
    merged = merge([*old, *rounds("ship", said("a"), said("b"))], [found], {})
    assert "one" in merged.cells or merged.reasons["one"]
