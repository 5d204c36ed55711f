"""No spelling of a key stays in a text."""

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings, strategies as st

from helpers.secrets import HIDDEN, is_secret, secrets_in, without_secrets

KEY = "aB3/+x=9&?k-_~$z\\'\"end"
visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
keys = st.text(visible, min_size=8, max_size=60)


def some_quoted(text: str) -> str:
    """A URL as some libraries write it: quoted, but not all of it, and in lower case."""
    return re.sub(r"%..", lambda found: found[0].lower(), quote(text, safe="/+=&"))


SPELLINGS = {
    "plain": str,
    "in a URL": lambda key: quote(key, safe=""),
    "in a path": quote,
    "in a form": quote_plus,
    "partly quoted": some_quoted,
    "repr": lambda key: repr(key)[1:-1],
    "repr in a repr": lambda key: re.sub(r"^.x\\?['\"]|\\?['\"]x.$", "", repr(f"x{key!r}x")),
    "JSON": lambda key: json.dumps(key)[1:-1],
    "JSON of Go": lambda key: re.sub(
        "[&<>]", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(key)[1:-1]
    ),
    "HTML": html.escape,
    "bytes": lambda key: repr(key.encode())[2:-1],
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "URL-safe base64": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "capital hexadecimal": lambda key: key.encode().hex().upper(),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@given(key=keys, before=st.text(max_size=9), after=st.text(max_size=9))
@settings(max_examples=60, deadline=None)
def test_no_spelling_stays(spelling, key, before, after):
    spelled = spelling(key)
    text = without_secrets(f"{before}\n{spelled}\n{after}", {key})
    assert spelled not in text and HIDDEN in text


@pytest.mark.parametrize("beside", ["", "a", "ab", "api:", "user@:"])
def test_basic_authentication(beside):
    encoded = base64.b64encode(f"{beside}{KEY}:more".encode()).decode()
    text = without_secrets(f"Basic {encoded}", {KEY})
    assert HIDDEN in text
    left = text.removeprefix("Basic ").partition(HIDDEN)
    assert len(left[0]) <= len(beside) * 4 / 3 + 3 and encoded not in text


def test_what_is_not_secret_stays():
    text = "A key of 12 characters: abc/def%20 (none)"
    assert without_secrets(text, {KEY, "none", ""}) == text


def test_the_longer_key_goes_first():
    assert without_secrets("secret-123-long", {"secret-123", "secret-123-long"}) == HIDDEN


@pytest.mark.parametrize(
    ("text", "secret"),
    [("none", False), ("EMPTY", False), ("ollama", False), ("", False), ("a1", False),
     ("sk-1234", True), ("lm-studio", True), ("x" * 32, True)],
)  # fmt: skip
def test_a_word_for_a_local_server_is_no_secret(text, secret):
    assert is_secret(text) == secret


def test_which_settings_hold_secrets():
    found = secrets_in(
        {
            "AZURE_INFERENCE_CREDENTIAL": "first-key-1\r\nsecond-key-2",
            "OPENAI_API_KEY": ' "third-key-3"\r\n',
            "AZURE_CLIENT_SECRET": "fourth-key-4",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD": "fifth-key-5",
            "AZURE_INFERENCE_ENDPOINT": "https://me:sixth-key-6@h/models?code=seventh-key-7&api-version=2024-05-01-preview",
            "OPENAI_BASE_URL": "https://[broken?x=1",
            "AZURE_INFERENCE_MODEL": "a-model-of-mine",
            "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
            "HOME": "/home/somebody-1",
        }
    )
    words = [
        "first-key-1",
        "second-key-2",
        "third-key-3",
        "fourth-key-4",
        "fifth-key-5",
        "sixth-key-6",
        "seventh-key-7",
    ]
    assert set(words) <= found
    text = " ".join(
        [
            *words,
            "a-model-of-mine",
            "EnvironmentCredential",
            "/home/somebody-1",
            "2024-05-01-preview",
        ]
    )
    assert without_secrets(text, found) == " ".join([HIDDEN] * 7) + text[text.index(" a-model") :]
