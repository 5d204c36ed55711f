"""A command line that shows an answer as it comes, and its usage."""

import os
import sys

import azure.ai.inference as inference
from azure.core.credentials import AzureKeyCredential

client = inference.ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
    model=os.environ["AZURE_INFERENCE_MODEL"],
    model_extras={"stream_options": {"include_usage": True}, "safe_prompt": True},
)


def show(text):
    usage = None
    with client.complete(messages=[inference.models.UserMessage(text)], stream=True) as stream:
        for update in stream:
            if update.choices:
                sys.stdout.write(update.choices[0].delta.content or "")
            if update.usage:
                usage = update.usage
    print()
    return usage


def length(text):
    stream = client.complete(
        stream=True,
        messages=[inference.models.UserMessage(text)],
        model_extras={"safe_prompt": False},
    )
    return len("".join(update.choices[0].delta.content or "" for update in stream))


usage = show("What is new in the harbour?")
print(usage.total_tokens if usage else "no usage")
print(length("And at the airfield?"))
