"""The HTTP libraries and SDKs that replay answers, each behind the same few functions.

`read` takes the pieces of an answer as they come. It drives asynchronous libraries too.
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
    """The pieces of the answer to a POST, by a synchronous library."""
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
    """What `each` makes of each piece, when it comes; an exception is the last of the list."""
    way = pieces if library in SYNC else async_pieces
    return taken(way(library, url, body, **options), each)


def taken(items: Iterator | AsyncIterator, each: Callable) -> list:
    """What `each` makes of each item, when it comes; an exception is the last of the list."""
    seen: list = []

    async def take_later() -> None:
        async for item in items:
            seen.append(each(item))

    try:
        if isinstance(items, AsyncIterator):
            asyncio.run(take_later())
        else:
            for item in items:
                seen.append(each(item))
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


def chunks(sdk: str, base: str, **request) -> Iterator[str]:
    """The pieces of a streamed answer's text, by a synchronous SDK."""
    if sdk == "azure":
        with azure_client(base) as client:
            for update in client.complete(**request):
                yield update.choices[0].delta.content
    else:
        for chunk in openai_client(base).chat.completions.create(model="m", **request):
            yield chunk.choices[0].delta.content


async def async_chunks(sdk: str, base: str, **request) -> AsyncIterator[str]:
    """The same by an asynchronous SDK."""
    if sdk == "azure async":
        async with azure_async_client(base) as client:
            async for update in await client.complete(**request):
                yield update.choices[0].delta.content
    else:
        async with openai_client(base, "AsyncOpenAI") as client:
            async for chunk in await client.chat.completions.create(model="m", **request):
                yield chunk.choices[0].delta.content


def ask_stream(sdk: str, text: str, base: str = "https://replay.invalid", each=str) -> list:
    """What `each` makes of each piece of a streamed answer; an exception is the last."""
    way = async_chunks if sdk.endswith("async") else chunks
    return taken(way(sdk, base, messages=said(text), stream=True), each)


def raised(error: Exception) -> tuple[type, str]:
    return type(error), str(error)


def event(data: Any) -> str:
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
