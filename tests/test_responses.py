"""The Responses API: replayed on every base path, and `show` reads its answers."""

import asyncio

import openai
import pytest
from fault_server import KEY, FaultServer, answer, error, fault_server
from openai._models import construct_type
from openai.types.responses import Response, ResponseStreamEvent

from helpers import show
from helpers.replay import NoRecording

BASES = ["/openai/v1", "/v1"]
every_base = pytest.mark.parametrize("base", BASES)
ASKED = {"model": "m", "input": "When does the Wega sail?"}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 16,
}
REASONING = {"id": "rs_1", "type": "reasoning", "summary": []}
CALL = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "next_sailing",
        "arguments": '{"ship": "Wega"}', "status": "completed"}  # fmt: skip


def message(text: str, status: str = "completed") -> dict:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": status,
            "content": [part]}  # fmt: skip


def response(*output: dict, status: str = "completed", **more) -> dict:
    return {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "error": None,
            "incomplete_details": None, "status": status, "output": list(output), "usage": USAGE,
            **more}  # fmt: skip


def recording(answer: dict, **request) -> dict:
    """A recording of one request to the Responses API, as it stands in a file."""
    sent = {"method": "POST", "path": "/openai/v1/responses", "body": {**ASKED, **request}}
    return {"name": "it", "origin": "constructed", "after": "a", "request": sent, "answer": answer}


def whole(body: dict) -> dict:
    return {"status": 200, "headers": {"content-type": "application/json"}, "body": body}


def delta(text: str, number: int) -> dict:
    return {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0,
            "content_index": 0, "delta": text, "logprobs": [],
            "sequence_number": number}  # fmt: skip


def events(*last: dict, cut: bool = False) -> dict:
    created = {"type": "response.created", "sequence_number": 0,
               "response": response(status="in_progress", usage=None)}  # fmt: skip
    sent = [created, delta("At ", 1), delta("nine.", 2), *last]
    answer = {"status": 200, "headers": {"content-type": "text/event-stream"}, "events": sent}
    return answer | ({"cut": True} if cut else {})


def end(kind: str, **more) -> dict:
    """The last event of a stream; the answer in it has the status that the event names."""
    body = response(message("At nine."), status=kind, **more)
    return {"type": f"response.{kind}", "sequence_number": 3, "response": body}


def client(base: str, kind: type = openai.OpenAI):
    return kind(base_url=f"https://replay.invalid{base}", api_key="k", max_retries=0)


@every_base
def test_a_whole_answer_is_replayed(course, base):
    course(recording(whole(response(REASONING, message("At nine.")))))
    answer = client(base).responses.create(**ASKED)
    assert answer.output_text == "At nine."
    assert [item.type for item in answer.output] == ["reasoning", "message"]
    assert answer.usage.output_tokens_details.reasoning_tokens == 4


@every_base
def test_a_whole_answer_is_replayed_to_an_asynchronous_client(course, base):
    course(recording(whole(response(message("At nine.")))))

    async def ask() -> str:
        async with client(base, openai.AsyncOpenAI) as asked:
            return (await asked.responses.create(**ASKED)).output_text

    assert asyncio.run(ask()) == "At nine."


@every_base
@pytest.mark.parametrize("kind", ["completed", "incomplete", "failed"])
def test_a_stream_is_replayed_to_its_last_event(course, base, kind):
    course(recording(events(end(kind)), stream=True))
    got = list(client(base).responses.create(**ASKED, stream=True))
    texts = [event.delta for event in got if event.type == "response.output_text.delta"]
    assert (texts, got[-1].type, got[-1].response.status) == (
        ["At ", "nine."], f"response.{kind}", kind)  # fmt: skip


@every_base
def test_a_stream_is_replayed_to_an_asynchronous_client(course, base):
    course(recording(events(end("completed")), stream=True))

    async def ask() -> list[str]:
        async with client(base, openai.AsyncOpenAI) as asked:
            stream = await asked.responses.create(**ASKED, stream=True)
            return [event.type async for event in stream]

    assert asyncio.run(ask())[-1] == "response.completed"


def test_a_stream_that_ends_early_raises_nothing_and_lacks_its_last_event(course):
    course(recording(events(), stream=True))
    got = list(client("/v1").responses.create(**ASKED, stream=True))
    assert got[-1].type == "response.output_text.delta"


def test_a_connection_that_breaks_off_raises_after_its_pieces(course):
    course(recording(events(cut=True), stream=True))
    got = []
    with pytest.raises(openai.APIConnectionError):
        for event in client("/v1").responses.create(**ASKED, stream=True):
            got.append(event.type)
    assert got[1:] == ["response.output_text.delta"] * 2


@pytest.mark.parametrize("change", [
    {"input": "When does the Anna sail?"}, {"previous_response_id": "resp_0"}, {"store": False},
    {"instructions": "Be brief."}, {"max_output_tokens": 16},
    {"include": ["reasoning.encrypted_content"]},
])  # fmt: skip
def test_a_request_that_means_something_else_gets_no_answer(course, change):
    session = course(recording(whole(response(message("At nine.")))))
    with pytest.raises(NoRecording):
        client("/v1").responses.create(**{**ASKED, **change})
    assert not session.played.get("it")


INCOMPLETE = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
FAILED = {"status": "failed", "error": {"code": "server_error", "message": "It broke."}}
COUNTED = "9 input + 7 output (4 reasoning) = 16 tokens"


