"""The exercise of notebook 00."""

import pytest

from notebooks import NOTEBOOKS, read, solutions, tagged

NOTEBOOK = "00_start_here"
CHECK = '\ncheck("exercise 1", greet)'
RIGHT = {
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


@pytest.mark.parametrize("source", RIGHT.values(), ids=RIGHT)
def test_right(attempt, source):
    assert attempt(source + CHECK).startswith("✓ Right")


@pytest.mark.parametrize(("source", "next_step"), WRONG.values(), ids=WRONG)
def test_wrong(attempt, source, next_step):
    printed = attempt(source + CHECK)
    assert printed.startswith("Not yet.") and next_step in printed


def test_the_untouched_cell_is_not_right_and_the_solution_is(attempt):
    book = read(NOTEBOOKS / f"{NOTEBOOK}.ipynb")
    (at,) = tagged(book, "exercise")
    assert attempt(book.cells[at].source).startswith("Not yet.")
    assert attempt(solutions(book)[0]).startswith("✓ Right")
