"""The exercises of notebook 05: what is right passes, what is not done gets its next step."""

from learners_code import exercise_tests

NOTEBOOK = "05_tools"
FERRIES = 'FERRIES = {"Saturday": ["08:15", "12:30", "17:45"], "Sunday": []}\n'
TOOL = (
    FERRIES
    + '''
def ferry_times(day: str):
    """When the ferry leaves."""
    return {"day": day, "departures": FERRIES[day]}
'''
)

RIGHT_1 = {
    "a method; a sentence as result": FERRIES
    + """
from typing import Literal

class Harbour:
    def ferry_times(self, day: Literal["Saturday", "Sunday"]) -> str:
        return f"On {day}: {', '.join(FERRIES[day]) or 'no ferry'}."

def desk(client, question):
    return answer(client, question, dict(LOOK_UPS, ferry_times=Harbour().ferry_times))
""",
    "added to LOOK_UPS": TOOL
    + """
async def desk(client, question):
    return answer(client, question, LOOK_UPS)

LOOK_UPS = {**LOOK_UPS, "ferry_times": ferry_times}
""",
    "with the notebook's answer": TOOL
    + """
def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times}, limit=5)
""",
    "returns the text; a list as result, unknown days too": FERRIES
    + """
def ferry_times(day: str):
    return FERRIES.get(day.title(), [])

def desk(client, question):
    '''Answers.'''
    both = {"ferry_times": ferry_times, "get_flight_info": get_flight_info}
    response = answer(client, question, both)
    return response.choices[0].message.content
""",
    "its own loop, with dicts": TOOL
    + """
DAY = {"type": "object", "required": ["day"], "properties": {"day": {"type": "string"}}}

def desk(client, question):
    ferry = {"name": "ferry_times", "description": "Ferries.", "parameters": DAY}
    tools = [describe(get_flight_info), {"type": "function", "function": ferry}]
    messages = [{"role": "user", "content": question}]
    while True:
        response = client.complete(messages=messages, tools=tools)
        message = response.choices[0].message
        if not message.tool_calls:
            return response
        asked = {"role": "assistant", "content": "", "tool_calls": message.tool_calls}
        messages.append(asked)
        for call in reversed(message.tool_calls):
            arguments = json.loads(call.function.arguments)
            if call.function.name == "ferry_times":
                times = ferry_times(**arguments)["departures"]
                result = json.dumps(", ".join(times) or "no sailing")
            else:
                result = json.dumps(get_flight_info(**arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
""",
    "by the package openai, asynchronous function": TOOL
    + """
async def desk(client, question):
    v1 = OpenAI(max_retries=0)
    both = {**LOOK_UPS, "ferry_times": ferry_times}
    tools = [describe(function).as_dict() for function in both.values()]
    messages = [{"role": "user", "content": question}]
    first = v1.chat.completions.create(model="any", messages=messages, tools=tools)
    calls = calls_of(first)
    asked = []
    for call in calls:
        function = {"name": call.function.name, "arguments": call.function.arguments}
        asked.append({"id": call.id, "type": "function", "function": function})
    messages.append({"role": "assistant", "content": "", "tool_calls": asked})
    for call in calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": run_tool(call, both)})
    return v1.chat.completions.create(model="any", messages=messages, tools=tools)
""",
}
WRONG_1 = {
    "the results the wrong way round": (
        """
FERRIES = {"Saturday": ["08:15", "12:30", "17:45"], "Sunday": []}

def ferry_times(day: str):
    return FERRIES[day]

TOOLS = {**LOOK_UPS, "ferry_times": ferry_times}

def desk(client, question):
    messages = [UserMessage(question)]
    definitions = [describe(function) for function in TOOLS.values()]
    for _ in range(3):
        response = client.complete(messages=messages, tools=definitions)
        calls = calls_of(response)
        if not calls:
            return response
        messages.append(AssistantMessage(content="", tool_calls=calls))
        for call, other in zip(calls, reversed(calls)):
            messages.append(ToolMessage(run_tool(call, TOOLS), tool_call_id=other.id))
""",
        "the ferry gets the flight's time. Match by id",
    ),
    "null on Sunday": (
        FERRIES
        + """
def ferry_times(day: str):
    return FERRIES[day] or None

def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times})
""",
        "the model gets null",
    ),
    "a copy of the timetable": (
        FERRIES
        + """
TIMES = {day: list(times) for day, times in FERRIES.items()}

def ferry_times(day: str):
    return TIMES[day]

def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times})
""",
        "Read FERRIES",
    ),
    "the whole timetable": (
        FERRIES
        + """
def ferry_times(day: str):
    return FERRIES

def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times})
""",
        "the timetable says no departures",
    ),
    "another question": (
        TOOL
        + """
def desk(client, question):
    return answer(client, "Hello?", LOOK_UPS | {"ferry_times": ferry_times})
""",
        "Send the text that your function is given",
    ),
    "yields times": (
        FERRIES
        + """
def ferry_times(day: str):
    yield from FERRIES[day]

def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times})
""",
        "not JSON serializable')\"}. Mend that.",
    ),
    "fixed text": (
        FERRIES
        + """
def ferry_times(day: str):
    return {"Saturday": ["08:15", "12:30", "17:45"], "Sunday": []}[day]

def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times})
""",
        "Read FERRIES",
    ),
    "one result for two calls": (
        TOOL
        + """
def desk(client, question):
    both = LOOK_UPS | {"ferry_times": ferry_times}
    messages = [UserMessage(question)]
    definitions = [describe(function) for function in both.values()]
    response = client.complete(messages=messages, tools=definitions)
    call = response.choices[0].message.tool_calls[0]
    messages.append(AssistantMessage(content="", tool_calls=[call]))
    messages.append(ToolMessage(run_tool(call, both), tool_call_id=call.id))
    return client.complete(messages=messages, tools=definitions)
""",
        "one ToolMessage for each call",
    ),
    "the same result for both calls": (
        TOOL
        + """
def desk(client, question):
    both = LOOK_UPS | {"ferry_times": ferry_times}
    messages = [UserMessage(question)]
    definitions = [describe(function) for function in both.values()]
    response = client.complete(messages=messages, tools=definitions)
    calls = response.choices[0].message.tool_calls
    messages.append(AssistantMessage(content="", tool_calls=calls))
    result = run_tool(calls[0], both)
    messages += [ToolMessage(result, tool_call_id=call.id) for call in calls]
    return client.complete(messages=messages, tools=definitions)
""",
        "When the question is about both",
    ),
    "no result is sent": (
        TOOL
        + """
def desk(client, question):
    tools = [describe(get_flight_info), describe(ferry_times)]
    return client.complete(messages=[UserMessage(question)], tools=tools)
""",
        "Run the call",
    ),
    "fails on Sunday": (
        FERRIES
        + """
def ferry_times(day: str):
    first = FERRIES[day][0]
    return FERRIES[day]

def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times})
""",
        "An empty list is a result",
    ),
    "text that is no JSON": (
        TOOL
        + """
def desk(client, question):
    messages = [UserMessage(question)]
    tools = [describe(get_flight_info), describe(ferry_times)]
    call = client.complete(messages=messages, tools=tools).choices[0].message.tool_calls[0]
    messages.append(AssistantMessage(content="", tool_calls=[call]))
    messages.append(ToolMessage("At 06:10 and 19:45", tool_call_id=call.id))
    return client.complete(messages=messages, tools=tools)
""",
        "Every result is JSON",
    ),
    "another parameter": (
        FERRIES
        + """
def ferry_times(weekday: str):
    return FERRIES[weekday]

def desk(client, question):
    return answer(client, question, LOOK_UPS | {"ferry_times": ferry_times})
""",
        "a parameter `day`",
    ),
    "the ferry alone": (
        TOOL
        + """
def desk(client, question):
    return answer(client, question, {"ferry_times": ferry_times})
""",
        "Offer the tool get_flight_info",
    ),
    "prints, returns nothing": (
        TOOL
        + """
def desk(client, question):
    show(answer(client, question, LOOK_UPS | {"ferry_times": ferry_times}))
""",
        "returns nothing",
    ),
    "except: pass": (
        FERRIES
        + """
def desk(client, question):
    try:
        client.nothing()
    except Exception:
        pass
""",
        "Send the question",
    ),
    "wrong arity": (FERRIES + "def desk():\n    pass", "raises TypeError"),
    "no timetable": (
        "FERRIES = None\ndef desk(client, question):\n    pass",
        "Give check the timetable",
    ),
}
RIGHT_2 = {
    "an error of its own": """
ACTS = {"book_flight", "cancel_booking"}

class Refused(Exception):
    pass

def run_with_consent(call, run, confirm):
    try:
        if call.function.name in ACTS and confirm(str(call.function.as_dict())) != "yes":
            raise Refused("the traveller did not say yes")
        return run(call=call)
    except Refused as error:
        return json.dumps({"error": str(error)})
""",
    "a decorator": """
def gate(function):
    def inner(call, run, confirm):
        acts = not call.function.name.startswith("get_")
        if acts and confirm(repr(call)) != "yes":
            return json.dumps({"status": "refused"})
        return function(call, run)
    return inner

@gate
def run_with_consent(call, run):
    return run(call)
""",
    "says that it is not done": """
def run_with_consent(call, run, confirm):
    if call.function.name.startswith(("book", "cancel")):
        reply = confirm(question=f"{call.function.name} {call.function.arguments}?")
        if reply != "yes":
            return json.dumps({"done": False})
    return run(call)
""",
    "a string": """
def run_with_consent(call, run, confirm):
    acts = call.function.name in ("cancel_booking", "book_flight")
    if acts and confirm(f"{call.function}?") != "yes":
        return json.dumps("not done: nobody said yes")
    return run(call)
""",
    "asks for what is in ACTS": """
ACTS = {"book_flight", "cancel_booking"}

def run_with_consent(call, run, confirm):
    '''The gate.'''
    if call.function.name not in ACTS:
        return run(call)
    reply = confirm(f"May I {call.function.name} {call.function.arguments}?") or ""
    return run(call) if reply.strip().lower() == "yes" else '{"error": "no yes"}'
""",
    "asks for all but look-ups; the question from the arguments": """
def run_with_consent(call, run, confirm):
    if call.function.name.startswith("get_"):
        return run(call)
    values = json.loads(call.function.arguments).values()
    match confirm(f"Really {call.function.name}: {', '.join(values)}?"):
        case "yes" | "Yes" | "YES":
            return run(call)
    return json.dumps({"refused": call.function.name})
""",
    "asynchronous, with an early answer": """
async def run_with_consent(call, run, confirm):
    acts = call["function"]["name"] in ("cancel_booking", "book_flight")
    if acts:
        agreed = confirm(str(call.function)) == "yes"
        if not agreed:
            return json.dumps(None)
    return run(call)
""".replace("json.dumps(None)", 'json.dumps(["nobody said yes"])'),
}
GATE = 'ACTS = {"book_flight", "cancel_booking"}\ndef run_with_consent(call, run, confirm):\n'
WRONG_2 = {
    "the arguments alone": (
        GATE
        + """
    if call.function.name in ACTS and confirm(call.function.arguments) != "yes":
        return '{"error": "no"}'
    return run(call)
""",
        "put the tool's name into it",
    ),
    "booked after a no": (
        GATE
        + """
    if call.function.name in ACTS and confirm(str(call.function)) != "yes":
        return '{"booked": true, "cancelled": true}'
    return run(call)
""",
        "do not tell the model that it was done",
    ),
    "y for yes": (
        GATE
        + """
    if call.function.name in ACTS and confirm(str(call.function)) != "y":
        return '{"error": "no"}'
    return run(call)
""",
        "run the call once. It ran 0 times",
    ),
    "null": (
        GATE
        + """
    if call.function.name in ACTS and confirm(str(call.function)) != "yes":
        return json.dumps(None)
    return run(call)
""",
        "Say in the JSON that nothing was done",
    ),
    "false": (
        GATE
        + """
    if call.function.name in ACTS and confirm(str(call.function)) != "yes":
        return json.dumps(False)
    return run(call)
""",
        "Say in the JSON that nothing was done",
    ),
    "an empty object": (
        GATE
        + """
    if call.function.name in ACTS and confirm(str(call.function)) != "yes":
        return "{}"
    return run(call)
""",
        "Say in the JSON that nothing was done",
    ),
    "a yes with a but": (
        GATE
        + """
    acts = call.function.name in ACTS
    if acts and not (confirm(str(call.function)) or "").startswith("yes"):
        return '{"error": "no"}'
    return run(call)
""",
        "the traveller says yes, but on Sunday, the call runs all the same",
    ),
    "asks until yes or no": (
        GATE
        + """
    reply = ""
    while call.function.name in ACTS and reply not in ("yes", "no"):
        try:
            reply = confirm(str(call.function))
        except:
            pass
    return json.dumps({"error": "no"}) if reply == "no" else run(call)
""",
        "asks again and again",
    ),
    "yields": (GATE + "    yield run(call)", "Your function has a `yield`"),
    "runs, then asks": (
        GATE
        + """
    result = run(call)
    if call.function.name in ACTS and confirm(str(call.function)) != "yes":
        return json.dumps({"error": "no"})
    return result
""",
        "runs unasked",
    ),
    "never runs": (GATE + "    return json.dumps({'error': 'not allowed'})", "runs once, at once"),
    "never acts": (
        GATE + "    return run(call) if call.function.name not in ACTS else json.dumps({})",
        "nothing happens",
    ),
    "asks for look-ups": (
        GATE + "    return run(call) if confirm(str(call.function)) == 'yes' else '0'",
        "without a question",
    ),
    "runs after no": (
        GATE
        + """
    if call.function.name in ACTS:
        confirm(str(call.function))
    return run(call)
""",
        "runs all the same",
    ),
    "silence is a yes": (
        GATE
        + """
    if call.function.name in ACTS and (confirm(str(call.function)) or "yes") != "yes":
        return '{"error": "no"}'
    return run(call)
""",
        "runs all the same",
    ),
    "a yes anywhere": (
        GATE
        + """
    if call.function.name in ACTS and "yes" not in (confirm(str(call.function)) or ""):
        return '{"error": "no"}'
    return run(call)
""",
        "runs all the same",
    ),
    "one tool alone": (
        GATE
        + """
    if call.function.name == "cancel_booking" and confirm(str(call.function)) != "yes":
        return '{"error": "no"}'
    return run(call)
""",
        "book_flight",
    ),
    "a blank question": (
        GATE
        + """
    if call.function.name in ACTS and confirm("Are you sure?") != "yes":
        return '{"error": "no"}'
    return run(call)
""",
        "put the arguments into it",
    ),
    "a refusal that is no JSON": (
        GATE
        + """
    if call.function.name in ACTS and confirm(str(call.function)) != "yes":
        return "not cancelled"
    return run(call)
""",
        "Every result is JSON",
    ),
    "returns nothing": (
        GATE
        + """
    if call.function.name not in ACTS or confirm(str(call.function)) == "yes":
        run(call)
""",
        "Return what run returns",
    ),
    "except: pass": (
        GATE + "    try:\n        confirm()\n    except Exception:\n        pass",
        "runs once",
    ),
    "fails on None": (
        GATE
        + """
    if call.function.name in ACTS and confirm(str(call.function)).lower() != "yes":
        return '{"error": "no"}'
    return run(call)
""",
        "raises AttributeError",
    ),
}
CHECKS = {
    1: 'check("exercise 1", desk, FERRIES)',
    2: 'check("exercise 2", run_with_consent)',
}


