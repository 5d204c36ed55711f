"""Exercises of notebook 05, Let the model call tools."""

import json
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from ..situations import (
    NotYet,
    Patience,
    Situation,
    answering,
    recorded,
    require,
    require_text,
    value_of,
)

CHANGED = {"Saturday": ["06:10", "19:45"], "Sunday": []}  # while exercise 1 is checked
CLOCK_TIME = re.compile(r"\d\d?:\d\d")


def exercise_1(desk: Callable[[Any, str], Any], ferries: dict[str, list[str]] | None = None) -> str:
    """`desk(client, question)` offers `ferry_times`, too; each call gets its own result, by id."""
    if not isinstance(ferries, dict):
        raise NotYet("Give check the timetable, too: FERRIES, a dict.")
    before = dict(ferries)
    ferries.clear()
    ferries.update(deepcopy(CHANGED))  # a learner may change the lists
    try:
        for label, question in _QUESTIONS.items():
            _check_desk(desk, label, question)
    finally:
        ferries.clear()
        ferries.update(before)
    return "Right: ferry, flight, both at once, and a Sunday; each call gets its own result."


_QUESTIONS = {
    "ferry": "When does the ferry leave on Saturday?",
    "flight": "When is the next flight from Miami to Seattle?",
    "both": "How do I leave on Saturday, by ferry or by plane from Miami to Seattle?",
    "Sunday": "When does the ferry leave on Sunday?",
}


def _check_desk(desk: Callable[[Any, str], Any], label: str, question: str) -> None:
    article = "the " if label in ("ferry", "flight") else ""
    when = f"When the question is about {article}{label}"
    call_answer, *_ = recorded(f"exercise 1, {label}, call")
    last_answer, *_ = recorded(f"exercise 1, {label}, answer")
    with answering(call_answer, last_answer) as situation:
        value = value_of(desk, situation.client, question, when=when)
    require(situation.sent, "Send the question with the client that you are given: call answer.")
    require_text(situation, question)
    _check_offer(situation)
    calls = call_answer.body["choices"][0]["message"]["tool_calls"]
    results = _results(situation, calls, when)
    for call in calls:
        _check_result(call["function"], results[call["id"]], when)
    said = last_answer.body["choices"][0]["message"]["content"]
    require(value is not None, f"{when}, desk returns nothing. Return what answer returns.")
    require(said in _text(value), f"{when}, return the model's last answer, after the result.")


def _check_offer(situation: Situation) -> None:
    """The first request offers both tools, and `ferry_times` has a parameter `day`."""
    offered: dict[str, Any] = {}
    for tool in _mapping(situation.bodies[0]).get("tools") or []:
        function = _mapping(_mapping(tool).get("function"))
        offered[str(function.get("name"))] = _mapping(function.get("parameters"))
    for name in ("get_flight_info", "ferry_times"):
        names = ", ".join(offered) or "none"
        require(name in offered, f"Offer the tool {name}. The request offers: {names}.")
    parameters = _mapping(offered["ferry_times"].get("properties"))
    require("day" in parameters, "Give ferry_times a parameter `day`: models need its name.")


def _results(situation: Situation, calls: list[dict[str, Any]], when: str) -> dict[str, str]:
    """The content of the tool message for each call, by the call's id."""
    require(len(situation.bodies) > 1, f"{when}, a tool is called. Run the call, send its result.")
    second = _mapping(situation.bodies[1])
    messages = [_mapping(message) for message in second.get("messages") or []]
    calls_sent = [call for message in messages for call in message.get("tool_calls") or []]
    asked = {_mapping(call).get("id") for call in calls_sent}
    results: dict[str, str] = {}
    for call in calls:
        found = [message for message in messages if message.get("tool_call_id") == call["id"]]
        require(
            len(found) == 1,
            f"{when}, send one ToolMessage for each call, by id. {call['id']} has {len(found)}.",
        )
        require(call["id"] in asked, f"{when}, send the model's call as well, before its result.")
        results[call["id"]] = str(found[0].get("content"))
    return results


def _check_result(function: Mapping[str, Any], result: str, when: str) -> None:
    """A result is JSON, and holds what the (changed) timetable says."""
    _require_json(result, when)
    is_null = json.loads(result) is None
    require(not is_null, f"{when}, the model gets null. Say what it means: no ferry is a list, []")
    if function["name"] == "get_flight_info":
        require("NA 121" in result, f"{when}, the flight gets {result}. Run get_flight_info.")
        require("06:10" not in result, f"{when}, the flight gets the ferry's times. Match by id.")
        return
    require("NA 121" not in result, f"{when}, the ferry gets the flight's time. Match by id.")
    expected = CHANGED[json.loads(function["arguments"])["day"]]
    if re.search(r"\w+Error\b", result):
        advice = "Mend that." if expected else "An empty list is a result, too."
        raise NotYet(f"{when}, ferry_times fails: {result}. {advice}")
    missing = [time for time in expected if time not in result]
    others = [time for time in CLOCK_TIME.findall(result) if time not in expected]
    listed = " and ".join(expected) or "no departures"
    require(
        not (missing or others),
        f"{when}, the timetable says {listed}, your result {result}. Read FERRIES in ferry_times.",
    )


