# pip install azure-ai-inference
import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.core.credentials import AzureKeyCredential

client = ChatCompletionsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
)

response = client.complete(
    messages=[
        SystemMessage("You are the harbour's help desk."),  # who it is
        UserMessage(content="When does the Wega leave?"),
    ],
    model=os.environ["AZURE_INFERENCE_MODEL"],
    temperature=0.5,
    max_tokens=200,
)

print(response.choices[0].message.content)
print(response.choices[0].finish_reason.value, response.choices[0].message.role.value)
print(response.usage.prompt_tokens, response["usage"]["total_tokens"])
