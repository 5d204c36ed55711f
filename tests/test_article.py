"""notebooks/the_article_corrected.md, row by row.

The article's way fails as the page says, the course's way works.
"""

import importlib
import json
import re
from importlib.metadata import requires, version

import pytest
from azure.ai.inference import models
from azure.ai.inference.models import ImageContentItem, ImageUrl, UserMessage
from azure.core.exceptions import HttpResponseError
from conftest import item, plain

from helpers.replay import Answer, Recording, load
from notebooks import NOTEBOOKS, read

PAGE = (NOTEBOOKS / "the_article_corrected.md").read_text("utf-8")
WORDS_ONLY = {"P4", "R1", "P19", "R3", "R4"}
ASK = [UserMessage("ask")]
BODY = [{"role": "user", "content": "ask"}]
FLIGHT = '{"origin_city": "Seattle", "destination_city": "Coeur d\'Alene"}'


def sources(name: str) -> str:
    return "\n".join(
        cell.source for cell in read(NOTEBOOKS / f"{name}.ipynb").cells if cell.cell_type == "code"
    )


def test_every_row_has_its_test():
    rows = re.findall(r"^\| ([PR]\d+) \|", PAGE, re.M)
    tests = {name.split("_")[1].upper() for name in globals() if re.match(r"test_[pr]\d+_", name)}
    assert set(rows) == tests | WORDS_ONLY and len(rows) == len(set(rows))
    assert version("azure-ai-inference") == "1.0.0b9"


def test_p1_the_default_scope(course):
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AccessToken

    asked = []

    class Credential:
        def get_token(self, *scopes, **kwargs):
            asked.extend(scopes)
            return AccessToken("t", 2**40)

    course(item("ask", BODY, plain("x")))
    wanted = ["https://cognitiveservices.azure.com/.default"]
    for scopes in ({}, {"credential_scopes": wanted}):
        ChatCompletionsClient(
            "https://replay.invalid/models", Credential(), model="m", **scopes
        ).complete(messages=ASK)
    assert asked == ["https://ml.azure.com/.default", *wanted]


def test_p2_azure_identity_does_not_come_along():
    assert not [
        text for text in requires("azure-ai-inference") if text.startswith("azure-identity")
    ]


def chunk(*choices, **more) -> dict:
    return {"id": "x", "model": "m", "choices": list(choices), **more}


def test_p3_none_at_the_end_of_a_stream(course, client):
    text, end = (
        {"index": 0, "delta": d, "finish_reason": r}
        for d, r in (({"content": "a"}, None), ({}, "stop"))
    )
    counts = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    events = [chunk(text), chunk(end), chunk(usage=counts), "[DONE]"]
    course(item("ask", BODY, {"status": 200, "headers": {}, "events": events}, stream=True))
    articles_way = [
        f"{update.choices[0].delta.content}"
        for update in client.complete(messages=ASK, stream=True)
        if update.choices
    ]
    assert articles_way == ["a", "None"]
    updates = client.complete(messages=ASK, stream=True)
    assert "".join(u.choices[0].delta.content or "" for u in updates if u.choices) == "a"


def test_p5_response_format_classes(course, client):
    for name in ("ChatCompletionsResponseFormatText", "ChatCompletionsResponseFormatJSON"):
        with pytest.raises(ImportError):
            exec(f"from azure.ai.inference.models import {name}")
    for kind in ("text", "json_object"):
        course(item("ask", BODY, plain("{}"), response_format={"type": kind}))
        assert client.complete(messages=ASK, response_format=kind).choices


def test_p6_response_format_as_a_dict(client):
    with pytest.raises(ValueError, match="response_format"):
        client.complete(messages=ASK, response_format={"type": "json_object"})


def test_p7_quotes_lost_in_a_string():
    shown = eval('"Answer in this format: { ""answer"": ""response"" }."')
    with pytest.raises(json.JSONDecodeError):
        json.loads(re.search(r"{.*}", shown)[0])
    assert json.loads(re.search(r"{.*}", 'Answer in this format: {"answer": "response"}.')[0]) == {
        "answer": "response"
    }


def test_p8_reading_logprobs(course, client):
    answer = plain("x")
    answer["body"]["choices"][0]["logprobs"] = {"content": [{"token": "x", "logprob": -0.1}]}
    course(item("ask", BODY, answer, logprobs=True))
    choice = client.complete(messages=ASK, model_extras={"logprobs": True}).choices[0]
    with pytest.raises(AttributeError):
        choice.logprobs  # noqa: B018
    assert choice["logprobs"]["content"][0]["token"] == "x"


def test_p9_the_tool_definition():
    with pytest.raises(ImportError):
        exec("from azure.ai.inference.models import ChatCompletionsFunctionToolDefinition")
    function = models.FunctionDefinition(
        name="f", description="d", parameters={"type": "object", "properties": {}}
    )
    assert models.ChatCompletionsToolDefinition(function=function).as_dict()["type"] == "function"


