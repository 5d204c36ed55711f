"""The exercises of notebook 08: a moved function passes, however it is written."""

from learners_code import exercise_tests

from notebooks import NOTEBOOKS, read, tagged

NOTEBOOK = "08_move_a_program"
CHECKS = {1: 'check("exercise 1", ask)', 2: 'check("exercise 2", listen)'}

RIGHT = {
    1: {
        "a class": """
class Ask:
    def __init__(self, **options):
        self.options = options

    def __call__(self, client, text):
        texts = (("system", DESK), ("user", text))
        messages = [{"role": role, "content": content} for role, content in texts]
        (choice, *_) = client.chat.completions.create(messages=messages, **self.options).choices
        return "[%s] %s" % (choice.finish_reason, choice.message.content or "")

ask = Ask(model=MODEL, max_tokens=60, stream=False, extra_body={"safe_prompt": True})
""",
        "the path itself": """
def ask(client, text):
    messages = [dict(role="system", content=DESK), dict(role="user", content=text)]
    body = {"model": MODEL, "messages": messages, "max_tokens": 60, "safe_prompt": True}
    response = client.post("/chat/completions", cast_to=object, body=body)
    choice = response["choices"][0]
    return f"[{choice['finish_reason']}] {choice['message']['content'] or ''}"
""",
        "the limit as an extra, types for messages": """
from openai.types.chat import ChatCompletionSystemMessageParam as System
from openai.types.chat import ChatCompletionUserMessageParam as User

def ask(client, text):
    response = client.with_options(timeout=30).chat.completions.create(
        model=MODEL,
        messages=[System(role="system", content=DESK), User(role="user", content=text)],
        extra_body={"safe_prompt": True, "max_tokens": 60},
    )
    for choice in response.choices:
        return f"[{choice.finish_reason}] {choice.message.content or str()}".rstrip()
""",
        "contents in parts": """
def part(text):
    return [{"type": "text", "text": text}]

def ask(client, text):
    messages = [{"role": "system", "content": part(DESK)}, {"role": "user", "content": part(text)}]
    (choice,) = client.chat.completions.create(
        model=MODEL, messages=messages, max_tokens=60, extra_body={"safe_prompt": True}
    ).choices
    return " ".join(filter(None, [f"[{choice.finish_reason}]", choice.message.content]))
""",
        "as a dict of options": """
def ask(client, text):
    messages = [{"role": "system", "content": DESK}, {"role": "user", "content": text}]
    options = dict(model=MODEL, max_tokens=60, extra_body={"safe_prompt": True})
    choice = client.chat.completions.create(messages=messages, **options).choices[0]
    return f"[{choice.finish_reason}] {choice.message.content or ''}"
""",
        "by model_dump, with a helper": """
def message(role, content):
    return {"content": content, "role": role}

def ask(client, text):
    response = client.chat.completions.create(
        extra_body=dict(safe_prompt=True), max_tokens=60, model="any-model",
        messages=[message("system", DESK), message("user", text)],
    ).model_dump(exclude_unset=True)
    choice = response["choices"][0]
    return "[" + choice["finish_reason"] + "] " + (choice["message"].get("content") or "")
""",
        "the new limit, asynchronous function": """
async def ask(client, text):
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=[{"role": "system", "content": DESK}, {"role": "user", "content": text}],
        max_completion_tokens=60,
        extra_body={"safe_prompt": True},
    )
    choice = raw.parse().choices[0]
    content = choice.message.content
    return f"[{choice.finish_reason}] {content}" if content else f"[{choice.finish_reason}]"
""",
    },
    2: {
        "with match, over dicts": """
def listen(client, text):
    said, why = [], None
    part = {"type": "text", "text": text}
    try:
        for chunk in client.chat.completions.create(
            stream=True, model=MODEL, messages=[{"role": "user", "content": [part]}]
        ):
            match chunk.model_dump():
                case {"choices": [{"delta": {"content": str(piece)}, **rest}]}:
                    said.append(piece)
                    why = rest.get("finish_reason") or why
                case {"choices": [{"finish_reason": str(reason)}]}:
                    why = reason
    except openai.APIStatusError as error:
        match error.code:
            case "content_filter":
                return "[held back]"
            case _:
                raise
    return "".join(said) + ("" if why == "stop" else f" [{why}]")
""",
        "the lines of the stream": """
import json

def listen(client, text):
    create = client.chat.completions.with_streaming_response.create
    messages = [{"role": "user", "content": text}]
    try:
        with create(model=MODEL, messages=messages, stream=True) as reply:
            events = [line[6:] for line in reply.iter_lines() if line.startswith("data: {")]
    except openai.APIStatusError as error:
        if error.code != "content_filter":
            raise
        return "[held back]"
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    said = "".join((choice.get("delta") or {}).get("content") or "" for choice in choices)
    *_, why = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    return said if why == "stop" else f"{said} [{why}]"
""",
        "a generator of its own": """
def pieces(client, text):
    messages = [{"role": "user", "content": text}]
    for chunk in client.chat.completions.create(model=MODEL, messages=messages, stream=True):
        for choice in chunk.choices:
            yield (choice.delta.content if choice.delta else None) or "", choice.finish_reason

def listen(client, text):
    try:
        found = list(pieces(client, text))
    except openai.BadRequestError as error:
        if "content_filter" == error.code:
            return "[held back]"
        raise error from None
    why = next(reason for _, reason in reversed(found) if reason)
    return "".join(piece for piece, _ in found) + (f" [{why}]" if why != "stop" else "")
""",
        "an error with a cause, a line's end": """
def listen(client, text):
    said, messages = "", [{"role": "user", "content": text}]
    try:
        for chunk in client.chat.completions.create(model=MODEL, messages=messages, stream=True):
            for choice in chunk.choices:
                said += (choice.delta and choice.delta.content) or ""
                said += " [length]" if choice.finish_reason == "length" else ""
    except openai.APIStatusError as error:
        if error.code != "content_filter":
            raise RuntimeError("the desk is closed") from error
        return "[held back]"
    return said + "\\n"
""",
        "loop with continue": """
def listen(client, text):
    said, reason = [], ""
    try:
        for chunk in client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": text}], stream=True
        ):
            if not chunk.choices:
                continue
            delta = chunk.choices[0].delta
            if delta is not None and delta.content:
                said.append(delta.content)
            reason = chunk.choices[0].finish_reason or reason
    except openai.BadRequestError as error:
        if error.code == "content_filter":
            return "[held back]"
        raise
    return "".join(said) + ("" if reason == "stop" else f" [{reason}]")
""",
        "with as, code from the body": """
def listen(client, text):
    messages = [{"role": "system", "content": DESK}, {"role": "user", "content": text}]
    try:
        with client.chat.completions.create(model=MODEL, messages=messages, stream=True) as stream:
            choices = [choice for chunk in stream for choice in chunk.choices]
        said = "".join(choice.delta.content or "" for choice in choices if choice.delta)
        reasons = {choice.finish_reason for choice in choices} - {None, "stop"}
        return said + "".join(f" [{reason}]" for reason in reasons)
    except openai.APIStatusError as error:
        body = error.body if isinstance(error.body, dict) else {}
        if body.get("code") != "content_filter":
            raise error
        return "[held back]"
""",
        "helper for a piece": """
def piece(chunk):
    try:
        return chunk.choices[0].delta.content or ""
    except (AttributeError, IndexError):
        return ""

def listen(client, text):
    try:
        stream = client.chat.completions.create(
            messages=[{"role": "user", "content": text}], model=MODEL, stream=True,
            stream_options={"include_usage": True})
        chunks = list(stream)
        cut = any(c.finish_reason == "length" for chunk in chunks for c in chunk.choices)
        return "".join(map(piece, chunks)) + " [length]" * cut
    except openai.OpenAIError as error:
        if getattr(error, "code", None) == "content_filter":
            return "[held back]"
        raise
""",
    },
}
ASK = """
def ask(client, text):
    choice = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "system", "content": DESK}, {"role": "user", "content": text}],
        max_tokens=60,
        extra_body={"safe_prompt": True},
    ).choices[0]
    return f"[{choice.finish_reason}] {choice.message.content or ''}"
"""
LISTEN = """
def listen(client, text):
    said, reason = "", None
    try:
        for chunk in client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": text}], stream=True
        ):
            for choice in chunk.choices:
                said += (choice.delta and choice.delta.content) or ""
                reason = choice.finish_reason or reason
    except openai.APIStatusError as error:
        if error.code != "content_filter":
            raise
        return "[held back]"
    return said if reason == "stop" else f"{said} [{reason}]"
"""


