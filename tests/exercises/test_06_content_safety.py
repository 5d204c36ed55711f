"""The exercises of notebook 06: what is right passes; for what is not, the next step is said."""

from learners_code import exercise_tests

NOTEBOOK = "06_content_safety"

SORRY = 'SORRY = "Please ask at the counter."\n'
RIGHT_1 = {
    "an early return": """
def page(stream):
    text = ""
    with stream:
        for update in stream:
            for choice in update.choices or []:
                reason = choice.get("finish_reason")
                if reason == "content_filter" or fired(choice.get("content_filter_results")):
                    return SORRY
                text += (choice.get("delta") or {}).get("content") or ""
                text += "\\n[…]" if reason == "length" else ""
    return text
""",
    "a class": """
class Page:
    def __call__(self, stream):
        answer, reason, blocked = read_stream(stream)
        if blocked or "filter" in (reason or ""):
            return SORRY
        return answer if reason == "stop" else answer + " […]"

page = Page()
""",
    "a lambda, partly applied": """
from functools import partial

show = lambda sorry, answer, reason, blocked: (
    sorry if blocked or reason == "content_filter" else answer + " […]" * (reason != "stop")
)
page = lambda stream: partial(show, SORRY)(*read_stream(stream))
""",
    "which expects broken streams": """
def page(stream):
    try:
        answer, reason, blocked = read_stream(stream)
    except HttpResponseError:
        return SORRY
    if any(blocked) or reason == "content_filter":
        return SORRY
    return f"{answer} [...]" if reason == "length" else answer
""",
    "a loop of its own": """
def page(stream):
    text, ends, blocked = "", [], False
    for update in stream:
        for choice in update.choices:
            text += (choice.delta.content or "") if choice.delta else ""
            ends.append(choice.finish_reason)
            for result in (choice.get("content_filter_results") or {}).values():
                for entry in result if isinstance(result, list) else [result]:
                    blocked = blocked or bool(entry.get("filtered"))
    if blocked or "content_filter" in ends:
        return "This answer was taken back."
    return text if "stop" in ends else text + "[...]"
""",
    "with match": """
def page(stream):
    match read_stream(stream):
        case (answer, "stop", {**blocked}) if not blocked:
            return answer
        case (answer, "length", _):
            return f"{answer} […]"
    return SORRY
""",
    "asynchronous, by the enum": """
from azure.ai.inference.models import CompletionsFinishReason as Reason

async def page(stream):
    answer, reason, blocked = read_stream(stream)
    if reason == Reason.CONTENT_FILTERED or len(blocked):
        return SORRY
    return answer + (" […]" if reason == Reason.TOKEN_LIMIT_REACHED else "")
""",
}
PAGE = """
def page(stream):
    answer, reason, blocked = read_stream(stream)
    if blocked or reason == "content_filter":
        return SORRY
    return answer if reason == "stop" else answer + " […]"
"""
WRONG_1 = {
    "the categories alone": (
        """
def page(stream):
    answer, reason, blocked = read_stream(stream)
    if blocked:
        return SORRY
    return answer if reason == "stop" else answer + " […]"
""",
        "whose finish_reason is `content_filter`, without a category, its text is still",
    ),
    "the category on the page": (
        """
def page(stream):
    answer, reason, blocked = read_stream(stream)
    if blocked or reason == "content_filter":
        return f"Blocked: {', '.join(blocked) or 'no category'}"
    return answer if reason == "stop" else answer + " […]"
""",
        "the page names `violence`. Show SORRY",
    ),
    "the mark before": (PAGE.replace('answer + " […]"', '"[…] " + answer'), "Keep the text"),
    "sorry behind the text": (
        PAGE.replace("return SORRY", "return answer + SORRY"),
        "its text is still on the page",
    ),
    "a pair": (PAGE.replace("return SORRY", "return SORRY, blocked"), "a string"),
    "prints": ("def page(stream):\n    print(read_stream(stream)[0])", "You return None"),
    "the mark alone": (PAGE.replace("return SORRY", 'return "[…]"'), "the page has no words"),
    "cut is sorry": (PAGE.replace('answer + " […]"', "SORRY"), "Keep the text of an answer"),
    "yields": ("def page(stream):\n    yield SORRY", "Your function has a `yield`"),
    "the reason alone": (
        "def page(stream):\n"
        "    answer, reason, blocked = read_stream(stream)\n"
        "    if reason == 'content_filter':\n        return SORRY\n"
        "    return answer if reason == 'stop' else answer + ' […]'",
        "after `stop`, its text is still on the page",
    ),
    "fails without a delta": (
        "def page(stream):\n"
        "    text = ''\n"
        "    for update in stream:\n"
        "        for choice in update.choices:\n"
        "            text += choice.delta.content or ''\n"
        "            reason = choice.finish_reason\n"
        "            if reason == 'content_filter':\n                return SORRY\n"
        "    return text if reason == 'stop' else text + ' […]'",
        "raises AttributeError",
    ),
    "blocked is cut": (
        "def page(stream):\n"
        "    answer, reason, blocked = read_stream(stream)\n"
        "    return answer if reason == 'stop' and not blocked else answer + ' […]'",
        "still on the page",
    ),
    "an empty page": (
        "def page(stream):\n"
        "    answer, reason, blocked = read_stream(stream)\n"
        "    if blocked:\n        return ''\n"
        "    return answer if reason == 'stop' else answer + ' […]'",
        "the page is empty",
    ),
    "always sorry": ("def page(stream):\n    return SORRY", "A whole answer stays"),
    "no mark": (
        "def page(stream):\n"
        "    answer, reason, blocked = read_stream(stream)\n"
        "    return SORRY if blocked else answer",
        "Put […] behind",
    ),
    "passes": (
        "def page(stream):\n"
        "    try:\n        read_stream(stream)\n    except Exception:\n        pass",
        "a string",
    ),
    "no arguments": ("def page():\n    return ''", "raises TypeError"),
}
RIGHT_2 = {
    "with match, as a frozen set": """
def of(results):
    for name, result in (results or {}).items():
        for entry in result if isinstance(result, list) else [result]:
            match entry:
                case {"filtered": True} | {"detected": True}:
                    yield name
                case {"severity": "low" | "medium" | "high"}:
                    yield name

def noticed(response):
    holders = [*response.choices, *(response.get("prompt_filter_results") or [])]
    keys = ("content_filter_results", "content_filter_result")
    return frozenset(name for holder in holders for key in keys for name in of(holder.get(key)))
""",
    "asynchronous, the keys of a dict": """
async def noticed(response):
    found = {}
    for holder in list(response.choices) + list(response.get("prompt_filter_results") or []):
        for key in [key for key in holder.keys() if key.startswith("content_filter_result")]:
            for name, result in (holder[key] or {}).items():
                for entry in [result] if hasattr(result, "get") else result:
                    if entry.get("severity") not in (None, "safe"):
                        found[name] = entry
                    elif entry.get("detected") or entry.get("filtered"):
                        found[name] = entry
    return found.keys()
""",
    "the keys of a dict's list": """
def noticed(response):
    holders = [*response.choices, *(response.get("prompt_filter_results") or [])]
    found = {}
    for holder in holders:
        for key in ("content_filter_results", "content_filter_result"):
            for name, result in (holder.get(key) or {}).items():
                for entry in result if isinstance(result, list) else [result]:
                    high = entry.get("severity") in ("low", "medium", "high")
                    if high or entry.get("detected") or entry.get("filtered"):
                        found[name] = entry
    return list(found)
""",
    "by levels, as a set": """
LEVELS = ["safe", "low", "medium", "high"]

def noticed(response):
    names = set()
    verdicts = [c.get("content_filter_results") or {} for c in response["choices"]]
    for entry in response.get("prompt_filter_results", []):
        for key in ("content_filter_results", "content_filter_result"):
            verdicts.append(entry.get(key) or {})
    for verdict in verdicts:
        for name, result in verdict.items():
            if isinstance(result, list):
                if any(match["filtered"] for match in result):
                    names.add(name)
            elif LEVELS.index(result.get("severity", "safe")) > 0:
                names.add(name)
            elif result.get("detected", result.get("filtered")):
                names.add(name)
    return names
""",
    "over plain data, sorted, with doubles": """
def noticed(response):
    def walk(value):
        if isinstance(value, list):
            return any(walk(item) for item in value)
        is_found = value.get("filtered") or value.get("detected")
        return bool(is_found or value.get("severity", "safe") != "safe")

    data = response.as_dict()
    names = []
    for prompt in data.get("prompt_filter_results") or []:
        for key, verdict in prompt.items():
            if key.startswith("content_filter"):
                names += [name for name, result in verdict.items() if walk(result)]
    for choice in data["choices"]:
        verdict = choice.get("content_filter_results") or {}
        names += [name for name, result in verdict.items() if walk(result)]
    return tuple(sorted(names))
""",
}
YIELDS = """
def noticed(response):
    for holder in [*response.choices, *(response.get("prompt_filter_results") or [])]:
        for key in ("content_filter_results", "content_filter_result"):
            for name, result in (holder.get(key) or {}).items():
                for entry in result if isinstance(result, list) else [result]:
                    high = entry.get("severity", "safe") != "safe"
                    if high or entry.get("detected") or entry.get("filtered"):
                        yield name
"""
ONLY_ANSWER = """
def noticed(response):
    found = []
    for choice in response.choices:
        for name, result in (choice.get("content_filter_results") or {}).items():
            if isinstance(result, dict):
                if result.get("severity", "safe") != "safe" or result.get("detected"):
                    found.append(name)
    return found
"""
WRONG_2 = {
    # `if noticed(response)` is true for each iterator, even for one without a name.
    "yields": (YIELDS, "Your function has a `yield`"),
    "an iterator": (
        YIELDS.replace("def noticed", "def names") + "\ndef noticed(response):\n"
        "    return iter([*names(response)])",
        "return a list of names. You return <list_iterator",
    ),
    "the answer alone": (ONLY_ANSWER, "two verdicts"),
    "what blocked": (
        "def noticed(response):\n"
        "    return [*fired(response.choices[0].get('content_filter_results'))]",
        "severity of low",
    ),
    "every category": (
        "def noticed(response):\n    return [*response.choices[0].get('content_filter_results')]",
        "return an empty list. You return custom_blocklists",
    ),
    "no severity is taken for a high one": (
        YIELDS.replace('entry.get("severity", "safe")', 'entry.get("severity")')
        .replace("yield name", "found.add(name)")
        .replace("def noticed(response):", "def noticed(response):\n    found = set()")
        + "    return found",
        "return hate. You return hate, jailbreak",
    ),
    "fails on a list": (
        "def noticed(response):\n"
        "    results = response.choices[0].get('content_filter_results')\n"
        "    return [n for n, r in results.items() if r.get('severity', 'safe') != 'safe']",
        "'list' object has no attribute 'get'. An empty block list is no find.",
    ),
    "prints": ("def noticed(response):\n    print(response)", "return a list of names"),
    "one string": ("def noticed(response):\n    return 'violence'", "return a list of names"),
    "no arguments": ("def noticed():\n    return []", "raises TypeError"),
}
RIGHT_3 = {
    "with the model that sends verdicts": """
def reply(client, text: str) -> tuple[str, str]:
    question = [UserMessage(text)]
    try:
        with client.complete(messages=question, model=second_model, stream=True) as stream:
            answer, reason, blocked = read_stream(stream)
    except HttpResponseError as problem:
        if problem.error is None or problem.error.code != "content_filter":
            raise
        blocked = fired((problem.error.innererror or {}).get("content_filter_result"))
        return SORRY, f"gate=prompt {blocked=} model={second_model}"
    if blocked or reason == "content_filter":
        return SORRY, f"gate=answer {blocked=} model={second_model}"
    return f"{answer}{'' if reason == 'stop' else ' […]'}", ""
""",
    "a named tuple, by the module logging": """
import logging
from typing import NamedTuple

class Reply(NamedTuple):
    words: str
    line: str

def reply(client, text):
    try:
        stream = client.complete(messages=[UserMessage(text)], stream=True)
        answer, reason, blocked = read_stream(stream)
    except HttpResponseError as error:
        if not is_filtered(error):
            raise error
        inner = error.error.innererror or {}
        line = f"prompt: {list(fired(inner.get('content_filter_result')))}"
        logging.getLogger("desk").warning(line)
        return Reply(SORRY, line)
    if blocked or reason == "content_filter":
        return Reply(SORRY, f"answer: {list(blocked)}")
    return Reply(answer, "")
""",
    "a decorator; the visitor reads the question": """
def careful(function):
    def wrapper(client, text):
        try:
            return function(client, text)
        except HttpResponseError as error:
            if is_filtered(error):
                inner = error.error.innererror or {}
                why = fired(inner.get("content_filter_result"))
                return f"I cannot answer “{text}”. " + SORRY, f"prompt: {why}"
            raise
    return wrapper

@careful
def reply(client, text):
    stream = client.complete(messages=[UserMessage([{"type": "text", "text": text}])], stream=True)
    answer, reason, why = read_stream(stream)
    blocked = why or reason == "content_filter"
    return (SORRY, f"answer: {why}") if blocked else (answer, "ok")
""",
    "facts as a dict": """
def reply(client, text):
    facts = {"gate": None, "categories": []}
    try:
        stream = client.complete(messages=[UserMessage(text)], stream=True)
        answer, reason, blocked = read_stream(stream)
    except HttpResponseError as error:
        if error.error is None or error.error.code != "content_filter":
            raise
        details = (error.error.innererror or {}).get("content_filter_result")
        facts = {"gate": "prompt", "categories": list(fired(details))}
        return "Please ask in other words.", facts
    if reason == "content_filter" or blocked:
        facts["gate"], facts["categories"] = "answer", list(blocked)
        return "Please ask in other words.", facts
    return answer, None
""",
    "a loop of its own, a dict as message": """
def reply(client, text):
    said, why = [], {}
    reason = None
    try:
        with client.complete(messages=[{"role": "user", "content": text}], stream=True) as stream:
            for update in stream:
                for choice in update.choices:
                    said.append((choice.delta and choice.delta.content) or "")
                    reason = choice.finish_reason or reason
                    why |= fired(choice.get("content_filter_results"))
    except HttpResponseError as error:
        if is_filtered(error):
            inner = error.error.innererror or {}
            return SORRY, "prompt " + ", ".join(fired(inner.get("content_filter_result")))
        raise
    if why or reason == "content_filter":
        return SORRY, "answer " + ", ".join(why)
    return "".join(said), ""
""",
    "in two functions, the error as a cause": """
def refused_by(error):
    if not is_filtered(error):
        raise RuntimeError("the desk is out of order") from error
    return {"where": "prompt", **fired((error.error.innererror or {}).get("content_filter_result"))}

async def reply(client, text):
    try:
        answer, reason, why = read_stream(
            client.complete(messages=[SystemMessage("Be brief."), UserMessage(text)], stream=True)
        )
    except HttpResponseError as error:
        return SORRY, refused_by(error)
    blocked = bool(why) or reason == "content_filter"
    return (SORRY, {"where": "answer", **why}) if blocked else (answer, {})
""",
}
CALL = "client.complete(messages=[UserMessage(text)], stream=True)"


