"""How a request finds its recording, and what is said when the file is wrong."""

import base64
import io
import json

import pytest
from PIL import Image, ImageDraw

from helpers.recordings import CourseError, Recordings, canonical_path, differences, parse_body, picture

PATH = "/models/chat/completions"


def write(tmp_path, text: str):
    path = tmp_path / "recordings" / "00_test.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def one(tmp_path, body: str) -> Recordings:
    return Recordings(write(tmp_path, f"""
- name: it
  origin: constructed
  after: nothing
  request: {{method: POST, path: {PATH}, body: {body}}}
  answer: {{status: 200, body: {{}}}}
"""))  # fmt: skip


@pytest.mark.parametrize(
    "sent",
    [
        b'{"a": 1, "b": [0.5, {"c": null}]}',
        b'{ "b":[ 5e-1,{"c":null} ],\n"a":1.0 }',
    ],
    ids=["as recorded", "keys, space and numbers spelt otherwise"],
)
def test_same_meaning_matches(tmp_path, sent):
    recordings = one(tmp_path, "{a: 1, b: [0.5, {c: null}]}")
    assert recordings.find("POST", PATH, parse_body(sent)).name == "it"


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("GET", PATH, b'{"a": 1}'),
        ("POST", "/chat/completions", b'{"a": 1}'),
        ("POST", PATH, b'{"a": 2}'),
        ("POST", PATH, b'{"a": "1"}'),
        ("POST", PATH, b'{"a": true}'),
        ("POST", PATH, b'{"a": 1, "b": null}'),
        ("POST", PATH, None),
    ],
)
def test_another_meaning_does_not(tmp_path, method, path, sent):
    assert one(tmp_path, "{a: 1}").find(method, path, parse_body(sent)) is None


def data_url(image: Image.Image, form: str, **options) -> str:
    file = io.BytesIO()
    image.save(file, form, **options)
    return f"data:image/{form.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def chart(height: int = 60) -> Image.Image:
    image = Image.new("RGB", (160, 100), "white")
    ImageDraw.Draw(image).rectangle([20, 100 - height, 60, 99], fill="navy")
    return image


def test_picture_matches_by_what_it_shows(tmp_path):
    recorded = json.dumps({"url": picture(data_url(chart(), "JPEG", quality=90))})
    recordings = one(tmp_path, recorded)
    for again in (data_url(chart(), "JPEG", quality=60), data_url(chart(), "PNG"), data_url(chart(), "WEBP")):
        assert recordings.find("POST", PATH, {"url": again})
    for other in (chart(height=20), chart().rotate(180), chart().resize((80, 50)), Image.new("RGB", (160, 100), "red")):
        assert recordings.find("POST", PATH, {"url": data_url(other, "PNG")}) is None
    assert recordings.find("POST", PATH, {"url": "data:image/png;base64,AAAA"}) is None


def test_unreadable_picture_matches_itself(tmp_path):
    broken = "data:image/png;base64,AAAA"
    recordings = one(tmp_path, json.dumps({"url": broken}))
    assert recordings.find("POST", PATH, {"url": broken})
    assert recordings.find("POST", PATH, {"url": "data:image/png;base64,AAAB"}) is None


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.services.ai.azure.com/models/chat/completions?api-version=1", PATH),
        ("https://a.openai.azure.com/openai/v1/chat/completions", PATH),
        ("http://localhost:11434/v1/chat/completions", PATH),
        ("https://a.services.ai.azure.com/chat/completions", "/chat/completions"),
        ("https://a.services.ai.azure.com/models/models/chat/completions", "/models/models/chat/completions"),
        ("https://login.microsoftonline.com/my-tenant/oauth2/v2.0/token", "/{tenant}/oauth2/v2.0/token"),
    ],
)
def test_path_is_the_same_for_every_endpoint(url, path):
    assert canonical_path(url) == path


def test_a_form_loses_what_is_private():
    sent = parse_body("scope=s&client_id=me&client_secret=hush&grant_type=g")
    assert sent == {"scope": "s", "grant_type": "g"}


def test_differences_name_each_place():
    told = differences({"a": [1, {"b": "x"}], "c": 1}, {"a": [1, {"b": "y"}], "d": 2})
    assert told.split("\n") == [
        *("  a[1].b", '    sent:     "x"', '    recorded: "y"'),
        *("  c", "    sent:     1", "    recorded: (absent)"),
        *("  d", "    sent:     (absent)", "    recorded: 2"),
    ]


def test_differences_show_a_long_text_where_it_differs():
    text = "word " * 100
    told = differences({"a": text + "one" + text}, {"a": text + "two" + text})
    assert '"…' in told and "one" in told and "two" in told
    assert max(map(len, told.split("\n"))) < 100


def test_differences_count_messages_first():
    user, system = {"role": "user", "content": "u"}, {"role": "system", "content": "s"}
    told = differences({"messages": [user]}, {"messages": [system, user]}, "asked")
    assert told.split("\n") == ["  messages (whose)", '    sent:  "user"', '    asked: "system, user"']


def test_nearest_recording_is_the_one_explained(tmp_path):
    recordings = Recordings(write(tmp_path, "".join(f"""
- name: {name}
  origin: constructed
  after: nothing
  request: {{method: POST, path: {PATH}, body: {{messages: [{{role: user, content: {text}}}], model: m}}}}
  answer: {{status: 200, body: {{}}}}
""" for name, text in [("far", "Tell me of whales."), ("near", "How many stars are there?")])))  # fmt: skip
    told = recordings.explain(
        "POST", PATH, {"messages": [{"role": "user", "content": "How many stars?"}], "model": "m"}
    )
    assert '"near"' in told and "messages[0].content" in told and "  model" not in told
    assert "not recorded in this notebook" in recordings.explain("GET", "/elsewhere", None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- name: a\n  request: {\n", ["line 3", "cannot be read: did not find"]),
        ("- name: a\n- name: b\n", ["line 1", "a recording needs", "'request'"]),
        ("name: a\n", ["line 1", "not a list"]),
        ("", ["line 1", "not a list"]),
        ("- just text\n", ["line 1", "a recording needs"]),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, text, told):
    with pytest.raises(CourseError) as caught:
        Recordings(write(tmp_path, text))
    for part in ["recordings/00_test.yaml", "git checkout", *told]:
        assert part in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"recordings/00_test\.yaml cannot be read: No such file.* git checkout"):
        Recordings(tmp_path / "recordings" / "00_test.yaml")