class _Log:
    """What the function of exercise 2 does, in order, and a person who gives one reply."""

    def __init__(self, reply: str | None):
        self.events: list[str] = []
        self.questions: list[str] = []
        self.arguments = ""
        self._reply = reply
        self._patience = Patience()

    def run(self, call: Any) -> str:
        self._patience.wear()
        self.events.append("run")
        return json.dumps({"done": call.function.name})

    def confirm(self, question: Any) -> str | None:
        self._patience.wear()
        self.events.append("confirm")
        self.questions.append(str(question))
        return self._reply


_REPLIES = {
    "yes": "the traveller says yes",
    "no": "the traveller says no",
    "no, yesterday was better": "the traveller says neither yes nor no alone",
    "yes, but on Sunday": "the traveller says yes, but on Sunday",
    "": "the traveller presses Enter",
    None: "nobody answers (None)",
}


def exercise_2(run_with_consent: Callable[[Any, Callable, Callable], str]) -> str:
    """`run_with_consent(call, run, confirm)` runs look-ups at once, other tools after a yes."""
    for reply in ("yes", "no"):
        log, result = _gate(run_with_consent, "look-up", reply)
        require("confirm" not in log.events, "A look-up does no harm: run it without a question.")
        ran = log.events.count("run")
        require(ran == 1, f"A look-up runs once, at once. Yours ran {ran} times.")
        require(result == json.dumps({"done": "get_flight_info"}), "Return what run returns.")
    for tool, name in (("cancel", "cancel_booking"), ("book", "book_flight")):
        for reply, situation in _REPLIES.items():
            log, result = _gate(run_with_consent, tool, reply)
            _check_gate(log, result, name, reply, f"When the model calls {name} and {situation}")
    return "Right: look-ups run at once, and nothing acts without a yes."


def _gate(
    function: Callable[[Any, Callable, Callable], str], tool: str, reply: str | None
) -> tuple[_Log, Any]:
    """Call the learner's function once: what happened, and what it returned."""
    log = _Log(reply)
    with answering(*recorded(f"exercise 2, {tool}")) as situation:
        response = situation.client.complete(messages=[{"role": "user", "content": "Hello?"}])
        call = response.choices[0].message.tool_calls[0]
        log.arguments = call.function.arguments
        when = f"When the model calls {call.function.name}"
        return log, value_of(function, call, log.run, log.confirm, when=when)


_DONE = {"cancel_booking": ("done", "cancelled"), "book_flight": ("done", "booked")}


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{2,}", text.lower()))


def _check_gate(log: _Log, result: Any, name: str, reply: str | None, when: str) -> None:
    require(log.events, f"{when}, nothing happens. Ask with confirm, and run the call after a yes.")
    require(log.events[0] == "confirm", f"{when}, the call runs unasked. Call confirm first.")
    asked = log.events.count("confirm")
    require(asked == 1, f"{when}, ask once. You ask {asked} times.")
    what = "B12" if name == "cancel_booking" else "NA 121"
    require(
        what in log.questions[0],
        f"{when}, you ask {log.questions[0]!r}. Say what will happen: put the arguments into it.",
    )
    require(
        _words(log.questions[0]) - _words(log.arguments),
        f"{when}, you ask {log.questions[0]!r}. Say what will happen: put the tool's name into it.",
    )
    ran = log.events.count("run")
    if reply == "yes":
        require(ran == 1, f"{when}, run the call once. It ran {ran} times.")
        require(result == json.dumps({"done": name}), f"{when}, return what run returns.")
        return
    require(not ran, f"{when}, the call runs all the same. Only the reply 'yes' is a yes.")
    _require_json(result, when)
    told = json.loads(result)
    is_done = isinstance(told, dict) and any(told.get(key) for key in _DONE[name])
    require(not is_done, f"{when}, do not tell the model that it was done.")
    says_so = bool(told) and isinstance(told, str | list | dict)
    require(says_so, f"{when}, the model gets {result}. Say in the JSON that nothing was done.")


def _require_json(result: Any, when: str) -> None:
    try:
        json.loads(result)
    except (TypeError, ValueError):
        problem = f"{when}, the model gets {result!r}. Every result is JSON: use json.dumps."
        raise NotYet(problem) from None


def _mapping(value: Any) -> Mapping[str, Any]:
    """A value if it is a mapping, else an empty one: a learner may send anything."""
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    """The text of what `desk` returns: a string, or a response of either SDK."""
    if isinstance(value, str):
        return value
    choices = getattr(value, "choices", None) or _mapping(value).get("choices") or []
    return str(getattr(choices[0], "message", None) or choices[0]) if choices else str(value)
