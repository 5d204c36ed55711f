"""What a client is made with, where it has a name: its credential, and a dict of its options."""

import re
import textwrap

import openai
import pytest
from test_migration_rewrite import MARK, moved

from helpers.migration.__main__ import main

NAMED_KEYS = {
    "its name": "key = AzureKeyCredential(os.environ['K'])\nclient = Client(E, key)",
    "by keyword": "key = AzureKeyCredential(key=K)\nclient = Client(endpoint=E, credential=key)",
    "two clients": "key = AzureKeyCredential(K)\nclient = Client(E, key)\nother = Client(E, key)",
    "in a function": "def make(k):\n    key = AzureKeyCredential(k)\n    return Client(E, key)",
    "an attribute": "class Desk:\n    def __init__(self, k):\n        self.key = AzureKeyCredential(k)\n"
    "    def client(self):\n        return Client(E, self.key)",
}
KEPT_KEYS = {
    "read elsewhere": "key = AzureKeyCredential(K)\nclient = Client(E, key)\nprint(key)",
    "changed": "key = AzureKeyCredential(K)\nclient = Client(E, key)\nkey.update(L)",
    "one of two": "key = AzureKeyCredential(K)\nif L:\n    key = None\nclient = Client(E, key)",
    "two names": "key = first = AzureKeyCredential(K)\nclient = Client(E, key)",
    "its own name": "def make(key):\n    key = AzureKeyCredential(key)\n    return Client(E, key)",
    "passed on": "def make(k):\n    return Client(E, k)\nkey = AzureKeyCredential(K)\nmake(key)",
    "in a header": "key = AzureKeyCredential('')\nclient = Client(E, key, headers={'api-key': K})",
    "set twice": "class Desk:\n    def __init__(self):\n        self.key = AzureKeyCredential(K)\n"
    "    def client(self):\n        self.key = None\n        return Client(E, self.key)",
}
NAMED_CLIENT = """
import os
from azure.ai.inference import ChatCompletionsClient as Client
from azure.core.credentials import AzureKeyCredential
E, K, L = "https://a.services.ai.azure.com/models", "k", ""
"""


@pytest.mark.parametrize("how", NAMED_KEYS)
def test_a_credential_that_has_a_name_becomes_its_key(how):
    text = moved(NAMED_CLIENT + NAMED_KEYS[how])
    assert "AzureKeyCredential" not in text and ".key," not in text and MARK not in text
    assert re.search(r"key = (k|K|os\.environ\['K'\])\n", text)
    assert re.search(r"api_key=(self\.)?key\)", text)


@pytest.mark.parametrize("how", KEPT_KEYS)
def test_a_credential_that_anything_else_may_read_stays_one(how):
    text = moved(NAMED_CLIENT + KEPT_KEYS[how])
    assert "= AzureKeyCredential(" in text and "import AzureKeyCredential" in text


def test_a_credential_that_another_file_reads_stays_one(tmp_path):
    made = NAMED_CLIENT + "key = AzureKeyCredential(K)\nclient = Client(E, key)\n"
    (tmp_path / "desk.py").write_text(made, "utf-8")
    (tmp_path / "other.py").write_text("from desk import key\nkey.update('new')\n", "utf-8")
    assert main(["--write", str(tmp_path)]) == 0
    assert "api_key=key.key" in (tmp_path / "desk.py").read_text("utf-8")


