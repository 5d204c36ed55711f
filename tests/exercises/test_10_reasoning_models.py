"""The exercises of notebook 10.

What is right passes, what is not done does not, and the next step is said.
"""

from learners_code import exercise_tests

NOTEBOOK = "10_reasoning_models"

RIGHT_1 = {
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
WRONG_1 = {
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
