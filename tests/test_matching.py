"""Which requests mean the same, and which do not."""

import base64
import io
import json

import pytest
from PIL import Image, ImageDraw

from helpers.replay import Answer, HttpRequest, Recording, Request
from helpers.replay.matching import (
    Index,
    parse_body,
    picture,
    plain_request,
    same_picture,
    same_request,
)

PATH = "/models/chat/completions"


def recording(body, name: str = "it", method: str = "POST", path: str = PATH) -> Recording:
    return Recording(name, "constructed", "nothing", Request(method, path, body), [Answer(200)])


def finds(recorded, sent) -> bool:
    return Index([recording(recorded)]).find(Request("POST", PATH, sent)) is not None


@pytest.mark.parametrize(
    "sent",
    [
        b'{"a": 1, "b": [0.5, {"c": null}], "d": "\xc3\xbc"}',
        b'{ "d":"\\u00fc", "b":[ 5e-1,{"c":null} ],\n"a":1.0 }',
    ],
    ids=["as recorded", "keys, space and numbers written otherwise"],
)
def test_the_same_meaning_matches(sent):
    assert finds({"a": 1, "b": [0.5, {"c": None}], "d": "ü"}, parse_body(sent))


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", PATH, b'{"a": 1}'),
        ("POST", "/chat/completions", b'{"a": 1}'),
        ("POST", PATH, b'{"a": 2}'),
        ("POST", PATH, b'{"a": "1"}'),
        ("POST", PATH, b'{"a": true}'),
        ("POST", PATH, b'{"a": 1.5}'),
        ("POST", PATH, b'{"a": [1]}'),
        ("POST", PATH, b'{"a": 1, "b": null}'),
        ("POST", PATH, b"{}"),
        ("POST", PATH, b""),
    ],
)
def test_another_meaning_does_not(method, path, sent):
    request = Request(method, path, parse_body(sent))
    recorded = recording({"a": 1})
    assert Index([recorded]).find(request) is None
    assert not same_request(request, recorded.request)


def test_the_order_of_a_list_counts():
    assert finds([1, 2], [1, 2]) and not finds([1, 2], [2, 1])


def test_the_first_of_equal_recordings_answers():
    first, second = recording({"a": 1}, "first"), recording({"a": 1.0}, "second")
    assert Index([first, second]).find(Request("POST", PATH, {"a": 1})) is first


def test_how_a_client_counts_its_tries_means_nothing():
    assert Request("GET", "/", None, "call 1", 0) == Request("GET", "/", None, "call 2", 1)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"", None),
        (b'{"a": 1}', {"a": 1}),
        (b"[]", []),
        (b"grant_type=g&scope=a%20b", {"grant_type": "g", "scope": "a b"}),
        (b"a=1&b=2&a=3", {"a": ["1", "3"], "b": "2"}),
        (b"plain text", "plain text"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_a_body_as_data(body, data):
    assert parse_body(body) == data


def multipart(boundary: str, content: str = "one\r\ntwo") -> bytes:
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\nß=1\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n{content}\r\n--{boundary}--\r\n"
    ).encode()


def test_a_form_in_parts_means_its_fields_whatever_its_boundary():
    fields = {"a": "ß=1", "f": {"filename": "n.txt", "content": "one\r\ntwo"}}
    assert parse_body(multipart("1f")) == parse_body(multipart("2b")) == fields
    assert parse_body(multipart("1f", "other"))["f"]["content"] == "other"


def test_a_form_in_parts_keeps_every_value_of_a_name():
    """As `openai` sends a list: `timestamp_granularities[]`, once for each item."""
    part = '--1f\r\nContent-Disposition: form-data; name="a[]"\r\n\r\n{}\r\n'
    body = f"{part.format('word')}{part.format('segment')}--1f--\r\n"
    assert parse_body(body.encode()) == {"a[]": ["word", "segment"]}


def test_a_plain_request_is_path_and_data():
    http = HttpRequest("PUT", "https://host.invalid/a/b?c=d", {}, b'{"e": 1}')
    assert plain_request(http) == Request("PUT", "/a/b", {"e": 1})


def data_url(image: Image.Image, form: str, **options) -> str:
    file = io.BytesIO()
    image.save(file, form, **options)
    return f"data:image/{form.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def chart(height: int = 60) -> Image.Image:
    image = Image.new("RGB", (160, 100), "white")
    ImageDraw.Draw(image).rectangle([20, 100 - height, 60, 99], fill="navy")
    return image


def test_a_picture_matches_by_what_it_shows():
    recorded = {"url": picture(data_url(chart(), "JPEG", quality=90))}
    encodings = [("JPEG", {"quality": 60}), ("PNG", {}), ("WEBP", {})]
    for form, options in encodings:
        assert finds(recorded, {"url": data_url(chart(), form, **options)}), form
    others = [chart(20), chart().rotate(180), chart().resize((80, 50)), chart().convert("L")]
    for other in [*others, Image.new("RGB", (160, 100), "red")]:
        assert not finds(recorded, {"url": data_url(other, "PNG")})
    assert not finds(recorded, {"url": "data:image/png;base64,AAAA"})


@pytest.mark.parametrize(("steps", "matches"), [(0, True), (1, True), (2, False)])
def test_a_colour_may_be_one_step_off(steps, matches):
    one = picture(data_url(Image.new("RGB", (8, 8), (64, 64, 64)), "PNG"))
    other = picture(data_url(Image.new("RGB", (8, 8), (64, 64, 64 + 16 * steps)), "PNG"))
    assert (one == other) == (steps == 0)
    assert finds({"url": one}, {"url": other}) is matches


def test_each_of_several_pictures_counts():
    first, second = (picture(data_url(chart(height), "PNG")) for height in (20, 60))
    assert finds([first, second], [first, second])
    assert not finds([first, second], [second, first])
    assert not finds([first, second], [first, first])
    assert not finds([first, second], [first])


def test_a_picture_that_cannot_be_read_matches_itself():
    broken = "data:image/png;base64,AAAA"
    assert finds({"url": broken}, {"url": broken})
    assert not finds({"url": broken}, {"url": "data:image/png;base64,AAAB"})


def test_pictures_that_cannot_be_read_are_no_colours():
    one, other = (f"picture unreadable {digit * 64}" for digit in "01")
    assert same_picture(one, one) and not same_picture(one, other)


def test_a_text_that_begins_like_a_picture_is_a_text():
    assert not finds({"a": "picture 1x1 of a cat"}, {"a": "picture 1x1 of a dog"})


@pytest.mark.parametrize("size", [(12000, 10000), (20000, 10000)])
def test_a_picture_that_claims_to_be_huge_is_not_opened(size):
    file = io.BytesIO()
    Image.new("1", size).save(file, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    assert picture(url).startswith("picture unreadable ")


def test_a_thousand_recordings_are_found_by_key():
    index = Index([recording({"n": number}, str(number)) for number in range(1000)])
    found = index.find(Request("POST", PATH, json.loads('{"n": 999.0}')))
    assert found and found.name == "999"
