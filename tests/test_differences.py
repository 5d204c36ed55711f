"""What is said of a request that has no recording."""

import base64
import io

import pytest
from PIL import Image

from helpers.replay import Answer, Recording, Request, differences
from helpers.replay.differences import explain, question
from helpers.replay.matching import picture

PATH = "/models/chat/completions"


def chat(*messages, **more) -> Request:
    """A chat request; a string is a user message."""
    said = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    return Request("POST", PATH, {"messages": said, "model": "m", **more})


def recorded(name: str, request: Request) -> Recording:
    return Recording(name, "constructed", "nothing", request, [Answer(200)])


def nearest(request: Request, *recordings: Recording) -> str:
    return explain(request, recordings).split('"')[1]


SYSTEM = {"role": "system", "content": "You are a helpful assistant."}


def test_of_requests_the_bodies_count():
    assert differences(chat("a"), chat("b")) == differences(chat("a").body, chat("b").body) != ""


def test_what_json_has_not_is_told_as_python_writes_it():
    assert differences({"a": (1, 2)}, {"a": [1, 2]}) == ""
    assert "b'x'" in differences(b"x", {"a": {1}})


def test_each_place_is_named():
    sent, wanted = {"a": [1, {"b": "x"}], "c": 1}, {"a": [1, {"b": "y"}], "d": 2}
    assert differences(sent, wanted).split("\n") == [
        *("  a[1].b", '    sent:     "x"', '    recorded: "y"'),
        *("  c", "    sent:     1", "    recorded: (absent)"),
        *("  d", "    sent:     (absent)", "    recorded: 2"),
    ]


def test_nothing_is_said_of_what_means_the_same():
    assert differences({"a": 1, "b": [2.0]}, {"b": [2], "a": 1.0}) == ""


@pytest.mark.parametrize(
    ("sent", "wanted"), [(1, "1"), (True, 1), (None, ""), ([], {}), ({"a": None}, {})]
)
def test_what_looks_alike_is_told_apart(sent, wanted):
    assert differences({"x": sent}, {"x": wanted})
    assert differences(sent, wanted).startswith("  ")


def test_a_body_that_is_no_json():
    told = differences("hello", None)
    assert told.split("\n") == ["  body", '    sent:     "hello"', "    recorded: null"]


def test_six_places_at_most():
    told = differences({"same": 1, **{str(n): n for n in range(9)}}, {"same": 1})
    assert told.count("sent:") == 6 and told.endswith("  … and 3 more")


def test_a_long_text_is_shown_where_it_differs():
    text = "word " * 100
    told = differences({"a": text + "one" + text}, {"a": text + "two" + text})
    assert '"…' in told and "one" in told and "two" in told
    assert max(map(len, told.split("\n"))) < 100


def test_whose_messages_there_are_comes_first():
    sent, wanted = chat("u").body, chat(SYSTEM, "u").body
    told = differences(sent, wanted, "asked")
    assert told.split("\n") == [
        "  messages (whose)",
        '    sent:  "user"',
        '    asked: "system, user"',
    ]


@pytest.mark.parametrize(
    ("message", "whose"),
    [("Hello?", "str"), ({"content": "Hello?"}, "no role"), (None, "NoneType"), (["a"], "list")],
)
def test_a_message_that_is_none_is_told(message, whose):
    sent = {"messages": [message], "model": "m"}
    assert f'"{whose}"' in differences(sent, chat(SYSTEM, "Hello?").body)
    assert "messages[0]" in differences(sent, chat("Hello?").body)


@pytest.mark.parametrize("messages", [None, "Hello?", {"role": "user"}, 3, []])
def test_messages_that_are_no_list_are_told(messages):
    assert "messages" in differences({"messages": messages}, {"messages": [SYSTEM]})
    assert "messages" in explain(
        Request("POST", PATH, {"messages": messages}), [recorded("a", chat("u"))]
    )


def test_half_an_emoji_can_be_printed():
    told = explain(chat("Sun \ud83c"), [recorded("a", chat("Sun"))])
    assert "\\ud83c" in told and told.encode()


@pytest.mark.parametrize("key", ["\ud83c", "a\nb", "\x1b[31m", "k" * 1000])
def test_a_key_of_any_kind_is_named_on_one_line(key):
    place = differences({key: 1}, {}).split("\n    sent:")[0]
    assert place.isprintable() and place.encode() and len(place) < 100


