"""Every notebook live, to its end, whatever the model can do; and nothing slower or buffered on the way."""

import time

import pytest
from loopback import KEY, service

from notebooks import ALL, run

EVERYTHING = {"vision", "tools", "json", "logprobs", "usage", "filter"}
# Where the endpoint is, the dialect, and what the model lacks: an able model and a poor one for each notebook.
ABLE = [("/models", "mistral", set()), ("/openai/v1", "openai", set()), ("/models", "openai", set())]
POOR = [("/v1", "openai", EVERYTHING), ("/models", "mistral", EVERYTHING)]


def settings(server, base: str) -> dict:
    return {
        "HELPERS_MODE": "live",
        "AZURE_INFERENCE_ENDPOINT": server.address + base,
        "AZURE_INFERENCE_CREDENTIAL": KEY,
        "AZURE_INFERENCE_MODEL": "small-model",
        "AZURE_INFERENCE_VISION_MODEL": "small-model",
    }


def texts(cell) -> str:
    return "".join(o.get("text", "") for o in cell.get("outputs", ()))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
@pytest.mark.parametrize("models", [ABLE, POOR], ids=["able", "poor"])
def test_run_all_reaches_the_end(path, models):
    base, dialect, lacks = models[ALL.index(path) % len(models)]
    with service() as server:
        server.dialect, server.lacks = dialect, lacks
        done = run(path, env=settings(server, base)).notebook  # raises if a cell fails
        asked = {body.get("model") for _, _, body in server.seen}
    code = [cell for cell in done.cells if cell.cell_type == "code"]
    assert texts(code[0]) == "Live: answers come from 127.0.0.1, model small-model.\n"
    assert "small-model" in asked
    for cell in code:
        assert KEY not in texts(cell)
        assert not [o for o in cell.outputs if o.output_type == "error" or o.get("name") == "stderr"], cell.id
    if not lacks and path.stem != "00_start_here":  # 00 shows Entra ID, which needs https
        stopped = [cell.id for cell in code if "Live, line" in texts(cell)]
        assert len(stopped) <= len(code) / 3, stopped


@pytest.mark.parametrize("fault", [{"status": 500, "body": "{}"}, {"status": 200, "body": ""}, {"drop": True}])
def test_run_all_reaches_the_end_of_a_service_that_only_fails(fault):
    with service() as server:
        server.fault = fault
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