def changed(source: str, old: str, new: str) -> str:
    assert old in source
    return source.replace(old, new)


WRONG = {
    1: {
        "the old SDK's messages": (
            """
def ask(client, text):
    choice = client.chat.completions.create(
        model=MODEL,
        messages=[SystemMessage(DESK), UserMessage(text)],
        max_tokens=60,
        extra_body={"safe_prompt": True},
    ).choices[0]
    return f"[{choice.finish_reason}] {choice.message.content or ''}"
""",
            "UserMessage is a class of the old SDK. Write the message as a dict",
        ),
        "asks again for the text": (
            """
def ask(client, text):
    def send():
        messages = [{"role": "system", "content": DESK}, {"role": "user", "content": text}]
        return client.chat.completions.create(
            model=MODEL, messages=messages, max_tokens=60, extra_body={"safe_prompt": True}
        ).choices[0]

    return f"[{send().finish_reason}] {send().message.content or ''}"
""",
            "You send 2 requests for one answer",
        ),
        "None goes out as null": (
            changed(ASK, "max_tokens=60,", "max_tokens=60, temperature=None,"),
            "the old function sends no temperature. Leave it out",
        ),
        "more options": (
            changed(ASK, "max_tokens=60,", "max_tokens=60, temperature=0, seed=7,"),
            "the old function sends no seed, temperature. Leave it out",
        ),
        "another desk": (changed(ASK, '"content": DESK', '"content": "Hi"'), "`DESK`"),
        "one message": (
            changed(ASK, '"content": DESK}, {"role": "user", "content": text}', '"content": text}'),
            "Send two messages",
        ),
        "an extra's string": (changed(ASK, "True", '"True"'), "`safe_prompt` is missing"),
        "an extra in the header": (changed(ASK, "extra_body", "extra_query"), "`safe_prompt`"),
        "strings for messages": (
            changed(
                ASK,
                '[{"role": "system", "content": DESK}, {"role": "user", "content": text}]',
                "[DESK, text]",
            ),
            "each a dict with `role` and `content`",
        ),
        "a string for messages": (
            changed(
                ASK,
                '[{"role": "system", "content": DESK}, {"role": "user", "content": text}]',
                "text",
            ),
            "each a dict with `role` and `content`",
        ),
        "the old client": (
            """
def ask(_, text):
    response = client.complete(
        messages=[SystemMessage(DESK), UserMessage(text)], max_tokens=60,
        model_extras={"safe_prompt": True})
    choice = response.choices[0]
    return f"[{choice.finish_reason.value}] {choice.message.content or ''}"
""",
            "an OpenAI",
        ),
        "no extra": (changed(ASK, 'extra_body={"safe_prompt": True},', ""), "safe_prompt"),
        "extra as an argument": (
            changed(ASK, 'extra_body={"safe_prompt": True},', "safe_prompt=True,"),
            "raises TypeError",
        ),
        "no limit": (changed(ASK, "max_tokens=60,", ""), "limit of 60"),
        "no job": (changed(ASK, '{"role": "system", "content": DESK}, ', ""), "two messages"),
        "None shown": (changed(ASK, " or ''", ""), "content is None"),
        "always stop": (changed(ASK, "{choice.finish_reason}", "stop"), "not always the same"),
        "value kept": (
            changed(ASK, "choice.finish_reason}", "choice.finish_reason.value}"),
            "raises AttributeError",
        ),
        "returns nothing": (changed(ASK, "return f", "f"), "return a string"),
        "sends nothing": ("def ask(client, text):\n    return '[stop] At 6:10.'", "Send a request"),
        "passes": ("def ask(client, text):\n    pass", "Send a request"),
        "other arguments": ("def ask():\n    return ''", "raises TypeError"),
        "another question": (changed(ASK, '"content": text', '"content": "Hi"'), "Send the text"),
    },
    2: {
        "the filter by its words": (
            """
def listen(client, text):
    said, reason = "", None
    messages = [{"role": "user", "content": text}]
    try:
        for chunk in client.chat.completions.create(model=MODEL, messages=messages, stream=True):
            for choice in chunk.choices:
                said += (choice.delta and choice.delta.content) or ""
                reason = choice.finish_reason or reason
    except openai.APIStatusError as error:
        if "filter" not in str(error):
            raise
        return "[held back]"
    return said if reason == "stop" else f"{said} [{reason}]"
""",
            "A status of 429 whose code is not `content_filter` is not the filter",
        ),
        "the last chunk's reason": (
            changed(
                LISTEN, "reason = choice.finish_reason or reason", "reason = choice.finish_reason"
            ),
            "In a stream with a late filter, return 'Bo is on watch until four.'",
        ),
        "bad chunks end the loop": (
            changed(
                changed(
                    LISTEN,
                    "for choice in chunk.choices:",
                    "for choice in [chunk.choices[0]]:",
                ),
                "    except openai",
                "    except (IndexError, AttributeError):\n        pass\n    except openai",
            ),
            "In a stream of Azure, return 'Bo is on watch.'",
        ),
        "an error of its own": (
            changed(LISTEN, "            raise\n", "            raise ValueError from None\n"),
            "raise the error of `openai` again. You raise ValueError",
        ),
        "every 400 is the filter": (
            changed(LISTEN, 'error.code != "content_filter"', "error.status_code != 400"),
            "A status of 400 whose code is not `content_filter`",
        ),
        "the assistant's role": (
            changed(LISTEN, '"role": "user"', '"role": "assistant"'),
            "in a message whose role is `user`",
        ),
        "no guard": (
            changed(LISTEN, "for choice in chunk.choices:", "for choice in [chunk.choices[0]]:"),
            "raises IndexError",
        ),
        "no guard for delta": (
            changed(LISTEN, "(choice.delta and choice.delta.content)", "choice.delta.content"),
            "raises AttributeError",
        ),
        "every error is the filter": (
            changed(LISTEN, '        if error.code != "content_filter":\n            raise\n', ""),
            "A status of 429 whose code is not `content_filter` is not the filter",
        ),
        "errors hidden": (
            changed(LISTEN, "            raise\n", '            return ""\n'),
            "A status of 429 whose code is not `content_filter` is not the filter",
        ),
        "every 400 is right, a page is not": (
            changed(LISTEN, "error.code != ", 'error.body["code"] != '),
            "502",
        ),
        "filter raised": (
            changed(LISTEN, '        return "[held back]"', "        raise"),
            "When the prompt is held back",
        ),
        "no stream": (
            """
def listen(client, text):
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": text}]).choices[0].message.content
""",
            "In a stream of Azure",
        ),
        "another question": (
            changed(LISTEN, '"content": text', '"content": "Hi"'),
            "Send the text",
        ),
        "cut off, and not said": (
            changed(LISTEN, ' if reason == "stop" else f"{said} [{reason}]"', ""),
            "In a stream that is cut off, return 'Bo and Ada [length]'",
        ),
        "always a reason": (
            changed(LISTEN, 'said if reason == "stop" else ', ""),
            "In a stream of Azure, return 'Bo is on watch.'",
        ),
        "returns nothing": (
            changed(LISTEN, 'return said if reason == "stop" else', "return None and"),
            "return 'Bo is on watch.'",
        ),
        "passes": ("def listen(client, text):\n    pass", "Send a request"),
    },
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, RIGHT, WRONG, CHECKS
)


def test_the_cells_to_copy_are_those_of_01_with_other_words():
    """So what test_copy_cells.py shows of 01 under every fault holds for these too."""
    words = {
        "How many languages are in the world?": "Is there a berth for the Anna?",
        "Which do you speak?": "And for the Wega?",
        "You are the help desk of a harbour with a ferry and an airfield.": (
            "You give out the berths of a harbour."
        ),
    }
    first, own = (
        [book.cells[at].source for at in tagged(book, "copy")]
        for book in (read(NOTEBOOKS / f"{name}.ipynb") for name in ("01_basic", NOTEBOOK))
    )
    for old, new in words.items():
        assert all(old in source for source in first)
        first = [source.replace(old, new) for source in first]
    assert own == first
