"""A handler of a web service, without the framework: it returns a status and a dict."""

import os
from functools import lru_cache

from azure.core.exceptions import HttpResponseError, ServiceRequestError


@lru_cache(maxsize=1)
def get_client():
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    return ChatCompletionsClient(
        os.environ["AZURE_INFERENCE_ENDPOINT"],
        AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
        retry_total=0,
    )


def chat(request: dict) -> tuple[int, dict]:
    client = get_client()
    try:
        answer = client.complete(
            model=os.environ["AZURE_INFERENCE_MODEL"],
            messages=[{"role": "user", "content": request["text"]}],
            stop=request.get("stop", ["\n\n"]),
        )
    except HttpResponseError as error:
        return error.status_code, {"code": error.error.code if error.error else "unknown"}
    except ServiceRequestError:
        return 503, {"code": "unreachable"}
    return 200, {"text": answer.choices[0].message.content, "tokens": answer.usage.total_tokens}


for text in ("Which berth?", "Say something bad", "And now?"):
    print(*chat({"text": text}))
