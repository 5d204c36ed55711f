"""A class around the client, as many programs have one."""

import os

from azure.ai.inference import ChatCompletionsClient, models as m
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError


class Desk:
    def __init__(self, endpoint: str, key: str, model: str, temperature: float | None = None):
        self.history: list[m.ChatRequestMessage] = [m.SystemMessage(content="Be brief.")]
        self.client = ChatCompletionsClient(
            endpoint=endpoint,
            credential=AzureKeyCredential(key),
            model=model,
            seed=7,
            retry_total=1,
            connection_timeout=5,
            read_timeout=30,
        )
        self.temperature = temperature

    def ask(self, text: str, max_tokens: int | None = None) -> str | None:
        self.history.append(m.UserMessage(content=text))
        try:
            response: m.ChatCompletions = self.client.complete(
                messages=self.history, max_tokens=max_tokens, temperature=0.2
            )
        except ClientAuthenticationError:
            return "wrong key"
        except HttpResponseError as error:
            return f"refused: {error.status_code} {error.error.code}"
        answer = self.read(response)
        self.history.append(m.AssistantMessage(content=answer))
        return answer

    def read(self, response: m.ChatCompletions) -> str:
        choice = response.choices[0]
        if choice.finish_reason == m.CompletionsFinishReason.TOKEN_LIMIT_REACHED:
            return choice.message.content + " [cut]"
        return choice.message.content

    def close(self) -> None:
        self.client.close()


endpoint, key = os.environ["AZURE_INFERENCE_ENDPOINT"], os.environ["AZURE_INFERENCE_CREDENTIAL"]
desk = Desk(endpoint, key, os.environ["AZURE_INFERENCE_MODEL"])
print(desk.ask("Is there a ferry today?"))
print(desk.ask("And tomorrow, in detail?", max_tokens=10))
desk.close()
print(Desk(endpoint, "wrong", "any").ask("Hello?"))
print(len(desk.history), desk.history[1].content)
