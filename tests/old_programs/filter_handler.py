"""What to do when the content filter blocks a prompt or an answer."""

import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError

client = ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
    model=os.environ["AZURE_INFERENCE_MODEL"],
)


def fired(results):
    return [name for name, result in (results or {}).items() if result.get("filtered")]


for text in ("Tell me a harmless story", "Something the filter blocks", "And another"):
    try:
        response = client.complete(messages=[UserMessage(content=text)])
        choice = response.choices[0]
        print("answered:", choice.message.content, fired(choice.get("content_filter_results")))
    except HttpResponseError as error:
        if error.status_code == 400 and error.error and error.error.code == "content_filter":
            details = error.error.innererror["content_filter_result"]
            print("blocked:", fired(details), "-", error.error.message)
        else:
            print("other:", error.status_code, error.reason, error.response.headers["Content-Type"])
