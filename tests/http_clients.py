"""The HTTP libraries and SDKs that replay answers, each behind the same few functions.

`read(library, …)` yields the pieces of an answer as they come. It drives asynchronous libraries too.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

SYNC = ["requests", "httpx", "httpx2"]
ASYNC = ["aiohttp", "httpx async", "httpx2 async"]
LIBRARIES = [*SYNC, *ASYNC]
SDKS = ["azure", "azure async", "openai", "openai async"]
KEY = "loopback-key"


def httpx_module(library: str) -> Any:
    import httpx
    import httpx2

    return httpx2 if library.startswith("httpx2") else httpx


def pieces(library: str, url: str, body: Any = None, **options) -> Iterator[bytes]:
    """The pieces of the answer to a POST of JSON, or of whatever `options` say, by a synchronous library."""
    if body is not None:
        options["json"] = body
    if library == "requests":
        import requests

        with requests.post(url, stream=True, timeout=5, **options) as response:
            yield from response.iter_content(None)
    else:
        with httpx_module(library).stream("POST", url, **options) as response:
            yield from response.iter_raw()


async def async_pieces(library: str, url: str, body: Any = None, **options) -> AsyncIterator[bytes]:
    """The same by an asynchronous library."""
    if body is not None:
        options["json"] = body
    if library == "aiohttp":
        import aiohttp

        async with aiohttp.ClientSession() as session, session.post(url, **options) as response:
            async for piece in response.content.iter_any():
                yield piece
    else:
        client = httpx_module(library).AsyncClient()
        async with client, client.stream("POST", url, **options) as response:
            async for piece in response.aiter_raw():
                yield piece


def read(library: str, url: str, body: Any = None, each: Callable = bytes, **options) -> list:
    """What `each` makes of each piece, at the time when it comes; an exception is the last of the list."""
    seen: list = []

    async def read_later() -> None:
        async for piece in async_pieces(library, url, body, **options):
            seen.append(each(piece))

    try:
        if library in SYNC:
            for piece in pieces(library, url, body, **options):
                seen.append(each(piece))
        else:
            asyncio.run(read_later())
    except Exception as error:
        seen.append(error)
    return seen


@contextmanager
def azure_client(base: str = "https://replay.invalid", **options):
    from azure.ai.inference import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    with ChatCompletionsClient(
        f"{base}/models", AzureKeyCredential(KEY), model="m", **options
    ) as client:
        yield client


def azure_async_client(base: str = "https://replay.invalid", **options):
    from azure.ai.inference.aio import ChatCompletionsClient
    from azure.core.credentials import AzureKeyCredential

    return ChatCompletionsClient(f"{base}/models", AzureKeyCredential(KEY), model="m", **options)


def openai_client(base: str = "https://replay.invalid", kind: str = "OpenAI", **options):
    import openai

    options = {"max_retries": 0, "default_headers": {"api-key": KEY}, **options}
    return getattr(openai, kind)(base_url=f"{base}/openai/v1", api_key=KEY, **options)


def said(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def ask(sdk: str, text: str, base: str = "https://replay.invalid", **options) -> str:
    """The text of the answer to one question."""
    request = {"messages": said(text)}
    if sdk == "azure":
        with azure_client(base, **options) as client:
            return client.complete(**request).choices[0].message.content
    if sdk == "openai":
        create = openai_client(base, **options).chat.completions.create
        return create(model="m", **request).choices[0].message.content
    return asyncio.run(ask_async(sdk, text, base, **options))


async def ask_async(sdk: str, text: str, base: str = "https://replay.invalid", **options) -> str:
    request = {"messages": said(text)}
    if sdk == "azure async":
        async with azure_async_client(base, **options) as client:
            return (await client.complete(**request)).choices[0].message.content
    async with openai_client(base, "AsyncOpenAI", **options) as client:
        answer = await client.chat.completions.create(model="m", **request)
    return answer.choices[0].message.content


def ask_stream(sdk: str, text: str, base: str = "https://replay.invalid", each=str) -> list:
    """What `each` makes of each piece of a streamed answer, when it comes; an exception is the last."""
    seen: list = []
    request = {"messages": said(text), "stream": True}

    def take(chunk: Any) -> None:
        seen.append(each(chunk.choices[0].delta.content))

    async def later() -> None:
        if sdk == "azure async":
            async with azure_async_client(base) as client:
                async for chunk in await client.complete(**request):
                    take(chunk)
        else:
            async with openai_client(base, "AsyncOpenAI") as client:
                async for chunk in await client.chat.completions.create(model="m", **request):
                    take(chunk)

    try:
        if sdk == "azure":
            with azure_client(base) as client:
                for chunk in client.complete(**request):
                    take(chunk)
        elif sdk == "openai":
            for chunk in openai_client(base).chat.completions.create(model="m", **request):
                take(chunk)
        else:
            asyncio.run(later())
    except Exception as error:
        seen.append(error)
    return seen


def raised(error: Exception) -> tuple[type, str]:
    return type(error), str(error)


def event(data: Any) -> str:
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
