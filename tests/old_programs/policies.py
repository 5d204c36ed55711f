"""A policy of the program's own, which openai has no place for."""

import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy


class Mark(SansIOHTTPPolicy):
    def on_request(self, request):
        request.http_request.headers["x-mark"] = "harbour"


client = ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
    model=os.environ["AZURE_INFERENCE_MODEL"],
    per_call_policies=[Mark()],
    retry_policy=RetryPolicy(retry_total=1),
)
print(client.complete(messages=[UserMessage("Hello")]).choices[0].message.content)
