"""The exercises of notebook 10.

What is right passes, what is not done does not, and the next step is said.
"""

from learners_code import exercise_tests

NOTEBOOK = "10_reasoning_models"

RIGHT_1 = {
    "a stream": """
def patient_ask(client, text):
    question = [UserMessage(text)]
    for limit in (200, 400, 800, 1600):
        said, reason = "", None
        extras = {"max_completion_tokens": limit}
        for update in client.complete(messages=question, model_extras=extras, stream=True):
            for choice in update.choices:
                said += choice.delta.content or ""
                reason = choice.finish_reason or reason
        if reason != "length":
            return split_thinking({"content": said})[1] if reason == "stop" else ""
    return ""
""",
    "by the notebook's complete, with match": """
def patient_ask(client, text):
    for limit in [200 * 2**power for power in range(4)]:
        response = complete(client, text, model_extras={"max_completion_tokens": limit})
        (choice,) = response.choices
        match choice.get("finish_reason"):
            case "stop":
                return split_thinking(choice.message)[1]
            case "length":
                continue
            case _:
                break
    return ""
""",
    "a class, with a job and plain body": """
class Patient:
    limits = 200, 400, 800, 1600

    def __call__(self, client, text):
        messages = [{"role": "developer", "content": "Be brief."}]
        messages.append({"role": "user", "content": text})
        for limit in self.limits:
            body = {"messages": messages, "max_completion_tokens": limit, "model": "m"}
            choice = client.complete(body).choices[0]
            if choice.finish_reason != "length":
                break
        return split_thinking(choice.message)[1] if choice.finish_reason == "stop" else ""

patient_ask = Patient()
""",
    "which knows the filter's 400, and raises the rest": """
from itertools import count, takewhile

def patient_ask(client, text):
    for limit in takewhile(lambda limit: limit <= 1600, (200 * 2**n for n in count())):
        extras = {"max_completion_tokens": limit}
        try:
            choice = client.complete(messages=[UserMessage(text)], model_extras=extras).choices[0]
        except HttpResponseError as error:
            if error.error and error.error.code == "content_filter":
                return ""
            raise
        if choice.get("finish_reason") != "length":
            return choice.finish_reason == "stop" and split_thinking(choice.message)[1] or ""
    return ""
""",
    "a while loop": """
def patient_ask(client, text):
    limit = 200
    while limit <= 1600:
        extras = {"max_completion_tokens": limit}
        choice = client.complete(messages=[UserMessage(text)], model_extras=extras).choices[0]
        if choice.finish_reason == "stop":
            return split_thinking(choice.message)[1]
        limit = limit * 2 if choice.finish_reason == "length" else 3200
    return ""
""",
    "recursive, with its own split": """
def patient_ask(client, text, limit=200):
    extras = {"max_completion_tokens": limit}
    choice = client.complete(messages=[UserMessage(text)], model_extras=extras).choices[0]
    if choice.finish_reason.value == "length":
        return patient_ask(client, text, limit * 2) if limit < 1600 else ""
    if choice.finish_reason.value == "content_filter":
        return ""
    return choice.message.content.split("</think>")[-1].strip()
""",
    "asynchronous, plain dicts, with an effort": """
async def patient_ask(client, text):
    for power in range(4):
        extras = {"reasoning_effort": "low", "max_completion_tokens": 200 * 2**power}
        response = client.complete(
            messages=[{"role": "user", "content": text}], model_extras=extras
        )
        reason = response["choices"][0]["finish_reason"]
        if reason != "length":
            answer = split_thinking(response["choices"][0]["message"])[1]
            return answer if reason == "stop" else ""
    return ""
""",
}
UNTIL_NOT_CUT = """\
def patient_ask(client, text):
    for limit in (200, 400, 800, 1600):
        extras = {'max_completion_tokens': limit}
        response = client.complete(messages=[UserMessage(text)], model_extras=extras)
        if response.choices[0].finish_reason != 'length':
            return split_thinking(response.choices[0].message)[1]
"""
PATIENT = """
def patient_ask(client, text):
    for limit in (200, 400, 800, 1600):
        extras = {"max_completion_tokens": limit}
        choice = client.complete(messages=[UserMessage(text)], model_extras=extras).choices[0]
        if choice.finish_reason == "stop":
            return split_thinking(choice.message)[1]
        if choice.finish_reason != "length":
            return ""
    return ""
"""
WRONG_1 = {
    "a keyword that the SDK lacks": (
        """
def patient_ask(client, text):
    return client.complete(messages=[UserMessage(text)], max_completion_tokens=200)
""",
        "What `complete` has no argument for goes into `model_extras`",
    ),
    "the thinking": (
        """
def patient_ask(client, text):
    for limit in (200, 400, 800, 1600):
        extras = {"max_completion_tokens": limit}
        response = client.complete(messages=[UserMessage(text)], model_extras=extras)
        if response.choices[0].finish_reason == "stop":
            return split_thinking(response.choices[0].message)[0]
""",
        "return the answer: 'Five boats.'. You return",
    ),
    "everything caught": (
        PATIENT.replace("def patient_ask", "def asked") + "\ndef patient_ask(client, text):\n"
        "    try:\n        return asked(client, text)\n"
        "    except Exception:\n        return ''",
        "let its error through: catch nothing, or raise it again. You return ''",
    ),
    "asks again after the filter": (
        PATIENT.replace('            return ""\n', "            continue\n"),
        "When the filter stops the second answer, ask with max_completion_tokens of 200, 400. ",
    ),
    "200 more each time": (
        PATIENT.replace("(200, 400, 800, 1600)", "range(200, 1601, 200)"),
        "of 200, 400, 800. You ask with 200, 400, 600",
    ),
    "one limit more": (
        PATIENT.replace("1600)", "1600, 3200)"),
        "You ask with 200, 400, 800, 1600, 3",
    ),
    "thinking and answer": (PATIENT.replace("message)[1]", "message)"), "return a string"),
    "prints": (
        PATIENT.replace("return split_thinking(choice.message)[1]", "return print(choice.message)"),
        "return a string",
    ),
    "half an answer, stopped by the filter": (
        UNTIL_NOT_CUT + "    return ''",
        "When the filter stops the second answer, return an empty string",
    ),
    "limits as strings": (
        "def patient_ask(client, text):\n"
        "    extras = {'max_completion_tokens': '200'}\n"
        "    response = client.complete(messages=[UserMessage(text)], model_extras=extras)\n"
        "    return split_thinking(response.choices[0].message)[1]",
        "of 200. You ask with '200'",
    ),
    "the system's role": (
        "def patient_ask(client, text):\n"
        "    extras = {'max_completion_tokens': 200}\n"
        "    message = {'role': 'system', 'content': text}\n"
        "    return client.complete(messages=[message], model_extras=extras)",
        "in a message whose role is `user`",
    ),
    "keeps the thinking": (
        "def patient_ask(client, text):\n"
        "    extras = {'max_completion_tokens': 200}\n"
        "    response = client.complete(messages=[UserMessage(text)], model_extras=extras)\n"
        "    return response.choices[0].message.content",
        "without the thinking",
    ),
    "asks once": (
        "def patient_ask(client, text):\n"
        "    extras = {'max_completion_tokens': 200}\n"
        "    response = client.complete(messages=[UserMessage(text)], model_extras=extras)\n"
        "    return split_thinking(response.choices[0].message)[1]",
        "ask with max_completion_tokens of 200, 400, 800",
    ),
    "has no end": (
        "def patient_ask(client, text):\n"
        "    limit = 200\n"
        "    while True:\n"
        "        extras = {'max_completion_tokens': limit}\n"
        "        response = client.complete(messages=[UserMessage(text)], model_extras=extras)\n"
        "        if response.choices[0].finish_reason != 'length':\n"
        "            return split_thinking(response.choices[0].message)[1]\n"
        "        limit *= 2",
        "When every answer is cut off, your code asks again and again. Let it end.",
    ),
    "asks for everything at once": (
        "def patient_ask(client, text):\n"
        "    extras = {'max_completion_tokens': 1600}\n"
        "    response = client.complete(messages=[UserMessage(text)], model_extras=extras)\n"
        "    return split_thinking(response.choices[0].message)[1]",
        "You ask with 1600",
    ),
    "the old parameter": (
        "def patient_ask(client, text):\n"
        "    response = client.complete(messages=[UserMessage(text)], max_tokens=200)\n"
        "    return split_thinking(response.choices[0].message)[1]",
        "You ask with None",
    ),
    "returns None in the end": (
        "def patient_ask(client, text):\n"
        "    for limit in (200, 400, 800, 1600):\n"
        "        extras = {'max_completion_tokens': limit}\n"
        "        response = client.complete(messages=[UserMessage(text)], model_extras=extras)\n"
        "        if response.choices[0].finish_reason != 'length':\n"
        "            return split_thinking(response.choices[0].message)[1]",
        "return a string",
    ),
    "half a thought": (
        UNTIL_NOT_CUT + "    return response.choices[0].message.content",
        "return an empty string",
    ),
    "only sends": (
        "def patient_ask(client, text):\n"
        "    extras = {'max_completion_tokens': 200}\n"
        "    client.complete(messages=[UserMessage(text)], model_extras=extras)",
        "return a string",
    ),
    "sends nothing": ("def patient_ask(client, text):\n    return ''", "Send a request"),
    "no arguments": ("def patient_ask():\n    return ''", "raises TypeError"),
}
RIGHT_2 = {
    "a class": """
class Spoken:
    def __init__(self):
        self.parts, self.reason = [], None

    def hear(self, choice):
        piece = choice.delta.get("content") or []
        self.parts += [{"text": piece}] if isinstance(piece, str) else piece
        self.reason = choice.get("finish_reason") or self.reason

    def __str__(self):
        answer = split_thinking({"content": self.parts})[1]
        return answer if self.reason == "stop" else f"{answer}[{self.reason}]"

def spoken(stream):
    heard = Spoken()
    for update in stream:
        for choice in update.choices:
            heard.hear(choice)
    return str(heard)
""",
    "over dicts, asynchronous": """
async def spoken(stream):
    parts = []
    with stream:
        for update in stream:
            for choice in update.as_dict().get("choices") or []:
                piece = (choice.get("delta") or {}).get("content")
                parts.extend(piece if isinstance(piece, list) else [{"text": piece or ""}])
                reason = choice.get("finish_reason")
    return split_thinking({"content": parts})[1] + ("" if reason == "stop" else f" [{reason}]")
""",
    "an early end of the loop, an index that may fail": """
def spoken(stream):
    parts, reason = [], None
    for update in stream:
        try:
            choice = update.choices[0]
        except IndexError:
            continue
        piece = choice["delta"].get("content")
        parts += piece if isinstance(piece, list) else [{"text": piece}]
        reason = choice["finish_reason"]
        if reason:
            break
    answer = split_thinking({"content": parts})[1]
    return " ".join(filter(None, [answer, None if reason == "stop" else f"[{reason}]"]))
""",
    "by the function of the notebook": """
def spoken(stream):
    parts, reasons = [], ["none"]
    for update in stream:
        for choice in update.choices:
            piece = choice.delta.get("content")
            parts += piece if isinstance(piece, list) else [{"text": piece}]
            reasons += [choice.finish_reason] if choice.finish_reason else []
    note = "" if reasons[-1] == "stop" else f" [{reasons[-1].value}]"
    return split_thinking({"content": parts})[1] + note
""",
    "by hand": """
def spoken(stream):
    text = ""
    for update in stream:
        choice = update["choices"][0]
        content = choice["delta"].get("content") or ""
        if isinstance(content, list):
            content = "".join(part["text"] for part in content if part["type"] == "text")
        text += content
    if text.startswith("<think>") and "</think>" not in text:
        text = ""
    answer = text.split("</think>")[-1].strip()
    return answer if choice["finish_reason"] == "stop" else answer + "[length]"
""",
    "with a regular expression": """
import re

def spoken(stream):
    text, cut = "", False
    for update in stream:
        for choice in update.choices:
            content = choice.delta.get("content") or ""
            for part in [{"text": content}] if isinstance(content, str) else content:
                text += part.get("text", "")
            cut = cut or choice.get("finish_reason") == "length"
    return re.sub(r"(?s)<think>.*?(</think>|$)", "", text) + (" [length]" if cut else "")
""",
}
SPOKEN = """
def spoken(stream):
    text, reason = "", None
    for update in stream:
        for choice in update.choices:
            content = choice.delta.get("content") or ""
            if isinstance(content, list):
                content = "".join(part.get("text", "") for part in content)
            text += content
            reason = choice.finish_reason or reason
    answer = split_thinking({"content": text})[1]
    return answer if reason == "stop" else f"{answer} [{reason.value}]"
"""