def test_p10_two_sets_of_names():
    def articles_way(loc_origin: str, loc_destination: str):
        return loc_origin, loc_destination

    def courses_way(origin_city: str, destination_city: str):
        return origin_city, destination_city

    with pytest.raises(TypeError):
        articles_way(**json.loads(FLIGHT))
    assert courses_way(**json.loads(FLIGHT))[1] == "Coeur d'Alene"


def test_p11_an_apostrophe():
    with pytest.raises(json.JSONDecodeError):
        json.loads(FLIGHT.replace("'", '"'))
    assert json.loads(FLIGHT)["destination_city"] == "Coeur d'Alene"


def get_flight_info():
    return "on time"


def test_p12_locals():
    def articles_way(name):
        return locals()[name]()

    with pytest.raises(KeyError):
        articles_way("get_flight_info")
    assert {"get_flight_info": get_flight_info}["get_flight_info"]() == "on time"


def of_tools() -> list[Recording]:
    return list(load(NOTEBOOKS / "recordings" / "05_tools.yaml").recordings)


def message_of(answer: Answer) -> dict:
    """The message of an answer that is no stream; empty where there is none."""
    return (
        answer.body["choices"][0]["message"]
        if isinstance(answer.body, dict) and "choices" in answer.body
        else {}
    )


def test_p13_the_second_answer_is_shown():
    shown = json.dumps(
        [cell.get("outputs") for cell in read(NOTEBOOKS / "05_tools.ipynb").cells],
        ensure_ascii=False,
    )
    lessons = [recording for recording in of_tools() if not recording.name.startswith("exercise")]
    after_tools = [r for r in lessons if r.request.body["messages"][-1]["role"] == "tool"]
    texts = [message_of(answer).get("content") for r in after_tools for answer in r.answers[:1]]
    assert any(texts)
    for text in filter(None, texts):
        assert text.split("\n")[0][:40] in shown


FILTERED = {
    "status": 400,
    "headers": {"content-type": "application/json"},
    "body": {
        "error": {
            "message": "m",
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
        }
    },
}


def test_p14_a_name_that_is_not_imported(course, client):
    course(item("ask", BODY, FILTERED))
    with pytest.raises(NameError):
        exec(
            "try:\n    ask()\nexcept HttpResponseError:\n    pass",
            {"ask": lambda: client.complete(messages=ASK)},
        )
    with pytest.raises(HttpResponseError) as caught:
        client.complete(messages=ASK)
    assert caught.value.error.code == "content_filter"


def test_p15_a_raise_too_many(course, client):
    course(item("ask", BODY, FILTERED))

    def articles_way():
        try:
            client.complete(messages=ASK)
        except HttpResponseError as error:
            if error.status_code == 400:
                pass  # handled
            raise

    def courses_way():
        try:
            client.complete(messages=ASK)
        except HttpResponseError as error:
            if error.status_code == 400:
                return "handled"
            else:
                raise

    with pytest.raises(HttpResponseError):
        articles_way()
    assert courses_way() == "handled"


def test_p16_the_image_argument():
    with pytest.raises(TypeError):
        ImageContentItem(image=ImageUrl(url="data:,"))
    assert ImageContentItem(image_url=ImageUrl(url="data:,")).as_dict()["image_url"] == {
        "url": "data:,"
    }


def test_p17_the_model_that_is_asked(course, client):
    session = course(
        item("text", BODY, plain("x")), item("vision", BODY, plain("y"), model="vision")
    )
    client.complete(messages=ASK)
    client.complete(messages=ASK, model="vision")
    assert [request.body["model"] for request in session.sent] == ["m", "vision"]


def test_p18_a_role_as_text(course, client):
    course(item("ask", BODY, plain("x")))
    role = client.complete(messages=ASK).choices[0].message.role
    assert (f"{role}", role.value) == ("ChatRole.ASSISTANT", "assistant")


def test_p20_a_call_whose_reason_is_stop(course, client):
    answer = plain("")
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer["body"]["choices"][0]["message"]["tool_calls"] = [call]
    course(item("ask", BODY, answer))
    choice = client.complete(messages=ASK).choices[0]
    assert choice.finish_reason != "tool_calls"
    assert choice.message.tool_calls[0].function.name == "f"


def test_r2_the_answer_names_its_call():
    """In every recorded conversation of notebook 05, a tool's answer carries the id of a call that
    was made before it.
    """
    answers = 0
    for recording in of_tools():
        made = set()
        for message in recording.request.body["messages"]:
            made |= {call["id"] for call in message.get("tool_calls", ())}
            if message["role"] == "tool":
                assert message["tool_call_id"] in made, recording.name
                answers += 1
    assert answers


def test_the_course_never_uses_what_the_page_calls_wrong():
    wrong = (
        r"ResponseFormat(Text|JSON)\b|FunctionToolDefinition|locals\(\)"
        r"|\.replace\(\"'\"|ContentItem\(image="
    )
    for path in NOTEBOOKS.glob("*.ipynb"):
        assert not re.search(wrong, sources(path.stem)), path.name
    assert importlib.util.find_spec("azure.identity")
