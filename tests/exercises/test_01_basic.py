"""The exercises of notebook 01.

What is right passes, what is not done does not, and the next step is said.
"""

from learners_code import exercise_tests

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