# How a program keeps a client's options, and the options that the new client then takes.
V1 = "https://a.services.ai.azure.com/openai/v1"
OPTIONS = {
    "o = {'read_timeout': 9, 'retry_total': 1, 'model': 'n'}": {"timeout": 9, "max_retries": 1},
    "o = {'connection_timeout': 2, 'model': 'n', 'read_timeout': 9}": {
        "timeout": openai.Timeout(9, connect=2)
    },
    "o = dict(headers={'a': 'b'}, model='n', logging_enable=False)": {
        "default_headers": {"a": "b"}
    },
    "o = {'model': 'n', 'temperature': 0.5}\no['read_timeout'] = 9": {"timeout": 9},
    "o = {}\no['api_version'] = '2024'\no['model'] = 'n'\nif E:\n    o['retry_total'] = 1": {
        "max_retries": 1
    },
    "o = {\n    'model': 'n',\n    'user_agent': 'desk',\n}": {
        "default_headers": {"User-Agent": "desk"}
    },
}
OPTIONS["o: dict[str, object] = {'read_timeout': 9, 'model': 'n'}"] = {"timeout": 9}
INLINE = ["{'read_timeout': 9, 'model': 'n'}", "dict(read_timeout=9, model='n')"]
KEPT_OPTIONS = {
    "read elsewhere": "o = {'retry_total': 1}\nprint(o)",
    "copied": "o = {'retry_total': 1}\np = o",
    "updated": "o = {'retry_total': 1}\no.update(read_timeout=9)",
    "made anew": "o = {'retry_total': 1}\nif E:\n    o = {'retry_total': 2}",
    "set to nothing": "o = {'retry_total': 1}\no['read_timeout'] = None",
    "one wait here, one there": "o = {'connection_timeout': 1}\no['read_timeout'] = 9",
    "two of one successor": "o = {'headers': {}, 'user_agent': 'desk'}",
    "a model perhaps": "o = {'retry_total': 1}\nif E:\n    o['model'] = 'n'",
    "a comment": "o = {'retry_total': 1}\n# the large one\no['model'] = 'n'",
    "unknown keys": "o = {'retry_total': 1}\no[E] = 1",
    "of a function": "def options():\n    return {'retry_total': 1}\no = options()",
}


def made_with(text: str) -> dict:
    """The options that a moved program makes its client with; it makes one call, by `ask()`."""
    given: dict = {}

    class Spy(openai.OpenAI):
        def __init__(self, **options):
            given.update(options)
            super().__init__(**options)

    exec(re.sub(r"\bOpenAI\(", "Spy(", text), {"Spy": Spy})
    return given


@pytest.mark.parametrize("options", OPTIONS)
def test_the_options_of_a_client_in_a_dict_get_their_new_names(options):
    client = "client = Client(E, AzureKeyCredential(K), **o)"
    text = moved(f"{NAMED_CLIENT}{options}\n{client}\nask = lambda: client.complete(messages=[])\n")
    assert MARK not in text
    assert made_with(text) == {"base_url": V1, "api_key": "k", **OPTIONS[options]}
    assert "model='n'" in text.partition("ask = ")[2].replace('"', "'")


@pytest.mark.parametrize("options", INLINE)
def test_options_in_a_dict_that_has_no_name_get_their_new_names_too(options):
    client = (
        f"client = Client(**{{'credential': AzureKeyCredential(K), 'endpoint': E}}, **{options})"
    )
    text = moved(f"{NAMED_CLIENT}{client}\nask = lambda: client.complete(messages=[])\n")
    assert MARK not in text
    assert made_with(text) == {"base_url": V1, "api_key": "k", "timeout": 9}
    assert "model='n'" in text.partition("ask = ")[2].replace('"', "'")


def test_options_that_a_function_reads_get_their_new_names():
    program = """
    OPTIONS: dict = {"read_timeout": 9, "model": "n"}
    def client():
        return Client(E, AzureKeyCredential(K), **OPTIONS)
    def ask():
        with client() as one:
            return one.complete(messages=[])
    client()
    """
    text = moved(NAMED_CLIENT + textwrap.dedent(program))
    assert MARK not in text and 'create(model="n", messages=[])' in text
    assert made_with(text) == {"base_url": V1, "api_key": "k", "timeout": 9}


@pytest.mark.parametrize("how", KEPT_OPTIONS)
def test_options_that_cannot_all_move_stay_behind_a_todo(how):
    client = "client = Client(E, AzureKeyCredential(K), **o)"
    text = moved(f"{NAMED_CLIENT}{KEPT_OPTIONS[how]}\n{client}\n")
    assert "look at each key of these options" in text
    assert text.partition("\nE, K, L")[2].startswith(
        f' = "https://a.services.ai.azure.com/models", "k", ""\n{KEPT_OPTIONS[how]}\n{MARK}'
    )
