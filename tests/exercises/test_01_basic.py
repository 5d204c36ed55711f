"""The exercises of notebook 01.

What is right passes, what is not done does not, and the next step is said.
"""

from learners_code import exercise_tests

NOTEBOOK = "01_basic"

RIGHT_1 = {
    "a stream": """
def careful_ask(client, text):
    pieces, reason = [], None
    for update in client.complete(messages=[UserMessage(text)], stream=True):
        for choice in update.choices:
            pieces.append(choice.delta.content or "")
            reason = choice.finish_reason or reason
    return "".join(pieces) + " […]" * (reason == "length")
""",
    "more room, then a mark": """
def careful_ask(client, text):
    for limit in (50, 500):
        response = client.complete(messages=[UserMessage(text)], max_tokens=limit)
        if response.choices[0].finish_reason != "length":
            return text_of(response)
    else:
        return f"{text_of(response)} […]"
""",
    "by the package openai": """
from openai import OpenAI

def careful_ask(client, text):
    question = {"role": "user", "content": text}
    answer = OpenAI(max_retries=0).chat.completions.create(model="m", messages=[question])
    choice = answer.choices[0]
    return (choice.message.content or "") + (" […]" if choice.finish_reason == "length" else "")
""",
    "match, asynchronous": """
async def careful_ask(client, text):
    choice = client.complete(messages=[UserMessage(text)]).choices[0]
    match choice.finish_reason:
        case "stop":
            return choice.message.content or ""
        case _:
            return f"{choice.message.content} […]"
""",
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
    "asks again for the reason": (
        """
def careful_ask(client, text):
    question = [UserMessage(text)]
    answer = text_of(client.complete(messages=question))
    cut = client.complete(messages=question).choices[0].finish_reason == "length"
    return answer + (" […]" if cut else "")
""",
        "You send 2 requests for one answer",
    ),
    "asks until it is whole": (
        """
def careful_ask(client, text):
    response = client.complete(messages=[UserMessage(text)])
    while response.choices[0].finish_reason == "length":
        response = client.complete(messages=[UserMessage(text)], max_tokens=1000)
    return text_of(response)
""",
        "When the answer is cut off, your code asks again and again",
    ),
    "looks at the last letter": (
        """
def careful_ask(client, text):
    answer = text_of(client.complete(messages=[UserMessage(text)]))
    return answer if answer.endswith((".", "!", "?")) else answer + " […]"
""",
        "Return a whole answer as it is",
    ),
    "the enum's name": (
        """
def careful_ask(client, text):
    response = client.complete(messages=[UserMessage(text)])
    cut = str(response.choices[0].finish_reason) == "length"
    return text_of(response) + (" […]" if cut else "")
""",
        "The second answer is cut off",
    ),
    "guesses by the full stop": (
        "def careful_ask(client, text):\n"
        "    answer = text_of(client.complete(messages=[UserMessage(text)]))\n"
        "    return answer if not answer or answer.endswith('.') else answer + ' […]'",
        "nothing added",
    ),
    "a string for a message": (
        "def careful_ask(client, text):\n    return text_of(client.complete(messages=[text]))",
        "in a message whose role is `user`",
    ),
    "yields": (
        "def careful_ask(client, text):\n"
        "    yield text_of(client.complete(messages=[UserMessage(text)]))",
        "Your function has a `yield`",
    ),
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
    "a loop with else": """
RULES = [
    (lambda status, code: status == 401, "renew the key"),
    (lambda status, code: status == 429, "slow down"),
    (lambda status, code: code in ("unknown_model", "DeploymentNotFound"), "fix the name"),
    (lambda status, code: status == 404, "fix the address"),
    (lambda status, code: code == "content_filter", "put it otherwise"),
]

def one_line(error) -> str:
    for fits, remedy in RULES:
        if fits(error.status_code, getattr(error.error, "code", None)):
            break
    else:
        remedy = "tell the harbour master"
    return remedy
""",
    "in another language, from the body": """
import json

def one_line(error):
    try:
        code = json.loads(error.response.text())["error"]["code"]
    except (ValueError, LookupError, TypeError):
        code = None
    words = {"content_filter": "anders fragen", "unknown_model": "Modellname prüfen"}
    status = {401: "Schlüssel prüfen", 404: "Adresse prüfen", 429: "warten"}
    return words.get(code) or status.get(error.status_code, "später versuchen")
""",
    "a remedy, then the service's words": """
def one_line(error):
    code = error.error.code if error.error else ""
    by_code = {"unknown_model": "check the name", "content_filter": "rephrase"}
    by_status = {401: "check the key", 404: "check the address", 429: "wait"}
    remedy = by_code.get(code) or by_status.get(error.status_code, "ask for help")
    return f"{remedy}: {error.message.splitlines()[0]}"
""",
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
    "the filter by its words": (
        """
def one_line(error):
    return "400: rephrase it" if "filtered" in error.message else explain(error)
""",
        "Where the service words its errors otherwise, you say the same for",
    ),
    "no line for the rest": (
        """
def one_line(error):
    code = error.error.code if error.error else None
    lines = {"content_filter": "rephrase", "unknown_model": "rename", 401: "key", 404: "path"}
    return lines.get(code) or {**lines, 429: "wait"}[error.status_code]
""",
        "For an error that nobody foresaw, your code raises KeyError",
    ),
    "one line for each class": (
        "def one_line(error):\n    return f'{type(error).__name__} {error.status_code}'",
        "You say the same for an unknown model",
    ),
    "ends the program": (
        "import sys\n\ndef one_line(error):\n    sys.exit(explain(error))",
        "For a wrong key, your code raises SystemExit: 401: check the key",
    ),
    "the service's words alone": (
        "def one_line(error):\n    return error.message.splitlines()[0]",
        "you repeat the error. Say what to do",
    ),
    "the code alone": (
        """
def one_line(error):
    code = error.error.code if error.error else None
    known = {"unknown_model": "name", "content_filter": "rephrase", "401": "key", "429": "wait"}
    return known.get(code) or {401: "key", 429: "wait"}.get(error.status_code, "later")
""",
        "Tell them apart by `error.status_code`",
    ),
    "one line for all": ("def one_line(error):\n    return 'failed'", "You say the same for"),
    "fails on HTML": ("def one_line(error):\n    return error.error.code", "raises AttributeError"),
    "the status alone": (
        "def one_line(error):\n    return f'{error.status_code}'",
        "you repeat the error",
    ),
    "the whole message": ("def one_line(error):\n    return str(error)", "return one line"),
    "passes": ("def one_line(error):\n    pass", "return a line of text"),
}
CHECKS = {
    1: 'check("exercise 1", careful_ask)',
    2: 'check("exercise 2", one_line)',
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT_1, 2: RIGHT_2}, {1: WRONG_1, 2: WRONG_2}, CHECKS
)
