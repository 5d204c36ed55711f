"""The helpers of a program of two files: who makes the client, and who calls it."""

import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential


def key():
    return AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"])


def make_client():
    return ChatCompletionsClient(
        endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
        credential=key(),
        model=os.environ["AZURE_INFERENCE_MODEL"],
    )


def question(text):
    return UserMessage(text)


def ask(client, text):
    return first(client.complete(messages=[question(text)]))


def first(response):
    return response.choices[0]
