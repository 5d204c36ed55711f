"""A class with an injected client, and retries of its own."""

from __future__ import annotations

import functools
import logging
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import (
    ChatCompletions,
    CompletionsFinishReason,
    SystemMessage,
    UserMessage,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.policies import RetryPolicy

log = logging.getLogger("desk")
T = TypeVar("T")
RETRIED = (429, 500, 502, 503, 504)


def retry(tries: int = 3, base: float = 0.01) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Try again after errors that may pass."""

    def decorate(function: Callable[..., T]) -> Callable[..., T]:
        @functools.wraps(function)
        def wrapper(*args, **kwargs) -> T:
            for attempt in range(1, tries + 1):
                try:
                    return function(*args, **kwargs)
                except HttpResponseError as exc:
                    if exc.status_code not in RETRIED or attempt == tries:
                        log.error("giving up after %d tries: %s", attempt, exc)
                        raise
                    wait = float(exc.response.headers.get("Retry-After", base * 2**attempt))
                except (ServiceRequestError, ServiceResponseError) as exc:
                    if attempt == tries:
                        raise RuntimeError(f"no connection: {exc}") from exc
                    wait = base * 2**attempt + random.random() * base
                time.sleep(min(wait, 0.05))
            raise AssertionError("not reached")

        return wrapper

    return decorate


class Chat(Protocol):
    def complete(self, *, messages: list, **kwargs) -> ChatCompletions: ...


@dataclass
class Options:
    temperature: float | None = None
    max_tokens: int | None = 100
    seed: int | None = None


@dataclass
class Assistant:
    client: ChatCompletionsClient
    model: str
    options: Options = field(default_factory=Options)
    tokens: int = 0

    @classmethod
    def from_env(cls) -> Assistant:
        client = ChatCompletionsClient(
            os.environ["AZURE_INFERENCE_ENDPOINT"],
            AzureKeyCredential(os.environ["AZURE_INFERENCE_CREDENTIAL"]),
            retry_policy=RetryPolicy(retry_total=0),  # ours below
            user_agent="desk/1.0",
        )
        return cls(client, os.environ["AZURE_INFERENCE_MODEL"])

    @retry(tries=3)
    def ask(self, question: str) -> str:
        response = self.client.complete(
            messages=[SystemMessage(content="Be brief."), UserMessage(content=question)],
            model=self.model,
            temperature=self.options.temperature,
            max_tokens=self.options.max_tokens,
            seed=self.options.seed,
        )
        return self._read(response)

    def _read(self, response: ChatCompletions) -> str:
        if usage := response.usage:
            self.tokens += usage.total_tokens
        [choice] = response.choices
        if choice.finish_reason != CompletionsFinishReason.STOPPED:
            log.warning("ended by %s", choice.finish_reason)
        return choice.message.content or ""

    def __enter__(self) -> Assistant:
        return self

    def __exit__(self, *exc_info) -> None:
        self.client.close()


with Assistant.from_env() as assistant:
    for question in ("Is the bar open?", "And the kiosk?"):
        print(assistant.ask(question), assistant.tokens)
