"""A bot that waits for nobody: two questions at once, then a stream."""

import asyncio
import os

from azure.ai.inference.aio import ChatCompletionsClient
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.core.credentials import AzureKeyCredential

RULES = SystemMessage(content="You are a bot on the quay.")


async def reply(client: ChatCompletionsClient, text: str) -> str:
    response = await client.complete(messages=[RULES, UserMessage(content=text)])
    return response.choices[0].message.content


async def main() -> None:
    async with ChatCompletionsClient(
        endpoint=os.environ["AZURE_INFERENCE_ENDPOINT"],
        credential=AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
        model=os.environ["AZURE_INFERENCE_MODEL"],
    ) as client:
        for answer in await asyncio.gather(reply(client, "Rain?"), reply(client, "Wind?")):
            print(answer)
        stream = await client.complete(messages=[UserMessage("Count the gulls.")], stream=True)
        async for update in stream:
            print(update.choices[0].delta.content or "", end="")
        print()


asyncio.run(main())