@pytest.mark.parametrize("form", [dict, lambda data: Response.construct(**data)])
@pytest.mark.parametrize(("given", "lines"), [
    (response(REASONING, message("At nine.")), ["At nine.", f"[completed · {COUNTED}]"]),
    (response(message("At n"), **INCOMPLETE), ["At n", f"[max_output_tokens · {COUNTED}]"]),
    (response(REASONING, **INCOMPLETE),
     ["(The message has no text, only thinking.)", f"[max_output_tokens · {COUNTED}]"]),
    (response(REASONING, CALL),
     ['(The model calls next_sailing with {"ship": "Wega"}.)', f"[completed · {COUNTED}]"]),
    (response(**FAILED), ["(The message has no text.)", f"[failed · {COUNTED}]",
                          "(It failed: server_error: It broke.)"]),
])  # fmt: skip
def test_show_reads_an_answer(form, given, lines, capsys):
    show(form(given))
    assert capsys.readouterr().out.splitlines() == lines


def typed(data: dict):
    """The event as the `openai` package hands it out."""
    return construct_type(value=data, type_=ResponseStreamEvent)


@pytest.mark.parametrize("form", [dict, typed])
@pytest.mark.parametrize(("event", "lines"), [
    (delta("At nine", 1), ["At nine"]),
    (delta("", 1), ["(An empty string.)"]),
    (end("completed"), ["At nine.", f"[completed · {COUNTED}]"]),
    (end("incomplete", incomplete_details={"reason": "content_filter"}),
     ["At nine.", f"[content_filter · {COUNTED}]"]),
    ({"type": "response.failed", "sequence_number": 3, "response": response(**FAILED)},
     ["(The message has no text.)", f"[failed · {COUNTED}]",
      "(It failed: server_error: It broke.)"]),
    ({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0,
      "item": REASONING},
     ["(The event response.output_item.added. It holds no finished answer.)"]),
    ({"type": "error", "sequence_number": 1, "code": "x", "message": "Too many.", "param": None},
     ["(The stream ends with an error: Too many.)"]),
    ({"type": "error", "sequence_number": 1},
     ["(The stream ends with an error: it does not say which)"]),
])  # fmt: skip
def test_show_reads_an_event(form, event, lines, capsys):
    show(form(event))
    assert capsys.readouterr().out.splitlines() == lines


# --- The service on this computer that sends faults -----------------------------------------------

TOOL = {"type": "function", "name": "next_sailing", "strict": True,
        "parameters": {"type": "object", "properties": {"line": {"type": "string"}}}}  # fmt: skip


@pytest.fixture
def server():
    with fault_server() as running:
        yield running


def asker(server: FaultServer, base: str = "/openai/v1") -> openai.OpenAI:
    return openai.OpenAI(base_url=server.address + base, api_key=KEY, max_retries=0)


@every_base
def test_the_fault_server_answers_and_streams(server, base):
    server.text = "At nine."
    new = asker(server, base)
    assert new.responses.create(**ASKED).output_text == "At nine."
    got = list(new.responses.create(**ASKED, stream=True))
    assert [e.delta for e in got if e.type == "response.output_text.delta"] == ["At", " nine."]
    assert got[-1].type == "response.completed"
    assert got[-1].response.output_text == "At nine."


@pytest.mark.parametrize(("reason", "why"), [
    ("length", "max_output_tokens"), ("content_filter", "content_filter")])  # fmt: skip
def test_the_fault_server_cuts_an_answer(server, reason, why):
    server.faults = [answer("At n", reason)]
    cut = asker(server).responses.create(**ASKED)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", why)
    last = list(asker(server).responses.create(**ASKED, stream=True))[-1]
    assert (last.type, last.response.status) == ("response.incomplete", "incomplete")


@pytest.mark.parametrize("kept", [True, False])
def test_the_fault_server_takes_the_result_of_a_tool(server, kept):
    new = asker(server)
    first = new.responses.create(**ASKED, tools=[TOOL], store=kept)
    call = first.output[0]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "09:00"}
    if kept:
        more = {"input": [result], "previous_response_id": first.id}
    else:
        more = {"input": [{"role": "user", "content": ASKED["input"]}, *first.output, result]}
    second = new.responses.create(model="m", tools=[TOOL], store=kept, **more)
    assert second.output_text == server.text


def test_the_fault_server_knows_no_answer_that_was_not_stored(server):
    first = asker(server).responses.create(**ASKED, store=False)
    with pytest.raises(openai.BadRequestError) as raised:
        asker(server).responses.create(**ASKED, previous_response_id=first.id)
    assert raised.value.code == "previous_response_not_found"


def test_the_fault_server_refuses_a_call_without_its_result(server):
    first = asker(server).responses.create(**ASKED, tools=[TOOL])
    with pytest.raises(openai.BadRequestError, match="did not have response"):
        asker(server).responses.create(**ASKED, previous_response_id=first.id)


def test_errors_have_the_classes_of_chat_completions(server):
    server.faults = [error(429, "429"), error(500), error(400, "content_filter")]
    for kind in (openai.RateLimitError, openai.InternalServerError, openai.BadRequestError):
        with pytest.raises(kind):
            asker(server).responses.create(**ASKED)


def test_a_server_without_the_responses_api_says_404(server):
    with pytest.raises(openai.NotFoundError):
        asker(server, "/models").responses.create(**ASKED)
