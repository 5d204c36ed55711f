"""Extras, headers, time-outs, and what the old SDK does not model."""

import os

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import ChatRole, UserMessage
from azure.core.credentials import AzureKeyCredential

key = AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"])
client = ChatCompletionsClient(
    os.environ["AZURE_INFERENCE_ENDPOINT"],
    key,
    headers={"x-desk": "harbour"},
    model=os.environ["AZURE_INFERENCE_MODEL"],
    logging_enable=False,
)
sure = client.complete(
    messages=[UserMessage("Finish in two words: Fog")],
    model_extras={"logprobs": True, "top_logprobs": 2, "safe_prompt": True},
    headers={"x-call": "1"},
    params={"trace": "on"},
    read_timeout=20,
    retry_total=0,
)
choice = sure.choices[0]
tokens = (choice.get("logprobs") or {}).get("content") or []
print([token["token"] for token in tokens], choice["logprobs"]["content"][0]["logprob"])
print(f"{choice.finish_reason.value}: {choice.message.role == ChatRole.ASSISTANT}", "usage" in sure)

body = {"messages": [{"role": "user", "content": "Raw"}], "model": "raw-model", "top_p": 0.5}
print(client.complete(body).choices[0].message["content"])
print(sorted(sure.as_dict()["usage"].items()))
