"""Vectors of two sentences."""

import os

from azure.ai.inference import EmbeddingsClient
from azure.ai.inference.models import EmbeddingInputType
from azure.core.credentials import AzureKeyCredential

client = EmbeddingsClient(
    endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
    credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
    model=os.environ["AZURE_INFERENCE_MODEL"],
)
result = client.embed(
    input=["the ferry", "the lighthouse"], dimensions=3, input_type=EmbeddingInputType.QUERY
)
for item in result.data:
    print(item.index, [round(number, 3) for number in item.embedding])
print(result.usage.total_tokens, result.model)