def changed(old: str, new: str) -> str:
    assert old in SPOKEN
    return SPOKEN.replace(old, new)


SPLIT = 'split_thinking({"content": text})[1]'
WRONG_2 = {
    "parts as strings": (
        "def spoken(stream):\n"
        "    text = ''.join(\n"
        "        str(choice.delta.get('content') or '') for update in stream\n"
        "        for choice in update.choices)\n"
        "    return split_thinking({'content': text})[1]",
        "For the stream “parts”, your answer holds thinking",
    ),
    "everything caught": (
        "def spoken(stream):\n"
        "    text = ''\n"
        "    try:\n"
        "        for update in stream:\n"
        "            text += update.choices[0].delta.content\n"
        "    except Exception:\n        pass\n"
        "    return split_thinking({'content': text})[1]",
        "For the stream “beside”, return 'Bo is on watch.'",
    ),
    "yields": (changed("text += content", "yield content"), "Your function has a `yield`"),
    "a pair": (changed("return answer if", "return (answer, reason) if"), "a string"),
    "a word of its own": (changed("{reason.value}", "cut off"), "return '[length]'"),
    "prints": (changed("return answer if", "return print(answer) if"), "a string"),
    "the name of a reason": (
        changed("{reason.value}", "{reason}"),
        'The plain string is `choice.get("finish_reason")`',
    ),
    "each piece alone": (
        "def spoken(stream):\n"
        "    return ''.join(\n"
        "        split_thinking(choice.delta)[1] for update in stream\n"
        "        for choice in update.choices)",
        "your answer holds thinking",
    ),
    "joins everything": (changed(SPLIT, "text"), "your answer holds thinking"),
    "no parts": (changed('choice.delta.get("content")', "choice.delta.content"), "stream “parts”"),
    "an open thought gets out": (
        changed(SPLIT, 'text.split("</think>")[-1].strip()'),
        "For the stream “never done”",
    ),
    "cut off, and not said": (
        changed(' if reason == "stop" else f"{answer} [{reason.value}]"', ""),
        "For the stream “never done”, return '[length]'",
    ),
    "always a reason": (
        changed('answer if reason == "stop" else ', ""),
        "For the stream “tags in pieces”, return 'Bo is on watch.'",
    ),
    "returns nothing": ("def spoken(stream):\n    list(stream)", "return the answer"),
    "the same for all": ("def spoken(stream):\n    return 'Bo is on watch.'", "“never done”"),
}
CHECKS = {
    1: 'check("exercise 1", patient_ask)',
    2: 'check("exercise 2", spoken)',
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT_1, 2: RIGHT_2}, {1: WRONG_1, 2: WRONG_2}, CHECKS
)
