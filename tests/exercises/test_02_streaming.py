"""The exercises of notebook 02."""

from learners_code import exercise_tests

NOTEBOOK = "02_streaming"
CHECKS = {1: 'check("exercise 1", first_sentence)', 2: 'check("exercise 2", read)'}

RIGHT_1 = {
    "next, until a full stop": """
def first_sentence(stream):
    text = ""
    updates = iter(stream)
    while "." not in text:
        try:
            text += read_update(next(updates))[0]
        except StopIteration:
            return text
    return text.split(".")[0] + "."
""",
    "a generator, asynchronous": """
def pieces(stream):
    for update in stream:
        yield read_update(update)[0]

async def first_sentence(stream):
    text = ""
    for piece in pieces(stream):
        text += piece
        if "." in text:
            break
    return text
""",
    "recursion": """
def first_sentence(stream, text=""):
    for update in stream:
        text += read_update(update)[0]
        if "." not in text:
            return first_sentence(stream, text)
        break
    return "".join(text.partition(".")[:2])
""",
    "with and break": """
def first_sentence(stream):
    text = ""
    with stream:
        for update in stream:
            if update.choices:
                text += update.choices[0].delta.content or ""
            if "." in text:
                break
    return text[: text.find(".") + 1] or text
""",
    "close by hand, by keys": """
def first_sentence(stream):
    pieces = []
    for update in stream:
        for choice in update.get("choices") or []:
            pieces.append((choice.get("delta") or {}).get("content") or "")
        if "." in pieces[-1] if pieces else False:
            stream.close()
            break
    return "".join(pieces).strip()
""",
    "return from the loop": """
def first_sentence(stream):
    text = ""
    for update in stream:
        for choice in update.choices:
            text = text + ((choice.delta and choice.delta.content) or "")
            if "." in text:
                return text[: text.index(".") + 1]
    return text
""",
}
WRONG_1 = {
    "a full stop at the end alone": (
        """
def first_sentence(stream):
    text = ""
    for update in stream:
        text += read_update(update)[0]
        if text.endswith("."):
            break
    return text
""",
        "stop at its full stop, wherever it is in a piece",
    ),
    "index without a guard": (
        """
def first_sentence(stream):
    text = ""
    for update in stream:
        text += update.choices[0].delta.content or ""
        if "." in text:
            break
    return text
""",
        "without a full stop, your code raises IndexError",
    ),
    "a full stop always": (
        """
def first_sentence(stream):
    text = ""
    for update in stream:
        text += read_update(update)[0]
        if "." in text:
            break
    return text.split(".")[0] + "."
""",
        "A stream may end without a full stop",
    ),
    "sure of a full stop": (
        """
def first_sentence(stream):
    text = ""
    for update in stream:
        text += read_update(update)[0]
        if "." in text:
            break
    return text[: text.index(".") + 1]
""",
        "With the stream without a full stop, your code raises ValueError",
    ),
    "yields": (
        "def first_sentence(stream):\n"
        "    for update in stream:\n        yield read_update(update)[0]",
        "Your function has a `yield`",
    ),
    "reads to the end": (
        """
def first_sentence(stream):
    text = "".join(c.delta.content or "" for u in stream for c in u.choices if c.delta)
    return text.partition(".")[0] + ("." if "." in text else "")
""",
        "Leave the loop after the sentence",
    ),
    "None in it": (
        """
def first_sentence(stream):
    text = ""
    for update in stream:
        for choice in update.choices:
            text += str(choice.delta.get("content", None)) if choice.delta else "None"
        if "." in text:
            break
    return text + "None"
""",
        "There is a None",
    ),
    "nothing": ("def first_sentence(stream):\n    pass", "Return the sentence"),
    "index without a guard, whole text": (
        """
def first_sentence(stream):
    return "".join(update.choices[0].delta.content or "" for update in stream)
""",
        "Return the first sentence alone",
    ),
    "loses a text without full stop": (
        """
def first_sentence(stream):
    text = ""
    for update in stream:
        for choice in update.choices:
            text += (choice.delta and choice.delta.content) or ""
        if "." in text:
            return text
    return ""
""",
        "without a full stop",
    ),
}
RIGHT_2 = {
    "a bare except, and a named tuple": """
from collections import namedtuple

Result = namedtuple("Result", "text whole")

def read(stream):
    pieces, reasons = [], set()
    try:
        for update in stream:
            piece, reason = read_update(update)
            pieces.append(piece)
            reasons.add(reason)
    except:
        reasons.clear()
    finally:
        stream.close()
    return Result("".join(pieces), "stop" in reasons)
""",
    "a named tuple": """
from collections import namedtuple

def read(stream):
    text, reason, _ = read_stream(stream)
    return namedtuple("Result", "text whole")(text, reason == "stop")
""",
    "by the enum": """
from azure.ai.inference.models import CompletionsFinishReason

def read(stream):
    text, whole = "", False
    try:
        for update in stream:
            for choice in update.choices:
                text += (choice.delta and choice.delta.content) or ""
                whole = whole or choice.finish_reason == CompletionsFinishReason.STOPPED
    except HttpResponseError:
        whole = False
    return text, whole
""",
    "by read_stream": """
def read(stream):
    text, reason, _ = read_stream(stream)
    return text, reason == "stop"
""",
    "a list of two": """
def read(stream):
    result = ["", False]
    try:
        for update in stream:
            for choice in update["choices"]:
                result[0] += (choice.get("delta") or {}).get("content") or ""
                result[1] = choice.get("finish_reason") == "stop"
    except Exception:
        result[1] = False
    return result
""",
}
WRONG_2 = {
    "the last update's reason": (
        """
def read(stream):
    text, whole = "", False
    try:
        for update in stream:
            piece, reason = read_update(update)
            text, whole = text + piece, reason == "stop"
    except HttpResponseError:
        pass
    return text, whole
""",
        "The update after it has no reason: keep the one that came",
    ),
    "not cut for length": (
        """
def read(stream):
    text, reason, _ = read_stream(stream)
    return text, reason != "length"
""",
        "because the connection breaks is not whole",
    ),
    "a mark in the text": (
        """
def read(stream):
    text, reason, _ = read_stream(stream)
    return text + ("" if reason == "stop" else " […]"), reason == "stop"
""",
        "the text is",
    ),
    "guesses by the full stop": (
        """
def read(stream):
    text, _, _ = read_stream(stream)
    return text, text.endswith(".")
""",
        "A stream that ends without a finish_reason is not whole",
    ),
    "raises": (
        """
def read(stream):
    text, reason = "", None
    for update in stream:
        for choice in update.choices:
            text += (choice.delta and choice.delta.content) or ""
            reason = choice.finish_reason or reason
    return text, reason == "stop"
""",
        "your code raises HttpResponseError",
    ),
    "loses the text": (
        """
def read(stream):
    try:
        pieces = [c.delta.content or "" for u in stream for c in u.choices if c.delta]
    except HttpResponseError:
        return "", False
    return "".join(pieces), len(pieces) == 10
""",
        "",
    ),
    "any reason is whole": (
        """
def read(stream):
    text, reason = "", None
    try:
        for update in stream:
            for choice in update.choices:
                text += (choice.delta and choice.delta.content) or ""
                reason = choice.finish_reason or reason
    except HttpResponseError:
        pass
    return text, reason is not None
""",
        "`length` is not whole",
    ),
    "text alone": (
        """
def read(stream):
    return "We do, in the blue cupboard."
""",
        "Return two things",
    ),
    "except: pass": (
        "def read(stream):\n    try:\n        list(stream)\n    except Exception:\n        pass",
        "Return two things",
    ),
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT_1, 2: RIGHT_2}, {1: WRONG_1, 2: WRONG_2}, CHECKS
)
