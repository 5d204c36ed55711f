"""Data from a message: by a schema, and by JSON mode."""

import json
import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import JsonSchemaFormat, SystemMessage, UserMessage
from azure.core.credentials import AzureKeyCredential

SCHEMA = {
    "type": "object",
    "properties": {"kind": {"type": "string"}, "travellers": {"type": "integer"}},
    "required": ["kind", "travellers"],
    "additionalProperties": False,
}
BOOKING = JsonSchemaFormat(name="booking", schema=SCHEMA, description="A booking", strict=True)
client = ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
    model=os.environ["AZURE_INFERENCE_MODEL"],
)


def ask(text, form=None):
    messages = [SystemMessage("Answer in JSON."), UserMessage(text)]
    response = client.complete(messages=messages, response_format=form)
    return response.choices[0].message.content


print(json.loads(ask("Two of us take the ferry.", BOOKING)))
print(json.loads(ask("Two of us take the ferry.", "json_object")))
print(ask("Two of us take the ferry."))
whole = client.complete(messages=[UserMessage("As text, please.")], response_format="text")
print(whole.as_dict()["choices"][0]["message"]["content"])
