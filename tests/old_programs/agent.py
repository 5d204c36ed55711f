"""An agent with several tools, called side by side, until it has its answer."""

import inspect
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsToolCall,
    ChatCompletionsToolChoicePreset,
    ChatCompletionsToolDefinition,
    ChatRequestMessage,
    CompletionsFinishReason,
    FunctionCall,
    FunctionDefinition,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential

TOOLS: dict[str, Callable[..., Any]] = {}


def tool(function: Callable[..., Any]) -> Callable[..., Any]:
    TOOLS[function.__name__] = function
    return function


@tool
def next_ferry(place: str = "Holm") -> dict:
    """When the next ferry sails."""
    return {"place": place, "time": "09:15"}


@tool
def weather(place: str = "Holm") -> dict:
    """The weather at a place."""
    return {"place": place, "wind": "NW 4"}


def definition(function: Callable[..., Any]) -> ChatCompletionsToolDefinition:
    names = list(inspect.signature(function).parameters)
    return ChatCompletionsToolDefinition(
        function=FunctionDefinition(
            name=function.__name__,
            description=inspect.getdoc(function),
            parameters={
                "type": "object",
                "properties": {name: {"type": "string"} for name in names},
                "required": names,
            },
        )
    )


def call_tool(call: ChatCompletionsToolCall) -> ToolMessage:
    function = TOOLS.get(call.function.name)
    if function is None:
        return ToolMessage(content=json.dumps({"error": "unknown tool"}), tool_call_id=call.id)
    try:
        result = function(**json.loads(call.function.arguments or "{}"))
    except (TypeError, ValueError) as error:
        result = {"error": str(error)}
    return ToolMessage(content=json.dumps(result), tool_call_id=call.id)


class Agent:
    limit = 3

    def __init__(self, client: ChatCompletionsClient, system: str):
        self._client = client
        self._messages: list[ChatRequestMessage] = [SystemMessage(content=system)]
        self._tools = [definition(function) for function in TOOLS.values()]

    def run(self, question: str) -> str:
        self._messages.append(UserMessage(content=question))
        for round_ in range(self.limit):
            last = round_ == self.limit - 1
            result = self._client.complete(
                messages=self._messages,
                tools=self._tools,
                tool_choice=ChatCompletionsToolChoicePreset.NONE
                if last
                else ChatCompletionsToolChoicePreset.AUTO,
            )
            choice = result.choices[0]
            if not choice.message.tool_calls:
                self._messages.append(AssistantMessage(content=choice.message.content))
                return choice.message.content
            self._messages.append(AssistantMessage(tool_calls=choice.message.tool_calls))
            with ThreadPoolExecutor() as pool:
                self._messages.extend(pool.map(call_tool, choice.message.tool_calls))
        return "(no answer)"

    def stream(self, question: str) -> str:
        messages = [*self._messages, UserMessage(content=question)]
        calls: dict[int, dict] = {}
        text, reason = "", None
        for update in self._client.complete(messages=messages, tools=self._tools, stream=True):
            for choice in update.choices or []:
                text += (choice.delta.content if choice.delta else "") or ""
                reason = choice.finish_reason or reason
                for number, piece in enumerate((choice.delta and choice.delta.tool_calls) or []):
                    entry = calls.setdefault(
                        piece.get("index", number), {"id": "", "name": "", "arguments": ""}
                    )
                    entry["id"] = piece.id or entry["id"]
                    entry["name"] += piece.function.name or ""
                    entry["arguments"] += piece.function.arguments or ""
        if reason == CompletionsFinishReason.TOOL_CALLS or calls:
            made = [
                ChatCompletionsToolCall(
                    id=entry["id"],
                    function=FunctionCall(name=entry["name"], arguments=entry["arguments"]),
                )
                for entry in calls.values()
            ]
            messages.append(AssistantMessage(content=text or None, tool_calls=made))
            messages += [call_tool(call) for call in made]
            final = self._client.complete(messages=messages)
            return f"{[call.function.name for call in made]} {final.choices[0].message.content}"
        return text

    @property
    def history(self) -> list[dict]:
        return [message.as_dict() for message in self._messages]


with ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
    model=os.environ["AZURE_INFERENCE_MODEL"],
    temperature=0,
) as client:
    agent = Agent(client, "Use the tools.")
    print(agent.run("When does the ferry sail, and is it windy?"))
    print([sorted(message) for message in agent.history])
    print(agent.stream("And now?"))
