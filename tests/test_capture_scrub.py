"""What no file may hold: ten secrets in every place, random ones, and words that are no secrets."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from capture import owner
from capture.candidates import candidates_of
from capture.clean import clean_answer, clean_request
from capture.exchanges import Exchange
from capture.readable import dump_if_readable
from capture.scrub import Scrubber, whole_words
from capture.target import PROXY_KEY, Target
from capture.words import SHORTEST, ordinary_words
from hypothesis import given, settings, strategies as st

from helpers.replay import Answer, HttpRequest, RecordingFile, Request
from helpers.settings import Connection, Settings
from notebooks import NOTEBOOKS

JSON, SSE = {"content-type": "application/json"}, {"content-type": "text/event-stream"}
SECRETS = {
    "key": "planted/Key+0123==",
    "token": "eyJhbGciOiJub25lIn0.eyJwbGFudGVkIjoxfQ.c2lnbmF0dXJl",
    "host": "planted-resource.services.ai.azure.com",
    "tenant": "44444444-dddd-4ddd-8ddd-444444444444",
    "cookie": "c00k1e-planted-value",
    "request id": "9f86d081884c7d659a2feaa0c55ad015",
    "account": "plantedperson",
    "path": "/home/plantedperson/work",
    "e-mail": "planted.person@example.org",
    "subscription": "55555555-eeee-4eee-8eee-555555555555",
}
PRIVATE_HEADERS = {
    "x-request-id": SECRETS["request id"],
    "apim-request-id": SECRETS["tenant"],
    "set-cookie": f"session={SECRETS['cookie']}; Path=/; Secure",
    "x-ms-client-user": SECRETS["e-mail"],
    "x-ms-region": "Planted Region",
}
ORDINARY = ordinary_words(NOTEBOOKS)
SENTENCE = 'a {} and ({}), "{}"'


def target(host: str = SECRETS["host"], key: str = SECRETS["key"]) -> Target:
    models = ("own-model", "own-second", "own-vision", "own-thinker")
    azure = Connection(f"https://{host}/models", key, *models)
    v1 = Connection(f"https://{host}/openai/v1", key, *models)
    return Target(Settings("record", azure, v1), datetime(2026, 11, 25, tzinfo=UTC))


def scrubber(
    account: str = SECRETS["account"], host: str = SECRETS["host"], key: str = ""
) -> Scrubber:
    return Scrubber({key or SECRETS["key"]}, {account}, {host}, ORDINARY)


def exchange(request: object, answer: Answer, private: dict[str, str] | None = None) -> Exchange:
    url = "http://127.0.0.1:1/models/chat/completions"
    http = HttpRequest("POST", url, {"api-key": PROXY_KEY}, json.dumps(request).encode())
    return Exchange(http, answer, "", 0, frozenset((private or {}).values()))


def written(*exchanges: Exchange, scrub: Scrubber, own: Target | None = None) -> str:
    """The text of a file with all that these exchanges leave in one."""
    found = candidates_of(exchanges, {}, scrub, own or target())
    assert all(candidate.recording for candidate in found), [c.problem for c in found]
    recordings = [c.recording for c in found if c.recording]
    named = [replace(one, name=f"{number}") for number, one in enumerate(recordings)]
    text = dump_if_readable(RecordingFile(named))
    assert text
    return text


def everywhere(secret: str) -> list[Exchange]:
    """Exchanges with a secret in headers, bodies, events, tool arguments, requests and errors."""
    said = SENTENCE.format(secret, secret, secret)
    arguments = json.dumps({"name": secret, "note": f"line\n{secret}"})
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    message = {"role": "assistant", "content": said, "tool_calls": [call]}
    token = {"token": secret, "logprob": -0.1, "bytes": list(secret.encode()), "top_logprobs": []}
    halves = [{**token, "token": part} for part in (secret[:3], secret[3:])]
    body = {
        "id": secret,
        "created": 1736389063,
        "model": secret,
        "organization": secret,
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "stop",
                "logprobs": {"content": [token]},
            },
            {"index": 1, "message": {"content": secret}, "logprobs": {"content": halves}},
        ],
    }
    deltas = [said[at : at + 3] for at in range(0, len(said), 3)]
    pieces = [arguments[at : at + 2] for at in range(0, len(arguments), 2)]
    events: list[object] = [{"choices": [{"index": 0, "delta": {"content": d}}]} for d in deltas]
    for piece in pieces:
        calls = [{"index": 0, "function": {"arguments": piece}}]
        events.append({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]})
    events += [
        {"type": "response.output_text.delta", "delta": d, "item_id": secret} for d in deltas
    ]
    sent = {"messages": [{"role": "user", "content": said}, message]}
    error = {"error": {"code": "400", "message": said, "innererror": {"request": secret}}}
    header = secret.encode("ascii", "ignore").decode().strip()  # what one can hold of it
    return [
        exchange(sent, Answer(200, {**JSON, "x-ms-error-code": header}, body)),
        exchange({"a": 1}, Answer(200, SSE, events=[*events, "[DONE]"])),
        exchange({"a": 2}, Answer(400, {**JSON, "retry-after": header}, error)),
        exchange({"a": 3}, Answer(404, {"content-type": "text/plain"}, said)),
    ]


def all_text(text: str) -> str:
    """What is in a file, and what its streams say when their pieces are put together."""
    import yaml

    joined = []
    for entry in yaml.safe_load(text):
        events = [e for e in entry["answer"].get("events", ()) if isinstance(e, dict)]
        deltas = [choice["delta"] for event in events for choice in event.get("choices", ())]
        joined.append("".join(d.get("content", "") for d in deltas))
        calls = [call for d in deltas for call in d.get("tool_calls", ())]
        joined.append("".join(call["function"]["arguments"] for call in calls))
        joined.append("".join(event.get("delta", "") for event in events))
        choices = (entry["answer"].get("body") or {}) if "body" in entry["answer"] else {}
        for choice in choices.get("choices", ()) if isinstance(choices, dict) else ():
            tokens = (choice.get("logprobs") or {}).get("content", ())
            joined.append("".join(token["token"] for token in tokens))
    return "\n".join([text, *joined])


@pytest.mark.parametrize("what", SECRETS)
def test_a_planted_secret_is_in_no_file_wherever_it_was(what):
    scrub = scrubber()
    scrub.learn({SECRETS["cookie"]})
    text = all_text(written(*everywhere(SECRETS[what]), scrub=scrub))
    assert SECRETS[what] not in text
    assert SECRETS[what] not in text.replace("\\", "")
    assert "planted" not in text.lower(), text
    spelled = ", ".join(map(str, SECRETS[what].encode()))
    assert spelled not in re.sub(r"\s+", " ", text).replace("[ ", "[")


def test_private_headers_are_left_out_and_their_values_too():
    from capture.scrub import identifiers

    private = identifiers(PRIVATE_HEADERS)
    assert SECRETS["cookie"] in private and "Secure" not in private
    said = " ".join(PRIVATE_HEADERS.values())
    choice = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": said},
    }
    body = {"choices": [choice]}
    kept = exchange({"a": 1}, Answer(200, JSON, body), dict(enumerate(private)))
    text = written(kept, scrub=Scrubber((), ()))
    for value in (*private, SECRETS["cookie"]):
        assert value not in text


@pytest.mark.parametrize("account", ["user", "root", "admin", "assistant", "will", "city", "role"])
def test_an_account_that_is_an_ordinary_word_changes_nothing(account):
    said = (
        f"The square root of 4 is 2, {account}s say. Every {account} will know: 'user', \"root\"."
    )
    arguments = '{"user": "root", "city": "Oslo", "role": "admin"}'
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    message = {"role": "assistant", "content": said, "tool_calls": [call]}
    body = {"choices": [{"index": 0, "message": message}], "object": "chat.completion"}
    request = Request("POST", "/p", {"messages": [{"role": "user", "content": said}, message]})
    scrub = scrubber(account=account)
    assert clean_answer(scrub, Answer(200, JSON, body)).body == body
    assert clean_request(scrub, request) == request
    assert scrub.text(f"/home/{account}/x and {account}@example.net") == "(path) and (e-mail)"


def test_a_name_is_never_taken_out_of_a_longer_word():
    scrub = scrubber(account="quill")
    assert (
        scrub.text("tranquill, quillwort, QUILL; quill_x")
        == "tranquill, quillwort, (removed); quill_x"
    )
    pieces = ["tran", "quill", "wort ", "quill"]
    events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    clean = clean_answer(scrub, Answer(200, SSE, events=events)).events or ()
    assert [e["choices"][0]["delta"]["content"] for e in clean] == [*pieces[:3], "(removed)"]


def test_roles_types_and_keys_of_json_stay():
    body = {"choices": [{"index": 0, "shellword": "x", "message": {"role": "shellword"}}]}
    scrub = scrubber(account="shellword")
    assert clean_answer(scrub, Answer(200, JSON, body)).body == body


def test_the_same_secret_becomes_the_same_text():
    one, other = "12345678-1234-1234-1234-123456789012", "22345678-1234-1234-1234-123456789012"
    words = scrubber().text(f"{one} {other} {one}").split()
    assert words[0] == words[2] != words[1]
    assert scrubber().text(" ".join(words)) == " ".join(words)  # what was scrubbed stays


def test_a_picture_is_stored_as_what_it_shows():
    data = "data:image/png;base64,AAAA"
    parts = [
        {"type": "image_url", "image_url": {"url": data}},
        {"type": "text", "text": f"![]({data})"},
    ]
    clean = clean_request(scrubber(), Request("POST", "/p", {"messages": [{"content": parts}]}))
    assert "AAAA" not in str(clean) and str(clean).count("picture unreadable") == 2
    shown = f"picture 4x4 {'0f' * 96}"
    assert scrubber().text(shown) == shown


def test_public_hosts_stay_and_others_go():
    text = "see https://learn.microsoft.com/x, https://models.lan:8000/v1 and my.openai.azure.com"
    clean = scrubber().text(text)
    assert "https://learn.microsoft.com/x" in clean
    assert "models.lan" not in clean and "my.openai" not in clean


def test_a_uid_without_a_passwd_entry_means_no_name(monkeypatch):
    def unknown(*_: object) -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(owner.getpass, "getuser", unknown)
    monkeypatch.setattr(owner, "_account", unknown)
    monkeypatch.setattr(owner.Path, "home", unknown)
    names = owner.owner_names({"HOSTNAME": "planted-box.lan"})
    assert {"planted-box.lan", "planted-box"} <= names
    monkeypatch.setattr(owner.socket, "gethostname", lambda: "x")
    assert owner.owner_names({}) == {"x"}


def test_what_a_gateway_has_in_its_path_is_a_secret_too():
    """Some have an account, or even a token."""
    gateway = "https://gateway.example.com/v1/acc0unt-Planted7/t%C3%AAte/openai"
    deployment = "https://gateway.example.com/openai/deployments/my-gpt"
    models = ("own-model", "own-second", "own-vision", "own-thinker")
    azure, v1 = (Connection(endpoint, "k", *models) for endpoint in (gateway, deployment))
    own = Target(Settings("record", azure, v1), datetime(2026, 11, 25, tzinfo=UTC))
    scrub = owner.scrubber(own, NOTEBOOKS)
    said = "POST /v1/acc0unt-Planted7/t%C3%AAte/openai/chat/completions, tête, my-gpt"
    assert (
        scrub.text(said)
        == "POST /v1/(removed)/(removed)/openai/chat/completions, (removed), my-gpt"
    )


def test_settings_beside_the_key_are_secrets_too(monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "planted-tenant")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-Planted77")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "planted~secret.1")
    monkeypatch.setenv("AZURE_INFERENCE_MODEL", "planted-model")
    scrub = owner.scrubber(target(), NOTEBOOKS)
    words = "planted-tenant org-Planted77 planted~secret.1 planted-resource"
    said = f"{words} {SECRETS['host']} planted-model"
    assert scrub.text(said) == "(removed) (removed) (key) (removed) (host) planted-model"


NAMES = st.text(
    st.characters(codec="utf-8", categories=("L", "N"), include_characters="-_."),
    min_size=1,
    max_size=12,
)
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)
HOSTS = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,8})?(\.[a-z]{2,8}){1,3}", fullmatch=True)


@settings(max_examples=15, deadline=None)
@given(account=NAMES, host=HOSTS, key=KEYS, planted=st.sampled_from(["account", "host", "key"]))
def test_for_random_secrets_what_is_written_loads_again_and_holds_none_of_them(
    account, host, key, planted
):
    """`written` asserts that it loads again. Short and ordinary names are not promised to leave."""
    secret = {"account": account, "host": host, "key": key}[planted]
    own = target(host, key)
    text = all_text(written(*everywhere(secret), scrub=scrubber(account, host, key), own=own))
    found = whole_words([secret]).search(text)
    promised = planted == "host" or not is_no_secret(secret)
    assert not (promised and found), f"{secret!r} is at {found}"


def is_no_secret(name: str) -> bool:
    """Whether `scrub` says it leaves a name alone: too short, a number, or an ordinary word."""
    is_number = name.isdecimal() and len(name) < 2 * SHORTEST
    return (
        len(name) < SHORTEST or is_number or name.lower() in ORDINARY or not re.search(r"\w", name)
    )
