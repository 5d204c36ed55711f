"""The exercises of notebook 01.

What is right passes, what is not done does not, and the next step is said.
"""

import pytest

from notebooks import NOTEBOOKS, read, solutions, tagged

NOTEBOOK = "01_basic"

RIGHT_1 = {
    "by the enum": """
from azure.ai.inference.models import CompletionsFinishReason

def careful_ask(client, text):
    choice = client.complete(messages=[UserMessage(text)]).choices[0]
    mark = " […]" if choice.finish_reason == CompletionsFinishReason.TOKEN_LIMIT_REACHED else ""
    return (choice.message.content or "") + mark
""",
    "by value, with a system message": """
def careful_ask(client, text):
    response = client.complete(messages=[SystemMessage("Be brief."), UserMessage(text)])
    choice = response.choices[0]
    if choice.message.content is None:
        return ""
    if choice.finish_reason.value == "length":
        return f"{choice.message.content} [...]"
    return choice.message.content
""",
    "by keys, asynchronous": """
async def careful_ask(client, text):
    choice = client.complete(messages=[{"role": "user", "content": text}])["choices"][0]
    answer = choice["message"]["content"] or ""
    return answer + (" […]" if choice["finish_reason"] == "length" else "")
""",
}
WRONG_1 = {
    "marks every answer": (
        "def careful_ask(client, text):\n"
        "    response = client.complete(messages=[UserMessage(text)])\n"
        "    return response.choices[0].message.content + ' […]'",
        "nothing added",
    ),
    "throws away what was cut": (
        "def careful_ask(client, text):\n"
        "    choice = client.complete(messages=[UserMessage(text)]).choices[0]\n"
        "    return '[…]' if choice.finish_reason == 'length' else choice.message.content or ''",
        "Keep the text",
    ),
    "fails on the empty answer": (
        "def careful_ask(client, text):\n"
        "    choice = client.complete(messages=[UserMessage(text)]).choices[0]\n"
        "    mark = ' […]' if choice.finish_reason == 'length' else ''\n"
        "    return choice.message.content.strip() + mark",
        "When the answer is empty, your code raises AttributeError",
    ),
    "only sends": (
        "def careful_ask(client, text):\n    client.complete(messages=[UserMessage(text)])",
        "return its text",
    ),
    "sends nothing": ("def careful_ask(client, text):\n    return ''", "Send a request"),
    "another question": (
        "def careful_ask(client, text):\n"
        "    return client.complete(messages=[UserMessage('Hello?')]).choices[0].message.content",
        "Send the text",
    ),
    "no arguments": ("def careful_ask():\n    return ''", "raises TypeError"),
}
RIGHT_2 = {
    "a table by code and status": """
BY = {401: "look at the key", 404: "look at the address", 429: "come back later",
      "unknown_model": "look at the deployment's name", "content_filter": "put it in other words"}

def one_line(error):
    code = error.error.code if error.error else None
    return BY.get(code) or BY.get(error.status_code) or "try again"
""",
    "by class": """
from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError

def one_line(error):
    if isinstance(error, ClientAuthenticationError):
        return "wrong key"
    if isinstance(error, ResourceNotFoundError):
        return "wrong endpoint"
    code = getattr(error.error, "code", "")
    if code == "content_filter":
        return "filtered"
    if code == "unknown_model":
        return "no such deployment"
    return "limit reached" if error.status_code == 429 else "out of order"
""",
    "with match": """
def one_line(error):
    match (error.status_code, getattr(error.error, "code", None)):
        case (401, _): return "401: key"
        case (404, _): return "404: endpoint"
        case (429, _): return "429: wait"
        case (_, "unknown_model"): return "400: model"
        case (_, "content_filter"): return "400: filter"
    return f"{error.status_code}: unknown"
""",
}
WRONG_2 = {
    "one line for all": ("def one_line(error):\n    return 'failed'", "You say the same for"),
    "fails on HTML": ("def one_line(error):\n    return error.error.code", "raises AttributeError"),
    "the status alone": (
        "def one_line(error):\n    return f'{error.status_code}'",
        "You say the same for",
    ),
    "the whole message": ("def one_line(error):\n    return str(error)", "return one line"),
    "passes": ("def one_line(error):\n    pass", "return a line of text"),
}


def check_of(number: int) -> str:
    return f'\ncheck("exercise {number}", {"careful_ask" if number == 1 else "one_line"})'


@pytest.mark.parametrize("source", RIGHT_1.values(), ids=RIGHT_1)
def test_right_1(attempt, source):
    assert attempt(source + check_of(1)).startswith("✓ Right")


@pytest.mark.parametrize("source", RIGHT_2.values(), ids=RIGHT_2)
def test_right_2(attempt, source):
    assert attempt(source + check_of(2)).startswith("✓ Right")


@pytest.mark.parametrize(("source", "next_step"), WRONG_1.values(), ids=WRONG_1)
def test_wrong_1(attempt, source, next_step):
    printed = attempt(source + check_of(1))
    assert printed.startswith("Not yet.") and next_step in printed


@pytest.mark.parametrize(("source", "next_step"), WRONG_2.values(), ids=WRONG_2)
def test_wrong_2(attempt, source, next_step):
    printed = attempt(source + check_of(2))
    assert printed.startswith("Not yet.") and next_step in printed


def test_untouched_cells_are_not_right_and_solutions_are(attempt):
    book = read(NOTEBOOKS / f"{NOTEBOOK}.ipynb")
    for at in tagged(book, "exercise"):
        assert attempt(book.cells[at].source).startswith("Not yet.")
    for source in solutions(book):
        assert attempt(source).startswith("✓ Right")