def pixel(*colour: int, size: int = 8) -> str:
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def test_a_picture_one_colour_step_off_is_not_named():
    sent = {"url": pixel(64, 64, 80), "text": "one"}
    assert differences(sent, {"url": picture(pixel(64, 64, 64)), "text": "two"}).split("\n") == [
        *("  text", '    sent:     "one"', '    recorded: "two"')
    ]
    assert "  url" in differences(sent, {"url": picture(pixel(64, 64, 112)), "text": "one"})
    assert "  url" in differences(sent, {"url": picture(pixel(64, 64, 80, size=9)), "text": "one"})


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (chat(SYSTEM, "one", {"role": "assistant", "content": "two"}, "three").body, "three"),
        (chat("one", {"role": "assistant", "content": "two"}).body, "one"),
        (chat([{"type": "text", "text": "see"}, {"type": "image_url"}, {"text": None}]).body, ""),
        ({"input": "one"}, "one"),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}]}, "a"),
        ({"messages": [{"role": "user"}]}, ""),
        ({"messages": "text"}, ""),
        ({"messages": ["text", None]}, ""),
        ({}, ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_the_question_is_the_last_user_message(body, text):
    assert question(body) == text


def test_the_text_of_several_parts_is_the_question():
    parts = [
        {"type": "text", "text": "see"},
        {"type": "image_url"},
        {"type": "text", "text": "this"},
    ]
    assert question({"messages": [{"role": "user", "content": parts}]}) == "see this"


def test_the_last_user_message_weighs_most():
    others = [
        recorded("busy", chat("Are you busy?")),
        recorded("hello", chat("Hello there, my friend!")),
    ]
    wanted = recorded("name", chat(SYSTEM, "Hi, who are you?", temperature=0.5, max_tokens=20))
    assert nearest(chat("Hi there, who are you?"), *others, wanted) == "name"


def test_of_like_questions_the_one_with_more_in_common_is_nearest():
    warm = recorded("warm", chat("How are you?", temperature=1))
    cold = recorded("cold", chat("How are you?", temperature=0))
    streamed = recorded("streamed", chat("How are you?", temperature=0, stream=True))
    for order in ([warm, cold, streamed], [streamed, cold, warm]):
        assert nearest(chat("How are you?", temperature=0, max_tokens=5), *order) == "cold"
        assert nearest(chat("How are you", temperature=1, max_tokens=5), *order) == "warm"


def test_a_sign_more_in_a_question_weighs_less_than_all_the_rest():
    near = recorded("near", chat("How many stars are there in the sky!", temperature=0, top_p=1))
    other = recorded(
        "other", chat("How many stars are there in the sky?", stream=True, seed=1, n=2)
    )
    asked = chat("How many stars are there in the sky?", temperature=0, top_p=1, max_tokens=5)
    assert nearest(asked, other, near) == "near"


def test_the_earlier_messages_count_too():
    told = [{"role": "assistant", "content": "Fine."}, "Why?"]
    about_cats, about_dogs = (
        recorded("cats", chat("Cats?", *told)),
        recorded("dogs", chat("Dogs?", *told)),
    )
    assert nearest(chat("Dogs?", *told, stream=True), about_cats, about_dogs) == "dogs"


def test_the_recorded_questions_are_listed():
    others = [recorded(str(n), chat(f"Question\nnumber {n}?")) for n in range(10)]
    told = explain(
        chat("Hi there, who are you?"), [*others, recorded("again", chat("Question\nnumber 0?"))]
    )
    listed = told.partition("Questions with an answer here:\n")[2].split("\n")
    assert listed == [*(f"  Question number {n}?" for n in range(8)), "  … and 2 more"]


def test_they_are_not_listed_where_the_question_is_recorded():
    told = explain(chat("Why?", temperature=1), [recorded("why", chat("Why?"))])
    assert "Questions" not in told and "temperature" in told


def test_of_another_path_what_is_recorded_is_told():
    told = explain(
        Request("GET", "/elsewhere"), [recorded("a", chat("u")), recorded("b", chat("v"))]
    )
    assert told == f"GET /elsewhere is not recorded here. Recorded: POST {PATH}."
