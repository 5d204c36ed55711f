"""The exercises of notebook 11.

What is right passes, what is not done does not, and the next step is said.
"""

from learners_code import exercise_tests

NOTEBOOK = "11_responses_api"

RIGHT_1 = {
    "a stream": """
def careful_ask(client, text):
    said, last = [], None
    with client.responses.create(model=MODEL, input=text, stream=True) as stream:
        for event in stream:
            if event.type == "response.output_text.delta":
                said.append(event.delta)
            elif event.type in ENDS:
                last = event.response
    return "".join(said) + ("" if last.status == "completed" else f" [{ending(last)}]")
""",
    "with match, parts, not stored": """
def careful_ask(client, text):
    part = {"type": "input_text", "text": text}
    response = client.responses.create(
        model=MODEL, input=[{"role": "user", "content": [part]}], store=False
    )
    match response.status:
        case "completed":
            return response.output_text
        case "incomplete":
            return f"{response.output_text} [{response.incomplete_details.reason}]"
        case other:
            return f"{response.output_text} [{other}]"
""",
    "the body itself": """
def careful_ask(client, text):
    raw = client.responses.with_raw_response.create(model=MODEL, input=text)
    body = raw.http_response.json()
    if body["status"] == "failed":
        return "[failed]"
    messages = [item for item in body["output"] if item["type"] == "message"]
    said = "".join(part["text"] for item in messages for part in item["content"])
    why = body["incomplete_details"]
    return said + (" [" + why["reason"] + "]" if why else "")
""",
    "a class; what failed is printed": """
class Careful:
    def __init__(self, **options):
        self.options = options

    def __call__(self, client, text):
        response = client.responses.create(input=text, **self.options)
        if response.error is not None:
            print(response.error.message)
            return "[failed]"
        try:
            return f"{response.output_text}\\n[{response.incomplete_details.reason}]"
        except AttributeError:
            return response.output_text

careful_ask = Careful(model=MODEL, reasoning={"effort": "low"})
""",
    "an error with a cause": """
import openai

def careful_ask(client, text):
    try:
        response = client.responses.create(model=MODEL, input=text)
    except openai.APIStatusError as error:
        raise RuntimeError("the desk is closed") from error
    whole = response.status == "completed"
    return response.output_text if whole else f"{response.output_text} [{ending(response)}]"
""",
    "by hand, from the items": """
def careful_ask(client, text):
    response = client.responses.create(model=MODEL, input=text)
    said = ""
    for item in response.output:
        if item.type == "message":
            said += "".join(part.text for part in item.content)
    if response.incomplete_details:
        said += f" [{response.incomplete_details.reason}]"
    if response.status == "failed":
        said += "[failed]"
    return said
""",
    "as a dict": """
def careful_ask(client, text):
    response = client.responses.create(model=MODEL, input=[{"role": "user", "content": text}])
    data = response.to_dict()
    why = (data["incomplete_details"] or {}).get("reason") or data["status"]
    said = [p["text"] for i in data["output"] for p in i["content"]]
    return " ".join(said + ([] if why == "completed" else [f"[{why}]"]))
""",
    "asynchronous, with instructions and a limit": """
async def careful_ask(client, text):
    response = client.responses.create(
        model=MODEL, instructions=JOB, input=text, max_output_tokens=100
    )
    note = "" if response.status == "completed" else f" [{ending(response)}]"
    return (response.output_text + note).strip()
""",
}
CAREFUL = """
def careful_ask(client, text):
    response = client.responses.create(model=MODEL, input=text)
    whole = response.status == "completed"
    return response.output_text if whole else f"{response.output_text} [{ending(response)}]"
"""
WRONG_1 = {
    "chat completions": (
        """
def careful_ask(client, text):
    messages = [{"role": "user", "content": text}]
    response = client.chat.completions.create(model=MODEL, messages=messages)
    return response.choices[0].message.content
""",
        "Ask the Responses API: client.responses.create",
    ),
    "asks again for the reason": (
        """
def careful_ask(client, text):
    answer = client.responses.create(model=MODEL, input=text).output_text
    response = client.responses.create(model=MODEL, input=text)
    return answer if response.status == "completed" else f"{answer} [{ending(response)}]"
""",
        "You send 2 requests for one answer",
    ),
    "everything caught": (
        CAREFUL.replace("def careful_ask", "def asked") + "\ndef careful_ask(client, text):\n"
        "    try:\n        return asked(client, text)\n"
        "    except Exception:\n        return '[failed]'",
        "let its error through: `[failed]` is for an answer whose status is `failed`. You return",
    ),
    "a failed answer raises": (
        CAREFUL.replace("    whole", "    assert response.status != 'failed'\n    whole"),
        "When the answer failed, your code raises AssertionError",
    ),
    "always a reason": (
        CAREFUL.replace("response.output_text if whole else ", ""),
        "return 'At quay 2, behind the crane.'. You return",
    ),
    "the old reason": (CAREFUL.replace("{ending(response)}", "length"), "[max_output_tokens]"),
    "the system's role": (
        CAREFUL.replace("input=text", "input=[{'role': 'system', 'content': text}]"),
        "in a message whose role is `user`",
    ),
    "a pair": (CAREFUL.replace("return ", "return 0, "), "return a string"),
    "the text as instructions": (
        "def careful_ask(client, text):\n"
        "    return client.responses.create(model=MODEL, instructions=text, input='').output_text",
        "in a message whose role is `user`",
    ),
    "the text alone": (
        "def careful_ask(client, text):\n"
        "    return client.responses.create(model=MODEL, input=text).output_text",
        "When the answer is cut off, return",
    ),
    "the status": (
        "def careful_ask(client, text):\n"
        "    response = client.responses.create(model=MODEL, input=text)\n"
        "    note = '' if response.status == 'completed' else f' [{response.status}]'\n"
        "    return response.output_text + note",
        "[max_output_tokens]",
    ),
    "nothing where there is no text": (
        "def careful_ask(client, text):\n"
        "    response = client.responses.create(model=MODEL, input=text)\n"
        "    if response.status == 'completed':\n"
        "        return response.output_text\n"
        "    return response.output_text and f'{response.output_text} [{ending(response)}]'",
        "When the thinking takes all tokens",
    ),
    "a failed answer is forgotten": (
        "def careful_ask(client, text):\n"
        "    response = client.responses.create(model=MODEL, input=text)\n"
        "    if not response.incomplete_details:\n"
        "        return response.output_text\n"
        "    return f'{response.output_text} [{ending(response)}]'.strip()",
        "When the answer failed",
    ),
    "a chat completion": (
        "def careful_ask(client, text):\n"
        "    client.chat.completions.create(model=MODEL, messages=[])\n"
        "    return ''",
        "Ask the Responses API",
    ),
    "the response": (
        "def careful_ask(client, text):\n"
        "    return client.responses.create(model=MODEL, input=text)",
        "return a string",
    ),
    "another text": (
        "def careful_ask(client, text):\n"
        "    return client.responses.create(model=MODEL, input='Hello').output_text",
        "Send the text",
    ),
    "only sends": (
        "def careful_ask(client, text):\n    client.responses.create(model=MODEL, input=text)",
        "return a string",
    ),
    "sends nothing": ("def careful_ask(client, text):\n    return ''", "Send a request"),
    "passes": (
        "def careful_ask(client, text):\n"
        "    try:\n        1 / 0\n    except Exception:\n        pass",
        "Send a request",
    ),
    "no arguments": ("def careful_ask():\n    return ''", "raises TypeError"),
}
RIGHT_2 = {
    "a class, parsed": """
class Talk:
    def __init__(self, client):
        self.client, self.items = client, []

    def ask(self, question):
        self.items.append({"type": "message", "role": "user", "content": question})
        response = self.client.responses.parse(model=MODEL, input=self.items, **PRIVATE)
        self.items += [item.to_dict(warnings=False) for item in response.output]
        return response.output_text

def talk(client, questions):
    desk = Talk(client)
    return [desk.ask(question) for question in questions]
""",
    "the bodies, mapped, more included": """
def talk(client, questions):
    items = []
    include = ("message.output_text.logprobs", "reasoning.encrypted_content")

    def one(question):
        items.append({"role": "user", "content": question})
        raw = client.responses.with_raw_response.create(
            model=MODEL, input=items, store=False, include=include
        )
        output = raw.http_response.json()["output"]
        items.extend(output)
        return output[-1]["content"][0]["text"]

    return list(map(one, questions))
""",
    "a while loop, options merged": """
def talk(client, questions):
    items, answers = [], []
    options = PRIVATE | {"model": MODEL, "max_output_tokens": 2000}
    while len(answers) < len(questions):
        items.append({"role": "user", "content": questions[len(answers)]})
        response = client.responses.create(input=items, **options)
        items = items + [json.loads(item.to_json()) for item in response.output]
        answers.append(response.output_text)
    return answers
""",
    "a developer's message first, recursion": """
def talk(client, questions, items=({"role": "developer", "content": JOB},)):
    if not questions:
        return []
    items = [*items, {"role": "user", "content": questions[0]}]
    response = client.responses.create(model=MODEL, input=items, **PRIVATE)
    return [response.output_text, *talk(client, questions[1:], items + response.output)]
""",
    "the objects themselves": """
def talk(client, questions):
    items, answers = [], []
    for question in questions:
        items += [{"type": "message", "role": "user", "content": question}]
        response = client.responses.create(model=MODEL, input=items, **PRIVATE)
        items += response.output
        answers += [response.output_text]
    return answers
""",
    "a new list each time, with instructions": """
def talk(client, questions):
    history, answers = (), []
    for question in questions:
        part = {"type": "input_text", "text": question}
        history = (*history, {"role": "user", "content": [part]})
        response = client.responses.create(
            model=MODEL, instructions=JOB, input=list(history), store=False,
            include=["reasoning.encrypted_content"],
        )
        history = (*history, *(item.model_dump(exclude_none=True) for item in response.output))
        answers.append(response.output_text)
    return tuple(answers)
""",
    "asynchronous, by hand": """
async def talk(client, questions):
    items, answers = [], []
    for question in questions:
        items.append({"role": "user", "content": question})
        response = client.responses.create(
            model=MODEL, input=items, store=False, include=["reasoning.encrypted_content"]
        )
        thinking, message = response.output
        items.append({"type": "reasoning", "id": thinking.id, "summary": [],
                      "encrypted_content": thinking.encrypted_content})
        items.append({"role": "assistant", "content": message.content[0].text})
        answers.append(message.content[0].text)
    return answers
""",
}
TALK = """
def talk(client, questions):
    items, answers = [], []
    for question in questions:
        items.append({"role": "user", "content": question})
        response = client.responses.create(model=MODEL, input=items, **PRIVATE)
        items += response.output
        answers.append(response.output_text)
    return answers
"""
WRONG_2 = {
    "one long string": (
        "def talk(client, questions):\n"
        "    text = '\\n'.join(questions)\n"
        "    return [\n"
        "        client.responses.create(model=MODEL, input=text, **PRIVATE).output_text\n"
        "        for question in questions]",
        "Request 1 lacks 'Where is the bus stop?'",
    ),
    "the thinking last": (
        TALK.replace("items += response.output", "items += reversed(response.output)"),
        "Request 2 needs these items, in this order: user, reasoning, assistant, user",
    ),
    "the answer as the user's": (
        TALK.replace(
            "items += response.output\n",
            "items += [response.output[0], {'role': 'user', 'content': response.output_text}]\n",
        ),
        "Request 2 lacks 'At the lighthouse.'",
    ),
    "the responses": (TALK.replace("append(response.output_text)", "append(response)"), "Return"),
    "store is None": (
        TALK.replace("**PRIVATE", "store=None, include=PRIVATE['include']"),
        "set store to False",
    ),
    "empties the list": (
        TALK.replace("for question in questions:", "while questions:").replace(
            '"content": question}', '"content": questions.pop(0)}'
        ),
        "changes the list of questions",
    ),
    "include is a string": (
        TALK.replace("**PRIVATE", "store=False, include='reasoning.encrypted_content'"),
        "in a list",
    ),
    "yields": (
        TALK.replace("answers.append(", "yield (").replace("    return answers\n", ""),
        "Your function has a `yield`",
    ),
    "stored": (TALK.replace("**PRIVATE", "include=PRIVATE['include']"), "set store to False"),
    "no thinking": (TALK.replace("**PRIVATE", "store=False"), "include reasoning"),
    "an id that nobody keeps": (
        TALK.replace("**PRIVATE", "previous_response_id='resp_1', **PRIVATE"),
        "send the items instead",
    ),
    "the text alone": (
        TALK.replace(
            "response.output\n",
            "[{'role': 'assistant', 'content': response.output_text}]\n",
        ),
        "lacks the reasoning item",
    ),
    "no answers in between": (TALK.replace("items += response.output", "pass"), "lacks"),
    "the last question alone": (
        TALK.replace("items.append(", "items = []\n        items.append("),
        "Request 2 lacks 'Where is the bus stop?'",
    ),
    "one request": (
        TALK.replace("in questions", "in [' '.join(questions)]"),
        "one request for each",
    ),
    "returns nothing": (TALK.replace("    return answers\n", ""), "Return the answers"),
    "returns the last": (TALK.replace("return answers", "return answers[-1:]"), "Return the"),
    "sends nothing": ("def talk(client, questions):\n    return []", "Send a request"),
}
CHECKS = {
    1: 'check("exercise 1", careful_ask)',
    2: 'check("exercise 2", talk)',
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT_1, 2: RIGHT_2}, {1: WRONG_1, 2: WRONG_2}, CHECKS
)