def handler(
    words: str = "SORRY", line: str = "f'prompt {blocked}'", otherwise: str = "raise"
) -> str:
    """A reply that is right, but for what is given."""
    return f"""
def reply(client, text):
    try:
        answer, reason, blocked = read_stream({CALL})
    except HttpResponseError as error:
        if not is_filtered(error):
            {otherwise}
        blocked = fired((error.error.innererror or {{}}).get("content_filter_result"))
        return {words}, {line}
    if blocked or reason == "content_filter":
        return {words}, {line}
    return answer, ""
"""


WRONG_3 = {
    "the categories alone": (
        """
def reply(client, text):
    try:
        stream = client.complete(messages=[UserMessage(text)], stream=True)
        answer, reason, blocked = read_stream(stream)
    except HttpResponseError as error:
        if not is_filtered(error):
            raise
        blocked = fired((error.error.innererror or {}).get("content_filter_result"))
        return SORRY, f"prompt blocked: {blocked or 'no category'}"
    return (SORRY, f"answer blocked: {blocked}") if blocked else (answer, "")
""",
        "For a stream that the filter cuts without a category, the visitor still reads",
    ),
    "the whole error in the log": (
        """
def reply(client, text):
    try:
        stream = client.complete(messages=[UserMessage(text)], stream=True)
        answer, reason, blocked = read_stream(stream)
    except HttpResponseError as error:
        if not is_filtered(error):
            raise
        return SORRY, str(error)
    if blocked or reason == "content_filter":
        return SORRY, f"answer blocked: {blocked}"
    return answer, ""
""",
        "For a blocked prompt, the log gets",
    ),
    "the filter by its words": (
        """
def reply(client, text):
    try:
        stream = client.complete(messages=[UserMessage(text)], stream=True)
        answer, reason, blocked = read_stream(stream)
    except HttpResponseError as error:
        if "filtered" not in error.message:
            raise
        details = (error.error and error.error.innererror) or {}
        return SORRY, f"prompt: {fired(details.get('content_filter_result'))}"
    if blocked or reason == "content_filter":
        return SORRY, f"answer blocked: {blocked}"
    return answer, ""
""",
        "When the model is unknown, raise the service's own error",
    ),
    "asks again after the verdict": (
        """
def reply(client, text):
    result = verdict(text, second_model)
    if result != "passed":
        return SORRY, result
    stream = client.complete(messages=[UserMessage(text)], stream=True)
    return read_stream(stream)[0], ""
""",
        "You send 2 requests for one answer",
    ),
    "every error is the filter's": (
        handler(otherwise="pass").replace("HttpResponseError", "Exception"),
        "raise the service's own error",
    ),
    "swapped": (
        handler("f'prompt {blocked}'", "SORRY").replace('answer, ""', '"", answer'),
        "After a good answer, the visitor reads it",
    ),
    "always the same category": (
        handler(line="'violence'"),
        "For a stream in which a category blocks after `stop`, name `custom_blocklists`",
    ),
    "the filter's error gets out": (
        handler().replace("not is_filtered(error)", "True"),
        "the filter's 400 gets out of your function",
    ),
    "the prompt on standard error": (
        "import sys\n"
        + handler().replace(
            "    if blocked or", "    print(text, file=sys.stderr)\n    if blocked or"
        ),
        "you log or print what the visitor wrote",
    ),
    "the system's role": (
        handler().replace("UserMessage(text)", "SystemMessage(text)"),
        "in a message whose role is `user`",
    ),
    "a string for a message": (
        handler().replace("UserMessage(text)", "text"),
        "in a message whose role is `user`",
    ),
    "yields": ("def reply(client, text):\n    yield SORRY, ''", "Your function has a `yield`"),
    "except: pass": (
        f"def reply(client, text):\n"
        f"    try:\n        answer, reason, blocked = read_stream({CALL})\n"
        f"        return answer, str(blocked)\n"
        f"    except HttpResponseError:\n        pass",
        "Return two things",
    ),
    "nothing raised": (
        handler(otherwise="return SORRY, 'unknown'"),
        "raise the service's own error",
    ),
    "every 400 is the filter's": (
        handler().replace("not is_filtered(error)", "error.status_code != 400"),
        "raise the service's own error",
    ),
    "another error": (
        handler(otherwise="return error.error.innererror['x'], ''"),
        "the service's own error",
    ),
    "the prompt in the log": (
        handler(line="f'{text}: {blocked}'"),
        "you log or print what the visitor wrote",
    ),
    "the prompt printed": (
        handler().replace("    if blocked or", "    print(text, blocked)\n    if blocked or"),
        "you log or print what the visitor wrote",
    ),
    "no category": (handler(line="'blocked'"), "name `violence` in the log"),
    "the category in the visitor's words": (
        handler(words="f'Blocked: {blocked}'"),
        "`violence` belongs in the log alone",
    ),
    "the blocked text is shown": (
        handler().replace("    if blocked or", "    if not answer or"),
        "still reads",
    ),
    "an empty log": (handler(line="''"), "the log is empty"),
    "nothing for the visitor": (handler(words="''"), "the visitor reads nothing"),
    "the reason alone": (handler().replace("if blocked or reason", "if reason"), "after `stop`"),
    "the request alone": (f"def reply(client, text):\n    {CALL}", "Return two things"),
    "no stream": (
        "def reply(client, text):\n    client.complete(messages=[UserMessage(text)])",
        "stream=True",
    ),
    "another question": (
        "def reply(client, text):\n"
        "    client.complete(messages=[UserMessage('Hello?')], stream=True)",
        "Send the text",
    ),
    "sends nothing": ("def reply(client, text):\n    return SORRY, 'violence'", "Send a request"),
    "no arguments": ("def reply():\n    return '', ''", "raises TypeError"),
}
CHECKS = {
    1: 'check("exercise 1", page)',
    2: 'check("exercise 2", noticed)',
    3: 'check("exercise 3", reply)',
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK,
    {1: RIGHT_1, 2: RIGHT_2, 3: RIGHT_3},
    {1: WRONG_1, 2: WRONG_2, 3: WRONG_3},
    CHECKS,
    SORRY,
)
