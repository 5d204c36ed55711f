"""Every notebook live, to its end, whatever the model can do; and nothing slower or buffered on the way."""

import time

import pytest
from loopback import KEY, service

from notebooks import ALL, read, run, solutions

# Where the endpoint is, the dialect, and what the model lacks. Each notebook meets an able model, then a poor one.
ABLE = [("/models", "mistral"), ("/openai/v1", "openai"), ("/models", "openai")]
POOR = [("/v1", "openai", "vision,tools,json,logprobs,usage,filter"), ("/models", "mistral", "sense,usage,filter")]


def settings(server, base: str) -> dict:
    return {
        "HELPERS_MODE": "live",
        "AZURE_INFERENCE_ENDPOINT": server.address + base,
        "AZURE_INFERENCE_CREDENTIAL": KEY,
        "AZURE_INFERENCE_MODEL": "small-model",
        "AZURE_INFERENCE_VISION_MODEL": "small-model",
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",  # Entra ID looks nowhere else: no address is tried
    }


def texts(cell) -> str:
    return "".join(o.get("text", "") for o in cell.get("outputs", ()))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_run_all_reaches_the_end_of_an_able_and_of_a_poor_model(path):
    number, sources = ALL.index(path), [cell.source for cell in read(path).cells if cell.cell_type == "code"]
    (base, dialect), (other_base, other_dialect, lacks) = ABLE[number % len(ABLE)], POOR[number % len(POOR)]
    right = solutions(read(path))
    with service() as server:
        server.dialect = dialect
        become = f"{server.address}/become?dialect={other_dialect}&lacks={lacks}"
        switch = f"""
import os, urllib.request
urllib.request.urlopen({become!r}).close()
os.environ["AZURE_INFERENCE_ENDPOINT"] = {server.address + other_base!r}"""
        done = run(path, extra=[*right, switch, *sources], env=settings(server, base))  # raises if a cell fails
        asked = {body.get("model") for _, _, body in server.seen}
    able = [cell for cell in done.notebook.cells if cell.cell_type == "code"]
    poor = done.extra[len(right) + 1 :]
    for source, cell in zip(right, done.extra, strict=False):
        unprovoked = path.stem == "06_content_safety" and "exercise 2" in source  # this service filters nothing
        assert "✓ Right" in texts(cell) or "Live, line" in texts(cell) or unprovoked, f"{source}\n{texts(cell)}"
    assert "small-model" in asked
    for first, *others in (able, poor):
        assert texts(first) == "Live: answers come from 127.0.0.1, model small-model.\n"
        for cell in others:
            assert KEY not in texts(cell) and not [o for o in cell.outputs if o.output_type == "error"], cell.id
    able = [cell for cell in able if "replay-only" not in cell.metadata.get("tags", ())]  # Entra ID is not set up here
    assert not [cell.id for cell in able if any(o.get("name") == "stderr" for o in cell.outputs)]
    stopped = [cell.id for cell in able if "Live, line" in texts(cell)]
    assert len(stopped) <= len(able) / 3, stopped


def test_run_all_reaches_the_end_of_a_service_that_only_refuses():
    with service() as server:
        server.fault = {"status": 403, "body": '{"error":{"code":"403","message":"no"}}'}
        done = run(ALL[1], env=settings(server, "/models")).notebook
    assert sum("Live, line" in texts(cell) for cell in done.cells) > 5


def test_a_live_stream_is_not_buffered(course, monkeypatch):
    """The first token reaches the cell before the server has sent the last."""
    from azure.ai.inference import ChatCompletionsClient
    from azure.ai.inference.models import UserMessage
    from azure.core.credentials import AzureKeyCredential

    from helpers import start

    with service() as server:
        server.pause = 0.1
        monkeypatch.setenv("HELPERS_MODE", "live")
        for name, value in settings(server, "/models").items():
            monkeypatch.setenv(name, value)
        start("00_test")
        client = ChatCompletionsClient(f"{server.address}/models", AzureKeyCredential(KEY), model="m")
        for update in client.complete(messages=[UserMessage("x")], stream=True):
            if update.choices and update.choices[0].delta.content:
                arrived = time.perf_counter()
                break
        time.sleep(0.3)
        assert arrived < server.sent[2]  # the second token
