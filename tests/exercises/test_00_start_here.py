"""The exercise of notebook 00."""

from learners_code import exercise_tests

NOTEBOOK = "00_start_here"
RIGHT = {
    "a stream": """
def greet(client, name):
    stream = client.complete(messages=[UserMessage(f"Greet {name}")], stream=True)
    return "".join(update.choices[0].delta.content or "" for update in stream if update.choices)
""",
    "in capitals, by a callable object": """
class Greeter:
    def __call__(self, client, name):
        answer = client.complete(messages=[UserMessage(f"GREET {name.upper()}!")])
        return answer.choices[0].message.content

greet = Greeter()
""",
    "by requests": """
import requests

def greet(client, name):
    reply = requests.post(
        os.environ["AZURE_INFERENCE_ENDPOINT"] + "/chat/completions",
        json={"model": "m", "messages": [{"role": "user", "content": f"Greet {name}"}]},
        timeout=9,
    )
    return reply.json()["choices"][0]["message"]["content"]
""",
    "the name in a system message": """
from azure.ai.inference.models import SystemMessage

def greet(client, name):
    messages = [SystemMessage(f"Greet {name}."), UserMessage("Hello!")]
    return client.complete(messages=messages).choices[0].message.content
""",
    "a method": """
class Desk:
    def greet(self, client, name):
        message = {"role": "user", "content": [{"type": "text", "text": name}]}
        return client.complete(body={"messages": [message]}).choices[0].message.content

greet = Desk().greet
""",
    "an f-string": """
def greet(client, name):
    return client.complete(messages=[UserMessage(f"Greet {name}.")]).choices[0].message.content
""",
    "with a system message, as dicts": """
def greet(client, name):
    '''Greets.'''
    kind = {"role": "system", "content": "Be kind."}
    messages = [kind, {"role": "user", "content": "Hello, I am " + name}]
    return client.complete(messages=messages)["choices"][0]["message"]["content"]
""",
    "asynchronous": """
async def greet(client, name):
    response = client.complete(messages=[UserMessage("Say hello to " + name)], temperature=0)
    return response.choices[0].message.content
""",
    "by the package openai": """
from openai import OpenAI

def greet(client, name):
    v1 = OpenAI()
    question = {"role": "user", "content": f"Greet {name}"}
    response = v1.chat.completions.create(model=os.environ["OPENAI_MODEL"], messages=[question])
    return response.choices[0].message.content
""",
}
WRONG = {
    "awaits the answer": (
        """
async def greet(client, name):
    response = await client.complete(messages=[UserMessage(f"Greet {name}")])
    return response.choices[0].message.content
""",
        "The client that your function is given needs no `await`",
    ),
    "asks again for the text": (
        """
def greet(client, name):
    question = [UserMessage(f"Greet {name}.")]
    if client.complete(messages=question).choices:
        return client.complete(messages=question).choices[0].message.content
""",
        "You send 2 requests for one answer",
    ),
    "both names": (
        "def greet(client, name):\n"
        '    greeting = client.complete(messages=[UserMessage("Greet Ada and Bo")])\n'
        "    return greeting.choices[0].message.content",
        "Greet the traveller whose name is given",
    ),
    "a name within a word": (
        "def greet(client, name):\n"
        '    question = {"Ada": "Greet Ada", "Bo": "Greet the captain of the Boat"}[name]\n'
        "    greeting = client.complete(messages=[UserMessage(question)])\n"
        "    return greeting.choices[0].message.content",
        "Put the name in it",
    ),
    "no f": (
        "def greet(client, name):\n"
        '    greeting = client.complete(messages=[UserMessage("Greet {name}")])\n'
        "    return greeting.choices[0].message.content",
        "Put the name in it",
    ),
    "yields": (
        "def greet(client, name):\n"
        '    yield client.complete(messages=[UserMessage(f"Greet {name}")])',
        "Your function has a `yield`",
    ),
    "given in quotes": ('greet = "greet"', "Give check your function itself"),
    "a string for a message": (
        "def greet(client, name):\n"
        '    return client.complete(messages=[f"Greet {name}"]).choices[0].message.content',
        "no message with a question",
    ),
    "the assistant's role": (
        "def greet(client, name):\n"
        '    message = {"role": "assistant", "content": name}\n'
        "    return client.complete(messages=[message]).choices[0].message.content",
        "no message with a question",
    ),
    "the request alone": (
        'def greet(client, name):\n    client.complete(messages=[UserMessage(f"Greet {name}")])',
        "Return the text of the answer",
    ),
    "the response": (
        "def greet(client, name):\n"
        '    return client.complete(messages=[UserMessage(f"Greet {name}")])',
        "choices[0].message.content",
    ),
    "prints": (
        "def greet(client, name):\n"
        '    greeting = client.complete(messages=[UserMessage(f"Greet {name}")])\n'
        "    print(greeting.choices[0].message.content)",
        "returns nothing",
    ),
    "asks nothing": ("def greet(client, name):\n    return f'Hello {name}'", "sends no request"),
    "one name for all": (
        "def greet(client, name):\n"
        '    greeting = client.complete(messages=[UserMessage("Greet Ada")])\n'
        "    return greeting.choices[0].message.content",
        "Put the name in it",
    ),
    "raises": ("def greet(client, name):\n    return client.ask(name)", "raises AttributeError"),
    "except: pass": (
        "def greet(client, name):\n"
        "    try:\n        client.ask(name)\n    except Exception:\n        pass",
        "sends no request",
    ),
}
CHECKS = {
    1: 'check("exercise 1", greet)',
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT}, {1: WRONG}, CHECKS
)
