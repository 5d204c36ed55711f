"""A file of recordings: load and dump, and what is said of a file that is wrong."""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from helpers.replay import Answer, CourseError, Recording, RecordingFile, Request, dump, load

COMMITTED = sorted((Path(__file__).parents[1] / "notebooks" / "recordings").glob("*.yaml"))
ENTRY = """\
- name: it
  origin: constructed
  after: nothing
  request: {method: POST, path: /a, body: {a: 1}}
  answer: {status: 200, body: {}}
"""


@pytest.fixture(params=["libyaml", "Python alone"])
def yaml_parser(request, monkeypatch):
    """YAML with libyaml, and without, as in a browser."""
    if request.param == "Python alone":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("this PyYAML has no libyaml")


def write(folder: Path, text: str) -> Path:
    path = folder / "recordings" / "00_test.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_there_are_committed_files():
    assert len(COMMITTED) >= 9


@pytest.fixture(params=COMMITTED, ids=lambda path: path.stem)
def unread(request, tmp_path):
    """A copy of a committed file, which nothing has read before."""
    return Path(shutil.copy(request.param, tmp_path))


def test_a_committed_file_is_dumped_to_the_same_bytes(unread):
    assert dump(load(unread)).encode() == unread.read_bytes()


def test_both_parsers_read_the_same(unread, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # so that it is parsed again
    with_libyaml = load(unread)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert load(unread) == with_libyaml


def test_a_file_is_parsed_once_until_it_changes(unread, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    parsed = load(unread)
    with monkeypatch.context() as without:
        without.setattr(yaml, "compose", None)
        assert load(unread) == parsed
    unread.write_text(f"# new\n{unread.read_text('utf-8')}", "utf-8")
    assert load(unread).head.startswith("# new\n") and load(unread).recordings == parsed.recordings


USELESS = {
    "nothing": "",
    "half": "{",
    "another form": "[]",
    "null": "null",
    "another text's": '["0", [0, []]]',
    "too deep": "[" * 100_000,
}


@pytest.mark.parametrize("kept", USELESS.values(), ids=USELESS)
def test_what_was_kept_of_a_file_and_is_no_use_is_parsed_again(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = Path(shutil.copy(COMMITTED[0], tmp_path))
    parsed = load(path)
    (place,) = path.parent.glob("__pycache__/*")
    place.write_text(kept)
    assert load(path) == parsed
    assert json.loads(place.read_text())[1]


def test_nothing_is_kept_where_python_keeps_no_bytecode_or_there_is_no_room(unread, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    parsed = load(unread)
    assert list(unread.parent.iterdir()) == [unread]
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (unread.parent / "__pycache__").write_text("in the way")
    assert load(unread) == load(unread) == parsed


def test_what_cannot_be_put_in_place_leaves_nothing_behind(unread, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (unread.parent / "__pycache__" / f"{unread.stem}.json" / "in the way").mkdir(parents=True)
    assert load(unread) == load(unread)
    assert len(list((unread.parent / "__pycache__").iterdir())) == 1


def test_a_broken_file_is_not_kept(unread):
    unread.write_text(unread.read_text("utf-8") + "- {}\n", "utf-8")
    for _ in range(2):
        with pytest.raises(CourseError, match="has no 'name'"):
            load(unread)


def test_a_dump_is_loaded_to_the_same(tmp_path, yaml_parser):
    def recording(name: str, *answers: Answer, **more) -> Recording:
        return Recording(name, "captured", "a source", Request("GET", "/b"), answers, **more)

    text = {"content-type": "text/plain"}
    file = RecordingFile(
        [
            recording(
                "body", Answer(200, {}, {"a": [1, 2.5, True, None, "1", "true", "null", ""]})
            ),
            recording("text", Answer(404, text, "NOT FOUND"), note="a note: with a colon"),
            recording("tries", Answer(429, {"retry-after": "1"}, {}), Answer(200, {}, [])),
            recording("stream", Answer(200, {}, events=({"b": "\n"}, "[DONE]"), each={"id": "x"})),
            recording("cut", Answer(200, {}, events=({"b": "ü 🌞 进"},), cut=True)),
            recording("cut body", Answer(200, {}, "half", cut=True)),
            recording("no answer's body", Answer(204, {}, None)),
        ],
        head="# Who wrote this.\n#\n# And when.\n\n",
    )
    dumped = dump(file)
    assert dumped.startswith("# Who wrote this.\n#\n# And when.\n\n- name: body\n")
    assert load(write(tmp_path, dumped)) == file


def test_a_long_text_is_a_block_and_an_event_a_line():
    text = "The first line of several, long enough.\nThe second: 'quoted'.\n\n  The last."
    events = ({"delta": "\n", "more": {"a": [1]}}, "[DONE]")
    answers = [Answer(200, {}, {"content": text}), Answer(200, {}, events=events)]
    dumped = dump(RecordingFile([Recording("n", "o", "a", Request("GET", "/"), answers)]))
    assert "content: |-\n" in dumped
    assert re.search(r"^ +The second: 'quoted'\.$", dumped, re.M)
    assert re.search(r'^ +- \{delta: "\\n", more: \{a: \[1\]\}\}$', dumped, re.M)
    assert re.search(r"^ +- '\[DONE\]'$", dumped, re.M)


def test_a_line_end_that_yaml_folds_is_kept(tmp_path):
    texts = ["a\x85b", "\x85 ", "a long first line of several\n\x85c"]
    answers = (Answer(200, {}, [{"content": text} for text in texts]), Answer(200, events=texts))
    file = RecordingFile([Recording("n", "o", "a", Request("POST", "/", texts), answers)])
    [recording] = load(write(tmp_path, dump(file))).recordings
    assert recording.request.body == texts
    assert (recording.answers[0].body, recording.answers[1].events) == (
        answers[0].body,
        tuple(texts),
    )


def test_the_same_data_twice_is_written_twice():
    body = {"a": [1]}
    answer = Answer(200, {}, {"one": body, "two": body})
    dumped = dump(RecordingFile([Recording("n", "o", "a", Request("POST", "/", body), [answer])]))
    assert "&id" not in dumped and "*id" not in dumped


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("- name: a\n  request: {\n", 3, "cannot be read"),
        ("- name: a\n\tb: c\n", 2, "cannot be read"),
        ("# head\n\n- name: a\n- name: b\n", 3, "no 'origin', 'after', 'request'"),
        ("name: a\n", 1, "not a list of recordings"),
        ("", 1, "not a list of recordings"),
        ("[]\n", 1, "not a list of recordings"),
        ("# only a comment\n", 1, "not a list of recordings"),
        (ENTRY + "- just text\n", 6, "not a mapping"),
        (ENTRY + "- 5\n", 6, "not a mapping"),
        (ENTRY.replace("after:", "afters:"), 1, "unknown key 'afters'"),
        (ENTRY.replace("status:", "state:"), 1, "unknown key 'state' in the answer"),
        (ENTRY.replace("method:", "verb:"), 1, "unknown key 'verb' in the request"),
        (ENTRY.replace(", path: /a", ""), 1, "the request has no 'path'"),
        (ENTRY.replace(", body: {}}", "}"), 1, "'body' or 'events'"),
        (ENTRY.replace(", body: {}}", ", body: {}, events: []}"), 1, "'body' or 'events'"),
        (ENTRY.replace(", body: {}}", ", each: {a: 1}, body: {}}"), 1, "'each' goes with 'events'"),
        (ENTRY + "  answers: [{status: 200, body: {}}]\n", 1, "has 'answer' and 'answers'"),
        (ENTRY + ENTRY, 6, "the name 'it' is there twice"),
        (ENTRY.replace("POST", "post"), 1, "no request has the method 'post'"),
        *(
            (ENTRY.replace("/a", f"'{path}'"), 1, f"no request has the path {path!r}")
            for path in ("a", "https://h/a", "/a?b=c", "/a#b", "/a b", "/ä")
        ),
        (ENTRY.replace("200", "'200'"), 1, "'status' in the answer is not of type int"),
        (ENTRY.replace("200", "99"), 1, "'status' in the answer is not from 200 to 599"),
        (ENTRY.replace("200", "true"), 1, "'status' in the answer is not from 200 to 599"),
        (ENTRY.replace("body: {}}", "events: [{}, 5]}"), 1, "'events' is neither a mapping nor a"),
        (ENTRY.replace("body: {}}", "events: [null]}"), 1, "'events' is neither a mapping nor a"),
        (
            ENTRY.replace("body: {}}", "headers: {Content-Length: '2'}, body: {}}"),
            1,
            "leave out 'Content-Length' in 'headers'",
        ),
        (ENTRY.replace("body: {}}", "headers: [a], body: {}}"), 1, "'headers' in the answer"),
        (ENTRY.replace("answer: {status: 200, body: {}}", "answers: []"), 1, "'answers' is empty"),
        (ENTRY.replace("answer: {status: 200, body: {}}", "note: n"), 1, "has no 'answer'"),
        (ENTRY.replace("answer: {status: 200, body: {}}", "answer: text"), 1, "'answer' in the"),
        (ENTRY.replace("{method: POST, path: /a, body: {a: 1}}", "text"), 1, "'request' in the"),
        (ENTRY + ENTRY.replace("a: 1", "a: 2026-11-25"), 9, "'2026-11-25' is read as a timestamp"),
        (ENTRY + ENTRY.replace("a: 1", "1: a"), 9, "the key 1 is not a string"),
        (ENTRY + ENTRY.replace("a: 1", "a: !!binary aGk="), 9, "read as a binary"),
        (ENTRY + ENTRY.replace("a: 1", "a: !secret b"), 9, "'b' is read as a !secret"),
        (ENTRY + ENTRY.replace("a: 1", "<<: {a: 1}, b: 2"), 9, "'<<' is read as a merge"),
        (ENTRY + ENTRY.replace("a: 1", "a: !!set {b}"), 9, "this is read as a set"),
        (ENTRY + ENTRY.replace("a: 1", "b: 1, a: 1, b: 2"), 9, "the key 'b' is there twice"),
        (ENTRY + "  origin: captured\n", 6, "the key 'origin' is there twice"),
        (ENTRY + ENTRY.replace("status: 200", "status: 200, status: 404"), 10, "'status' is there"),
        *(
            (ENTRY + ENTRY.replace("a: 1", f"a: {written}"), 9, problem)
            for written, problem in {
                "9:15": "'9:15' is read as 555: put it in quotes",
                "no": "'no' is read as false: put it in quotes",
                "~": "'~' is read as null: put it in quotes",
                "012": "'012' is read as 10: put it in quotes",
                "1_000": "'1_000' is read as 1000: put it in quotes",
                "+1": "'+1' is read as 1: put it in quotes",
                ".nan": "'.nan' is read as NaN: put it in quotes",
                "1.0e+400": "'1.0e+400' is read as Infinity: put it in quotes",
                "1" * 5000: f"'{'1' * 40}' cannot be read: put it in quotes",
                "!!bool maybe": "'maybe' cannot be read: put it in quotes",
            }.items()
        ),
        *(
            (ENTRY.replace("body: {}}", f"headers: {{{header}}}, body: {{}}}}"), 1, problem)
            for header, problem in {
                "a b: c": "no header can have the name 'a b'",
                "größe: c": "no header can have the name 'größe'",
                '"": c': "no header can have the name ''",
                '"a:": c': "no header can have the name 'a:'",
                '"a\\nb": c': r"no header can have the name 'a\nb'",
                "a: grün": "no header can have the value 'grün', as 'a' does here",
                r'a: "b\r\nc: d"': r"no header can have the value 'b\r\nc: d'",
                r'a: "b\n"': r"no header can have the value 'b\n'",
                "a: ' b'": "no header can have the value ' b'",
                "a: 1": "the header 'a' is 1, not a string: put it in quotes",
                "a: 1.5": "the header 'a' is 1.5, not a string: put it in quotes",
                "a: true": "the header 'a' is True, not a string: put it in quotes",
                "a: ": "the header 'a' is None, not a string: put it in quotes",
                "a: [b]": "the header 'a' is ['b'], not a string: put it in quotes",
                "a: b, A: c": "the header 'A' is there twice",
            }.items()
        ),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path, yaml_parser, text, line, problem):
    with pytest.raises(CourseError) as caught:
        load(write(tmp_path, text))
    message = str(caught.value)
    assert f"recordings/00_test.yaml, line {line}" in message and problem in message
    assert "git checkout -- " in message and "\n" not in message


def test_headers_have_their_names_in_lower_case(tmp_path):
    """`Content-Type: text/plain` was not seen, and the body sent as JSON."""
    text = ENTRY.replace("body: {}", "headers: {Content-Type: text/plain, x-a: ''}, body: hello")
    [answer] = load(write(tmp_path, text)).recordings[0].answers
    assert answer.headers == {"content-type": "text/plain", "x-a": ""}
    assert answer.pieces == (b"hello",)


def test_a_path_may_be_a_string(tmp_path):
    path = write(tmp_path, ENTRY)
    assert load(str(path)) == load(path)
    with pytest.raises(CourseError, match=r"none\.yaml cannot be read"):
        load("none.yaml")


def test_a_missing_file_is_named(tmp_path):
    message = r"recordings/00_test\.yaml cannot be read: No such file.* git checkout"
    with pytest.raises(CourseError, match=message):
        load(tmp_path / "recordings" / "00_test.yaml")


BYTES = {
    "UTF-16": (ENTRY.encode("utf-16"), "it is not in UTF-8"),
    "UTF-16, no mark": (ENTRY.encode("utf-16-le"), "it holds the character U+0000, which YAML"),
    "an escape": (ENTRY.replace("it", "\x1b[31m").encode(), "it holds the character U+001B"),
}


@pytest.mark.parametrize("what", BYTES)
def test_a_file_of_odd_bytes_is_named_in_one_line(tmp_path, yaml_parser, what):
    data, problem = BYTES[what]
    path = write(tmp_path, "")
    path.write_bytes(data)
    with pytest.raises(CourseError, match=re.escape(problem)) as caught:
        load(path)
    assert "recordings/00_test.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_nested_too_deeply_is_named(tmp_path, monkeypatch):
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)  # libyaml has no such limit
    path = write(tmp_path, ENTRY.replace("{a: 1}", "[" * 5000 + "]" * 5000))
    with pytest.raises(CourseError, match=r"00_test\.yaml cannot be read: it is nested too deeply"):
        load(path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_that_an_editor_of_windows_saved(tmp_path, yaml_parser, mark, end):
    path = write(tmp_path, "")
    path.write_bytes((mark + ENTRY.replace("\n", end)).encode())
    assert load(path).recordings == load(write(tmp_path, ENTRY)).recordings


def test_a_file_that_is_not_utf_8_is_named(tmp_path):
    path = write(tmp_path, "")
    path.write_bytes(ENTRY.replace("nothing", "für").encode("latin-1"))
    with pytest.raises(CourseError, match=r"recordings/00_test\.yaml cannot be read.*git checkout"):
        load(path)


def test_a_folder_whose_name_is_not_utf_8(tmp_path):
    folder = tmp_path / os.fsdecode(b"Kurs f\xfcr A")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    assert load(write(folder, ENTRY)).recordings[0].name == "it"
    with pytest.raises(CourseError) as caught:
        load(write(folder, "- name: it\n"))
    assert "Kurs f?r A/recordings/00_test.yaml, line 1" in str(caught.value)
    assert str(caught.value).encode()  # every terminal can print it
    with pytest.raises(CourseError) as caught:
        load(write(folder, "no list"))
    assert str(caught.value).encode()


def pieces(*events, **more) -> list[str]:
    return [piece.decode() for piece in Answer(200, events=events, **more).pieces]


def test_a_stream_has_a_piece_an_event():
    assert pieces({"b": "ü"}, "[DONE]", each={"id": "x", "b": ""}) == [
        'data: {"id": "x", "b": "ü"}\n\n',
        "data: [DONE]\n\n",
    ]


def test_an_event_of_several_lines_is_one_event():
    assert pieces("one\ntwo") == ["data: one\ndata: two\n\n"]


def test_a_typed_event_names_itself():
    assert pieces({"type": "response.created", "n": 1}, {"type": 3}) == [
        'event: response.created\ndata: {"type": "response.created", "n": 1}\n\n',
        'data: {"type": 3}\n\n',
    ]


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json", {"a": "ü"}, '{"a": "ü"}'.encode()),
        ("application/json", "text", b'"text"'),
        ("application/problem+json", "text", b'"text"'),
        ("application/json", None, b"null"),
        (None, ["a"], b'["a"]'),
        ("text/html; charset=utf-8", "<p>Grüße</p>", "<p>Grüße</p>".encode()),
        ("text/plain", "", b""),
        ("text/plain", {"a": 1}, b'{"a": 1}'),
        ("application/json", "", b""),
    ],
)
def test_a_body_is_json_unless_its_type_says_otherwise(kind, body, expected):
    headers = {"content-type": kind} if kind else {}
    assert b"".join(Answer(200, headers, body).pieces) == expected


def test_the_case_of_a_headers_name_means_nothing():
    assert Answer(200, {"Content-Type": "text/html"}, "<p>").pieces == (b"<p>",)


def test_a_body_that_is_cut_is_sent_as_it_is():
    headers = {"content-type": "application/json"}
    assert Answer(200, headers, '{"choices": [{"ind', cut=True).pieces == (b'{"choices": [{"ind',)


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(status):
    assert Answer(status, {}, None).pieces == ()


def test_half_an_emoji_is_sent_as_json_escapes_it():
    """Both SDKs raise UnicodeDecodeError on bytes that are no UTF-8."""
    half = {"a": "\ud83c"}
    assert Answer(200, body=half).pieces == (b'{"a": "\\ud83c"}',)
    assert pieces(half) == ['data: {"a": "\\ud83c"}\n\n']
