"""A model that looks up departures."""

import json
import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import (
    AssistantMessage,
    ChatCompletionsNamedToolChoice,
    ChatCompletionsNamedToolChoiceFunction,
    ChatCompletionsToolCall,
    ChatCompletionsToolChoicePreset,
    ChatCompletionsToolDefinition,
    CompletionsFinishReason,
    FunctionCall,
    FunctionDefinition,
    ToolMessage,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential

departures = ChatCompletionsToolDefinition(
    function=FunctionDefinition(
        name="departures",
        description="Flights between two cities",
        parameters={
            "type": "object",
            "properties": {"origin": {"type": "string"}, "destination": {"type": "string"}},
            "required": ["origin", "destination"],
        },
    )
)
client = ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
    model=os.environ["AZURE_INFERENCE_MODEL"],
)


def run(call):
    arguments = json.loads(call.function.arguments)
    return json.dumps({"from": arguments["origin"], "times": ["11:15"]})


messages = [UserMessage("When can I fly from Miami to Seattle?")]
response = client.complete(
    messages=messages, tools=[departures], tool_choice=ChatCompletionsToolChoicePreset.AUTO
)
while response.choices[0].finish_reason == CompletionsFinishReason.TOOL_CALLS:
    message = response.choices[0].message
    calls = [
        ChatCompletionsToolCall(
            id=call.id,
            function=FunctionCall(name=call.function.name, arguments=call.function.arguments),
        )
        for call in message.tool_calls
    ]
    messages.append(AssistantMessage(tool_calls=calls))
    for call in message.tool_calls:
        print(call.function.name, call.function.arguments)
        messages.append(ToolMessage(run(call), tool_call_id=call.id))
    response = client.complete(messages=messages, tools=[departures])
print(response.choices[0].message.content)

forced = ChatCompletionsNamedToolChoice(
    function=ChatCompletionsNamedToolChoiceFunction(name="departures")
)
again = client.complete(
    messages=[
        UserMessage("Denver?"),
        AssistantMessage(tool_calls=message.tool_calls),
        ToolMessage("none", tool_call_id="call_1"),
    ],
    tools=[departures],
    tool_choice=forced,
)
print(again.choices[0].finish_reason.value)
