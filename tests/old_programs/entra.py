"""Signed in by Entra ID."""

import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.identity import DefaultAzureCredential

credential = DefaultAzureCredential()
client = ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=credential,
    credential_scopes=["https://cognitiveservices.azure.com/.default"],
    api_version="2024-05-01-preview",
    model=os.getenv("AZURE_INFERENCE_MODEL"),
)
result = client.complete(messages=[UserMessage("Who am I to you?")])
print(result.choices[0].message.content)