test_right, test_wrong, test_untouched_cells_are_not_right_and_solutions_are = exercise_tests(
    NOTEBOOK, {1: RIGHT_1, 2: RIGHT_2}, {1: WRONG_1, 2: WRONG_2}, CHECKS
)


def test_the_timetable_is_as_before(attempt):
    source = RIGHT_1["with the notebook's answer"] + "\n" + CHECKS[1] + "\nprint(FERRIES)"
    assert "{'Saturday': ['08:15', '12:30', '17:45'], 'Sunday': []}" in attempt(source)


def test_the_check_says_that_the_timetable_is_missing(attempt):
    source = RIGHT_1["with the notebook's answer"] + '\ncheck("exercise 1", desk)'
    assert attempt(source) == "Not yet. Give check the timetable, too: FERRIES, a dict."


def test_a_learner_who_empties_the_lists_can_try_again(attempt):
    emptied = TOOL.replace("FERRIES[day]}", "[FERRIES[day].pop() for _ in range(1)]}")
    desk = "\ndef desk(client, question):\n    return answer(client, question, LOOK_UPS | TOOL)\n"
    offered = desk.replace("TOOL", '{"ferry_times": ferry_times}')
    assert attempt(emptied + offered + CHECKS[1]).startswith("Not yet.")
    assert attempt(TOOL + offered + CHECKS[1]).startswith("✓ Right")
