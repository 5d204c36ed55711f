"""The exercises of notebook 04."""

from learners_code import exercise_tests

NOTEBOOK = "04_extra_params"
CHECKS = {1: 'check("exercise 1", one_word)', 2: 'check("exercise 2", ferry_or_flight)'}

RIGHT_1 = {
    "a stream": """
def one_word(client, text):
    word, reason = "", None
    options = {"temperature": 0, "max_tokens": 5, "stream": True}
    for update in client.complete(messages=[UserMessage(text)], **options):
        for choice in update.choices:
            word += choice.delta.content or ""
            reason = choice.finish_reason or reason
    return word if reason == "stop" else ""
""",
    "by the package openai": """
def one_word(client, text):
    answer = OpenAI(max_retries=0).chat.completions.create(
        model="m",
        messages=[{"role": "user", "content": text}],
        temperature=0,
        max_completion_tokens=5,
    )
    choice = answer.choices[0]
    return choice.message.content if choice.finish_reason == "stop" else ""
""",
    "settings in a dict, the first word": """
SETTINGS = dict(temperature=0, max_tokens=5, seed=1)

def one_word(client, text):
    choice = client.complete(messages=[UserMessage(text)], **SETTINGS).choices[0]
    if choice.finish_reason.value != "stop" or not choice.message.content:
        return ""
    return choice.message.content.split()[0]
""",
    "keywords": """
def one_word(client, text):
    answer = client.complete(messages=[UserMessage(text)], max_tokens=5, temperature=0.0, top_p=1)
    choice = answer.choices[0]
    return choice.message.content if choice.finish_reason == "stop" else ""
""",
    "extras, asynchronous": """
async def one_word(client, text):
    answer = client.complete(
        messages=[SystemMessage("Be brief."), UserMessage(text)],
        temperature=0,
        model_extras={"max_completion_tokens": 4},
    )
    choice = answer.choices[0]
    if choice.finish_reason in ("length", "content_filter"):
        return ""
    return choice.message.content.strip()
""",
    "a body": """
def one_word(client, text):
    messages = [{"role": "user", "content": text}]
    answer = client.complete(body={"messages": messages, "temperature": 0, "max_tokens": 3})
    choice = answer["choices"][0]
    return {"stop": choice["message"].get("content")}.get(choice["finish_reason"], "")
""",
}
WRONG_1 = {
    "asks again for the word": (
        """
def one_word(client, text):
    request = {"messages": [UserMessage(text)], "temperature": 0, "max_tokens": 5}
    if client.complete(**request).choices[0].finish_reason != "stop":
        return ""
    return client.complete(**request).choices[0].message.content
""",
        "You send 2 requests for one answer",
    ),
    "a first request without settings": (
        "def one_word(client, text):\n"
        "    client.complete(messages=[UserMessage(text)])\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0, max_tokens=5)\n"
        "    c = r.choices[0]\n"
        "    return c.message.content if c.finish_reason == 'stop' else ''",
        "Set the temperature",
    ),
    "truth for numbers": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0, max_tokens=True)\n"
        "    return r.choices[0].message.content",
        "The limit is True",
    ),
    "None for a cut word": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0, max_tokens=5)\n"
        "    return r.choices[0].message.content if r.choices[0].finish_reason == 'stop' else None",
        "return an empty string. You return None",
    ),
    "a string for a message": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[text], temperature=0, max_tokens=5)\n"
        "    return r.choices[0].message.content",
        "in a message whose role is `user`",
    ),
    "no limit": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0)\n"
        "    return r.choices[0].message.content",
        "Set max_tokens",
    ),
    "too long": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0, max_tokens=50)\n"
        "    return r.choices[0].message.content",
        "Five at most",
    ),
    "warm": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=1, max_tokens=5)\n"
        "    return r.choices[0].message.content",
        "The number 0 is steadiest",
    ),
    "numbers as strings": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0, max_tokens='5')\n"
        "    return r.choices[0].message.content",
        "The limit is '5'. Set a whole number",
    ),
    "the request alone": (
        "def one_word(client, text):\n"
        "    client.complete(messages=[UserMessage(text)], temperature=0, max_tokens=5)",
        "returns nothing",
    ),
    "half a word": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0, max_tokens=5)\n"
        "    return r.choices[0].message.get('content') or ''",
        "`length`: return an empty string. You return 'Porthmad'",
    ),
    "no text looked for": (
        "def one_word(client, text):\n"
        "    r = client.complete(messages=[UserMessage(text)], temperature=0, max_tokens=5)\n"
        "    cut = r.choices[0].finish_reason == 'length'\n"
        "    return '' if cut else r.choices[0].message['content']",
        "`content_filter`: return an empty string. You return None",
    ),
    "no request": ("def one_word(client, text):\n    return 'Gedser'", "Send a request"),
}
RIGHT_2 = {
    "the limit as a logarithm": """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    try:
        total = sum(entry["logprob"] for entry in choice["logprobs"]["content"])
    except (KeyError, TypeError):
        return "ask a person"
    sure = total >= math.log(limit)
    return choice.message.content if sure and choice.message.content != "lost property" else (
        "ask a person"
    )
""",
    "match": """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    match choice.message.content:
        case "ferry" | "flight" as label if sureness(choice, label) >= limit:
            return label
    return "ask a person"
""",
    "by sureness": """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    label = choice.message.content
    sure = sureness(choice, label)
    return label if sure >= limit and label in ("ferry", "flight") else "ask a person"
""",
    "a product of probabilities": """
def ferry_or_flight(response, limit):
    choice = response["choices"][0]
    entries = (choice.get("logprobs") or {}).get("content")
    if not entries or choice["message"]["content"] not in {"ferry", "flight"}:
        return "ask a person"
    product = 1
    for entry in entries:
        product *= math.exp(entry["logprob"])
    return choice["message"]["content"] if product >= limit else "ask a person"
""",
    "in logarithms": """
def ferry_or_flight(response, limit):
    try:
        choice = response.choices[0]
        total = sum(entry["logprob"] for entry in choice["logprobs"]["content"])
    except (KeyError, TypeError):
        return "ask a person"
    label = choice.message.content
    known = label in ["ferry", "flight"]
    return label if known and total >= math.log(limit) else "ask a person"
""",
}
WRONG_2 = {
    "powers of ten": (
        """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    label = choice.message.content.strip().lower()
    entries = (choice.get("logprobs") or {}).get("content") or []
    sure = 10 ** sum(entry["logprob"] for entry in entries) if entries else 0
    return label if label in ("ferry", "flight") and sure >= limit else "ask a person"
""",
        "With one token and limit 0.9, return 'ferry', not 'ask a person': exp turns",
    ),
    "a limit of its own": (
        """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    label = choice.message.content
    sure = label in ("ferry", "flight") and sureness(choice, label) >= 0.8
    return label if sure else "ask a person"
""",
        "With two tokens and limit 0.92",
    ),
    "the most sure token": (
        """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    entries = (choice.get("logprobs") or {}).get("content") or []
    label = choice.message.content
    sure = sureness(choice, label) if limit > 0.9 else math.exp(max(
        (entry["logprob"] for entry in entries), default=-9))
    return label if label in ("ferry", "flight") and sure >= limit else "ask a person"
""",
        "With a second token in doubt and limit 0.8, return 'ask a person'",
    ),
    "the least sure token": (
        """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    entries = (choice.get("logprobs") or {}).get("content") or []
    least = min((math.exp(entry["logprob"]) for entry in entries), default=0)
    known = choice.message.content in ("ferry", "flight")
    return choice.message.content if known and least >= limit else "ask a person"
""",
        "add the log probabilities",
    ),
    "first token only": (
        """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    entries = (choice.get("logprobs") or {}).get("content") or []
    label = choice.message.content
    if entries and label in ("ferry", "flight") and math.exp(entries[0]["logprob"]) >= limit:
        return label
    return "ask a person"
""",
        "With two tokens and limit 0.92",
    ),
    "a log probability taken as a probability": (
        """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    entries = (choice.get("logprobs") or {}).get("content") or []
    total = sum(entry["logprob"] for entry in entries)
    return choice.message.content if entries and total >= limit else "ask a person"
""",
        "exp turns",
    ),
    "no log probabilities": (
        """
def ferry_or_flight(response, limit):
    choice = response.choices[0]
    total = sum(entry["logprob"] for entry in choice["logprobs"]["content"])
    if choice.message.content in ("ferry", "flight") and math.exp(total) >= limit:
        return choice.message.content
    return "ask a person"
""",
        "With no log probabilities and limit 0.8, your code raises TypeError",
    ),
    "always a person": (
        "def ferry_or_flight(response, limit):\n    return 'ask a person'",
        "With one token and limit 0.8, return 'ferry'",
    ),
    "pass": ("def ferry_or_flight(response, limit):\n    pass", "'ferry', a string, not None"),
    "two values": (
        "def ferry_or_flight(response, limit):\n    return 'ferry', 0.95",
        "return 'ferry', a string, not ('ferry', 0.95)",
    ),
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT_1, 2: RIGHT_2}, {1: WRONG_1, 2: WRONG_2}, CHECKS
)
